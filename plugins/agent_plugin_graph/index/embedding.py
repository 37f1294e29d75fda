"""Vectors for passages: what of a passage is embedded, and all that have none yet, in batches that each are kept."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Protocol

from agent_core.errors import ToolError
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.protocol import GraphStore, VectorModel

_BATCH = 64
_PROBE = "How long is a vector?"


class Embedder(Protocol):
    """What makes vectors of texts; near ones for texts that mean the same. Its errors are `ToolError`."""

    @property
    def name(self) -> str:
        """What made the vectors: those of one name are comparable, on every machine."""
        ...

    def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector for each passage's text."""
        ...

    def question(self, text: str) -> Sequence[float]:
        """The vector of a question."""
        ...


class ChangedEmbedderError(ToolError):
    """The store's vectors were made by another embedder."""


def content_of(passage: Passage) -> str:
    """What of a passage is embedded: its titles, then its text."""
    return "\n".join(part for part in (passage.context, passage.title, passage.text) if part)


def embed_missing(store: GraphStore, embedder: Embedder, progress: Callable[[float], None], anew: bool = False) -> int:
    """Embed the passages that have no vector; how many. A run that is cut off goes on where it ended.

    Args:
        store: What is filled.
        embedder: Whose vectors they are.
        progress: Called with the share that is done.
        anew: Whether to begin again where the store's vectors are another embedder's.

    Raises:
        ChangedEmbedderError: they are, and that was not said.
        ToolError: the embedder fails; what it made before is kept.
    """
    if store.unembedded_count() or anew:
        model = VectorModel(embedder.name, len(_vectors(embedder, [_PROBE])[0]))
        made = store.vector_model()
        if made is not None and made != model and not anew:
            raise ChangedEmbedderError(changed(made, embedder.name))
        store.begin_vectors(model)
    missing = store.unembedded_count()
    done = 0
    while batch := store.unembedded(_BATCH):
        contents = {number: content_of(passage) for number, passage in batch}
        digests = {number: hashlib.sha256(content.encode()).hexdigest() for number, content in contents.items()}
        known = store.known_vectors(set(digests.values()))
        texts = {digests[number]: content for number, content in contents.items() if digests[number] not in known}
        vectors = _vectors(embedder, list(texts.values()))
        store.put_vectors(dict(zip(texts, vectors, strict=True)), digests)
        done += len(batch)
        progress(min(1.0, done / missing))
    store.prune_vectors()
    return done


def changed(made: VectorModel, embedder: str) -> str:
    """That the vectors are another embedder's, and what to do."""
    return (
        f"The graph's vectors are of {made.name!r} ({made.dimensions} numbers each), not of {embedder!r} as it is now: "
        "words alone are used until `agent-core graph sync --embed` has made new ones."
    )


def _vectors(embedder: Embedder, texts: Sequence[str]) -> Sequence[Sequence[float]]:
    """The embedder's vectors, checked: as many as there are texts, of one length, and of numbers.

    Raises:
        ToolError: they are not.
    """
    if not texts:
        return []
    vectors = embedder.documents(texts)
    lengths = {len(vector) for vector in vectors}
    if len(vectors) != len(texts) or len(lengths) != 1 or 0 in lengths:
        raise ToolError(f"The embedder {embedder.name!r} returned {len(vectors)} vectors for {len(texts)} texts.")
    if not all(math.isfinite(value) for vector in vectors for value in vector):
        raise ToolError(f"The embedder {embedder.name!r} returned what is no number.")
    return vectors
