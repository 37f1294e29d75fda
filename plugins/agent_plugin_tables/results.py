"""What a question about a table gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Value: TypeAlias = int | float | str | None


@dataclass(frozen=True)
class Group:
    """The answer for the rows that share a value."""

    key: str
    value: Value
    decimal: str | None
    """The exact value, where it is a number."""
    rows: int


@dataclass(frozen=True)
class TableAnswer:
    """What a table says."""

    operation: str
    column: str | None
    value: Value
    """The result: a number, or a date or text for the smallest and largest; None for a list or groups."""
    decimal: str | None
    """The same number, exact, as text; a mean to 28 digits."""
    rows: list[dict[str, Any]]
    """For a list: the rows. For min and max: the row that it is in."""
    groups: list[Group]
    rows_used: int
    rows_skipped: int
    """Rows that fit the conditions but held nothing, or no number, in the column."""
    notes: list[str]
    """How the file was read, where that was not obvious."""
    text: str
