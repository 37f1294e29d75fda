"""Text that steers a terminal, in every question that a person is asked there, and in what is said after the answer."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest

from tests.adversarial import attacks
from tests.adversarial.hostile_text import LEGITIMATE
from tests.adversarial.screen import (
    AN_ANSWER,
    CHANGE,
    EOF,
    EVERYTHING,
    HOSTILE,
    MORE,
    PRINTABLE,
    YES_OR_NO,
    Screen,
)
from tests.servers.llm_script import call, say
from tests.servers.scripted_llm import ScriptedLLM

ATTACK = attacks.TERMINAL

BIDI = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
WRITTEN = EVERYTHING.replace("\0", "")
"""What can be the content of a text file."""
MAILED = [
    text
    for text in HOSTILE
    if not any(
        unicodedata.category(c) == "Cc" or c in "\u061c\u200e\u200f" or unicodedata.bidirectional(c) in BIDI
        for c in text
    )
]
"""What a mail takes: it hides from a reader, and is no control character."""
MOST = len(HOSTILE) * 9 // 10


def test_a_question_of_the_model(screen: Screen, llm: ScriptedLLM) -> None:
    llm.script(call("ask_user", {"question": EVERYTHING}), say("Thanks."))
    shown = screen.run("ask", "Ask me", answers={AN_ANSWER: EOF}, least=len(HOSTILE), code=3)
    assert LEGITIMATE in shown
    assert "[@click=app.quit]x[/]" in shown
    screen.show_questions(least=len(HOSTILE), code=0)
    screen.show_last_run(least=len(HOSTILE))


def test_a_question_that_is_longer_than_the_screen(screen: Screen, llm: ScriptedLLM) -> None:
    llm.script(call("ask_user", {"question": EVERYTHING}), say("Thanks."))
    screen.run("ask", "Ask me", answers={MORE: "\n", AN_ANSWER: "blue\n"}, least=len(HOSTILE), code=0, lines=20)
    assert "blue" in json.dumps(llm.model_requests[-1].body)


def test_a_question_that_is_left_in_its_middle(screen: Screen, llm: ScriptedLLM) -> None:
    llm.script(call("ask_user", {"question": EVERYTHING}), say("Thanks."))
    screen.run("ask", "Ask me", answers={MORE: EOF}, least=len(HOSTILE), code=3, lines=20)


def test_the_preview_of_a_change(cli: Any, screen: Screen, llm: ScriptedLLM) -> None:
    llm.script(call("write_file", {"path": "a.txt", "content": WRITTEN}), say("Written."))
    shown = screen.run("ask", "Write it", answers={YES_OR_NO: EOF}, least=len(PRINTABLE), code=3)
    assert LEGITIMATE in shown
    assert "[link=https://evil.example]x[/link]" in shown
    screen.show_questions(least=len(PRINTABLE), code=0)
    screen.show_last_run(least=1)
    assert not (cli.workspace / "a.txt").exists()


def test_the_preview_of_a_change_to_a_hostile_file(cli: Any, screen: Screen, llm: ScriptedLLM) -> None:
    """What goes is shown as what comes: old lines are somebody's too. Then it is changed, and taken back."""
    (cli.workspace / "a.txt").write_text(WRITTEN, newline="")
    llm.script(call("write_file", {"path": "a.txt", "content": "harmless"}), say("Written."))
    screen.run("ask", "Write it", answers={YES_OR_NO: "y\n"}, least=len(PRINTABLE), code=0)
    (run,) = json.loads(cli.process("runs", "list", "--json").stdout)
    screen.run("runs", "undo", run["run_id"], answers={"y/n: ": "y\n"}, least=0)


def test_arguments_that_are_edited(screen: Screen, llm: ScriptedLLM) -> None:
    """The call is shown again with the change, from the start."""
    llm.script(call("write_file", {"path": "a.txt", "content": WRITTEN}), say("Written."))
    typed = iter(["path=b.txt\n", "\n"])
    answered = iter(["e\n", "w\n"])
    shown = screen.run("ask", "Write it", answers={YES_OR_NO: answered, CHANGE: typed}, least=len(PRINTABLE), code=3)
    assert shown.index("+++ b/b.txt") > shown.index("+++ b/a.txt")


def test_the_preview_of_a_mail(screen: Screen, llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_CORE_PLUGINS_MAIL_HOST", "127.0.0.1")
    monkeypatch.setenv("AGENT_CORE_PLUGINS_MAIL_SENDER", "ann@example.org")
    llm.script(call("send_mail", {"to": "bo@example.org", "subject": "Hello", "body": WRITTEN}), say("I cannot."))
    screen.run("ask", "Send it", least=0)
    body = "\n".join([LEGITIMATE, *MAILED])
    llm.script(call("send_mail", {"to": "bo@example.org", "subject": "Hello", "body": body}), say("Sent."))
    shown = screen.run("ask", "Send it", answers={YES_OR_NO: EOF}, least=len(MAILED), code=3)
    assert LEGITIMATE in shown
    screen.show_questions(least=len(MAILED), code=0)


def test_a_denial_and_its_reason(screen: Screen, llm: ScriptedLLM) -> None:
    llm.script(call("write_file", {"path": "a.txt", "content": WRITTEN}), say(EVERYTHING))
    screen.run("ask", "Write it", answers={YES_OR_NO: "n\n", "Why not? ": "not today\n"}, least=len(HOSTILE), code=4)


def test_a_plan(cli: Any, screen: Screen, llm: ScriptedLLM) -> None:
    llm.script(call("submit_plan", {"goal": EVERYTHING, "steps": steps(HOSTILE)}), say("None is there."))
    screen.run("ask", "Do it", "--plan", answers={YES_OR_NO: "y\n"}, least=MOST)
    screen.show_last_run(least=MOST)
    llm.script(call("submit_plan", {"goal": EVERYTHING, "steps": steps(HOSTILE)}))
    screen.run("plan", "Do it", least=MOST, code=0)


def test_a_plan_that_is_edited(screen: Screen, llm: ScriptedLLM) -> None:
    llm.script(call("submit_plan", {"goal": EVERYTHING, "steps": steps(HOSTILE)}), say("None is there."))
    answered = iter(["e\n", "w\n"])
    typed = iter(["delete s1\n", f"s2.path={MARKED}\n", "nonsense\n", "\n"])
    screen.run("ask", "Do it", "--plan", answers={YES_OR_NO: answered, CHANGE: typed}, least=MOST, code=3)
    screen.show_questions(least=MOST, code=0)


MARKED = "m1z[bold]y1m"


def steps(texts: list[str]) -> list[dict[str, Any]]:
    """Steps whose titles and arguments are these."""
    return [
        {"id": f"s{number}", "kind": "tool", "title": text[:150], "tool": "read_file", "args": {"path": f"{text}.txt"}}
        for number, text in enumerate(texts)
    ]
