"""The core loop: run what can run, let the planner read what came back, until there is an answer.

while there are ready steps, run them side by side
a person is needed?  stop here; whoever resumes starts at the same place
else the planner answers, or adds steps: a new revision of what has not run yet
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from agent_core.errors import AgentCoreError
from agent_core.events import PlanMade, RunEnded, RunStarted, StepEnded, Waiting
from agent_core.gate.call import Denied, WaitingForPerson
from agent_core.gate.labels import of_descriptions, union
from agent_core.gate.pending import Pending, pending_id
from agent_core.journal.runs import RunStatus, StepResult
from agent_core.loop.checker import checked
from agent_core.loop.speakers import planner_voice
from agent_core.loop.state import Run
from agent_core.loop.steps import ask_person, run_step
from agent_core.models.turn import arguments_of
from agent_core.planning.control import ASK_USER
from agent_core.planning.plan import Plan, Step
from agent_core.planning.planner import Planner, Proposal, origin, returns_for


class PlanRefused(AgentCoreError):
    """A person looked at the plan and said no."""


async def drive(run: Run) -> RunStatus:
    """Work on the run, fresh or read back from the journal, until it is answered or needs a person.

    Every stop can be resumed. Returns the status.
    """
    emit = run.services.emit
    emit(_started(run))
    error: Exception | None = None
    try:
        status = await _work(run)
    except WaitingForPerson as waiting:
        run.waiting[waiting.pending.id] = waiting.pending
        status = "waiting"
    except asyncio.CancelledError:
        _end(run, "cancelled")
        raise
    except (Denied, PlanRefused) as refusal:
        error, status = refusal, "refused"
    except AgentCoreError as failure:
        error, status = failure, "failed"
    except Exception as defect:  # a defect is raised, and leaves no run behind that seems to be worked on
        _end(run, "failed", defect)
        raise
    _end(run, status, error)
    return status


def _end(run: Run, status: RunStatus, error: Exception | None = None) -> None:
    """The run is over, or waits: its state and the events that say so are durable together."""
    emit = run.services.emit
    with run.services.runs.transaction():
        run.save(status, error)
        for pending in run.services.approvals.open(run.id) if status == "waiting" else ():
            emit(Waiting(run.id, pending.step_id, pending.agent, pending=pending.to_json()))
        emit(RunEnded(run.id, status=status, error=run.told(error)))


async def plan_only(run: Run) -> Plan:
    """What would be done: the planner is asked once, and nothing of what it says runs.

    A run of its own keeps the model's response in the journal; it is over with that.
    """
    emit = run.services.emit
    emit(_started(run))
    try:
        proposal = await _propose(run)
    except (Exception, asyncio.CancelledError) as error:
        status = "cancelled" if isinstance(error, asyncio.CancelledError) else "failed"
        _end(run, status, error if isinstance(error, Exception) else None)
        raise
    run.answer = proposal.answer or " ".join(question.text for question in proposal.questions) or None
    plan = Plan(goal=proposal.goal or run.row.request, steps=proposal.steps, answer=run.answer)
    if plan.steps:
        run.adopt(plan, "planner")
    _end(run, "done")
    return plan


def _started(run: Run) -> RunStarted:
    voice = run.services.voice("planner", run.persona)
    resumed = bool(run.plan.steps)
    return RunStarted(run.id, request=run.row.request, model=voice.name, model_why=voice.why, resumed=resumed)


async def _work(run: Run) -> RunStatus:
    while True:
        if run.plan_first:
            _accept_plan(run)
        await _run_ready_steps(run)
        if run.waiting:
            return "waiting"
        if (answer := _written_answer(run)) is not None:
            run.answer = checked(answer, run)
            return _status(run)
        proposal = await _next(run)
        if not proposal.steps:
            run.answer = checked(proposal.answer or "", run)
            return _status(run)
        _adopt(run, proposal)


async def _run_ready_steps(run: Run) -> None:
    """Each step starts as soon as what it needs is there; returns when nothing more can start.

    Whatever stops the run - a limit, a model that is gone - lets the steps finish that have begun: an action that is
    cut off would have to be asked about.
    """
    active: set[asyncio.Task[None]] = set()
    started: set[str] = set()
    stop: BaseException | None = None
    try:
        while True:
            _skip_cut_off(run)
            try:
                for step in _ready_steps(run, started) if stop is None else ():
                    if len(active) >= run.limits.parallel:
                        break
                    run.check_limits()
                    started.add(step.id)
                    active.add(asyncio.create_task(run_step(run, step)))
            except AgentCoreError as limit:
                stop = limit
            if not active:
                break
            finished, active = await asyncio.wait(active, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                stop = stop or task.exception()
    finally:
        for task in active:
            task.cancel()
        await asyncio.gather(*active, return_exceptions=True)
    if stop is not None:
        raise stop


async def _next(run: Run) -> Proposal:
    """Ask the planner what to do next; a question of its own to the user comes first.

    Raises:
        WaitingForPerson: it asked the user something that is not answered yet.
    """
    while True:
        proposal = await _propose(run)
        if proposal.steps or not proposal.questions:
            return proposal
        _answers(run)


async def _propose(run: Run) -> Proposal:
    """Give the planner what came back, and read what it says."""
    state = run.planner
    state.seen = union([state.seen, *(ended.labels for ended in run.results.values())])
    prompt: Any = None
    if not state.conversation.turn:
        prompt = run.prompt
    elif _carried_out(run):
        state.conversation.returned(returns_for(state.conversation, run.plan, run.results, _answers(run)))

    async def ask(conversation: Any, shown: Any, prompt: Any) -> None:
        state.seen = union([state.seen, of_descriptions(run.tools[name] for name in shown if name in run.tools)])
        await run.ask("", conversation, planner_voice(run, shown), prompt, state.seen)

    planner = Planner(run.tools, frozenset(run.services.personas), lambda query: _find(run, query))
    return await planner.next(state, ask, prompt, run.plan)


def _carried_out(run: Run) -> bool:
    """Whether the planner's open calls became steps or questions; after a crash in between they are read again."""
    conversation = run.planner.conversation
    calls = conversation.open_calls()
    written = {origin(conversation.turn, call) for call in calls}
    asked = all(call.tool_name == ASK_USER for call in calls)
    return bool(calls) and (asked or any(step.origin in written for step in run.plan.steps))


