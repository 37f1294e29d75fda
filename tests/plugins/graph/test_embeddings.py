"""Passages found by meaning: vectors of a server's model, beside words and the graph, in every kind of store."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pydantic_ai.models
import pytest

from agent_core.errors import ConfigurationError, ToolError, UsageError
from agent_plugin_graph import Graph, Passage
from agent_plugin_graph.index.embedders import embedder_called
from agent_plugin_graph.index.embedding import Embedder
from agent_plugin_graph.store.protocol import GraphStore
from tests.servers.embeddings import EmbeddingServer

pytestmark = pytest.mark.timeout(120, func_only=True)
PASSAGES = [
    Passage("1", "Staffing", "The physician on call answers within ten minutes.", "ward.md"),
    Passage("2", "Parking", "Visitors leave their cars on the upper deck.", "site.md"),
    Passage("3", "Meals", "Lunch is brought at noon.", "ward.md"),
]
QUESTION = "Which doctor replies fast?"
SAME = {"physician": "doctor", "replies": "answers"}


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with pydantic_ai.models.override_allow_model_requests(True), EmbeddingServer(SAME) as running:
        yield running


@pytest.fixture
def embedder(server: EmbeddingServer) -> Embedder:
    return embedder_called("ollama:tiny", server.url)


class Told(list[str]):
    """What a graph says that it went on without."""

    def __call__(self, text: str) -> None:
        self.append(text)


def found(graph: Graph, question: str = QUESTION, **scope: str) -> list[str]:
    return [hit.passage_id for hit in graph.search(question, k=1, **scope)]  # pyright: ignore[reportArgumentType]


def test_a_passage_is_found_that_shares_no_word(store: GraphStore, embedder: Embedder) -> None:
    told = Told()
    plain, graph = Graph(store, notify=told), Graph(store, embedder, notify=told)
    graph.add_passages(PASSAGES)
    assert found(plain) == []
    assert found(graph) == ["1"]
    assert "near to the question in meaning" in graph.search(QUESTION)[0].why
    assert found(graph, source="site.md") != ["1"]
    assert (graph.stats().vectors, graph.stats().vector_model) == (3, "ollama:tiny")
    assert told == []


def test_only_what_changed_is_embedded(graph: Graph, server: EmbeddingServer, embedder: Embedder) -> None:
    graph = Graph(graph.store, embedder)
    graph.add_passages(PASSAGES)
    first = len(server.texts)
    graph.add_passages([*PASSAGES[:2], Passage("3", "Meals", "Supper is brought at six.", "ward.md")])
    assert [text for text in server.texts[first:] if "Supper" not in text and "vector" not in text] == []
    graph.add_passages([Passage("4", "Meals", "Supper is brought at six.", "other.md")])
    assert sum("Supper" in text for text in server.texts) == 1
    assert graph.stats().vectors == 4


def test_an_embedder_that_fails_leaves_words(graph: Graph, server: EmbeddingServer, embedder: Embedder) -> None:
    told = Told()
    graph = Graph(graph.store, embedder, notify=told)
    many = [Passage(str(n), f"Rule {n}", f"Rule number {n} of the house.", "rules.md") for n in range(200)]
    server.fails_after = 2  # the question after the length, and the first batch
    graph.add_passages(many)
    assert "more system memory" in told[0]
    kept = graph.stats().vectors
    assert 0 < kept < 200
    assert found(graph, "Rule number 77") == ["77"]
    assert "Words alone are used" in told[-1]
    server.fails_after = None
    asked = len(server.texts)
    graph.refresh()
    assert graph.stats().vectors == 200
    assert sum("Rule number" in text for text in server.texts[asked:]) == 200 - kept


def test_nobody_answers(graph: Graph) -> None:
    told = Told()
    graph = Graph(graph.store, embedder_called("ollama:tiny", "http://127.0.0.1:9"), notify=told)
    with pydantic_ai.models.override_allow_model_requests(True):
        graph.add_passages(PASSAGES)
    assert found(graph, "lunch at noon") == ["3"]
    assert "'ollama:tiny' fails" in told[0]


def test_another_embedder_is_noticed(any_graph: Graph, server: EmbeddingServer, embedder: Embedder) -> None:
    told = Told()
    Graph(any_graph.store, embedder).add_passages(PASSAGES)
    other = Graph(any_graph.store, embedder_called("ollama:other", server.url), notify=told)
    assert found(other) == []
    assert found(other, "lunch at noon") == ["3"]
    other.add_passages([Passage("4", "Tea", "Tea is brought at four.", "ward.md")])
    assert all("'ollama:tiny'" in text and "graph sync --embed" in text for text in told)
    assert len(told) == 3
    other.refresh(embed_anew=True)
    assert found(other) == ["1"]
    assert other.stats().vectors == 4
    assert len(told) == 3


def test_a_model_whose_vectors_changed_is_another_one(
    graph: Graph, server: EmbeddingServer, embedder: Embedder
) -> None:
    told = Told()
    graph = Graph(graph.store, embedder, notify=told)
    graph.add_passages(PASSAGES)
    server.dimensions = 32
    assert found(graph, "lunch at noon") == ["3"]
    assert "64 numbers" in told[0]
    graph.refresh(embed_anew=True)
    assert found(graph) == ["1"]


@pytest.mark.parametrize("garbage", [[], [float("nan")] * 64, [0.0] * 64])
def test_nonsense_for_vectors_harms_nothing(
    graph: Graph, server: EmbeddingServer, embedder: Embedder, garbage: list[float]
) -> None:
    told = Told()
    graph = Graph(graph.store, embedder, notify=told)
    server.garbage = garbage
    graph.add_passages(PASSAGES)
    assert found(graph, "lunch at noon") == ["3"]


def test_what_is_forgotten_is_in_no_vector(tmp_path: Path, embedder: Embedder) -> None:
    file = tmp_path / "kept.db"
    with Graph.open(f"sqlite:///{file}", embedder=embedder) as graph:
        graph.add_passages(PASSAGES)
        rows = graph.store.rows(
            "SELECT vector FROM embedding JOIN passage ON embedding.id = embedding_id WHERE key='2'"
        )
        (vector,) = rows[0]
        assert any(vector in path.read_bytes() for path in tmp_path.iterdir())
        graph.forget("site.md")
        assert not any(vector in path.read_bytes() for path in tmp_path.iterdir())


def test_an_embedder_elsewhere_is_not_used_unless_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    elsewhere = [("openai:text-embedding-3-small", ""), ("ollama:tiny", "http://192.0.2.7:11434")]
    elsewhere += [("ollama:tiny:cloud", "http://127.0.0.1:9"), ("openai:tiny", "http://192.0.2.7/v1")]
    for name, address in elsewhere:
        with pytest.raises(ConfigurationError, match="would send your passages and questions to"):
            embedder_called(name, address)
        assert embedder_called(name, address, remotely=True).name == name
    assert embedder_called("openai:tiny", "http://127.0.0.1:9/v1").name == "openai:tiny"


def test_the_key_goes_to_openais_interface(
    graph: Graph, server: EmbeddingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
    graph = Graph(graph.store, embedder_called("openai:own"))
    graph.add_passages(PASSAGES)
    assert found(graph) == ["1"]
    assert server.models == {"own"}


@pytest.mark.parametrize("name", ["nothing", "path:/nowhere/at/all", "unheard:of", "path:", "sentence-transformers:"])
def test_names_that_name_nothing(graph: Graph, name: str) -> None:
    with pytest.raises(UsageError):
        embedder_called(name)
    with pytest.raises(UsageError):
        Graph.open("sqlite:///never.db", reranker=name)


def test_an_embedder_of_ones_own(tmp_path: Path) -> None:
    class Lengths:
        name = "lengths"

        def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
            return [self.question(text) for text in texts]

        def question(self, text: str) -> Sequence[float]:
            return [1.0, float(len(text))]

    with Graph.open(f"sqlite:///{tmp_path / 'own.db'}", embedder=Lengths()) as graph:
        graph.add_passages(PASSAGES)
        assert len(graph.search("Anything else at all?", k=3)) == 3


def test_a_reranker_has_the_last_word(graph: Graph) -> None:
    graph.add_passages(PASSAGES)
    seen: list[str] = []

    def shortest(question: str, texts: Sequence[str]) -> Sequence[float]:
        seen.extend(texts)
        return [-float(len(text)) for text in texts]

    question = "Is lunch brought by a physician on call, or by visitors?"
    ordered = Graph(graph.store, reranker=shortest).search(question, k=2)
    assert [hit.passage_id for hit in ordered] == ["3", "2"]
    assert len(seen) == 3
    assert ordered[0].score > ordered[1].score

    def broken(question: str, texts: Sequence[str]) -> Sequence[float]:
        raise ToolError("no memory left")

    told = Told()
    assert Graph(graph.store, reranker=broken, notify=told).search(question) == graph.search(question)
    assert "no memory left" in told[0]
    Graph(graph.store, reranker=lambda q, texts: [1.0], notify=told).search(question)
    assert "1 scores for 3 passages" in told[1]


def test_from_the_command_line(server: EmbeddingServer, run: CommandLine) -> None:
    run.settings(f'embedder = "ollama:tiny"\nembedder_address = "{server.url}"')
    Path(run.folder, "ward.md").write_text("# Staffing\n\nThe physician on call answers within ten minutes.\n")
    assert run("graph", "add", "ward.md").returncode == 0
    assert "near to the question in meaning" in run("graph", "search", QUESTION).stdout
    assert "1 of 1 passages have a vector, made by ollama:tiny" in run("graph", "doctor").stdout
    assert "Nothing fits" in run("graph", "search", QUESTION, "--type", "pdf").stderr
    run.settings(f'embedder = "ollama:other"\nembedder_address = "{server.url}"')
    changed = run("graph", "search", "physician on call")
    assert "The physician on call" in changed.stdout
    assert "graph sync --embed" in changed.stderr
    run("graph", "sync", "--embed")
    assert run("graph", "search", "physician on call").stderr == ""
    run.settings('embedder = "openai:text-embedding-3-small"\nembedder_address = "http://192.0.2.7/v1"')
    refused = run("graph", "search", "physician on call")
    assert "The physician on call" in refused.stdout
    assert "embed_remotely" in refused.stderr


class CommandLine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "home").mkdir()

    def settings(self, graph: str) -> None:
        (self.folder / "home" / "config.toml").write_text(f"[plugins.graph]\n{graph}\n")

    def __call__(self, *command: str) -> subprocess.CompletedProcess[str]:
        program = [str(Path(sys.executable).with_name("agent-core")), *command]
        environ = {"AGENT_CORE_HOME": str(self.folder / "home"), "PATH": "/usr/bin:/bin"}
        return subprocess.run(program, cwd=self.folder, env=environ, capture_output=True, text=True)


@pytest.fixture
def run(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)
