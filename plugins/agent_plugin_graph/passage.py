"""What goes into the index and what comes out: passages, hits, and what is known about both."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Passage:
    """A piece of a document: what is found, quoted and cited."""

    id: str
    """Unique in the graph; adding another passage of the same id replaces the first."""
    title: str
    """What it is about, as its document says (a heading, a page's title, a row's key); may be empty."""
    text: str
    source: str = ""
    """Where it is from: a path or address; `forget` takes it."""
    locator: str = ""
    """Where it stands in the source: "lines 12-15", "page 3", "Sheet1 row 7"."""
    link: str = ""
    """The source with that place, as programs open it ("guide.md:12", "report.pdf#page=3")."""
    names: tuple[str, ...] = ()
    """What else it defines, beside its title."""
    context: str = ""
    """The titles above its own ("Handbook > Holidays"): it is found by them, and defines none of them."""
    date: str = ""
    """The day it is of, as "2026-11-21": a search may be narrowed to a time. Of a file, when it was changed last."""


@dataclass(frozen=True)
class Hit:
    """A passage that was found for a question."""

    passage_id: str
    title: str
    text: str
    source: str
    locator: str
    link: str
    score: float
    """Comparable within one search only; the best hit has the highest."""
    why: str
    """Why it came up: the words it shares with the question, and its path through the graph."""
    path: tuple[str, ...] = ()
    """How the graph leads to it: names and passages by turns, from what the question names; empty if it does not."""
    context: str = ""
    """The titles above its own."""


@dataclass(frozen=True)
class Stats:
    """How much a graph holds, and whether it is healthy."""

    sources: int
    passages: int
    entities: int
    mentions: int
    nodes: int
    edges: int
    size_bytes: int | None
    """None on a server, which alone knows."""
    passages_without_entities: int
    duplicate_passages: int
    """Passages whose text another passage has too."""
    orphan_entities: int
    """Entities that no passage mentions any more; always 0 in a sound file."""
    orphan_nodes: int = 0
    """Nodes of tables that no relationship joins to another."""
    vectors: int = 0
    """Passages that have a vector."""
    vector_model: str = ""
    """What made the vectors."""
    search_p50_ms: float | None = None
    """How long half of the last searches took at most; None before the first."""
    search_p95_ms: float | None = None
    """How long all but a twentieth of them took at most."""
    labels: dict[str, int] = field(default_factory=dict[str, int])
    """Nodes of tables, by label."""
    relationships: dict[str, int] = field(default_factory=dict[str, int])
    """Edges between them, by type."""
