"""What documents cost in the embedded store: to index, to keep, to open, and to search, from 1,000 to 100,000 of them.

    AGENT_CORE_DATA=FOLDER python -m tests.benchmarks graph_search

Passages are those of the question sets, and above their number ones that are put together from their sentences under
names of their own; questions are the sets' own. Each size is indexed in one process and searched in a second, so that
memory is that of a process that only searches. Vectors are random ones of 384 numbers: what finding the nearest of
them costs is measured, and not the model that would make them.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import re
import resource
import statistics
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from agent_plugin_graph import Graph, Passage
from tests.benchmarks.bench_graph_retrieval import DATA, SETS, Corpus, read_corpus
from tests.benchmarks.measure import table

_SIZES = (1_000, 10_000, 100_000)
_SYLLABLES = ("ka", "ro", "mi", "te", "lu", "sa", "ne", "vo", "di", "par", "mon", "tel", "gar")
_DIMENSIONS = 384
_WARM_UP = 50


class RandomVectors:
    """An embedder that costs nothing, of vectors that are near to no other."""

    name = "random"

    def __init__(self) -> None:
        import numpy

        self._chance = numpy.random.default_rng(7)

    def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """One for each."""
        return self._chance.standard_normal((len(texts), _DIMENSIONS)).tolist()

    def question(self, text: str) -> Sequence[float]:
        """One."""
        return self.documents([text])[0]


def generated(real: Sequence[Corpus], count: int) -> Iterable[Passage]:
    """The real passages, and others put together from their sentences under names of their own."""
    chance = random.Random(7)
    texts = [passage for corpus in real for passage in corpus.passages]
    sentences = [s for _, text in texts for s in re.split(r"(?<=[.!?])\s+", text) if len(s) > 20]
    for number in range(count):
        if number < len(texts):
            title, text = texts[number]
        else:
            name = "".join(chance.choices(_SYLLABLES, k=3)).title()
            title = f"{name} {chance.choice(texts)[0].split(' (')[0].split(',')[0]}"
            text = " ".join((title, *chance.sample(sentences, 4)))
        yield Passage(str(number), title, text, f"source {number // 200}")


def main(quick: bool = False) -> None:
    """Print the tables."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    indexed: list[Sequence[object]] = []
    searched: list[Sequence[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for count in _SIZES[:1] if quick else _SIZES:
            file = Path(folder) / f"{count}.db"
            for how, index in (("words and graph", _index), ("and vectors", _add_vectors)):
                indexed.append((f"{count:,}, {how}", *_alone(index, file, count)))
                searched.append((f"{count:,}, {how}", *_alone(_search, file, how == "and vectors")))
    table(f"To index (load {load})", ("passages", "CPU s per 1,000", "bytes each", "peak MB"), indexed)
    header = ("passages", "open and first, CPU ms", "p50, CPU ms", "p95", "p50, wall ms", "p95", "MB more")
    table("To search", header, searched)


def _alone(work: Any, *given: Any) -> Any:
    """What a function returns in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *given).result()


def _index(file: Path, count: int) -> Sequence[object]:
    passages = list(generated(_corpora(), count))
    started = time.process_time()
    with Graph.open(f"sqlite:///{file}") as graph:
        for start in range(0, count, 1_000):
            graph.add_passages(passages[start : start + 1_000])
        return _indexed(graph, started, count)


def _add_vectors(file: Path, count: int) -> Sequence[object]:
    started = time.process_time()
    with Graph.open(f"sqlite:///{file}", embedder=RandomVectors()) as graph:
        graph.refresh()
        return _indexed(graph, started, count)


def _indexed(graph: Graph, started: float, count: int) -> Sequence[object]:
    took = time.process_time() - started
    return 1000 * took / count, (graph.stats().size_bytes or 0) // count, round(_peak_mb())


def _search(file: Path, vectors: bool) -> Sequence[object]:
    questions = [question for corpus in _corpora() for question, _ in corpus.questions]
    embedder = RandomVectors() if vectors else None
    with Graph.open(f"sqlite:///{file.with_suffix('.empty')}") as empty:
        empty.search("Which modules does a search import?")
    before = _peak_mb()
    began = time.process_time()
    with Graph.open(f"sqlite:///{file}", embedder=embedder) as graph:
        graph.search(questions[0], k=5)
        first = 1000 * (time.process_time() - began)
        for question in questions[:_WARM_UP]:
            graph.search(question, k=5)
        cpu: list[float] = []
        wall: list[float] = []
        for question in questions:
            began_at = time.process_time(), time.perf_counter()
            graph.search(question, k=5)
            cpu.append(1000 * (time.process_time() - began_at[0]))
            wall.append(1000 * (time.perf_counter() - began_at[1]))
    more = round(_peak_mb() - before)
    return first, *_percentiles(cpu), *_percentiles(wall), more


def _percentiles(times_ms: Sequence[float]) -> tuple[float, float]:
    return statistics.median(times_ms), statistics.quantiles(times_ms, n=20)[-1]


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _corpora() -> list[Corpus]:
    return [read_corpus(DATA / "multihop" / f"{name}.json") for name in SETS]


if __name__ == "__main__":
    main()
