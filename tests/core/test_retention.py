"""What is kept, for how long, and that what is deleted is gone: its rows, its secrets and its bytes."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent_core import Assistant, FinishedCall, ToolContext, tool
from agent_core.errors import UsageError
from agent_core.journal.store import Journal
from agent_core.testing import Script, call

DAY_S = 24 * 3600.0
CANARY = "canary-5f2a-kept-by-nobody"
PASSWORD = "Hz9-tulip-42-canary"
TABLES = ("runs", "plans", "steps", "histories", "events", "calls", "grants", "pending", "feedback", "cache")


@tool(read_only=True, idempotent=True, cache_s=3600)
def look(what: str) -> str:
    """Look at something."""
    return f"saw {what} " * 400


@tool(undo_note="It is gone.")
def send(ctx: ToolContext, body: str) -> str:
    """Send a message."""
    ctx.save_for_undo({"before": body * 100})
    return f"sent {body}"


def undo_tell(ctx: ToolContext, finished: FinishedCall) -> str:
    assert finished.args["password"] == PASSWORD
    return "untold"


@tool(undo=undo_tell)
def tell(password: str) -> str:
    """Tell a password."""
    return "told"


TOOLS = [look, send, tell]


def plan(word: str) -> Any:
    steps = [
        {"id": "s1", "tool": "look", "args": {"what": word}},
        {"id": "s2", "tool": "send", "args": {"body": {"$from": "s1"}}},
    ]
    return call("submit_plan", goal=word, steps=steps)


async def full_run(make: Any, word: str) -> str:
    """A run that leaves something in every table; returns its id."""
    assistant = make(Script(plan(word), f"{word} is done", f"{word} again"), tools=TOOLS)
    answer = await assistant.ask(f"{word}, and my password is {PASSWORD}-{word}")
    await assistant.approve(answer.pending[0].id, scope="session")
    answer = await assistant.resume(answer.run_id)
    assert answer.status == "done"
    await assistant.feedback(answer.run_id, "down", f"better {word}")
    await assistant.aclose()
    return answer.run_id


def holding(home: Path, *words: str) -> list[str]:
    """Files below the state folder in which one of the words stands."""
    files = [path for path in home.rglob("*") if path.is_file()]
    return [path.name for path in files for word in words if word.encode() in path.read_bytes()]


def rows(home: Path, table: str) -> int:
    with closing(sqlite3.connect(home / "journal.db")) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


async def test_a_purged_run_leaves_no_row_no_secret_and_no_byte(assistants, tmp_path, cli):
    run_id = await full_run(assistants, CANARY)
    home = tmp_path / "home"
    assert all(rows(home, table) for table in TABLES), "or there is nothing to see"
    assert "journal.db" in holding(home, CANARY)
    with closing(sqlite3.connect(home / "vault.db")) as db:
        assert db.execute("SELECT count(*) FROM secret").fetchone()[0] > 0
    ran = cli("runs", "purge", "--run", run_id, "--yes")
    assert ran.code == 0, ran.err
    assert {table: rows(home, table) for table in TABLES} == dict.fromkeys(TABLES, 0)
    assert rows(home, "rules") == 0, "a rule for one conversation goes with it"
    with closing(sqlite3.connect(home / "vault.db")) as db:
        assert db.execute("SELECT count(*) FROM secret").fetchone()[0] == 0
    assert holding(home, CANARY, run_id) == []


async def test_bytes_are_gone_while_the_assistant_goes_on(assistants, tmp_path):
    kept = await full_run(assistants, "kept")
    gone = await full_run(assistants, CANARY)
    assistant = assistants(Script("hello"), tools=TOOLS)
    assert assistant.parts.retention.purge([gone]).log_emptied
    assert holding(tmp_path / "home", CANARY, gone) == []
    assert [row.id for row in assistant.parts.runs.list()] == [kept]
    assert assistant.answer_of(kept).text == "kept is done"
    assert (await assistant.ask("go on")).text == "hello"


async def test_somebody_who_reads_keeps_only_the_log_from_being_emptied(assistants, tmp_path, cli):
    run_id = await full_run(assistants, CANARY)
    with closing(sqlite3.connect(tmp_path / "home" / "journal.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM runs").fetchall()
        ran = cli("runs", "purge", "--run", run_id, "--yes", "--json")
        assert (ran.code, ran.json["log_emptied"]) == (0, False)
    assert rows(tmp_path / "home", "runs") == 0
    Journal(tmp_path / "home" / "journal.db").close()
    assert holding(tmp_path / "home", CANARY) == []


async def test_what_waits_or_is_at_work_goes_only_by_name(assistants, tmp_path, cli, monkeypatch):
    waiting = await assistants(Script(plan("w")), tools=TOOLS).ask("wait")
    assistants().parts.journal.execute("UPDATE runs SET updated_at = 0")
    ended = await full_run(assistants, "e")
    ran = cli("runs", "purge", "--all", "--yes", "--json")
    assert ran.json["runs"] == [ended]
    assert rows(tmp_path / "home", "runs") == 1
    assert cli("runs", "purge", "--older-than", "1d", "--yes", "--json").json["runs"] == []
    assert cli("runs", "purge", "--run", waiting.run_id[:9], "--yes", "--json").json["runs"] == [waiting.run_id]
    assert rows(tmp_path / "home", "runs") == rows(tmp_path / "home", "pending") == 0


async def test_a_run_that_somebody_works_on_is_not_deleted(assistants, tmp_path):
    begun, go_on = asyncio.Event(), asyncio.Event()

    @tool(read_only=True)
    async def slow() -> str:
        """Wait."""
        begun.set()
        await go_on.wait()
        return "ok"

    assistant = assistants(Script(call("slow"), "done"), tools=[slow])
    work = asyncio.create_task(assistant.ask("go"))
    await begun.wait()
    (row,) = assistant.parts.runs.list()
    with pytest.raises(UsageError, match="worked on"):
        assistant.parts.retention.purge([row.id])
    go_on.set()
    assert (await work).text == "done"


@pytest.mark.parametrize("options", [(), ("--all",), ("--older-than", "0d")], ids=["overdue", "all", "older"])
async def test_nothing_is_deleted_unasked_without_a_terminal(assistants, tmp_path, cli, options):
    await full_run(assistants, "kept")
    assistants().parts.journal.execute("UPDATE runs SET updated_at = 1")
    ran = cli("runs", "purge", *options)
    assert (ran.code, rows(tmp_path / "home", "runs")) == (2, 1)
    assert "--yes" in ran.err


@pytest.mark.parametrize(
    "options",
    [
        ("--older-than", "soon"),
        ("--older-than", "-1d"),
        ("--older-than", "٣d"),
        ("--run", "run_nothere"),
        ("--all", "--older-than", "3d"),
    ],
)
async def test_what_makes_no_sense_deletes_nothing(assistants, tmp_path, cli, options):
    await full_run(assistants, "kept")
    assert cli("runs", "purge", *options, "--yes").code == 2
    assert rows(tmp_path / "home", "runs") == 1


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Days that the wall clock is ahead of what it shows; a list of one."""
    ahead = [0.0]
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() + ahead[0] * DAY_S)
    return ahead


