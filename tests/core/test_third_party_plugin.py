"""A plugin by somebody else: built as a wheel, installed beside the project, used, and then broken in every way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "examples" / "third_party_plugin"

REPORT = """
import json
from agent_core.tools.plugins import load_plugins
plugins = load_plugins()
print(json.dumps({
    "reports": {r.name: [r.status, r.reason, r.distribution, r.version] for r in plugins.reports},
    "tools": {name: tool.plugin for name, tool in plugins.tools.items()},
    "commands": sorted(plugins.commands),
}))
"""

CALL = """
import json, sys
from agent_core import Assistant
from agent_core.testing import Script, call
tool, args, home, workspace = sys.argv[1:]
script = Script(call(tool, **json.loads(args)), "Finished.")
with Assistant(script.model, home=home, workspace=workspace) as assistant:
    answer = assistant.ask_sync(f"{tool} with {args}")
    before = answer.to_json()
    for waits in answer.pending:
        assistant.approve_sync(waits.id)
    after = assistant.resume_sync(answer.run_id).to_json()
    reports = {report.name: [report.status, report.reason] for report in assistant.parts.plugins.reports}
    print(json.dumps([before, after | {"plugins": reports}]))
"""

Python = Callable[..., subprocess.CompletedProcess[str]]
Call = Callable[..., tuple[Any, Any]]
SAILING = {"boat": "Meltemi", "departure": "2027-06-01T07:15:00", "harbour": "Falmouth"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plugin's wheel, built from a copy of its folder as its author would."""
    uv = shutil.which("uv")
    if uv is None:
        if os.environ.get("CI"):
            pytest.fail("uv is needed to build the plugin, and is not on PATH")
        pytest.skip("uv is not on PATH")
    folder = tmp_path_factory.mktemp("wheel")
    source = shutil.copytree(SOURCE, folder / "source")
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", str(folder), str(source)], check=True, timeout=100)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture
def site(wheel: Path, tmp_path: Path) -> Path:
    """A folder that holds the installed wheel and nothing else."""
    target = tmp_path / "site"
    uv = shutil.which("uv")
    assert uv is not None
    # Copied, not linked: these tests write into what is installed, and uv's cache must not notice.
    install = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--link-mode",
        "copy",
        "--python",
        sys.executable,
        "--no-deps",
        "--target",
        str(target),
    ]
    subprocess.run([*install, str(wheel)], check=True, timeout=100)
    return target


