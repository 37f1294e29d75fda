"""Who works on a run, and what clocks that jump, machines that restart and processes that hang about do to it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent_core import tool
from agent_core.errors import JournalError, UsageError
from agent_core.journal import lease as leases
from agent_core.journal.lease import LEASE_S, is_abandoned, is_alive, lease, new_owner, since_boot
from agent_core.testing import Script, call

DAY_S = 24 * 3600.0


def of(pid: int, *, boot: str | None = None, space: str | None = None, started: str | None = None) -> str:
    """The name that a process would give itself, perhaps on another boot or in another container."""
    place, _, _, word = new_owner().split(":")
    here, _, own = place.partition("/")
    began = leases._started(pid) if started is None else started
    return f"{boot or here}/{space or own}:{pid}:{began}:{word}"


@pytest.fixture
def other():
    """Another process of this machine, at work."""
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    yield process
    process.communicate()


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch):
    """Sets the wall clock forwards, or back, by some seconds."""
    real = time.time
    return lambda seconds: monkeypatch.setattr("time.time", lambda: real() + seconds)


def test_a_process_that_runs_is_believed_whatever_its_lease_says(other):
    assert is_alive(of(other.pid), 0.0)
    assert not is_abandoned(of(other.pid), since_boot() - DAY_S)


def test_an_id_that_was_given_to_another_process_is_not_the_owner(other):
    assert not is_alive(of(other.pid, started="12345"), since_boot() + 30)


def test_a_process_that_nobody_buried_is_dead(tmp_path: Path):
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if Path("/proc/self/stat").exists():
        assert Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        assert not is_alive(of(process.pid))
    process.wait()
    assert not is_alive(of(process.pid, started=""))


def test_an_owner_from_before_the_machine_was_started_is_dead(other):
    assert not is_alive(of(other.pid, boot="11111111-another-boot"), since_boot() + LEASE_S)


@pytest.mark.parametrize("seconds", [-DAY_S, 0, DAY_S])
def test_an_owner_in_another_container_is_believed_until_its_heartbeat_lapses(jump, seconds):
    elsewhere = of(os.getpid(), space="4026599999")
    until = since_boot() + 30
    jump(seconds)
    assert is_alive(elsewhere, until), "a clock that jumps takes no run away"
    assert not is_alive(elsewhere, since_boot() - 1), "nor keeps one"


async def test_a_lease_that_could_not_be_given_back_is_nobodys(assistants):
    assistant = assistants(Script("hello"))
    answer = await assistant.ask("hi")
    journal = assistant.parts.journal

    async def work() -> None:
        async with lease(journal, answer.run_id, new_owner()):
            journal.execute("PRAGMA query_only=ON")  # as a full disk does, it lets nothing more in

    with pytest.raises(JournalError):
        await work()
    journal.execute("PRAGMA query_only=OFF")
    assert assistant.parts.runs.get(answer.run_id).owner is not None
    async with lease(journal, answer.run_id, new_owner()):
        with pytest.raises(UsageError, match="worked on"):
            await work()
    assert assistant.parts.runs.get(answer.run_id).owner is None


@pytest.mark.parametrize("seconds", [-DAY_S, DAY_S])
async def test_a_clock_that_jumps_while_a_run_is_worked_on(assistants, jump, seconds):
    begun, go_on = asyncio.Event(), asyncio.Event()

    @tool
    async def act() -> str:
        """Act."""
        begun.set()
        await go_on.wait()
        return "acted"

    first = assistants(Script(call("act"), "done"), tools=[act], allow=["act"])
    work = asyncio.create_task(first.ask("go"))
    await begun.wait()
    (row,) = first.parts.runs.list()
    jump(seconds)
    with pytest.raises(UsageError, match="worked on"):
        await assistants(Script("no"), tools=[act]).resume(row.id)
    go_on.set()
    answer = await work
    assert answer.status == "done"
    assert [one.duration_ms >= 0 for one in answer.calls] == [True]
    ended = [event for event in first.parts.runs.events(row.id) if event["event"] == "call_ended"]
    assert [event["duration_ms"] >= 0 for event in ended] == [True]
    assert 0 <= first.parts.runs.get(row.id).active_s < 60


@pytest.mark.parametrize(
    ("approved_at", "resumed_at", "runs"),
    [
        (0, 0, True),
        (0, 8 * DAY_S, False),
        (0, -30, True),
        (0, -DAY_S, False),
        (0, 6 * DAY_S, True),
        (-8 * DAY_S, 0, False),
        (9 * DAY_S, 0, False),
    ],
)
async def test_a_yes_is_good_for_a_week_whatever_the_clock_does(assistants, jump, approved_at, resumed_at, runs):
    sent = []

    @tool
    def send() -> str:
        """Send."""
        sent.append("sent")
        return "sent"

    script = Script(call("send"), "done")
    answer = await assistants(script, tools=[send]).ask("go")
    jump(approved_at)
    await assistants(script, tools=[send]).approve(answer.pending[0].id)
    jump(resumed_at)
    answer = await assistants(script, tools=[send]).resume(answer.run_id)
    assert (sent, answer.status) == ((["sent"], "done") if runs else ([], "waiting"))


async def test_a_clock_that_was_set_back_makes_no_old_read_current(assistants, jump):
    state = ["old"]

    @tool(read_only=True, idempotent=True)
    def look() -> str:
        """Look."""
        return state[0]

    @tool
    def change() -> str:
        """Change it."""
        state[0] = "new"
        return "changed"

    def later(messages):
        jump(-DAY_S)
        return call("change", "b")

    script = Script(call("look", "a"), later, call("look", "c"), "done")
    answer = await assistants(script, tools=[look, change], allow=["change"]).ask("go")
    assert [step.result for step in answer.steps.values()] == ["old", "changed", "new"]


async def test_a_conversation_goes_on_where_it_ended_by_no_clock(assistants, jump):
    first = await assistants(Script("one")).ask("first")
    jump(-DAY_S)
    await assistants(Script("two")).ask("second", conversation=first.conversation_id)
    script = Script("three")
    await assistants(script).ask("third", conversation=first.conversation_id)
    assert "second" in str(script.requests[0])
    assert [row.request for row in assistants().parts.runs.list()] == ["third", "second", "first"]


async def test_what_is_undone_first_is_what_was_done_last(assistants):
    undone = []

    def taken_back(ctx, finished):
        undone.append(finished.args["what"])
        return "taken back"

    @tool(undo=taken_back)
    def act(what: str) -> str:
        """Act."""
        return what

    steps = [{"id": f"s{n}", "tool": "act", "args": {"what": str(n)}} for n in (1, 2)]
    script = Script(call("submit_plan", goal="g", steps=steps), "done")
    answer = await assistants(script, tools=[act]).ask("go")
    asked = {pending.args["what"]: pending.id for pending in answer.pending}
    for what in ("2", "1"):  # asked about in one order, done in the other
        await assistants(script, tools=[act]).approve(asked[what])
        answer = await assistants(script, tools=[act]).resume(answer.run_id)
    await assistants(script, tools=[act]).undo(answer.run_id)
    assert undone == ["1", "2"]
