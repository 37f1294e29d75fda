"""The gate: the one function that every tool call passes, and the only code that lets a call run.

    recorded already? return that : policy -> (approval) -> intent -> run -> outcome

It is written so that whatever happens - a crash at any line, a model that changes its arguments, an answer given
twice - an action runs at most once, and only as a person, or a rule of theirs, said it may.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from agent_core.errors import OutcomeUnknownError, ToolArgumentError, ToolError, TransientToolError, UsageError
from agent_core.events import Event
from agent_core.gate import labels as flow
from agent_core.gate.approvals import Approvals, Grant
from agent_core.gate.call import Call, CheckedCall, Execution, LoopDetected, Outcome, Secrets, WaitingForPerson
from agent_core.gate.checks import Checks
from agent_core.gate.labels import Labels
from agent_core.gate.ledger import Ledger
from agent_core.gate.pending import Item, Source
from agent_core.gate.policy import Decision, Policy
from agent_core.gate.questions import Asked, Asker, Questions
from agent_core.gate.sources import sources_of
from agent_core.journal.calls import RecordedCall
from agent_core.journal.store import Journal, now
from agent_core.tools.tool import Tool

TRANSIENT_ATTEMPTS = 3
_MOST_VOIDED = 3
"""How often what would happen may change under somebody who says yes at once."""


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
        self.checks = Checks(self.ledger.calls, policy, approvals, secrets, execution)
        self._questions = Questions(journal, self.ledger, approvals, self.checks, asker)
        self._journal = journal
        self._approvals = approvals
        self._secrets = secrets
        self._execution = execution

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
            checked = self.checks.check(call, tool, args)
        except ToolArgumentError as error:
            raise self.ledger.failed(call, tool, dict(args), "", error, now()) from error
        return await self._decide(checked)

    async def ask_together(self, calls: Sequence[tuple[Call, Tool, Mapping[str, Any]]]) -> None:
        """Put one question about several calls of a step, every item visible; then each passes the gate by itself.

        Raises:
            WaitingForPerson: the question was put and is not answered yet.
        """
        asked: list[Asked] = []
        for call, tool, args in calls:
            recorded = self.ledger.calls.get(call.key)
            if recorded is not None and recorded.status != "waiting":
                continue
            try:
                checked = self.checks.check(call, tool, args)
                decision = self.checks.decide(checked)
                if decision.effect == "ask" and tool.function is not None and not self.checks.grant(checked, decision):
                    asked.append(Asked(checked, await self.checks.item(checked, decision), decision))
            except ToolError:
                continue  # it fails by itself when its turn comes
        if len(asked) > 1:
            await self._questions.put(*asked)

    # -- the way of one call

    async def _decide(self, checked: CheckedCall, voided: int = 0) -> Outcome:
        decision = self.checks.decide(checked)
        if decision.effect == "deny":
            raise self.ledger.denied(checked, decision.why)
        if checked.tool.function is None:
            raise WaitingForPerson(await self._questions.external(checked, decision))
        grant = self.checks.grant(checked, decision) if checked.action or decision.effect == "ask" else None
        if grant is None and decision.effect == "allow":
            if (known := self.ledger.reusable(checked)) is not None:
                return known
            return await self._run(checked, decision) or await self._decide(checked)
        if grant is None:
            await self._questions.put(await self._shown(checked, decision))
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
            granted = self.checks.check(checked.call, checked.tool, grant.args)
            if granted.args_hash != grant.args_hash:
                return None
            if granted.args_hash != checked.args_hash and (edited := self.checks.decide(granted)).effect == "deny":
                raise self.ledger.denied(checked, edited.why)
            shown = await self.checks.item(granted, decision)
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
        await self._questions.put(await self._shown(checked, decision))
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
        latest = self.checks.decide(checked)
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
                    raise WaitingForPerson(await self._questions.unknown(checked)) from None
        raise AssertionError("tenacity re-raises the last error")  # pragma: no cover

    async def _after_interruption(self, begun: CheckedCall, recorded: RecordedCall) -> Outcome:
        """An action was begun and its outcome was never recorded: only a person can say what to do."""
        answer = await self._questions.about_unknown(begun)
        if "result" in answer:
            return self.ledger.done(begun, Outcome(answer["result"], flow.NONE), recorded.started_at or now())
        if not answer.get("approved"):
            raise self.ledger.denied(begun, answer.get("reason") or "it was not run again after an interruption")
        return await self._again(begun)

    async def _again(self, begun: CheckedCall) -> Outcome:
        """Run an interrupted call again, as a person said, if it still is what they were shown."""
        try:
            checked = self.checks.check(begun.call, begun.tool, begun.args)
        except ToolArgumentError as error:
            raise self._failed(begun, error) from error
        decision = self.checks.decide(checked)
        if decision.effect == "deny":
            raise self.ledger.denied(begun, decision.why)
        grant = self.checks.grant(checked, decision)
        granted = await self._as_granted(checked, grant, decision) if grant is not None else None
        if grant is not None and granted is not None:
            outcome = await self._run(granted, decision, grant.nonce, interrupted=True)
            if outcome is not None:
                return outcome
        raise WaitingForPerson(await self._questions.unknown(begun, anew=True))

    async def _shown(self, checked: CheckedCall, decision: Decision) -> Asked:
        """The call, for a person to see; what could not be done at all fails before anybody is asked."""
        try:
            return Asked(checked, await self.checks.item(checked, decision), decision)
        except ToolError as error:
            raise self._failed(checked, error) from error

    def _failed(self, checked: CheckedCall, error: ToolError) -> ToolError:
        return self.ledger.failed(checked.call, checked.tool, checked.args, checked.args_hash, error, now())

    def sources(self, conversation_id: str, labels: Labels) -> tuple[Source, ...]:
        """Where what has been seen came from."""
        return sources_of(self._journal, conversation_id, labels)

    # -- calls that the application carries out

    def fulfil(self, item: Item, tool: Tool, result: Any, scope: str) -> None:
        """The application carried an external call out: this is its result."""
        self.ledger.fulfilled(item, tool, result, scope)

    def refuse_external(self, item: Item, reason: str) -> None:
        """The application, or a person, did not carry an external call out."""
        self.ledger.refused(item, reason)
