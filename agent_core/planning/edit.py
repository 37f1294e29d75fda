"""A person's version of a plan that is under way."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from typing import Any

from agent_core.errors import PlanError, UsageError
from agent_core.gate.labels import Labels
from agent_core.planning.plan import Plan, Step


def with_argument(plan: Plan, step_id: str, name: str, value: Any) -> Plan:
    """The plan with another value for an argument of a step.

    Raises:
        UsageError: there is no such step, or no argument is named.
    """
    known = _named(plan, step_id)
    if not name:
        raise UsageError(f"Name an argument of {step_id!r}: {step_id}.NAME=VALUE.")
    changed = known.model_copy(update={"args": {**known.args, name: value}})
    return plan.model_copy(update={"steps": tuple(changed if step is known else step for step in plan.steps)})


def without_step(plan: Plan, step_id: str) -> Plan:
    """The plan without a step.

    Raises:
        UsageError: there is no such step.
    """
    gone = _named(plan, step_id)
    return plan.model_copy(update={"steps": tuple(step for step in plan.steps if step is not gone)})


def with_call(plan: Plan, tool: str, args: dict[str, Any]) -> Plan:
    """The plan with one more call at its end, after everything else."""
    taken = {step.id for step in plan.steps}
    number = next(n for n in count(len(plan.steps) + 1) if f"s{n}" not in taken)
    last = tuple(step.id for step in plan.steps[-1:])
    return plan.model_copy(
        update={"steps": (*plan.steps, Step(id=f"s{number}", tool=tool, args=args, depends_on=last))}
    )


def _named(plan: Plan, step_id: str) -> Step:
    for step in plan.steps:
        if step.id == step_id:
            return step
    raise UsageError(f"There is no step {step_id!r}; there are: {', '.join(step.id for step in plan.steps)}")


def edit(plan: Plan, wanted: Plan, begun: Collection[str], seen: Labels) -> Plan:
    """The next revision of `plan`, with the steps of `wanted`.

    People see neither where a step comes from nor what its writer had seen, and cannot change it: a step that they
    rewrite keeps the labels it had, because they rewrote a text that a model had written.

    Args:
        plan: What is under way.
        wanted: What it is to become; its steps may lack what people do not see.
        begun: Ids of the steps that have ended, or made a call.
        seen: What the planner has seen: new steps may rest on it.

    Raises:
        PlanError: a step that was begun is changed or gone, or nothing is left to do.
    """
    known = {step.id: step for step in plan.steps}
    steps = tuple(_with_origin(step, known.get(step.id), plan, seen) for step in wanted.steps)
    given = {step.id: step for step in steps}
    reasons = [
        f"step {name!r} was begun and cannot be " + ("changed" if name in given else "removed")
        for name in sorted(known.keys() & set(begun))
        if given.get(name) != known[name]
    ]
    if not given.keys() - set(begun):
        reasons.append("nothing is left to do; deny the plan or the call that waits instead")
    if reasons:
        raise PlanError(reasons)
    return plan.model_copy(update={"steps": steps, "revision": plan.revision + 1})


def _with_origin(step: Step, known: Step | None, plan: Plan, seen: Labels) -> Step:
    if known is not None:
        return step.model_copy(update={"origin": known.origin, "seen": known.seen})
    origin = plan.steps[-1].origin if plan.steps else ""
    return step.model_copy(update={"origin": origin, "seen": tuple(sorted(seen))})
