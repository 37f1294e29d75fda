"""The plugin registry, with real distributions on sys.path: good ones, and one broken in each way there is."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent_core.errors import ConfigurationError, UsageError
from agent_core.tools.hookspecs import HOOK_API, hookimpl
from agent_core.tools.plugins import PluginReport, Plugins, installed_plugins, load_plugins, plugin_names
from agent_core.tools.tool import Tool, tool

Install = Callable[..., str]

GREETER = """
    from dataclasses import dataclass
    from pathlib import Path
    from agent_core import hookimpl, tool

    AGENT_CORE_HOOK_API = 1
    heard = []

    @dataclass(frozen=True)
    class Settings:
        greeting: str = "Hello"

    @tool(read_only=True, examples=["Greet Ada"])
    def greet(name: str) -> str:
        '''Greet somebody by name.'''
        return f"Hello, {name}"

    @hookimpl
    def agent_core_tools():
        yield greet

    @hookimpl
    def agent_core_settings():
        return Settings

    @hookimpl
    def agent_core_models():
        return {"echo:": lambda name: name}

    @hookimpl
    def agent_core_document_loaders():
        return {".shout": lambda path: path.read_text().upper()}

    @hookimpl
    def agent_core_commands():
        return {"greet": ("third_greeter_cli:app", "Greet somebody."), "gone": ("third_greeter_gone:app", "Broken.")}

    @hookimpl
    def agent_core_personas():
        return [Path(__file__).parent / "third_persona"]

    @hookimpl
    def agent_core_event(event):
        heard.append(event)
"""

NAMED_TOOL = """
    from agent_core import Tool, hookimpl

    @hookimpl
    def agent_core_tools():
        return [
            Tool.from_schema(None, "{own}", "Own.", {{"type": "object"}}),
            Tool.from_schema(None, "shared", "Clashes.", {{"type": "object"}}),
        ]
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution with one plugin module, the way a wheel would leave it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def put(name: str, source: str, *, module: str | None = None, dist: str | None = None, version: str = "1.2") -> str:
        module = module or f"third_{name}"
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source), "utf-8")
        info = tmp_path / f"{(dist or module).replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist or module}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[agent_core]\n{name} = {module}\n")
        return name

    yield put
    for added in set(sys.modules) - before:
        if added.startswith("third_"):
            del sys.modules[added]


def report(plugins: Plugins, name: str) -> PluginReport:
    return next(r for r in plugins.reports if r.name == name)


def test_a_third_party_plugin_brings_everything_it_declares(install: Install, tmp_path: Path) -> None:
    (tmp_path / "third_persona").mkdir()
    (tmp_path / "third_persona" / "PERSONA.md").write_text("---\nname: x\ndescription: Does x.\n---\n")
    install("greeter", GREETER, dist="agent-greeter", version="3.1")
    (tmp_path / "third_greeter_cli.py").write_text("app = 'typer app'")
    plugins = load_plugins(["greeter"])
    found = report(plugins, "greeter")
    assert (found.status, found.reason) == ("ok", "")
    assert (found.distribution, found.version, found.module) == ("agent-greeter", "3.1", "third_greeter")
    assert found.origin == str(tmp_path / "third_greeter.py")
    assert found.load_ms > 0
    assert found.tools == ("greet",)
    assert plugins.tools["greet"].plugin == "greeter"
    assert plugins.tools["greet"].traits.read_only
    assert plugins.models["echo:"]("echo:a") == "echo:a"
    assert plugins.settings_classes["greeter"]().greeting == "Hello"
    assert set(plugins.document_loaders) == {".shout"}
    assert plugins.personas["x"].folder == tmp_path / "third_persona"
    assert plugins.commands["greet"].help == "Greet somebody."
    assert "third_greeter_cli" not in sys.modules
    assert plugins.command("greet") == "typer app"
    with pytest.raises(ConfigurationError, match="third_greeter_gone"):
        plugins.command("gone")
    with pytest.raises(UsageError, match="'greet'"):
        plugins.command("gret")


