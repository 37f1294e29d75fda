"""What the calculator's tools return; every `exact` and solution may be the input of another call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Measure: TypeAlias = Literal[
    "summary",
    "mean",
    "median",
    "mode",
    "standard deviation",
    "variance",
    "population standard deviation",
    "population variance",
    "minimum",
    "maximum",
    "range",
    "sum",
    "count",
    "quartiles",
    "correlation",
]
"""Which figure of a list of numbers; `summary` stands for the usual ones."""


@dataclass(frozen=True)
class Calculation:
    """One value or expression."""

    exact: str
    """Without rounding, in the calculator's own notation: usable as an expression in another call."""
    decimal: str | None
    """Rounded to 15 significant digits; null where unknowns remain."""
    text: str
    """One line for a person."""


@dataclass(frozen=True)
class Solutions:
    """The solutions of equations or inequalities."""

    solutions: list[str]
    """Each as `x = 5`, as `x = 2, y = 3` for several unknowns, or as a range `x < 2`; empty if there are none."""
    values: list[dict[str, str]]
    """Each solution of equations as unknown to exact value."""
    exact: str | None
    """The value, where there is one unknown and one solution."""
    decimal: str | None
    """The same rounded to 15 significant digits."""
    text: str
    """One line for a person."""


@dataclass(frozen=True)
class Statistics:
    """Figures about a list of numbers."""

    exact: str | None
    """The figure that was asked for, without rounding; null for a summary."""
    decimal: str | None
    """The same rounded to 15 significant digits."""
    text: str
    """One line for a person."""
    values: dict[str, str] = field(default_factory=dict[str, str])
    """Every figure that was computed, by name, rounded to 15 significant digits."""
