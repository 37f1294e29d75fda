"""What a word of a question can mean: a label, a property, a relationship, or a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Thing:
    """A label."""

    label: str


@dataclass(frozen=True)
class Field:
    """A property of a label."""

    label: str
    name: str

    @property
    def path(self) -> str:
        """As queries write it."""
        return f"{self.label}.{self.name}"


@dataclass(frozen=True)
class Link:
    """A relationship."""

    type: str


@dataclass(frozen=True)
class Known:
    """A value that a property has, or several of which a question says only a part."""

    field: Field
    values: tuple[str, ...]
    part: str = ""
    """What the question says, where it is not the whole of a value."""


Meaning: TypeAlias = Thing | Field | Link | Known
