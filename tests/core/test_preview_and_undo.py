"""What is shown is what happens, and what is taken back is as it was: every bundled action, in any order.

Byte for byte: files with their modes and folders, the calendar's file, drafts; notes as they can be read.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import agent_plugin_calendar as calendar
import agent_plugin_files as files
import agent_plugin_mail as mail
import agent_plugin_notes as notes
from agent_core import FinishedCall, Tool, ToolContext, ToolError
from agent_core.testing import Script, call
from agent_core.tools.execution import preview_tool, run_tool, undo_tool
from agent_core.tools.isolation import IsolatedRunner
from tests.plugins.test_files import apply

QUICK = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


class Desk:
    """A workspace and the plugins' own folders, and the calls that were made there."""

    def __init__(self, root: Path) -> None:
        self.workspace = root / "work"
        self.data = root / "data"
        self.workspace.mkdir(parents=True)
        self.data.mkdir()
        self._calls = 0

    def context(self, saved: list[Any]) -> ToolContext:
        key = f"run_0/s{self._calls}/0/0"
        return ToolContext(workspace=self.workspace, data_dir=self.data, save=saved.append, call_key=key)

    def state(self) -> dict[str, Any]:
        """Everything there is, down to the bytes."""
        found: dict[str, Any] = {}
        for root in (self.workspace, self.data):
            for path in sorted(root.rglob("*")):
                name = str(path.relative_to(root.parent))
                if path.is_dir():
                    found[name] = "folder"
                elif path.name == "notes.db":
                    found[name] = self._notes(path)
                elif path.suffix not in (".lock", ".db-wal", ".db-shm") and not path.name.startswith("notes."):
                    found[name] = (path.stat().st_mode, path.read_bytes())
        return found

    def _notes(self, path: Path) -> list[Any]:
        with closing(sqlite3.connect(path)) as db:
            return db.execute("SELECT id, user, text, noted_at, labels FROM notes ORDER BY id").fetchall()

    async def do(self, tool: Tool, args: dict[str, Any]) -> tuple[str, FinishedCall, ToolContext]:
        """Preview a call, carry it out, and return what was shown and what its undo gets."""
        self._calls += 1
        saved: list[Any] = []
        context = self.context(saved)
        validated = tool.arguments.validate(args)
        shown = (await preview_tool(tool, validated, context)).text
        isolation = IsolatedRunner()
        try:
            result = await run_tool(tool, validated, context, isolation)
        finally:
            await isolation.aclose()
        kept = json.loads(json.dumps(saved[-1])) if saved else None
        return shown, FinishedCall(validated, result, kept), context


# -- what can be asked for

names = st.sampled_from(["a.txt", "b.txt", "c.md", "in/a.txt", "in/deep/b.txt", "new", "in"])
words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20)
texts = st.lists(words, max_size=5).map("\n".join)
times = st.integers(1, 28).map(lambda day: f"2027-03-{day:02}T10:00")
plain = st.text("abc äß", min_size=1, max_size=12).filter(str.strip)
a = st.fixed_dictionaries
ACTIONS = st.one_of(
    st.tuples(st.just(files.write_file), a({"path": names, "content": texts, "append": st.booleans()})),
    st.tuples(st.just(files.edit_file), a({"path": names, "old": plain, "new": texts, "all": st.just(True)})),
    st.tuples(st.just(files.move_file), a({"source": names, "destination": names})),
    st.tuples(st.just(files.delete_file), a({"path": names})),
    st.tuples(st.just(files.make_folder), a({"path": names})),
    st.tuples(st.just(calendar.add_event), a({"title": plain, "start": times, "location": plain})),
    st.tuples(st.just(calendar.remove_event), a({"title": plain})),
    st.tuples(st.just(notes.remember), a({"text": plain})),
    st.tuples(st.just(notes.forget), a({"query": st.sampled_from(["1", "2", "a", "b"])})),
    st.tuples(st.just(mail.draft_mail), a({"to": st.just("bo@example.com"), "subject": plain, "body": texts})),
)
STARTS = st.dictionaries(st.sampled_from(["a.txt", "c.md"]), texts)


@given(
    actions=st.lists(ACTIONS, min_size=1, max_size=8), start=st.dictionaries(st.sampled_from(["a.txt", "c.md"]), texts)
)
@QUICK
def test_actions_taken_back_newest_first_leave_everything_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[Tool, dict[str, Any]]], start: dict[str, str]
) -> None:
    desk = Desk(tmp_path_factory.mktemp("desk"))
    for name, text in start.items():
        (desk.workspace / name).write_bytes(text.encode())
    asyncio.run(_there_and_back(desk, actions))


