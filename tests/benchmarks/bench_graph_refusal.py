"""Whether documents that hold the answer are quoted, and others are not: their own questions and foreign ones.

HotpotQA's questions are put to MuSiQue's passages and the other way round (foreign), and each to its own (answerable;
right means that a quote is from a passage of the answer). Two small corpora of five documents come with questions that
they answer and with questions on neighbouring matters on which they are silent.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from agent_plugin_graph import Graph
from agent_plugin_graph.answers import nearest
from agent_plugin_graph.retrieve import bearing
from tests.benchmarks.bench_graph_retrieval import DATA, SETS, filled, read_corpus
from tests.benchmarks.measure import table

SMALL = Path(__file__).parent / "data" / "small_corpora.yaml"


@dataclass(frozen=True)
class Asked:
    """A question that was put to a corpus."""

    kind: str
    answerable: bool
    quoted: bearing.Quoted
    """What would be shown for it."""
    right: bool
    """Whether the quotes hold what answers it."""

    @property
    def bears(self) -> float:
        """How probable it is, by our own reckoning, that the quotes answer it."""
        return bearing.bears(self.quoted)


def asked() -> list[Asked]:
    """Every question with what would be quoted for it."""
    found: list[Asked] = []
    with tempfile.TemporaryDirectory() as folder:
        corpora = {name: read_corpus(DATA / "multihop" / f"{name}.json") for name in SETS}
        graphs = {name: filled(corpus, Path(folder) / f"{name}.db", True) for name, corpus in corpora.items()}
        for name, graph in graphs.items():
            for other, corpus in corpora.items():
                for question, gold in corpus.questions:
                    quotes, shown = nearest(graph, question)
                    right = other == name and any(int(quote.hit.passage_id) in gold for quote in quotes)
                    found.append(Asked(name, other == name, shown, right))
            graph.close()
        for name, held in yaml.safe_load(SMALL.read_text("utf-8")).items():
            documents = Path(folder) / name
            documents.mkdir()
            for file, text in held["documents"].items():
                (documents / file).write_text(text)
            with Graph.open(f"sqlite:///{folder}/{name}.db") as graph:
                graph.add_files([documents])
                for question, answer in held["answerable"]:
                    quotes, shown = nearest(graph, question)
                    right = any(answer in " ".join(quote.text.split()) for quote in quotes)
                    found.append(Asked(name, True, shown, right))
                for question in held["unanswerable"]:
                    found.append(Asked(name, False, nearest(graph, question)[1], False))
    return found


def main(quick: bool = False) -> None:
    """Print, for thresholds around the shipped one, how many of each kind are quoted."""
    rows = asked()
    for kind in dict.fromkeys(row.kind for row in rows):
        own = [row for row in rows if row.kind == kind and row.answerable]
        foreign = [row for row in rows if row.kind == kind and not row.answerable]
        lines: list[Sequence[object]] = []
        for threshold in sorted({0.2, 0.3, 0.4, 0.5, 0.6, 0.7, bearing.ENOUGH}):
            quoted_own = [row for row in own if row.bears >= threshold]
            refused = sum(row.bears < threshold for row in foreign)
            name = f"{threshold:g}{' (shipped)' if threshold == bearing.ENOUGH else ''}"
            lines.append((name, len(quoted_own), sum(row.right for row in quoted_own), refused))
        table(f"{kind}: {len(own)} answerable, {len(foreign)} not", ("from", "quoted", "rightly", "refused"), lines)


if __name__ == "__main__":
    main()
