"""How often a person is asked in 200 ordinary tasks: safety that always asks is answered without being read.

Nothing is asked for reads in the workspace, or for what stays inside the assistant and can be taken back; for anything
else that changes something, or sends something, at most one question.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from agent_core import Assistant
from agent_core.answer import Answer
from agent_core.testing import Approver, Script, call

_TIME = pytest.mark.timeout(600)
FILES = {
    "notes.txt": "Call Anna about the lease.\nInvoice 4411 is paid.\n",
    "todo.md": "- buy milk\n- water the plants\n",
    "letter.txt": "Dear Ms Weber,\nthe Hamburg office moves in June.\n",
    "report.md": "# Report\nAll went well.\n",
    "docs/plan.md": "First the floor, then the walls.\n",
    "budget.csv": "item,amount\nrent,900\nfood,350\npower,80\n",
    "sales.csv": "region,amount,status\nNorth,10,open\nSouth,25,paid\nNorth,5,open\n",
}
TEXTS = [name for name in FILES if not name.endswith(".csv")]
VERBS = ("Read", "Show me the contents of", "Open", "Display", "Show")

READS = [
    *(f"{verb} {name}" for name in TEXTS for verb in ("Read", "Show me the contents of", "Open", "Display", "Show")),
    "List the files in this folder",
    "What are the three largest files here?",
    "Which CSV files are in this folder?",
    "Show me the most recently changed files",
    "Search my files for 'invoice 4411'",
    "Which files mention the Hamburg office?",
    "Where in this folder does the word lease occur?",
    *(f"Read {name} in this folder and add up the amount column" for name in ("budget.csv", "sales.csv")),
    *(f"What is the average amount in {name}?" for name in ("budget.csv", "sales.csv")),
    "How many rows in sales.csv have status = 'open'?",
    "What is the largest amount in budget.csv?",
    "Which columns does sales.csv have?",
    "What is in my calendar tomorrow?",
    "Do I have anything on Friday?",
    "List my appointments next week",
]
SUMS = [
    *(f"What is {share}% of {whole}?" for share, whole in product((5, 12.5, 17, 20), (480, 2340, 99))),
    "Solve 3x + 7 = 22",
    "Differentiate x^3*sin(x)",
    "What is 12 * (4 + 5)?",
    "What is the square root of 1764?",
    "Factor x^2 - 5x + 6",
    "What is the mean of 4, 8 and 15?",
]
OWN_STATE = [
    *(f"Remember that my {what}" for what in (
        "badge number is 4411", "locker code is 7731", "car is parked on level 3", "sister lives in Graz",
        "dentist is Dr Moser", "shoe size is 42", "train leaves at 7:12", "plants need water on Mondays",
        "bike is in the cellar", "flight is at noon", "editor is called Kim", "printer needs black ink",
    )),
    *(f"What is my {what}?" for what in ("badge number", "locker code", "shoe size")),
    "List my notes",
    "Forget my locker code",
    "Draft an email to ann@example.com about the meeting on Friday",
    "Draft an email to bo@example.com saying that the report is late",
]  # fmt: skip
CHANGES = [
    *(f"Write '{text}' to {name}.txt" for text, name in (("Call the plumber", "plumber"), ("Hello", "hello"),
      ("Buy bread", "bread"), ("See you soon", "soon"))),
    "Append 'milk' to shopping.txt",
    "Replace 'milk' with 'oat milk' in todo.md",
    "Make a folder called archive",
    "Create the directory reports/2027",
    "Rename report.md to final.md",
    "Delete letter.txt",
    *(f"Put '{what}' in my calendar on {day} March 2027 at {hour}:30 for 45 minutes" for what, day, hour in (
        ("Dentist", 3, 14), ("Team lunch", 4, 12), ("Budget review", 5, 9), ("Call with Anna", 8, 16))),
    *(f"Email {who}@example.com that the meeting is moved to Monday" for who in ("bo", "ann", "joe")),
    *(f"Work out {share}% of 480 and write the result to share{share}.txt" for share in (7, 19, 21)),
    "List the three largest files here, then write their names to largest.txt",
]  # fmt: skip
READ_CALLS = [
    call("read_file", path="notes.txt"),
    call("search_files", query="lease"),
    call("list_files"),
    call("query_table", path="budget.csv", operation="sum", column="amount"),
    call("describe_table", path="sales.csv"),
    call("recall", query="badge number"),
    call("list_events", start="next week"),
    call("calculate", expression="17% of 2340"),
]
THEN = [
    call("write_file", path="summary.txt", content="All of it."),
    call("write_file", path="todo.md", content="- done\n"),
    call("edit_file", path="notes.txt", old="Anna", new="Ann"),
    call("make_folder", path="old"),
    call("add_event", title="Lease", start="2027-06-01T10:00"),
    call("send_mail", to="bo@example.com", body="It is paid.", subject="Invoice"),
    call("delete_file", path="letter.txt"),
    call("move_file", source="report.md", destination="final.md"),
    call("remember", text="the lease is paid"),
    call("read_file", path="docs/plan.md"),
    call("calculate", expression="900 + 350 + 80"),
    call("list_notes"),
    call("query_table", path="sales.csv", operation="count"),
]
MANY = [
    [call("write_file", path=f"{name}.txt", content=name) for name in names]
    for names in (("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d"))
]
MAPS: list[list[str]] = [["x", "y"], ["x", "y", "z"], [f"n{number}" for number in range(12)]]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return refill(tmp_path / "workspace")


def refill(folder: Path) -> Path:
    """The files as they were, and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def side_effects(assistant: Assistant, answer: Answer) -> int:
    """Calls that changed something other than the assistant's own state, or tried to."""
    return sum(
        recorded.action and not assistant.parts.tools[recorded.tool].traits.internal for recorded in answer.calls
    )


