"""The shape of the project: what lies where, how long it may be, and that what exists is documented."""

from __future__ import annotations

import inspect
import re
import subprocess
import tomllib
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
import typer.main

from agent_core.cli.main import app
from agent_core.settings import Settings
from agent_core.settings.mcp_servers import McpServer
from agent_core.tools import hookspecs
from agent_core.tools.contribution import CORE_COMMANDS
from agent_core.tools.plugins import load_plugins

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("agent_core", "plugins", "domains", "finetune")
ON_THE_PATH = {"plugins": "agent_", "domains": "agent_domain_", "finetune": "agent_finetune"}
"""Folders that an editable install puts on `sys.path`: what lies in them is importable, so it needs a name of ours."""

TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "AGENTS.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "agent_core",
    "domains",
    "examples",
    "finetune",
    "plugins",
    "pyproject.toml",
    "tests",
}
HARD_LIMIT, SOFT_LIMIT = 600, 400
SAYS_NOTHING = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common|stuff)($|_)")


def tracked() -> list[Path]:
    """Files that git tracks, relative to the root."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listing.returncode != 0:
        pytest.skip(f"not a usable git checkout: {listing.stderr.strip()}")
    return [Path(name) for name in listing.stdout.split("\0") if name and (ROOT / name).exists()]


def modules() -> list[Path]:
    """Every module that is shipped, tests or examples apart."""
    return [path for folder in SHIPPED for path in sorted((ROOT / folder).rglob("*.py"))]


def plugin_packages() -> set[str]:
    folders = [path for folder in ("plugins", "finetune") for path in (ROOT / folder).iterdir()]
    return {path.name for path in folders if path.name.startswith(("agent_plugin_", "agent_finetune"))}


def test_top_level_names_are_the_ones_that_the_readme_explains() -> None:
    assert {path.parts[0] for path in tracked()} <= TOP_LEVEL


def test_lock_files_and_state_stay_out_of_git() -> None:
    names = {path.name for path in tracked()}
    assert not names & {"uv.lock", "poetry.lock", "Pipfile.lock", "journal.db", "vault.db", ".env"}


def test_no_module_is_longer_than_one_can_keep_in_mind() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in modules()}
    print("Longer than we like:", {name: n for name, n in lengths.items() if n > SOFT_LIMIT} or "none")
    assert {name: n for name, n in lengths.items() if n > HARD_LIMIT} == {}


def test_half_of_all_modules_are_short() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in modules())
    assert lengths[len(lengths) // 2] <= 150


def test_names_say_what_is_inside() -> None:
    names = [path for path in tracked() if path.suffix == ".py" or path.name == "__init__.py"]
    parts = {part.removesuffix(".py") for path in names for part in path.parts}
    assert sorted(part for part in parts if SAYS_NOTHING.search(part)) == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [path for path in modules() if not path.read_text("utf-8").lstrip().startswith(('"""', 'r"""'))]
    assert [str(path.relative_to(ROOT)) for path in silent] == []


def test_every_folder_of_modules_is_a_package() -> None:
    """A folder without `__init__.py` would be a namespace that anybody may add to."""
    folders = {path.parent for path in modules()} - {ROOT / folder for folder in SHIPPED[1:]}
    assert [str(path.relative_to(ROOT)) for path in sorted(folders) if not (path / "__init__.py").exists()] == []


@pytest.mark.parametrize("folder", ON_THE_PATH)
def test_folders_on_the_path_hold_only_packages_of_ours(folder: str) -> None:
    names = {path.parts[1] for path in tracked() if path.parts[0] == folder}
    assert sorted(name for name in names if not name.startswith(ON_THE_PATH[folder])) == []


def test_every_bundled_plugin_registers_as_any_plugin_does() -> None:
    registered: dict[str, str] = project()["project"]["entry-points"]["agent_core"]
    names = {package: package.removeprefix("agent_plugin_").removeprefix("agent_") for package in plugin_packages()}
    assert registered == {name: package for package, name in names.items()}


def test_contracts_that_speak_of_plugins_speak_of_all() -> None:
    linter = project()["tool"]["importlinter"]
    listings = [linter["root_packages"]]
    listings += [listed for contract in linter["contracts"] for listed in contract.values() if isinstance(listed, list)]
    of_plugins = [
        {name for name in listed if name.startswith(("agent_plugin_", "agent_finetune"))} for listed in listings
    ]
    assert [named for named in of_plugins if named] == [plugin_packages()] * 5


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


# -- what exists is documented


def hooks() -> list[str]:
    return [name for name, f in inspect.getmembers(hookspecs, inspect.isfunction) if name.startswith("agent_core_")]


def commands(command: Any = None, prefix: str = "agent-core") -> list[str]:
    """Every command of the command line that can be typed, plugins' apart."""
    command = command or typer.main.get_command(app)
    subcommands: dict[str, Any] = getattr(command, "commands", {})
    if not subcommands:
        return [prefix]
    return [line for name, sub in subcommands.items() for line in commands(sub, f"{prefix} {name}")]


