"""`agent-core plugins`: what was loaded from where, and the beginning of a plugin of one's own."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent_core.cli.ask import Json
from agent_core.cli.groups import Group

if TYPE_CHECKING:
    from agent_core.tools.plugins import PluginReport

app = typer.Typer(cls=Group, help="See what plugins bring, and begin one of your own.")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every installed plugin: what it brings, from where, how long it took to load, or why it was not."""
    from agent_core.cli.render import note, show_json, show_table
    from agent_core.cli.state import load_installed
    from agent_core.gate.sanitise import sanitise_line

    plugins = load_installed()[1]
    plugins.check_tools()
    reports = plugins.reports
    if as_json:
        show_json([asdict(report) for report in reports])
        return
    rows = [(r.name, r.status, f"{r.load_ms:.0f}", str(len(r.tools)), _from(r)) for r in reports]
    show_table(("plugin", "status", "ms", "tools", "from"), rows, empty="No plugin is installed.")
    for report in reports:
        if report.reason:
            note(f"{report.name}: {sanitise_line(report.reason, 500)}")


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the plugin is called: lower-case letters and '_'.")],
    folder: Annotated[Path, typer.Option("--folder", metavar="DIR", help="Where the project's folder is made.")] = Path(
        "."
    ),
    as_json: Json = False,
) -> None:
    """Write a working plugin to begin with: a tool that reads, one that changes something, and their tests."""
    from agent_core.cli.render import note, show, show_json
    from agent_core.cli.skeleton import write_skeleton

    project = write_skeleton(name, folder)
    if as_json:
        show_json({"name": name, "path": str(project)})
        return
    show(str(project))
    note(f"Next: cd {project} && pip install -e . && pytest && agent-core plugins list")


def _from(report: PluginReport) -> str:
    where = f"{report.distribution} {report.version}".strip()
    return f"{where}  {report.module}".strip()
