"""How well the checker tells sentences that their passages carry from altered ones: `... graph_checker [FILE]`.

A FILE holds lines of JSON: {"passages": [text...], "sentence": ..., "supported": true or false, "change": ...}. Without
one, the sentences that the weights were learned from are judged by weights that never saw their passages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from agent_core.loop.support import judge
from agent_core.loop.support.judging import model
from tests.benchmarks.measure import table
from tests.benchmarks.train_checker import OTHERS, Labelled, cross_validated, read_lines, read_own, scores


def main(quick: bool = False, files: Sequence[Path] = ()) -> None:
    """Print precision and recall of the mark, at the shipped threshold and around it, and what was missed."""
    for file in files:
        rows = read_lines(file)
        _show(file.name, rows, [judge(row.sentence, row.passages).doubt for row in rows])
    if not files:
        others = [row for file in OTHERS for row in read_lines(file)]
        doubts = cross_validated([*others, *read_own()])[: len(others)]
        _show("Sentences by somebody else, cross-validated over their passages", others, doubts)


def _show(title: str, rows: Sequence[Labelled], doubts: Sequence[float]) -> None:
    shipped = model().threshold
    lines: list[Sequence[object]] = []
    for threshold in sorted({0.3, 0.4, 0.5, 0.6, 0.7, 0.8, shipped}):
        name = f"{threshold}{' (shipped)' if threshold == shipped else ''}"
        lines.append((name, *(f"{value:.1f}" for value in scores(rows, doubts, threshold))))
    altered = sum(not row.supported for row in rows)
    header = ("doubt from which a sentence is marked", "precision", "recall", "judged right")
    table(f"{title}: {len(rows)} sentences, {altered} of them altered; percent", header, lines)
    missed = Counter(row.change.split(":")[0] for row, doubt in zip(rows, doubts, strict=True)
                     if not row.supported and doubt < shipped)  # fmt: skip
    total = Counter(row.change.split(":")[0] for row in rows if not row.supported)
    table(
        "Altered how", ("kind", "sentences", "missed"), [(kind, n, missed[kind]) for kind, n in total.most_common(20)]
    )


if __name__ == "__main__":
    main()
