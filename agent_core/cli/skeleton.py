"""The files of a new plugin: a project that installs, passes its tests, and shows what a tool declares."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from agent_core.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40

_FILES = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "agent-plugin-$dashed"
version = "0.1.0"
description = "The $name plugin of agent-core."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["agent-core"]

[project.entry-points.agent_core]
$name = "agent_plugin_$name"

[dependency-groups]
dev = ["pytest>=8.4", "pytest-asyncio>=1.2"]

[tool.hatch.build.targets.wheel]
packages = ["agent_plugin_$name"]

[tool.pytest.ini_options]
addopts = "-p agent_core.testing --import-mode=importlib"
testpaths = ["tests"]
asyncio_mode = "auto"
""",
    "README.md": """\
# agent-plugin-$dashed

A plugin of agent-core.

    pip install -e .
    pytest
    agent-core plugins list
    agent-core tools call ${name}_count_words text="one two three"

`agent_plugin_$name/__init__.py` is the whole of it: two tools and the hook that registers them. Keep that module
quick to import: import heavy libraries inside the functions that need them.
""",
    "agent_plugin_$name/__init__.py": '''\
"""The `$name` plugin: a tool that reads, and one that changes something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent_core import FinishedCall, Preview, Tool, ToolArgumentError, ToolContext, ToolError, hookimpl, tool

AGENT_CORE_HOOK_API = 1


@dataclass
class Count:
    """What `${name}_count_words` returns. Later steps of a plan refer to its fields: {"$$from": "s1.words"}."""

    words: int
    characters: int


@tool(
    read_only=True,
    idempotent=True,
    examples=[
        "How many words are in 'the quick brown fox'?",
        "Count the words of this sentence",
        "How long is the text 'to be or not to be'?",
    ],
)
def ${name}_count_words(text: str) -> Count:
    """Count the words and characters of a text.

    Args:
        text: The text to count.
    """
    if not text.strip():
        raise ToolArgumentError("text is empty; give the text to count")
    return Count(len(text.split()), len(text))


def _preview(ctx: ToolContext, path: str, text: str) -> Preview:
    return Preview(f"Write {len(text)} characters to the new file {path}")


def _undo(ctx: ToolContext, call: FinishedCall) -> str:
    target = ctx.in_workspace(call.args["path"])
    if not target.is_file() or target.read_text(encoding="utf-8") != call.args["text"]:
        raise ToolError(f"{call.args['path']} was changed since; it was left as it is")
    target.unlink()
    return f"Removed {call.args['path']}"


@tool(
    preview=_preview,
    undo=_undo,
    examples=[
        "Save 'buy milk' as list.txt",
        "Put the text 'hello' into a new file greeting.txt",
        "Write 'done' to status.txt",
    ],
)
def ${name}_save_text(ctx: ToolContext, path: str, text: str) -> str:
    """Save a text as a new file of the workspace.

    Args:
        path: The file's name, inside the workspace.
        text: What it will hold.
    """
    target = ctx.in_workspace(path)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ToolArgumentError(f"{path!r} exists already; choose another name") from None
    except OSError as error:
        raise ToolError(f"{path!r} cannot be written: {error.strerror}") from None
    return f"Saved {path}"


@hookimpl
def agent_core_tools() -> Iterable[Tool]:
    """The tools that this plugin brings."""
    return [${name}_count_words, ${name}_save_text]
''',
    "agent_plugin_$name/py.typed": "",
    "tests/test_$name.py": '''\
"""Tests of the plugin; the fixtures come from `agent_core.testing`."""

from __future__ import annotations

import pytest
from agent_core import ToolArgumentError
from agent_core.testing import Script, call, check_tool

from agent_plugin_$name import ${name}_count_words, ${name}_save_text


async def test_counts_words(tool_context):
    counted = await check_tool(${name}_count_words, {"text": "to be or not"}, tool_context)
    assert counted == {"words": 4, "characters": 12}


async def test_saves_a_new_file_and_overwrites_none(tool_context):
    await check_tool(${name}_save_text, {"path": "a.txt", "text": "hello"}, tool_context)
    assert (tool_context.workspace / "a.txt").read_text() == "hello"
    with pytest.raises(ToolArgumentError, match="exists already"):
        ${name}_save_text.function(tool_context, "a.txt", "again")


async def test_a_change_waits_for_a_yes_and_can_be_taken_back(assistants, tool_context):
    script = Script(call("${name}_save_text", path="b.txt", text="hi"), "Saved.")
    assistant = assistants(script, tools=[${name}_save_text], workspace=tool_context.workspace)

    answer = await assistant.ask("Save 'hi' as b.txt")
    assert answer.status == "waiting"
    assert not (tool_context.workspace / "b.txt").exists()

    await assistant.approve(answer.pending[0].id)
    answer = await assistant.resume(answer.run_id)
    assert answer.status == "done"
    assert (tool_context.workspace / "b.txt").read_text() == "hi"

    await assistant.undo(answer.run_id)
    assert not (tool_context.workspace / "b.txt").exists()
''',
}


def write_skeleton(name: str, folder: Path) -> Path:
    """Write the project of a new plugin into a folder of its own; returns that folder.

    Raises:
        UsageError: the name is no name or is taken, or the folder is there or cannot be made.
    """
    from agent_core.tools.plugins import plugin_names

    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise UsageError(
            f"{name[:60]!r} cannot name a plugin: use lower-case letters, digits and single '_', {_LONGEST} at most."
        )
    if name in {*plugin_names(), "disabled"}:
        raise UsageError(f"There is a plugin {name!r} already; choose another name.")
    names = {"name": name, "dashed": name.replace("_", "-")}
    project = folder.expanduser() / Template("agent-plugin-$dashed").substitute(names)
    try:
        project.mkdir(parents=True)
        for relative, text in _FILES.items():
            path = project / Template(relative).substitute(names)
            path.parent.mkdir(exist_ok=True)
            path.write_text(Template(text).substitute(names), encoding="utf-8")
    except FileExistsError:
        raise UsageError(f"{str(project)!r} exists already; nothing was written.") from None
    except OSError as error:
        raise UsageError(f"{str(project)!r} cannot be written: {error.strerror}.") from None
    return project
