"""What was learned of quoting: how much each measure weighs (`tests/benchmarks/train_quotes.py` learns it)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Learned:
    """Weights by measure."""

    choice: Mapping[str, float]
    """Of a sentence beside the others that were found."""
    bearing: Mapping[str, float]
    """Of what was chosen; `bias` is added to what they sum up to."""


def weighed(measures: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The sum of the measures, each by its weight; what was never learned weighs nothing."""
    return sum(weights.get(name, 0.0) * value for name, value in measures.items())


@cache
def shipped() -> Learned:
    """What ships."""
    text = files("agent_plugin_graph.retrieve").joinpath("quoting_weights.json").read_text("utf-8")
    return Learned(**json.loads(text))
