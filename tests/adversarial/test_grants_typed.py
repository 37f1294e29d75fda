"""What was typed ahead, or stands on stdin, answers nothing."""

from __future__ import annotations

import pytest

from tests.adversarial import attacks
from tests.servers import llm_script
from tests.terminals import Terminal

ATTACK = attacks.GRANTS

TYPED = ["y\ny\nyes\n", "a\ny\ny\n", "e\n\ny\n", "y"]
TWO_STEPS = {
    "goal": "write two",
    "steps": [
        {"id": name, "tool": "write_file", "args": {"path": f"{name}.txt", "content": "evil"}} for name in ("s1", "s2")
    ],
}


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("asked", ["call", "plan"])
def test_what_was_typed_ahead_answers_nothing(cli, terminal, llm, asked: str, typed: str) -> None:
    opened: list[Terminal] = []

    def types_ahead(_: object) -> object:
        opened[0].type(typed)
        return llm_script.call("submit_plan", TWO_STEPS)

    llm.script(types_ahead, llm_script.say("I left it."))
    options = ["--plan", "--allow", "write_file"] if asked == "plan" else []
    opened.append(terminal("ask", "Write two files", *options))
    for _ in range(1 if asked == "plan" else 2):
        opened[0].wait_for("\n> ")
        assert list(cli.workspace.iterdir()) == []
        opened[0].type("n\n")
        opened[0].wait_for("Why not? ")
        opened[0].type("not this\n")
    assert opened[0].end() == 4
    assert list(cli.workspace.iterdir()) == []


@pytest.mark.parametrize("fed", [b"y\n", b"yes\nyes\n", b"a\ny\n", b"\n" * 50])
def test_what_stands_on_stdin_answers_nothing(cli, fed: bytes) -> None:
    call_ = ("tools", "call", "write_file", "path=a.txt", "content=x")
    assert cli(*call_, stdin=fed).code == 3
    [run] = cli("runs", "list", "--json").json
    assert cli("runs", "resume", run["run_id"], stdin=fed).code == 3
    assert list(cli.workspace.iterdir()) == []
    [pending] = cli("approvals", "list", "--json").json
    assert cli("approvals", "approve", pending["id"], stdin=fed).code == 0, "this is what a yes is"
    assert cli("runs", "resume", run["run_id"]).code == 0
    assert cli("runs", "undo", run["run_id"], stdin=fed).code == 2
    assert [path.name for path in cli.workspace.iterdir()] == ["a.txt"]
