"""`agent-core graph ask` with a language model: what `agent-core ask` does, from documents and tables alone."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent_core.cli.main import run
from agent_plugin_graph import Graph
from tests.servers.llm_script import Turn, call, fail, say
from tests.servers.scripted_llm import ScriptedLLM

QUESTION = "Who pays for repairs of the roof?"
LEASE = "LEASE\n\nThe tenant gives three months' notice.\n\nHeron Estates pays for repairs of the roof.\n"
SAID = "Heron Estates pays for repairs of the roof [1]."
WORDS = ("The nurse explained every step calmly.", "The nurse never answered the bell at night.")


@pytest.fixture
def ask(
    tmp_path: Path, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Types `agent-core graph ask`, in a folder with a lease that was added; (exit code, stdout, stderr)."""
    monkeypatch.setenv("AGENT_CORE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    (tmp_path / "workspace").mkdir()
    monkeypatch.chdir(tmp_path / "workspace")
    Path("lease.txt").write_text(LEASE)
    run(["graph", "add", "lease.txt"])
    capfd.readouterr()

    def type_it(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        code = run(["graph", "ask", *words])
        return code, *capfd.readouterr()

    return type_it


@pytest.fixture
def by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENT_CORE_MODELS_DEFAULT", "openai-chat:scripted")


def tools_offered(llm: ScriptedLLM) -> set[str]:
    """What the model could call, over all requests."""
    return {tool["function"]["name"] for request in llm.model_requests for tool in request.body.get("tools", ())}


@pytest.mark.usefixtures("by_default")
def test_the_model_that_is_configured_writes_the_answer(ask, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(call("search_documents", {"question": QUESTION}), say(SAID))
    code, out, err = ask(QUESTION)
    assert (code, out.splitlines()[0]) == (0, SAID)
    assert "[1] lease.txt:5" in out
    assert "search_documents(" in err
    assert len(scripted_llm.model_requests) == 2


@pytest.mark.usefixtures("by_default")
def test_it_is_the_run_that_agent_core_ask_makes(
    ask, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    scripted_llm.script(call("search_documents", {"question": QUESTION}), say(SAID))
    _, out, _ = ask(QUESTION, "--json")
    scripted_llm.script(call("search_documents", {"question": QUESTION}), say(SAID))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    run(["ask", QUESTION, "--plugin", "graph", "--json"])
    ours, theirs = json.loads(out), json.loads(capfd.readouterr().out)
    assert set(ours) == set(theirs)
    for key in ("status", "answer", "citations", "model", "error"):
        assert ours[key] == theirs[key]
    assert ours["citations"][0]["quote"] == "Heron Estates pays for repairs of the roof."
    run(["runs", "list", "--json"])
    assert ours["run_id"] in capfd.readouterr().out


@pytest.mark.usefixtures("by_default")
def test_it_has_the_tools_of_the_graph_alone(ask, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(
        call("delete_file", {"path": "lease.txt"}), call("search_documents", {"question": QUESTION}), say(SAID)
    )
    ask(QUESTION, "--json")
    offered = tools_offered(scripted_llm)
    assert "search_documents" in offered
    assert not offered & {"delete_file", "write_file", "send_mail", "web_search", "remember"}
    assert Path("lease.txt").exists()


@pytest.mark.usefixtures("by_default")
def test_what_the_model_alters_is_said_below_the_answer(ask, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(call("search_documents", {"question": "What notice?"}), say("The notice is nine months [1]."))
    _, out, _ = ask("What notice does the tenant give?")
    assert "(Not supported: [1]" in out
    assert "nine months" in out


@pytest.mark.usefixtures("by_default")
def test_offline_it_quotes_and_asks_no_model(ask, scripted_llm: ScriptedLLM) -> None:
    code, out, _ = ask(QUESTION, "--model", "offline")
    assert (code, out) == (0, "“Heron Estates pays for repairs of the roof.” [1] (lease.txt:5)\n")
    assert scripted_llm.model_requests == []


def test_without_a_model_it_quotes(ask, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    code, out, _ = ask(QUESTION)
    assert (code, out) == (0, "“Heron Estates pays for repairs of the roof.” [1] (lease.txt:5)\n")
    assert scripted_llm.model_requests == []


def test_a_model_that_was_named_and_fails_is_not_replaced_by_quotes(ask, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(*[fail(400)] * 4)
    code, out, err = ask(QUESTION, "--model", "openai-chat:scripted")
    assert code == 1
    assert "Heron" not in out + err


def test_a_model_that_is_not_there_is_one_line(ask) -> None:
    code, out, err = ask(QUESTION, "--model", "nonsense")
    assert (code, out) == (2, "")
    assert "'nonsense'" in err


@pytest.mark.usefixtures("by_default")
def test_of_themes_the_counts_are_ours_and_what_the_model_makes_of_them_is_noticed(
    ask, scripted_llm: ScriptedLLM, tmp_path: Path
) -> None:
    """The documents are grouped and counted here; the model names the groups and writes the answer over them."""
    for n in range(30):
        Path(f"review{n}.txt").write_text(f"{WORDS[n % 3 == 0]} Room {n} was {'large' if n % 2 else 'small'}.\n")
    with Graph.open(f"sqlite:///{tmp_path / 'home' / 'plugins' / 'graph' / 'graph.db'}") as graph:
        graph.add_files(["."])
    told: list[dict[str, Any]] = []

    def answer(body: dict[str, Any]) -> Turn:
        told.append(body)
        result = next(json.dumps(one) for one in body["messages"] if one["role"] == "tool")
        assert "(20)" in result
        assert "(10)" in result
        return say("20 reviews praise that the nurse explained every step [1]. 17 never got an answer at night [2].")

    asked = "What have patients said about the nurse?"
    scripted_llm.script(call("summarise_themes", {"topic": asked}), answer)
    _, out, _ = ask(asked)
    assert len(told) == 1
    words, *notes = out.splitlines()
    assert words.startswith("20 reviews praise")
    assert [note for note in notes if note.startswith("(")] == [
        "(Not supported: [2] does not support “17 never got an answer at night.”: “17” (not in the source).)",
        "(No result contains 17: nothing was looked up or computed for it.)",
    ]
