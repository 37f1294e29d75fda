"""What people liked better: edits, refusals with a reason, retries, thumbs and rewritten answers, as pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_core import Trace
from agent_finetune.dataset.conversation import assistant
from agent_finetune.dataset.examples import Because, Definition, Example, Message, Preference, by, called
from agent_finetune.dataset.selection import Decision
from agent_finetune.dataset.verdicts import RETRIED


def preferences(trace: Trace, made: Sequence[Decision], tools: Sequence[list[Definition]]) -> Iterator[Preference]:
    """What a run says of better and worse.

    Args:
        trace: The run.
        made: Its decisions, in order.
        tools: The tools of each of them.
    """
    for at, decision in enumerate(made):
        if not decision.said:
            continue
        if decision.corrected is not None and not decision.left_out:
            yield _pair(decision, tools[at], decision.corrected, decision.said, "edit")
        if refusal := next((call.refusal for call in decision.calls if call.refusal), ""):
            better = _next_good(made, at)
            if refusal.strip():
                yield _pair(decision, tools[at], better, decision.said, "denial")
        elif any(call.fault in RETRIED for call in decision.calls):
            better = _next_good(made, at)
            if better is not None and called(better) == called(decision.said):
                yield _pair(decision, tools[at], better, decision.said, "retry")
    yield from _about_answer(trace, made, tools)


def style(trace: Trace, made: Sequence[Decision], tools: Sequence[list[Definition]]) -> Example | None:
    """The answer as a person rewrote it; None where nobody did."""
    said = next((one.correction for one in reversed(trace.feedback) if one.correction), None)
    last = next((at for at, decision in enumerate(made) if decision.is_last), None)
    if said is None or last is None:
        return None
    decision = made[last]
    return Example([*decision.context, assistant(said)], tools[last], "style", by(decision.source, "person"))


def retried(before: Decision, after: Decision, tools: list[Definition]) -> Preference | None:
    """Two beginnings of runs that were asked the same, of which only the second came to a good end."""
    if before.said.get("tool_calls") == after.said.get("tool_calls"):
        return None
    return Preference(after.context, tools, after.said, before.said, "retry", after.source)


def _about_answer(trace: Trace, made: Sequence[Decision], tools: Sequence[list[Definition]]) -> Iterator[Preference]:
    last = next((at for at, decision in enumerate(made) if decision.is_last), None)
    if last is None:
        return
    rating = next((one.rating for one in reversed(trace.feedback) if one.rating), None)
    correction = next((one.correction for one in reversed(trace.feedback) if one.correction), None)
    answer = made[last]
    if correction is not None:
        yield _pair(answer, tools[last], assistant(correction), answer.said, "correction")
    elif rating == "up":
        yield _pair(answer, tools[last], answer.said, None, "thumb")
    elif rating == "down":
        yield _pair(answer, tools[last], None, answer.said, "thumb")


def _next_good(made: Sequence[Decision], at: int) -> Message | None:
    """What the same agent did next that nothing speaks against."""
    for later in made[at + 1 :]:
        if later.agent == made[at].agent and later.calls and not any(call.fault for call in later.calls):
            return later.corrected or later.said
    return None


def _pair(
    decision: Decision,
    tools: list[Definition],
    chosen: Message | None,
    rejected: Message | None,
    because: Because,
) -> Preference:
    return Preference(decision.context, tools, chosen, rejected, because, by(decision.source, "person"))
