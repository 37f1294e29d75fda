"""Graphs for the tests: an empty one per test, and every kind of store for the conformance suite."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import neo4j as bolt
import pytest

from agent_plugin_graph import Graph
from agent_plugin_graph.store.protocol import GraphStore
from tests.servers.neo4j import Neo4jServer

DATA = Path(os.environ.get("AGENT_CORE_DATA") or Path(__file__).parents[4] / "shared" / "data")

KINDS = (
    "sqlite",
    # The first test of a process waits for its server.
    pytest.param("neo4j", marks=pytest.mark.timeout(120, func_only=True)),
)


@pytest.fixture(params=KINDS)
def any_graph(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Graph]:
    """An empty graph in a store of every kind."""
    if request.param == "sqlite":
        with Graph.open(f"sqlite:///{tmp_path / 'any.db'}") as opened:
            yield opened
        return
    server: Neo4jServer = request.getfixturevalue("neo4j")
    with bolt.GraphDatabase.driver(server.url, auth=server.auth) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    with Graph.open(server.url, auth=server.auth) as opened:
        yield opened


@pytest.fixture
def store(any_graph: Graph) -> GraphStore:
    """An empty store of every kind."""
    return any_graph.store


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    """An empty graph in a file."""
    with Graph.open(f"sqlite:///{tmp_path / 'graph.db'}") as opened:
        yield opened


@pytest.fixture
def given() -> Callable[[str], Any]:
    """Public data beside the checkout, by its path; a test that asks for what is not there is skipped."""

    def path(name: str) -> Path:
        if not (DATA / name).exists():
            pytest.skip(f"{name} is not beside this checkout; set AGENT_CORE_DATA to the folder that holds it")
        return DATA / name

    return path
