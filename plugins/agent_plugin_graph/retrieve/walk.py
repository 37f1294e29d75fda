"""Personalised PageRank over the passages and entities around a question.

The graph is bipartite: passages mention entities. Only the neighbourhood of the seeds is fetched, so that the cost of
a question does not grow with the graph.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from agent_plugin_graph.retrieve.question import Question, most_mentions
from agent_plugin_graph.store.protocol import Entity, GraphStore
from agent_plugin_graph.store.scope import EVERYWHERE, Scope

DEFINING_WEIGHT = 30.0
"""How much stronger an entity leads to a passage that defines it than to one that mentions it."""
WALK_PROBABILITY = 0.8
ENTITY_SHARE = 0.6
"""Share of the restart mass on the question's entities; the rest is on the seeds."""
ITERATIONS = 8
_SEED_POWER = 3
_LEAST = 5e-4
"""What is less than this share of all mass is not followed."""
_PER_ENTITY = 15
_WIDEST = 20
"""Passages whose entities are followed once more."""


@dataclass
class Neighbourhood:
    """The part of the graph around a question."""

    of_passage: dict[int, dict[int, float]]
    """Passage to its entities, with weights."""
    of_entity: dict[int, dict[int, float]]
    """Entity to its passages, with weights."""
    entities: dict[int, Entity]


def walk(
    question: Question, seeds: Mapping[int, float], store: GraphStore, scope: Scope = EVERYWHERE
) -> tuple[dict[int, float], Neighbourhood]:
    """Where a walk that restarts at the question's entities and seeds is found: passage to probability."""
    around = neighbourhood(question, seeds, store, scope)
    restart_passages, restart_entities = _restart(question, seeds, around)
    from_passages, from_entities = _shares(around.of_passage), _shares(around.of_entity)
    passages, entities = dict(restart_passages), dict(restart_entities)
    for _ in range(ITERATIONS):
        reached_entities = _spread(passages, from_passages)
        reached_passages = _spread(entities, from_entities)
        passages = _mixed(reached_passages, restart_passages)
        entities = _mixed(reached_entities, restart_entities)
    return passages, around


def neighbourhood(
    question: Question, seeds: Collection[int], store: GraphStore, scope: Scope = EVERYWHERE
) -> Neighbourhood:
    """Two steps from the seeds and from the question's entities, over passages of the scope alone."""
    common = most_mentions(question.passages)
    of_passage: dict[int, dict[int, float]] = {}
    of_entity: dict[int, dict[int, float]] = defaultdict(dict)
    entities: dict[int, Entity] = dict(question.entities)
    frontier, asked = set(seeds), list(question.entities.values())
    for _ in range(2):
        step = store.surroundings(frontier, asked, of_entity.keys(), common, _PER_ENTITY, scope)
        entities |= step.entities
        of_passage |= {passage: {} for passage in frontier}
        for number, passage, defining in step.mentioned:
            entity = entities[number]
            if entity.mentions <= common:
                of_passage[passage][number] = math.log(1 + question.passages / entity.mentions)
            if entity.mentions == 1:  # it leads back only to where it was found
                of_entity[number][passage] = DEFINING_WEIGHT if defining else 1.0
        for number, passage, defining in step.places:
            of_entity[number][passage] = DEFINING_WEIGHT if defining else 1.0
        frontier, asked = _next(of_entity, of_passage), []
    return Neighbourhood(of_passage, dict(of_entity), entities)


def _next(of_entity: Mapping[int, Mapping[int, float]], known: Mapping[int, object]) -> set[int]:
    weight: dict[int, float] = defaultdict(float)
    for passages in of_entity.values():
        total = sum(passages.values())
        for passage, value in passages.items():
            if passage not in known:
                weight[passage] += value / total
    return set(sorted(weight, key=lambda passage: -weight[passage])[:_WIDEST])


def _restart(
    question: Question, seeds: Mapping[int, float], around: Neighbourhood
) -> tuple[dict[int, float], dict[int, float]]:
    passages = _normalised({passage: score**_SEED_POWER for passage, score in seeds.items()})
    entities = _normalised({number: 1.0 for number in question.entities if number in around.of_entity})
    if not entities:
        return passages, {}
    if not passages:
        return {}, entities
    return (
        {passage: share * (1 - ENTITY_SHARE) for passage, share in passages.items()},
        {entity: share * ENTITY_SHARE for entity, share in entities.items()},
    )


def _normalised(values: Mapping[int, float]) -> dict[int, float]:
    total = sum(values.values())
    return {key: value / total for key, value in values.items()} if total else {}


def _shares(edges: Mapping[int, Mapping[int, float]]) -> dict[int, list[tuple[int, float]]]:
    """Edges with weights that add up to 1 for each start."""
    return {
        start: [(target, weight / total) for target, weight in targets.items()]
        for start, targets in edges.items()
        if (total := sum(targets.values()))
    }


def _spread(mass: Mapping[int, float], edges: Mapping[int, list[tuple[int, float]]]) -> dict[int, float]:
    reached: dict[int, float] = defaultdict(float)
    for start, amount in mass.items():
        if amount < _LEAST:
            continue
        for target, share in edges.get(start, ()):
            reached[target] += amount * share
    return reached


def _mixed(reached: Mapping[int, float], restart: Mapping[int, float]) -> dict[int, float]:
    mixed = {key: WALK_PROBABILITY * value for key, value in reached.items()}
    for key, value in restart.items():
        mixed[key] = mixed.get(key, 0.0) + (1 - WALK_PROBABILITY) * value
    return mixed
