"""The gate's records of calls: intent, outcome, replay and reuse, each with the event that tells listeners."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agent_core.errors import ToolArgumentError, ToolError, TransientToolError, UsageError, shortened
from agent_core.events import CallEnded, CallStarted, Event
from agent_core.gate import labels as flow
from agent_core.gate.binding import canonical, digest
from agent_core.gate.call import Call, CheckedCall, Denied, Outcome, Secrets
from agent_core.gate.numbering import numbers, renumbered
from agent_core.gate.pending import Item
from agent_core.journal.calls import Calls, CallStatus, RecordedCall
from agent_core.journal.store import Journal, now
from agent_core.tools.tool import Tool

MAX_FAILURE_CHARS = 8_000
"""Of the words in which a call failed, which come back to every model and person who hears of it."""


class Ledger:
    """Writes what happens to calls; nothing here decides anything."""

    def __init__(self, journal: Journal, secrets: Secrets, emit: Callable[[Event], None]) -> None:
        self.calls = Calls(journal)
        self._journal = journal
        self._secrets = secrets
        self._emit = emit

    def put(self, checked: CheckedCall, status: CallStatus, **fields: Any) -> None:
        """Record the call in this state."""
        self.calls.put(
            checked.call.key,
            run_id=checked.call.run_id,
            step_id=checked.call.step_id,
            tool=checked.tool.name,
            args=checked.args,
            args_hash=checked.args_hash,
            action=checked.action,
            status=status,
            **fields,
        )

    def started(self, checked: CheckedCall) -> None:
        """Tell listeners that the call begins; of an action the intent is durable by now."""
        call = checked.call
        self._emit(
            CallStarted(call.run_id, call.step_id, call.agent, call=call.key, tool=checked.tool.name, args=checked.args)
        )

    def done(self, checked: CheckedCall, returned: Outcome, started_at: float) -> Outcome:
        """Record what the call returned, for this run and, where the tool says so, for later ones."""
        result = self._secrets.tokenise(returned.result, checked.call.scope)
        brought = flow.union([returned.labels, flow.of_result(checked.tool.traits)])
        labels = flow.union([checked.call.labels, brought])
        with self._journal.transaction():
            result = self._numbered(checked.call, result)
            self.put(
                checked, "done", result=result, labels=labels, brought=brought, started_at=started_at, ended_at=now()
            )
            if _kept_for_later(checked.tool) and not self._secrets.fingerprint(result):
                self.calls.cache(_cache_key(checked), result, labels, checked.tool.cache_s)
        self._ended(checked.call, checked.tool, "done", started_at)
        return Outcome(result, labels)

    def failed(
        self, call: Call, tool: Tool, args: dict[str, Any], args_hash: str, error: ToolError, at: float
    ) -> ToolError:
        """Record why the call failed; returns the error to raise: the same one, without secrets in its words."""
        # Cut only now: half a secret would not be recognised.
        message = shortened(str(self._secrets.tokenise(str(error), call.scope)), MAX_FAILURE_CHARS)
        self.calls.put(
            call.key,
            run_id=call.run_id,
            step_id=call.step_id,
            tool=tool.name,
            args=self._readable(args, call.scope),
            args_hash=args_hash,
            action=not tool.traits.read_only,
            status="failed",
            # A failure's text may quote what the tool read: it carries the labels that the result would have.
            labels=flow.union([call.labels, flow.of_result(tool.traits)]),
            brought=flow.of_result(tool.traits),
            error={"failure": error.failure, "message": message},
            started_at=at,
            ended_at=now(),
        )
        self._ended(call, tool, "failed", at, message)
        return _error(error.failure, message)

    def _readable(self, args: dict[str, Any], scope: str) -> dict[str, Any]:
        """Arguments for the record, also those that were refused because they cannot be written as JSON."""
        try:
            tokenised = self._secrets.tokenise(args, scope)
            canonical(tokenised)
        except (ValueError, UsageError, RecursionError):
            return {"invalid": "(arguments that are not JSON, or nested too deeply)"}
        return tokenised

    def denied(self, checked: CheckedCall, reason: str) -> Denied:
        """Record the refusal; returns the error to raise."""
        at = now()
        self.put(checked, "denied", error={"failure": "denied", "message": reason}, ended_at=at)
        self._ended(checked.call, checked.tool, "denied", at, reason)
        return Denied(reason)

    def fulfilled(self, item: Item, tool: Tool, result: Any, scope: str) -> None:
        """Record the result of a call that was carried out elsewhere."""
        waiting = self.calls.get(item.call_key)
        if waiting is not None and waiting.status == "waiting":
            result = self._secrets.tokenise(result, scope)
            brought = flow.of_result(tool.traits)
            labels = flow.union([waiting.labels, brought])
            self._close(waiting, "done", result=result, labels=labels, brought=brought)

    def refused(self, item: Item, reason: str) -> None:
        """Record that a call was not carried out elsewhere."""
        waiting = self.calls.get(item.call_key)
        if waiting is not None and waiting.status == "waiting":
            error = {"failure": "denied", "message": reason}
            self._close(waiting, "denied", labels=waiting.labels, error=error)

    def _close(self, waiting: RecordedCall, status: CallStatus, **fields: Any) -> None:
        self.calls.put(
            waiting.key,
            run_id=waiting.run_id,
            step_id=waiting.step_id,
            tool=waiting.tool,
            args=waiting.args,
            args_hash=waiting.args_hash,
            action=waiting.action,
            status=status,
            ended_at=now(),
            **fields,
        )

    def replay(self, recorded: RecordedCall) -> Outcome:
        """The recorded outcome again: nothing runs twice.

        Raises:
            Denied, ToolError: as it was recorded.
        """
        if recorded.status == "done":
            return Outcome(recorded.result, recorded.labels)
        error = recorded.error or {"failure": "impossible", "message": "it failed"}
        if recorded.status == "denied":
            raise Denied(error["message"])
        raise _error(error["failure"], error["message"])

    def reusable(self, checked: CheckedCall) -> Outcome | None:
        """The result of the same read earlier in this run, or in a run within the time that the tool allows."""
        traits = checked.tool.traits
        if not (traits.read_only and traits.idempotent):
            return None
        if same := self.calls.same_read(checked.call.run_id, checked.tool.name, checked.args_hash):
            result, seen = same.result, same.labels
        elif _kept_for_later(checked.tool) and (found := self.calls.cached(_cache_key(checked))):
            result, seen = self._numbered(checked.call, found[0]), found[1]
        else:
            return None
        labels = flow.union([checked.call.labels, seen])
        at = now()
        self.put(checked, "done", result=result, labels=labels, brought=seen, started_at=at, ended_at=at)
        return Outcome(result, labels)

    def _numbered(self, call: Call, result: Any) -> Any:
        """The result with citations that continue the run's numbering."""
        if next(numbers(result), None) is None:
            return result
        return renumbered(result, [known.result for known in self.calls.of_run(call.run_id)])

    def _ended(self, call: Call, tool: Tool, status: str, started_at: float, error: str = "") -> None:
        self._emit(
            CallEnded(
                call.run_id,
                call.step_id,
                call.agent,
                call=call.key,
                tool=tool.name,
                status=status,
                duration_ms=max(0, round(1000 * (now() - started_at))),
                error=error,
            )
        )


def _error(failure: str, message: str) -> ToolError:
    kinds: dict[str, type[ToolError]] = {"transient": TransientToolError, "arguments": ToolArgumentError}
    return kinds.get(failure, ToolError)(message)


def _kept_for_later(tool: Tool) -> bool:
    return tool.cache_s > 0 and tool.traits.read_only and tool.traits.idempotent


def _cache_key(checked: CheckedCall) -> str:
    where = checked.call.where
    return digest(where.user, where.workspace, checked.tool.plugin, checked.tool.schema_hash, checked.args_hash)
