"""Entities and relations that a language model finds: asked once, believed as far as the text bears them out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent_core.models import resolve
from agent_plugin_graph import Column, Graph, GraphQuery, Value
from agent_plugin_graph.ingest.extraction import Extractor
from agent_questions.schema import Schema
from tests.servers.llm_script import Call, Fault, Turn
from tests.servers.scripted_llm import ScriptedLLM

NOTES = {
    "berg.md": "# Anna\n\nanna berg has worked at blue harbour since 1990.\n",
    "harbour.md": "# The firm\n\nblue harbour was founded by marta kovacs.\n",
    "tulips.md": "# Tulips\n\nTulips need a cold winter.\n",
}
SAID: dict[str, dict[str, Any]] = {
    "anna berg": {
        "entities": ["anna berg", "blue harbour"],
        "relations": [{"subject": "anna berg", "relation": "works at", "object": "blue harbour"}],
    },
    "marta kovacs": {
        "entities": ["marta kovacs", "blue harbour"],
        "relations": [{"subject": "blue harbour", "relation": "was founded by", "object": "marta kovacs"}],
    },
    "Tulips": {"entities": ["Tulips"], "relations": []},
}


def by_passage(said: dict[str, dict[str, Any]]) -> Callable[[dict[str, Any]], Turn]:
    """Answers to whatever is asked by the words of the passage."""

    def answer(body: dict[str, Any]) -> Turn:
        asked = json.dumps(body["messages"][-1])
        return Turn(calls=(Call("final_result", next(said[words] for words in said if words in asked)),))

    return answer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in NOTES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def extractor(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Extractor]:
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    return lambda name="scripted": Extractor(resolve(f"openai-chat:{name}", factories={}))


def test_what_is_found_joins_the_graph_and_goes_with_its_source(
    graph: Graph, folder: Path, scripted_llm: ScriptedLLM, extractor: Callable[..., Extractor], tmp_path: Path
) -> None:
    scripted_llm.script(*[by_passage(SAID)] * 3)
    added = graph.add_files([folder], extractor=extractor())
    assert (added.files, added.problems) == (3, [])
    stats = graph.stats()
    assert stats.relationships == {"WAS_FOUNDED_BY": 1, "WORKS_AT": 1}
    assert {hit.source for hit in graph.search("Who founded the firm where anna berg works?", 2)} == {
        str(folder / "berg.md"),
        str(folder / "harbour.md"),
    }
    (entity,) = graph.store.entities(["blue harbour"])
    assert entity.mentions == 2
    graph.forget(str(folder / "harbour.md"))
    assert graph.stats().relationships == {"WORKS_AT": 1}
    held = b"".join(path.read_bytes() for path in tmp_path.glob("graph.db*"))
    assert b"kovacs" not in held
    assert b"FOUNDED_BY" not in held
    assert b"WORKS_AT" in held


def test_each_passage_is_sent_once_to_each_model(
    graph: Graph, folder: Path, scripted_llm: ScriptedLLM, extractor: Callable[..., Extractor]
) -> None:
    graph.add_files([folder])
    assert scripted_llm.model_requests == []
    scripted_llm.script(*[by_passage(SAID)] * 30)
    assert graph.add_files([folder], extractor=extractor()).files == 3
    assert len(scripted_llm.model_requests) == 3
    assert graph.add_files([folder], extractor=extractor()).unchanged == 3
    (folder / "berg.md").write_text(NOTES["berg.md"] + "\n# Tulips\n\nTulips need a cold winter.\n")
    assert graph.add_files([folder], extractor=extractor()).files == 1
    assert len(scripted_llm.model_requests) == 4
    (folder / "berg.md").write_text("\n\n" + NOTES["berg.md"])
    graph.refresh()
    assert len(scripted_llm.model_requests) == 4
    assert graph.stats().relationships == {"WAS_FOUNDED_BY": 1, "WORKS_AT": 1}
    assert graph.add_files([folder], extractor=extractor("another")).files == 3
    assert len(scripted_llm.model_requests) == 7


HOSTILE: list[tuple[Turn, ...]] = [
    (Turn("I would rather chat."), Turn("I would rather chat.")),
    (Turn(calls=(Call("final_result", '{"entities": ["Tul'),)),) * 2,
    (Turn(calls=(Call("final_result", {"entities": "Tulips", "relations": 7}),)),) * 2,
    (Turn(calls=(Call("final_result", {"entities": ["x" * 5_000]}),)),) * 2,
    (Turn(calls=(Call("run_cypher", {"cypher": "MATCH (n) DETACH DELETE n"}),)),) * 2,
    (Turn(calls=(Call("final_result", {"entities": ["Not there", "", "  ", "winter cold"]}),)),),
    (
        Turn(
            calls=(
                Call(
                    "final_result",
                    {
                        "entities": [],
                        "relations": [
                            {"subject": "Tulips", "relation": "OWN", "object": "The bank"},
                            {"subject": "Tulips", "relation": "ARE", "object": "tulips"},
                        ],
                    },
                ),
            )
        ),
    ),
]


@pytest.mark.parametrize("turns", HOSTILE)
def test_what_the_passage_does_not_bear_out_is_left_out(
    graph: Graph,
    folder: Path,
    scripted_llm: ScriptedLLM,
    extractor: Callable[..., Extractor],
    turns: tuple[Turn, ...],
    tmp_path: Path,
) -> None:
    with Graph.open(f"sqlite:///{tmp_path / 'plain.db'}") as plain:
        plain.add_files([folder / "tulips.md"])
        expected = plain.stats()
    scripted_llm.script(*turns)
    added = graph.add_files([folder / "tulips.md"], extractor=extractor())
    assert (added.files, added.problems, scripted_llm.left) == (1, [], 0)
    stats = graph.stats()
    assert (stats.entities, stats.mentions, stats.nodes, stats.edges) == (expected.entities, expected.mentions, 0, 0)
    assert graph.add_files([folder / "tulips.md"], extractor=extractor()).unchanged == 1


def test_a_relation_is_never_a_statement(
    any_graph: Graph, tmp_path: Path, scripted_llm: ScriptedLLM, extractor: Callable[..., Extractor]
) -> None:
    """Of any verb comes a type of letters, digits and underscores, on every store; names stay values."""
    verbs = ["]->() DETACH DELETE n //", "`; DROP TABLE node; --", "liebt größer", "", "x" * 150, "works   at", "7 of"]
    name = "Bo'] \"}) DELETE"
    said = {"entities": [], "relations": [{"subject": "Anna Berg", "relation": verb, "object": name} for verb in verbs]}
    (tmp_path / "a.md").write_text(f"# Staff\n\nAnna Berg knows {name} well.\n")
    scripted_llm.script(Turn(calls=(Call("final_result", said),)))
    any_graph.add_files([tmp_path / "a.md"], extractor=extractor())
    stats = any_graph.stats()
    assert set(stats.relationships) == {"DETACH_DELETE_N", "DROP_TABLE_NODE", "LIEBT_GR_SSER", "RELATED_TO", "WORKS_AT"}
    assert stats.labels == {"Entity": 2}
    assert any_graph.query(GraphQuery("Entity", [Column("name", Value("Entity.name"))])) == [
        {"name": "Anna Berg"},
        {"name": name},
    ]
    any_graph.forget(str(tmp_path / "a.md"))
    assert any_graph.stats().nodes == any_graph.stats().edges == any_graph.stats().entities == 0
    assert any_graph.store.schema() == Schema({}, {}, {})


def test_a_model_that_cannot_be_reached_is_a_line_and_a_second_run_completes_it(
    graph: Graph, folder: Path, scripted_llm: ScriptedLLM, extractor: Callable[..., Extractor]
) -> None:
    scripted_llm.script(Fault(status=401, message="no such key"), *[Fault(status=401)] * 8)
    added = graph.add_files([folder], extractor=extractor())
    assert added.files == 3
    ((name, reason),) = added.problems
    assert name == "openai-chat:scripted"
    assert reason
    assert "\n" not in reason
    assert graph.search("tulips")
    failed = len(scripted_llm.model_requests)
    assert failed <= 4
    scripted_llm._steps.clear()
    scripted_llm.script(*[by_passage(SAID)] * 3)
    again = graph.add_files([folder], extractor=extractor())
    assert (again.files, again.problems, len(scripted_llm.model_requests)) == (3, [], failed + 3)
    assert graph.stats().relationships == {"WAS_FOUNDED_BY": 1, "WORKS_AT": 1}


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`agent-core graph ...` with an empty home."""

    def run(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
        program = [str(Path(sys.executable).with_name("agent-core")), "graph", *command]
        environ = {**os.environ, "AGENT_CORE_HOME": str(tmp_path / "home"), "OPENAI_API_KEY": "none", **environ}
        return subprocess.run(program, cwd=tmp_path, env=environ, capture_output=True, text=True)

    return run


def test_from_the_command_line(
    run: Callable[..., subprocess.CompletedProcess[str]], scripted_llm: ScriptedLLM, folder: Path
) -> None:
    where = {"OPENAI_BASE_URL": scripted_llm.openai_url}
    refused = run("add", str(folder), "--extract", "--model", "offline", **where)
    assert (refused.returncode, scripted_llm.model_requests) == (2, [])
    assert "needs a language model" in refused.stderr
    scripted_llm.script(*[by_passage(SAID)] * 3)
    done = run("add", str(folder), "--extract", "--model", "openai-chat:scripted", **where)
    assert (done.returncode, done.stdout) == (0, "3 files read (3 passages), 0 unchanged.\n"), done.stderr
    assert "WORKS_AT 1" in run("stats").stdout


def test_a_model_elsewhere_is_used_only_by_its_name(
    run: Callable[..., subprocess.CompletedProcess[str]], folder: Path
) -> None:
    elsewhere = {"OPENAI_BASE_URL": "https://elsewhere.example/v1", "AGENT_CORE_MODELS_DEFAULT": "openai-chat:scripted"}
    refused = run("add", str(folder), "--extract", **elsewhere)
    assert refused.returncode == 2
    assert "leaves this machine: name it with --model" in refused.stderr
    assert not run("export").stdout
