"""The mapping file: which columns of which tables are nodes, properties and relationships.

nodes:
  Visit:
    file: visits.csv
    key: visit_id
    properties: {admitted: date_of_admission, billing: billing_amount}   # or a list, to keep the columns' names
relationships:
  TREATS: {file: visits.csv, from: {Physician: physician_id}, to: {Visit: visit_id}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent_core.errors import UsageError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True)
class NodeTable:
    """Rows of a file that are nodes of one label."""

    label: str
    file: str
    key: str
    """The column that names a row; it is a property of the same name, too."""
    properties: Mapping[str, str]
    """Property to column."""


@dataclass(frozen=True)
class RelationshipTable:
    """Rows of a file that join two nodes."""

    type: str
    file: str
    start: tuple[str, str]
    """Label, and the column with its key."""
    end: tuple[str, str]


@dataclass(frozen=True)
class TableMapping:
    """All tables of a graph."""

    nodes: tuple[NodeTable, ...]
    relationships: tuple[RelationshipTable, ...]


def read_mapping(given: str | Path) -> TableMapping:
    """Read a mapping from YAML text, or from the file at a path.

    Raises:
        UsageError: there is no such file, or it is no mapping; the message names the place.
    """
    import yaml

    text = given
    if isinstance(given, Path) or ("\n" not in given and not given.lstrip().startswith("{")):
        try:
            text = Path(given).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"The mapping {str(given)!r} cannot be read: {error}.") from error
    try:
        loaded = yaml.safe_load(text)  # pyright: ignore[reportArgumentType]
    except yaml.YAMLError as error:
        raise UsageError(f"The mapping is not valid YAML: {' '.join(str(error).split())}.") from error
    top = _section(loaded, "the mapping", {"nodes", "relationships"})
    nodes = tuple(_nodes(label, spec) for label, spec in _section(top.get("nodes"), "nodes").items())
    labels = {table.label for table in nodes}
    relationships = tuple(
        _relationship(name, spec, labels)
        for name, listed in _section(top.get("relationships") or {}, "relationships").items()
        for spec in (listed if isinstance(listed, list) else [listed])
    )
    return TableMapping(nodes, relationships)


def _nodes(label: str, given: Any) -> NodeTable:
    where = f"nodes.{_named(label)}"
    spec = _section(given, where, {"file", "key", "properties"})
    key = _text(spec, "key", where)
    listed = spec.get("properties") or []
    named = listed if isinstance(listed, dict) else {name: name for name in listed if isinstance(listed, list)}
    properties = {_named(str(name)): str(column) for name, column in named.items()}
    if key not in properties.values():
        properties = {_named(key): key, **properties}
    return NodeTable(label, _text(spec, "file", where), key, properties)


def _relationship(name: str, given: Any, labels: set[str]) -> RelationshipTable:
    where = f"relationships.{_named(name)}"
    spec = _section(given, where, {"file", "from", "to"})
    ends: list[tuple[str, str]] = []
    for side in ("from", "to"):
        end = _section(spec.get(side), f"{where}.{side}")
        if len(end) != 1 or next(iter(end)) not in labels:
            raise UsageError(f"{where}.{side} must be {{LABEL: COLUMN}} with one of the labels {sorted(labels)}.")
        ends.append((next(iter(end)), str(next(iter(end.values())))))
    return RelationshipTable(name, _text(spec, "file", where), ends[0], ends[1])


def _section(value: Any, where: str, keys: set[str] | None = None) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise UsageError(f"In the mapping, {where} must be a section of names, not {value!r:.60}.")
    if keys and (unknown := sorted(value.keys() - keys)):
        raise UsageError(f"In the mapping, {where} has the unknown key {unknown[0]!r}; known are {sorted(keys)}.")
    return value


def _text(spec: Mapping[str, Any], key: str, where: str) -> str:
    value = spec.get(key)
    if not isinstance(value, str) or not value:
        raise UsageError(f"In the mapping, {where} needs {key!r}, a text.")
    return value


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"In the mapping, {name!r} is no name: use letters, digits and '_', a letter first.")
    return name
