"""A document as readers return it: blocks of text in order, each with its headings and its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from agent_core.errors import ToolError

Unit: TypeAlias = Literal["line", "page", "row", "paragraph", "entry"]


class UnreadableError(ToolError):
    """A file that cannot be taken in, and why; the others go on."""


@dataclass(frozen=True)
class Block:
    """A paragraph, list, table row or other piece that is not divided without need."""

    text: str
    headings: tuple[str, ...]
    """The headings above it, the outermost first."""
    first: int
    last: int
    """Its place in the document's unit, counted from 1."""
    part: str = ""
    """The sheet or the like that the unit is counted in."""
    key: str = ""
    """What names this piece alone (a row's key)."""


@dataclass(frozen=True)
class Document:
    """What was read of a file."""

    title: str
    unit: Unit
    blocks: tuple[Block, ...]
    left_out: str = ""
    """What of the file is not in it, where that is so, as a sentence's end ("rows after 200,000")."""
