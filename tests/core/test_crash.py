"""kill -9 anywhere in a three-step run, then resume: nothing that was done is done again, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from agent_core.testing import Script, call

PROGRAM = textwrap.dedent(
    """
    import asyncio, os, signal, sys
    from pathlib import Path
    from agent_core import Assistant, tool
    from agent_core.testing import Script, call

    home, die_at = Path(sys.argv[1]), sys.argv[2]
    log = home / "effects.log"

    def mark(name):
        if name == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def effect(line):
        with log.open("a") as file:
            file.write(line + "\\n")
            file.flush()
            os.fsync(file.fileno())

    @tool(read_only=True)
    def look(what: str) -> str:
        "Look."
        mark("before-read")
        effect("read " + what)
        mark("after-read")
        return "seen " + what

    @tool
    def act(what: str) -> str:
        "Act."
        mark("before-act")
        effect("act " + what)
        mark("after-act")
        return "did " + what

    @tool
    def finish(what: str) -> str:
        "Finish."
        mark("before-finish")
        effect("finish")
        mark("after-finish")
        return "finished"

    plan = call("submit_plan", goal="g", steps=[
        {"id": "s1", "tool": "look", "args": {"what": "a"}},
        {"id": "s2", "tool": "act", "args": {"what": {"$from": "s1"}}},
        {"id": "s3", "tool": "finish", "args": {"what": {"$from": "s2"}}},
    ])

    def first(messages):
        effect("model")
        mark("in-planner")
        return plan

    def last(messages):
        effect("model")
        mark("in-answer")
        return "all done"

    async def main():
        resume = sys.argv[3] if len(sys.argv) > 3 else None
        script = Script(*( [last] if resume == "answer" else [first, last]))
        assistant = Assistant(script.model, tools=[look, act, finish], plugins=False, home=home,
                              workspace=home, allow=["*"])
        if resume:
            run_id = assistant.parts.runs.list()[0].id
            answer = await assistant.resume(run_id)
        else:
            answer = await assistant.ask("go")
        print(answer.status, answer.text, len(answer.pending))
        await assistant.aclose()

    asyncio.run(main())
    """
)


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-W", "ignore", str(program), str(home), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("die_at", "resume"),
    [
        ("in-planner", "start"),
        ("before-read", "answer"),
        ("after-read", "answer"),
        ("in-answer", "answer"),
    ],
)
def test_a_killed_run_finishes_without_repeating_an_action(tmp_path, die_at, resume):
    killed = run(tmp_path, die_at)
    assert killed.returncode == -signal.SIGKILL
    resumed = run(tmp_path, "nowhere", resume)
    assert resumed.stdout.strip() == "done all done 0", resumed.stderr
    effects = (tmp_path / "home" / "effects.log").read_text().splitlines()
    assert [line for line in effects if not line.startswith(("read", "model"))] == ["act seen a", "finish"]


@pytest.mark.parametrize("die_at", ["before-act", "after-act"])
def test_an_action_that_was_begun_is_unknown_and_a_person_decides(tmp_path, die_at):
    assert run(tmp_path, die_at).returncode == -signal.SIGKILL
    resumed = run(tmp_path, "nowhere", "answer")
    assert resumed.stdout.strip() == "waiting  1", resumed.stderr
    effects = (tmp_path / "home" / "effects.log").read_text().splitlines()
    assert effects.count("act seen a") == (1 if die_at == "after-act" else 0)


def test_what_a_person_says_of_an_unknown_action_is_its_outcome(tmp_path, assistants):
    assert run(tmp_path, "after-act").returncode == -signal.SIGKILL
    effects = tmp_path / "home" / "effects.log"

    from agent_core import tool

    @tool
    def act(what: str) -> str:
        """Act."""
        raise AssertionError("must not run again")

    @tool
    def finish(what: str) -> str:
        """Finish."""
        return what

    async def decide() -> None:
        assistant = assistants(Script("all done"), tools=[act, finish], home=tmp_path / "home")
        run_id = assistant.parts.runs.list()[0].id
        answer = await assistant.resume(run_id)
        (pending,) = answer.pending
        assert pending.unknown
        assert "not known" in pending.why
        await assistant.reply(pending.id, "did it, I looked")
        answer = await assistant.resume(run_id)
        assert answer.status == "done"
        assert answer.steps["s3"].result == "did it, I looked"

    asyncio.run(decide())
    assert effects.read_text().count("act seen a") == 1


async def test_two_processes_do_not_work_on_one_run(assistants):
    gate = asyncio.Event()

    from agent_core import tool
    from agent_core.errors import UsageError

    @tool(read_only=True)
    async def slow() -> str:
        """Wait."""
        await gate.wait()
        return "ok"

    first = assistants(Script(call("slow"), "done"), tools=[slow])
    work = asyncio.create_task(first.ask("go"))
    while not (runs := first.parts.runs.list()) or runs[0].owner is None:
        await asyncio.sleep(0.01)
    second = assistants(Script("done"), tools=[slow])
    with pytest.raises(UsageError, match=str(os.getpid())):
        await second.resume(runs[0].id)
    gate.set()
    assert (await work).status == "done"
