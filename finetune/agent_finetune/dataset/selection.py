"""Which decisions of a run are taught: what finished, was checked, and was not refused, taken back or disliked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from agent_core import Trace
from agent_finetune.dataset.conversation import Unreadable, assistant, calls_of, is_response, messages_of, text_of
from agent_finetune.dataset.examples import Example, Kind, Message, Source, Teacher, by
from agent_finetune.dataset.verdicts import Judged, Outcomes

OFFLINE = "offline"
REFUSAL = "None of the tools that I have fits this request."
"""What `offline` says instead speaks of itself, and would not be true of whoever learns it."""


@dataclass(frozen=True)
class Decision:
    """One response of a model in a run, with what it was made from and what became of it."""

    agent: str
    context: list[Message]
    said: Message
    kind: Kind
    calls: list[Judged]
    toolset: str
    source: Source
    is_last: bool
    """It is the run's answer."""
    left_out: str = ""
    """Why it is not taught; empty where it is."""

    @cached_property
    def corrected(self) -> Message | None:
        """The same with the arguments that a person approved instead; None where they changed nothing."""
        if not any(call.edited is not None for call in self.calls):
            return None
        changed = [
            {"id": made["id"], "name": made["function"]["name"], "arguments": made["function"]["arguments"]}
            if call.edited is None
            else {"id": made["id"], "name": call.name, "arguments": call.edited}
            for made, call in zip(self.said["tool_calls"], self.calls, strict=True)
        ]
        return assistant(self.said["content"], changed, {str(call["id"]): str(call["id"]) for call in changed})


def decisions(trace: Trace) -> Iterator[Decision]:
    """Every response of a run's models, agent by agent, in order."""
    about_run = _of_run(trace)
    liked = [said.rating for said in trace.feedback if said.rating][-1:] == ["up"]
    outcomes = Outcomes(trace)
    for speech in trace.speeches:
        responses = [at for at, message in enumerate(speech.messages) if is_response(message)]
        own = responses[-len(speech.turns) :] if speech.turns else []
        shortened = "its conversation was shortened" if len(own) < len(speech.turns) else ""
        acted = False
        for turn, (at, (model, toolset)) in enumerate(zip(own, speech.turns[-len(own) :], strict=True), start=1):
            student = _student(speech.messages[at])
            source = Source(_teacher(model), student or model, trace.run.conversation_id, trace.run.id)
            try:
                context = messages_of(speech.messages[:at])
                calls = calls_of(speech.messages[at])
                said = messages_of(speech.messages[: at + 1])[-1]
            except Unreadable as error:
                yield Decision(speech.agent, [], {}, "call", [], toolset, source, False, f"it holds {error}")
                continue
            judged = [outcomes.judge(speech.agent, turn, call, speech.labels) for call in calls]
            kind = _kind(judged, acted)
            acted = acted or bool(judged)
            is_last = speech.agent == "" and not judged and at == own[-1]
            reason = about_run or shortened or _of_turn(judged, toolset)
            if not reason and student and not liked and all(call.edited is None for call in judged):
                reason = "a local model that learned here said it"
            if not reason and is_last and text_of(speech.messages[at]).strip() != (trace.run.answer or "").strip():
                reason = "the check marked its answer"
            if kind == "no_tool" and source.teacher == OFFLINE:
                said = assistant(REFUSAL)
            yield Decision(speech.agent, context, said, kind, judged, toolset, source, is_last, reason)


def example(decision: Decision, tools: list[dict[str, Any]]) -> Example:
    """What a decision teaches: as the model made it, or as a person corrected it."""
    corrected = decision.corrected
    source = decision.source if corrected is None else by(decision.source, "person")
    return Example([*decision.context, corrected or decision.said], tools, decision.kind, source)


def _student(response: Mapping[str, Any]) -> str:
    """The local model that answered in the teacher's place; empty where none did.

    What it learned here it must not learn again: its mistakes would become its lessons.
    """
    asked = (response.get("metadata") or {}).get("student") or {}
    return str(asked.get("model", "")) if asked.get("outcome") == "served" else ""


def _teacher(model: str) -> Teacher:
    return "offline" if model == OFFLINE else "model"


def _kind(calls: list[Judged], acted: bool) -> Kind:
    if any(call.name == "submit_plan" for call in calls):
        return "plan"
    if any(call.name == "ask_user" for call in calls):
        return "question"
    if calls:
        return "call"
    return "answer" if acted else "no_tool"


def _of_run(trace: Trace) -> str:
    """Why nothing of a run is taught."""
    if trace.run.status != "done":
        return f"its run {'was ' if trace.run.status in ('refused', 'cancelled') else ''}{trace.run.status}"
    ratings = [said.rating for said in trace.feedback if said.rating]
    return "a person rated it down" if ratings[-1:] == ["down"] else ""


def _of_turn(calls: list[Judged], toolset: str) -> str:
    reason = next((call.fault for call in calls if call.fault), "")
    return reason or ("" if toolset else "the tools it was shown are not on record")
