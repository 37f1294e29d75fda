from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agent_core import FinishedCall, Tool, ToolArgumentError, ToolContext, ToolError, TransientToolError
from agent_core.testing import check_tool
from agent_plugin_notes import forget, list_notes, recall, remember


def context(tmp_path: Path, **options: Any) -> ToolContext:
    return ToolContext(workspace=tmp_path, data_dir=tmp_path / "state" / "notes", **options)


def call(tool: Tool, ctx: ToolContext, **args: Any) -> Any:
    assert tool.function is not None
    return tool.function(ctx, **tool.arguments.keywords(tool.arguments.validate(args)))


def undoable(tool: Tool, tmp_path: Path, **args: Any) -> tuple[Any, Any]:
    """Run a call; its result, and a function that undoes it."""
    saved: list[Any] = []
    result = call(tool, context(tmp_path, save=saved.append), **args)
    assert tool.undo is not None
    undo = tool.undo
    return result, lambda: undo(context(tmp_path), FinishedCall(tool.arguments.validate(args), None, saved[-1]))


def noted(tmp_path: Path, *facts: str, **options: Any) -> ToolContext:
    ctx = context(tmp_path, **options)
    for fact in facts:
        call(remember, ctx, text=fact)
    return ctx


FACTS = (
    "my badge number is 4411",
    "Anna's lease ends in June",
    "the car is parked on level 3 of the garage",
    "I am allergic to walnuts and shellfish",
    "Der Schlüssel für den Keller hängt bei Frau Müller",
    "the wifi at the cabin is called Bärental-5G",
    "Tom's birthday is on 9 May",
    "the quarterly reports are filed under /srv/reports",
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is my badge number?", "4411"),
        ("badge", "4411"),
        ("When does Anna's lease end?", "June"),
        ("when is anna’s LEASE ending", "June"),
        ("Where did I park the car?", "level 3"),
        ("Am I allergic to anything?", "walnuts"),
        ("which allergies do I have: walnut?", "walnuts"),
        ("Wo ist der Schluessel oder Schlüssel für den Keller?", "Müller"),
        ("What's the wifi in the cabin?", "Bärental"),
        ("When is Tom's birthday?", "9 May"),
        ("Where do we file the quarterly report?", "/srv/reports"),
        ("What did I tell you about Anna?", "June"),
        ("What's the date of Tom's birthday?", "9 May"),
        ("What is my current badge number", "4411"),
    ],
)
def test_a_question_finds_its_note_and_no_other(tmp_path: Path, question: str, answer: str) -> None:
    found = call(recall, noted(tmp_path, *FACTS), query=question)
    assert len(found.notes) == 1
    assert answer in found.notes[0].note
    assert found.notes[0].note in found.text
    assert "\n" not in found.text


@pytest.mark.parametrize(
    "question",
    [
        "What is my locker number?",
        "What is my phone number?",
        "When is Paula's birthday?",
        "Who won the match?",
        "What is it?",
        "",
        "?!",
        "🙂",
    ],
)
def test_an_unrelated_question_finds_nothing(tmp_path: Path, question: str) -> None:
    found = call(recall, noted(tmp_path, *FACTS), query=question)
    assert (found.notes, found.count) == ([], 0)
    assert "No note" in found.text


@pytest.mark.parametrize(
    "query",
    [
        *('badge" OR "lease', "badge*", "NEAR(badge lease)", "text:badge", "badge AND", "(badge", "^badge", "badge'--"),
        *('"', "NOT badge", "{badge} : x", "badge\0lease", "a" * 100_000, "badge " * 5000),
    ],
)
def test_query_syntax_is_inert(tmp_path: Path, query: str) -> None:
    found = call(recall, noted(tmp_path, *FACTS), query=query)
    assert {note.note for note in found.notes} <= {FACTS[0], FACTS[1]}


def test_a_fact_is_noted_once(tmp_path: Path) -> None:
    ctx = noted(tmp_path, "my badge number is 4411", "My badge  number is 4411.", "that my badge number is 4411")
    assert call(list_notes, ctx).count == 1
    assert "Already" in call(remember, ctx, text="my badge number is 4411").text


