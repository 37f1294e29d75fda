"""Sums and means that do not depend on the order of what is added, so that every store gives the same."""

from __future__ import annotations

import math
from collections.abc import Sequence


def exact_sum(values: Sequence[float]) -> float:
    """The sum, rounded once; 0 of nothing. Integers stay integers."""
    return sum(values) if all(isinstance(value, int) for value in values) else math.fsum(values)


def exact_mean(values: Sequence[float]) -> float | None:
    """The mean, rounded at its end only; None of nothing."""
    return exact_sum(values) / len(values) if values else None


class Collecting:
    """What SQLite calls for each row of a group; empty values are left out."""

    def __init__(self) -> None:
        self.values: list[float] = []

    def step(self, value: float | None) -> None:
        """One more row."""
        if value is not None:
            self.values.append(value)


class ExactSum(Collecting):
    """`exact_sum(x)` in a statement."""

    def finalize(self) -> float:
        """The result of the group."""
        return exact_sum(self.values)


class ExactMean(Collecting):
    """`exact_avg(x)` in a statement."""

    def finalize(self) -> float | None:
        """The result of the group."""
        return exact_mean(self.values)
