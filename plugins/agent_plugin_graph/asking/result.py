"""What comes of a question to the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent_plugin_graph.query.model import GraphQuery


@dataclass(frozen=True)
class TableAnswer:
    """What the tables answer."""

    text: str
    """The answer, and how the question was read."""
    rows: list[dict[str, Any]]
    query: GraphQuery
    read_as: str
    """The query in words."""
    notes: list[str] = field(default_factory=list[str])
    """What one should know beside it, such as that two people have the name."""


@dataclass(frozen=True)
class NotUnderstood:
    """Why the tables do not answer a question."""

    why: str
    concerned: bool
    """Whether the question names anything of the tables at all."""
