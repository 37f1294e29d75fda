"""Figures that describe a list of numbers, computed on exact fractions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import isfinite
from statistics import multimode
from typing import Any

import sympy

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.functions import BUILDERS
from agent_plugin_calculator.rendering import decimal, exact, shown
from agent_plugin_calculator.results import Measure, Statistics

MAX_NUMBERS = 100_000
_SUMMARY = ("count", "sum", "mean", "median", "standard deviation", "minimum", "maximum")


def describe(numbers: Sequence[float], measure: Measure, other: Sequence[float] | None) -> Statistics:
    """Compute one figure, or the usual ones.

    Raises:
        ToolArgumentError: too few numbers for the figure, or one that is not finite.
    """
    values = _exactly(numbers)
    if measure == "correlation":
        return _one("correlation", _correlation(values, _exactly(other or ())), len(values))
    if measure == "summary":
        names = _SUMMARY if len(values) > 1 else tuple(name for name in _SUMMARY if name != "standard deviation")
        return _several([(name, _FIGURES[name](values)) for name in names], len(values))
    if measure == "mode":
        modes = [_rational(value) for value in sorted(multimode(values))]
        return _one("mode", modes[0], len(values)) if len(modes) == 1 else _modes(modes, len(values))
    if measure == "quartiles":
        quartiles = [("lower quartile", 1), ("median", 2), ("upper quartile", 3)]
        return _several([(name, _quantile(values, Fraction(n, 4))) for name, n in quartiles], len(values))
    if len(values) < 2 and measure in ("standard deviation", "variance"):
        raise ToolArgumentError(f"The {measure} of a sample needs at least 2 numbers, not {len(values)}.")
    return _one(measure, _FIGURES[measure](values), len(values))


def _exactly(numbers: Sequence[float]) -> list[Fraction]:
    """The numbers as they are written: 12.5 is 25/2, and 0.1 is 1/10."""
    if not numbers or len(numbers) > MAX_NUMBERS:
        raise ToolArgumentError(f"{len(numbers)} numbers were given; give 1 to {MAX_NUMBERS}.")
    strange = [number for number in numbers if not isfinite(number)]
    if strange:
        raise ToolArgumentError(f"{strange[0]} is not a number that can be counted with; leave it out.")
    return [Fraction(repr(number)) for number in numbers]


def _rational(value: Fraction) -> Any:
    return sympy.Rational(value.numerator, value.denominator)


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _variance(values: Sequence[Fraction], freedom: int) -> Any:
    mean = _mean(values)
    return _rational(sum(((value - mean) ** 2 for value in values), Fraction(0)) / (len(values) - freedom))


def _quantile(values: Sequence[Fraction], part: Fraction) -> Any:
    """By linear interpolation between order statistics (Hyndman and Fan's type 7, as spreadsheets do)."""
    ordered = sorted(values)
    place = part * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return _rational(ordered[below] + (place - below) * (ordered[above] - ordered[below]))


def _correlation(values: Sequence[Fraction], others: Sequence[Fraction]) -> Any:
    """Pearson's coefficient."""
    if len(values) != len(others) or len(values) < 2:
        raise ToolArgumentError(
            f"correlation needs two lists of the same length, at least 2; these have {len(values)} and {len(others)}."
        )
    a, b = _mean(values), _mean(others)
    together = sum(((x - a) * (y - b) for x, y in zip(values, others, strict=True)), Fraction(0))
    spread = sum(((x - a) ** 2 for x in values), Fraction(0)) * sum(((y - b) ** 2 for y in others), Fraction(0))
    if not spread:
        raise ToolArgumentError("correlation is undefined where all numbers of a list are equal.")
    return _rational(together) / sympy.sqrt(_rational(spread))


_FIGURES: dict[str, Callable[[Sequence[Fraction]], Any]] = {
    "count": lambda values: sympy.Integer(len(values)),
    "maximum": lambda values: _rational(max(values)),
    "mean": lambda values: _rational(_mean(values)),
    "median": lambda values: _quantile(values, Fraction(1, 2)),
    "minimum": lambda values: _rational(min(values)),
    "population standard deviation": lambda values: BUILDERS["sqrt"](_variance(values, 0)),
    "population variance": lambda values: _variance(values, 0),
    "range": lambda values: _rational(max(values) - min(values)),
    "standard deviation": lambda values: BUILDERS["sqrt"](_variance(values, 1)),
    "sum": lambda values: _rational(sum(values, Fraction(0))),
    "variance": lambda values: _variance(values, 1),
}


def _one(name: str, value: Any, count: int) -> Statistics:
    rounded = decimal(value)
    return Statistics(exact(value), rounded, f"{name} of {_numbers(count)} {shown(value)}", {name: rounded or ""})


def _several(figures: list[tuple[str, Any]], count: int) -> Statistics:
    values = {name: decimal(value) or exact(value) for name, value in figures}
    listed = ", ".join(f"{name} {value}" for name, value in values.items() if name != "count")
    return Statistics(None, None, f"{_numbers(count)}: {listed}", values)


def _modes(modes: list[Any], count: int) -> Statistics:
    listed = [decimal(mode) or exact(mode) for mode in modes]
    shortened = ", ".join(listed[:10]) + (", ..." if len(listed) > 10 else "")
    return Statistics(None, None, f"modes of {_numbers(count)}: {shortened}", {"mode": ", ".join(listed)})


def _numbers(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"
