"""`agent-core plan` and `agent-core workflow`: plans as data, made, saved and run again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent_core.cli.ask import Json, Model, Persona, StreamJson, Text, Workspace
from agent_core.cli.groups import Group
from agent_core.cli.working import Output, work_on
from agent_core.errors import UsageError

if TYPE_CHECKING:
    from agent_core.planning.plan import Plan

workflow_app = typer.Typer(
    cls=Group,
    help="Run plans that were saved: files, or by name from the state folder and from .agent-core/workflows here.",
)

_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,63}")
_SUFFIXES = (".yaml", ".yml", ".json")


def plan(
    text: Text,
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="FILE", help="Keep the plan as a workflow: a FILE.yaml, or a name of your own."),
    ] = None,
    persona: Persona = None,
    model: Model = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Show what would be done. Nothing runs."""
    from agent_core.cli.attachments import piped_text, read_request
    from agent_core.cli.progress import Progress
    from agent_core.cli.render import note, plan_lines, show, show_json

    request = read_request() if text == "-" else text
    target = _target(save) if save else None
    progress = Progress()
    try:
        from agent_core.assistant import Assistant

        with Assistant(model, persona=persona, workspace=workspace, listener=progress) as assistant:
            piped = piped_text() if text != "-" else []
            made = assistant.plan_sync(request, attachments=piped)
            answer = assistant.answer_of(progress.run_id or "")
    finally:
        progress.close()
    if target is not None and made.steps:
        from agent_core.planning.workflow import save as save_workflow

        target.parent.mkdir(parents=True, exist_ok=True)
        save_workflow(made, target)
        note(f"Saved: {target}; run it with: agent-core workflow run {save}")
    if as_json:
        show_json(answer.to_json())
        return
    for line in plan_lines(made.to_json()):
        show(line)
    if made.answer:
        show(made.answer)
    if not made.steps:
        note("No step is needed for this." if target is None else "No step is needed for this; nothing was saved.")


@workflow_app.command()
def run(
    file: Annotated[str, typer.Argument(metavar="FILE|NAME", help="A workflow file, or the name of a saved one.")],
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Its inputs; KEY:=JSON for other than text.")
    ] = None,
    persona: Persona = None,
    model: Model = None,
    workspace: Workspace = None,
    as_json: Json = False,
    stream_json: StreamJson = False,
) -> None:
    """Carry out a saved plan; no model is asked for it, unless a step of it needs one."""
    from agent_core.cli.values import assignments, fitted

    loaded = _load(file, workspace)
    values = fitted(assignments(inputs or ()), loaded.inputs)
    work_on(
        lambda assistant: assistant.run_workflow(loaded, values),
        Output(as_json, stream_json),
        model=model,
        persona=persona,
        workspace=workspace,
    )


@workflow_app.command("list")
def list_(workspace: Workspace = None, as_json: Json = False) -> None:
    """The workflows that can be run by name."""
    from agent_core.cli.render import show_json, show_table
    from agent_core.errors import AgentCoreError

    found: list[dict[str, Any]] = []
    for name, path in _saved(workspace).items():
        entry: dict[str, Any] = {"name": name, "path": str(path), "goal": None, "inputs": [], "error": None}
        try:
            loaded = _load(str(path), workspace)
            entry |= {"goal": loaded.goal, "inputs": list(loaded.inputs)}
        except AgentCoreError as error:
            entry["error"] = str(error)
        found.append(entry)
    if as_json:
        show_json(found)
        return
    rows = [(e["name"], ", ".join(e["inputs"]) or "-", e["error"] or e["goal"]) for e in found]
    show_table(
        ("name", "inputs", "goal"), rows, empty="No workflow was saved yet; make one with: plan TEXT --save NAME"
    )


@workflow_app.command("show")
def show_workflow(
    file: Annotated[str, typer.Argument(metavar="NAME", help="The name of a saved workflow, or a file.")],
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """A workflow: its inputs and steps."""
    from agent_core.cli.render import plan_lines, show, show_json

    loaded = _load(file, workspace)
    if as_json:
        show_json({"inputs": loaded.inputs, **loaded.to_json()})
        return
    show(loaded.goal)
    for name, schema in loaded.inputs.items():
        show(f"  input {name}: {schema}")
    for line in plan_lines(loaded.to_json()):
        show(f"  {line}")


def _load(name: str, workspace: Path | None) -> Plan:
    """A workflow by its path or name.

    Raises:
        UsageError: there is none.
        PlanError: the file does not hold a plan.
    """
    from agent_core.planning.workflow import load
    from agent_core.suggest import did_you_mean

    path = Path(name).expanduser()
    if _is_name(name):
        saved = _saved(workspace)
        if name not in saved:
            raise UsageError(f"There is no workflow {name!r}.{did_you_mean(name, saved)}")
        path = saved[name]
    return load(path)


def _target(name: str) -> Path:
    """Where `--save` writes; nothing that is there is overwritten."""
    from agent_core.settings.home import find_home

    path = Path(name).expanduser()
    if _is_name(name):
        path = find_home() / "workflows" / f"{name}.yaml"
    elif path.suffix not in _SUFFIXES:
        raise UsageError(
            f"A workflow file ends in .yaml; {name!r} does not. A name alone has letters, digits, - and _."
        )
    if path.exists():
        raise UsageError(f"{str(path)!r} exists already; save under another name, or remove it first.")
    return path


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _saved(workspace: Path | None) -> dict[str, Path]:
    """Workflows by name. One in the state folder hides one that a workspace brings: that may be somebody else's."""
    from agent_core.settings.home import find_home

    folders = ((workspace or Path.cwd()) / ".agent-core" / "workflows", find_home() / "workflows")
    found = {path.stem: path for folder in folders for path in _files(folder) if _is_name(path.stem)}
    return dict(sorted(found.items()))


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in sorted(folder.iterdir()) if path.suffix in _SUFFIXES and path.is_file())
