"""The `graph` plugin: answers from your own documents and tables, with citations, without a language model.

As a library: `from agent_plugin_graph import Graph, GraphQuery, Passage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent_core import Tool, hookimpl
from agent_plugin_graph.asking.result import NotUnderstood, TableAnswer
from agent_plugin_graph.graph import Graph
from agent_plugin_graph.passage import Hit, Passage, Stats
from agent_plugin_graph.query.model import Column, Condition, GraphQuery, Having, Hop, Order, Value
from agent_plugin_graph.settings import GraphSettings
from agent_plugin_graph.tools import TOOLS

AGENT_CORE_HOOK_API = 1

__all__ = [
    "Column", "Condition", "Graph", "GraphQuery", "Having", "Hit", "Hop", "NotUnderstood", "Order", "Passage", "Stats",
    "TableAnswer", "Value",
]  # fmt: skip


@hookimpl
def agent_core_tools() -> Iterable[Tool]:
    """Search, entities and the typed graph."""
    return TOOLS


@hookimpl
def agent_core_settings() -> type[GraphSettings]:
    """Where the graph is kept."""
    return GraphSettings


@hookimpl
def agent_core_commands() -> Mapping[str, tuple[str, str]]:
    """`agent-core graph ...`."""
    return {"graph": ("agent_plugin_graph.commands:app", "Add documents and tables, and search them.")}
