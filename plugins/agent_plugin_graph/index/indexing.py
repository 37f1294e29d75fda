"""Passages made ready for a store, and new titles joined to the passages that named them before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent_plugin_graph.index.names import aliases, key_of, names_of
from agent_plugin_graph.index.terms import terms
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.protocol import GraphStore, IndexedPassage

_BATCH = 1000


class Indexer:
    """Adds passages to a store. Keeps the titles that the store knows, so one is enough for a long ingest."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._known: set[str] | None = None
        self._starts: set[str] = set()

    def add(self, passages: Sequence[Passage], named: Mapping[str, Sequence[str]] | None = None) -> None:
        """Index passages; batches of a thousand are each written in one transaction.

        Args:
            passages: In any order.
            named: What else passages mention, by their ids.
        """
        for start in range(0, len(passages), _BATCH):
            with self._store.transaction():
                self._add(passages[start : start + _BATCH], named or {})

    def reset(self) -> None:
        """Forget what is known of the store's titles: it was changed elsewhere."""
        self._known = None

    def _add(self, passages: Sequence[Passage], named: Mapping[str, Sequence[str]]) -> None:
        known = self._titles()
        earlier = bool(self._store.passage_count())
        fresh: dict[str, None] = {}
        # Titles first: what this batch defines is found in all of it, whatever the order.
        for passage in passages:
            for key in names_of_titles(passage):
                if key not in known:
                    self._learn(key)
                    fresh[key] = None
        indexed: list[IndexedPassage] = []
        for passage in {passage.id: passage for passage in passages}.values():
            names = names_of(passage, known, self._starts)
            for name in named.get(passage.id, ()):
                names.mentioned[key_of(name)] += 1
                names.written.setdefault(key_of(name), name)
            indexed.append(IndexedPassage(passage, names.defined, names.mentioned, names.written))
        self._store.put_passages(indexed)
        if earlier:
            self._store.link({key: terms(key) for key in fresh})

    def _titles(self) -> set[str]:
        if self._known is None:
            self._known = set(self._store.titles())
            self._starts = {key.split(" ", 1)[0] for key in self._known}
        return self._known

    def _learn(self, key: str) -> None:
        if self._known is not None:
            self._known.add(key)
            self._starts.add(key.split(" ", 1)[0])


def names_of_titles(passage: Passage) -> list[str]:
    """Keys of two or more words that a passage's titles define."""
    keys = [key_of(name) for title in (passage.title, *passage.names) if title for name in aliases(title)]
    return [key for key in keys if " " in key]
