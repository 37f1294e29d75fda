"""What the gate asks a person: about calls before they run, and about those whose outcome nobody knows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agent_core.errors import ToolError
from agent_core.gate import labels as flow
from agent_core.gate.approvals import Approvals
from agent_core.gate.call import CheckedCall, WaitingForPerson
from agent_core.gate.checks import Checks, bound
from agent_core.gate.ledger import Ledger
from agent_core.gate.pending import Item, Pending, pending_id
from agent_core.gate.policy import Decision, standing_rules
from agent_core.gate.sources import sources_of
from agent_core.journal.store import Journal
from agent_core.tools.tool import Preview

Asker = Callable[[Pending], Awaitable[None]]
"""Puts a question to a person who is there and records the answer; returns without one when nobody answers."""


@dataclass(frozen=True)
class Asked:
    """A call, as it is shown, and why it is asked about."""

    checked: CheckedCall
    item: Item
    decision: Decision


class Questions:
    """They are durable before anybody sees them; an answer may come from any process, at any time."""

    def __init__(
        self, journal: Journal, ledger: Ledger, approvals: Approvals, checks: Checks, asker: Asker | None
    ) -> None:
        self._journal = journal
        self._ledger = ledger
        self._approvals = approvals
        self._checks = checks
        self._asker = asker

    async def put(self, *asked: Asked) -> None:
        """Put one question about these calls of a tool; returns only when it was answered meanwhile.

        Raises:
            WaitingForPerson: it is not answered yet.
        """
        pending = self._question(asked)
        with self._journal.transaction():
            if all(self._checks.grant(one.checked, one.decision) is not None for one in asked):
                return  # another process has the answer already
            for one in asked:
                if self._ledger.calls.get(one.item.call_key) is None:
                    self._ledger.put(one.checked, "waiting")
            self._approvals.ask(pending)
        if await self._answer(pending) is None:
            raise WaitingForPerson(pending)

    async def external(self, checked: CheckedCall, decision: Decision) -> Pending:
        """Hand a call to the application that embeds the assistant: it waits as a question does."""
        item = await self._checks.item(checked, decision)
        question = self._question([Asked(checked, item, replace(decision, lasting=False))])
        why = "the application that embeds the assistant carries this call out"
        pending = replace(question, why=why, external=True)
        with self._journal.transaction():
            recorded = self._ledger.calls.get(checked.call.key)
            if recorded is None or recorded.status == "waiting":
                self._ledger.put(checked, "waiting", labels=checked.call.labels)
                self._approvals.ask(pending)
        return pending

    async def unknown(self, begun: CheckedCall, anew: bool = False) -> Pending:
        """The question about an interrupted call; `anew` where the answer to it does not hold any more."""
        recorded = self._ledger.calls.get(begun.call.key)
        started_at = (recorded.started_at if recorded else None) or 0.0
        since = datetime.fromtimestamp(started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
        why = (
            f"{begun.tool.name} was begun at {since} and interrupted: whether it happened is not known. "
            "Approve to run it again, deny to leave it, or answer with what happened."
        )
        decision = replace(self._checks.decide(begun), lasting=False)
        # An id per beginning: the answer to one interruption must not serve for the next.
        unknown_id = pending_id("unknown", begun.call.key, started_at)
        question = self._question([Asked(begun, await self._begun_item(begun, decision), decision)])
        pending = replace(question, id=unknown_id, why=why, unknown=True)
        if anew or self._approvals.answer_of(unknown_id) is None:
            self._ledger.calls.set_status(begun.call.key, "unknown")
            self._approvals.ask(pending)
        return pending

    async def about_unknown(self, begun: CheckedCall) -> dict[str, Any]:
        """What a person says about an interrupted call.

        Raises:
            WaitingForPerson: nothing yet.
        """
        pending = await self.unknown(begun)
        answer = self._approvals.answer_of(pending.id) or await self._answer(pending)
        if answer is None:
            raise WaitingForPerson(pending)
        return answer

    async def _answer(self, pending: Pending) -> dict[str, Any] | None:
        if self._asker is not None:
            await self._asker(pending)
        return self._approvals.answer_of(pending.id)

    def _question(self, asked: Sequence[Asked]) -> Pending:
        checked = asked[0].checked
        call, tool = checked.call, checked.tool
        items = tuple(one.item for one in asked)
        lasting = all(one.decision.lasting for one in asked)
        return Pending(
            id=pending_id(*(item.identity for item in items)),
            run_id=call.run_id,
            step_id=call.step_id,
            kind="call",
            why="; ".join(dict.fromkeys(one.decision.why for one in asked)),
            items=items,
            rules=standing_rules(tool, [item.args for item in items], call.where) if lasting else (),
            labels=tuple(sorted(call.labels)),
            seen=sources_of(self._journal, call.where.conversation_id, call.labels),
            leaves=tool.traits.open_world and bool(flow.OWN & self._checks.labels(checked)),
            agent=call.agent,
            agent_persona=call.where.agent_persona,
        )

    async def _begun_item(self, begun: CheckedCall, decision: Decision) -> Item:
        """What was begun, for a person to see: its effect may be there already, so that a preview makes no sense."""
        try:
            return await self._checks.item(begun, decision)
        except ToolError as error:
            return bound(begun, Preview(f"{begun.tool.name}: {error}"), decision)
