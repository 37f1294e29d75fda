"""What became of the calls of a response: done, failed, sent back, refused, changed by a person, or taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from agent_core import Trace

Step: TypeAlias = Mapping[str, Any]
STEERING = frozenset({"ask_user", "find_tools"})
"""Calls that the loop answers itself: they leave neither a step nor a row."""
UNTRUSTED = "untrusted"
SENT_BACK, FAILED, REFUSED = "it could not run and was sent back", "it failed", "a person refused it"
RETRIED = (SENT_BACK, FAILED)
"""Faults after which the same tool is often called again, better."""
_ENDS = {"done": "", "denied": REFUSED, "failed": FAILED, "skipped": "a step of it was skipped"}


@dataclass(frozen=True)
class Judged:
    """A call that a model wrote, and what is known of it."""

    name: str
    arguments: dict[str, Any]
    fault: str = ""
    """Why it should not be learned; empty where nothing speaks against it."""
    edited: dict[str, Any] | None = None
    """The arguments that a person approved instead."""
    refusal: str = ""
    """The reason with which a person refused it."""


class Outcomes:
    """What the journal says of a run's calls."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._calls = {call.key: call for call in trace.calls}
        self._verdicts = {verdict.call_key: verdict for verdict in trace.verdicts}
        self._written: dict[str, list[Step]] = {}
        """The steps of each call of the planner, by origin, as they were first."""
        self._run: dict[str, list[Step]] = {}
        """The same as they were in the end."""
        for plan, _ in trace.plans:
            latest: dict[str, list[Step]] = {}
            for step in plan["steps"]:
                latest.setdefault(step.get("origin", ""), []).append(step)
            self._written = latest | self._written
            self._run = latest

    def judge(self, agent: str, turn: int, call: Mapping[str, Any], labels: frozenset[str]) -> Judged:
        """A call of the `turn`-th response of an agent.

        Args:
            agent: Whose call it is; "" for the planner.
            turn: Counted from 1.
            call: {id, name, arguments}.
            labels: What the agent had seen in the end.
        """
        name, arguments = str(call["name"]), dict(call["arguments"])
        if name in STEERING or (agent and name == "delegate"):
            return Judged(name, arguments)
        if agent:
            return self._of_call(name, arguments, f"{self._trace.run.id}/{agent}/{turn}/{call['id']}", labels)
        origin = f"{turn}/{call['id']}"
        written, steps = self._written.get(origin, []), self._run.get(origin, [])
        if not written:
            return Judged(name, arguments, SENT_BACK)
        if name == "submit_plan":
            return self._of_plan(arguments, written, steps)
        if [step["id"] for step in steps] != [step["id"] for step in written]:
            return Judged(name, arguments, "a person planned it anew")
        step = steps[0]
        if name == "delegate":
            return Judged(name, arguments, self._of_step(step))
        judged = self._of_call(name, arguments, self._key(step), frozenset(step.get("seen", ())))
        if judged.edited is None and step.get("args") != written[0].get("args"):
            return Judged(name, arguments, judged.fault, dict(step["args"]), judged.refusal)
        return judged

    def _of_plan(self, arguments: dict[str, Any], written: Sequence[Step], steps: Sequence[Step]) -> Judged:
        faults = [self._of_step(step) for step in steps]
        faults += [self._of_row(key, frozenset(step.get("seen", ()))) for step in steps for key in self._keys(step)]
        refusal = next((self._verdicts[k].reason for step in steps for k in self._keys(step) if self._denied(k)), "")
        corrected = [self._as_approved(step) for step in steps]
        edited = None
        if [_as_submitted(step) for step in written] != corrected:
            edited = {**arguments, "steps": corrected}
        return Judged("submit_plan", arguments, next(filter(None, faults), ""), edited, refusal)

    def _as_approved(self, step: Step) -> dict[str, Any]:
        """A step as a model would have written it, had it known what the person changed when they were asked."""
        plain = _as_submitted(step)
        verdict = self._verdicts.get(self._key(step))
        if verdict is not None and verdict.edited and step.get("kind") == "tool":
            changed = _changed(verdict.asked, verdict.args)
            known = dict(step.get("args", {}))
            plain["args"] = known | {k: v for k, v in changed.items() if not isinstance(known.get(k), dict | list)}
        return plain

    def _of_call(self, name: str, arguments: dict[str, Any], key: str, labels: frozenset[str]) -> Judged:
        verdict = self._verdicts.get(key)
        if verdict is not None and verdict.verdict == "denied":
            return Judged(name, arguments, REFUSED, refusal=verdict.reason)
        call = self._calls.get(key)
        if call is None or call.status != "done":
            return Judged(name, arguments, FAILED)
        # What a model left out was filled in when the call was checked: only what the person changed is theirs.
        edited = {**arguments, **_changed(verdict.asked, verdict.args)} if verdict and verdict.edited else None
        return Judged(name, arguments, self._of_row(key, labels), edited)

    def _of_row(self, key: str, labels: frozenset[str]) -> str:
        call = self._calls[key]
        if call.undone_at is not None:
            return "a person took it back"
        if call.action and UNTRUSTED in labels and key not in self._verdicts:
            return "it is an action that followed others' text, and nobody approved it"
        return ""

    def _of_step(self, step: Step) -> str:
        ended = self._trace.steps.get(step["id"])
        return "a step of it did not run" if ended is None else _ENDS[ended.status]

    def _key(self, step: Step) -> str:
        return f"{self._trace.run.id}/{step['id']}/0/0"

    def _keys(self, step: Step) -> list[str]:
        return [call.key for call in self._trace.calls if call.step_id == step["id"]]

    def _denied(self, key: str) -> bool:
        verdict = self._verdicts.get(key)
        return verdict is not None and verdict.verdict == "denied"


def _changed(asked: Mapping[str, Any], approved: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in approved.items() if name not in asked or asked[name] != value}


def _as_submitted(step: Step) -> dict[str, Any]:
    """A step without what the loop keeps for itself, and without defaults."""
    own = ("origin", "seen")
    return {key: value for key, value in step.items() if key not in own and value not in (None, "", [], {})}
