"""The library: what an app gets from `from agent_plugin_graph import Graph, GraphQuery, Passage`."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from agent_core import ToolError
from agent_core.errors import AgentCoreError, ConfigurationError, UsageError
from agent_plugin_graph import Column, Graph, GraphQuery, Passage, Value
from agent_plugin_graph.index.names import key_of, spans
from agent_plugin_graph.index.terms import terms

FIRM = [
    Passage(
        "1",
        "Anna Berg",
        "Anna Berg joined Blue Harbour in 2019 and lives in Graz.",
        "people.md",
        "line 3",
        "people.md:3",
    ),
    Passage("2", "Blue Harbour", "Blue Harbour was founded in 1980 by Marta Kovacs.", "firms.md"),
    Passage("3", "Gardens", "Tulips need a cold winter. Roses do not.", "garden.md"),
    Passage("4", "Tea", "Green tea is steeped for two minutes.", "tea.md"),
]


def test_a_question_over_two_passages_finds_both(graph: Graph) -> None:
    graph.add_passages(FIRM)
    hits = graph.search("Who founded the firm that Anna Berg joined?", k=2)
    assert [hit.passage_id for hit in hits] == ["1", "2"]
    assert (hits[0].source, hits[0].locator, hits[0].link) == ("people.md", "line 3", "people.md:3")
    assert hits[0].score > hits[1].score > 0
    assert '"Anna Berg", which the question names' in hits[0].why
    assert '"Blue Harbour", which "Anna Berg" names too' in hits[1].why
    assert '"founded"' in hits[1].why


def test_search_returns_at_most_k_and_the_same_every_time(graph: Graph) -> None:
    graph.add_passages(FIRM)
    assert len(graph.search("tea and tulips and Anna Berg", k=2)) == 2
    assert graph.search("roses and tea") == graph.search("roses and tea")
    assert graph.search("xylophone") == []
    assert Graph.open(f"sqlite:///{graph.store.path}").search("tea") == graph.search("tea")


def test_every_process_finds_the_same(graph: Graph, tmp_path: Path) -> None:
    graph.add_passages(FIRM)
    program = (
        "import sys; from agent_plugin_graph import Graph\n"
        "print(Graph.open(f'sqlite:///{sys.argv[1]}').search('Who founded the firm that Anna Berg joined in Graz?'))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "graph.db")]
    printed = {
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in "123456"
    }
    assert len(printed) == 1


def test_an_empty_graph_answers_with_nothing(graph: Graph) -> None:
    assert graph.search("anything at all") == []
    assert graph.stats().passages == 0


async def test_every_method_has_an_async_twin_with_the_same_result(tmp_path: Path) -> None:
    async with Graph.open(f"sqlite:///{tmp_path / 'g.db'}") as graph:
        await graph.aadd_passages(FIRM)
        assert await graph.asearch("green tea", k=1) == graph.search("green tea", k=1)
        assert await graph.astats() == graph.stats()
        assert await graph.aforget("tea.md") == 1
        document = tmp_path / "note.md"
        document.write_text("# Cheese\n\nCheese is made of milk.\n")
        assert (await graph.aadd_files([document])).files == 1
        assert (await graph.arefresh()).unchanged == 1
        (tmp_path / "t.csv").write_text("id,name\n1,One\n")
        loaded = await graph.aload_tables("nodes:\n  Thing: {file: t.csv, key: id, properties: [name]}\n", tmp_path)
        assert loaded.nodes == 1
        assert await graph.aquery(GraphQuery("Thing", [Column("n", Value("Thing.name"))])) == [{"n": "One"}]


async def test_searches_run_side_by_side(tmp_path: Path) -> None:
    async with Graph.open(f"sqlite:///{tmp_path / 'g.db'}") as graph:
        await graph.aadd_passages(FIRM)
        found = await asyncio.gather(*(graph.asearch("green tea", k=1) for _ in range(20)))
    assert {hits[0].passage_id for hits in found} == {"4"}


def test_threads_may_share_a_graph(graph: Graph) -> None:
    def add(number: int) -> None:
        graph.add_passages([Passage(str(number), f"Title {number}", f"Word{number} and more.", f"s{number}")])
        graph.search(f"word{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    assert graph.stats().passages == 40


def test_processes_may_share_a_file(tmp_path: Path) -> None:
    program = (
        "import sys; from agent_plugin_graph import Graph, Passage\n"
        "with Graph.open(f'sqlite:///{sys.argv[1]}') as graph:\n"
        "    for n in range(10): graph.add_passages([Passage(f'{sys.argv[2]}-{n}', 'T', f'word {n}', sys.argv[2])])\n"
    )
    file = tmp_path / "g.db"
    started = [subprocess.Popen([sys.executable, "-c", program, str(file), name]) for name in "abc"]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    with Graph.open(f"sqlite:///{file}") as graph:
        assert graph.stats().passages == 30


def test_what_is_forgotten_is_in_no_file(tmp_path: Path) -> None:
    file = tmp_path / "g.db"
    with Graph.open(f"sqlite:///{file}") as graph:
        graph.add_passages(FIRM)
        graph.add_passages([Passage("s", "Zanzibarium", "The Quixotrope of Vendelbane is hidden.", "secret.md")])
        (tmp_path / "t.csv").write_text("id,name\nwombatkey,Plinthwood\n")
        graph.load_tables("nodes:\n  Thing: {file: t.csv, key: id, properties: [name]}\n", tmp_path)
        held = b"".join(path.read_bytes() for path in tmp_path.glob("g.db*")).lower()
        words = [b"zanzibarium", b"quixotrope", b"vendelban", b"wombatkey", b"plinthwood", b"secret.md"]
        assert [word for word in words if word not in held] == []
        assert graph.forget("secret.md") == 1
        assert graph.forget(str((tmp_path / "t.csv").resolve())) == 1
        left = b"".join(path.read_bytes() for path in tmp_path.glob("g.db*")).lower()
        assert [word for word in words if word in left] == []
        assert b"marta kovacs" in left
        assert graph.search("Quixotrope of Vendelbane") == []


def test_the_file_and_its_log_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Graph.open(f"sqlite:///{tmp_path / 'new' / 'g.db'}") as graph:
            graph.add_passages(FIRM)
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    finally:
        os.umask(before)
    assert modes == {"g.db": 0o600, "g.db-wal": 0o600, "g.db-shm": 0o600}


def test_what_cannot_be_opened_is_said_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is no graph, it is a text of some length" * 40)
    with pytest.raises(ToolError, match="is not a graph"):
        Graph.open(f"sqlite:///{tmp_path / 'text.db'}")
    with pytest.raises(ToolError, match="cannot be opened"):
        Graph.open(f"sqlite:///{tmp_path}")
    with pytest.raises(UsageError, match="sqlite:///"):
        Graph.open("mysql://localhost")
    with pytest.raises(UsageError, match="auth"):
        Graph.open(f"sqlite:///{tmp_path / 'g.db'}", auth=("me", "hunter2-hunter2"))


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "g.db"
    with Graph.open(f"sqlite:///{file}") as graph:
        graph.store.write("PRAGMA user_version=99")
    before = file.read_bytes()
    with pytest.raises(ConfigurationError, match="newer"):
        Graph.open(f"sqlite:///{file}")
    assert file.read_bytes() == before


@pytest.mark.parametrize("passage", [Passage("", "T", "text"), Passage("1", " ", " \n")])
def test_a_passage_needs_an_id_and_a_title_or_text(graph: Graph, passage: Passage) -> None:
    with pytest.raises(UsageError, match="needs an id"):
        graph.add_passages([FIRM[0], passage])
    assert graph.stats().passages == 0


HOSTILE = [
    '" OR 1',
    "NEAR(a b)",
    "title:tea",
    "a* -b ^c",
    "'; DROP TABLE passage; --",
    "AND OR NOT",
    "(",
    "tea\0",
    "\ud800x",
]


@pytest.mark.parametrize("question", HOSTILE)
def test_a_question_is_never_a_query_of_the_index(graph: Graph, question: str) -> None:
    graph.add_passages(FIRM)
    graph.search(question)
    assert graph.stats().passages == 4
    assert graph.search("green tea")[0].passage_id == "4"


@settings(max_examples=60)
@cases(title=st.text(max_size=200), text=st.text(max_size=400), question=st.text(max_size=100))
def test_any_text_can_be_added_searched_and_forgotten(
    tmp_path_factory: pytest.TempPathFactory, title: str, text: str, question: str
) -> None:
    with Graph.open(f"sqlite:///{tmp_path_factory.mktemp('any') / 'g.db'}") as graph:
        try:
            graph.add_passages([Passage("1", title, text, "s")])
        except AgentCoreError:
            assert not (title + text).strip() or any("\ud800" <= letter <= "\udfff" for letter in title + text)
            return
        graph.search(question)
        for hit in graph.search(text):
            assert hit.text == text
        assert graph.forget("s") == 1
        assert graph.stats().entities == 0


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The Salt March was led by Mohandas Gandhi.", ["Salt March", "Mohandas Gandhi"]),
        ("In 1990 he joined the University of Vienna.", ["University of Vienna"]),
        ("She read “The Old Man” twice.", ["The Old Man"]),
        ("Yesterday it rained.", []),
    ],
)
def test_names_in_text(text: str, names: list[str]) -> None:
    assert {key_of(name) for name in names} <= {key_of(name) for name in spans(text)}
    if not names:
        assert list(spans(text)) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("movies", "movie"),
        ("Cities", "city"),
        ("directed", "directing"),
        ("Café", "cafe"),
        ("ＡＢＣ", "abc"),
        ("Anna's", "Anna"),
    ],
)
def test_forms_of_a_word_are_one_term(one: str, other: str) -> None:
    assert terms(one) == terms(other)


def test_scripts_without_spaces_are_searched_too(graph: Graph) -> None:
    graph.add_passages(
        [Passage("1", "東京", "東京は日本の首都です。", "a"), Passage("2", "大阪", "大阪の名物はたこ焼きです。", "b")]
    )
    assert graph.search("日本の首都")[0].passage_id == "1"
    assert graph.search("たこ焼き")[0].passage_id == "2"
