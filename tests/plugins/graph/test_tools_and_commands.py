"""`agent-core graph`, the tools, and `agent-core ask` with the offline model, as somebody types them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent_core import Tool, ToolArgumentError, ToolContext
from agent_core.testing import check_tool
from agent_plugin_graph import Graph
from agent_plugin_graph.tools import (
    TOOLS,
    find_entity,
    neighbours,
    open_graph,
    path_between,
    query_graph,
    search_documents,
)

HANDBOOK = """# Handbook

Welcome to Blue Harbour.

## Parental leave

Parents may take 26 weeks of paid leave.
A request has to reach the Lisbon office eight weeks before.

## Lisbon office

The Lisbon office is led by Marta Kovacs.
"""
LEASE = (
    "LEASE\n\nThe tenant gives three months' notice.\n\nThe landlord, Heron Estates, pays for repairs of the roof.\n"
)


class Person:
    """Somebody at a shell, with documents and a state folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.workspace, self.home = folder / "workspace", folder / "home"
        (self.workspace / "docs").mkdir(parents=True)
        (self.workspace / "docs" / "handbook.md").write_text(HANDBOOK)
        (self.workspace / "docs" / "lease.txt").write_text(LEASE)
        self.graph_file = self.home / "plugins" / "graph" / "graph.db"

    def types(self, *words: str, code: int = 0) -> str:
        """What a command prints to stdout."""
        done = self.run(*words)
        assert done.returncode == code, done.stderr
        return done.stdout

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "agent_core.cli.main", *words]
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.home), "AGENT_CORE_HOME": str(self.home)}
        environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        return subprocess.run(command, cwd=self.workspace, env=environ, capture_output=True, text=True, timeout=90)


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


@pytest.fixture
def documents(tool_context: ToolContext) -> ToolContext:
    """A context whose graph holds the two documents."""
    for name, text in (("handbook.md", HANDBOOK), ("lease.txt", LEASE)):
        (tool_context.workspace / name).write_text(text)
    with open_graph(tool_context) as graph:
        graph.add_files([tool_context.workspace])
    return tool_context


def call(tool: Tool, ctx: ToolContext, **args: Any) -> Any:
    assert tool.function is not None
    return tool.function(ctx, **tool.arguments.keywords(tool.arguments.validate(args)))


def test_add_then_ask_answers_with_a_quote_and_its_line(person: Person) -> None:
    assert person.types("graph", "add", "docs") == "2 files read (4 passages), 0 unchanged.\n"
    printed = person.types("ask", "--model", "offline", "--json", "What do my documents say about repairs of the roof?")
    answer = json.loads(printed)
    quote = "The landlord, Heron Estates, pays for repairs of the roof."
    assert answer["answer"] == f"“{quote}” [1] (docs/lease.txt:5)"
    assert answer["citations"] == [{"n": 1, "source": "docs/lease.txt:5", "locator": "line 5", "quote": quote}]
    assert [(one["tool"], one["status"]) for one in answer["calls"]] == [("search_documents", "done")]
    assert answer["calls"][0]["result"]["outcome"] == "answered"
    assert (person.workspace / "docs" / "lease.txt").read_text().splitlines()[4] == quote


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("When must a leave request arrive in Lisbon?", "docs/handbook.md:8"),
        ("Is the roof repaired by Heron Estates?", "docs/lease.txt:5"),
        ("Who is the head of the Lisbon office?", "docs/handbook.md:12"),
        ("By when must a leave request arrive in Lisbon?", "docs/handbook.md:8"),
    ],
)
def test_a_question_about_nothing_kept_goes_to_the_documents(person: Person, question: str, source: str) -> None:
    person.types("graph", "add", "docs")
    answer = json.loads(person.types("ask", "--model", "offline", "--json", question))
    assert answer["calls"][-1]["tool"] == "search_documents"
    assert {one["tool"] for one in answer["calls"]} <= {"recall", "list_events", "search_documents"}
    assert source in [one["source"] for one in answer["citations"]]
    assert all(" ".join(one["quote"].split()) in answer["answer"] for one in answer["citations"])


@pytest.mark.parametrize("question", ["Should I quit my job?", "Who wrote Middlemarch?", "Find what Marta Kovacs does"])
def test_where_nothing_was_added_documents_are_not_asked(person: Person, question: str) -> None:
    answer = json.loads(person.types("ask", "--model", "offline", "--json", question))
    ours = {tool.name for tool in TOOLS}
    assert not ours.intersection(one["tool"] for one in answer["calls"])
    person.types("graph", "add", "docs")
    answer = json.loads(person.types("ask", "--model", "offline", "--json", question))
    assert ours.intersection(one["tool"] for one in answer["calls"])


