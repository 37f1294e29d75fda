"""Vectors on a Neo4j server: `(:_Passage)-[:_EMBEDDED]->(:_Embedding)`, under a vector index of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.neo4j.connection import PART, VECTOR_INDEX
from agent_plugin_graph.store.neo4j.passages import PassageNodes, in_scope
from agent_plugin_graph.store.protocol import VectorModel
from agent_plugin_graph.store.scope import EVERYWHERE, Scope

_CANDIDATES = 3
"""Vectors that the index, which approximates, finds for each that is wanted; then they are compared exactly."""
_WAITS_S = 60


class VectorNodes(PassageNodes):
    """What a store keeps of an embedder's vectors."""

    def vector_model(self) -> VectorModel | None:
        """What made the vectors; None where there are none."""
        rows = self.rows("MATCH (m:_Meta {name: 'graph'}) RETURN m.vector_model, m.vector_dimensions")
        return VectorModel(*rows[0]) if rows and rows[0][0] is not None else None

    def begin_vectors(self, model: VectorModel) -> None:
        """Take vectors of this model from now on; those of another go."""
        if self.vector_model() == model:
            return
        # First, so that whoever is interrupted here does it again.
        self.rows("MATCH (m:_Meta {name: 'graph'}) REMOVE m.vector_model, m.vector_dimensions")
        self.rows(f"DROP INDEX {VECTOR_INDEX} IF EXISTS")
        self.repeat("MATCH (v:_Embedding) WITH v LIMIT $most DETACH DELETE v RETURN count(*)")
        self.rows(
            f"CREATE VECTOR INDEX {VECTOR_INDEX} IF NOT EXISTS FOR (v:_Embedding) ON (v.vector) OPTIONS {{indexConfig: "
            f"{{`vector.dimensions`: {model.dimensions:d}, `vector.similarity_function`: 'cosine'}}}}"
        )
        self.rows("CALL db.awaitIndexes($seconds)", seconds=_WAITS_S)
        self.rows(
            "MATCH (m:_Meta {name: 'graph'}) SET m.vector_model = $name, m.vector_dimensions = $dimensions",
            name=model.name,
            dimensions=model.dimensions,
        )

    def unembedded(self, most: int) -> Sequence[tuple[int, Passage]]:
        """Passages without a vector."""
        return self._read("WHERE NOT EXISTS { (p)-[:_EMBEDDED]->() }", end="ORDER BY p.number LIMIT $most", most=most)

    def unembedded_count(self) -> int:
        """How many passages have no vector."""
        return int(self.value("MATCH (p:_Passage) WHERE NOT EXISTS { (p)-[:_EMBEDDED]->() } RETURN count(*)"))

    def known_vectors(self, hashes: Collection[str]) -> frozenset[str]:
        """Those of these contents' hashes that there is a vector for."""
        rows = self.rows("MATCH (v:_Embedding) WHERE v.hash IN $hashes RETURN v.hash", hashes=list(hashes))
        return frozenset(row[0] for row in rows)

    def put_vectors(self, vectors: Mapping[str, Sequence[float]], contents: Mapping[int, str]) -> None:
        """Keep vectors by their content's hash, and note which content each of these passages has."""
        with self.transaction():
            self.rows(
                "UNWIND $rows AS row MERGE (v:_Embedding {hash: row[0]}) "
                "WITH v, row CALL db.create.setNodeVectorProperty(v, 'vector', row[1])",
                rows=[[digest, [float(value) for value in vector]] for digest, vector in vectors.items()],
            )
            self.rows(
                "UNWIND $rows AS row MATCH (p:_Passage {number: row[0]}) MATCH (v:_Embedding {hash: row[1]}) "
                "MERGE (p)-[:_EMBEDDED]->(v)",
                rows=[[number, digest] for number, digest in contents.items()],
            )

    def prune_vectors(self) -> None:
        """Remove the vectors of contents that no passage has any more."""
        self.repeat(
            "MATCH (v:_Embedding) WHERE NOT EXISTS { ()-[:_EMBEDDED]->(v) } WITH v LIMIT $most DELETE v RETURN count(*)"
        )

    def similar(self, vector: Sequence[float], limit: int, scope: Scope = EVERYWHERE) -> Sequence[tuple[int, float]]:
        """The passages whose vectors are nearest by cosine, the best first; within a scope all of its are compared."""
        model = self.vector_model()
        if model is None or model.dimensions != len(vector) or not any(vector):
            return []
        within, values = in_scope(scope)
        found = (
            f"MATCH (p:_Passage) {within} MATCH (p)-[:_EMBEDDED]->(v) "
            if within
            else f"CALL db.index.vector.queryNodes('{VECTOR_INDEX}', $candidates, $vector) YIELD node AS v "
            "MATCH (p:_Passage)-[:_EMBEDDED]->(v) "
        )
        rows = self.rows(
            f"{found} WITH p.number AS number, 2 * vector.similarity.cosine(v.vector, $vector) - 1 AS score "
            "RETURN number, score ORDER BY score DESC, number LIMIT $limit",
            vector=[float(value) for value in vector],
            candidates=min(_CANDIDATES * limit, PART),
            limit=limit,
            **values,
        )
        return [(number, score) for number, score in rows]