def settings(home: Path) -> dict[str, Any]:
    """Every setting's full name with its default: core's, and those that bundled plugins declare."""
    nothing_set = Settings.load(home, home, {})
    known: dict[str, Any] = {}
    for section in ("models", "limits", "approvals", "journal"):
        known |= _leaves(nothing_set.get(section), section)
    known["plugins.disabled"] = nothing_set.get("plugins.disabled")
    known |= {f"mcp.NAME.{field.name}": getattr(McpServer(), field.name) for field in fields(McpServer)}
    for name, cls in load_plugins(None, ()).settings_classes.items():
        known |= _leaves(asdict(nothing_set.plugin_settings(name, cls)), f"plugins.{name}")
    return known


def _leaves(value: Any, prefix: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: value}
    return {leaf: inner for key in value for leaf, inner in _leaves(value[key], f"{prefix}.{key}").items()}


def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


def test_there_are_hooks_commands_and_settings_to_document(tmp_path: Path) -> None:
    assert len(hooks()) >= 7
    assert "agent-core approvals approve" in commands()
    assert "limits.cost_usd" in settings(tmp_path)
    assert "plugins.mail.host" in settings(tmp_path)


@pytest.mark.parametrize("hook", hooks())
def test_hooks_are_documented(hook: str) -> None:
    assert f"`{hook}`" in (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_plugins_cannot_take_the_name_of_any_command_of_ours() -> None:
    assert {line.split()[1] for line in commands()} == CORE_COMMANDS


@pytest.mark.parametrize("command", commands())
def test_commands_are_documented(command: str) -> None:
    assert re.search(rf"{re.escape(command)}(?![\w-])", readme()), command


def test_settings_are_documented_with_their_defaults(tmp_path: Path) -> None:
    rows = re.findall(
        r"^\| `((?:models|limits|approvals|journal|plugins|mcp)\.[^`]+)` \| ([^|]+) \|", readme(), re.MULTILINE
    )
    documented = {name: default.strip() for names, default in rows for name in _expanded(names)}
    assert documented == {name: _as_documented(value) for name, value in settings(tmp_path).items()}


def _expanded(names: str) -> list[str]:
    """`models.{planner,executor}.seed` stands for both."""
    group = re.search(r"\{([^}]*)\}", names)
    if group is None:
        return [names]
    return [name for option in group[1].split(",") for name in _expanded(names.replace(group[0], option, 1))]


def _as_documented(value: Any) -> str:
    if isinstance(value, list | tuple | dict):
        value = ", ".join(value)
    if isinstance(value, float):
        value = f"{value:g}" if value < 100_000 else f"{value:.0f}"
    return f"`{value}`" if value not in ("", None) else "-"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "AGENTS.md", "SECURITY.md", "CHANGELOG.md"])
def test_paths_that_documents_name_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    named = re.findall(r"`((?:agent_core|plugins|tests|examples)/[\w./-]*[\w/])`", text)
    named += [link for link in re.findall(r"\]\(([^)#:]+)\)", text)]
    assert [path for path in named if not (ROOT / path).exists() and "NAME" not in path] == []