async def test_runs_go_by_themselves_when_their_time_is_over(assistants, tmp_path, clock):
    old = await full_run(assistants, CANARY)
    waiting = await assistants(Script(plan("w")), tools=TOOLS).ask("wait")
    clock[0] = 300
    new = await full_run(assistants, "new")
    clock[0] = 400
    assistant = assistants(Script("hello"), tools=TOOLS)
    last = await assistant.ask("hi")
    assert {row.id for row in assistant.parts.runs.list()} == {waiting.run_id, new, last.run_id}
    await assistant.aclose()
    assert holding(tmp_path / "home", CANARY, old) == []


async def test_zero_days_keep_everything(assistants, clock, monkeypatch):
    monkeypatch.setenv("AGENT_CORE_JOURNAL_KEEP_DAYS", "0")
    monkeypatch.setenv("AGENT_CORE_JOURNAL_UNDO_DAYS", "0")
    await full_run(assistants, "old")
    clock[0] = 9000
    assistant = assistants(Script("hello"), tools=TOOLS)
    await assistant.ask("hi")
    assert len(assistant.parts.runs.list()) == 2
    assert assistant.parts.vault.count() > 0
    assert assistant.parts.retention.overdue() == []


async def test_a_backlog_goes_a_hundred_at_a_time(assistants, tmp_path, clock):
    assistant = assistants(Script(*["hello"] * 250), tools=TOOLS)
    for number in range(250):
        await assistant.ask(f"number {number}")
    clock[0] = 366
    left = []
    for _ in range(4):
        later = assistants(Script("hello"), tools=TOOLS)
        await later.ask("hi")
        left.append(rows(tmp_path / "home", "runs"))
    assert left == [151, 52, 3, 4]


async def test_upkeep_is_once_a_day_whoever_comes(assistants, clock):
    first = assistants(Script("a", "b"), tools=TOOLS)
    await first.ask("hi")
    first.parts.journal.execute("UPDATE runs SET updated_at = 0")
    second = assistants(Script("c", "d", "e"), tools=TOOLS)
    await second.ask("hi")
    assert len(second.parts.runs.list()) == 2, "somebody looked today"
    clock[0] = 1.1
    await second.ask("hi")
    assert len(second.parts.runs.list()) == 2, "one has gone, one has come"
    second.parts.journal.execute("UPDATE runs SET updated_at = 0")
    clock[0] = -30
    await second.ask("hi")
    assert len(second.parts.runs.list()) == 1, "a clock that was set back does not stop it"


