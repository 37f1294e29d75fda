"""What a person can answer, from any process: approve, deny, reply. Answers become grants; nothing runs here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from agent_core.errors import UsageError
from agent_core.gate.approvals import Approvals
from agent_core.gate.call import Call, Secrets
from agent_core.gate.gate import Gate
from agent_core.gate.pending import Item, Pending
from agent_core.gate.policy import Policy, Rule, Scope, Surroundings, for_scope, standing_rules
from agent_core.gate.rule_text import parse_pattern
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
        rule: str | None = None,
        items: Collection[int] | None = None,
    ) -> None:
        """Say yes: to a call as it was shown, or with other arguments; to a plan; to going on beyond a limit.

        Args:
            pending_id: What is answered.
            where: The surroundings of the run: what the scope of a stored rule is tied to.
            arguments: Values that replace those that were asked about.
            scope: Beyond "once" rules are stored: `rule`, or else those that the question showed.
            rule: Another rule to store, as TOOL(parameter=pattern, ...): of the same tool, and covering these calls.
            items: Which calls of several the yes is for, counted from 1; the others are denied. None: all.

        Raises:
            UsageError: there is no such question, it was answered, or it takes another kind of answer.
            ToolArgumentError: the new arguments are not valid.
        """
        asked = self._approvals.get(pending_id)
        self._check_kind(asked, bool(arguments), scope, rule, items)
        chosen = _chosen(asked, items)
        if asked.kind != "call" or asked.as_asked:
            shown = asked
        else:
            shown = await self.revised(pending_id, where, arguments, items)
        stored = self._to_store(shown, where, scope, rule) if scope != "once" else ()
        refused = "" if len(chosen) == len(asked.items) else f"only {_listed(chosen)} of these were approved"
        with self._journal.transaction():
            self._approvals.close(pending_id, {"approved": True})
            edited = dict(zip(chosen, shown.items, strict=True))
            for number, item in enumerate(asked.items, start=1) if not asked.as_asked else ():
                if number in edited:
                    self._approvals.grant(item, "approved", edited=edited[number], by=where.user)
                else:
                    self._approvals.grant(item, "denied", reason=refused, by=where.user)
            for new in stored:
                self._policy.add(new)

    async def revised(
        self,
        pending_id: str,
        where: Surroundings,
        arguments: Mapping[str, Any] | None = None,
        items: Collection[int] | None = None,
    ) -> Pending:
        """The question as it would be with these arguments, for these items: what a yes to it would be bound to.

        Raises:
            UsageError: it cannot be had otherwise, or a rule forbids what it would be.
            ToolArgumentError: the new arguments are not valid.
        """
        asked = self._approvals.get(pending_id)
        self._check_kind(asked, bool(arguments), "once", None, items)
        chosen = [asked.items[number - 1] for number in _chosen(asked, items)]
        if not arguments:
            return replace(asked, items=tuple(chosen))
        tool = self._tool(asked)
        try:
            changes = as_json(arguments)
        except ValueError as error:
            raise UsageError(f"These arguments are no JSON values: {error}.") from None
        changed = tuple([await self._edited(asked, item, tool, where, changes) for item in chosen])
        rules = standing_rules(tool, [item.args for item in changed], _acting(asked, where)) if asked.rules else ()
        return replace(asked, items=changed, rules=rules)

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
                    self._approvals.grant(item, "denied", reason=reason, by=where.user)

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

    def _check_kind(
        self, pending: Pending, edits: bool, scope: Scope, rule: str | None, items: Collection[int] | None
    ) -> None:
        """Whether the question takes such a yes: what would be left aside silently is an error."""
        if pending.kind == "question":
            raise UsageError(f"{pending.id!r} is a question: answer it with `approvals answer {pending.id} TEXT`.")
        if pending.external:
            raise UsageError(f"{pending.id!r} is carried out by the application: reply with its result.")
        if edits and not pending.editable:
            raise UsageError(f"{pending.id!r} can be approved or denied, but not with other arguments.")
        if rule is not None and scope == "once":
            raise UsageError("A rule is stored by a lasting yes only: add the scope session, project or always.")
        if scope != "once" and not pending.rules:
            raise UsageError(f"{pending.id!r} takes a yes for this once only; no rule answers it: {pending.why}.")
        _chosen(pending, items)

    def _to_store(self, shown: Pending, where: Surroundings, scope: Scope, text: str | None) -> tuple[Rule, ...]:
        assert scope != "once"
        acting = _acting(shown, where)
        proposed = tuple(for_scope(rule, scope, acting) for rule in shown.rules)
        if text is None:
            return proposed
        name, arguments = parse_pattern(text)
        tool = self._tool(shown)
        if name != proposed[0].tool:
            raise UsageError(f"A yes to {tool.name} stores a rule of {tool.name} only; make others with `rules add`.")
        for parameter in arguments:
            if parameter not in tool.parameters.get("properties", {}):
                raise UsageError(f"The tool {tool.name!r} has no parameter {parameter!r}.")
        rule = replace(proposed[0], arguments=arguments)
        for item in shown.items:
            if not rule.matches(tool, item.args, acting):
                raise UsageError(f"The rule {str(rule)!r} does not cover what you approve; nothing was stored.")
        return (rule,)

    def _tool(self, pending: Pending) -> Tool:
        if pending.tool is None or pending.tool not in self._tools:
            raise UsageError(f"The tool {pending.tool!r} is not loaded here; load its plugin to answer {pending.id!r}.")
        return self._tools[pending.tool]

    async def _edited(
        self, pending: Pending, item: Item, tool: Tool, where: Surroundings, arguments: Mapping[str, Any]
    ) -> Item:
        run_id, step_id, turn, call_id = _split(item.call_key)
        labels = frozenset(pending.labels)
        call = Call(run_id, step_id, int(turn), call_id, _acting(pending, where), labels, pending.agent)
        return await self._gate.checks.edited_item(call, tool, {**item.args, **arguments})


def _acting(pending: Pending, where: Surroundings) -> Surroundings:
    return replace(where, agent_persona=pending.agent_persona)


def _chosen(pending: Pending, items: Collection[int] | None) -> list[int]:
    """Numbers of the items that an answer is for, in order."""
    everything = range(1, len(pending.items) + 1)
    if items is None:
        return list(everything)
    chosen = sorted(set(items))
    if not chosen or any(number not in everything for number in chosen):
        raise UsageError(f"{pending.id!r} has the items 1 to {len(pending.items)}; not {_listed(chosen) or 'none'}.")
    return chosen


def _listed(numbers: Collection[int]) -> str:
    return ", ".join(map(str, numbers))


def _split(key: str) -> tuple[str, str, str, str]:
    run_id, rest = key.split("/", 1)
    step_id, turn, call_id = rest.rsplit("/", 2)
    return run_id, step_id, turn, call_id
