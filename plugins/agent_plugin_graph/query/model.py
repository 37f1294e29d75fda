"""`GraphQuery`: a pattern over one to four hops with filters, groups, aggregates, order and limit, as plain data.

Read-only by construction: there is nothing in it that could name a write, a file or a procedure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Scalar: TypeAlias = str | int | float | bool
Part: TypeAlias = Literal["year", "quarter", "month", "day"]
Sign: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
Comparison: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains", "starts with", "is empty", "is set"]
Function: TypeAlias = Literal["count", "count distinct", "sum", "avg", "min", "max"]

MOST_HOPS = 4
MOST_ROWS = 1000


@dataclass(frozen=True)
class Hop:
    """A step along a relationship to the next node of the pattern."""

    relationship: str
    """Its type, such as TREATS."""
    to: str
    """The next node's label."""
    backwards: bool = False
    """Whether it is followed from its end to its start."""
    name: str = ""
    """What the node is called in fields; its label if left out."""
    from_: str = ""
    """The node of the pattern that it leaves, so that patterns can branch; the one before it if left out."""


@dataclass(frozen=True)
class Value:
    """A property of a node of the pattern, a part of a date, or the days between two dates."""

    field: str
    """`Node.property`, such as Visit.admission_date; `Node` alone for the node itself, to count it."""
    part: Part | None = None
    """Only this part of the date."""
    since: str = ""
    """Another date's field: the days from that to `field`."""


@dataclass(frozen=True)
class Condition:
    """What has to hold for a row. Conditions are joined by "and"; an empty value satisfies only "is empty"."""

    value: Value
    is_: Comparison
    to: Scalar | Sequence[Scalar] | None = None
    """What it is compared to: a list for "in", nothing for "is empty" and "is set". Dates are written 2023-12-31."""


@dataclass(frozen=True)
class Column:
    """A column of the result: a value, or an aggregate over the rows of its group."""

    name: str
    """What it is called in the result."""
    value: Value
    function: Function | None = None
    """With one, rows are grouped by the columns that have none. All but count leave empty values out."""
    once: bool = False
    """For sum and avg: whether a node counts once in its group, in however many rows of the pattern it stands."""


@dataclass(frozen=True)
class Order:
    """By which column the result is sorted; ties are broken by the columns in order."""

    column: str
    descending: bool = False


@dataclass(frozen=True)
class Having:
    """What has to hold for a column of the result that counts or computes."""

    column: str
    is_: Sign
    to: int | float


@dataclass(frozen=True)
class GraphQuery:
    """A question to the typed graph. Empty values come last in either direction."""

    start: str
    """The first node's label."""
    columns: Sequence[Column]
    hops: Sequence[Hop] = ()
    """Up to four."""
    where: Sequence[Condition] = ()
    order: Sequence[Order] = ()
    limit: int = 100
    """Rows at most, 1 to 1000."""
    distinct: bool = False
    """Whether equal rows are listed once; groups are always."""
    having: Sequence[Having] = ()
    """Which rows are kept, by what they count or compute."""