async def _there_and_back(desk: Desk, actions: list[tuple[Tool, dict[str, Any]]]) -> None:
    done: list[tuple[Tool, FinishedCall, ToolContext, dict[str, Any]]] = []
    for tool, args in actions:
        before = desk.state()
        try:
            shown, finished, context = await desk.do(tool, args)
        except ToolError:
            assert _without_empty(desk.state()) == _without_empty(before), "what failed changed nothing"
            continue
        _check_shown(tool, args, shown, before, desk.state())
        done.append((tool, finished, context, before))
    for tool, finished, context, before in reversed(done):
        await undo_tool(tool, finished, context)
        assert _without_empty(desk.state()) == _without_empty(before), tool.name


def _without_empty(state: dict[str, Any]) -> dict[str, Any]:
    """Without what the plugins' own folders may keep that nobody put there: a file of notes that has none."""
    return {
        name: value
        for name, value in state.items()
        if value != [] and not (name.startswith("data/") and value == "folder")
    }


def _check_shown(tool: Tool, args: dict[str, Any], shown: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """That what the preview says is what the call did, as far as it shows it: for files, to the byte."""
    if tool in (files.write_file, files.edit_file, files.delete_file):
        name = "work/" + args["path"]
        made = {f"work/{folder}" for folder in _new_folders(shown)}
        old = before[name][1].decode() if name in before else ""
        expected = apply(shown, old)
        assert (after[name][1].decode() if name in after else "") == expected
        assert {n for n in after.keys() - before.keys() if after[n] == "folder"} == made
        assert (name in after) == ("+++ /dev/null" not in shown)
        others = before.keys() - {name}
        assert all(after.get(other) == before[other] for other in others)
    elif tool is files.make_folder:
        assert {n for n in after.keys() - before.keys()} == {f"work/{folder}" for folder in _new_folders(shown)}
    elif tool is files.move_file:
        source, destination = shown.split("Move ", 1)[1].rstrip("\n").split("\n  to ")
        assert after[f"work/{destination}"] == before[f"work/{source}"]
        assert f"work/{source}" not in after
    elif tool is calendar.add_event:
        (ics,) = [value[1].decode() for name, value in after.items() if name.endswith(".ics")]
        lines = [line for line in ics.replace("\r\n ", "").splitlines() if line.startswith(("SUMMARY:", "LOCATION:"))]
        assert f"SUMMARY:{shown.splitlines()[0]}" in lines
        assert "Where: " + args["location"].strip() in shown
    elif tool is mail.draft_mail:
        (new,) = [value[1] for name, value in after.items() if name.endswith(".eml") and name not in before]
        message = email.message_from_bytes(new, policy=email.policy.default)
        head, _, body = shown.partition("\n\n")
        assert f"To: {message['To']}" in head.splitlines()
        assert f"Subject: {message['Subject']}" in head.splitlines()
        assert message.get_content().replace("\r\n", "\n").rstrip("\n") == body.rstrip("\n")
    elif tool is notes.forget:
        assert shown.startswith("Forget ")


def _new_folders(shown: str) -> list[str]:
    return [line[len("New folder ") : -1] for line in shown.splitlines() if line.startswith("New folder ")]


# -- through a run


async def test_a_run_is_taken_back_newest_effect_first(assistants, tmp_path) -> None:
    """Not in the order in which calls were first written down: the first one waited while the second one ran."""
    one = call("write_file", "one", path="a.txt", content="first")
    two = call("write_file", "two", path="a.txt", content="second")
    assistant = assistants(Script([one, two], "done"), plugins=["files"], allow=["write_file(content=second)"])
    answer = await assistant.ask("write")
    target = tmp_path / "workspace" / "a.txt"
    assert target.read_text() == "second"
    (pending,) = answer.pending
    await assistant.approve(pending.id)
    answer = await assistant.resume(answer.run_id)
    for pending in answer.pending:  # the file is another one than when it was asked about
        await assistant.approve(pending.id)
        answer = await assistant.resume(answer.run_id)
    assert target.read_text() == "first"
    assert [action.call.args["content"] for action in assistant.undoable(answer.run_id)] == ["first", "second"]
    report = await assistant.undo(answer.run_id)
    assert [action["status"] for action in report] == ["undone", "undone"], report
    assert not target.exists()
    assert await assistant.undo(answer.run_id) == []


async def test_undoing_is_journaled_before_and_after_and_says_what_stays(assistants, tmp_path, approver) -> None:
    script = Script(
        [call("write_file", path="a.txt", content="x"), call("send_mail", to="bo@example.com", body="hi")], "k"
    )
    approver.answer = lambda pending: True
    assistant = assistants(script, plugins=["files", "mail"], approver=approver)
    answer = await assistant.ask("write and send")
    calls = assistant.parts.gate.ledger.calls
    sent = next(recorded for recorded in answer.calls if recorded.tool == "send_mail")
    calls.set_status(sent.key, "done")  # as if there were a mail server
    begun: list[float | None] = []
    undo = assistant.parts.toolbox.undo

    async def watch(call_, tool, finished):
        begun.append(calls.get(call_.key).undo_began_at)
        return await undo(call_, tool, finished)

    assistant.parts.toolbox.undo = watch
    assert [action.possible for action in assistant.undoable(answer.run_id)].count(False) == 1
    report = {action["tool"]: action for action in await assistant.undo(answer.run_id)}
    assert report["write_file"]["status"] == "undone"
    assert report["send_mail"]["status"] == "kept"
    assert "cannot be called back" in report["send_mail"]["detail"]
    assert begun[0] is not None, "that it was begun is written before the effect"
    events = assistant.parts.journal.rows(
        "SELECT data FROM events WHERE run_id = ? AND kind = 'call_undone'", answer.run_id
    )
    assert {json.loads(row["data"])["status"] for row in events} == {"undone", "kept"}


async def test_an_undoing_that_was_cut_off_is_said_and_tried_again(assistants, tmp_path) -> None:
    assistant = assistants(Script(call("write_file", path="a.txt", content="x"), "k"), plugins=["files"],
                           allow=["write_file"])  # fmt: skip
    answer = await assistant.ask("write")
    undo = assistant.parts.toolbox.undo

    async def killed(*args):
        raise KeyboardInterrupt

    assistant.parts.toolbox.undo = killed
    with pytest.raises(KeyboardInterrupt):
        await assistant.undo(answer.run_id)
    assistant.parts.toolbox.undo = undo
    (action,) = assistant.undoable(answer.run_id)
    assert "interrupted" in action.outlook
    await assistant.undo(answer.run_id)
    assert not (tmp_path / "workspace" / "a.txt").exists()


@given(first=texts, second=texts, wanted=texts)
@QUICK
def test_a_file_that_changed_after_the_yes_is_asked_about_again(tmp_path_factory, first, second, wanted) -> None:
    assume(len({first, second, wanted}) == 3)
    asyncio.run(_changed_in_between(tmp_path_factory.mktemp("run"), first, second, wanted))


async def _changed_in_between(root: Path, first: str, second: str, wanted: str) -> None:
    from agent_core import Assistant

    workspace = root / "workspace"
    workspace.mkdir()
    target = workspace / "a.txt"
    target.write_bytes(first.encode())
    script = Script(call("write_file", path="a.txt", content=wanted), "done")
    async with Assistant(script.model, home=root / "home", workspace=workspace, plugins=["files"]) as assistant:
        answer = await assistant.ask("write")
        await assistant.approve(answer.pending[0].id)
        target.write_bytes(second.encode())
        answer = await assistant.resume(answer.run_id)
        assert target.read_bytes() == second.encode()
        assert apply(answer.pending[0].preview, second) == wanted
        await assistant.approve(answer.pending[0].id)
        await assistant.resume(answer.run_id)
        assert target.read_bytes() == wanted.encode()
        await assistant.undo(answer.run_id)
        assert target.read_bytes() == second.encode()


def test_every_bundled_action_is_among_them() -> None:
    """A bundled tool that changes something has to be tried here, or say why it cannot be taken back."""
    from agent_core.tools.plugins import load_plugins

    tried = [files.write_file, files.edit_file, files.move_file, files.delete_file, files.make_folder,
             calendar.add_event, calendar.remove_event, notes.remember, notes.forget, mail.draft_mail]  # fmt: skip
    names = {tool.name for tool in tried}
    for tool in load_plugins(None, ()).tools.values():
        if not tool.traits.read_only:
            assert tool.name in names or (tool.undo is None and tool.undo_note), tool.name