def test_a_new_value_comes_first_and_the_old_one_stays(tmp_path: Path) -> None:
    ctx = noted(tmp_path, "my badge number is 4411", "my badge number is 5522")
    found = call(recall, ctx, query="What is my badge number?")
    assert ["5522" in note.note for note in found.notes] == [True, False]
    assert found.text.index("5522") < found.text.index("4411")
    assert found.text.count("noted on") == 2
    call(remember, ctx, text="my badge number is 4411")
    assert "4411" in call(recall, ctx, query="badge number").notes[0].note


def test_the_limit_holds(tmp_path: Path) -> None:
    ctx = noted(tmp_path, *(f"shelf {n} holds book {n}" for n in range(10)))
    assert len(call(recall, ctx, query="books on the shelf").notes) == 5
    assert len(call(recall, ctx, query="books on the shelf", limit=2).notes) == 2
    assert len(call(recall, ctx, query="books on the shelf", limit=-1).notes) == 1
    listed = call(list_notes, ctx, limit=3)
    assert (len(listed.notes), listed.count) == (3, 10)


def test_remembering_can_be_undone(tmp_path: Path) -> None:
    result, undo = undoable(remember, tmp_path, text="the gate code is 99")
    assert result.note == "the gate code is 99"
    assert "the gate code is 99" in result.text
    assert "Forgot" in undo()
    assert call(list_notes, context(tmp_path)).notes == []
    assert "gone" in undo()


def test_undoing_a_repetition_keeps_the_note(tmp_path: Path) -> None:
    first = call(remember, context(tmp_path), text="the gate code is 99")
    before = call(list_notes, context(tmp_path)).notes
    _, undo = undoable(remember, tmp_path, text="The gate code is 99!")
    undo()
    assert call(list_notes, context(tmp_path)).notes == before
    assert before[0].id == first.id

    _, undo = undoable(remember, tmp_path, text="tea at four")
    call(remember, context(tmp_path), text="tea at four")
    with pytest.raises(ToolError, match="since"):
        undo()


def test_forgetting_can_be_undone(tmp_path: Path) -> None:
    ctx = noted(tmp_path, *FACTS, "my badge number is 5522")
    before = call(list_notes, ctx).notes
    assert forget.preview is not None
    shown: Any = forget.preview(ctx, query="my badge number")
    assert "4411" in shown.text
    assert "5522" in shown.text
    result, undo = undoable(forget, tmp_path, query="my badge number")
    assert result.count == 2
    assert call(recall, ctx, query="badge").notes == []
    undo()
    undo()
    assert call(list_notes, ctx).notes == before
    assert call(recall, ctx, query="badge").count == 2


def test_forgetting_asks_when_it_is_not_clear_what(tmp_path: Path) -> None:
    ctx = noted(tmp_path, "the blue bike has a new lock", "the red bike is at Joe's")
    with pytest.raises(ToolArgumentError, match=r"number.*red bike"):
        call(forget, ctx, query="bike shop")
    with pytest.raises(ToolArgumentError, match="no note about 'boat'"):
        call(forget, ctx, query="boat")
    with pytest.raises(ToolArgumentError, match="no note about ''"):
        call(forget, ctx, query="")
    with pytest.raises(ToolArgumentError, match="no note about '77'"):
        call(forget, ctx, query="77")
    red = call(recall, ctx, query="red bike").notes[0]
    call(forget, ctx, query=f"note #{red.id}")
    assert [note.note for note in call(list_notes, ctx).notes] == ["the blue bike has a new lock"]


