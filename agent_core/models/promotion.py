"""Which tools a local model may take over from the model in use: the routing table, as measurements have filled it.

The table is a file of the state folder. Whoever measures writes it (`promote`), `routing` reads it, and the versions
before the present one are kept in it, so that going back is one step and needs nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from agent_core.errors import ConfigurationError

SCHEMA_VERSION = 1
_KEPT = 20
"""How many versions of the table can be gone back to."""


@dataclass(frozen=True)
class Measured:
    """Why one tool was handed over."""

    parameters_sha256: str
    """Of the tool's parameters as they were; a tool that has changed since is not the local model's any more."""
    cases: int
    """How many held-out requests it was measured on."""
    correct: int
    """How many of them the local model got right, tool and arguments."""
    correct_before: int
    """How many the model in use got right, on the same requests."""
    lower_bound: float
    """The least that the difference of the two shares is, at the confidence that was asked for."""


@dataclass(frozen=True)
class RoutingTable:
    """One version of the table: a local model, and the tools that it may call."""

    model: str
    """The local model's name, as `--model` takes it."""
    tools: Mapping[str, Measured] = field(default_factory=dict[str, Measured])
    """By name; `submit_plan` among them means that it may write plans of these tools."""
    shown: tuple[str, ...] = ()
    """The tools that it learned to choose from: it is shown these. A call of one that is not in `tools` counts for
    nothing, but a model that could not say so would take another one instead."""
    data_sha256: str = ""
    """The dataset that it learned from."""
    promoted_at: str = ""
    """When, as an ISO time in UTC."""


def parameters_hash(parameters: Mapping[str, Any]) -> str:
    """What a tool's parameters are known by: the same for the same JSON schema, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_routing(home: Path) -> RoutingTable | None:
    """The table in force; None where nothing was handed over.

    Raises:
        ConfigurationError: the file cannot be read as one of this version.
    """
    versions = _versions(home)
    return versions[-1] if versions else None


def promote(home: Path, table: RoutingTable) -> None:
    """Put `table` in force. A crash leaves the old one or the new one, never half of one."""
    _write(home, [*_versions(home), table][-_KEPT:])


def roll_back(home: Path) -> RoutingTable | None:
    """Put the version before the present one in force again, and return it; None where there is none.

    Raises:
        ConfigurationError: nothing was ever handed over.
    """
    versions = _versions(home)
    if not versions:
        raise ConfigurationError("Nothing was handed to a local model, so there is nothing to go back from.")
    _write(home, versions[:-1])
    return versions[-2] if len(versions) > 1 else None


def _file(home: Path) -> Path:
    return home / "routing.json"


def _versions(home: Path) -> list[RoutingTable]:
    try:
        held = json.loads(_file(home).read_bytes())
        if held["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"it is of version {held['schema_version']}, and this program reads {SCHEMA_VERSION}")
        return [_table(version) for version in held["versions"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"The routing table {_file(home)} cannot be read ({error}); move it away to let the model in use do all."
        ) from None


def _table(held: Mapping[str, Any]) -> RoutingTable:
    tools = {str(name): Measured(**measured) for name, measured in held["tools"].items()}
    return RoutingTable(
        model=str(held["model"]),
        tools=tools,
        shown=tuple(map(str, held["shown"])),
        data_sha256=str(held["data_sha256"]),
        promoted_at=str(held["promoted_at"]),
    )


def _write(home: Path, versions: list[RoutingTable]) -> None:
    text = json.dumps({"schema_version": SCHEMA_VERSION, "versions": [asdict(version) for version in versions]})
    new = _file(home).with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(_file(home))