def test_a_question_that_neither_notes_nor_documents_answer_is_said_to_be_one(person: Person) -> None:
    person.types("graph", "add", "docs")
    answer = json.loads(person.types("ask", "--model", "offline", "--json", "Who painted the ceiling of the chapel?"))
    assert "Nothing in your documents answers this." in answer["answer"]
    assert answer["citations"] == []


def test_the_life_of_a_graph_at_the_shell(person: Person) -> None:
    person.types("graph", "add", "docs")
    assert person.graph_file.stat().st_mode & 0o777 == 0o600
    assert "1 unchanged" not in person.types("graph", "sync")
    assert "2 unchanged" in person.types("graph", "add", "docs")
    hits = json.loads(person.types("graph", "search", "paid leave", "--limit", "1", "--json"))
    assert (hits[0]["title"], hits[0]["locator"]) == ("Parental leave", "lines 7-8")
    assert "why: " in person.types("graph", "search", "paid leave")
    assert "26 weeks" in person.types("graph", "ask", "How many weeks of paid leave?")
    assert json.loads(person.types("graph", "stats", "--json"))["sources"] == 2
    assert "Everything is as it was added." in person.types("graph", "doctor")
    exported = [json.loads(line) for line in person.types("graph", "export").splitlines()]
    assert {line["title"] for line in exported} == {"Handbook", "Parental leave", "Lisbon office", "lease"}
    (person.workspace / "docs" / "lease.txt").write_text("LEASE\n\nThe tenant may leave at any time.\n")
    assert "changed since it was added" in person.types("graph", "doctor", code=1)
    assert "1 files read" in person.types("graph", "sync")
    assert "Heron Estates" not in person.types("graph", "export")
    assert person.types("graph", "forget", "docs/lease.txt").endswith("1 passages and nodes.\n")
    assert b"at any time" not in person.graph_file.read_bytes()
    assert "“The tenant" not in person.types("graph", "ask", "When may the tenant leave?")
    told = json.loads(person.types("graph", "ask", "--json", "When may the tenant leave?"))
    assert told["outcome"] != "answered"


def test_tables_at_the_shell(person: Person) -> None:
    (person.workspace / "pets.csv").write_text("id,name,kind\n1,Rex,dog\n2,Tom,cat\n3,Ada,cat\n")
    (person.workspace / "pets.yaml").write_text("nodes:\n  Pet: {file: pets.csv, key: id, properties: [name, kind]}\n")
    assert "3 nodes, 0 relationships" in person.types("graph", "add", "pets.yaml")
    asked = {
        "start": "Pet",
        "columns": [
            {"name": "kind", "value": {"field": "Pet.kind"}},
            {"name": "pets", "value": {"field": "Pet"}, "function": "count"},
        ],
    }
    assert person.types("graph", "query", json.dumps(asked)) == "kind: cat, pets: 2\nkind: dog, pets: 1\n"
    (person.workspace / "query.json").write_text(json.dumps(asked))
    assert json.loads(person.types("graph", "query", "@query.json", "--json"))[0] == {"kind": "cat", "pets": 2}


