"""What the gate knows of a call before it runs: its arguments, what the policy says, what a yes would be bound to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent_core.errors import ToolArgumentError, UsageError
from agent_core.gate import labels as flow
from agent_core.gate.addresses import addresses
from agent_core.gate.approvals import Approvals, Grant
from agent_core.gate.binding import canonical, digest, in_order, preview_hash
from agent_core.gate.call import Call, CheckedCall, Execution, Secrets
from agent_core.gate.labels import Labels
from agent_core.gate.pending import Item
from agent_core.gate.policy import Decision, Policy
from agent_core.journal.calls import Calls
from agent_core.tools.tool import Preview, Tool


class Checks:
    """Nothing here is stored and nothing runs, but for a tool's preview."""

    def __init__(
        self, calls: Calls, policy: Policy, approvals: Approvals, secrets: Secrets, execution: Execution
    ) -> None:
        self._calls = calls
        self._policy = policy
        self._approvals = approvals
        self._secrets = secrets
        self._execution = execution

    def check(self, call: Call, tool: Tool, args: Mapping[str, Any]) -> CheckedCall:
        """The call with the arguments that would run, validated, tokenised and hashed.

        Raises:
            ToolArgumentError: they are not what the tool takes.
        """
        try:
            revealed = self._secrets.reveal(dict(args), {call.scope})
            validated = tool.arguments.validate(revealed, self._execution.settings_of(tool))
            validated = self._secrets.tokenise(validated, call.scope)
            args_hash = digest(tool.name, canonical(validated), self._secrets.fingerprint(validated))
            validated = in_order(validated, tool.parameters.get("properties", ()))
        except ValueError:
            raise ToolArgumentError(f"{tool.name}: NaN and infinities are not arguments; give a number") from None
        except (UsageError, RecursionError):
            raise ToolArgumentError(f"{tool.name}: the arguments are nested too deeply") from None
        return CheckedCall(call, tool, validated, args_hash)

    def decide(self, checked: CheckedCall) -> Decision:
        """What the policy says of it, and what this run and conversation add to that."""
        call, tool = checked.call, checked.tool
        decision = self._policy.decide(tool, checked.args, self.labels(checked), call.where, call.run_rules)
        if reason := self._calls.was_denied(call.run_id, tool.name, checked.args_hash):
            return Decision("deny", f"it was refused before: {reason}", version=decision.version)
        if decision.effect == "allow" and (address := self._unnamed_address(checked)):
            why = f"content that somebody else wrote was read, and nobody named the address {address}"
            return Decision("ask", why, version=decision.version)
        return decision

    def labels(self, checked: CheckedCall) -> Labels:
        """What has been seen, and what the arguments themselves are."""
        labels = checked.call.labels
        return labels | {flow.SECRET} if self._secrets.fingerprint(checked.args) else labels

    def _unnamed_address(self, checked: CheckedCall) -> str | None:
        """Where a read goes that follows from somebody else's text, if that address was put together by the model."""
        call, tool = checked.call, checked.tool
        if not tool.traits.open_world or flow.UNTRUSTED not in call.labels:
            return None
        named = self._calls.was_named
        return next((a for a in addresses(checked.args) if not named(call.where.conversation_id, a)), None)

    def grant(self, checked: CheckedCall, decision: Decision) -> Grant | None:
        """The answer of a person that holds for exactly this call, tool and policy; None where there is none."""
        tool = checked.tool
        return self._approvals.find(checked.call.key, tool.name, tool.schema_hash, checked.args_hash, decision.version)

    async def item(self, checked: CheckedCall, decision: Decision) -> Item:
        """The call as a person sees it, and all that a yes to it would be bound to.

        Raises:
            ToolError: it could not be done at all.
        """
        # Computed from what would run, and kept without its secrets, those of a file that it shows included.
        args = self._secrets.reveal(checked.args, {checked.call.scope})
        preview = await self._execution.preview(checked.call, checked.tool, args)
        text = self._secrets.tokenise(preview.text, checked.call.scope)
        return bound(checked, replace(preview, text=text), decision)

    async def edited_item(self, call: Call, tool: Tool, args: Mapping[str, Any]) -> Item:
        """What a grant for this call would be bound to, when a person gives it other arguments.

        Raises:
            ToolError: it could not be done so.
            UsageError: a rule forbids it.
        """
        checked = self.check(call, tool, args)
        decision = self.decide(checked)
        if decision.effect == "deny":
            raise UsageError(f"{tool.name} cannot run so: {decision.why}.")
        return await self.item(checked, decision)


def bound(checked: CheckedCall, preview: Preview, decision: Decision) -> Item:
    """A call with its preview, as it is asked about."""
    return Item(
        call_key=checked.call.key,
        tool=checked.tool.name,
        args=checked.args,
        args_hash=checked.args_hash,
        preview=preview.text,
        preview_kind=preview.kind,
        preview_hash=preview_hash(preview),
        schema_hash=checked.tool.schema_hash,
        policy_version=decision.version,
    )
