"""Learn the checker's weights anew: `python -m tests.benchmarks.train_checker`, from the repository root.

Learns from the sentences in tests/benchmarks/data (cited_sentences.jsonl, more_cited_sentences.jsonl and
supported_sentences.txt) and writes agent_core/loop/support/weights.json. Prints what cross-validation over passages
gives - no sentence is judged by weights that saw another one on its passages -, what weights from one set give on the
other, and how much the number of sentences matters.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_core.loop.support.alignment import align
from agent_core.loop.support.judging import CAP, Model
from agent_core.loop.support.measures import Measured, measure

WEIGHTS = Path(__file__).parents[2] / "agent_core" / "loop" / "support" / "weights.json"
DATA = Path(__file__).parent / "data"
OWN = DATA / "supported_sentences.txt"
OTHERS = (DATA / "cited_sentences.jsonl", DATA / "more_cited_sentences.jsonl")
"""By somebody else than whoever wrote the checker. Its measures were improved on both."""
_FOLDS = 10
_DECAY = 2.0
"""Of the squared distance from the priors in the loss, per sentence set: chosen by cross-validation."""
_STEPS = 120
_PRIOR = 1.2
"""What each weight is before a sentence was seen: a few hundred are too few to learn that a wrong figure is wrong."""
_PRIORS = {
    "figure-missing": 2.0, "figure-other": 2.0, "unit-other": 2.0,
    "steered": 0.4, "opposed-apart": 0.4, "end-missing": 0.2,
}  # fmt: skip
"""Measures that tell more, and less."""
THRESHOLD = 0.55


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
    priors = [_PRIORS.get(name, _PRIOR) for name in names]
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
                weights[n] = max(0.0, weights[n] + change)  # all of them speak against a sentence
            before[n] = value
    return Model(
        {name: round(w, 4) for name, w in zip(names, weights, strict=True) if abs(w) >= 1e-4}, round(bias, 4), THRESHOLD
    )


def measured_of(rows: Iterable[Labelled]) -> list[tuple[Measured, bool]]:
    return [(measure(align(row.sentence, row.passages)), row.supported) for row in rows]


def doubts_of(learned: Model, rows: Sequence[Labelled]) -> list[float]:
    return [learned.doubt(measured) for measured, _ in measured_of(rows)]


def cross_validated(rows: Sequence[Labelled], share: float = 1.0) -> list[float]:
    """The doubt about each sentence, by weights that have seen no sentence on its passages.

    Args:
        rows: The sentences.
        share: How much of what may be seen is learned from, for a curve of learning.
    """
    measured = measured_of(rows)
    groups = sorted({row.passages[0] for row in rows})
    random.Random(5).shuffle(groups)
    place = {group: n for n, group in enumerate(groups)}
    doubts = [0.0] * len(rows)
    for fold in range(_FOLDS):
        seen = [
            one
            for one, row in zip(measured, rows, strict=True)
            if place[row.passages[0]] % _FOLDS != fold
            and place[row.passages[0]] // _FOLDS < share * len(groups) / _FOLDS
        ]
        learned = learn(seen)
        for n, row in enumerate(rows):
            if place[row.passages[0]] % _FOLDS == fold:
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
    sets = [read_lines(file) for file in OTHERS]
    others, own = [row for rows in sets for row in rows], read_own()
    rows = [*others, *own]
    doubts = cross_validated(rows)[: len(others)]
    print(f"{len(others)} sentences by somebody else, cross-validated over passages: precision / recall of the mark")
    for threshold in (0.4, 0.5, 0.55, 0.6, 0.7, 0.8):
        print(f"  threshold {threshold}: {_told(others, doubts, threshold)}")
    for seen, judged in ((0, 1), (1, 0)):
        carried = doubts_of(learn(measured_of([*sets[seen], *own])), sets[judged])
        print(f"learned from {OTHERS[seen].name}, on {OTHERS[judged].name}: {_told(sets[judged], carried, THRESHOLD)}")
    for share in (0.1, 0.25, 0.5):
        part = cross_validated(rows, share)[: len(others)]
        print(f"learned from {share:.0%} of the passages: {_told(others, part, THRESHOLD)}")
    learned = learn(measured_of(rows))
    held = {"bias": learned.bias, "threshold": learned.threshold, "weights": dict(learned.weights)}
    WEIGHTS.write_text(json.dumps(held, indent=0, sort_keys=True) + "\n", "utf-8")
    return 0


def _told(rows: Sequence[Labelled], doubts: Sequence[float], threshold: float) -> str:
    precision, recall, _ = scores(rows, doubts, threshold)
    return f"{precision:.1f} / {recall:.1f}"


if __name__ == "__main__":
    raise SystemExit(main())
