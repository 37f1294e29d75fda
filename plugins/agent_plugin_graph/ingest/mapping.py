"""The mapping file: which columns of which tables are nodes, properties and relationships.

nodes:
  Visit:
    file: visits.csv
    key: visit_id
    properties: {admitted: date_of_admission, billing: billing_amount}   # or a list, to keep the columns' names
relationships:
  TREATS: {file: visits.csv, from: {Physician: physician_id}, to: {Visit: visit_id}}
words:                                       # what people call them besides; may be left out
  Visit: [stay, admission]
  Visit.admitted: [when]                     # the date that is meant where a question names no other
  Hospital.state: {TX: Texas}
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
    words: Mapping[str, frozenset[str]]
    """Label, relationship, `Label.property` or `Label.property=value` to other words for it."""


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
    top = _section(loaded, "the mapping", {"nodes", "relationships", "words"})
    nodes = tuple(_nodes(label, spec) for label, spec in _section(top.get("nodes"), "nodes").items())
    labels = {table.label for table in nodes}
    relationships = tuple(
        _relationship(name, spec, labels)
        for name, listed in _section(top.get("relationships") or {}, "relationships").items()
        for spec in (listed if isinstance(listed, list) else [listed])
    )
    return TableMapping(nodes, relationships, _words(top.get("words") or {}, nodes, relationships))


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


def _words(
    given: Any, nodes: Sequence[NodeTable], relationships: Sequence[RelationshipTable]
) -> Mapping[str, frozenset[str]]:
    fields = {f"{table.label}.{name}": column for table in nodes for name, column in table.properties.items()}
    subjects = {*fields, *(table.label for table in nodes), *(table.type for table in relationships)}
    words: dict[str, set[str]] = {subject: set() for subject in subjects}
    for field, column in fields.items():
        words[field].add(column)
    for subject, listed in _section(given, "words").items():
        if subject not in subjects:
            raise UsageError(f"In the mapping, words.{subject} is no label, relationship or Label.property.")
        if isinstance(listed, dict):
            for value, said in listed.items():
                words[f"{subject}={value}"] = set(_listed(said, f"words.{subject}.{value}"))
        else:
            words[subject].update(_listed(listed, f"words.{subject}"))
    return {subject: frozenset(said) for subject, said in words.items()}


def _listed(given: Any, where: str) -> list[str]:
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(word, str) and word.strip() for word in listed):
        raise UsageError(f"In the mapping, {where} must be a word or a list of words.")
    return listed


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
