"""The gate: the one function that every tool call passes, and the only code that lets a call run.

    recorded already? return that : policy -> (approval) -> intent -> run -> outcome

It is written so that whatever happens - a crash at any line, a model that changes its arguments, an answer given
twice - an action runs at most once, and only as a person, or a rule of theirs, said it may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from agent_core.errors import OutcomeUnknownError, ToolArgumentError, ToolError, TransientToolError, UsageError
from agent_core.events import Event
from agent_core.gate.addresses import addresses
from agent_core.gate.approvals import Approvals, Grant, Item, Pending, pending_id
from agent_core.gate.binding import canonical, digest, preview_hash
from agent_core.gate.call import (
    Call,
    CheckedCall,
    Denied,
    Execution,
    LoopDetected,
    Outcome,
    Secrets,
    WaitingForPerson,
)
from agent_core.gate.labels import NONE, SECRET, UNTRUSTED, Labels
from agent_core.gate.ledger import Ledger
from agent_core.gate.policy import Decision, Policy, standing_rule
from agent_core.journal.calls import RecordedCall
from agent_core.journal.store import Journal, now
from agent_core.tools.tool import Preview, Tool

TRANSIENT_ATTEMPTS = 3
_MOST_VOIDED = 3
"""How often what would happen may change under somebody who says yes at once."""

Asker = Callable[[Pending], Awaitable[None]]
"""Puts a question to a person who is there and records the answer; returns without one when nobody answers."""


class Gate:
    """One per assistant. It holds no state between calls: what it knows is in the journal."""

    def __init__(
        self,
        journal: Journal,
        policy: Policy,
        approvals: Approvals,
        secrets: Secrets,
        execution: Execution,
        emit: Callable[[Event], None],
        asker: Asker | None = None,
    ) -> None:
        self.ledger = Ledger(journal, secrets, emit)
        self._journal = journal
        self._policy = policy
        self._approvals = approvals
        self._secrets = secrets
        self._execution = execution
        self._asker = asker

    async def __call__(self, call: Call, tool: Tool, args: Mapping[str, Any]) -> Outcome:
        """Let one call through, or say why not.

        Raises:
            WaitingForPerson: a question was put and is not answered yet.
            Denied: a person or a rule refused it.
            ToolError: it failed, now or when it was recorded.
        """
        recorded = self.ledger.calls.get(call.key)
        if recorded is not None and recorded.status in ("done", "failed", "denied"):
            return self.ledger.replay(recorded)
        if recorded is not None and recorded.status in ("intent", "unknown") and recorded.action:
            # As it was begun, whatever the tool has become since: it may have happened.
            begun = CheckedCall(call, tool, recorded.args, recorded.args_hash)
            return await self._after_interruption(begun, recorded)
        try:
            checked = self._check(call, tool, args)
        except ToolArgumentError as error:
            raise self.ledger.failed(call, tool, dict(args), "", error, now()) from error
        return await self._decide(checked)

    async def ask_together(self, calls: Sequence[tuple[Call, Tool, Mapping[str, Any]]]) -> None:
        """Put one question about several calls of a step, every item visible; then each passes the gate by itself.

        Raises:
            WaitingForPerson: the question was put and is not answered yet.
        """
        items: list[Item] = []
        decision = Decision("allow", "")
        first: CheckedCall | None = None
        for call, tool, args in calls:
            recorded = self.ledger.calls.get(call.key)
            if recorded is not None and recorded.status != "waiting":
                continue
            try:
                checked = self._check(call, tool, args)
            except ToolArgumentError:
                continue  # it fails by itself when its turn comes
            this = self._policy_on(checked)
            if this.effect == "ask" and tool.function is not None and self._grant(checked) is None:
                try:
                    items.append(await self._item(checked))
                except ToolError:
                    continue
                first, decision = first or checked, this
        if first is not None and len(items) > 1:
            await self._ask(first, tuple(items), decision.why)

    # -- the way of one call

    async def _decide(self, checked: CheckedCall, voided: int = 0) -> Outcome:
        decision = self._policy_on(checked)
        if decision.effect == "deny":
            raise self.ledger.denied(checked, decision.why)
        if checked.tool.function is None:
            raise await self._external(checked)
        grant = self._grant(checked) if checked.action or decision.effect == "ask" else None
        if grant is None and decision.effect == "allow":
            return self.ledger.reusable(checked) or await self._run(checked)
        if grant is None:
            await self._ask(checked, (await self._shown(checked),), decision.why)
            return await self._decide(checked)
        if grant.verdict == "denied":
            self._approvals.spend(grant.nonce)
            raise self.ledger.denied(checked, grant.reason or "no reason was given")
        granted = self._check(checked.call, checked.tool, grant.args)
        shown = (await self._shown(granted)).preview_hash
        if (grant.args_hash, grant.preview_hash) != (granted.args_hash, shown):
            # What would happen is not what was shown any more: this answer is void, and the question is put again,
            # even where the answer made a rule that would allow what was asked about first.
            self._approvals.spend(grant.nonce)
            if voided == _MOST_VOIDED:
                error = ToolError(f"{checked.tool.name}: its preview is another one every time, so no yes can hold")
                raise self.ledger.failed(
                    checked.call, checked.tool, checked.args, checked.args_hash, error, now()
                ) from None
            why = f"what it would do has changed since your yes ({decision.why})"
            await self._ask(checked, (await self._shown(checked),), why)
            return await self._decide(checked, voided + 1)
        return await self._run(granted, grant.nonce)

    async def _run(self, checked: CheckedCall, nonce: str | None = None) -> Outcome:
        started_at = now()
        if checked.action:
            with self._journal.transaction():
                if nonce is not None and not self._approvals.spend(nonce):
                    raise Denied("this approval was used already; an approval counts once")
                self.ledger.put(checked, "intent", started_at=started_at)
        self.ledger.started(checked)
        try:
            result = await self._execute(checked)
        except ToolError as error:
            call, tool = checked.call, checked.tool
            before = self.ledger.calls.failures(call.run_id, tool.name, checked.args_hash)
            failure = self.ledger.failed(call, tool, checked.args, checked.args_hash, error, started_at)
            if str(failure) in before:
                raise LoopDetected(f"{failure} (the same call failed in the same way before; stopped)") from error
            raise failure from error
        return self.ledger.done(checked, result, started_at)

    async def _execute(self, checked: CheckedCall) -> Outcome:
        call, tool = checked.call, checked.tool
        args = self._secrets.reveal(checked.args, {call.scope})

        def save(value: Any) -> None:
            self.ledger.calls.save(call.key, self._secrets.tokenise(value, call.scope))

        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(TransientToolError),
            stop=stop_after_attempt(TRANSIENT_ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=0.2, max=5),
            reraise=True,
        ):
            with attempt:
                try:
                    async with asyncio.timeout(tool.timeout_s):
                        return await self._execution.run(call, tool, args, save)
                except (TimeoutError, OutcomeUnknownError) as lost:
                    if not checked.action:
                        told = f"{tool.name} gave no answer within {tool.timeout_s:g} s"
                        raise TransientToolError(told if isinstance(lost, TimeoutError) else str(lost)) from None
                    # The action may still be happening: nobody may run it again without a person's word.
                    self.ledger.calls.set_status(call.key, "unknown")
                    raise WaitingForPerson(await self._unknown(checked)) from None
        raise AssertionError("tenacity re-raises the last error")  # pragma: no cover

    async def _after_interruption(self, begun: CheckedCall, recorded: RecordedCall) -> Outcome:
        """An action was begun and its outcome was never recorded: only a person can say what to do."""
        pending = await self._unknown(begun)
        answer = self._approvals.answer_of(pending.id)
        if answer is None and self._asker is not None:
            await self._asker(pending)
            answer = self._approvals.answer_of(pending.id)
        if answer is None:
            raise WaitingForPerson(pending)
        if "result" in answer:
            return self.ledger.done(begun, Outcome(answer["result"], NONE), recorded.started_at or now())
        if answer.get("approved"):
            decision = self._policy_on(begun)
            if decision.effect == "deny":
                raise self.ledger.denied(begun, decision.why)
            return await self._run(self._check(begun.call, begun.tool, begun.args))
        raise self.ledger.denied(begun, answer.get("reason") or "it was not run again after an interruption")

    # -- questions

    async def _ask(self, first: CheckedCall, items: tuple[Item, ...], why: str) -> None:
        """Put one question about these calls of a tool; returns only when it was answered meanwhile."""
        pending = self._question(first, items, why)
        with self._journal.transaction():
            for item in pending.items:
                if self.ledger.calls.get(item.call_key) is None:
                    self.ledger.calls.put(
                        item.call_key,
                        run_id=pending.run_id,
                        step_id=pending.step_id,
                        tool=item.tool,
                        args=item.args,
                        args_hash=item.args_hash,
                        action=first.action,
                        status="waiting",
                    )
            self._approvals.ask(pending)
        if self._asker is not None:
            await self._asker(pending)
        if self._approvals.answer_of(pending.id) is None:
            raise WaitingForPerson(pending)

    def _question(self, checked: CheckedCall, items: tuple[Item, ...], why: str) -> Pending:
        call = checked.call
        return Pending(
            id=pending_id(*((item.call_key, item.args_hash, item.preview_hash) for item in items)),
            run_id=call.run_id,
            step_id=call.step_id,
            kind="call",
            why=why,
            items=items,
            rule=str(standing_rule(checked.tool, checked.args, "always", call.where)),
            labels=tuple(sorted(call.labels)),
            agent=call.agent,
        )

    async def _external(self, checked: CheckedCall) -> WaitingForPerson:
        why = "the application that embeds the assistant carries this call out"
        pending = replace(self._question(checked, (await self._item(checked),), why), external=True)
        self.ledger.put(checked, "waiting", labels=checked.call.labels)
        self._approvals.ask(pending)
        return WaitingForPerson(pending)

    async def _unknown(self, begun: CheckedCall) -> Pending:
        recorded = self.ledger.calls.get(begun.call.key)
        started_at = (recorded.started_at if recorded else None) or 0.0
        since = datetime.fromtimestamp(started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
        why = (
            f"{begun.tool.name} was begun at {since} and interrupted: whether it happened is not known. "
            "Approve to run it again, deny to leave it, or answer with what happened."
        )
        # An id per beginning: the answer to one interruption must not serve for the next.
        unknown_id = pending_id("unknown", begun.call.key, started_at)
        question = self._question(begun, (await self._begun_item(begun),), why)
        pending = replace(question, id=unknown_id, unknown=True)
        if self._approvals.answer_of(unknown_id) is None:
            self.ledger.calls.set_status(begun.call.key, "unknown")
            self._approvals.ask(pending)
        return pending

    def fulfil(self, item: Item, tool: Tool, result: Any, scope: str) -> None:
        """The application carried an external call out: this is its result."""
        self.ledger.fulfilled(item, tool, result, scope)

    def refuse_external(self, item: Item, reason: str) -> None:
        """The application, or a person, did not carry an external call out."""
        self.ledger.refused(item, reason)

    async def _begun_item(self, begun: CheckedCall) -> Item:
        """What was begun, for a person to see: its effect may be there already, so that a preview makes no sense."""
        try:
            return await self._item(begun)
        except ToolError as error:
            return self._bound(begun, Preview(f"{begun.tool.name}: {error}"))

    # -- what a call is bound to

    async def item(self, call: Call, tool: Tool, args: Mapping[str, Any]) -> Item:
        """What a grant for this call would be bound to; used when a person edits the arguments."""
        return await self._item(self._check(call, tool, args))

    async def _shown(self, checked: CheckedCall) -> Item:
        """The same, for a person to see; what could not be done at all fails before anybody is asked."""
        try:
            return await self._item(checked)
        except ToolError as error:
            call, tool = checked.call, checked.tool
            raise self.ledger.failed(call, tool, checked.args, checked.args_hash, error, now()) from error

    def _check(self, call: Call, tool: Tool, args: Mapping[str, Any]) -> CheckedCall:
        try:
            revealed = self._secrets.reveal(dict(args), {call.scope})
            validated = self._secrets.tokenise(tool.arguments.validate(revealed), call.scope)
            args_hash = digest(tool.name, canonical(validated), self._secrets.fingerprint(validated))
        except ValueError:
            raise ToolArgumentError(f"{tool.name}: NaN and infinities are not arguments; give a number") from None
        except (UsageError, RecursionError):
            raise ToolArgumentError(f"{tool.name}: the arguments are nested too deeply") from None
        return CheckedCall(call, tool, validated, args_hash)

    def _policy_on(self, checked: CheckedCall) -> Decision:
        call, tool = checked.call, checked.tool
        if reason := self.ledger.calls.was_denied(call.run_id, tool.name, checked.args_hash):
            return Decision("deny", f"it was refused before: {reason}")
        decision = self._policy.decide(tool, checked.args, self._labels(checked), call.where, call.run_rules)
        if decision.effect == "allow" and (address := self._unnamed_address(checked)):
            return Decision("ask", f"content that somebody else wrote was read, and nobody named the address {address}")
        return decision

    def _labels(self, checked: CheckedCall) -> Labels:
        """What has been seen, and what the arguments themselves are."""
        labels = checked.call.labels
        return labels | {SECRET} if self._secrets.fingerprint(checked.args) else labels

    def _unnamed_address(self, checked: CheckedCall) -> str | None:
        """Where a read goes that follows from somebody else's text, if that address was put together by the model."""
        call, tool = checked.call, checked.tool
        if not tool.traits.open_world or UNTRUSTED not in call.labels:
            return None
        named = self.ledger.calls.was_named
        return next((a for a in addresses(checked.args) if not named(call.where.conversation_id, a)), None)

    def _grant(self, checked: CheckedCall) -> Grant | None:
        return self._approvals.find(
            checked.call.key, checked.tool.name, checked.tool.schema_hash, checked.args_hash, self._policy.version()
        )

    async def _item(self, checked: CheckedCall) -> Item:
        # Computed from what would run, and kept without its secrets, those of a file that it shows included.
        args = self._secrets.reveal(checked.args, {checked.call.scope})
        preview = await self._execution.preview(checked.call, checked.tool, args)
        return self._bound(checked, replace(preview, text=self._secrets.tokenise(preview.text, checked.call.scope)))

    def _bound(self, checked: CheckedCall, preview: Preview) -> Item:
        return Item(
            call_key=checked.call.key,
            tool=checked.tool.name,
            args=checked.args,
            args_hash=checked.args_hash,
            preview=preview.text,
            preview_kind=preview.kind,
            preview_hash=preview_hash(preview),
            schema_hash=checked.tool.schema_hash,
            policy_version=self._policy.version(),
        )
