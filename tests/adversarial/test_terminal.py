"""Text that steers a terminal, on every way on which text is shown, in processes of their own at a real terminal.

What arrives is read byte by byte from the other side of the pty. Many payloads are shown by one process, each between
visible marks: a payload counts as a case where its mark was seen, so that nothing counts that was not shown.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.adversarial import attacks
from tests.adversarial.hostile_text import LEGITIMATE, MARKUP, steering
from tests.adversarial.screen import EVERYTHING, HOSTILE, PRINTABLE, Screen
from tests.servers.llm_script import Call, call, calls, fail, say
from tests.servers.scripted_llm import ScriptedLLM

ATTACK = attacks.TERMINAL
pytestmark = pytest.mark.timeout(300)  # each test starts a dozen processes


def test_an_answer_and_the_spinner_while_it_is_written(screen: Screen, llm: ScriptedLLM) -> None:
    llm.script(say(EVERYTHING), say("Thanks."))
    shown = screen.run("ask", "Speak", least=len(HOSTILE), code=0)
    for text in (LEGITIMATE, *MARKUP):
        assert text in shown
    shown = screen.show_last_run(least=len(HOSTILE), code=0)
    for text in (LEGITIMATE, *MARKUP):
        assert text in shown
    screen.show_last_run("--json", least=0)


def test_json_at_a_terminal_is_escaped(cli: Any, screen: Screen, llm: ScriptedLLM) -> None:
    for how in ("--json", "--stream-json"):
        llm.script(say(EVERYTHING))
        shown = screen.run("ask", "Speak", how, least=len(HOSTILE) - 5, code=0)
        if how == "--stream-json":  # the spinner writes between its lines
            continue
        said = json.loads(shown[shown.index("{") : shown.rindex("}") + 1])
        assert LEGITIMATE in said["answer"]
        assert HOSTILE[0] in said["answer"], "a program gets what was said"


def test_requests_in_lists_and_shows(cli: Any, screen: Screen, llm: ScriptedLLM) -> None:
    pieces = [" ".join(PRINTABLE[at : at + 6]) for at in range(0, len(PRINTABLE), 6)]
    for piece in pieces:
        llm.script(say("Yes."))
        cli("ask", piece)
    screen.run("runs", "list", least=len(PRINTABLE) * 9 // 10, code=0)
    screen.run("runs", "list", "--json", code=0)


def test_failures_of_calls(screen: Screen, llm: ScriptedLLM) -> None:
    """The line of a call, and the line of its failure: both hold what a model wrote."""
    wanted = [Call("read_file", {"path": text}, f"c{i}") for i, text in enumerate(HOSTILE)]
    llm.script(calls(*wanted), say("They are not there."))
    screen.run("ask", "Read them", least=len(HOSTILE) * 9 // 10)
    screen.show_last_run(least=len(HOSTILE) * 9 // 10)


def test_errors_of_a_model_server(screen: Screen, llm: ScriptedLLM) -> None:
    for at in range(0, len(HOSTILE), 12):
        llm.script(fail(400, message=" ".join(HOSTILE[at : at + 12])))
        screen.run("ask", "Hello", least=3, code=1)
    screen.run("runs", "list", least=0)


@pytest.mark.parametrize("texts", [PRINTABLE[:8], PRINTABLE[30:50], PRINTABLE[50:]], ids=["first", "middle", "last"])
def test_wrong_arguments_of_commands(cli: Any, screen: Screen, texts: list[str]) -> None:
    text = " ".join(texts)
    screen.run(text, code=2)
    screen.run("ask", "x", "--persona", text, code=2)
    screen.run("ask", "x", "--model", text, code=2)
    screen.run("ask", "x", "-f", text, code=2)
    screen.run("runs", "show", text, code=2)
    screen.run("tools", "show", text, code=2)
    screen.run("tools", "call", "evaluate", f"{text}=1", code=2)
    screen.run("config", "get", text, code=2)
    screen.run("config", "set", "models.default", text, least=0)
    screen.run("rules", "add", "allow", text, code=2)
    screen.run("workflow", "run", text, code=2)
    screen.run("approvals", "deny", text, "--reason", "x", code=2)
    screen.run("ask", "x", f"--{text}", code=2)


def test_settings(cli: Any, screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_CORE_MODELS_DEFAULT", "".join(PRINTABLE))
    screen.run("config", "get", least=len(PRINTABLE) // 2, code=0)
    screen.run("config", "get", "models.default", least=len(PRINTABLE) // 2, code=0)
    screen.run("models", "list", least=1)
    screen.run("doctor", least=1)
    screen.run("ask", "Hello", least=1)
    monkeypatch.delenv("AGENT_CORE_MODELS_DEFAULT")
    cli.home.mkdir(exist_ok=True)
    for text in (f'"{json.dumps("".join(PRINTABLE))[1:-1]}" = 1', f"[models]\ndefault = 'x\n{PRINTABLE[3]}"):
        (cli.home / "config.toml").write_text(text)
        screen.run("config", "get", least=0, code=2)
        screen.run("doctor", least=0)


def test_raw_bytes_in_files(cli: Any, screen: Screen, llm: ScriptedLLM) -> None:
    """C1 controls as single bytes, and bytes that are no UTF-8 at all."""
    data = b"".join(b"m%dz\x9b31m\x9d52;c;aGk=\x9c\xff\xc0\x9by%dm\n" % (n, n) for n in range(40))
    (cli.workspace / "raw.txt").write_bytes(data)
    (cli.workspace / "latin.csv").write_bytes(b"name\x9b2J;age\n" + data)

    def repeat(body: dict[str, Any]) -> Any:
        return say(str(body["messages"][-1]["content"]))

    for name in ("raw.txt", "latin.csv"):
        llm.script(call("read_file", {"path": name}), repeat)
        screen.run("ask", "Read it", least=0)
        llm.script(repeat)
        screen.run("ask", "Read it", "-f", name, least=0)


def test_the_judge_sees_what_arrives() -> None:
    """Without the boundary every payload would be found."""
    for text in HOSTILE:
        assert steering(text.encode()), repr(text)
    assert steering(b"a\x9b31mb")
    assert steering(f"{LEGITIMATE}\r\n\x1b[2K\x1b[32mdone\x1b[0m\r\n".encode()) == []


@pytest.mark.parametrize(
    "link",
    [
        b"\x1b]8;;https://evil.example\x1b\\safe.example\x1b]8;;\x1b\\",
        b"\x1b]8;;file:///etc/passwd\x1b\\notes.md\x1b]8;;\x1b\\",
        b"\x1b]8;;https://a.example\x07https://a.example\x1b]8;;\x07",
        b"\x1b]8;;javascript:alert(1)\x1b\\javascript:alert(1)\x1b]8;;\x1b\\",
    ],
)
def test_the_judge_takes_no_link_that_leads_elsewhere(link: bytes) -> None:
    assert steering(link)
    assert steering(b"\x1b]8;;file:///home/me/a%20b.md\x1b\\a b.md:3\x1b]8;;\x1b\\") == []
