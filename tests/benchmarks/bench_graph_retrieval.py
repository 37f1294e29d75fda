"""Retrieval for questions over several passages: recall@2 and recall@5 beside plain BM25.

Two public question sets (MuSiQue, HotpotQA), each with its passages titled and with the titles withheld, and a third
that is made of Python's own documentation. The weights of the ranking were chosen on plateaus of the first two; the
third, and others like it, only had to bear them. With `AGENT_CORE_EMBEDDER` (as `plugins.graph.embedder`) the same is
measured with vectors too.

The sets are read from `$AGENT_CORE_DATA/multihop` (default: ../shared/data beside the checkout).
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent_plugin_graph import Graph, Passage
from agent_plugin_graph.index.terms import terms
from tests.benchmarks.measure import table

DATA = Path(os.environ.get("AGENT_CORE_DATA") or Path(__file__).parents[3] / "shared" / "data")
SETS = ("musique", "hotpotqa")
EMBEDDER = os.environ.get("AGENT_CORE_EMBEDDER") or None


@dataclass(frozen=True)
class Corpus:
    """Passages, and questions with the places of the passages that answer them."""

    passages: Sequence[tuple[str, str]]
    """(title, text)."""
    questions: Sequence[tuple[str, set[int]]]


def read_corpus(path: Path) -> Corpus:
    """A question set as it is stored."""
    held = json.loads(path.read_text("utf-8"))
    return Corpus(
        [(passage["title"], passage["text"]) for passage in held["corpus"]],
        [(question["q"], set(question["gold"])) for question in held["queries"]],
    )


def filled(corpus: Corpus, file: Path, titled: bool, embedder: str | None = None) -> Graph:
    """A new graph of a corpus; passages are called by their places."""
    graph = Graph.open(f"sqlite:///{file}", embedder=embedder)
    graph.add_passages(
        [Passage(str(n), title if titled else "", text, "corpus") for n, (title, text) in enumerate(corpus.passages)]
    )
    return graph


def recall(graph: Graph, corpus: Corpus) -> tuple[float, float]:
    """Recall@2 and recall@5 in percent: the share of the passages of an answer that are found, averaged."""
    found = [[int(hit.passage_id) for hit in graph.search(question, k=5)] for question, _ in corpus.questions]
    return recall_of(found, corpus)


def bm25_recall(graph: Graph, corpus: Corpus) -> tuple[float, float]:
    """The same for the index's plain BM25, its title counted twice."""
    names = {number: int(passage.id) for number, passage in graph.store.all_passages()}
    found = [[names[n] for n, _ in graph.store.lexical(set(terms(q)), 5)] for q, _ in corpus.questions]
    return recall_of(found, corpus)


def recall_of(found: Sequence[Sequence[int]], corpus: Corpus) -> tuple[float, float]:
    def at(k: int) -> float:
        shares = [
            len(gold & set(hits[:k])) / len(gold) for hits, (_, gold) in zip(found, corpus.questions, strict=True)
        ]
        return 100 * statistics.mean(shares)

    return at(2), at(5)


def main(quick: bool = False) -> None:
    """Print the tables."""
    from tests.benchmarks.python_documentation import python_documentation

    corpora = {name: read_corpus(DATA / "multihop" / f"{name}.json") for name in SETS}
    rows: list[Sequence[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, corpus in {**corpora, "python's documentation": python_documentation()}.items():
            for titled in (True, False):
                file = Path(folder) / f"{len(rows)}.db"
                with filled(corpus, file, titled) as graph:
                    found = [bm25_recall(graph, corpus), recall(graph, corpus)]
                if EMBEDDER:
                    with filled(corpus, file.with_suffix(".vectors.db"), titled, EMBEDDER) as graph:
                        found.append(recall(graph, corpus))
                called = f"{name} ({len(corpus.questions)}), {'titled' if titled else 'titles withheld'}"
                rows.append((called, *(f"{two:.1f} / {five:.1f}" for two, five in found)))
        table("Recall@2 / recall@5, percent", ("questions", "BM25", "graph", *["and vectors"] * bool(EMBEDDER)), rows)


if __name__ == "__main__":
    main()
