"""The tools' graph stays open between calls, and yet what other processes do to it is seen by the next call."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import neo4j as bolt
import pydantic_ai.models
import pytest

from agent_core import ToolContext, ToolError
from agent_core.tools.kept import KeptOpen
from agent_plugin_graph import Graph, Passage
from agent_plugin_graph.index.embedders import embedder_called
from agent_plugin_graph.settings import GraphSettings
from agent_plugin_graph.store.sqlite import SqliteStore
from agent_plugin_graph.tools import open_graph
from tests.servers.embeddings import EmbeddingServer
from tests.servers.neo4j import Neo4jServer

QUESTION = "Which doctor replies fast?"
SAME = {"physician": "doctor", "replies": "answers"}
ELSEWHERE = """
import sys
from agent_plugin_graph import Graph, Passage
from agent_plugin_graph.index.embedders import embedder_called
import pydantic_ai.models
with Graph.open(sys.argv[1], embedder=embedder_called("ollama:tiny", sys.argv[2])) as graph:
    for source, text in zip(sys.argv[3::2], sys.argv[4::2]):
        graph.add_passages([Passage(source, "", text, source)]) if text else graph.forget(source)
"""


@pytest.fixture
def server() -> Iterator[EmbeddingServer]:
    with pydantic_ai.models.override_allow_model_requests(True), EmbeddingServer(SAME) as running:
        yield running


@pytest.fixture
def kept(tool_context: ToolContext, server: EmbeddingServer) -> Iterator[ToolContext]:
    """The surroundings of calls of one assistant, on a graph with vectors."""
    settings = GraphSettings(embedder="ollama:tiny", embedder_address=server.url)
    context = replace(tool_context, settings=settings, kept=KeptOpen())
    with open_graph(context) as graph:
        graph.add_passages([Passage("parking", "", "Visitors leave their cars on the upper deck.", "parking")])
    yield context
    assert context.kept
    context.kept.close()


def elsewhere(context: ToolContext, server: EmbeddingServer, **sources: str) -> None:
    """Another process adds these sources with what they say; those that say nothing it forgets."""
    given = [word for pair in sources.items() for word in pair]
    address = f"sqlite:///{context.data_dir / 'graph.db'}"
    subprocess.run([sys.executable, "-c", ELSEWHERE, address, server.url, *given], check=True, timeout=60)


def found(context: ToolContext, question: str = QUESTION) -> list[str]:
    with open_graph(context) as graph:
        return [hit.passage_id for hit in graph.search(question, k=1)]


def read_statements(store: SqliteStore) -> list[str]:
    """Every statement that the store runs from now on."""
    statements: list[str] = []
    store._db.set_trace_callback(statements.append)
    return statements


def test_it_is_opened_once_and_its_vectors_are_read_once(kept: ToolContext) -> None:
    assert found(kept, "Where are the cars?") == ["parking"]
    with open_graph(kept) as graph:
        first = graph.store
        assert isinstance(first, SqliteStore)
    statements = read_statements(first)
    assert found(kept, "Where do visitors go?") == ["parking"]
    with open_graph(kept) as graph:
        assert graph.store is first
    assert any("vector_changes" in one for one in statements)
    assert not any("vector FROM passage" in one for one in statements)
    assert any("INSERT INTO search_time" in one for one in statements)


def test_what_another_process_adds_changes_and_forgets_is_seen(kept: ToolContext, server: EmbeddingServer) -> None:
    assert found(kept) != ["ward"]
    elsewhere(kept, server, ward="The physician on call answers within ten minutes.")
    assert found(kept) == ["ward"]
    elsewhere(kept, server, ward="Lunch is brought at noon.", staff="Every physician answers at once.")
    assert found(kept) == ["staff"]
    elsewhere(kept, server, staff="")
    assert found(kept) != ["staff"]
    assert found(kept, "When is lunch brought?") == ["ward"]


def test_what_is_forgotten_elsewhere_is_in_no_byte_although_it_is_open_here(
    kept: ToolContext, server: EmbeddingServer
) -> None:
    elsewhere(kept, server, ward="The quokka answers within ten minutes.")
    assert found(kept, "Which quokka answers?") == ["ward"]
    assert any(b"quokka" in file.read_bytes() for file in kept.data_dir.iterdir())
    elsewhere(kept, server, ward="")
    assert found(kept, "Which quokka answers?") != ["ward"]
    assert not any(b"quokka" in file.read_bytes() for file in kept.data_dir.iterdir())


def test_another_process_may_write_while_it_is_open_here_and_the_other_way_round(
    kept: ToolContext, server: EmbeddingServer
) -> None:
    """A writer in this process and one in another, on one file, with a reader that stays open: nothing is lost."""
    names = {f"note{n}": f"Note {n} is about the physician number {n}." for n in range(12)}
    address = f"sqlite:///{kept.data_dir / 'graph.db'}"
    given = [word for pair in names.items() for word in pair]
    command = [sys.executable, "-c", ELSEWHERE, address, server.url, *given]
    embedder = embedder_called("ollama:tiny", server.url)
    with subprocess.Popen(command) as other, Graph.open(address, embedder=embedder) as graph:
        for n in range(12):
            graph.add_passages([Passage(f"mine{n}", "", f"Mine {n} is about the lantern number {n}.", "mine")])
            assert found(kept, f"Which lantern is number {n}?") == [f"mine{n}"]
    assert other.returncode == 0
    with open_graph(kept) as graph:
        assert graph.stats().passages == 25
        assert {hit.passage_id for hit in graph.search("Which lantern, which physician, which car?", k=25)} >= {
            "note3",
            "mine3",
        }
    assert [found(kept, f"What is note {n} about?") for n in (0, 11)] == [["note0"], ["note11"]]


def test_a_file_that_was_put_in_its_place_is_another_graph(kept: ToolContext, tmp_path: Path) -> None:
    found(kept)
    with Graph.open(f"sqlite:///{tmp_path / 'new.db'}") as graph:
        graph.add_passages([Passage("new", "", "The doctor replies fast.", "new")])
    shutil.rmtree(kept.data_dir)
    assert found(kept) == []
    for file in kept.data_dir.iterdir():
        file.unlink()
    (tmp_path / "new.db").rename(kept.data_dir / "graph.db")
    assert found(kept) == ["new"]


def test_a_call_that_failed_leaves_nothing_open(kept: ToolContext) -> None:
    with open_graph(kept) as graph:
        graph.store.close()  # as if it had broken
    with pytest.raises(ToolError, match="closed database"):
        found(kept, "Where are the cars?")
    assert found(kept, "Where are the cars?") == ["parking"]


def test_vectors_that_were_taken_back_are_in_no_answer(kept: ToolContext, server: EmbeddingServer) -> None:
    with open_graph(kept) as graph:
        store = graph.store
        assert isinstance(store, SqliteStore)
        with suppress(ZeroDivisionError), store.transaction():
            graph.add_passages([Passage("ward", "", "The physician on call answers within ten minutes.", "ward")])
            assert [hit.passage_id for hit in graph.search(QUESTION, k=1)] == ["ward"]
            raise ZeroDivisionError
        elsewhere(kept, server, tea="Tea is brought at four.")
        assert [hit.passage_id for hit in graph.search("When is tea brought?", k=1)] == ["tea"]
        assert "ward" not in [hit.passage_id for hit in graph.search(QUESTION, k=5)]


@pytest.mark.timeout(120, func_only=True)
def test_a_server_is_connected_to_once_and_anew_with_another_password(
    tool_context: ToolContext, neo4j: Neo4jServer
) -> None:
    settings = GraphSettings(address=neo4j.url, user=neo4j.auth[0])
    context = replace(tool_context, settings=settings, secrets={"graph": neo4j.auth[1]}, kept=KeptOpen())
    with bolt.GraphDatabase.driver(neo4j.url, auth=neo4j.auth) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    with open_graph(context) as graph:
        first = graph.store
        graph.add_passages([Passage("1", "", "The doctor replies fast.", "ward")])
    with open_graph(context) as graph:
        assert graph.store is first
        assert [hit.passage_id for hit in graph.search(QUESTION)] == ["1"]
    with pytest.raises(Exception, match="refuses the user or the password"):
        found(replace(context, secrets={"graph": "another"}))
    assert context.kept
    context.kept.close()
