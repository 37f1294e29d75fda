"""Vectors in the SQLite file: kept as half-precision numbers, compared by NumPy, all of them for every question."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.database import many
from agent_plugin_graph.store.passages import PassageTables, in_scope
from agent_plugin_graph.store.protocol import VectorModel
from agent_plugin_graph.store.scope import EVERYWHERE, Scope

if TYPE_CHECKING:
    from numpy import float32, int64
    from numpy.typing import NDArray

_STORED = "<f2"


@dataclass(frozen=True)
class _Matrix:
    """All vectors in memory, each of length 1."""

    changes: int
    """How many there had been to the vectors of the file when it was read."""
    numbers: NDArray[int64]
    """The passage of each row."""
    rows: NDArray[float32]


class VectorTables(PassageTables):
    """What a store keeps of an embedder's vectors."""

    _matrix: _Matrix | None = None

    def vector_model(self) -> VectorModel | None:
        """What made the vectors; None where there are none."""
        rows = self.rows("SELECT name, dimensions FROM vector_model")
        return VectorModel(*rows[0]) if rows else None

    def begin_vectors(self, model: VectorModel) -> None:
        """Take vectors of this model from now on; those of another go."""
        with self.transaction():
            if self.vector_model() != model:
                self.write("UPDATE passage SET embedding_id = NULL WHERE embedding_id IS NOT NULL")
                self.write("DELETE FROM embedding")
                self.write("DELETE FROM vector_model")
                self.write("INSERT INTO vector_model (name, dimensions) VALUES (?, ?)", (model.name, model.dimensions))

    def unembedded(self, most: int) -> Sequence[tuple[int, Passage]]:
        """Passages without a vector."""
        rows = self.rows("SELECT id FROM passage WHERE embedding_id IS NULL ORDER BY id LIMIT ?", (most,))
        return sorted(self.passages([row[0] for row in rows]).items())

    def unembedded_count(self) -> int:
        """How many passages have no vector."""
        return int(self.value("SELECT count(*) FROM passage WHERE embedding_id IS NULL"))

    def known_vectors(self, hashes: Collection[str]) -> frozenset[str]:
        """Those of these contents' hashes that there is a vector for."""
        sql = "SELECT hash FROM embedding WHERE hash IN (SELECT value FROM json_each(?))"
        return frozenset(row[0] for row in self.rows(sql, many(hashes)))

    def put_vectors(self, vectors: Mapping[str, Sequence[float]], contents: Mapping[int, str]) -> None:
        """Keep vectors by their content's hash, and note which content each of these passages has."""
        with self.transaction():
            self.write_many(
                "INSERT OR IGNORE INTO embedding (hash, vector) VALUES (?, ?)",
                [(digest, _unit(vector).astype(_STORED).tobytes()) for digest, vector in vectors.items()],
            )
            self.write_many(
                "UPDATE passage SET embedding_id = (SELECT id FROM embedding WHERE hash = ?) WHERE id = ?",
                [(digest, number) for number, digest in contents.items()],
            )

    def prune_vectors(self) -> None:
        """Remove the vectors of contents that no passage has any more."""
        self.write(
            "DELETE FROM embedding WHERE id NOT IN (SELECT embedding_id FROM passage WHERE embedding_id IS NOT NULL)"
        )

    def purge(self) -> None:
        """Write the file anew, without what was removed and the vectors of it."""
        self.prune_vectors()
        super().purge()

    def similar(self, vector: Sequence[float], limit: int, scope: Scope = EVERYWHERE) -> Sequence[tuple[int, float]]:
        """The passages whose vectors are nearest by cosine, the best first."""
        import numpy

        held = self._read_matrix()
        numbers, rows = held.numbers, held.rows
        if scope != EVERYWHERE:
            within, values = in_scope(scope, "passage.id")
            allowed = self.rows(f"SELECT id FROM passage WHERE 1{within}", values)  # noqa: S608 - conditions of ours
            inside = numpy.isin(numbers, [row[0] for row in allowed])
            numbers, rows = numbers[inside], rows[inside]
        if not len(numbers) or rows.shape[1] != len(vector):
            return []
        scores = rows @ _unit(vector)
        most = min(limit, len(scores))
        best = numpy.argpartition(-scores, most - 1)[:most]
        found = [(int(numbers[place]), float(scores[place])) for place in best]
        return sorted(found, key=lambda item: (-item[1], item[0]))

    def _read_matrix(self) -> _Matrix:
        import numpy

        changes = int(self.value("SELECT count FROM vector_changes"))
        if self._matrix is None or self._matrix.changes != changes:
            # Read after the count: what is written between the two is read once more the next time.
            rows = self.rows(
                "SELECT passage.id, vector FROM passage JOIN embedding ON embedding.id = embedding_id "
                "ORDER BY embedding_id"
            )
            flat = numpy.frombuffer(b"".join(row[1] for row in rows), dtype=_STORED).astype(numpy.float32)
            numbers = numpy.array([row[0] for row in rows], dtype=numpy.int64)
            matrix = _Matrix(changes, numbers, flat.reshape(len(rows), -1) if rows else flat.reshape(0, 0))
            if self.in_transaction:  # which may still be taken back, and its count be another's
                return matrix
            self._matrix = matrix
        return self._matrix


def _unit(vector: Sequence[float]) -> Any:
    """A vector of length 1; one of zeros stays as it is, and is near to nothing."""
    import numpy

    given = numpy.asarray(vector, dtype=numpy.float32)
    return given / (float(numpy.linalg.norm(given)) or 1.0)
