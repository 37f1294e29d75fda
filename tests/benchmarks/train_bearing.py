"""Learn when quotes bear on a question: `AGENT_CORE_DATA=FOLDER uv run python -m tests.benchmarks.train_bearing`.

Learns from the questions of bench_graph_refusal. Prints what weights and threshold make of each question set that were
learned from the other sets alone, then those learned from all, for agent_plugin_graph/retrieve/bearing.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy

from agent_plugin_graph.retrieve.bearing import WEIGHTS, measures
from tests.benchmarks.bench_graph_refusal import Asked, asked
from tests.benchmarks.measure import table

_NAMES = tuple(WEIGHTS)
_DECAY = 1.0
"""Of the squared weights in the loss."""
_STEPS = 50
_THRESHOLDS = [share / 100 for share in range(20, 81)]
_AS_GOOD = 0.005
"""A threshold that is worse by no more than this share is as good; of those the one that quotes most is taken."""


@dataclass(frozen=True)
class Learned:
    """A logistic model, and from which probability on quotes are shown."""

    weights: Mapping[str, float]
    bias: float
    threshold: float

    def shows(self, one: Asked) -> bool:
        """Whether the quotes would be shown."""
        return self.probability(one) >= self.threshold

    def probability(self, one: Asked) -> float:
        """That they answer."""
        score = self.bias + sum(self.weights[name] * value for name, value in measures(one.quoted).items())
        return 1 / (1 + math.exp(-score))


def learn(rows: Sequence[Asked]) -> Learned:
    """Weights and threshold of questions; the answerable ones of a set count like the others, a larger set more."""
    rows = [row for row in rows if measures(row.quoted)]
    sizes = Counter((row.kind, row.answerable) for row in rows)
    counts = numpy.array([10 / math.sqrt(sizes[row.kind, row.answerable]) for row in rows])
    given = numpy.array([[*(float(measures(row.quoted)[name]) for name in _NAMES), 1.0] for row in rows])
    right = numpy.array([float(row.right) for row in rows])
    decay = numpy.diag([_DECAY] * len(_NAMES) + [0.0])
    weights = numpy.zeros(len(_NAMES) + 1)
    for _ in range(_STEPS):  # Newton's
        expected = 1 / (1 + numpy.exp(-given @ weights))
        slope = given.T @ (counts * (expected - right)) + decay @ weights
        curve = (given * (counts * expected * (1 - expected))[:, None]).T @ given + decay
        weights -= numpy.linalg.solve(curve, slope)
    *named, bias = weights.tolist()
    found = Learned(dict(zip(_NAMES, named, strict=True)), bias, 0.5)
    good = {one: sum(_good(Learned(found.weights, bias, one), rows).values()) for one in _THRESHOLDS}
    best = max(good.values())
    return Learned(found.weights, bias, min(one for one in good if good[one] >= best * (1 - _AS_GOOD)))


def _good(model: Learned, rows: Sequence[Asked]) -> Mapping[tuple[str, bool], float]:
    """By set: the share of answerable questions that are quoted rightly, and of others that are refused."""
    sizes = Counter((row.kind, row.answerable) for row in rows)
    good = Counter(
        (row.kind, row.answerable) for row in rows if model.shows(row) == row.answerable and row.right == row.answerable
    )
    return {kind: good[kind] / size for kind, size in sizes.items()}


def main() -> None:
    """Print the table and the weights."""
    rows = asked()
    lines: list[Sequence[object]] = []
    for kind in dict.fromkeys(row.kind for row in rows):
        model = learn([row for row in rows if row.kind != kind])
        theirs = [row for row in rows if row.kind == kind]
        own = [row for row in theirs if row.answerable]
        foreign = [row for row in theirs if not row.answerable]
        shown = sum(row.right and model.shows(row) for row in own)
        refused = sum(not model.shows(row) for row in foreign)
        lines.append((kind, f"{shown} of {len(own)}", f"{refused} of {len(foreign)}", model.threshold))
    table("Learned from the other sets", ("set", "quoted rightly", "refused", "threshold"), lines)
    model = learn(rows)
    print("\nLearned from all, with the threshold in the bias:")
    for name, weight in model.weights.items():
        print(f"  {name}: {weight:.2f}")
    print(f"  bias: {model.bias - math.log(model.threshold / (1 - model.threshold)):.2f}")


if __name__ == "__main__":
    main()
