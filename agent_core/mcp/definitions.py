"""What a server says of its tools: taken as data by somebody else, checked, and hashed exactly as it came."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from agent_core.gate.sanitise import sanitise_line
from agent_core.mcp.foreign_schema import SchemaRefused, tame_schema

MAX_TOOLS = 200
"""Tools of one server; a model could not choose among more, and the rest is not taken."""
MAX_DESCRIPTION = 1_000
_TAKEN = ("name", "title", "description", "inputSchema", "outputSchema", "annotations")
"""The fields of a tool that mean something here; all of them are hashed."""
_REMOTE_NAME = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")
_FULL_NAME = 64
"""What every provider of models accepts as a function's name."""


@dataclass(frozen=True)
class Definition:
    """A tool as its server defines it, usable."""

    remote_name: str
    """What the server calls it."""
    name: str
    """What plans and models call it: `SERVER__TOOL`."""
    description: str
    parameters: dict[str, Any]
    returns: dict[str, Any] | None
    annotations: Mapping[str, Any]
    raw: Mapping[str, Any]
    """As it was given; what is compared and hashed."""
    wrapped: bool = False
    """Whether results come as `{"result": ...}`, the official SDK's way to return what is no object."""

    @property
    def digest(self) -> str:
        """SHA-256 of the definition as it was given."""
        return digest_of(self.raw)


@dataclass(frozen=True)
class Refused:
    """A tool that was not taken, and why."""

    remote_name: str
    reason: str


def full_name(server: str, remote_name: str) -> str:
    """What plans and models call a tool of a server."""
    return f"{server}__{re.sub(r'[^A-Za-z0-9_-]', '_', remote_name)}"


def digest_of(raw: Mapping[str, Any]) -> str:
    """SHA-256 of a definition as it was given, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def raw_definition(listed: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a listed tool that mean something here."""
    return {key: listed[key] for key in _TAKEN if listed.get(key) is not None}


def read_definitions(
    server: str, raws: Iterable[Mapping[str, Any]], wanted: Sequence[str] = ()
) -> tuple[dict[str, Definition], list[Refused]]:
    """The usable tools of `server` by full name, and those that were not taken.

    Args:
        server: The server's name in the settings.
        raws: What it listed, as `raw_definition` gives it.
        wanted: Names, as the server has them, of the tools that the user wants; empty: all.
    """
    taken: dict[str, Definition] = {}
    refused: list[Refused] = []
    for raw in raws:
        remote = str(raw.get("name"))
        if wanted and remote not in wanted:
            continue
        try:
            definition = _definition(server, remote, raw)
            if definition.name in taken:
                raise SchemaRefused(f"its name becomes {definition.name!r}, as another one's does")
            if len(taken) >= MAX_TOOLS:
                raise SchemaRefused(f"the server has more than {MAX_TOOLS} tools; name those you want in 'tools'")
            taken[definition.name] = definition
        except SchemaRefused as reason:
            refused.append(Refused(sanitise_line(remote, 60), str(reason)))
    return taken, refused


def _definition(server: str, remote: str, raw: Mapping[str, Any]) -> Definition:
    if not _REMOTE_NAME.fullmatch(remote):
        raise SchemaRefused("its name is not made of letters, digits, '_', '-', '.', ':' and '/'")
    name = full_name(server, remote)
    if len(name) > _FULL_NAME:
        raise SchemaRefused(f"its name has more than {_FULL_NAME - len(server) - 2} characters")
    try:
        parameters = tame_schema(raw.get("inputSchema"))
        returns = tame_schema(raw["outputSchema"]) if raw.get("outputSchema") is not None else None
        wrapped = returns is not None and list(returns.get("properties", ())) == ["result"]
    except RecursionError:
        raise SchemaRefused("its schema is nested too deeply") from None
    annotations = raw.get("annotations")
    described = str(raw.get("description") or raw.get("title") or "")
    return Definition(
        remote_name=remote,
        name=name,
        description=sanitise_line(described, MAX_DESCRIPTION) or "(the server does not say what it is for)",
        parameters=parameters,
        returns=returns,
        annotations=cast("dict[str, Any]", annotations) if isinstance(annotations, dict) else {},
        raw=raw,
        wrapped=wrapped,
    )