def _answers(run: Run) -> dict[str, str]:
    """What the user said to the planner's open questions.

    Raises:
        WaitingForPerson: one of them is not answered.
    """
    conversation = run.planner.conversation
    return {
        call.tool_call_id: ask_person(
            run, "", conversation.turn, call.tool_call_id, str(arguments_of(call).get("question", "")), run.planner.seen
        )
        for call in conversation.open_calls()
        if call.tool_name == ASK_USER
    }


def _find(run: Run, query: str) -> list[str]:
    return [tool.name for tool in run.services.catalogue.find(query, limit=8, only=run.offered)]


def _adopt(run: Run, proposal: Proposal) -> None:
    """New steps: the next revision. What has ended stays; what could not run any more is gone from the plan."""
    first = not run.plan.steps
    steps = (*run.plan.steps, *proposal.steps)
    revision = 1 if first else run.plan.revision + 1
    goal = proposal.goal or run.plan.goal or run.row.request
    run.adopt(run.plan.model_copy(update={"steps": steps, "revision": revision, "goal": goal}), "planner")
    run.services.emit(PlanMade(run.id, plan=run.plan.to_json()))


def _accept_plan(run: Run) -> None:
    """Wait for a yes to the plan, once per revision that has anything to run.

    Raises:
        WaitingForPerson: there is none yet.
        PlanRefused: the user refused the plan.
    """
    if all(step.id in run.results for step in run.plan.steps):
        return
    pending = Pending(
        id=pending_id(run.id, "plan", run.plan.model_dump(mode="json")),
        run_id=run.id,
        step_id="",
        kind="plan",
        why="you asked to see the plan before it runs",
        question="Run this plan?",
        data={"plan": run.plan.to_json()},
    )
    answer = run.services.approvals.answer_of(pending.id)
    if answer is None:
        run.services.approvals.ask(pending)
        raise WaitingForPerson(pending)
    if not answer.get("approved"):
        raise PlanRefused(f"You refused the plan: {answer.get('reason') or 'no reason was given'}")


def _ready_steps(run: Run, started: set[str]) -> list[Step]:
    done = {name for name, ended in run.results.items() if ended.status == "done"}
    return [s for s in run.plan.steps if s.id not in started and s.id not in run.results and s.needs <= done]


def _skip_cut_off(run: Run) -> None:
    """A step that needs something which did not come is skipped, and what needs it after it.

    Only when all that it needs has ended: what is said of it does not depend on what failed first.
    """
    cut = True
    while cut:
        cut = False
        for step in run.plan.steps:
            lost = [name for name in step.needs if name in run.results and run.results[name].status != "done"]
            if step.id not in run.results and lost and step.needs <= run.results.keys():
                labels = union(run.results[name].labels for name in lost)
                run.ended(step.id, StepResult("skipped", None, labels, f"it needs {', '.join(sorted(lost))}"))
                run.services.emit(StepEnded(run.id, step.id, status="skipped"))
                cut = True


def _written_answer(run: Run) -> str | None:
    """The reply of a plan that has an answer step of its own, once it is done and nothing else is left.

    A plan that no planner of this run wrote (a workflow) needs no planner to end it either: its last result, or what
    went wrong, is the reply.
    """
    last = run.plan.steps[-1] if run.plan.steps else None
    if last is None or last.id not in run.results:
        return None
    ended = run.results[last.id]
    if last.kind == "answer" and ended.status == "done":
        return str(ended.result)
    if run.planner.conversation.turn:
        return None
    ends = [run.results[step.id] for step in run.plan.steps if step.id in run.results]
    errors = [end.error for end in ends if end.status in ("failed", "denied")]
    return "\n".join(errors) if errors else _as_text(ended.result)


def _as_text(result: Any) -> str:
    """A result for a person: text as it is, also where a tool returns it beside other fields; else JSON."""
    if isinstance(result, dict) and isinstance(result.get("text"), str):
        return result["text"]
    return result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, indent=2)


def _status(run: Run) -> RunStatus:
    """How the run ended: what a later revision replaced does not count, what the last one left undone does."""
    last_turn = max((step.origin.split("/")[0] for step in run.plan.steps), default="", key=lambda t: int(t or 0))
    ends = {
        run.results[step.id].status
        for step in run.plan.steps
        if step.origin.split("/")[0] == last_turn and step.id in run.results
    }
    if "denied" in ends:
        return "refused"
    return "failed" if ends & {"failed", "skipped"} else "done"
