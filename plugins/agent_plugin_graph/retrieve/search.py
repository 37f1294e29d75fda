"""One ranking of passages from words, names, the walk and chains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent_plugin_graph.retrieve.chains import Chain, chains, completing
from agent_plugin_graph.retrieve.question import Question, read_question
from agent_plugin_graph.retrieve.walk import Neighbourhood, walk
from agent_plugin_graph.store.protocol import GraphStore

SEEDS = 20
"""Passages, found by words, at which the walk restarts."""
COMPLETES = 1.5
"""Weight of completing another passage, where the best of the walk counts 1."""
COMPLETED = 1.0
"""Weight of being part of such a chain."""


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
    around: Neighbourhood


def rank(text: str, store: GraphStore) -> Ranking:
    """Rank the passages around a question."""
    question = read_question(text, store)
    seeds = dict(store.lexical(list(question.weights), SEEDS, frequencies=question.frequencies))
    found, around = walk(question, seeds, store)
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
    return Ranking(question, ordered, walked, last, around)
