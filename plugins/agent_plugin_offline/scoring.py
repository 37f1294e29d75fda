"""The learned part: how likely each value of a parameter is, from weights over features (`weights.json`)."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.features import Features, features_of
from agent_plugin_offline.options import Option, options_for

KEEP = 12
"""How many values of a parameter are considered when arguments are chosen together."""


@dataclass(frozen=True)
class Scored:
    """An option (None: leave the parameter out) and the logarithm of its probability."""

    option: Option | None
    score: float


@lru_cache(maxsize=1)
def default_weights() -> dict[str, Any]:
    """Weights by group: "fill" for values, "tool" for the choice of a tool."""
    return json.loads(files("agent_plugin_offline").joinpath("weights.json").read_text("utf-8"))


def dot(weights: dict[str, float], features: Features) -> float:
    """The score of some features; those without a weight count nothing.

    The sum is exact, so that it does not depend on the order in which a process happens to go through its sets.
    """
    return math.fsum(weights.get(name, 0.0) * value for name, value in features.items())


def alternatives(evidence: Evidence, index: int) -> list[Option | None]:
    """All that may be done about a parameter: each value that the request offers, or nothing."""
    return [*options_for(evidence.tool.parameters[index], evidence.request), None]


def score_parameter(evidence: Evidence, index: int, weights: dict[str, float]) -> list[Scored]:
    """All alternatives, best first; scores are log-probabilities over all of them."""
    choices = alternatives(evidence, index)
    raw = [dot(weights, features_of(evidence, index, option)) for option in choices]
    top = max(raw)
    total = top + math.log(sum(math.exp(r - top) for r in raw))
    scored = [Scored(option, r - total) for option, r in zip(choices, raw, strict=True)]
    return sorted(scored, key=lambda s: -s.score)


def likeliest(table: Sequence[Scored]) -> list[Scored]:
    """The first `KEEP` alternatives of a table, and always that of leaving the parameter out."""
    kept = list(table[:KEEP])
    return kept if any(s.option is None for s in kept) else kept + [s for s in table if s.option is None][:1]