@pytest.mark.parametrize(
    "words",
    [
        ("add", "nowhere"),
        ("add", "nowhere.yaml"),
        ("forget", "docs/nothing.md"),
        ("query", "{"),
        ("query", '{"start": "Pet"}'),
        ("query", "@nowhere.json"),
        ("query", '{"start": "Pet", "columns": [{"name": "n", "value": {"field": "Pet"}, "function": "count"}]}'),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(person: Person, words: tuple[str, ...]) -> None:
    done = person.run("graph", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert 0 < len(done.stderr.strip().splitlines()) <= 2
    assert "Traceback" not in done.stderr


def test_a_document_cannot_write_to_the_terminal(person: Person) -> None:
    (person.workspace / "docs" / "evil\x1b[31m.md").write_text("# Evil\x1b]52;c;aGk=\x07\n\nThe quokka \x1b[2Jhides.\n")
    printed = person.types("graph", "add", "docs")
    printed += person.types("graph", "search", "quokka")
    printed += person.types("graph", "ask", "Where is the quokka?")
    printed += person.types("graph", "export") + person.types("graph", "search", "quokka", "--json")
    assert "quokka" in printed
    assert not {"\x1b", "\x07"} & set(printed)


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_what_documents_say_counts_as_private_and_as_written_by_others(tool: Tool) -> None:
    assert tool.traits.read_only
    assert tool.traits.private_data
    assert tool.traits.untrusted_content
    assert not tool.traits.open_world
    assert len(tool.examples) >= 3


async def test_tools_keep_their_contract(documents: ToolContext) -> None:
    for tool, args in (
        (search_documents, {"question": "Who leads the Lisbon office?"}),
        (find_entity, {"name": "Marta Kovacs"}),
        (neighbours, {"name": "Lisbon office"}),
        (path_between, {"start": "Marta Kovacs", "end": "Parental leave"}),
    ):
        await check_tool(tool, args, documents)


def test_quotes_name_the_line_that_they_stand_in(documents: ToolContext) -> None:
    found = call(search_documents, documents, question="When must a leave request reach the Lisbon office?")
    assert found.passages[0].quote.endswith("A request has to reach the Lisbon office eight weeks before.")
    assert (found.passages[0].source, found.passages[0].locator) == ("handbook.md:8", "lines 7-8")
    assert [f"[{one.n}] ({one.source})" in found.text for one in found.passages] == [True] * found.count


WRAPPED = """# Keys

- Front door: code 7731.
- Cellar door

The key of the old boat house hangs behind the second shelf, where the
lanterns are kept, and has to be back before dark. Dr. Osei has another.

| door | key |
|------|-----|
| attic | brass |
"""


@pytest.mark.parametrize(
    ("question", "quote", "line"),
    [
        (
            "Where does the key of the boat house hang?",
            "The key of the old boat house hangs behind the second shelf, where the\nlanterns are kept, "
            "and has to be back before dark. Dr. Osei has another.",
            6,
        ),
        ("Which key opens the attic?", "| door | key |\n|------|-----|\n| attic | brass |", 11),
        ("What is the code of the front door?", "- Front door: code 7731.\n- Cellar door", 3),
    ],
)
def test_a_quote_is_whole_sentences_an_item_or_a_row_with_its_head(
    tool_context: ToolContext, question: str, quote: str, line: int
) -> None:
    (tool_context.workspace / "keys.md").write_text(WRAPPED)
    with open_graph(tool_context) as graph:
        graph.add_files([tool_context.workspace])
    found = call(search_documents, tool_context, question=question)
    assert (found.passages[0].quote, found.passages[0].source) == (quote, f"keys.md:{line}")


def test_what_no_document_says_is_not_answered(documents: ToolContext) -> None:
    found = call(search_documents, documents, question="Which rocket engine burns methane in the upper stage?")
    assert (found.passages, found.text) == ([], "Nothing in your documents answers this.")


def test_names_neighbours_and_paths(documents: ToolContext) -> None:
    assert call(find_entity, documents, name="marta kovacs").entities[0].mentions == 1
    assert call(find_entity, documents, name="Nobody").entities == []
    assert "Lisbon office" in [one.name for one in call(neighbours, documents, name="Marta Kovacs").neighbours]
    path = call(path_between, documents, start="Marta Kovacs", end="Parental leave")
    assert [path.names[0], path.names[-1], len(path.names)] == ["Marta Kovacs", "Parental leave", 3]
    assert path.names[1] in ("Lisbon", "Lisbon office")
    assert [step.title for step in path.steps] == ["Lisbon office", "Parental leave"]
    assert call(path_between, documents, start="Marta Kovacs", end="Heron Estates").names == []
    with pytest.raises(ToolArgumentError, match="No document names"):
        call(path_between, documents, start="Marta Kovacs", end="Nobody At All")


def test_the_typed_graph_is_asked_with_plain_json(documents: ToolContext) -> None:
    (documents.workspace / "t.csv").write_text("id,size\nx,1.5\ny,2\n")
    with open_graph(documents) as graph:
        graph.load_tables("nodes:\n  T: {file: t.csv, key: id, properties: [size]}\n", documents.workspace)
    columns = [{"name": "sum", "value": {"field": "T.size"}, "function": "sum"}]
    assert call(query_graph, documents, query={"start": "T", "columns": columns}).rows == [{"sum": 3.5}]
    with pytest.raises(ToolArgumentError, match="no label"):
        call(query_graph, documents, query={"start": "U", "columns": columns})


def test_users_have_graphs_of_their_own(documents: ToolContext) -> None:
    other = ToolContext(workspace=documents.workspace, data_dir=documents.data_dir, user="../graph")
    found = call(search_documents, other, question="Who leads the Lisbon office?")
    assert found.passages == []
    assert {path.parent for path in documents.data_dir.rglob("*.db")} == {documents.data_dir}
    with Graph.open(f"sqlite:///{documents.data_dir / 'graph.db'}") as graph:
        assert graph.stats().sources == 2


def test_loading_the_plugin_imports_nothing_heavy() -> None:
    program = "import sys, agent_plugin_graph; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    heavy = {
        "sqlite3",
        "yaml",
        "lxml",
        "pydantic",
        "pydantic_ai",
        "openpyxl",
        "pypdf",
        "docx",
        "pathspec",
        "neo4j",
        "csv",
    }
    assert not heavy & set(loaded)
