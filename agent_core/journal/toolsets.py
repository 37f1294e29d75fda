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
        self._hashes: dict[int, tuple[Shown, str, str]] = {}
        """By identity: definition (which keeps the identity taken), hash and JSON."""

    def name(self, tools: Sequence[Shown]) -> str:
        """What a set of tools is called, kept or not; "" for no tools."""
        return _hash("\n".join(self._described(tool)[0] for tool in tools)) if tools else ""

    def keep(self, tools: Sequence[Shown]) -> None:
        """Keep what a model was shown, unless it is kept; in the transaction that writes who was shown it."""
        name = self.name(tools)
        if not name or self._journal.row("SELECT 1 FROM toolsets WHERE hash = ?", name) is not None:
            return
        described = [self._described(tool) for tool in tools]
        with self._journal.transaction():
            for one, definition in described:
                self._journal.execute("INSERT OR IGNORE INTO definitions VALUES (?, ?)", one, definition)
            self._journal.execute("INSERT INTO toolsets VALUES (?, ?)", name, dumps([one for one, _ in described]))

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
