"""The command line at a terminal, in processes of their own: questions, typed-ahead input, interrupts, closed pipes."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time

import pytest

from tests.servers.llm_script import STALL, call, say
from tests.servers.scripted_llm import ScriptedLLM
from tests.terminals import PATIENCE_S, Terminal


def _wait_for_requests(llm: ScriptedLLM, count: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while len(llm.model_requests) < count and time.monotonic() < until:
        time.sleep(0.05)


WRITE = ("ask", "Write hello to the file a.txt")


@pytest.fixture
def writing(llm: ScriptedLLM) -> ScriptedLLM:
    llm.script(call("write_file", {"path": "a.txt", "content": "hello"}), say("It is written."))
    return llm


def test_a_question_shows_what_would_happen_and_the_rule_and_a_yes_runs_it(cli, terminal, writing) -> None:
    asked = terminal(*WRITE)
    asked.wait_for("> ")
    assert "write_file waits for your yes" in asked.screen
    assert "+hello" in asked.screen
    assert "allow write_file(path=a.txt" in asked.screen
    assert not (cli.workspace / "a.txt").exists()
    asked.type("y\n")
    assert asked.end() == 0
    assert "It is written." in asked.screen
    assert (cli.workspace / "a.txt").read_text().strip() == "hello"


def test_what_was_typed_before_the_question_does_not_answer_it(cli, terminal, llm) -> None:
    asked: list[Terminal] = []

    def types_ahead(_: object) -> object:
        asked[0].type("y\ny\nyes\n")
        return call("write_file", {"path": "a.txt", "content": "hello"})

    llm.script(types_ahead, say("I left it."))
    asked.append(terminal(*WRITE))
    asked[0].wait_for("> ")
    asked[0].type("n\n")
    asked[0].wait_for("Why not? ")
    asked[0].type("not today\n")
    assert asked[0].end() == 4
    assert not (cli.workspace / "a.txt").exists()
    assert "not today" in json.dumps(llm.model_requests[1].body)


def test_arguments_are_edited_at_the_prompt(cli, terminal, writing) -> None:
    asked = terminal(*WRITE)
    asked.wait_for("> ")
    asked.type("what?\n")
    asked.wait_for("none of the answers")
    asked.wait_for("\n> ")  # what is typed before the prompt is there does not count
    asked.type("e\n")
    asked.wait_for("an empty line ends")
    for line in ("path=b.txt", ""):
        asked.wait_for("change: ")
        asked.type(line + "\n")
    asked.wait_for("+++ b/b.txt")
    asked.wait_for("\n> ")
    asked.type("y\n")
    assert asked.end() == 0
    assert (cli.workspace / "b.txt").exists()
    assert not (cli.workspace / "a.txt").exists()


def test_a_lasting_yes_is_a_rule_and_asks_no_more(cli, terminal, writing) -> None:
    asked = terminal(*WRITE)
    asked.wait_for("> ")
    asked.type("p\n")
    asked.wait_for("n back: ")
    assert str(cli.workspace.resolve()) in asked.screen.replace("\r\n", "")
    assert json.loads(cli.process("rules", "list", "--json").stdout) == []
    asked.type("y\n")
    assert asked.end() == 0
    [rule] = json.loads(cli.process("rules", "list", "--json").stdout)
    assert (rule["scope"], rule["scope_id"]) == ("project", str(cli.workspace.resolve()))
    writing.script(call("write_file", {"path": "a.txt", "content": "hello"}), say("Again."))
    assert cli.process(*WRITE).returncode == 0
    assert cli.process("rules", "revoke", rule["id"]).returncode == 0
    writing.script(call("write_file", {"path": "a.txt", "content": "hello"}), say("Again."))
    assert cli.process(*WRITE).returncode == 3


def test_leaving_it_waiting_says_how_to_go_on(cli, terminal, writing) -> None:
    asked = terminal(*WRITE)
    asked.wait_for("> ")
    asked.type("\x04")  # end of input
    assert asked.end() == 3
    commands = re.findall(r"agent-core (approvals approve \w+|runs resume \w+)", asked.screen)
    for command in commands:
        ran = cli.process(*command.split())
    assert (ran.returncode, ran.stdout) == (0, "It is written.\n")


def test_a_plan_is_shown_and_waits_for_a_yes(cli, terminal, writing) -> None:
    asked = terminal(*WRITE, "--plan", "--allow", "write_file")
    asked.wait_for("> ")
    assert "Run this plan?" in asked.screen
    assert 's1  write_file(path="a.txt", content="hello")' in asked.screen
    assert not (cli.workspace / "a.txt").exists()
    asked.type("y\n")
    assert asked.end() == 0
    assert (cli.workspace / "a.txt").exists()


def test_an_interrupt_cancels_the_run_and_says_how_to_go_on(cli, llm, terminal) -> None:
    llm.script(STALL)
    asked = terminal("ask", "Hello")
    asked.wait_for("Asking openai-chat:scripted")
    _wait_for_requests(llm, 1)
    asked.process.send_signal(signal.SIGINT)
    assert asked.end() == 130
    assert "Traceback" not in asked.screen
    [resume] = re.findall(r"agent-core (runs resume \w+)", asked.screen)
    llm.script(say("Hello again."))
    ran = cli.process(*resume.split(), "--json")
    assert (ran.returncode, json.loads(ran.stdout)["answer"]) == (0, "Hello again.")


def test_an_interrupt_at_a_question_cancels_too(cli, terminal, writing) -> None:
    asked = terminal(*WRITE)
    asked.wait_for("> ")
    asked.process.send_signal(signal.SIGINT)
    assert asked.end() == 130
    [run] = json.loads(cli.process("runs", "list", "--json").stdout)
    assert run["status"] == "cancelled"
    assert not (cli.workspace / "a.txt").exists()


def test_without_a_terminal_nothing_is_asked_and_another_process_answers(cli, writing) -> None:
    first = cli.process(*WRITE)
    assert (first.returncode, first.stdout) == (3, "")
    assert "+hello" in first.stderr
    [approve] = re.findall(r"agent-core (approvals approve \w+)", first.stderr)
    [resume] = re.findall(r"agent-core (runs resume \w+)", first.stderr)
    assert cli.process(*approve.split(), "--set", "path=c.txt").returncode == 0
    again = cli.process(*approve.split())
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    ran = cli.process(*resume.split())
    assert (ran.returncode, ran.stdout) == (0, "It is written.\n")
    assert (cli.workspace / "c.txt").exists()


def test_a_killed_run_is_finished_by_another_process(cli, llm) -> None:
    llm.script(call("write_file", {"path": "a.txt", "content": "hello"}), STALL)
    killed = subprocess.Popen(
        [*cli.command, *WRITE, "--allow", "write_file"], cwd=cli.workspace, env=cli.environ, stdin=subprocess.DEVNULL
    )
    _wait_for_requests(llm, 2)
    killed.kill()
    killed.wait()
    (cli.workspace / "a.txt").write_text("changed since")
    [run] = json.loads(cli.process("runs", "list", "--json").stdout)
    llm.script(say("All done."))
    ran = cli.process("runs", "resume", run["run_id"])
    assert (ran.returncode, ran.stdout) == (0, "All done.\n")
    assert (cli.workspace / "a.txt").read_text() == "changed since", "a call that was done must not run again"


@pytest.mark.parametrize("how", ["--stream-json", "--json"])
def test_a_reader_that_leaves_is_no_error(cli, llm, how: str) -> None:
    llm.script(say("word " * 20_000))
    asked = subprocess.Popen(
        [*cli.command, "ask", "Talk", how], cwd=cli.workspace, env=cli.environ,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert asked.stdout is not None
    asked.stdout.close()
    _, err = asked.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
    [run] = json.loads(cli.process("runs", "list", "--json").stdout)
    assert run["status"] == "done"


def test_colours_only_at_a_terminal_that_wants_them(cli, terminal, writing, monkeypatch) -> None:
    cli.process(*WRITE)
    assert "\x1b" not in cli.process("runs", "list").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    listed = terminal("runs", "list")
    listed.end()
    assert "waiting" in listed.screen
