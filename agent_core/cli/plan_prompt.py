"""Editing a plan at the terminal: arguments, steps, or all of it in an editor. Nothing is adopted before it checks."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from agent_core.cli.line_input import read_line
from agent_core.cli.render import note, plan_lines
from agent_core.cli.values import assignments, fitted
from agent_core.errors import AgentCoreError, PlanError, UsageError

if TYPE_CHECKING:
    from agent_core.assistant import Assistant
    from agent_core.gate.pending import Pending
    from agent_core.planning.plan import Plan

_HOW = """\
One change per line; an empty line ends and shows the plan again.
  s2.to=ann@example.com        an argument as text, or s2.limit:=3 as JSON
  delete s3                    without a step
  add write_file path=a.txt    another step at the end
  open                         all of it as YAML in your editor"""


async def edit_plan(assistant: Assistant, pending: Pending) -> bool:
    """Let the person change the plan that is asked about; whether it was, so that the new one is asked about."""
    before = plan = assistant.answer_of(pending.run_id).plan
    assert plan is not None, "a question about a plan follows a plan"
    note(_HOW)
    while line := await read_line("change: "):
        try:
            plan = await _opened(plan) if line == "open" else _changed(assistant, plan, line)
            for shown in plan_lines(plan.to_json()):
                note(f"    {shown}")
        except AgentCoreError as error:
            note(_said(error))
    if plan == before:
        note("Nothing was changed.")
        return False
    try:
        await assistant.edit_plan(pending.run_id, plan)
    except PlanError as error:
        note(_said(error))
        return False
    return True


def _changed(assistant: Assistant, plan: Plan, line: str) -> Plan:
    from agent_core.planning.edit import with_argument, with_call, without_step

    word, _, rest = line.partition(" ")
    if word == "delete":
        return without_step(plan, rest.strip())
    if word == "add":
        tool, *given = shlex.split(rest) or [""]
        if tool not in assistant.parts.tools:
            raise UsageError(f"There is no tool {tool!r}.")
        values = fitted(assignments(given), assistant.parts.tools[tool].parameters.get("properties", {}))
        return with_call(plan, tool, values)
    ((target, value),) = assignments([line]).items()
    step_id, _, name = target.partition(".")
    return with_argument(plan, step_id, name, value)


async def _opened(plan: Plan) -> Plan:
    """The plan as somebody leaves it in their editor."""
    from agent_core.planning.workflow import load, save

    command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not command:
        raise UsageError("No editor is set; set EDITOR, or change the plan line by line.")
    with tempfile.TemporaryDirectory(prefix="agent-core-plan-") as folder:
        file = Path(folder) / "plan.yaml"
        save(plan, file)
        try:
            done = await asyncio.to_thread(subprocess.run, [*command, str(file)], check=False)
        except OSError as error:
            raise UsageError(f"The editor {command[0]!r} cannot be started: {error.strerror}.") from None
        if done.returncode:
            raise UsageError(f"The editor ended with {done.returncode}; the plan is as it was.")
        return load(file).model_copy(update={"revision": plan.revision, "goal": plan.goal})


def _said(error: AgentCoreError) -> str:
    reasons = "".join(f"\n    {reason}" for reason in error.reasons) if isinstance(error, PlanError) else f" {error}"
    return f"That does not work:{reasons}\nThe plan is as it was."
