"""The embedded store: one SQLite file, no server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agent_plugin_graph.passage import Stats
from agent_plugin_graph.store.scoring import LAST_SEARCHES, percentiles
from agent_plugin_graph.store.typed import TypedTables
from agent_plugin_graph.store.vectors import VectorTables

if TYPE_CHECKING:
    from agent_plugin_graph.query.check import Checked


class SqliteStore(VectorTables, TypedTables):
    """A graph in one file: FTS5 over terms, mentions and relationships under covering indexes."""

    def forget(self, uri: str) -> int:
        """Remove a source with everything that came from it alone; how many passages and nodes that were."""
        with self.transaction():
            removed = self.forget_passages(uri) + self.forget_nodes(uri)
            self.write("DELETE FROM source WHERE uri = ?", (uri,))
        return removed

    def query(self, checked: Checked) -> list[dict[str, Any]]:
        """The rows of a checked query, each by column name."""
        from agent_plugin_graph.query.sql import run

        return run(checked, self)

    def note_searches(self, times_ms: Sequence[float]) -> None:
        """Remember how long searches took; where another process writes just now, these are not remembered."""
        with self.impatient(), self.transaction():
            self.write_many("INSERT INTO search_time (ms) VALUES (?)", [(ms,) for ms in times_ms])
            self.write("DELETE FROM search_time WHERE id <= (SELECT max(id) FROM search_time) - ?", (LAST_SEARCHES,))

    def stats(self) -> Stats:
        """How much there is, and whether it is healthy."""

        def count(what: str) -> int:
            return int(self.value(f"SELECT count(*) FROM {what}"))  # noqa: S608 - written below

        made = self.vector_model()
        p50, p95 = percentiles([row[0] for row in self.rows("SELECT ms FROM search_time")])
        return Stats(
            sources=count("source"),
            passages=count("passage"),
            entities=count("entity"),
            mentions=count("mention"),
            nodes=count("node"),
            edges=count("edge"),
            size_bytes=self.value("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"),
            passages_without_entities=count("passage WHERE id NOT IN (SELECT passage_id FROM mention)"),
            duplicate_passages=count("passage") - count("(SELECT DISTINCT title, text FROM passage)"),
            orphan_entities=count("entity WHERE id NOT IN (SELECT entity_id FROM mention)"),
            orphan_nodes=count(
                "node WHERE id NOT IN (SELECT start_id FROM edge) AND id NOT IN (SELECT end_id FROM edge)"
            ),
            vectors=count("passage WHERE embedding_id IS NOT NULL"),
            vector_model=made.name if made else "",
            search_p50_ms=p50,
            search_p95_ms=p95,
            labels=dict(self.rows("SELECT label, count(*) FROM node GROUP BY label ORDER BY label")),
            relationships=dict(self.rows("SELECT type, count(*) FROM edge GROUP BY type ORDER BY type")),
        )
