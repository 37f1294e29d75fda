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
from agent_core.gate import labels as flow
from agent_core.gate.addresses import addresses
from agent_core.gate.approvals import Approvals, Grant
from agent_core.gate.binding import canonical, digest, in_order, preview_hash
from agent_core.gate.call import (
    Call,
    CheckedCall,
    Execution,
    LoopDetected,
    Outcome,
    Secrets,
    WaitingForPerson,
)
from agent_core.gate.labels import Labels
from agent_core.gate.ledger import Ledger
from agent_core.gate.pending import Item, Pending, Source, pending_id
from agent_core.gate.policy import Decision, Policy, standing_rules
from agent_core.gate.sources import sources_of
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
        asked: list[tuple[CheckedCall, Item, Decision]] = []
        for call, tool, args in calls:
            recorded = self.ledger.calls.get(call.key)
            if recorded is not None and recorded.status != "waiting":
                continue
            try:
                checked = self._check(call, tool, args)
                decision = self._policy_on(checked)
                if decision.effect == "ask" and tool.function is not None and self._grant(checked, decision) is None:
                    asked.append((checked, await self._item(checked, decision), decision))
            except ToolError:
                continue  # it fails by itself when its turn comes
        if len(asked) > 1:
            await self._ask(asked)

    # -- the way of one call

    async def _decide(self, checked: CheckedCall, voided: int = 0) -> Outcome:
        decision = self._policy_on(checked)
        if decision.effect == "deny":
            raise self.ledger.denied(checked, decision.why)
        if checked.tool.function is None:
            raise await self._external(checked, decision)
        grant = self._grant(checked, decision) if checked.action or decision.effect == "ask" else None
        if grant is None and decision.effect == "allow":
            if (known := self.ledger.reusable(checked)) is not None:
                return known
            return await self._run(checked, decision) or await self._decide(checked)
        if grant is None:
            await self._ask([(checked, await self._shown(checked, decision), decision)])
            return await self._decide(checked)
        if grant.verdict == "denied":
            self._approvals.spend(grant.nonce)
            raise self.ledger.denied(checked, grant.reason or "no reason was given")
        granted = await self._as_granted(checked, grant, decision)
        if granted is None:
            return await self._ask_again(checked, grant, decision, voided)
        return await self._run(granted, decision, grant.nonce) or await self._decide(checked)

    async def _as_granted(self, checked: CheckedCall, grant: Grant, decision: Decision) -> CheckedCall | None:
        """The call as it was granted, perhaps with other arguments; None where it would not do what was shown.

        Raises:
            Denied: a rule forbids what the arguments were edited to.
        """
        try:
            granted = self._check(checked.call, checked.tool, grant.args)
            if granted.args_hash != grant.args_hash:
                return None
            if granted.args_hash != checked.args_hash and (edited := self._policy_on(granted)).effect == "deny":
                raise self.ledger.denied(checked, edited.why)
            shown = await self._item(granted, decision)
        except ToolArgumentError:
            return None
        except ToolError as error:
            raise self._failed(checked, error) from error
        return granted if shown.preview_hash == grant.preview_hash else None

    async def _ask_again(self, checked: CheckedCall, grant: Grant, decision: Decision, voided: int) -> Outcome:
        """What would happen is not what was shown any more: the answer is void, and the question is put again.

        Even where the answer made a rule that would allow what was asked about first.
        """
        self._approvals.spend(grant.nonce)
        if voided == _MOST_VOIDED:
            error = ToolError(f"{checked.tool.name}: its preview is another one every time, so no yes can hold")
            raise self._failed(checked, error) from None
        decision = replace(decision, why=f"what it would do has changed since your yes ({decision.why})")
        await self._ask([(checked, await self._shown(checked, decision), decision)])
        return await self._decide(checked, voided + 1)

    async def _run(
        self, checked: CheckedCall, decision: Decision, nonce: str | None = None, interrupted: bool = False
    ) -> Outcome | None:
        """Carry the call out; None where what allowed it does not any more, and has to be looked at again."""
        started_at = now()
        if checked.action or nonce is not None:
            with self._journal.transaction():
                if not self._still_allowed(checked, decision, nonce):
                    return None
                self._check_unbegun(checked, interrupted)
                if checked.action:
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

    def _still_allowed(self, checked: CheckedCall, decision: Decision, nonce: str | None) -> bool:
        """Whether the policy is as it was when it was asked, and the grant, where one is needed, is spent by this."""
        latest = self._policy_on(checked)
        if latest.version != decision.version:
            return False
        return latest.effect == "allow" if nonce is None else self._approvals.spend(nonce)

    def _check_unbegun(self, checked: CheckedCall, interrupted: bool) -> None:
        """Whoever writes the intent is the only one who runs the call, whatever else went wrong.

        Raises:
            UsageError: somebody else began it meanwhile.
        """
        recorded = self.ledger.calls.get(checked.call.key)
        begun = recorded is not None and recorded.status != "waiting"
        if begun and not (interrupted and recorded is not None and recorded.status in ("intent", "unknown")):
            raise UsageError(f"{checked.tool.name} ({checked.call.key}) was begun by another process; resume the run.")

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
            return self.ledger.done(begun, Outcome(answer["result"], flow.NONE), recorded.started_at or now())
        if not answer.get("approved"):
            raise self.ledger.denied(begun, answer.get("reason") or "it was not run again after an interruption")
        return await self._again(begun)

    async def _again(self, begun: CheckedCall) -> Outcome:
        """Run an interrupted call again, as a person said, if it still is what they were shown."""
        try:
            checked = self._check(begun.call, begun.tool, begun.args)
        except ToolArgumentError as error:
            raise self._failed(begun, error) from error
        decision = self._policy_on(checked)
        if decision.effect == "deny":
            raise self.ledger.denied(begun, decision.why)
        grant = self._grant(checked, decision)
        granted = await self._as_granted(checked, grant, decision) if grant is not None else None
        if grant is not None and granted is not None:
            outcome = await self._run(granted, decision, grant.nonce, interrupted=True)
            if outcome is not None:
                return outcome
        raise WaitingForPerson(await self._unknown(begun, anew=True))

    # -- questions

    async def _ask(self, asked: Sequence[tuple[CheckedCall, Item, Decision]]) -> None:
        """Put one question about these calls of a tool; returns only when it was answered meanwhile."""
        pending = self._question(asked)
        with self._journal.transaction():
            if all(self._grant(checked, decision) is not None for checked, _, decision in asked):
                return  # another process has the answer already
            for checked, item, _ in asked:
                if self.ledger.calls.get(item.call_key) is None:
                    self.ledger.put(checked, "waiting")
            self._approvals.ask(pending)
        if self._asker is not None:
            await self._asker(pending)
        if self._approvals.answer_of(pending.id) is None:
            raise WaitingForPerson(pending)

    def _question(self, asked: Sequence[tuple[CheckedCall, Item, Decision]]) -> Pending:
        checked = asked[0][0]
        call, tool = checked.call, checked.tool
        items = tuple(item for _, item, _ in asked)
        lasting = all(decision.lasting for _, _, decision in asked)
        return Pending(
            id=pending_id(*(item.identity for item in items)),
            run_id=call.run_id,
            step_id=call.step_id,
            kind="call",
            why="; ".join(dict.fromkeys(decision.why for _, _, decision in asked)),
            items=items,
            rules=standing_rules(tool, [item.args for item in items], call.where) if lasting else (),
            labels=tuple(sorted(call.labels)),
            seen=self.sources(call.where.conversation_id, call.labels),
            leaves=tool.traits.open_world and bool(flow.OWN & self._labels(checked)),
            agent=call.agent,
            agent_persona=call.where.agent_persona,
        )

    def sources(self, conversation_id: str, labels: Labels) -> tuple[Source, ...]:
        """Where what has been seen came from."""
        return sources_of(self._journal, conversation_id, labels)

    async def _external(self, checked: CheckedCall, decision: Decision) -> WaitingForPerson:
        item = await self._item(checked, decision)
        question = self._question([(checked, item, replace(decision, lasting=False))])
        why = "the application that embeds the assistant carries this call out"
        pending = replace(question, why=why, external=True)
        with self._journal.transaction():
            recorded = self.ledger.calls.get(checked.call.key)
            if recorded is None or recorded.status == "waiting":
                self.ledger.put(checked, "waiting", labels=checked.call.labels)
                self._approvals.ask(pending)
        return WaitingForPerson(pending)

    async def _unknown(self, begun: CheckedCall, anew: bool = False) -> Pending:
        """The question about an interrupted call; `anew` where the answer to it does not hold any more."""
        recorded = self.ledger.calls.get(begun.call.key)
        started_at = (recorded.started_at if recorded else None) or 0.0
        since = datetime.fromtimestamp(started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
        why = (
            f"{begun.tool.name} was begun at {since} and interrupted: whether it happened is not known. "
            "Approve to run it again, deny to leave it, or answer with what happened."
        )
        decision = replace(self._policy_on(begun), lasting=False)
        # An id per beginning: the answer to one interruption must not serve for the next.
        unknown_id = pending_id("unknown", begun.call.key, started_at)
        question = self._question([(begun, await self._begun_item(begun, decision), decision)])
        pending = replace(question, id=unknown_id, why=why, unknown=True)
        if anew or self._approvals.answer_of(unknown_id) is None:
            self.ledger.calls.set_status(begun.call.key, "unknown")
            self._approvals.ask(pending)
        return pending

    def fulfil(self, item: Item, tool: Tool, result: Any, scope: str) -> None:
        """The application carried an external call out: this is its result."""
        self.ledger.fulfilled(item, tool, result, scope)

    def refuse_external(self, item: Item, reason: str) -> None:
        """The application, or a person, did not carry an external call out."""
        self.ledger.refused(item, reason)

    async def _begun_item(self, begun: CheckedCall, decision: Decision) -> Item:
        """What was begun, for a person to see: its effect may be there already, so that a preview makes no sense."""
        try:
            return await self._item(begun, decision)
        except ToolError as error:
            return _bound(begun, Preview(f"{begun.tool.name}: {error}"), decision)

    # -- what a call is bound to

    async def edited_item(self, call: Call, tool: Tool, args: Mapping[str, Any]) -> Item:
        """What a grant for this call would be bound to, when a person gives it other arguments.

        Raises:
            ToolError: it could not be done so.
            UsageError: a rule forbids it.
        """
        checked = self._check(call, tool, args)
        decision = self._policy_on(checked)
        if decision.effect == "deny":
            raise UsageError(f"{tool.name} cannot run so: {decision.why}.")
        return await self._item(checked, decision)

    async def _shown(self, checked: CheckedCall, decision: Decision) -> Item:
        """The same, for a person to see; what could not be done at all fails before anybody is asked."""
        try:
            return await self._item(checked, decision)
        except ToolError as error:
            raise self._failed(checked, error) from error

    def _failed(self, checked: CheckedCall, error: ToolError) -> ToolError:
        return self.ledger.failed(checked.call, checked.tool, checked.args, checked.args_hash, error, now())

    def _check(self, call: Call, tool: Tool, args: Mapping[str, Any]) -> CheckedCall:
        try:
            revealed = self._secrets.reveal(dict(args), {call.scope})
            validated = self._secrets.tokenise(tool.arguments.validate(revealed), call.scope)
            args_hash = digest(tool.name, canonical(validated), self._secrets.fingerprint(validated))
            validated = in_order(validated, tool.parameters.get("properties", ()))
        except ValueError:
            raise ToolArgumentError(f"{tool.name}: NaN and infinities are not arguments; give a number") from None
        except (UsageError, RecursionError):
            raise ToolArgumentError(f"{tool.name}: the arguments are nested too deeply") from None
        return CheckedCall(call, tool, validated, args_hash)

    def _policy_on(self, checked: CheckedCall) -> Decision:
        call, tool = checked.call, checked.tool
        decision = self._policy.decide(tool, checked.args, self._labels(checked), call.where, call.run_rules)
        if reason := self.ledger.calls.was_denied(call.run_id, tool.name, checked.args_hash):
            return Decision("deny", f"it was refused before: {reason}", version=decision.version)
        if decision.effect == "allow" and (address := self._unnamed_address(checked)):
            why = f"content that somebody else wrote was read, and nobody named the address {address}"
            return Decision("ask", why, version=decision.version)
        return decision

    def _labels(self, checked: CheckedCall) -> Labels:
        """What has been seen, and what the arguments themselves are."""
        labels = checked.call.labels
        return labels | {flow.SECRET} if self._secrets.fingerprint(checked.args) else labels

    def _unnamed_address(self, checked: CheckedCall) -> str | None:
        """Where a read goes that follows from somebody else's text, if that address was put together by the model."""
        call, tool = checked.call, checked.tool
        if not tool.traits.open_world or flow.UNTRUSTED not in call.labels:
            return None
        named = self.ledger.calls.was_named
        return next((a for a in addresses(checked.args) if not named(call.where.conversation_id, a)), None)

    def _grant(self, checked: CheckedCall, decision: Decision) -> Grant | None:
        return self._approvals.find(
            checked.call.key, checked.tool.name, checked.tool.schema_hash, checked.args_hash, decision.version
        )

    async def _item(self, checked: CheckedCall, decision: Decision) -> Item:
        # Computed from what would run, and kept without its secrets, those of a file that it shows included.
        args = self._secrets.reveal(checked.args, {checked.call.scope})
        preview = await self._execution.preview(checked.call, checked.tool, args)
        text = self._secrets.tokenise(preview.text, checked.call.scope)
        return _bound(checked, replace(preview, text=text), decision)


def _bound(checked: CheckedCall, preview: Preview, decision: Decision) -> Item:
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
