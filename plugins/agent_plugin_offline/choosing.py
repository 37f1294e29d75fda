"""One call for a request: the tool, its arguments, or the decision that no tool fits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent_plugin_offline.calls import Proposal
from agent_plugin_offline.candidates import Request
from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.features import Features
from agent_plugin_offline.filling import Filling, best_filling, tables_of, weighed_filling
from agent_plugin_offline.retrieval import NO_TOOL, filling_features, wording_features
from agent_plugin_offline.scoring import Scored, dot
from agent_plugin_offline.tools import ToolView

SHORTLIST = 6
"""For how many tools arguments are tried; the others fall out by their words alone."""
THRESHOLD = 0.5
"""Below this probability that a tool fits, none is proposed."""
THRESHOLD_INCOMPLETE = 0.97
"""The same for a call that lacks an argument: it only leads to a question."""
Weights = Mapping[str, dict[str, float]]


@dataclass(frozen=True)
class Attempt:
    """A tool with the arguments that fit it best."""

    evidence: Evidence
    tables: list[list[Scored]]
    filling: Filling
    features: Features


def attempt(request: Request, tool: ToolView, weights: Weights, bound: Mapping[str, Any] | None = None) -> Attempt:
    """Fill one tool's parameters and see how well it went."""
    evidence = Evidence(request, tool)
    tables = tables_of(evidence, weights["fill"], bound)
    likeliest = best_filling(evidence.tool.parameters, tables)  # how well each argument went by itself
    features = wording_features(request, tool) | filling_features(request, evidence, likeliest)
    filling = weighed_filling(evidence, tables, weights["joint"])
    return Attempt(evidence, tables, filling, features)


def shortlist(request: Request, tools: Sequence[ToolView], weights: Weights) -> list[tuple[ToolView, float]]:
    """All tools by wording alone, best first."""
    scored = [(tool, dot(weights["wording"], wording_features(request, tool))) for tool in tools]
    return sorted(scored, key=lambda entry: -entry[1])


def choose(
    request: Request, tools: Sequence[ToolView], weights: Weights, bound: Mapping[str, Any] | None = None
) -> tuple[Attempt, float] | None:
    """The best tool with the probability that it is the right one; None when "no tool" is more likely."""
    listed = shortlist(request, tools, weights)[:SHORTLIST]
    attempts = [attempt(request, tool, weights, bound) for tool, _ in listed]
    if not attempts:
        return None
    best = max(attempts, key=lambda a: dot(weights["tool"], a.features))
    margin = dot(weights["fits"], best.features) - dot(weights["fits"], NO_TOOL)
    probability = 1 / (1 + math.exp(-max(-50.0, min(50.0, margin))))
    incomplete = any(
        p.required and o is None and not (bound and (p.parents or (p.name,))[0] in bound)
        for p, o in zip(best.evidence.tool.parameters, best.filling.chosen, strict=True)
    )
    return (best, probability) if probability > (THRESHOLD_INCOMPLETE if incomplete else THRESHOLD) else None


def to_args(tool: ToolView, filling: Filling) -> dict[str, Any]:
    """The chosen values as nested JSON arguments."""
    args: dict[str, Any] = {}
    for parameter, option in zip(tool.parameters, filling.chosen, strict=True):
        if option is not None:
            place = args
            for name in parameter.parents:
                place = place.setdefault(name, {})
            place[parameter.name] = option.value
    return args


def to_proposal(
    found: Attempt, score: float, bound: Mapping[str, Any] | None = None, filling: Filling | None = None
) -> Proposal:
    """The call with its best filling, or with another one of the same tool."""
    tool, filling = found.evidence.tool, filling or found.filling
    pairs = list(zip(tool.parameters, filling.chosen, strict=True))
    missing = tuple(
        p.path for p, o in pairs if o is None and p.required and not (bound and (p.parents or (p.name,))[0] in bound)
    )
    spans = {p.path: (o.span.start, o.span.end) for p, o in pairs if o is not None and o.span is not None}
    return Proposal(tool.spec.name, to_args(tool, filling), score, missing, spans)
