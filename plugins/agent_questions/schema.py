"""What questions are about: labels with typed properties and relationships between them, and what holds their values.

A graph has many labels; a single table has one, and no relationships.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agent_questions.meanings import Field

MOST_LISTED = 1000
"""How many different values of a property are listed; of one with more, those are looked up that a question names."""


@dataclass(frozen=True)
class Schema:
    """What kinds of nodes and relationships there are."""

    properties: Mapping[str, Mapping[str, str]]
    """Label to property to type ("text", "integer", "number", "boolean", "date")."""
    relationships: Mapping[str, frozenset[tuple[str, str]]]
    """Type to the (start label, end label) pairs that it joins."""
    keys: Mapping[str, str]
    """Label to the property that is its key; none where nodes have no name of their own."""
    words: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """What else people call a label, a relationship, a property ("Visit.billing") or a value ("Hospital.state=TX")."""


class Values(Protocol):
    """Where the values are kept that a question may name."""

    def of(self, field: Field, holding: str = "") -> Sequence[str | None]:
        """The different texts of a property, `MOST_LISTED` at most; None stands for nodes that have none.

        Args:
            field: A property of type "text".
            holding: Only those that contain this, in upper or lower case.
        """
        ...
