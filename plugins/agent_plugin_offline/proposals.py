"""The engine's interface: which tool a request means, and with which arguments - by rules, without a language model.

Every value is taken from the request (up to normalisation: number words, ISO dates, a listed choice); what the
request does not carry is reported as `missing`, never made up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from agent_plugin_offline.calls import Proposal, ToolSpec
from agent_plugin_offline.candidates import read_request
from agent_plugin_offline.choosing import Weights, choose, shortlist, to_proposal
from agent_plugin_offline.parallel import hypotheses
from agent_plugin_offline.scoring import default_weights, dot
from agent_plugin_offline.tools import view_tools

__all__ = ["Proposal", "ToolSpec", "propose", "propose_one", "rank"]


def rank(request: str, tools: Sequence[ToolSpec], weights: Weights | None = None) -> list[tuple[ToolSpec, float]]:
    """All tools, best first, each with how well its words fit the request (0 to 1)."""
    listed = shortlist(read_request(request), view_tools(tools), weights or default_weights())
    by_name = {tool.name: tool for tool in tools}
    return [(by_name[view.spec.name], 1 / (1 + math.exp(-score))) for view, score in listed]


def propose_one(
    request: str,
    tools: Sequence[ToolSpec],
    bound: Mapping[str, Any] | None = None,
    weights: Weights | None = None,
) -> Proposal | None:
    """The best single call, or None when no tool fits.

    Args:
        request: What the user wrote, or one clause of it.
        tools: The tools to choose from.
        bound: Values that are decided already (references to earlier results), by parameter: left alone.
        weights: Other weights than those that ship with the plugin.
    """
    found = choose(read_request(request), view_tools(tools), weights or default_weights(), bound)
    if found is None:
        return None
    attempt, score = found
    return to_proposal(attempt, score, bound)


def propose(request: str, tools: Sequence[ToolSpec], weights: Weights | None = None) -> list[Proposal]:
    """All calls that the request asks for, independent of each other; none when no tool fits."""
    used = weights or default_weights()
    found = choose(read_request(request), view_tools(tools), used)
    if found is None:
        return []
    attempt, score = found
    readings = hypotheses(attempt)
    best = max(readings, key=lambda reading: dot(used["parallel"], reading.features))
    return [to_proposal(attempt, score, filling=filling) for filling in best.fillings]
