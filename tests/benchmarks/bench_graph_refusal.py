"""Whether documents that hold the answer are quoted, and what is said where they do not.

Sets of ordinary documents (tests/benchmarks/document_questions) are asked what one of them answers, what two answer
together, and what none does, though all are on neighbouring matters. Each set is asked with weights that were learned
from the other sets alone; thresholds and measures are the same for all. Beside that, how well search finds the document
and the passage; and HotpotQA's questions put to MuSiQue's passages and the other way round, and each to its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from agent_plugin_graph.retrieve.bearing import outcome
from agent_plugin_graph.retrieve.quoting import choose
from tests.benchmarks.bench_graph_retrieval import SETS
from tests.benchmarks.document_questions import Documents, document_sets, sets_in
from tests.benchmarks.measure import table
from tests.benchmarks.train_quotes import Case, cases, learn, public_cases

_QUOTES = 3
_ALL = "all but the small"
_SAID = [f"{said}: {right}" for said in ("answered", "nearest", "nothing") for right in ("right", "not")]
_HEADERS = ("set", "asks", "of", "right", "1st right", *_SAID)
_RECALL = ("set", "of", *(f"{what}@{k}" for what in ("document", "passage") for k in (1, 2, 5)))


def judged(found: Mapping[str, Sequence[Case]], by_others: bool = True) -> dict[str, list[tuple[Case, float, int]]]:
    """Each case with how probable an answer is, and the place of the first quote that is right, from 1; 0 for none.

    With weights learned from the other sets, or else with those that are shipped.
    """
    told: dict[str, list[tuple[Case, float, int]]] = {}
    for name, asked in found.items():
        learned = (
            learn([case for other, held in found.items() if other != name for case in held]) if by_others else None
        )
        told[name] = []
        for case in asked:
            probability, chosen = choose(case.asked, case.found, _QUOTES, learned)
            right = [n for n, quote in enumerate(chosen, 1) if case.question.answered_by(quote.text)]
            told[name].append((case, probability, min(right, default=0) if case.answerable else 0))
    return told


def _answers(name: str, told: Sequence[tuple[Case, float, int]]) -> Iterable[Sequence[object]]:
    """A row for each kind of question of a set."""
    for kind, hops in (("one document", 1), ("two documents", 2), ("silent", 0), ("foreign", -1)):
        of_kind = [
            (outcome(probability), first)
            for case, probability, first in told
            if (-1 if case.foreign else case.question.hops) == hops
        ]
        if not of_kind:
            continue
        count = Counter((said, bool(first)) for said, first in of_kind)
        yield (
            name,
            kind,
            len(of_kind),
            sum(first > 0 for _, first in of_kind),
            sum(first == 1 for _, first in of_kind),
            *(count[said, right] for said in ("answered", "nearest", "nothing") for right in (True, False)),
        )


def _recall(sets: Sequence[Documents]) -> Iterable[Sequence[object]]:
    """How far search finds what answers questions of one document: the document, and the passage."""
    for documents in sets:
        asked = [question for question in documents.questions if question.hops == 1 and question.sources]
        if not asked:
            continue
        with documents.graph() as graph:
            found = [(question, graph.search(question.text, 5)) for question in asked]
        by_document = [
            sum(any(Path(hit.source).name in q.sources for hit in hits[:k]) for q, hits in found) for k in (1, 2, 5)
        ]
        by_passage = [sum(any(q.answered_by(hit.text) for hit in hits[:k]) for q, hits in found) for k in (1, 2, 5)]
        yield documents.name, len(asked), *by_document, *by_passage


def _public(told: Mapping[str, Sequence[tuple[Case, float, int]]]) -> Iterable[Sequence[object]]:
    """MuSiQue and HotpotQA, asked their own questions and each other's."""
    for name in SETS:
        for other in SETS:
            asked = [probability for case, probability, _ in told[name] if case.question.corpus == other]
            count = Counter(map(outcome, asked))
            yield name, other, sum(count.values()), *(count[said] for said in ("answered", "nearest", "nothing"))


def main(quick: bool = False, files: Sequence[Path] = ()) -> None:
    """Print what is quoted, and what is said of it; `quick` changes nothing. Sets in files meet the shipped weights."""
    if files:
        of_files = [one for file in files for one in sets_in(file)]
        shipped = judged(cases(of_files), by_others=False)
        together = [one for rows in shipped.values() for one in rows]
        rows = [row for name, held in [*shipped.items(), ("all", together)] for row in _answers(name, held)]
        table("Quotes, with the shipped weights", _HEADERS, rows)
        table("Search, questions of one document", _RECALL, list(_recall(of_files)))
        return
    sets = document_sets()
    told = judged({**cases(sets), **public_cases()})
    own = {name: rows for name, rows in told.items() if name not in SETS}
    large = [one for name, rows in own.items() if not name.startswith("small") for one in rows]
    rows = [row for name, held in [*own.items(), (_ALL, large)] for row in _answers(name, held)]
    table("Quotes, each set with weights of the others", _HEADERS, rows)
    table("Search, questions of one document", _RECALL, list(_recall(sets)))
    headers = ("passages", "questions", "of", "answered", "nearest", "nothing")
    table("Public sets, each with weights of all others", headers, list(_public(told)))


if __name__ == "__main__":
    main()
