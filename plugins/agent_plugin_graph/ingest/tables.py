"""CSV files as typed nodes and relationships, by a mapping."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_core.errors import UsageError
from agent_plugin_graph.ingest.cells import column_type, typed
from agent_plugin_graph.ingest.mapping import NodeTable, RelationshipTable, read_mapping
from agent_plugin_graph.store.protocol import Edge, GraphStore, Node, frozen
from agent_questions.schema import Schema

_Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Loaded:
    """What tables brought."""

    nodes: int
    edges: int
    dangling: int
    """Rows that join a node which is in no table, and were left out."""


def load_tables(store: GraphStore, mapping: str | Path, folder: Path) -> Loaded:
    """Load all tables of a mapping; a second time after it was cut off, where the store needs that, completes it.

    Raises:
        UsageError: the mapping is not valid, or names a file or column that is not there.
    """
    tables = read_mapping(mapping)
    files = {table.file: _rows(folder, table.file) for table in (*tables.nodes, *tables.relationships)}
    nodes = [_nodes(table, files[table.file]) for table in tables.nodes]
    edges = [_edges(table, files[table.file]) for table in tables.relationships]
    types = {table.label: _types(table, files[table.file]) for table in tables.nodes}
    joined: dict[str, set[tuple[str, str]]] = {}
    for table in tables.relationships:
        joined.setdefault(table.type, set()).add((table.start[0], table.end[0]))
    keys = {table.label: next(name for name, c in table.properties.items() if c == table.key) for table in tables.nodes}
    dangling = 0
    with store.bulk():
        for file in files:
            store.forget(_uri(folder, file))  # what is no longer in a file goes
        store.put_schema(Schema(types, frozen(joined), keys, tables.words))
        for table, made in zip(tables.nodes, nodes, strict=True):
            store.put_nodes(made, _uri(folder, table.file))
        for table, made in zip(tables.relationships, edges, strict=True):
            dangling += store.put_edges(made, _uri(folder, table.file))
    return Loaded(sum(map(len, nodes)), sum(map(len, edges)) - dangling, dangling)


def _uri(folder: Path, file: str) -> str:
    return str((folder / file).resolve())


def _rows(folder: Path, file: str) -> _Rows:
    path = folder / file
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"The table {file!r} lies outside {str(folder)!r}: a mapping names files beside it.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened, strict=True, restval="", restkey=""))
    except OSError as error:
        raise UsageError(f"The table {str(path)!r} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"The table {str(path)!r} is not CSV in UTF-8: {error}.") from error
    if not rows:
        raise UsageError(f"The table {str(path)!r} has no rows.")
    return rows


def _require(columns: Sequence[str], rows: _Rows, file: str) -> None:
    for column in columns:
        if column not in rows[0]:
            raise UsageError(f"{file} has no column {column!r}; it has {', '.join(filter(None, rows[0]))}.")


def _types(table: NodeTable, rows: _Rows) -> dict[str, str]:
    return {name: column_type(row[column] for row in rows) for name, column in table.properties.items()}


def _nodes(table: NodeTable, rows: _Rows) -> list[Node]:
    _require([table.key, *table.properties.values()], rows, table.file)
    types = _types(table, rows)
    made: list[Node] = []
    for number, row in enumerate(rows, start=2):
        if not row[table.key]:
            raise UsageError(f"{table.file}, line {number}: the key {table.key!r} is empty.")
        properties = {name: typed(row[column], types[name]) for name, column in table.properties.items()}
        made.append(Node(table.label, row[table.key], properties))
    return made


def _edges(table: RelationshipTable, rows: _Rows) -> list[Edge]:
    (start, start_column), (end, end_column) = table.start, table.end
    _require([start_column, end_column], rows, table.file)
    return [
        Edge(table.type, (start, row[start_column]), (end, row[end_column]))
        for row in rows
        if row[start_column] and row[end_column]
    ]
