"""Typed nodes and relationships of tables on a Neo4j server: under their own labels and types, beside `_Row`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar

from agent_plugin_graph.query.cypher import quoted
from agent_plugin_graph.store.neo4j.connection import PART, Connection
from agent_plugin_graph.store.protocol import Edge, Node, frozen
from agent_questions.schema import Schema

_OURS = ("_id", "_key", "_label")
_Told = TypeVar("_Told", Node, Edge)


class TypedNodes(Connection):
    """The half of the store that tables are kept in."""

    def put_nodes(self, nodes: Sequence[Node], source: str) -> None:
        """Add typed nodes, or properties to those of the same label and key."""
        types = self.schema().properties
        for label, part in _parts(nodes, lambda node: node.label):
            self.rows(
                "MERGE (s:_Source {uri: $source}) ON CREATE SET s.content_hash = '', s.root = '' WITH s "
                f"UNWIND $rows AS row MERGE (n:_Row {{_id: row.id}}) SET n:{quoted(label)}, n += row.properties "
                "SET n._key = row.key, n._label = $label "
                "MERGE (n)-[f:_FROM]->(s) SET f.properties = row.told",
                source=source,
                label=label,
                rows=[
                    {
                        "id": _id(label, node.key),
                        "key": node.key,
                        "properties": _native(node.properties, types.get(label, {})),
                        "told": json.dumps(dict(node.properties), ensure_ascii=False),
                    }
                    for node in part
                ],
            )

    def put_edges(self, edges: Sequence[Edge], source: str) -> int:
        """Add relationships between nodes that exist; how many could not be added."""
        added = 0
        for kind, part in _parts(edges, lambda edge: edge.type):
            added += self.value(
                "UNWIND $rows AS row MATCH (a:_Row {_id: row[0]}) MATCH (b:_Row {_id: row[1]}) "
                f"MERGE (a)-[r:{quoted(kind)}]->(b) ON CREATE SET r._sources = [$source] "
                "ON MATCH SET r._sources = [s IN r._sources WHERE s <> $source] + $source RETURN count(*)",
                rows=[[_id(*edge.start), _id(*edge.end)] for edge in part],
                source=source,
            )
        return len(edges) - added

    def nodes_called(self, name: str, most: int) -> Sequence[Node]:
        """Typed nodes one of whose properties is this text, whatever its case."""
        rows = self.rows(
            "MATCH (n:_Row) WHERE any(k IN keys(n) WHERE NOT k STARTS WITH '_' AND n[k] IS :: STRING "
            "AND toLower(n[k]) = toLower($name)) "
            "RETURN n._label, n._key, properties(n) ORDER BY n._label, n._key LIMIT $most",
            name=name,
            most=most,
        )
        return [Node(label, key, _told(properties)) for label, key, properties in rows]

    def put_schema(self, schema: Schema) -> None:
        """Note what a mapping declares, beside what is there."""
        with self.transaction():
            self.rows(
                "UNWIND $rows AS row MERGE (p:_Property {label: row.label, name: row.name}) "
                "SET p.type = row.type, p.is_key = row.is_key",
                rows=[
                    {"label": label, "name": name, "type": kind, "is_key": name == schema.keys.get(label)}
                    for label, properties in schema.properties.items()
                    for name, kind in properties.items()
                ],
            )
            self.rows(
                "UNWIND $rows AS row MERGE (:_Relationship {type: row[0], start: row[1], end: row[2]})",
                rows=[[kind, *pair] for kind, pairs in schema.relationships.items() for pair in pairs],
            )
            self.rows(
                "UNWIND $rows AS row MERGE (w:_Words {subject: row[0]}) SET w.words = row[1]",
                rows=[[subject, sorted(words)] for subject, words in schema.words.items()],
            )

    def state(self) -> None:
        """Others may write at any time: a server's state cannot be told."""

    def schema(self) -> Schema:
        """What kinds of nodes and relationships there are."""
        properties: dict[str, dict[str, str]] = defaultdict(dict)
        keys: dict[str, str] = {}
        for label, name, kind, is_key in self.rows("MATCH (p:_Property) RETURN p.label, p.name, p.type, p.is_key"):
            properties[label][name] = kind
            if is_key:
                keys[label] = name
        joined: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for kind, start, end in self.rows("MATCH (r:_Relationship) RETURN r.type, r.start, r.end"):
            joined[kind].add((start, end))
        words = dict(self.rows("MATCH (w:_Words) RETURN w.subject, w.words"))
        return Schema(properties, frozen(joined), keys, frozen(words))

    def forget_nodes(self, uri: str) -> int:
        """Remove what came from this source alone; how many nodes."""
        kinds = self.rows("MATCH (:_Row)-[r]->(:_Row) WHERE $uri IN r._sources RETURN DISTINCT type(r)", uri=uri)
        labels = self.rows("MATCH (n:_Row)-[:_FROM]->(:_Source {uri: $uri}) RETURN DISTINCT n._label", uri=uri)
        self.repeat(
            "MATCH (:_Row)-[r]->(:_Row) WHERE $uri IN r._sources WITH r LIMIT $most "
            "SET r._sources = [s IN r._sources WHERE s <> $uri] "
            "WITH collect(r) AS changed FOREACH (r IN [r IN changed WHERE size(r._sources) = 0] | DELETE r) "
            "RETURN size(changed)",
            uri=uri,
        )
        removed = self.repeat(
            "MATCH (n:_Row)-[:_FROM]->(:_Source {uri: $uri}) WHERE COUNT { (n)-[:_FROM]->() } = 1 "
            "WITH n LIMIT $most DETACH DELETE n RETURN count(*)",
            uri=uri,
        )
        while self._recompose(uri):
            pass
        # What there are no more of, the schema does not name any more.
        for (kind,) in kinds:
            none_left = f"NOT EXISTS {{ (:_Row)-[:{quoted(kind)}]->(:_Row) }}"
            self.rows(f"MATCH (r:_Relationship {{type: $kind}}) WHERE {none_left} DELETE r", kind=kind)
        for (label,) in labels:
            none_left = f"NOT EXISTS {{ (:_Row:{quoted(label)}) }}"
            self.rows(f"MATCH (p:_Property {{label: $label}}) WHERE {none_left} DELETE p", label=label)
        return removed

    def _recompose(self, uri: str) -> bool:
        """Give nodes that others told of too the properties that those say; whether there were any."""
        with self.transaction():
            types = self.schema().properties
            shared = self.rows(
                "MATCH (n:_Row)-[f:_FROM]->(:_Source {uri: $uri}) WITH n, f LIMIT $most DELETE f WITH n "
                "MATCH (n)-[f:_FROM]->(:_Source) RETURN n._label, n._key, n._id, collect(f.properties)",
                uri=uri,
                most=PART,
            )
            changed: list[dict[str, Any]] = []
            for label, key, node_id, told in shared:
                properties: dict[str, Any] = {"_id": node_id, "_key": key, "_label": label}
                for said in told:
                    kept = {name: value for name, value in json.loads(said).items() if value is not None}
                    properties |= _native(kept, types.get(label, {}))
                changed.append(properties)
            self.rows("UNWIND $rows AS row MATCH (n:_Row {_id: row._id}) SET n = row", rows=changed)
            return bool(changed)


def _parts(rows: Sequence[_Told], name: Callable[[_Told], str]) -> Iterator[tuple[str, Sequence[_Told]]]:
    """Rows by name, no more at a time than a transaction takes."""
    by_name: dict[str, list[_Told]] = defaultdict(list)
    for row in rows:
        by_name[name(row)].append(row)
    for called, listed in by_name.items():
        for start in range(0, len(listed), PART):
            yield called, listed[start : start + PART]


def _id(label: str, key: str) -> str:
    return f"{label} {key}"  # a label has no space


def _native(properties: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, Any]:
    """Values as the server keeps them: dates are dates there."""
    return {
        name: date.fromisoformat(value) if types.get(name) == "date" and isinstance(value, str) else value
        for name, value in properties.items()
    }


def _told(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Values as every store gives them back: dates as text."""
    return {
        name: value.iso_format() if hasattr(value, "iso_format") else value
        for name, value in properties.items()
        if name not in _OURS
    }
