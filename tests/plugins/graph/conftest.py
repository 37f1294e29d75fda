"""Graphs for the tests: an empty one per test, and every kind of store for the conformance suite."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent_plugin_graph import Graph
from agent_plugin_graph.store.protocol import GraphStore
from agent_plugin_graph.store.sqlite import SqliteStore

DATA = Path(os.environ.get("AGENT_CORE_DATA") or Path(__file__).parents[4] / "shared" / "data")

OPENERS: dict[str, Callable[[Path], GraphStore]] = {"sqlite": lambda folder: SqliteStore(folder / "graph.db")}
"""How an empty store of each kind is opened. Another backend is one more line."""


@pytest.fixture(params=sorted(OPENERS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[GraphStore]:
    """An empty store of every kind."""
    opened = OPENERS[request.param](tmp_path)
    yield opened
    opened.close()


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
