"""Learn anew what quotes are chosen by: `python -m tests.benchmarks.train_quotes`, from the repository root.

Learns from the questions of tests/benchmarks/document_questions, and from the two public sets of graph_retrieval (in
`$AGENT_CORE_DATA`) when documents are silent; writes retrieve/quoting_weights.json. `graph_refusal`
prints what comes of it where each set of documents is asked with weights that were learned from the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from agent_plugin_graph.answers import gathered
from agent_plugin_graph.retrieve.bearing import measured
from agent_plugin_graph.retrieve.candidates import Asked, Candidate
from agent_plugin_graph.retrieve.learned import Learned
from agent_plugin_graph.retrieve.quoting import chosen_of, read
from tests.benchmarks.bench_graph_retrieval import DATA, SETS, filled, read_corpus
from tests.benchmarks.document_questions import Documents, Question, document_sets

WEIGHTS = Path(__file__).parents[2] / "plugins" / "agent_plugin_graph" / "retrieve" / "quoting_weights.json"
_DECAY_OF_CHOICE, _DECAY_OF_BEARING = 20.0, 30.0
"""Of the squared weights in the loss: chosen among three by what is right on sets that were left out."""
_STEPS_OF_CHOICE, _STEPS_OF_BEARING = 150, 400
_FOREIGN = 8
"""Questions from the other sets that each set is asked, beside its own: it is silent on them."""
_PUBLIC = 0.3
"""What a question of a public set counts, beside one of people to ordinary documents."""
_QUOTES = 3


@dataclass(frozen=True)
class Case:
    """A question with all the sentences that could answer it."""

    question: Question
    asked: Asked
    found: Sequence[Candidate]
    foreign: bool = False
    """Whether it was meant for another set."""
    public: bool = False
    """Of a public set: it teaches when documents are silent, and not what to quote of ordinary ones."""

    @property
    def answerable(self) -> bool:
        """Whether the documents that are asked answer it."""
        return bool(self.question.answers) and not self.foreign

    def right(self) -> list[bool]:
        """For each sentence whether it holds the answer; where none does, whether it and its neighbour do."""
        alone = [self.question.answered_by(one.text) for one in self.found]
        if any(alone) or not self.answerable:
            return alone
        together = [self._answered_with_next(place) for place in range(len(self.found))]
        return [one or before for one, before in zip(together, [False, *together], strict=False)]

    def _answered_with_next(self, place: int) -> bool:
        one = self.found[place]
        if one.place + 1 >= len(one.spans):
            return False
        return self.question.answered_by(one.hit.text[one.spans[one.place][0] : one.spans[one.place + 1][1]])


def cases(sets: Sequence[Documents]) -> dict[str, list[Case]]:
    """Every set's own questions, and some of those that the others answer."""
    found: dict[str, list[Case]] = {}
    for documents in sets:
        others = [q for other in sets if other is not documents for q in other.questions if q.answers]
        foreign = others[:: max(1, len(others) // _FOREIGN)]
        with documents.graph() as graph:
            found[documents.name] = [
                Case(question, *read(question.text, *gathered(graph, question.text)), foreign=question in foreign)
                for question in [*documents.questions, *foreign]
            ]
    return found


def public_cases() -> dict[str, list[Case]]:
    """MuSiQue's and HotpotQA's passages, each asked its own questions and the other's: much, and all of it by names."""
    found: dict[str, list[Case]] = {}
    with TemporaryDirectory() as folder:
        corpora = {name: read_corpus(DATA / "multihop" / f"{name}.json") for name in SETS}
        for name, corpus in corpora.items():
            graph = filled(corpus, Path(folder) / f"{name}.db", True)
            found[name] = [
                Case(
                    Question(other, text, ("",), tuple(map(str, sorted(gold)))),
                    *read(text, *gathered(graph, text)),
                    foreign=other != name,
                    public=True,
                )
                for other, asked in corpora.items()
                for text, gold in asked.questions
            ]
            graph.close()
    return found


def learn(from_cases: Sequence[Case]) -> Learned:
    """The weights: first of the choice, by how well it ranks; then of the bearing of what is chosen with them."""
    choice = _learn_choice(from_cases)
    partly = Learned(choice, {})
    rows: list[tuple[dict[str, float], bool, float]] = []
    for case in from_cases:
        ranked, chosen = chosen_of(case.asked, case.found, _QUOTES, partly)
        if chosen:
            rows.append((measured(case.asked, ranked, chosen), case.answerable, _PUBLIC if case.public else 1.0))
    return Learned(choice, _learn_bearing(rows))


def _learn_choice(from_cases: Sequence[Case]) -> dict[str, float]:
    names = sorted({name for case in from_cases if not case.public for one in case.found for name in one.measures})
    groups: list[tuple[Any, Any]] = []
    for case in from_cases:
        right = np.array(case.right() if case.answerable and not case.public else [False])
        if right.any() and not right.all():
            groups.append((np.array([[one.measures.get(name, 0.0) for name in names] for one in case.found]), right))
    scale = np.vstack([rows for rows, _ in groups]).std(0) + 1e-6
    scaled = [(rows / scale, right) for rows, right in groups]

    def slope(weights: Any) -> Any:
        total = _DECAY_OF_CHOICE * weights
        for rows, right in scaled:
            scores = rows @ weights
            share = np.exp(scores - scores.max())
            wanted = share * right
            total = total + rows.T @ (share / share.sum() - wanted / wanted.sum())
        return total

    weights = _descended(slope, len(names), _STEPS_OF_CHOICE) / scale
    return {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}


def _learn_bearing(measures: Sequence[tuple[dict[str, float], bool, float]]) -> dict[str, float]:
    names = sorted({name for one, _, _ in measures for name in one})
    rows = np.array([[one.get(name, 0.0) for name in names] for one, _, _ in measures])
    right = np.array([float(answered) for _, answered, _ in measures])
    counts = np.array([count for _, _, count in measures])
    middle, scale = rows.mean(0), rows.std(0) + 1e-6
    scaled = np.hstack([(rows - middle) / scale, np.ones((len(rows), 1))])
    decay = np.append(np.full(len(names), _DECAY_OF_BEARING), 0.0)

    def slope(weights: Any) -> Any:
        return scaled.T @ (counts * (1 / (1 + np.exp(-(scaled @ weights))) - right)) + decay * weights

    found = _descended(slope, len(names) + 1, _STEPS_OF_BEARING)
    weights = found[:-1] / scale
    learned = {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}
    return {**learned, "bias": round(float(found[-1] - (weights * middle).sum()), 4)}


def _descended(slope: Callable[[Any], Any], size: int, steps: int) -> Any:
    """Where steps against the slope lead (Adam), from zeros: the same data give the same weights."""
    weights, mean, square = np.zeros(size), np.zeros(size), np.zeros(size)
    for step in range(1, steps + 1):
        here = slope(weights)
        mean, square = 0.9 * mean + 0.1 * here, 0.99 * square + 0.01 * here * here
        weights = weights - 0.05 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return weights


def main() -> None:
    """Learn from all sets, and write the weights."""
    every = {**cases(document_sets()), **public_cases()}
    learned = learn([case for found in every.values() for case in found])
    written = {"choice": learned.choice, "bearing": learned.bearing}
    WEIGHTS.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")
    print(f"{WEIGHTS}: {len(learned.choice)} and {len(learned.bearing)} weights")


if __name__ == "__main__":
    main()
