"""What a question asks for, before it is known how its labels are joined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from agent_questions.moments import Span

Scalar: TypeAlias = str | int | float | bool
Part: TypeAlias = Literal["year", "quarter", "month", "day"]
Sign: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">="]
Comparison: TypeAlias = Literal["=", "!=", "<", "<=", ">", ">=", "in", "contains", "starts with", "is empty", "is set"]
Function: TypeAlias = Literal["count", "count distinct", "sum", "avg", "median", "min", "max"]


@dataclass(frozen=True)
class Quantity:
    """A property of a label, a part of a date, the days between two dates; without a property, the label itself."""

    label: str
    name: str = ""
    part: Part | None = None
    since: str = ""


@dataclass(frozen=True)
class Measure:
    """What is computed."""

    function: Function
    of: Quantity


@dataclass(frozen=True)
class Filter:
    """A condition on a quantity."""

    of: Quantity
    is_: Comparison
    to: Scalar | tuple[Scalar, ...] | None = None
    every: bool = False
    """Whether it says something of all that belongs to what is asked for, not of one: only sound where there is one."""
    at: int = field(default=-1, compare=False)
    """Where it stands in the question."""


@dataclass(frozen=True)
class Ranking:
    """By what the result is put in order, and how many of it are wanted."""

    by: Measure | Quantity
    descending: bool
    most: int
    each: Quantity | None = None
    """What has to have one of these numbers each, as the question does not say whether a sum or a mean is meant."""


@dataclass
class Request:
    """All that a question says."""

    outputs: list[Quantity] = field(default_factory=list[Quantity])
    """What is listed, where nothing is computed."""
    measures: list[Measure] = field(default_factory=list[Measure])
    groups: list[Quantity] = field(default_factory=list[Quantity])
    filters: list[Filter] = field(default_factory=list[Filter])
    ranking: Ranking | None = None
    kept: list[tuple[Measure, Sign, float | int]] = field(default_factory=list[tuple[Measure, Sign, float | int]])
    """Groups are kept by these."""
    counted: bool = False
    """Whether the groups are counted, not listed."""
    share_from: int | None = None
    """For a share of a whole: filters from this place of the question on are those of the share alone."""
    mean_of_groups: bool = False
    """Whether what is measured is divided by the number of groups."""
    moments: list[tuple[Span, str]] = field(default_factory=list[tuple[Span, str]])
    """Stretches of time, each with the property that is meant as a path; empty: the one when things take place."""
    parts: list[tuple[Part, str]] = field(default_factory=list[tuple[Part, str]])
    """Groups by a part of a date, likewise."""
    durations: list[str] = field(default_factory=list[str])
    links: set[str] = field(default_factory=set[str])
    labels: list[str] = field(default_factory=list[str])
    """What is named besides."""
