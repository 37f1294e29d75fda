"""How many labelled requests the offline model plans as labelled: each file by what the other files teach.

With files of labelled requests behind its name (the format is that of tests/plugins/data/offline_corpus), these are
planned with the weights that are shipped. Learning takes some minutes for each file; `--quick` takes every tenth
request of three files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

from agent_plugin_offline.trained.understanding import reading_with
from tests.benchmarks import offline_corpus as corpus
from tests.benchmarks.measure import table
from tests.benchmarks.offline_judge import Workbench
from tests.benchmarks.train_offline import read_weights


def main(quick: bool = False, files: Sequence[Path] = ()) -> None:
    """Measure and print, per file and per kind of request."""
    bench = Workbench.bundled()
    own = sorted(corpus.CORPUS.glob("*.txt"))
    per_file: list[tuple[str, float, float]] = []
    right, all_ = Counter[str](), Counter[str]()
    for path in files or own[:: 3 if quick else 1]:
        weights = None if files else read_weights(corpus.load([other for other in own if other != path]))
        requests = corpus.load([path])[:: 10 if quick else 1]
        with reading_with(weights) if weights else nullcontext():
            planned = [(_kind(request), not bench.faults(request, bench.plan(request.text))) for request in requests]
        all_.update(kind for kind, _ in planned)
        right.update(kind for kind, is_right in planned if is_right)
        per_file.append((path.stem, len(planned), 100 * sum(ok for _, ok in planned) / len(planned)))
    table("Requests planned as labelled", ("file", "requests", "% right"), per_file)
    kinds = [(kind, count, 100 * right[kind] / count) for kind, count in sorted(all_.items())]
    table("By kind", ("first tool", "requests", "% right"), kinds)


def _kind(request: corpus.Labelled) -> str:
    if any(action.incomplete for action in request.actions):
        return "to be asked"
    return "several actions" if len(request.actions) > 1 else request.actions[0].tool
