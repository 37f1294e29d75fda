"""Learn the checker's weights anew: `python -m tests.benchmarks.train_checker`, from the repository root.

Learns from the sentences in tests/benchmarks/data (cited_sentences.jsonl and supported_sentences.txt), prints what
cross-validation over passages gives - no sentence is judged by weights that saw another one on its passages - and
writes agent_core/loop/support/weights.json.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_core.loop.support.alignment import align
from agent_core.loop.support.measures import Measured, measure
from agent_core.loop.support.judging import CAP, Model

WEIGHTS = Path(__file__).parents[2] / "agent_core" / "loop" / "support" / "weights.json"
DATA = Path(__file__).parent / "data"
OWN = DATA / "supported_sentences.txt"
OTHERS = DATA / "cited_sentences.jsonl"
"""By somebody else than whoever wrote the checker."""
_FOLDS = 10
_DECAY = 2.0
"""Of the squared weights in the loss, per sentence set: chosen by cross-validation."""
_STEPS = 120
_EITHER = frozenset(("opposed-negated", "balanced", "figure-derived", "m-hedged+", "q-some+", "m-may+", "sentences"))
"""Measures that may speak for a sentence as well as against it."""
_PRIOR = {
    "figure-other": 2.0, "figure-missing": 2.0, "unit-other": 2.0, "name-missing": 1.5, "name-other": 1.5,
    "opposed": 1.0, "bound-opposed": 1.5, "steered": 0.8, "m-may>m-must": 1.5, "m-must>m-may": 1.0, "q-all+": 0.8,
    "negated-here": 0.7, "negated-there": 0.7, "turned-names": 0.6, "foreign-name": 0.8, "foreign-figure": 0.8,
    "foreign-word": 0.8, "reason-missing": 0.8, "condition-left": 0.6, "word-missing": 0.2, "bound-figure": 0.5,
    "exchanged": 1.5, "bound-name": 0.5, "cover-best": -1.0, "cover-all": -2.0,
}  # fmt: skip
"""What each weight is before a sentence was seen: a few hundred are too few to learn that a wrong figure is wrong."""
THRESHOLD = 0.6


@dataclass(frozen=True)
class Labelled:
    """A sentence with the passages that it cites, and whether they carry it."""

    passages: Sequence[str]
    sentence: str
    supported: bool
    change: str = ""


def read_lines(file: Path) -> list[Labelled]:
    """Sentences from JSON lines: {"passages": [...], "sentence": ..., "supported": ..., "change": ...}."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    return [Labelled(row["passages"], row["sentence"], row["supported"], row.get("change", "")) for row in rows]


def read_own(file: Path = OWN) -> list[Labelled]:
    """Sentences written for this: "= " begins a passage, "+ " a sentence that it carries, "- " one that it does not."""
    found: list[Labelled] = []
    passages: list[str] = []
    fresh = False
    for line in file.read_text("utf-8").splitlines():
        mark, text = line[:2], line[2:].strip()
        if mark == "= ":
            passages = [*passages, text] if fresh else [text]
            fresh = True
        elif mark in ("+ ", "- "):
            fresh = False
            found.append(Labelled(tuple(passages), text, mark == "+ "))
    return found


def learn(measured: Sequence[tuple[Measured, bool]], decay: float = _DECAY) -> Model:
    """A logistic model by resilient gradient steps; the same data give the same weights."""
    names = sorted({name for one, _ in measured for name in one.values})
    rows = [[min(one.values.get(name, 0.0), CAP) for name in names] for one, _ in measured]
    wrong = [0.0 if supported else 1.0 for _, supported in measured]
    share = sum(wrong) / len(wrong)
    counts = [0.5 / share if label else 0.5 / (1 - share) for label in wrong]
    width = len(names)
    priors = [_PRIOR.get(name, 0.0) for name in names]
    weights, bias = list(priors), 0.0
    steps, before = [0.05] * (width + 1), [0.0] * (width + 1)
    for _ in range(_STEPS):
        slope = [decay * (weight - prior) for weight, prior in zip(weights, priors, strict=True)] + [0.0]
        for row, label, count in zip(rows, wrong, counts, strict=True):
            z = bias + sum(w * x for w, x in zip(weights, row, strict=True) if x)
            error = 1 / (1 + math.exp(-max(-30.0, min(30.0, z)))) - label
            error *= count
            for n, x in enumerate(row):
                if x:
                    slope[n] += error * x
            slope[width] += error
        for n, value in enumerate(slope):
            turn = value * before[n]
            steps[n] = min(0.5, steps[n] * 1.2) if turn > 0 else max(1e-5, steps[n] * 0.5) if turn < 0 else steps[n]
            change = -math.copysign(steps[n], value) if value else 0.0
            if n == width:
                bias += change
            else:
                weights[n] = _signed(names[n], weights[n] + change)
            before[n] = value
    return Model(
        {name: round(w, 4) for name, w in zip(names, weights, strict=True) if abs(w) >= 1e-4}, round(bias, 4), THRESHOLD
    )


def _signed(name: str, weight: float) -> float:
    """What speaks against a sentence may not come to speak for it by the chance of a few hundred sentences."""
    if name.startswith("cover"):
        return min(0.0, weight)
    return weight if name in _EITHER else max(0.0, weight)


def measured_of(rows: Iterable[Labelled]) -> list[tuple[Measured, bool]]:
    return [(measure(align(row.sentence, row.passages)), row.supported) for row in rows]


def cross_validated(rows: Sequence[Labelled]) -> list[float]:
    """The doubt about each sentence, by weights that have seen no sentence on its passages."""
    measured = measured_of(rows)
    groups = sorted({row.passages[0] for row in rows})
    random.Random(5).shuffle(groups)
    fold_of = {group: n % _FOLDS for n, group in enumerate(groups)}
    doubts = [0.0] * len(rows)
    for fold in range(_FOLDS):
        seen = [one for one, row in zip(measured, rows, strict=True) if fold_of[row.passages[0]] != fold]
        learned = learn(seen)
        for n, row in enumerate(rows):
            if fold_of[row.passages[0]] == fold:
                doubts[n] = learned.doubt(measured[n][0])
    return doubts


def scores(rows: Sequence[Labelled], doubts: Sequence[float], threshold: float) -> tuple[float, float, float]:
    """(precision, recall) of the mark "not supported", and the share of sentences judged right, in percent."""
    marked = [doubt >= threshold for doubt in doubts]
    hits = sum(mark and not row.supported for mark, row in zip(marked, rows, strict=True))
    right = sum(mark != row.supported for mark, row in zip(marked, rows, strict=True))
    altered = sum(not row.supported for row in rows)
    return 100 * hits / max(1, sum(marked)), 100 * hits / max(1, altered), 100 * right / max(1, len(rows))


def main() -> int:
    others = read_lines(OTHERS)
    rows = [*others, *read_own()]
    doubts = cross_validated(rows)
    for name, count in ((OTHERS.name, len(others)), ("all", len(rows))):
        print(f"{name}, {count} sentences, cross-validated over passages:")
        for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
            precision, recall, right = scores(rows[:count], doubts[:count], threshold)
            print(f"  threshold {threshold}: precision {precision:.1f}, recall {recall:.1f}, right {right:.1f}")
    learned = learn(measured_of(rows))
    held = {"bias": learned.bias, "threshold": learned.threshold, "weights": dict(learned.weights)}
    WEIGHTS.write_text(json.dumps(held, indent=0, sort_keys=True) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
