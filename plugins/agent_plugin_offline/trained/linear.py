"""Linear models over named features: their scores, and how they are learned from labelled cases."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence

Weights = Mapping[str, Mapping[str, float]]
"""Feature to label to weight."""


def scores(weights: Weights, features: Iterable[str], labels: Iterable[str]) -> dict[str, float]:
    """Per label, the sum of the weights of the features at hand."""
    found = dict.fromkeys(labels, 0.0)
    for feature in features:
        for label, weight in weights.get(feature, {}).items():
            if label in found:
                found[label] += weight
    return found


def probabilities(scored: Mapping[str, float]) -> dict[str, float]:
    """Scores as probabilities that add up to 1."""
    top = max(scored.values(), default=0.0)
    raised = {label: math.exp(score - top) for label, score in scored.items()}
    total = sum(raised.values())
    return {label: value / total for label, value in raised.items()}


def learn_classes(
    cases: Sequence[tuple[Sequence[str], str]],
    *,
    rounds: int = 12,
    rate: float = 0.3,
    decay: float = 1e-4,
    least: int = 2,
) -> dict[str, dict[str, float]]:
    """Weights of a maximum-entropy classifier, by stochastic gradient ascent with a rate of its own per weight."""
    counts: dict[str, int] = {}
    for features, _ in cases:
        for feature in features:
            counts[feature] = counts.get(feature, 0) + 1
    labels = sorted({label for _, label in cases})
    known = [([f for f in features if counts[f] >= least], label) for features, label in cases]
    weights: dict[str, dict[str, float]] = {}
    spent: dict[str, dict[str, float]] = {}
    order = random.Random(0)  # noqa: S311 - the same order every time
    for _ in range(rounds):
        order.shuffle(known)
        for features, label in known:
            told = probabilities(scores(weights, features, labels))
            scale = 1 / math.sqrt(len(features) or 1)
            for one, probability in told.items():
                slope = (1.0 if one == label else 0.0) - probability
                if abs(slope) < 0.003:
                    continue
                slope *= scale
                for feature in features:
                    mine = weights.setdefault(feature, {})
                    used = spent.setdefault(feature, {})
                    before = mine.get(one, 0.0)
                    step = slope - decay * before
                    used[one] = used.get(one, 0.0) + step * step
                    mine[one] = before + rate * step / math.sqrt(used[one] + 1e-3)
    return weights
