"""`agent-core ask`: the answer on stdout, everything else on stderr, and what becomes of bad input."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.servers.llm_script import call, fail, say
from tests.servers.scripted_llm import ScriptedLLM

KEYS = {
    "schema_version", "run_id", "conversation_id", "status", "answer", "citations", "plan", "calls", "pending",
    "usage", "model", "error",
}  # fmt: skip


@pytest.fixture
def llm(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> ScriptedLLM:
    """The default model is the scripted one."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("AGENT_CORE_MODELS_DEFAULT", "openai-chat:scripted")
    return scripted_llm


def test_the_answer_alone_is_on_stdout(cli) -> None:
    ran = cli("ask", "What is 15% of 60?", "--model", "offline")
    assert ran.code == 0
    assert ran.out.count("\n") == 1
    assert "9" in ran.out
    assert "calculate(" in ran.err


def test_json_is_one_object_with_every_key(cli) -> None:
    ran = cli("ask", "What is 15% of 60?", "--model", "offline", "--json")
    assert set(ran.json) == KEYS
    assert ran.json["status"] == "done"
    assert [call["tool"] for call in ran.json["calls"]] == ["calculate"]
    assert ran.json["plan"]["steps"][0]["status"] == "done"


def test_stream_json_is_events_that_end_with_the_same_object(cli) -> None:
    ran = cli("ask", "What is 15% of 60?", "--model", "offline", "--stream-json")
    *events, last = [json.loads(line) for line in ran.out.splitlines()]
    assert set(last) == KEYS
    assert next(event["event"] for event in events) == "run_started"
    assert {"plan_made", "call_started", "call_ended", "run_ended"} <= {event["event"] for event in events}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["ask", "--json", "--nonsense", "hi"], "--nonsense"),
        (["ask", "--json"], "TEXT"),
        (["ask", "hi", "--json", "--model", "ofline"], "'offline'"),
        (["ask", "hi", "--json", "--persona", "nobody"], "'nobody'"),
        (["ask", "hi", "--json", "--plugin", "nothing"], "'nothing'"),
        (["ask", "hi", "--json", "-f", "missing.txt"], "'missing.txt'"),
        (["ask", "hi", "--json", "--workspace", "missing"], "missing"),
        (["ask", "hi", "--json", "--conversation", "conv_x"], "'conv_x'"),
        (["ask", "hi", "--json", "-c"], "no conversation"),
        (["ask", "hi", "--json", "--allow", "send mail"], "'send mail'"),
        (["ask", "hi", "--json", "--stream-json"], "choose one"),
        (["ask", "  ", "--json"], "empty"),
        (["ask", "\udcff", "--json"], "UTF-8"),
    ],
)
def test_what_cannot_be_asked_is_one_line_and_one_object(cli, args: list[str], says: str) -> None:
    ran = cli(*args)
    assert ran.code == 2
    assert set(ran.json) == KEYS
    assert ran.json["status"] == "failed"
    assert ran.json["run_id"] is None
    assert says in ran.json["error"]["message"]
    assert ran.err.startswith("agent-core: ")
    assert ran.err.count("\n") == 1
    assert says in ran.err


def test_the_request_from_stdin(cli) -> None:
    assert "9" in cli("ask", "-", "--model", "offline", stdin=b"What is 15% of 60?\n").out
    broken = cli("ask", "-", "--model", "offline", stdin=b"caf\xe9")
    assert broken.code == 2
    assert "0xe9" in broken.err
    assert "Traceback" not in broken.err


def test_attachments_reach_the_model_as_content_and_make_changes_wait(cli, llm: ScriptedLLM) -> None:
    llm.script(call("write_file", {"path": "x.txt", "content": "y"}))
    Path("notes.md").write_text("call the plumber")
    ran = cli(
        "ask",
        "Write what this says to a file",
        "-f",
        "notes.md",
        "--json",
        "--allow",
        "write_file",
        stdin="Grüße".encode(),
    )
    sent = json.dumps(llm.model_requests[0].body, ensure_ascii=False)
    assert "call the plumber" in sent
    assert "Grüße" in sent
    assert ran.code == 3
    assert ran.json["pending"][0]["labels"] == ["attached", "untrusted"]