def test_a_forgotten_number_is_not_given_to_another_note(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    first, undo = undoable(remember, tmp_path, text="one")
    undo()
    assert call(remember, ctx, text="two").id != first.id


def test_users_do_not_see_each_other(tmp_path: Path) -> None:
    mine = noted(tmp_path, "my badge number is 4411")
    hers = noted(tmp_path, "my badge number is 7", user="ann")
    [found] = call(recall, hers, query="badge").notes
    assert found.note.endswith("7")
    with pytest.raises(ToolArgumentError):
        call(forget, hers, query=str(call(list_notes, mine).notes[0].id))
    assert call(forget, hers, query="badge").count == 1
    assert call(list_notes, mine).count == 1


def test_a_note_keeps_the_labels_that_it_was_written_under(tmp_path: Path) -> None:
    ctx = context(tmp_path, labels=frozenset({"untrusted", "private"}))
    call(remember, ctx, text="the supplier's account ends in 12")
    call(remember, context(tmp_path), text="lunch is at noon")
    call(remember, context(tmp_path), text="the supplier's account ends in 12")
    labels = {note.note: note.labels for note in call(list_notes, context(tmp_path)).notes}
    assert labels == {"lunch is at noon": [], "the supplier's account ends in 12": ["private", "untrusted"]}
    assert call(recall, context(tmp_path), query="supplier").notes[0].labels == ["private", "untrusted"]


@pytest.mark.parametrize("text", ["", " \n", "...", "x\0y", "x\x1b[31m", "\ud800", "x" * 4001])
def test_what_cannot_be_noted_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ToolArgumentError) as caught:
        call(remember, context(tmp_path), text=text)
    assert "\n" not in str(caught.value)


def test_text_is_data(tmp_path: Path) -> None:
    text = '\'); DROP TABLE notes; -- "quoted" <b>bold</b>\nsecond line'
    ctx = noted(tmp_path, text)
    [found] = call(recall, ctx, query="drop table").notes
    assert found.note == text
    assert "\n" not in call(list_notes, ctx).text


def test_the_file_is_private(tmp_path: Path) -> None:
    noted(tmp_path, "a secret place")
    folder = tmp_path / "state" / "notes"
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in [folder, *folder.glob("notes.db*")])


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = context(tmp_path).own_file("notes.db")
    path.write_bytes(b"not a database, but mine\n" * 100)
    before = path.read_bytes()
    for tool, args in (
        (remember, {"text": "x y"}),
        (recall, {"query": "x"}),
        (list_notes, {}),
        (forget, {"query": "x"}),
    ):
        with pytest.raises(ToolError, match=r"notes\.db.*move it away"):
            call(tool, context(tmp_path), **args)
    assert path.read_bytes() == before


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    ctx = noted(tmp_path, "a fact")
    connection = sqlite3.connect(ctx.own_file("notes.db"))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ToolError, match="newer version"):
        call(remember, ctx, text="another")


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    context(tmp_path).own_file("notes.db").mkdir()
    with pytest.raises(ToolError, match=r"notes\.db"):
        call(remember, context(tmp_path), text="x y")


def test_a_file_that_stays_locked_may_be_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ctx = noted(tmp_path, "a fact")
    monkeypatch.setattr("agent_plugin_notes.store._BUSY_S", 0.05)
    other = sqlite3.connect(ctx.own_file("notes.db"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(TransientToolError):
        call(remember, ctx, text="another fact")
    assert call(list_notes, ctx).count == 1  # readers do not wait
    other.close()


_WRITER = """
import sys
from pathlib import Path
from agent_core import ToolContext
from agent_plugin_notes import remember
for n in range(10):
    remember.function(ToolContext(Path("."), Path(sys.argv[1])), f"worker {sys.argv[2]} wrote {n}")
"""


def test_processes_side_by_side_lose_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "notes"

    def write(worker: int) -> None:
        command = [sys.executable, "-W", "error", "-c", _WRITER, str(folder), str(worker)]
        subprocess.run(command, check=True, env=dict(os.environ), timeout=60)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    assert call(list_notes, context(tmp_path)).count == 30


def test_traits_and_quick_loading() -> None:
    assert remember.traits.internal
    assert remember.undo is not None
    assert recall.traits.read_only
    assert recall.traits.private_data
    assert forget.undo is not None
    code = "import sys, agent_plugin_notes; print({'sqlite3', 'pydantic', 'filelock'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


async def test_the_tools_conform(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    for tool, args in ((remember, {"text": "the gate code is 99"}), (recall, {"query": "gate"}), (list_notes, {})):
        result = await check_tool(tool, args, ctx)
        assert "the gate code is 99" in result["text"]
    assert (await check_tool(forget, {"query": "gate code"}, ctx))["count"] == 1
