"""What a change of a server's tool takes back: every allowance that speaks of it."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from agent_core.gate.policy import Policy, Rule
from agent_core.mcp.definitions import full_name
from agent_core.mcp.pins import Change


def revoke_allowances(policy: Policy, server: str, changes: Sequence[Change] | None = None) -> list[Rule]:
    """End the standing rules that allow a tool that has changed, wildcards included; returns those that it ended.

    Without `changes`, those that name a tool of the server, which is gone.
    """
    if changes is None:
        concerned = [rule for rule in policy.rules() if rule.tool.startswith(f"{server}__")]
    else:
        names = [full_name(server, change.tool) for change in changes]
        concerned = [rule for rule in policy.rules() if any(fnmatchcase(name, rule.tool) for name in names)]
    ended = [rule for rule in concerned if rule.effect == "allow"]
    for rule in ended:
        policy.revoke(rule.id)
    return ended