@pytest.mark.parametrize("named", ["picture.png", "archive.gz", "big.txt", "folder", "nul.txt"])
def test_what_cannot_be_attached_is_refused_by_name(cli, named: str) -> None:
    Path("picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    Path("archive.gz").write_bytes(gzip.compress(b"text " * 1000))
    Path("nul.txt").write_bytes(b"a\0b")
    Path("folder").mkdir()
    with Path("big.txt").open("wb") as file:
        file.truncate(100 * 1024**2)
    ran = cli("ask", "What is in it?", "-f", named, "--model", "offline")
    assert ran.code == 2
    assert repr(named) in ran.err
    assert ran.err.count("\n") == 1


def test_an_attachment_that_is_not_all_utf8_is_read_and_said(cli, llm: ScriptedLLM) -> None:
    llm.script(say("It is about coffee."))
    Path("old.txt").write_bytes(b"Der Kaffee kostet 3 " + b"\xa4 im Caf\xe9")
    ran = cli("ask", "What is it about?", "-f", "old.txt")
    assert (ran.code, ran.out) == (0, "It is about coffee.\n")
    assert "'old.txt'" in ran.err
    assert "Der Kaffee kostet 3" in json.dumps(llm.model_requests[0].body)


def test_a_conversation_goes_on(cli, llm: ScriptedLLM) -> None:
    llm.script(say("Hello Ada."), say("You are Ada."))
    first = cli("ask", "I am Ada", "--json")
    second = cli("ask", "Who am I?", "-c", "--json")
    assert second.json["conversation_id"] == first.json["conversation_id"]
    assert "Hello Ada." in json.dumps(llm.model_requests[1].body)


def test_a_single_call_is_not_the_conversation_that_goes_on(cli, llm: ScriptedLLM) -> None:
    llm.script(say("Hello."), say("Again."))
    first = cli("ask", "Hello", "--json")
    assert cli("tools", "call", "calculate", "expression=1+1").code == 0
    assert cli("ask", "And again", "-c", "--json").json["conversation_id"] == first.json["conversation_id"]


def test_nothing_that_steers_a_terminal_gets_through(cli, llm: ScriptedLLM) -> None:
    hostile = "\x1b]52;c;ZXZpbA==\x07red \x1b[31malert\x1b[0m \u202egpj.exe [bold]x[/bold]\x9b2J"
    llm.script(
        call("write_file", {"path": "[bold]a.txt", "content": hostile}),
        say(f"Done {hostile}"),
    )
    asked = cli("ask", f"Write this to a file: {hostile}")
    identity = cli("approvals", "list", "--json").json[0]["id"]
    screens = [
        asked,
        cli("approvals", "list"),
        cli("runs", "list"),
        cli("approvals", "deny", identity, "--reason", "no"),
    ]
    run_id = cli("runs", "list", "--json").json[0]["run_id"]
    screens += [cli("runs", "resume", run_id), cli("runs", "show", run_id), cli("runs", "show", run_id, "--json")]
    for screen in screens:
        for text in (screen.out, screen.err):
            assert not [char for char in text if char in "\x1b\x07\x9b\u202e"]
    assert "[bold]x[/bold]" in screens[4].out


def test_a_model_that_fails_is_a_failed_run(cli, llm: ScriptedLLM) -> None:
    llm.script(fail(401, message="bad key"))
    ran = cli("ask", "Hello", "--json")
    assert ran.code == 1
    assert ran.json["status"] == "failed"
    assert ran.json["run_id"]
    assert "bad key" in ran.json["error"]["message"] or "key" in ran.json["error"]["message"]


def test_what_a_rule_denies_is_refused(cli, llm: ScriptedLLM) -> None:
    llm.script(call("write_file", {"path": "x.txt", "content": "y"}), say("I may not."))
    ran = cli("ask", "Write a file", "--deny", "write_file(path=*.txt)", "--json")
    assert ran.code == 4
    assert ran.json["status"] == "refused"
    assert not Path("x.txt").exists()


def test_an_unexpected_error_is_a_line_and_a_file_without_secrets(cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("with sk-proj-Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2Mm3Nn4Oo5Pp6")

    monkeypatch.setattr("agent_core.assistant.Assembly", broken)
    ran = cli("ask", "Hello", "--json")
    assert ran.code == 1
    assert ran.json["error"]["type"] == "ZeroDivisionError"
    assert ran.err.count("\n") == 1
    [crash] = (cli.home / "crashes").iterdir()
    assert str(crash) in ran.err
    assert "Traceback" in crash.read_text()
    assert "sk-proj" not in crash.read_text() + ran.err + ran.out
