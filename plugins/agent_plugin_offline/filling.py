"""Arguments chosen together: each span of the request is used once, and values follow the order of the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.joint import are_numbered, joint_features, span_of
from agent_plugin_offline.options import Option
from agent_plugin_offline.parameters import Parameter
from agent_plugin_offline.scoring import Scored, dot, likeliest, score_parameter

BEAM = 24
WEIGHED = 12
"""How many joint choices the learned weights choose among."""
OVERLAP_PENALTY = 7.0
"""Cost (in log-probability) of using a span twice."""
ORDER_BONUS = 0.7
"""For two neighbouring parameters of one type whose values stand in the same order."""
NUMBERED_BONUS = 2.5
"""The same for `side1` and `side2`, where the order is all that there is."""


@dataclass(frozen=True)
class Filling:
    """The chosen option of each parameter, and the summed log-probability."""

    chosen: tuple[Option | None, ...]
    score: float
    confidences: tuple[float, ...] = ()


def tables_of(
    evidence: Evidence, weights: dict[str, float], bound: Mapping[str, Any] | None = None
) -> list[list[Scored]]:
    """Per parameter its alternatives, best first; one that `bound` decides has only "leave it alone"."""
    return [
        [Scored(None, 0.0)] if bound and (p.parents or (p.name,))[0] in bound else score_parameter(evidence, i, weights)
        for i, p in enumerate(evidence.tool.parameters)
    ]


def best_filling(parameters: Sequence[Parameter], tables: Sequence[Sequence[Scored]]) -> Filling:
    """The best joint choice."""
    return to_filling(beam_of(parameters, tables)[0])


def weighed_filling(evidence: Evidence, tables: Sequence[Sequence[Scored]], weights: dict[str, float]) -> Filling:
    """The best joint choice by learned weights, among the best of the beam."""
    beam = beam_of(evidence.tool.parameters, tables)[:WEIGHED]
    return to_filling(max(beam, key=lambda chosen: dot(weights, joint_features(evidence, chosen))))


def to_filling(chosen: Sequence[Scored]) -> Filling:
    """A choice per parameter as a filling."""
    return Filling(tuple(s.option for s in chosen), sum(s.score for s in chosen), tuple(s.score for s in chosen))


def beam_of(parameters: Sequence[Parameter], tables: Sequence[Sequence[Scored]]) -> list[tuple[Scored, ...]]:
    """The best joint choices, best first: a beam search over the parameters in the order of the schema."""
    beam: list[tuple[float, tuple[Scored, ...]]] = [(0.0, ())]
    for index, table in enumerate(tables):
        grown = [
            (score + candidate.score - _conflict(parameters, chosen, candidate, index), (*chosen, candidate))
            for score, chosen in beam
            for candidate in likeliest(table)
        ]
        grown.sort(key=lambda entry: -entry[0])
        beam = grown[:BEAM]
    return [chosen for _, chosen in beam]


def _conflict(parameters: Sequence[Parameter], chosen: tuple[Scored, ...], new: Scored, index: int) -> float:
    span = span_of(new)
    if span is None:
        return 0.0
    cost = 0.0
    for other in chosen:
        taken = span_of(other)
        if taken is not None and span.overlaps(taken):
            cost += OVERLAP_PENALTY
    before = span_of(chosen[-1]) if chosen else None
    if before is not None and parameters[index].kind == parameters[index - 1].kind and before.end <= span.start:
        cost -= NUMBERED_BONUS if are_numbered(parameters[index - 1], parameters[index]) else ORDER_BONUS
    return cost
