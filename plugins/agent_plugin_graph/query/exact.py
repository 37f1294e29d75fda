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
    """What SQLite calls for each row of a group; empty values are left out, and so is a node that was there before."""

    def __init__(self) -> None:
        self.values: list[float] = []
        self._seen: set[int] = set()

    def step(self, value: float | None, node: int | None = None) -> None:
        """One more row, of a node where one is given."""
        if value is None or node in self._seen:
            return
        self.values.append(value)
        if node is not None:
            self._seen.add(node)


class ExactSum(Collecting):
    """`exact_sum(x)` in a statement; `exact_sum(x, node)` adds what a node has once."""

    def finalize(self) -> float:
        """The result of the group."""
        return exact_sum(self.values)


class ExactMean(Collecting):
    """`exact_avg(x)` in a statement, and `exact_avg(x, node)`."""

    def finalize(self) -> float | None:
        """The result of the group."""
        return exact_mean(self.values)