@pytest.fixture
def python(site: Path, tmp_path: Path) -> Python:
    """Run this Python with the plugin installed, on a home of this test."""

    def run(*arguments: str, cwd: Path = tmp_path, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        own = {
            "HOME": str(tmp_path),
            "AGENT_CORE_HOME": str(tmp_path / "home"),
            "PYTHONPATH": str(site),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "OLLAMA_HOST": "127.0.0.1:9",
        }
        return subprocess.run(
            [sys.executable, *arguments],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={**inherited, **own, **environment},
            timeout=100,
            check=False,
        )

    return run


@pytest.fixture
def call(python: Python, tmp_path: Path) -> Call:
    """Have a tool called in a fresh process with all plugins loaded: the run as it waits, and after a yes."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()

    def run(tool: str, environment: dict[str, str] | None = None, /, **args: Any) -> tuple[Any, Any]:
        done = python("-c", CALL, tool, json.dumps(args), str(tmp_path / "home"), str(workspace), **(environment or {}))
        assert done.returncode == 0, done.stderr
        before, after = json.loads(done.stdout)
        return before, after

    return run


def report(python: Python) -> dict[str, Any]:
    done = python("-c", REPORT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_loads_beside_the_bundled_ones(python: Python) -> None:
    loaded = report(python)
    assert loaded["reports"]["tides"] == ["ok", "", "agent-plugin-tides", "0.1.0"]
    assert {status for status, *_ in loaded["reports"].values()} == {"ok"}
    assert loaded["tools"]["tide_times"] == "tides"
    assert "tides" in loaded["commands"]


def test_its_read_runs_at_once_and_its_action_waits_for_a_yes(call: Call, tmp_path: Path) -> None:
    read, _ = call("tide_times", date="2027-08-09", harbour="Dover")
    assert (read["status"], read["calls"][0]["status"]) == ("done", "done")
    assert all(time.startswith("2027-08-09T") for time in read["calls"][0]["result"]["high_water"])

    waiting, done = call("register_sailing", {"TIDES_API_KEY": "club-key-1873"}, **SAILING)
    assert waiting["status"] == "waiting"
    assert "2027-06-01 07:15,Meltemi,Falmouth," in waiting["pending"][0]["preview"]
    assert (done["status"], done["calls"][0]["status"]) == ("done", "done")
    assert "2027-06-01 07:15,Meltemi,Falmouth," in (tmp_path / "workspace" / "sailings.csv").read_text()


def test_its_secret_stays_out_of_the_journal(call: Call, tmp_path: Path) -> None:
    call("register_sailing", {"TIDES_API_KEY": "club-key-1873"}, **SAILING)
    for file in (tmp_path / "home").rglob("*"):
        assert not file.is_file() or b"club-key-1873" not in file.read_bytes(), file


def test_its_settings_are_read(call: Call) -> None:
    environment = {"AGENT_CORE_PLUGINS_TIDES_UTC_OFFSET_H": "5.5"}
    read, _ = call("tide_times", environment, date="2027-08-09", harbour="Dover")
    assert all(time.endswith("+05:30") for time in read["calls"][0]["result"]["high_water"])


def test_its_command_runs(python: Python) -> None:
    command = ("-c", "from agent_core.cli.main import main; main()")
    done = python(*command, "tides", "brest", "--date", "2027-05-12")
    assert done.returncode == 0, done.stderr
    assert "high water" in done.stdout
    listed = python(*command, "--help")
    assert "Show the tides of a harbour." in listed.stdout
    refused = python(*command, "tides", "Atlantis", "--date", "2027-05-12")
    assert refused.returncode != 0
    assert "'Atlantis'" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_its_own_tests_pass(python: Python, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(SOURCE / "tests", project / "tests")
    shutil.copy(SOURCE / "pyproject.toml", project)
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


BREAKS = {
    "syntax": "def (:",
    "import": "import a_package_that_is_not_there",
    "hook": "from agent_core import hookimpl\n@hookimpl\ndef agent_core_tools():\n    raise RuntimeError('sunk')",
    "exit": "raise SystemExit(3)",
    "clash": "from agent_core import hookimpl, Tool\n@hookimpl\ndef agent_core_tools():\n"
    "    return [Tool.from_schema(None, 'calculate', 'Mine.', {'type': 'object'})]",
    "api": "AGENT_CORE_HOOK_API = 99",
}
SAID = {
    "syntax": "SyntaxError",
    "import": "a_package_that_is_not_there",
    "hook": "sunk",
    "exit": "SystemExit",
    "clash": "'calculate'",
    "api": "upgrade agent-core",
}


@pytest.mark.parametrize("way", BREAKS)
def test_broken_it_is_reported_and_all_else_works(site: Path, call: Call, way: str) -> None:
    (site / "agent_plugin_tides" / "__init__.py").write_text(BREAKS[way])
    plugins = bundled_works(call)
    status, reason = plugins.pop("tides")
    assert (status, SAID[way] in reason) == ("failed", True), reason
    assert {status for status, _ in plugins.values()} == {"ok"}


def test_a_listener_that_raises_costs_no_run_anything(site: Path, call: Call) -> None:
    module = site / "agent_plugin_tides" / "__init__.py"
    listening = "    from agent_core.events import CallEnded\n"
    assert listening in module.read_text()
    module.write_text(module.read_text().replace(listening, "    1 / 0\n"))
    status, reason = bundled_works(call)["tides"]
    assert (status, "ZeroDivisionError" in reason) == ("ok", True), reason


def test_removed_it_leaves_nothing_behind(site: Path, call: Call) -> None:
    call("tide_times", date="2027-08-09", harbour="Dover")
    shutil.rmtree(site)
    assert "tides" not in bundled_works(call)


def bundled_works(call: Call) -> dict[str, list[str]]:
    """Have bundled plugins' tools do their work; returns what became of every plugin, as [status, reason]."""
    _, answer = call("calculate", expression="15% of 260")
    assert (answer["status"], answer["calls"][0]["result"]["decimal"]) == ("done", "39")
    return answer["plugins"]
