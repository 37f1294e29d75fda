"""What is loaded before there is anything to do: nothing heavy, so that `--help` and completion answer at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "anthropic",
    "ddgs",
    "httpx",
    "httpx2",
    "icalendar",
    "lxml",
    "mcp",
    "neo4j",
    "numpy",
    "ollama",
    "openai",
    "openpyxl",
    "pydantic",
    "pydantic_ai",
    "sympy",
    "textual",
    "torch",
    "trafilatura",
)

LOADS = {
    "the package": "import agent_core",
    "the public names of plugin authors": "from agent_core import Tool, ToolContext, ToolError, Traits, hookimpl, tool",
    "every installed plugin": (
        "from agent_core.tools.plugins import load_plugins\n"
        "plugins = load_plugins(None, ())\n"
        "assert len(plugins.tools) > 20, plugins.reports\n"
        "assert all(report.status == 'ok' for report in plugins.reports), plugins.reports"
    ),
    "the settings": (
        "import tempfile, pathlib\n"
        "from agent_core.settings import Settings\n"
        "folder = pathlib.Path(tempfile.mkdtemp())\n"
        "Settings.load(folder, folder, {})"
    ),
    "the command line": "from agent_core.cli.main import run\nassert run(['--help']) == 0",
    "the help of a command": "from agent_core.cli.main import run\nassert run(['approvals', 'approve', '--help']) == 0",
}
LOADED_BY_TYPER = {"the help of a command": {"pydantic"}}
"""typer itself reads options with pydantic, once a command is chosen."""


@pytest.mark.parametrize("what", LOADS)
def test_loads_nothing_heavy(what: str) -> None:
    probe = f"{LOADS[what]}\nimport sys\nprint('LOADED', *sorted(sys.modules.keys() & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert set(done.stdout.rpartition("LOADED")[2].split()) - LOADED_BY_TYPER.get(what, set()) == set()


def test_the_probe_sees_what_is_loaded() -> None:
    probe = "import pydantic, sys; print('pydantic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"
