"""What a person can answer, from any process: approve, deny, reply. Answers become grants; nothing runs here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent_core.errors import UsageError
from agent_core.gate.approvals import Approvals, Item, Pending
from agent_core.gate.call import Call, Secrets
from agent_core.gate.gate import Gate
from agent_core.gate.policy import Policy, Rule, Scope, Surroundings, standing_rule
from agent_core.journal.store import Journal
from agent_core.json_values import as_json
from agent_core.tools.tool import Tool


class Decisions:
    """Answers to what waits."""

    def __init__(
        self,
        journal: Journal,
        gate: Gate,
        approvals: Approvals,
        policy: Policy,
        tools: Mapping[str, Tool],
        secrets: Secrets,
    ) -> None:
        self._journal = journal
        self._secrets = secrets
        self._gate = gate
        self._approvals = approvals
        self._policy = policy
        self._tools = tools

    async def approve(
        self,
        pending_id: str,
        where: Surroundings,
        *,
        arguments: Mapping[str, Any] | None = None,
        scope: Scope = "once",
        rule: Rule | None = None,
    ) -> None:
        """Say yes: to a call as it was shown, or with other arguments; to a plan; to going on beyond a limit.

        Args:
            pending_id: What is answered.
            where: The surroundings of the run: what the scope of a stored rule is tied to.
            arguments: Values that replace those that were asked about.
            scope: Beyond "once" a rule is stored, `rule` or else the one that the question showed.
            rule: An edited rule to store instead.

        Raises:
            UsageError: there is no such question, it was answered, or it takes another kind of answer.
            ToolArgumentError: the new arguments are not valid.
        """
        pending = self._approvals.get(pending_id)
        if pending.kind == "question":
            raise UsageError(f"{pending_id!r} is a question: answer it with `approvals answer {pending_id} TEXT`.")
        if pending.external:
            raise UsageError(f"{pending_id!r} is carried out by the application: reply with its result.")
        if pending.kind != "call" or pending.unknown:
            self._approvals.close(pending_id, {"approved": True})
            return
        tool = self._tool(pending)
        granted = [await self._edited(pending, item, tool, where, arguments) for item in pending.items]
        with self._journal.transaction():
            self._approvals.close(pending_id, {"approved": True})
            for asked, edited in zip(pending.items, granted, strict=True):
                self._approvals.grant_edited(asked, edited, "approved", by=where.user)
            if scope != "once":
                for item in granted:
                    self._policy.add(rule or standing_rule(tool, item.args, scope, where))

    def deny(self, pending_id: str, reason: str, where: Surroundings) -> None:
        """Say no, and why: the reason goes back to the planner. A refusal never stores a rule."""
        pending = self._approvals.get(pending_id)
        reason = self._secrets.tokenise(reason, where.conversation_id)
        if pending.kind == "question":
            self.reply(pending_id, f"(no answer: {reason})", where)
            return
        with self._journal.transaction():
            self._approvals.close(pending_id, {"approved": False, "reason": reason})
            if pending.unknown:
                return
            for item in pending.items:
                if pending.external:
                    self._gate.refuse_external(item, reason)
                else:
                    self._approvals.grant(item, "denied", reason, by=where.user)

    def reply(self, pending_id: str, value: Any, where: Surroundings) -> None:
        """Answer a question, hand in the result of an external call, or say what an interrupted call did."""
        pending = self._approvals.get(pending_id)
        try:
            value = self._secrets.tokenise(as_json(value), where.conversation_id)
        except ValueError as error:
            raise UsageError(f"The answer to {pending_id!r} cannot be kept: {error}.") from None
        with self._journal.transaction():
            if pending.kind == "question":
                self._approvals.close(pending_id, str(value))
            elif pending.unknown:
                self._approvals.close(pending_id, {"result": value})
            elif pending.external:
                self._approvals.close(pending_id, {"result": value})
                for item in pending.items:
                    self._gate.fulfil(item, self._tool(pending), value, where.conversation_id)
            else:
                raise UsageError(f"{pending_id!r} asks for a yes or a no: approve or deny it.")

    def _tool(self, pending: Pending) -> Tool:
        if pending.tool is None or pending.tool not in self._tools:
            raise UsageError(f"The tool {pending.tool!r} is not loaded here; load its plugin to answer {pending.id!r}.")
        return self._tools[pending.tool]

    async def _edited(
        self, pending: Pending, item: Item, tool: Tool, where: Surroundings, arguments: Mapping[str, Any] | None
    ) -> Item:
        if not arguments:
            return item
        run_id, step_id, turn, call_id = _split(item.call_key)
        call = Call(run_id, step_id, int(turn), call_id, where, frozenset(pending.labels), pending.agent)
        return await self._gate.item(call, tool, {**item.args, **arguments})


def _split(key: str) -> tuple[str, str, str, str]:
    run_id, rest = key.split("/", 1)
    step_id, turn, call_id = rest.rsplit("/", 2)
    return run_id, step_id, turn, call_id