async def test_upkeep_that_fails_stops_no_request(assistants, tmp_path, clock):
    await full_run(assistants, "old")
    with closing(sqlite3.connect(tmp_path / "home" / "journal.db")) as db:
        db.execute("DROP TABLE upkeep")
    clock[0] = 400
    assert (await assistants(Script("hello"), tools=TOOLS).ask("hi")).text == "hello"


# -- secrets


async def told(assistants: Any, *turns: Any) -> tuple[Assistant, Any]:
    def says(messages: Any) -> Any:
        token = next(word for word in str(messages[-1].parts[-1].content).split() if word.startswith("secret_"))
        return call("tell", password=token)

    assistant = assistants(Script(says, *turns), tools=TOOLS, allow=["tell"])
    return assistant, await assistant.ask(f"my password is {PASSWORD}")


def broken(messages: Any) -> Any:
    from agent_core.errors import ModelError

    raise ModelError("gone")


async def test_secrets_go_when_the_time_to_undo_is_over(assistants, clock):
    assistant, answer = await told(assistants, "done")
    assert assistant.parts.vault.count() == 1
    clock[0] = 29
    await assistants(Script("hello"), tools=TOOLS).ask("hi")
    assert assistant.parts.vault.count() == 1
    clock[0] = 32
    await assistants(Script("hello"), tools=TOOLS).ask("hi")
    assert assistant.parts.vault.count() == 0
    later = assistants(Script(), tools=TOOLS)
    (undone,) = await later.undo(answer.run_id)
    assert undone["status"] == "kept", "no tool gets a token for a password"
    assert "undo_days" in undone["detail"]


async def test_secrets_of_what_can_still_be_undone_are_there(assistants, clock):
    _, answer = await told(assistants, "done")
    clock[0] = 29
    (undone,) = await assistants(Script(), tools=TOOLS).undo(answer.run_id)
    assert undone["status"] == "undone"


async def test_a_run_without_its_secrets_does_not_go_on(assistants, clock):
    _, answer = await told(assistants, broken)
    assert answer.status == "failed"
    clock[0] = 40
    await assistants(Script("hello"), tools=TOOLS).ask("hi")
    script = Script("done")
    with pytest.raises(UsageError, match="undo_days"):
        await assistants(script, tools=TOOLS).resume(answer.run_id)
    assert script.requests == []


async def test_secrets_of_what_waits_stay(assistants, clock):
    script = Script(call("ask_user", question="Who?"), "done")
    answer = await assistants(script, tools=TOOLS).ask(f"my password is {PASSWORD}")
    clock[0] = 100
    assistant = assistants(Script("hello"), tools=TOOLS)
    await assistant.ask("hi")
    assert assistant.parts.vault.count() == 1
    await assistant.reply(answer.pending[0].id, "Bo")
    assert (await assistants(script, tools=TOOLS).resume(answer.run_id)).status == "done"


async def test_secrets_of_a_conversation_stay_while_a_run_of_it_is_left(assistants):
    first = await assistants(Script("noted"), tools=TOOLS).ask(f"my password is {PASSWORD}")
    assistant = assistants(Script("yes"), tools=TOOLS)
    second = await assistant.ask("still there?", conversation=first.conversation_id)
    assistant.parts.retention.purge([first.run_id])
    assert assistant.parts.vault.count() == 1
    assistant.parts.retention.purge([second.run_id])
    assert assistant.parts.vault.count() == 0


async def test_a_journal_of_the_version_before_is_brought_up_to_date(assistants, tmp_path):
    run_id = await full_run(assistants, "old")
    with closing(sqlite3.connect(tmp_path / "home" / "journal.db")) as db:
        db.execute("ALTER TABLE runs DROP COLUMN forgotten_at")
        db.execute("DROP TABLE upkeep")
        db.execute("DROP INDEX feedback_by_run")
        added = [
            ("grants", "seal"),
            ("pending", "seal"),
            ("rules", "seal"),
            ("calls", "brought"),
            ("calls", "undo_began_at"),
        ]
        for table, column in added:
            db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.execute("DROP TABLE toolsets")
        db.execute("DROP TABLE definitions")
        db.execute("PRAGMA user_version = 1")
    assistant = assistants(Script("hello"), tools=TOOLS)
    assert assistant.answer_of(run_id).text == "old is done"
    assert (await assistant.ask("hi")).text == "hello"
