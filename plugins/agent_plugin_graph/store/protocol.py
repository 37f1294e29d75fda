"""What retrieval, ingest and queries need of a store. Passages, entities and nodes are known by the store's numbers.

The store keeps and finds; what terms, names and rankings are is decided outside, the same for every backend.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from agent_plugin_graph.passage import Passage, Stats
from agent_plugin_graph.store.scope import EVERYWHERE, Scope
from agent_questions.schema import Schema

if TYPE_CHECKING:
    from agent_plugin_graph.query.check import Checked

_Item = TypeVar("_Item")


@dataclass(frozen=True)
class IndexedPassage:
    """A passage with what the index keeps of it."""

    passage: Passage
    defined: Mapping[str, str]
    """Key to name of the entities that it defines."""
    mentioned: Mapping[str, int]
    """Key to how often it mentions the entity; what it defines is among them."""
    written: Mapping[str, str]
    """Key to name."""


@dataclass(frozen=True)
class Entity:
    """A name, and how many passages mention it."""

    number: int
    key: str
    name: str
    mentions: int


Mention: TypeAlias = tuple[int, int, bool]
"""An edge between an entity and a passage: their numbers, and whether the passage defines the entity."""


@dataclass(frozen=True)
class Lookup:
    """What a question meets in the index, read in one go."""

    passages: int
    """How many there are."""
    frequencies: Mapping[str, int]
    """In how many passages each of its terms stands; terms that stand nowhere are left out."""
    entities: Sequence[Entity]


@dataclass(frozen=True)
class Surroundings:
    """One step in the graph: from passages to what they mention, and on to where else that is mentioned."""

    entities: Mapping[int, Entity]
    mentioned: Sequence[Mention]
    """What the passages mention."""
    places: Sequence[Mention]
    """Where those entities are mentioned that were asked for or met, a bounded number of passages for each."""


@dataclass(frozen=True)
class VectorModel:
    """What made the vectors that a store holds; those of another model cannot be compared with them."""

    name: str
    dimensions: int


@dataclass(frozen=True)
class Source:
    """A document that passages came from."""

    uri: str
    content_hash: str
    root: str
    """The file, folder or address that was added, by which `sync` finds it again; empty for passages of a program."""
    memo: str = ""
    """What its ingest noted for the next time, as JSON (what a server called this version of a page)."""


@dataclass(frozen=True)
class Node:
    """A typed node of a table: its label and key name it."""

    label: str
    key: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Edge:
    """A typed relationship between two nodes."""

    type: str
    start: tuple[str, str]
    """Label and key."""
    end: tuple[str, str]


def frozen(sets: Mapping[str, Iterable[_Item]]) -> dict[str, frozenset[_Item]]:
    """The sets of a schema, as they are kept."""
    return {name: frozenset(items) for name, items in sets.items()}


class GraphStore(Protocol):
    """A graph that is kept somewhere."""

    def transaction(self) -> AbstractContextManager[None]:
        """What is written inside becomes durable together, or not at all."""
        ...

    def bulk(self) -> AbstractContextManager[None]:
        """As `transaction` where the store can do that for any amount; else in parts, which writing again completes."""
        ...

    def close(self) -> None:
        """Let go of files and connections; may be called twice."""
        ...

    def put_passages(self, passages: Sequence[IndexedPassage]) -> None:
        """Add passages with their entities, replacing those of the same ids."""
        ...

    def put_source(self, source: Source) -> None:
        """Note a source with its content's hash; its passages are put apart."""
        ...

    def link(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Join entities, by key, to the passages from before this transaction whose text has their terms in a row."""
        ...

    def forget(self, uri: str) -> int:
        """Remove a source with everything that came from it alone; how many passages and nodes that were."""
        ...

    def purge(self) -> None:
        """Make what was removed unreadable in whatever the store writes to."""
        ...

    def sources(self) -> Sequence[Source]:
        """All sources, by address."""
        ...

    def passage_count(self) -> int:
        """How many passages there are."""
        ...

    def passages(self, numbers: Collection[int]) -> Mapping[int, Passage]:
        """Passages by number."""
        ...

    def all_passages(self) -> Iterator[tuple[int, Passage]]:
        """Every passage with its number, for export and health checks."""
        ...

    def frequencies(self, terms: Collection[str]) -> Mapping[str, int]:
        """In how many passages each term stands; terms that stand nowhere are left out."""
        ...

    def lookup(self, terms: Collection[str], keys: Collection[str]) -> Lookup:
        """How many passages there are, how many of them hold each term, and the entities of these keys."""
        ...

    def lexical(
        self,
        terms: Collection[str],
        limit: int,
        scope: Scope = EVERYWHERE,
        frequencies: Mapping[str, int] | None = None,
    ) -> Sequence[tuple[int, float]]:
        """The passages that fit the terms best by BM25 over title and text, with scores above 0, the best first.

        Args:
            terms: What is looked for.
            limit: Passages at most.
            scope: Only passages in it.
            frequencies: Of the terms, where they are known already.
        """
        ...

    def holding(
        self, passages: Collection[int], terms: Collection[str], frequencies: Mapping[str, int] | None = None
    ) -> Mapping[int, frozenset[str]]:
        """Which of the terms each of these passages holds; terms that are too common to tell may be left out."""
        ...

    def entities(self, keys: Collection[str]) -> Sequence[Entity]:
        """The entities of these keys, as far as there are any."""
        ...

    def entities_by_number(self, numbers: Collection[int]) -> Mapping[int, Entity]:
        """Entities by number."""
        ...

    def titles(self) -> Iterator[str]:
        """The keys of two or more words that some passage defines."""
        ...

    def mentions_in(self, passages: Collection[int]) -> Sequence[Mention]:
        """What these passages mention."""
        ...

    def mentions_of(self, entities: Collection[Entity], most: int) -> Sequence[Mention]:
        """Where these entities are mentioned: `most` passages of each, those that define it first."""
        ...

    def surroundings(
        self,
        passages: Collection[int],
        entities: Collection[Entity],
        known: Collection[int],
        common: int,
        most: int,
        scope: Scope = EVERYWHERE,
    ) -> Surroundings:
        """One step from passages and entities, all of it within the scope.

        Args:
            passages: What they mention is read.
            entities: Where they are mentioned is read, and so for those met with 2 to `common` mentions.
            known: Entities whose places are known already, by number.
            common: From more mentions than this on, an entity met is not followed.
            most: Passages for each entity, those that define it first.
            scope: Passages outside of it are not there.
        """
        ...

    def vector_model(self) -> VectorModel | None:
        """What made the vectors; None where there are none."""
        ...

    def begin_vectors(self, model: VectorModel) -> None:
        """Take vectors of this model from now on; those of another go."""
        ...

    def unembedded(self, most: int) -> Sequence[tuple[int, Passage]]:
        """Passages without a vector."""
        ...

    def unembedded_count(self) -> int:
        """How many passages have no vector."""
        ...

    def known_vectors(self, hashes: Collection[str]) -> frozenset[str]:
        """Those of these contents' hashes that there is a vector for."""
        ...

    def put_vectors(self, vectors: Mapping[str, Sequence[float]], contents: Mapping[int, str]) -> None:
        """Keep vectors by their content's hash, and note which content each of these passages has."""
        ...

    def prune_vectors(self) -> None:
        """Remove the vectors of contents that no passage has any more."""
        ...

    def similar(self, vector: Sequence[float], limit: int, scope: Scope = EVERYWHERE) -> Sequence[tuple[int, float]]:
        """The passages whose vectors are nearest by cosine, the best first; a server may miss a few."""
        ...

    def put_nodes(self, nodes: Sequence[Node], source: str) -> None:
        """Add typed nodes, or properties to those of the same label and key."""
        ...

    def put_edges(self, edges: Sequence[Edge], source: str) -> int:
        """Add relationships between nodes that exist; how many could not be added."""
        ...

    def nodes_called(self, name: str, most: int) -> Sequence[Node]:
        """Typed nodes one of whose properties is this text, whatever its case."""
        ...

    def put_schema(self, schema: Schema) -> None:
        """Note what a mapping declares, beside what is there."""
        ...

    def schema(self) -> Schema:
        """What kinds of nodes and relationships there are."""
        ...

    def state(self) -> object | None:
        """What is another after anything was written, by whomever; None where that cannot be told cheaply."""
        ...

    def query(self, checked: Checked) -> list[dict[str, Any]]:
        """The rows of a checked query, each by column name."""
        ...

    def note_searches(self, times_ms: Sequence[float]) -> None:
        """Remember how long searches took, the last hundred of them; it does not wait for another writer."""
        ...

    def stats(self) -> Stats:
        """How much there is, and whether it is healthy."""
        ...
