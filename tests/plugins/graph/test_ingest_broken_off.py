"""An ingest that is broken off, on every store: what is whole is kept, a second run completes it, nothing is twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import neo4j as bolt
import pytest

from agent_core.errors import ConfigurationError, ToolError, TransientToolError
from agent_plugin_graph import Graph, Passage
from agent_plugin_graph.ingest import writing
from agent_plugin_graph.store.neo4j import connection
from tests.plugins.graph.conftest import KINDS
from tests.servers.neo4j import Neo4jServer
from tests.servers.scripted_web import ScriptedWeb, http_answer

FILES = 40
ADD = """
import os, signal, sys
from agent_plugin_graph import Graph

address, user, password, folder, how, least = sys.argv[1:]
written = 0
die = lambda: os.kill(os.getpid(), signal.SIGKILL)

def progress(file, done):
    if how == "between" and done >= 0.5: die()

with Graph.open(address, (user, password) if user else None) as graph:
    put_passages = graph.store.put_passages
    def put(passages):
        global written
        put_passages(passages)
        written += len(passages)
        if how == "within" and written > int(least): die()
    graph.store.put_passages = put
    graph.add_files([folder], progress)
"""


def text(number: int) -> str:
    return f"# Title {number}\n\nAnna Berg{number} met Marta Kovacs in Graz, said number{number}.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:02}.md").write_text(text(number))
    return folder


def held(graph: Graph) -> tuple[int, ...]:
    stats = graph.stats()
    return (
        stats.sources,
        stats.passages,
        stats.entities,
        stats.mentions,
        stats.duplicate_passages,
        stats.orphan_entities,
    )


@pytest.fixture
def whole(tmp_path: Path, folder: Path) -> tuple[int, ...]:
    """What a graph holds when nothing broke the ingest off."""
    with Graph.open(f"sqlite:///{tmp_path / 'whole.db'}") as graph:
        graph.add_files([folder])
        return held(graph)


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, tuple[str, str] | None]]:
    """Of an empty graph in a store of every kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'any.db'}", None
        return
    server: Neo4jServer = request.getfixturevalue("neo4j")
    with bolt.GraphDatabase.driver(server.url, auth=server.auth) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    yield server.url, server.auth


@pytest.mark.parametrize("how", ["between", "within"])
def test_killed(address: tuple[str, tuple[str, str] | None], folder: Path, whole: tuple[int, ...], how: str) -> None:
    """Between two files, and in the middle of what one of them writes."""
    place, auth = address
    command = [sys.executable, "-c", ADD, place, *(auth or ("", "")), str(folder), how, "20"]
    assert subprocess.run(command, timeout=90).returncode == -signal.SIGKILL
    with Graph.open(place, auth) as graph:
        before = graph.stats()
        assert 0 < before.sources == before.passages < FILES
        added = graph.add_files([folder])
        assert (added.files, added.unchanged) == (FILES - before.sources, before.sources)
        assert held(graph) == whole
        assert graph.search(f"number{FILES - 1}")[0].title == f"Title {FILES - 1}"


def test_killed_within_a_large_file(address: tuple[str, tuple[str, str] | None], tmp_path: Path) -> None:
    """One that is written in parts on a server: the parts that are there are replaced."""
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "all.md").write_text("\n".join(map(text, range(2_500))))
    place, auth = address
    command = [sys.executable, "-c", ADD, place, *(auth or ("", "")), str(tmp_path / "large"), "within", "1500"]
    assert subprocess.run(command, timeout=90).returncode == -signal.SIGKILL
    with Graph.open(place, auth) as graph:
        added = graph.add_files([tmp_path / "large"])
        assert (added.files, added.unchanged, graph.stats().passages) == (1, 0, 2_500)
        assert graph.stats().duplicate_passages == 0
        assert graph.add_files([tmp_path / "large"]).unchanged == 1


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Neo4jServer]:
    """One of the test's own, that it may kill."""
    server = Neo4jServer(tmp_path / "server")
    server.start()
    yield server
    server.stop()


def killing(server: Neo4jServer, then: Callable[[], object] = lambda: None) -> Callable[[str, float], None]:
    """Progress that kills the server, once, half way through."""
    left = [1]

    def progress(file: str, done: float) -> None:
        if done >= 0.5 and left:
            left.pop()
            server.kill()
            then()

    return progress


@pytest.mark.timeout(300)
def test_a_server_that_restarts_is_waited_for(
    server: Neo4jServer, folder: Path, whole: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE_S", 200.0)  # however busy the machine is on which it starts
    restart = threading.Thread(target=server.start)
    with Graph.open(server.url, auth=server.auth) as graph:
        added = graph.add_files([folder], killing(server, restart.start))
        restart.join()
        assert (added.files, added.problems) == (FILES, [])
        assert held(graph) == whole


@pytest.mark.timeout(300)
def test_a_server_that_stays_away_is_a_line_and_a_second_run_completes_it(
    server: Neo4jServer, folder: Path, whole: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE_S", 0.0)
    monkeypatch.setattr(connection, "_WAITS_S", 1.0)
    says = pytest.raises(TransientToolError, match=r"No Neo4j answers .*20 were added before; the same command goes")
    with Graph.open(server.url, auth=server.auth) as graph, says:
        graph.add_files([folder], killing(server))
    server.start()
    with Graph.open(server.url, auth=server.auth) as graph:
        added = graph.add_files([folder])
        assert (added.files, added.unchanged) == (20, 20)
        assert held(graph) == whole


@pytest.mark.timeout(300)
def test_a_database_that_is_only_read_is_searched_and_not_added_to(server: Neo4jServer, folder: Path) -> None:
    """Community has no users who may only read; a database that is only read says the same to all."""
    with Graph.open(server.url, auth=server.auth) as graph:
        graph.add_passages([Passage("1", "Leave", "Parents may take 26 weeks.", "leave.md")])
    server.stop()
    reading = Neo4jServer(server.folder, server_databases_read__only="neo4j")
    reading.auth = server.auth
    with reading, Graph.open(reading.url, auth=reading.auth) as graph:
        assert graph.search("weeks for parents")[0].title == "Leave"
        for attempt in (lambda: graph.add_files([folder]), lambda: graph.forget("leave.md")):
            with pytest.raises(ToolError, match="read-only mode") as told:
                attempt()
            assert "\n" not in str(told.value)
        assert graph.stats().passages == 1


def test_a_version_that_is_too_old(neo4j: Neo4jServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "OLDEST", (99, 1))
    with pytest.raises(ConfigurationError, match=r"is version 5\.\d+\.\d+; a graph needs 99\.1 or newer"):
        Graph.open(neo4j.url, auth=neo4j.auth)


async def test_a_server_of_another_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr(connection, "_WAITS_S", 1.0)
    async with ScriptedWeb(default=http_answer("hello")) as web:
        with pytest.raises(ToolError) as told:
            await asyncio.to_thread(Graph.open, f"bolt://{web.authority}", ("neo4j", "not-to-be-seen"))
    assert web.authority in str(told.value)
    assert "not-to-be-seen" not in str(told.value)
