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

from agent_plugin_offline.features import Features


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
    usable = [contest for contest in contests if contest.decidable]
    weights: defaultdict[str, float] = defaultdict(float)
    squares: defaultdict[str, float] = defaultdict(lambda: 1e-2)
    shuffled = random.Random(seed)  # noqa: S311 - an order, not a secret
    summed: defaultdict[str, float] = defaultdict(float)
    for epoch in range(epochs):
        shuffled.shuffle(usable)
        for contest in usable:
            for name, slope in _gradient(contest, weights).items():
                slope += decay * weights[name]
                squares[name] += slope * slope
                weights[name] -= rate * slope / math.sqrt(squares[name])
        if epoch >= epochs // 2:
            for name, value in weights.items():
                summed[name] += value / (epochs - epochs // 2)
    return {name: round(value, 4) for name, value in sorted(summed.items()) if abs(value) >= 5e-3}


def _gradient(contest: Contest, weights: dict[str, float]) -> dict[str, float]:
    scores = [sum(weights[name] * value for name, value in f.items()) for f in contest.alternatives]
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    right = sum(p for p, good in zip(powers, contest.right, strict=True) if good)
    slopes: defaultdict[str, float] = defaultdict(float)
    for features, power, good in zip(contest.alternatives, powers, contest.right, strict=True):
        slope = power / total - (power / right if good else 0.0)
        if abs(slope) > 1e-5:
            for name, value in features.items():
                slopes[name] += slope * value
    return slopes
