"""A graph on a Neo4j server, of version 5.26 or newer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from agent_plugin_graph.passage import Stats
from agent_plugin_graph.store.neo4j.typed import TypedNodes
from agent_plugin_graph.store.neo4j.vectors import VectorNodes
from agent_plugin_graph.store.scoring import LAST_SEARCHES, percentiles

if TYPE_CHECKING:
    from agent_plugin_graph.query.check import Checked


class Neo4jStore(VectorNodes, TypedNodes):
    """What is ours has labels and types that begin with `_`; tables have their own."""

    def forget(self, uri: str) -> int:
        """Remove a source with everything that came from it alone; how many passages and nodes that were."""
        removed = self.forget_passages(uri) + self.forget_nodes(uri)
        self.rows("MATCH (s:_Source {uri: $uri}) DETACH DELETE s", uri=uri)
        return removed

    def purge(self) -> None:
        """Remove the vectors of what is gone: a server's files no client can change, they are written over in time."""
        self.prune_vectors()

    def query(self, checked: Checked) -> list[dict[str, Any]]:
        """The rows of a checked query, each by column name."""
        from agent_plugin_graph.query.cypher import run

        return run(checked, self)

    def note_searches(self, times_ms: Sequence[float]) -> None:
        """Remember how long searches took, the last hundred of them."""
        self.rows(
            "MATCH (m:_Meta {name: 'graph'}) SET m.search_times = (coalesce(m.search_times, []) + $times)[-$most..]",
            times=list(times_ms),
            most=LAST_SEARCHES,
        )

    def stats(self) -> Stats:
        """How much there is, and whether it is healthy."""

        def count(what: str) -> int:
            return int(self.value(f"MATCH {what} RETURN count(*)"))

        def counted(cypher: str) -> dict[str, int]:
            return {name: number for name, number in self.rows(f"{cypher}, count(*) ORDER BY name")}

        texts = self.value("MATCH (p:_Passage) RETURN count(DISTINCT [p.title, p.text])")
        made = self.vector_model()
        p50, p95 = percentiles(self.value("MATCH (m:_Meta {name: 'graph'}) RETURN m.search_times") or [])
        return Stats(
            sources=count("(:_Source)"),
            passages=count("(:_Passage)"),
            entities=count("(:_Entity)"),
            mentions=count("()-[:_MENTIONS]->()"),
            nodes=count("(:_Row)"),
            edges=count("(:_Row)-[]->(:_Row)"),
            size_bytes=None,
            passages_without_entities=count("(p:_Passage) WHERE NOT EXISTS { (p)-[:_MENTIONS]->() }"),
            duplicate_passages=count("(:_Passage)") - int(texts),
            orphan_entities=count("(e:_Entity) WHERE NOT EXISTS { ()-[:_MENTIONS]->(e) }"),
            orphan_nodes=count("(n:_Row) WHERE NOT EXISTS { (n)--(:_Row) }"),
            vectors=count("(p:_Passage) WHERE EXISTS { (p)-[:_EMBEDDED]->() }"),
            vector_model=made.name if made else "",
            search_p50_ms=p50,
            search_p95_ms=p95,
            labels=counted("MATCH (n:_Row) RETURN n._label AS name"),
            relationships=counted("MATCH (:_Row)-[r]->(:_Row) RETURN type(r) AS name"),
        )