BROKEN = {
    "missing": ("import third_party_that_is_not_here", "ModuleNotFoundError"),
    "syntax": ("def (:", "SyntaxError"),
    "raises": ("raise RuntimeError('two\\nlines')", "RuntimeError: two lines"),
    "exits": ("import sys; sys.exit(4)", "SystemExit"),
    "newer": (f"AGENT_CORE_HOOK_API = {HOOK_API + 1}", "upgrade agent-core"),
    "odd-api": ("AGENT_CORE_HOOK_API = 'one'", "AGENT_CORE_HOOK_API"),
    "hook-raises": (
        "from agent_core import hookimpl\n@hookimpl\ndef agent_core_tools():\n    raise KeyError('lost')",
        "KeyError",
    ),
    "lazy-raises": (
        "from agent_core import hookimpl\n@hookimpl\ndef agent_core_tools():\n    yield 1 / 0",
        "ZeroDivisionError",
    ),
    "unknown-hook": (
        "from agent_core import hookimpl\n@hookimpl\ndef agent_core_tols():\n    return []",
        "agent_core_tols",
    ),
    "bad-signature": (
        "from agent_core import hookimpl\n@hookimpl\ndef agent_core_tools(registry):\n    return []",
        "registry",
    ),
    "not-a-tool": ("from agent_core import hookimpl\n@hookimpl\ndef agent_core_tools():\n    return [print]", "@tool"),
    "text-tools": (
        "from agent_core import hookimpl\n@hookimpl\ndef agent_core_tools():\n    return 'ab'",
        "not a list",
    ),
    "bad-name": (
        "from agent_core import hookimpl, Tool\n@hookimpl\ndef agent_core_tools():\n"
        "    return [Tool.from_schema(None, 'rm -rf', 'x', {'type': 'object'})]",
        "'rm -rf'",
    ),
    "twice": (
        "from agent_core import hookimpl, Tool\n@hookimpl\ndef agent_core_tools():\n"
        "    return [Tool.from_schema(None, 'same', 'x', {'type': 'object'})] * 2",
        "'same'",
    ),
    "no-default": (
        "from dataclasses import dataclass\nfrom agent_core import hookimpl\n@dataclass\nclass S:\n    key: str\n"
        "@hookimpl\ndef agent_core_settings():\n    return S",
        "default for key",
    ),
    "no-dataclass": ("from agent_core import hookimpl\n@hookimpl\ndef agent_core_settings():\n    return dict", "dict"),
    "bad-command": (
        "from agent_core import hookimpl\n@hookimpl\ndef agent_core_commands():\n    return {'x': 'module:app'}",
        "'x'",
    ),
    "bad-loader": (
        "from agent_core import hookimpl\n@hookimpl\ndef agent_core_document_loaders():\n    return {'odt': print}",
        "'odt'",
    ),
    "bad-model": ("from agent_core import hookimpl\n@hookimpl\ndef agent_core_models():\n    return {'m': 3}", "'m'"),
    "no-persona": (
        "from pathlib import Path\nfrom agent_core import hookimpl\n"
        "@hookimpl\ndef agent_core_personas():\n    return [Path('/nowhere')]",
        "PERSONA.md",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_plugin_is_reported_and_the_others_work(install: Install, name: str) -> None:
    source, mention = BROKEN[name]
    install(name, source, module=f"third_{name.replace('-', '_')}")
    install("zz-working", NAMED_TOOL.format(own="working"), module="third_working")
    plugins = load_plugins([name, "zz-working"])
    found = report(plugins, name)
    assert found.status == "failed"
    assert mention in found.reason
    assert "\n" not in found.reason
    assert report(plugins, "zz-working").status == "ok"
    assert set(plugins.tools) == {"working", "shared"}


def test_all_broken_ones_at_once_do_not_hide_each_other(install: Install) -> None:
    for name, (source, _) in BROKEN.items():
        install(name, source, module=f"third_all_{name.replace('-', '_')}")
    plugins = load_plugins(list(BROKEN))
    assert {r.name for r in plugins.reports if r.status == "failed"} == set(BROKEN)
    assert [r.name for r in plugins.reports] == sorted(r.name for r in plugins.reports)


def test_of_two_plugins_with_one_tool_name_the_later_is_left_out_whole(install: Install) -> None:
    install("bbb", NAMED_TOOL.format(own="second"))
    install("aaa", NAMED_TOOL.format(own="first"))
    plugins = load_plugins(["bbb", "aaa"])
    assert set(plugins.tools) == {"first", "shared"}
    assert plugins.tools["shared"].plugin == "aaa"
    found = report(plugins, "bbb")
    assert (found.status, found.tools) == ("failed", ())
    assert "'shared'" in found.reason
    assert "'aaa'" in found.reason


def test_nobody_takes_the_place_of_a_bundled_plugin(install: Install) -> None:
    install("calculator", "raise SystemExit", module="third_impostor", dist="aaa-impostor")
    assert installed_plugins()["calculator"].value == "agent_plugin_calculator"
    reports = [r for r in load_plugins(["calculator"]).reports if r.name == "calculator"]
    assert [r.distribution for r in reports] == ["agent-core", "aaa-impostor"]
    assert "same name" in reports[1].reason
    assert "third_impostor" not in sys.modules


def test_names_are_read_without_importing_anything(install: Install) -> None:
    install("raiser", "raise RuntimeError")
    assert "raiser" in plugin_names()
    assert plugin_names() == sorted(plugin_names())
    plugins = load_plugins(False)
    assert "third_raiser" not in sys.modules
    assert plugins.tools == {}
    assert report(plugins, "raiser").status == "disabled"
    assert report(plugins, "raiser").version == "1.2"


def test_disabled_wins_over_selected(install: Install) -> None:
    install("raiser", "raise RuntimeError")
    plugins = load_plugins(["raiser"], disabled=["raiser", "was-uninstalled-since"])
    assert report(plugins, "raiser").status == "disabled"
    assert "settings" in report(plugins, "raiser").reason


def test_an_unknown_name_says_what_was_meant(install: Install) -> None:
    install("greeter", GREETER)
    with pytest.raises(UsageError, match=r"'greter'.*'greeter'"):
        load_plugins(["greter"])


def test_a_plugin_may_not_be_called_like_a_setting_of_core(install: Install) -> None:
    install("disabled", "raise RuntimeError")
    assert "'disabled'" in report(load_plugins(["disabled"]), "disabled").reason


class Listener:
    """An object with hooks, as an embedding app would bring."""

    def __init__(self, name: str, fail_at: int | None = None) -> None:
        self.__name__ = name
        self.heard: list[Any] = []
        self.fail_at = fail_at

    @hookimpl
    def agent_core_tools(self) -> list[Tool]:
        @tool(name=f"{self.__name__}_tool")
        def anything(text: str) -> str:
            """Do anything."""
            return text

        return [anything]

    @hookimpl
    def agent_core_event(self, event: Any) -> None:
        self.heard.append(event)
        if len(self.heard) == self.fail_at:
            raise ValueError("cannot take more")


def test_a_listener_that_raises_is_dropped_and_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    good, bad = Listener("good"), Listener("bad", fail_at=2)
    plugins = load_plugins(False, extra=[bad, good])
    with caplog.at_level(logging.WARNING):
        for number in range(5):
            plugins.dispatch_event(SimpleNamespace(number=number))  # pyright: ignore[reportArgumentType]
    assert [event.number for event in good.heard] == [0, 1, 2, 3, 4]
    assert len(bad.heard) == 2
    assert len([r for r in caplog.records if "bad" in r.getMessage()]) == 1
    assert "cannot take more" in report(plugins, "bad").reason
    assert set(plugins.tools) == {"good_tool", "bad_tool"}


def test_two_registries_share_nothing() -> None:
    first = Listener("one")
    one, two = load_plugins(False, extra=[first]), load_plugins(False, extra=[Listener("two")])
    two.dispatch_event(SimpleNamespace())  # pyright: ignore[reportArgumentType]
    assert first.heard == []
    assert set(one.tools).isdisjoint(two.tools)


def test_listing_commands_imports_nothing_heavy() -> None:
    script = (
        "import sys; from agent_core.tools.plugins import load_plugins; load_plugins(False).commands\n"
        "print([m for m in ('pydantic', 'pydantic_ai', 'typer', 'sympy', 'httpx', 'keyring') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
