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
from agent_plugin_offline.filling import Filling, fill
from agent_plugin_offline.retrieval import NO_TOOL, filling_features, wording_features
from agent_plugin_offline.scoring import dot
from agent_plugin_offline.tools import ToolView

SHORTLIST = 6
"""For how many tools arguments are tried; the others fall out by their words alone."""
Weights = Mapping[str, dict[str, float]]


@dataclass(frozen=True)
class Attempt:
    """A tool with the arguments that fit it best."""

    evidence: Evidence
    filling: Filling
    features: Features


def attempt(request: Request, tool: ToolView, weights: Weights, bound: Mapping[str, Any] | None = None) -> Attempt:
    """Fill one tool's parameters and see how well it went."""
    evidence = Evidence(request, tool)
    filling = fill(evidence, weights["fill"], bound)
    features = wording_features(request, tool) | filling_features(request, evidence, filling)
    return Attempt(evidence, filling, features)


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
    scores = [dot(weights["tool"], a.features) for a in attempts]
    none = dot(weights["tool"], NO_TOOL)
    best = max(range(len(scores)), key=scores.__getitem__)
    probability = 1 / (1 + math.exp(max(-50.0, min(50.0, none - scores[best]))))
    return (attempts[best], probability) if probability > 0.5 else None


def to_proposal(found: Attempt, score: float, bound: Mapping[str, Any] | None = None) -> Proposal:
    """The call as nested JSON arguments."""
    args: dict[str, Any] = {}
    spans: dict[str, tuple[int, int]] = {}
    missing: list[str] = []
    for parameter, option in zip(found.evidence.tool.parameters, found.filling.chosen, strict=True):
        if bound and (parameter.parents or (parameter.name,))[0] in bound:
            continue
        if option is None:
            missing.extend([parameter.path] if parameter.required else [])
            continue
        place = args
        for name in parameter.parents:
            place = place.setdefault(name, {})
        place[parameter.name] = option.value
        if option.span is not None:
            spans[parameter.path] = (option.span.start, option.span.end)
    return Proposal(found.evidence.tool.spec.name, args, score, tuple(missing), spans)
