"""One ranking of passages from words, names, the walk and chains."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent_plugin_graph.retrieve.chains import Chain, chains, completing
from agent_plugin_graph.retrieve.question import Question, read_question
from agent_plugin_graph.retrieve.walk import Neighbourhood, walk
from agent_plugin_graph.store.protocol import GraphStore
from agent_plugin_graph.store.scope import EVERYWHERE, Scope

SEEDS = 30
"""Passages, found by words or by meaning, at which the walk restarts."""
COMPLETES = 1.5
"""Weight of completing another passage, where the best of the walk counts 1."""
COMPLETED = 1.0
"""Weight of being part of such a chain."""
MEANING = 0.5
"""Share of the vectors in what a seed counts, where there are vectors; the rest is the words'."""
_LONGEST_PATH = 3
_NEAR = 100
"""Passages that are looked at by meaning: one that words found may be among them."""


@dataclass(frozen=True)
class Ranking:
    """What a question found, before it is shown."""

    question: Question
    scores: Mapping[int, float]
    """Passage to score, the best first."""
    walked: Mapping[int, float]
    """Passage to the walk's score, 1 for the best."""
    chains: Mapping[int, Chain]
    """Passage to the chain in which it best completes another."""
    near: Mapping[int, float]
    """Passages that vectors found, by how near they are: 1 for the nearest."""
    around: Neighbourhood

    def steps(self, passage: int) -> list[Chain]:
        """The chains that lead to a passage from one that the question leads to, in order."""
        found: list[Chain] = []
        while passage in self.chains and not self.asked_of(passage) and len(found) < _LONGEST_PATH:
            chain = self.chains[passage]
            if any(chain.first in (step.first, step.second) for step in found):
                break
            found.insert(0, chain)
            passage = chain.first
        return found

    def asked_of(self, passage: int) -> list[int]:
        """The entities that the question names and the passage mentions."""
        return [entity for entity in self.question.entities if passage in self.around.of_entity.get(entity, {})]

    def before(self, passages: Iterable[int]) -> set[int]:
        """The passages on the ways to these."""
        return {step.first for passage in passages for step in self.steps(passage)}


def rank(text: str, store: GraphStore, vector: Sequence[float] | None = None, scope: Scope = EVERYWHERE) -> Ranking:
    """Rank the passages around a question.

    Args:
        text: The question.
        store: Where its words, its names and what they lead to are looked up.
        vector: The question's, of the model that made the store's.
        scope: Only passages in it are found, or lead to others.
    """
    question = read_question(text, store)
    by_meaning = _relative(dict(store.similar(vector, _NEAR, scope))) if vector is not None else {}
    seeds = _seeds(question, store, by_meaning, scope)
    found, around = walk(question, seeds, store, scope)
    highest = max(found.values(), default=0.0) or 1.0
    walked = {passage: probability / highest for passage, probability in found.items()}
    joined = chains(question, walked, around, store)
    gained, supported = completing(joined)
    scores = {
        passage: walked.get(passage, 0.0)
        + COMPLETES * gained.get(passage, 0.0)
        + COMPLETED * supported.get(passage, 0.0)
        for passage in walked.keys() | gained.keys()
    }
    ordered = dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))
    last = {chain.second: chain for chain in sorted(joined, key=lambda chain: chain.score)}
    return Ranking(question, ordered, walked, last, by_meaning, around)


def _seeds(question: Question, store: GraphStore, by_meaning: Mapping[int, float], scope: Scope) -> dict[int, float]:
    """The passages that words and vectors find; the best by both counts 1."""
    by_words = _relative(dict(store.lexical(list(question.weights), SEEDS, scope, question.frequencies)))
    if not by_meaning:
        return by_words
    scores = {
        passage: (1 - MEANING) * by_words.get(passage, 0.0) + MEANING * by_meaning.get(passage, 0.0)
        for passage in by_words.keys() | by_meaning.keys()
    }
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:SEEDS])


def _relative(scores: Mapping[int, float]) -> dict[int, float]:
    """Scores as shares of the best; what is not above 0 is left out."""
    highest = max(scores.values(), default=0.0)
    return {passage: score / highest for passage, score in scores.items() if score > 0}
