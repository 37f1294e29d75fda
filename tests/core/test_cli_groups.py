"""The other commands: runs, approvals, rules, tools, workflows, settings, plugins, doctor."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.llm_script import call, say
from tests.servers.scripted_llm import ScriptedLLM


@pytest.fixture
def llm(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> ScriptedLLM:
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("AGENT_CORE_MODELS_DEFAULT", "openai-chat:scripted")
    return scripted_llm


def test_every_list_is_empty_at_first_and_has_json(cli) -> None:
    for group in ("runs", "approvals", "rules", "workflow"):
        told, as_json = cli(group, "list"), cli(group, "list", "--json")
        assert (told.code, told.out) == (0, "")
        assert told.err
        assert as_json.json == []
    assert {tool["name"] for tool in cli("tools", "list", "--json").json} >= {"calculate", "send_mail"}
    assert {report["name"] for report in cli("plugins", "list", "--json").json} >= {"calculator", "offline"}
    assert "offline" in {model["name"] for model in cli("models", "list", "--json").json["models"]}
    assert cli("keys", "list", "--json").json == []


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["tools", "show", "calculat"], "'calculate'"),
        (["tools", "call", "calculat", "expression=1"], "'calculate'"),
        (["tools", "call", "calculate", "expresion=1"], "expresion"),
        (["tools", "call", "calculate", "1+1"], "name=TEXT"),
        (["runs", "show", "run_nowhere"], "'run_nowhere'"),
        (["runs", "resume", "run_nowhere"], "'run_nowhere'"),
        (["runs", "undo", "run_nowhere", "--yes"], "'run_nowhere'"),
        (["runs", "rate", "run_nowhere", "up"], "'run_nowhere'"),
        (["runs", "rate", "x", "sideways"], "'sideways'"),
        (["approvals", "approve", "ask_nothing"], "'ask_nothing'"),
        (["rules", "revoke", "rule_none"], "'rule_none'"),
        (["rules", "add", "allow", "send_mial"], "'send_mail'"),
        (["rules", "add", "deny", "send_mail(recipient=*)"], "'recipient'"),
        (["rules", "add", "permit", "send_mail"], "'permit'"),
        (["rules", "add", "deny", "send_mail", "--scope", "session"], "--conversation"),
        (["workflow", "run", "nothing"], "'nothing'"),
        (["workflow", "run", "./nothing.yaml"], "nothing.yaml"),
        (["config", "get", "limits.call"], "'limits.calls'"),
        (["config", "set", "limits.calls", "many"], "many"),
        (["models", "default", "openai-chatt:gpt"], "'openai-chatt:gpt'"),
        (["keys", "set", "opneai"], "'openai'"),
        (["plugins", "new", "Not A Name"], "'Not A Name'"),
        (["plugins", "new", "calculator"], "'calculator'"),
        (["plugins", "nwe", "x"], "'new'"),
    ],
)
def test_a_wrong_name_is_one_line_that_names_it(cli, args: list[str], says: str) -> None:
    ran = cli(*args)
    assert ran.code == 2, ran
    assert ran.out == ""
    assert ran.err.startswith("agent-core: ")
    assert ran.err.count("\n") == 1
    assert says in ran.err


def test_a_tool_is_called_through_the_gate(cli) -> None:
    assert cli("tools", "call", "calculate", "expression=12.5% of 480").out == "12.5% of 480 = 60\n"
    asked = cli("tools", "call", "write_file", "path=a.txt", "content=hello", "append:=true", "--json")
    assert asked.code == 3
    assert asked.json["pending"][0]["args"] == {"path": "a.txt", "content": "hello", "append": True}
    assert not Path("a.txt").exists()
    assert cli("approvals", "approve", asked.json["pending"][0]["id"]).code == 0
    assert cli("runs", "resume", asked.json["run_id"]).code == 0
    assert Path("a.txt").read_text().strip() == "hello"


def test_undo_needs_a_yes_and_says_what_stays(cli) -> None:
    Path("a.txt").write_text("before")
    assert cli("rules", "add", "allow", "write_file").code == 0
    run_id = cli("tools", "call", "write_file", "path=a.txt", "content=after", "--json").json["run_id"]
    assert Path("a.txt").read_text().strip() == "after"
    refused = cli("runs", "undo", run_id)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert Path("a.txt").read_text().strip() == "after"
    undone = cli("runs", "undo", run_id, "--yes", "--json")
    assert [action["status"] for action in undone.json["actions"]] == ["undone"]
    assert Path("a.txt").read_text() == "before"
    assert cli("runs", "undo", run_id).err == "There is nothing to take back.\n"


def test_a_run_is_shown_rated_and_found_by_the_beginning_of_its_id(cli) -> None:
    run_id = cli("ask", "What is 3 * 14?", "--model", "offline", "--json").json["run_id"]
    assert cli("runs", "rate", run_id[:9], "down", "--correction", "Say it in words.").code == 0
    shown = cli("runs", "show", run_id.removeprefix("run_")[:6])
    for part in (run_id, "done", "calculate(", "42", "down  Say it in words."):
        assert part in shown.out
    assert cli("runs", "show", run_id, "--json").json["feedback"][0]["rating"] == "down"
    cli("ask", "What is 2 + 2?", "--model", "offline")
    assert "several" in cli("runs", "show", "").err


def test_an_answer_given_twice_counts_once(cli, llm: ScriptedLLM) -> None:
    llm.script(call("ask_user", {"question": "Which city?"}), say("It is sunny in Oslo."))
    asked = cli("ask", "What is the weather?", "--json")
    identity = asked.json["pending"][0]["id"]
    assert (asked.code, asked.json["pending"][0]["kind"]) == (3, "question")
    assert cli("approvals", "approve", identity).code == 2
    assert cli("approvals", "answer", identity, "Oslo").code == 0
    assert cli("approvals", "answer", identity, "Rome").code == 2
    assert cli("runs", "resume", asked.json["run_id"]).out == "It is sunny in Oslo.\n"
    assert "Oslo" in json.dumps(llm.model_requests[1].body)


def test_a_resumed_run_goes_on_with_its_own_model(cli) -> None:
    asked = cli("ask", "Email the text hello to bo@example.com with subject Hi", "--model", "offline", "--json")
    assert asked.code == 3
    assert cli("approvals", "deny", asked.json["pending"][0]["id"], "--reason", "later").code == 0
    os.environ["AGENT_CORE_MODELS_DEFAULT"] = "openai-chat:unreachable"
    try:
        resumed = cli("runs", "resume", asked.json["run_id"], "--json")
    finally:
        del os.environ["AGENT_CORE_MODELS_DEFAULT"]
    assert (resumed.code, resumed.json["model"]) == (4, "offline")


PLAN = """
inputs:
  amount: {type: number}
  share: {type: string, default: 10%}
