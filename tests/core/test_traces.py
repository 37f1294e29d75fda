"""Runs as whoever learns from them reads them, and the tools that models were shown."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from agent_core import open_traces, tool
from agent_core.testing import Script, call


@tool(undo_note="A room.")
def book(room: str) -> str:
    """Book a room."""
    return f"Booked {room}."


async def test_a_trace_tells_what_was_said_done_and_decided(assistants, approver, tmp_path: Path) -> None:
    assistant = assistants(Script(call("book", room="A"), "Booked."), tools=[book], approver=approver)
    approver.answer = lambda pending: {"room": "B"}
    answer = await assistant.ask("Book the big room")
    await assistant.feedback(answer.run_id, "up")
    with open_traces(tmp_path / "home") as traces:
        [trace] = traces
        assert len(traces) == 1
        assert (trace.run.request, trace.run.status) == ("Book the big room", "done")
        [verdict] = trace.verdicts
        assert verdict.edited
        assert (verdict.asked, verdict.args) == ({"room": "A"}, {"room": "B"})
        assert [(said.rating, said.correction) for said in trace.feedback] == [("up", None)]
        [speech] = trace.speeches
        assert len(speech.turns) == 2
        model, toolset = speech.turns[0]
        assert "scripted" in model
        shown = {definition["name"]: definition for definition in traces.toolset(toolset)}
        assert shown["book"]["description"].startswith("Book a room")
        assert shown["book"]["parameters"]["properties"]["room"]["type"] == "string"
        assert {"ask_user", "submit_plan"} <= shown.keys()
        assert traces.toolset("nothing of the kind") == []


async def test_a_definition_is_kept_once_however_often_it_is_shown(assistants, tmp_path: Path) -> None:
    assistant = assistants(Script(*["Hello."] * 5), tools=[book])
    for _ in range(5):
        await assistant.ask("Good morning")
    with closing(sqlite3.connect(tmp_path / "home" / "journal.db")) as db:
        assert db.execute("SELECT count(*) FROM toolsets").fetchone() == (1,)
        assert db.execute("SELECT count(*), count(DISTINCT definition) FROM definitions").fetchone() == (3, 3)


async def test_a_tool_that_changes_is_another_definition(assistants, tmp_path: Path) -> None:
    @tool(name="book", undo_note="A room.")
    def book_better(room: str, hour: int = 9) -> str:
        """Book a room for an hour."""
        return room

    await assistants(Script("Hello."), tools=[book]).ask("Good morning")
    await assistants(Script("Hello."), tools=[book_better]).ask("Good morning")
    with open_traces(tmp_path / "home") as traces:
        names = [trace.speeches[0].turns[0][1] for trace in traces]
        shown = [next(d for d in traces.toolset(name) if d["name"] == "book") for name in names]
    assert [sorted(definition["parameters"]["properties"]) for definition in shown] == [["room"], ["hour", "room"]]


async def test_a_request_that_failed_is_no_turn(assistants, tmp_path: Path) -> None:
    def fails(messages: object) -> str:
        raise RuntimeError("a defect")

    assistant = assistants(Script(fails, "Hello."), tools=[book])
    with suppress(RuntimeError):
        await assistant.ask("Good morning")
    await assistant.resume(assistant.parts.runs.list()[0].id)
    with open_traces(tmp_path / "home") as traces:
        [trace] = traces
        assert len(trace.speeches[0].turns) == 1


async def test_what_was_said_before_in_a_conversation_is_found(assistants, tmp_path: Path) -> None:
    assistant = assistants(Script("One.", "Two.", "Three."), tools=[book])
    first = await assistant.ask("First")
    await assistant.ask("Elsewhere")
    await assistant.ask("Second", conversation=first.conversation_id)
    with open_traces(tmp_path / "home") as traces:
        one, elsewhere, second = traces
        before = traces.before(second)
        assert before is not None
        assert before.run.id == one.run.id
        assert traces.before(elsewhere) is None


def test_a_correction_at_the_command_line_loses_its_secrets(assistants, cli) -> None:
    run_id = cli("ask", "Work out 1 + 1", "--model", "offline", "--json").json["run_id"]
    secret = "ghp_" + "aB3dE6gH9j" * 4
    ran = cli("runs", "rate", run_id, "down", "--correction", f"Use {secret} next time", "--json")
    assert ran.code == 0
    assert secret not in ran.out
    assert all(secret.encode() not in path.read_bytes() for path in cli.home.rglob("*") if path.is_file())
