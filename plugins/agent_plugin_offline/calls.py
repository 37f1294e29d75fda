"""What goes into the engine and what comes out of it: tools as the engine knows them, and proposed calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class ToolSpec:
    """What the engine knows of a tool."""

    name: str
    description: str
    parameters: dict[str, Any]
    """JSON schema, an object."""
    examples: tuple[str, ...] = ()
    """Requests that the tool answers."""
    returns: dict[str, Any] | None = None


@dataclass(frozen=True)
class Proposal:
    """One call that the request may mean."""

    tool: str
    args: dict[str, Any]
    score: float
    """How well tool and arguments fit, 0 to 1."""
    missing: tuple[str, ...] = ()
    """Required parameters for which the request carries nothing."""
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """Where in the request each value stands, by parameter."""