class Count:
    """How many tasks were asked about how often."""

    def __init__(self) -> None:
        self.questions: dict[str, Counter[int]] = {}
        self.idle: list[str] = []

    def add(self, kind: str, task: str, questions: int, answer: Answer) -> None:
        self.questions.setdefault(kind, Counter())[questions] += 1
        if not answer.calls:
            self.idle.append(task)

    @property
    def tasks(self) -> int:
        return sum(counter.total() for counter in self.questions.values())

    def show(self) -> None:
        for kind, counter in self.questions.items():
            spread = ", ".join(f"{tasks} tasks with {number}" for number, tasks in sorted(counter.items()))
            print(f"{kind:28} {spread} questions")


@_TIME
async def test_ordinary_requests_in_words(assistants, approver: Approver, workspace: Path) -> None:
    approver.answer = lambda pending: True
    assistant = assistants("offline", plugins=None, approver=approver)
    count = Count()
    tasks = [("reads", READS), ("sums", SUMS), ("own state", OWN_STATE), ("changes", CHANGES)]
    for kind, task in [(kind, task) for kind, some in tasks for task in some]:
        approver.asked.clear()
        answer = await assistant.ask(task)
        asked = len(approver.asked)
        count.add(kind, task, asked, answer)
        assert asked <= side_effects(assistant, answer), task
        if kind != "changes":
            assert asked == 0, task
    count.show()
    assert count.tasks == 100
    assert len(count.idle) <= count.tasks // 20, f"too many of these did nothing: {count.idle}"
    assert count.questions["changes"][1] >= 0.9 * len(CHANGES), "a change that nobody is asked about is a defect too"


@_TIME
async def test_ordinary_tasks_of_a_model(assistants, approver: Approver, workspace: Path) -> None:
    approver.answer = lambda pending: True
    count = Count()
    for first, then in product(READ_CALLS, THEN):
        if first == then:
            continue
        refill(workspace)
        asks = not then.tool_name.startswith(("read_", "calculate", "list_", "query_"))
        if then.tool_name == "remember":  # the assistant's own, unless somebody else's text may have led to it
            asks = first.tool_name in ("read_file", "search_files", "describe_table", "list_files", "list_events")
        await _work(assistants, approver, count, "a read, then something", [first, then], int(asks))
    for calls in MANY:
        refill(workspace)
        await _work(assistants, approver, count, "several changes at once", [calls], len(calls))
    for items in MAPS:
        step = {
            "id": "s1",
            "kind": "map",
            "tool": "write_file",
            "for_each": items,
            "args": {"path": {"$item": ""}, "content": "text"},
        }
        plan = call("submit_plan", goal="g", steps=[step])
        await _work(assistants, approver, count, "one change per item", [plan], 1)
    count.show()
    assert count.tasks >= 100
    assert not count.idle


async def _work(assistants: Any, approver: Approver, count: Count, kind: str, turns: Sequence[Any], most: int) -> None:
    """One task in a conversation of its own, with a model that makes these calls."""
    approver.asked.clear()
    assistant = assistants(Script(*turns, "done"), plugins=None, approver=approver)
    answer = await assistant.ask(" and ".join(str(turn) for turn in turns))
    asked = len(approver.asked)
    count.add(kind, str(turns), asked, answer)
    assert asked == most, (turns, [pending.why for pending in approver.asked], answer.calls)
    await assistant.aclose()
