"""Sources into the store, each whole: an ingest that is broken off anywhere is completed by another one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from agent_core.errors import TransientToolError
from agent_plugin_graph.index.indexing import Indexer
from agent_plugin_graph.ingest.extraction import mentions, put_relations
from agent_plugin_graph.ingest.memo import Facts
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.protocol import GraphStore, Source

if TYPE_CHECKING:
    from agent_plugin_graph.ingest.adding import Added

PATIENCE_S = 90.0
"""How long a server that does not answer is waited for."""
_PAUSE_S = 1.0
_MOST_AT_ONCE = 1_000
"""Passages of a source that become durable together on every kind of store."""


class Writer:
    """Puts sources into one store and takes them out of it, and counts that."""

    def __init__(self, store: GraphStore, indexer: Indexer, added: Added) -> None:
        self._store = store
        self._indexer = indexer
        self._added = added

    def put(
        self, source: Source, passages: Sequence[Passage], facts: Mapping[str, Facts], left_out: str, *, known: bool
    ) -> None:
        """Add a source with its passages and what was found in them; `known`: in place of what the store has of it."""
        self._patiently(lambda again: self._put(source, passages, facts, known or again))
        if left_out:
            self._added.cut.append((source.uri, left_out))
        self._added.passages += len(passages)

    def note(self, source: Source) -> None:
        """Note something else about a source whose passages are as they were."""
        self._patiently(lambda again: self._store.put_source(source))

    def remove(self, uris: Iterable[str]) -> None:
        """Remove sources that are gone."""
        for uri in list(uris):
            self._patiently(lambda again, uri=uri: self._store.forget(uri))
            self._indexer.reset()
            self._added.removed += 1

    def _put(self, source: Source, passages: Sequence[Passage], facts: Mapping[str, Facts], known: bool) -> None:
        large = len(passages) > _MOST_AT_ONCE
        with self._store.bulk() if large else self._store.transaction():
            if known:
                self._store.forget(source.uri)
                self._indexer.reset()
            if large:  # in parts: what is cut off before the hash is there will be read again
                self._store.put_source(replace(source, content_hash=""))
            self._indexer.add(passages, mentions(passages, facts))
            put_relations(self._store, source.uri, facts.values())
            self._store.put_source(source)

    def _patiently(self, write: Callable[[bool], object]) -> None:
        """Write to the store; and `again`, for as long as a server takes to start anew, where it does not answer.

        Raises:
            TransientToolError: it does not come back; another ingest goes on from here.
        """
        until = time.monotonic() + PATIENCE_S
        again = False
        while True:
            try:
                write(again)
                return
            except TransientToolError as error:
                self._indexer.reset()  # what it learned of the store was not written
                if time.monotonic() > until:
                    done = f"{self._added.files + self._added.pages} were added before"
                    raise TransientToolError(f"{error} {done}; the same command goes on from there.") from error
                again = True
                time.sleep(_PAUSE_S)