goal: Work out a share
steps:
  - {id: s1, tool: calculate, args: {expression: {$text: "{$input.share} of {$input.amount}"}}}
"""


def test_a_plan_is_shown_saved_and_run_again(cli, llm: ScriptedLLM) -> None:
    llm.script(call("calculate", {"expression": "6*7"}))
    made = cli("plan", "What is six times seven?", "--save", "product")
    assert (made.code, made.out) == (0, 's1  calculate(expression="6*7")\n')
    assert cli("runs", "list", "--json").json[0]["status"] == "done"
    assert cli("plan", "Again", "--save", "product").code == 2
    assert [entry["name"] for entry in cli("workflow", "list", "--json").json] == ["product"]
    assert "calculate" in cli("workflow", "show", "product").out
    asked_before = len(llm.model_requests)
    ran = cli("workflow", "run", "product")
    assert (ran.code, ran.out) == (0, "6*7 = 42\n")
    assert len(llm.model_requests) == asked_before


def test_plan_as_json_is_the_same_object(cli, llm: ScriptedLLM) -> None:
    llm.script(call("calculate", {"expression": "6*7"}), say("Hello!"))
    planned = cli("plan", "What is six times seven?", "--json").json
    assert [(step["tool"], step["status"]) for step in planned["plan"]["steps"]] == [("calculate", "planned")]
    assert planned["calls"] == []
    greeting = cli("plan", "Hello")
    assert (greeting.out, greeting.err.splitlines()[-1]) == ("Hello!\n", "No step is needed for this.")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("steps: [", "YAML"),
        ("- 1", "goal"),
        ("goal: g\nsteps: [{id: s1, tool: calculat, args: {}}]", "calculat"),
        ("goal: g\nsteps: [{id: s1, tool: calculate, args: {expression: {$from: s2}}}, "
         "{id: s2, tool: calculate, args: {expression: {$from: s1}}}]", "s1"),
        ("goal: g\nsteps: [{id: s1, tool: calculate, args: {expression: [1]}}]", "expression"),
        ("goal: g\nsteps: 3", "steps"),
    ],
)  # fmt: skip
def test_a_wrong_workflow_says_what_is_wrong(cli, text: str, says: str) -> None:
    Path("w.yaml").write_text(text)
    ran = cli("workflow", "run", "w.yaml")
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1


def test_settings_are_read_written_and_kept(cli) -> None:
    assert cli("config", "get", "limits.calls").out == "100\n"
    assert cli("config", "set", "limits.calls", "7").code == 0
    assert cli("config", "get", "limits.calls", "--json").json == 7
    path = Path(cli("config", "path").out.strip())
    assert path == cli.home / "config.toml"
    assert "calls = 7" in path.read_text()
    assert "limits.calls = 7\n" in cli("config", "get").out
    assert cli("models", "default", "offline").code == 0
    assert cli("models", "list", "--json").json["default"] == "offline"
    path.write_text("[limits\n")
    for command in (["config", "get"], ["ask", "hi"], ["tools", "list"]):
        ran = cli(*command)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "config.toml" in ran.err
    assert cli("--help").code == 0


def test_a_key_is_never_shown_and_needs_a_keyring(cli) -> None:
    ran = cli("keys", "set", "openai", stdin=b"sk-secret-value\n")
    assert ran.code == 2
    assert "OPENAI_API_KEY" in ran.err
    assert "sk-secret-value" not in ran.err + ran.out


def test_a_new_plugin_passes_its_own_tests(cli) -> None:
    made = cli("plugins", "new", "word_count")
    project = Path(made.out.strip())
    assert cli("plugins", "new", "word_count").code == 2
    environ = {**os.environ, "PYTHONPATH": str(project.resolve()), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    tested = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True)
    assert tested.returncode == 0, tested.stdout
    assert "3 passed" in tested.stdout
    linted = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "-q", "--isolated", "--select=F,B,UP", str(project)],
        capture_output=True,
        text=True,
    )
    assert linted.returncode == 0, linted.stdout


def test_doctor_is_well_and_says_what_is_broken(cli) -> None:
    cli("ask", "What is 3 * 14?", "--model", "offline")
    well = cli("doctor", "--json")
    assert (well.code, well.json["ok"]) == (0, True)
    assert "1 runs" in next(check["detail"] for check in well.json["checks"] if check["name"] == "journal")
    assert len(cli("doctor").out.splitlines()) <= 24
    journal = cli.home / "journal.db"
    data = bytearray(journal.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    journal.write_bytes(data)
    broken = cli("doctor", "--json")
    assert broken.code == 1
    assert next(check["name"] for check in broken.json["checks"] if check["status"] == "failed") == "journal"


def test_a_journal_that_cannot_be_used_is_left_as_it_is(cli) -> None:
    cli("ask", "What is 3 * 14?", "--model", "offline")
    journal = cli.home / "journal.db"
    with sqlite3.connect(journal) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    newer = journal.read_bytes()
    for command in (["ask", "hi"], ["runs", "list"], ["approvals", "list"]):
        ran = cli(*command)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert "newer" in ran.err
    assert journal.read_bytes() == newer
    journal.write_bytes(b"this is not a database" * 1000)
    ran = cli("runs", "list")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert journal.read_bytes() == b"this is not a database" * 1000


def test_a_state_folder_that_is_a_file(cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("AGENT_CORE_HOME", str(tmp_path / "file"))
    ran = cli("ask", "hi", "--json")
    assert (ran.code, ran.json["error"]["type"]) == (2, "ConfigurationError")
    assert "AGENT_CORE_HOME" in ran.err
