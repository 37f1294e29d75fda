"""Pairs of passages that answer a question together: the second is named in the first, and holds words it lacks.

"When did the country where Clonbrook lies join the union?" - the passage on Clonbrook names the country, and a passage
that mentions that country has the words that are still missing. So words are counted where they complete, not where
they repeat.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent_plugin_graph.retrieve.question import Question
from agent_plugin_graph.retrieve.walk import DEFINING_WEIGHT, Neighbourhood
from agent_plugin_graph.store.protocol import GraphStore

_FIRSTS = 10
_DEFINING = 2.0
"""How much better a passage completes that defines the joining entity than one that mentions it."""
_TRUST = 0.5
"""Power of the first passage's score: lower trusts its rank less."""


@dataclass(frozen=True)
class Chain:
    """A passage that completes another one."""

    first: int
    entity: int
    second: int
    score: float


def chains(question: Question, walked: Mapping[int, float], around: Neighbourhood, store: GraphStore) -> list[Chain]:
    """The best chain from each of the best passages to each that completes it.

    Args:
        question: What was asked.
        walked: Passages by score, 1 for the best.
        around: The graph around the question.
        store: Where the words of passages are looked up.
    """
    total = sum(question.weights.values())
    if not total:
        return []
    firsts = sorted(walked, key=lambda passage: (-walked[passage], passage))[:_FIRSTS]
    steps = {first: list(_steps(first, question, around)) for first in firsts}
    seconds = {second for found in steps.values() for _, second, _ in found}
    held = store.holding(seconds.union(firsts), list(question.weights), question.frequencies)
    best: dict[tuple[int, int], Chain] = {}
    for first, found in steps.items():
        missing = question.weights.keys() - held.get(first, frozenset())
        gains = {
            second: sum(question.weights[term] for term in held.get(second, frozenset()) & missing) / total
            for second in {second for _, second, _ in found}
        }
        for entity, second, strength in found:
            score = walked[first] ** _TRUST * gains[second] * strength
            if score > (best[first, second].score if (first, second) in best else 0.0):
                best[first, second] = Chain(first, entity, second, score)
    return list(best.values())


def completing(found: list[Chain]) -> tuple[Mapping[int, float], Mapping[int, float]]:
    """(passage to how well it completes another, passage to how well it is completed)."""
    gained: dict[int, float] = defaultdict(float)
    supported: dict[int, float] = defaultdict(float)
    for chain in found:
        gained[chain.second] = max(gained[chain.second], chain.score)
        supported[chain.first] = max(supported[chain.first], chain.score)
        supported[chain.second] = max(supported[chain.second], chain.score)
    return gained, supported


def _steps(first: int, question: Question, around: Neighbourhood) -> Iterator[tuple[int, int, float]]:
    """(entity, passage, strength) of every step from `first` over an entity that the question does not name."""
    for entity in around.of_passage.get(first, {}):
        if entity in question.entities:
            continue
        mentions = around.entities[entity].mentions
        rarity = math.log(1 + question.passages / mentions) / math.log(1 + question.passages)
        for second, weight in around.of_entity.get(entity, {}).items():
            if second != first:
                yield entity, second, rarity * (_DEFINING if weight == DEFINING_WEIGHT else 1.0)
