"""Typed nodes and relationships of tables in the SQLite file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from agent_plugin_graph.store.database import Database
from agent_plugin_graph.store.protocol import Edge, Node, frozen
from agent_questions.schema import Schema

_NUMBER_OF = "(SELECT id FROM node WHERE label = ? AND key = ?)"


class TypedTables(Database):
    """The half of the store that tables are kept in."""

    def put_nodes(self, nodes: Sequence[Node], source: str) -> None:
        """Add typed nodes, or properties to those of the same label and key."""
        with self.transaction():
            came_from = self._source_number(source)
            for node in nodes:
                properties = json.dumps(dict(node.properties), ensure_ascii=False)
                row = self._db.execute(
                    "INSERT INTO node (label, key, properties) VALUES (?, ?, ?) ON CONFLICT (label, key) "
                    "DO UPDATE SET properties = json_patch(properties, excluded.properties) RETURNING id",
                    (node.label, node.key, properties),
                ).fetchone()
                self._db.execute("INSERT OR REPLACE INTO node_source VALUES (?, ?, ?)", (came_from, row[0], properties))

    def put_edges(self, edges: Sequence[Edge], source: str) -> int:
        """Add relationships between nodes that exist; how many could not be added."""
        missing = 0
        with self.transaction():
            came_from = self._source_number(source)
            for edge in edges:
                start = self.value(f"SELECT {_NUMBER_OF}", edge.start)
                end = self.value(f"SELECT {_NUMBER_OF}", edge.end)
                if start is None or end is None:
                    missing += 1
                    continue
                self._db.execute("INSERT OR IGNORE INTO edge VALUES (?, ?, ?)", (edge.type, start, end))
                self._db.execute(
                    "INSERT OR IGNORE INTO edge_source VALUES (?, ?, ?, ?)", (came_from, edge.type, start, end)
                )
        return missing

    def nodes_called(self, name: str, most: int) -> Sequence[Node]:
        """Typed nodes one of whose properties is this text, whatever its case."""
        found = self.rows(
            "SELECT label, key, properties FROM node WHERE EXISTS (SELECT 1 FROM json_each(properties) "
            "WHERE type = 'text' AND lower_of(value) = lower_of(?)) ORDER BY label, key LIMIT ?",
            (name, most),
        )
        return [Node(label, key, json.loads(properties)) for label, key, properties in found]

    def put_schema(self, schema: Schema) -> None:
        """Note what a mapping declares, beside what is there."""
        with self.transaction():
            for label, properties in schema.properties.items():
                self.write_many(
                    "INSERT OR REPLACE INTO property VALUES (?, ?, ?, ?)",
                    [(label, name, kind, name == schema.keys.get(label)) for name, kind in properties.items()],
                )
            for kind, pairs in schema.relationships.items():
                self.write_many(
                    "INSERT OR IGNORE INTO relationship VALUES (?, ?, ?)", [(kind, *pair) for pair in pairs]
                )
            for subject, words in schema.words.items():
                self.write("DELETE FROM word WHERE subject = ?", (subject,))
                self.write_many("INSERT INTO word VALUES (?, ?)", [(subject, word) for word in words])

    def schema(self) -> Schema:
        """What kinds of nodes and relationships there are."""
        properties: dict[str, dict[str, str]] = defaultdict(dict)
        keys: dict[str, str] = {}
        for label, name, kind, is_key in self.rows("SELECT label, name, type, is_key FROM property"):
            properties[label][name] = kind
            if is_key:
                keys[label] = name
        joined: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for kind, start, end in self.rows("SELECT type, start_label, end_label FROM relationship"):
            joined[kind].add((start, end))
        words: dict[str, set[str]] = defaultdict(set)
        for subject, word in self.rows("SELECT subject, word FROM word"):
            words[subject].add(word)
        return Schema(properties, frozen(joined), keys, frozen(words))

    def forget_nodes(self, uri: str) -> int:
        """Remove what came from this source alone; how many nodes."""
        source = self.value("SELECT id FROM source WHERE uri = ?", (uri,))
        if source is None:
            return 0
        with self.transaction():
            kinds = self.rows("SELECT DISTINCT type FROM edge_source WHERE source_id = ?", (source,))
            labels = self.rows(
                "SELECT DISTINCT label FROM node WHERE id IN (SELECT node_id FROM node_source WHERE source_id = ?)",
                (source,),
            )
            self.write(
                "DELETE FROM edge WHERE (type, start_id, end_id) IN (SELECT type, start_id, end_id FROM edge_source "
                "GROUP BY type, start_id, end_id HAVING min(source_id) = ?1 AND max(source_id) = ?1)",
                (source,),
            )
            self.write("DELETE FROM edge_source WHERE source_id = ?", (source,))
            shared = self.rows(
                "SELECT node_id FROM node_source "
                "WHERE node_id IN (SELECT node_id FROM node_source WHERE source_id = ?1) "
                "GROUP BY node_id HAVING count(*) > 1",
                (source,),
            )
            removed = self.write(
                "DELETE FROM node WHERE id IN (SELECT node_id FROM node_source "
                "GROUP BY node_id HAVING min(source_id) = ?1 AND max(source_id) = ?1)",
                (source,),
            )
            self.write("DELETE FROM node_source WHERE source_id = ?", (source,))
            for (node,) in shared:
                self._recompose(node)
            for table in ("edge", "edge_source"):
                self.write(
                    f"DELETE FROM {table} WHERE start_id NOT IN (SELECT id FROM node) "  # noqa: S608 - named above
                    "OR end_id NOT IN (SELECT id FROM node)"
                )
            # What there are no more of, the schema does not name any more.
            self.write_many(
                "DELETE FROM relationship WHERE type = ?1 AND NOT EXISTS (SELECT 1 FROM edge WHERE type = ?1)", kinds
            )
            self.write_many(
                "DELETE FROM property WHERE label = ?1 AND NOT EXISTS (SELECT 1 FROM node WHERE label = ?1)", labels
            )
        return removed

    def _recompose(self, node: int) -> None:
        """Give a node the properties that its remaining sources say."""
        properties: dict[str, Any] = {}
        for (said,) in self.rows("SELECT properties FROM node_source WHERE node_id = ? ORDER BY source_id", (node,)):
            properties |= {name: value for name, value in json.loads(said).items() if value is not None}
        self.write("UPDATE node SET properties = ? WHERE id = ?", (json.dumps(properties, ensure_ascii=False), node))

    def _source_number(self, uri: str) -> Any:
        self.write("INSERT OR IGNORE INTO source (uri) VALUES (?)", (uri,))
        return self.value("SELECT id FROM source WHERE uri = ?", (uri,))
