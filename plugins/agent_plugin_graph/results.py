"""What the tools return: data for later steps, and a text that can be shown as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Cited:
    """A quote with where it stands."""

    n: int
    """Its number in the answer: [1]."""
    quote: str
    source: str
    """The document with the place, as programs open it ("guide.md:12", "report.pdf#page=3")."""
    locator: str
    """The place in words: "lines 12-15", "page 3"."""
    title: str
    why: str
    """Why it came up."""


@dataclass(frozen=True)
class FoundPassages:
    """Passages that answer a question, the best first."""

    passages: list[Cited]
    count: int
    text: str
    """The quotes, each with its number and source; or what the tables answer."""
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """The rows that answer it, where tables do."""
    read_as: str = ""
    """The query that the rows came from, in words."""
    outcome: Literal["answered", "nearest", "nothing"] = "answered"
    """"answered": what is quoted answers the question. "nearest": nothing says it outright, and what is quoted comes
    nearest. "nothing": there is nothing on it, and nothing is quoted."""


@dataclass(frozen=True)
class CountedTheme:
    """What several passages say alike."""

    label: str
    """The words that they share."""
    count: int
    """How many passages; each is counted in one theme."""
    citation: Cited
    """The most typical sentence."""


@dataclass(frozen=True)
class FoundThemes:
    """The themes of what many passages say on a topic, the largest first."""

    themes: list[CountedTheme]
    read: int
    """Passages on the topic."""
    other: int
    """Passages that fit none of the themes."""
    text: str


@dataclass(frozen=True)
class FoundEntity:
    """A name in the documents, or a node of the tables."""

    name: str
    kind: str
    """"name" for one in documents, else the node's label."""
    mentions: int
    """Passages that mention it."""
    properties: dict[str, Any]


@dataclass(frozen=True)
class FoundEntities:
    """Names that fit."""

    entities: list[FoundEntity]
    count: int
    text: str


@dataclass(frozen=True)
class Neighbour:
    """What stands together with a name."""

    name: str
    together: int
    """In how many passages."""
    source: str
    """One of them."""


@dataclass(frozen=True)
class Neighbours:
    """What stands together with a name, the most frequent first."""

    neighbours: list[Neighbour]
    count: int
    text: str


@dataclass(frozen=True)
class GraphPath:
    """How two names are joined: name, passage, name, ..."""

    steps: list[Cited]
    """The passages on the way, in order."""
    names: list[str]
    """The names on the way, in order."""
    text: str


@dataclass(frozen=True)
class Rows:
    """The rows that answer a query."""

    rows: list[dict[str, Any]]
    count: int
    text: str
