"""The tools that models were shown, each definition kept once: a recorded choice is learned from with them alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Protocol

from agent_core.journal.store import Journal, dumps

_MOST_REMEMBERED = 4096
"""Definitions whose hashes are held in memory; the tools of one assistant are far fewer."""


class Shown(Protocol):
    """A tool as a model is shown it (pydantic-ai's `ToolDefinition`)."""

    name: str
    description: str | None
    parameters_json_schema: dict[str, Any]


class Toolsets:
    """The tables of tool definitions, and of sets of them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: set[str] = set()
        self._hashes: dict[int, tuple[Shown, str, str]] = {}
        """By identity: definition (which keeps the identity taken), hash and JSON."""

    def keep(self, tools: Sequence[Shown]) -> str:
        """Keep what a model is shown, unless it is kept already; returns the name of the set, "" for no tools."""
        if not tools:
            return ""
        described = [self._described(tool) for tool in tools]
        name = _hash("\n".join(one for one, _ in described))
        if name not in self._kept:
            with self._journal.transaction():
                for one, definition in described:
                    self._journal.execute("INSERT OR IGNORE INTO definitions VALUES (?, ?)", one, definition)
                self._journal.execute(
                    "INSERT OR IGNORE INTO toolsets VALUES (?, ?)", name, dumps([one for one, _ in described])
                )
            self._kept.add(name)
        return name

    def load(self, name: str) -> list[dict[str, Any]]:
        """The definitions {name, description, parameters} of a set, as they were shown; none for a set of no name."""
        rows = self._journal.rows(
            "SELECT definition FROM toolsets, json_each(toolsets.definitions) AS shown "
            "JOIN definitions ON definitions.hash = shown.value WHERE toolsets.hash = ? ORDER BY shown.key",
            name,
        )
        return [json.loads(row["definition"]) for row in rows]

    def _described(self, tool: Shown) -> tuple[str, str]:
        if (known := self._hashes.get(id(tool))) is None:
            if len(self._hashes) >= _MOST_REMEMBERED:
                self._hashes.clear()
            definition = dumps(
                {"name": tool.name, "description": tool.description or "", "parameters": tool.parameters_json_schema}
            )
            known = self._hashes[id(tool)] = (tool, _hash(definition), definition)
        return known[1], known[2]


def _hash(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
