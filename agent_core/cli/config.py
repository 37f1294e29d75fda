"""`agent-core config`: the settings, as they hold now and as they stand in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from agent_core.cli.ask import Json
from agent_core.cli.groups import Group

app = typer.Typer(cls=Group, help="Read and change settings.")


@app.command()
def get(
    key: Annotated[str | None, typer.Argument(metavar="[KEY]", help="A setting or a section; all without it.")] = None,
    as_json: Json = False,
) -> None:
    """Show settings as they hold now: the file, overridden by AGENT_CORE_ variables."""
    from agent_core.cli.render import show, show_json
    from agent_core.cli.state import load_installed

    settings, plugins = load_installed()
    sections = ("models", "limits", "approvals", "plugins", "mcp")
    found = (
        settings.get(key, plugins.settings_classes)
        if key
        else {section: settings.get(section, plugins.settings_classes) for section in sections}
    )
    if as_json:
        show_json(found)
    elif isinstance(found, dict):
        for name, value in _flat(found, key or ""):
            show(f"{name} = {_text(value)}")
    else:
        show(found if isinstance(found, str) else _text(found))


@app.command("set")
def set_(
    key: Annotated[str, typer.Argument(metavar="KEY", help="For instance limits.calls or plugins.search.provider.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its value; parts of a list are separated by commas.")],
    as_json: Json = False,
) -> None:
    """Write a setting to the file, keeping everything else in it."""
    from agent_core.cli.render import note, show_json
    from agent_core.cli.state import load_installed

    settings, plugins = load_installed()
    now = settings.set(key, value, plugins.settings_classes).get(key, plugins.settings_classes)
    if as_json:
        show_json({"key": key, "value": now})
    else:
        note(f"{key} = {_text(now)}")


@app.command()
def path(as_json: Json = False) -> None:
    """The configuration file, which need not exist."""
    from agent_core.cli.render import show, show_json
    from agent_core.settings.home import find_home

    file = find_home() / "config.toml"
    if as_json:
        show_json({"path": str(file), "exists": file.exists()})
    else:
        show(str(file))


def _flat(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        dotted = f"{prefix}.{name}" if prefix else name
        if isinstance(inner, dict):
            yield from _flat(inner, dotted)
        else:
            yield dotted, inner


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
