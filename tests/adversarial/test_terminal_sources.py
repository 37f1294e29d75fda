"""Text that steers a terminal, from what is installed, configured and stored: plugins, workflows, and servers."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.adversarial import attacks
from tests.adversarial.hostile_text import LEGITIMATE
from tests.adversarial.screen import AN_ANSWER, EOF, EVERYTHING, HOSTILE, KEEP, PRINTABLE, YES_OR_NO, Screen
from tests.servers.llm_script import call, say
from tests.servers.mcp_script import HERE, TEXT, ScriptedMcp
from tests.servers.mcp_script import tool as mcp_tool
from tests.servers.scripted_llm import ScriptedLLM
from tests.servers.scripted_web import ScriptedWeb, http_answer

ATTACK = attacks.TERMINAL

MOST = len(PRINTABLE) * 9 // 10


# Plugins

EVIL_TOOLS = '''
import time
from agent_core import Preview, Tool, ToolContext, ToolError, hookimpl, tool
HOSTILE = {hostile}

@tool(read_only=True, examples=HOSTILE, undo_note=HOSTILE[1])
def evil_all(ctx: ToolContext, text: str = HOSTILE[0]) -> list[str]:
    """x"""
    for piece in HOSTILE:
        ctx.progress(piece)
        time.sleep(0.02)
    return HOSTILE

@tool(read_only=True)
def evil_fails() -> str:
    """x"""
    raise ToolError(" ".join(HOSTILE))

@tool(preview=lambda ctx, text: Preview("\\n".join(HOSTILE)), undo_note=" ".join(HOSTILE))
def evil_acts(text: str) -> str:
    """x"""
    return "\\n".join(HOSTILE)

@hookimpl
def agent_core_tools():
    import dataclasses
    made = [evil_fails, evil_acts, dataclasses.replace(evil_all, description=" ".join(HOSTILE))]
    for number, text in enumerate(HOSTILE):
        schema = {{"type": "object", "properties": {{"p": {{"type": "string", "description": text}}}}}}
        made.append(Tool.from_schema(lambda p="": "", f"evil_tool_{{number}}", text, schema, read_only=True))
    return made
'''


@pytest.fixture
def evil_plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that brings tools with hostile words, and some that fail with such words."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "evil_tools.py").write_text(EVIL_TOOLS.format(hostile=ascii(PRINTABLE)))
    modules = {"evil": "evil_tools"}
    for at in range(0, len(PRINTABLE), 10):
        (site / f"evil_{at}.py").write_text(f"raise RuntimeError({' '.join(PRINTABLE[at : at + 10])!a})\n")
        modules[f"evil{at}"] = f"evil_{at}"
    info = site / "evil-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: evil\nVersion: 1.0{PRINTABLE[4]}\n", newline="\n")
    lines = [f"{name} = {module}" for name, module in modules.items()]
    (info / "entry_points.txt").write_text("\n".join(["[agent_core]", *lines]) + "\n")
    monkeypatch.setenv("PYTHONPATH", str(site))


@pytest.mark.usefixtures("evil_plugins")
def test_what_plugins_say_of_themselves(screen: Screen) -> None:
    shown = screen.run("plugins", "list", least=MOST, code=0)
    assert "evil0" in shown
    screen.run("plugins", "list", "--json", code=0)
    screen.run("tools", "list", least=MOST, code=0)
    screen.run("tools", "show", "evil_all", least=len(PRINTABLE), code=0)
    screen.run("tools", "show", "evil_acts", code=0)
    screen.run("doctor")
    screen.run("ask", "x", "--persona", "nobody", least=0, code=2)


@pytest.mark.usefixtures("evil_plugins")
def test_what_tools_of_plugins_say(screen: Screen) -> None:
    screen.run("tools", "call", "evil_all", least=len(PRINTABLE) // 2)
    screen.run("tools", "call", "evil_fails", least=5)
    screen.run("tools", "call", "evil_acts", "text=x", answers={YES_OR_NO: "y\n"}, least=len(PRINTABLE))
    screen.show_last_run(least=1)


@pytest.mark.usefixtures("evil_plugins")
def test_a_lasting_rule(cli: Any, screen: Screen, llm: ScriptedLLM) -> None:
    """The pattern that would be stored holds what a model chose; it is read at the prompt, and in the list of rules."""
    for at in range(0, len(HOSTILE), 15):
        some = HOSTILE[at : at + 15]
        llm.script(call("evil_acts", {"text": " ".join(some)}), say("Done."))
        screen.run("ask", "Do it", answers={YES_OR_NO: "a\n", KEEP: "y\n"}, least=len(some), code=0)
    assert len(json.loads(cli.process("rules", "list", "--json").stdout)) == len(range(0, len(HOSTILE), 15))
    screen.run("rules", "list", least=len(HOSTILE) // 2, code=0)


# Workflows


def test_workflows(cli: Any, screen: Screen) -> None:
    folder = cli.workspace / ".agent-core" / "workflows"
    folder.mkdir(parents=True)
    steps = [
        {"id": f"s{i}", "kind": "tool", "title": text[:150], "tool": "read_file", "args": {"path": text}}
        for i, text in enumerate(PRINTABLE)
    ]
    for number, text in enumerate(PRINTABLE):
        workflow = {"goal": text, "inputs": {"who": {"type": "string", "description": text}}, "steps": steps}
        for name in (f"w{number}", text.replace("/", "-")):
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(workflow))
    screen.run("workflow", "list", least=MOST, code=0)
    screen.run("workflow", "show", "w0", least=MOST, code=0)
    screen.run("workflow", "run", "w0", least=0)
    screen.run("workflow", "run", "w0", "who=x", least=MOST)
    (folder / "broken.yaml").write_text(f"goal: [{' '.join(PRINTABLE[40:50])}")
    screen.run("workflow", "list")


# Servers


@pytest.fixture
def ollama() -> Iterator[ScriptedWeb]:
    """A server in a thread, because the commands run in processes and this test waits for them."""
    ready = threading.Event()
    stop = asyncio.Event()
    made: list[Any] = []

    async def serve() -> None:
        async with ScriptedWeb() as web:
            made.extend([web, asyncio.get_running_loop()])
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield made[0]
    made[1].call_soon_threadsafe(stop.set)
    thread.join(30)


def test_the_models_of_a_hostile_server(screen: Screen, ollama: ScriptedWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    models = [{"name": text, "model": text, "details": {"family": text}} for text in PRINTABLE]
    ollama.answers["/api/tags"] = http_answer(json.dumps({"models": models}), content_type="application/json")
    ollama.answers["/api/show"] = http_answer(
        json.dumps({"capabilities": ["tools", *PRINTABLE[:20]], "model_info": {}})
    )
    ollama.answers["/api/ps"] = http_answer('{"models": []}')
    ollama.answers["/api/version"] = http_answer('{"version": "\\u001b[2J9"}')
    monkeypatch.setenv("OLLAMA_HOST", ollama.authority)
    screen.run("models", "list", least=MOST)
    screen.run("doctor", least=0)
    screen.run("ask", "Hello", least=0)


def test_what_a_hostile_model_server_says_of_a_failure(
    screen: Screen, ollama: ScriptedWeb, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", ollama.authority)
    raw = b"HTTP/1.1 500 \x9b31m\xff bad\r\nContent-Length: 6\r\n\r\n\x9b2J\xff\x1b["
    body = json.dumps({"error": " ".join(PRINTABLE[:20])})
    for answer, least in ((raw, 0), (http_answer(body, status="400 \x1b[2J bad"), 1)):
        ollama.default = answer
        screen.run("models", "list", least=0)
        screen.run("ask", "Hello", "--model", "ollama:x", least=least)


@pytest.fixture
def evil_mcp(tmp_path: Path) -> ScriptedMcp:
    texts = [" ".join(HOSTILE[at : at + 8]) for at in range(0, len(HOSTILE), 8)]
    tools = [mcp_tool(f"act{number}", text, title=text) for number, text in enumerate(texts)]
    tools += [mcp_tool(text, "Refused for its name.") for text in HOSTILE[:5]]
    result = {"content": [{"type": "text", "text": EVERYTHING}]}
    return ScriptedMcp(tmp_path / "scripted", *tools, results={"act0": result})


def test_what_an_mcp_server_says(screen: Screen, llm: ScriptedLLM, evil_mcp: ScriptedMcp) -> None:
    program = (sys.executable, str(HERE / "mcp_scripted.py"), str(evil_mcp.path))
    screen.run("mcp", "add", "evil", "--", *program, least=len(HOSTILE) // 2, code=0)
    screen.run("mcp", "show", "evil", least=len(HOSTILE) // 2, code=0)
    screen.run("tools", "show", "evil__act0", code=0)
    llm.script(call("evil__act0", {"text": EVERYTHING}), say(EVERYTHING))
    shown = screen.run("ask", "Do it", answers={YES_OR_NO: "y\n"}, least=len(HOSTILE), code=0)
    assert LEGITIMATE in shown
    screen.show_last_run(least=len(HOSTILE))
    evil_mcp.now(tools=[mcp_tool("act0", " ".join(HOSTILE[8:16]), schema=TEXT)])
    screen.run("mcp", "show", "evil", least=8)
    screen.run("mcp", "trust", "evil", least=8, code=0)
    evil_mcp.now(on={"call:act0": "error " + " ".join(HOSTILE[:20]), "tools/list": "error " + " ".join(HOSTILE[:20])})
    llm.script(call("evil__act0", {"text": "x"}), say("It failed."))
    screen.run("ask", "Do it", answers={YES_OR_NO: "y\n", AN_ANSWER: EOF}, least=1)
    screen.run("mcp", "show", "evil", least=1)
    screen.run("doctor", least=0)
