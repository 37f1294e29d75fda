"""Learns the weights of `scoring` from requests with known calls: a conditional logit per parameter, plain Python.

A parameter's alternatives (every value that the request offers, and leaving it out) compete in a softmax; all that are
accepted count as right together. Seconds on one core for a thousand requests; inference needs only the weights.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import mul

from agent_plugin_offline.features import Features

_FLAT = 1e-4
"""An alternative that could gain or lose no more than this teaches nothing."""


@dataclass(frozen=True)
class Contest:
    """Alternatives of which some are right."""

    alternatives: Sequence[Features]
    right: Sequence[bool]

    @property
    def decidable(self) -> bool:
        """Whether there is anything to learn from it."""
        return any(self.right) and not all(self.right)


def learn(
    contests: Iterable[Contest], epochs: int = 20, rate: float = 0.25, decay: float = 4e-3, seed: int = 7
) -> dict[str, float]:
    """Weights that maximise the probability of the right alternatives: AdaGrad with weight decay.

    The mean over the second half of the epochs is returned: it depends less on the order than the last step does.
    """
    names: dict[str, int] = {}
    usable = [_indexed(contest, names) for contest in contests if contest.decidable]
    weights, squares, summed = [0.0] * len(names), [1e-2] * len(names), [0.0] * len(names)
    shuffled = random.Random(seed)  # noqa: S311 - an order, not a secret
    for epoch in range(epochs):
        shuffled.shuffle(usable)
        for rows in usable:
            for index, slope in _gradient(rows, weights).items():
                slope += decay * weights[index]
                squares[index] += slope * slope
                weights[index] -= rate * slope / math.sqrt(squares[index])
        if epoch >= epochs // 2:
            summed = [total + weight for total, weight in zip(summed, weights, strict=True)]
    mean = {name: summed[index] / (epochs - epochs // 2) for name, index in names.items()}
    return {name: round(value, 4) for name, value in sorted(mean.items()) if abs(value) >= 5e-3}


@dataclass(frozen=True)
class _Row:
    """One alternative with its features by number."""

    indices: tuple[int, ...]
    values: tuple[float, ...]
    right: bool

    def score(self, weights: Sequence[float]) -> float:
        return sum(map(mul, map(weights.__getitem__, self.indices), self.values))


def _indexed(contest: Contest, names: dict[str, int]) -> list[_Row]:
    return [
        _Row(tuple(names.setdefault(name, len(names)) for name in features), tuple(features.values()), good)
        for features, good in zip(contest.alternatives, contest.right, strict=True)
    ]


def _gradient(rows: Sequence[_Row], weights: Sequence[float]) -> dict[int, float]:
    scores = [row.score(weights) for row in rows]
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    right = sum(power for power, row in zip(powers, rows, strict=True) if row.right)
    slopes: defaultdict[int, float] = defaultdict(float)
    for row, power in zip(rows, powers, strict=True):
        slope = power / total - (power / right if row.right else 0.0)
        if abs(slope) > _FLAT:
            for index, value in zip(row.indices, row.values, strict=True):
                slopes[index] += slope * value
    return slopes
