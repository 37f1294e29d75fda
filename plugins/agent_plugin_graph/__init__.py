"""The `graph` plugin: answers from your own documents and tables, with citations, without a language model.

As a library: `from agent_plugin_graph import Graph, GraphQuery, Passage`.
"""

from __future__ import annotations

from agent_plugin_graph.graph import Graph
from agent_plugin_graph.passage import Hit, Passage, Stats
from agent_plugin_graph.query.model import Column, Condition, GraphQuery, Hop, Order, Value

__all__ = ["Column", "Condition", "Graph", "GraphQuery", "Hit", "Hop", "Order", "Passage", "Stats", "Value"]
