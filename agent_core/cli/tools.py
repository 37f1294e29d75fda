"""`agent-core tools`: what plugins bring, and calling one of them by hand, through the gate."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent_core.cli.ask import Json, StreamJson, Workspace
from agent_core.cli.groups import Group
from agent_core.cli.working import Output, work_on

if TYPE_CHECKING:
    from agent_core.tools.tool import Tool, Traits

app = typer.Typer(cls=Group, help="Look at tools, and call one by hand.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="The tool's name; see: tools list.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The tools that are loaded, and what they do to the world."""
    from agent_core.cli.render import show_json, show_table
    from agent_core.cli.state import load_tools

    tools = sorted(load_tools()[2].values(), key=lambda tool: (tool.plugin, tool.name))
    if as_json:
        show_json([_summary(tool) for tool in tools])
        return
    rows = [(tool.name, tool.plugin, effect(tool.traits), tool.description) for tool in tools]
    show_table(("tool", "plugin", "effect", "what it does"), rows, empty="No plugin brings a tool.")


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """One tool: its parameters, what it returns, what it does to the world, and requests that it answers."""
    from agent_core.cli.render import show, show_json
    from agent_core.cli.state import load_tools, tool_named

    tool = tool_named(name, load_tools()[2])
    if as_json:
        show_json({**_summary(tool), "parameters": tool.parameters, "returns": tool.returns})
        return
    show(f"{tool.name} ({tool.plugin}): {effect(tool.traits)}")
    show(f"  {tool.description}")
    show("\nParameters")
    required = tool.parameters.get("required", ())
    for parameter, schema in tool.parameters.get("properties", {}).items():
        needed = "" if parameter in required else f" = {schema.get('default')!r}"
        show(f"  {parameter}: {_type(schema)}{needed}  {schema.get('description') or ''}".rstrip())
    show("\nUndo")
    show(f"  {_undo(tool)}")
    if tool.examples:
        show("\nExamples")
        for example in tool.examples:
            show(f"  {example}")


@app.command()
def call(
    name: Name,
    arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Its arguments; KEY:=JSON for other than text.")
    ] = None,
    workspace: Workspace = None,
    as_json: Json = False,
    stream_json: StreamJson = False,
) -> None:
    """Call a tool. It passes the gate as any call does: what changes something is asked about, and journaled."""
    from agent_core.cli.state import load_tools, tool_named
    from agent_core.cli.values import assignments, fitted

    output = Output(as_json, stream_json)
    given = assignments(arguments or ())
    _, plugins, tools = load_tools()
    tool = tool_named(name, tools)
    values = fitted(given, tool.parameters.get("properties", {}))
    from agent_core.models.routing import LAST_RESORT
    from agent_core.planning.plan import Plan, Step

    plan = Plan(goal=f"Call {name}", steps=(Step(id="s1", tool=name, args=values),))
    # No model has a part in this: the rules are there without a network, a key or a question to a server.
    model = LAST_RESORT if LAST_RESORT in plugins.models else None
    work_on(lambda assistant: assistant.run_workflow(plan, {}), output, model=model, workspace=workspace)


def _summary(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "plugin": tool.plugin,
        "description": tool.description,
        "traits": asdict(tool.traits),
        "undo": tool.undo is not None,
        "undo_note": tool.undo_note,
        "timeout_s": tool.timeout_s,
        "isolated": tool.isolated,
        "examples": list(tool.examples),
    }


def effect(traits: Traits) -> str:
    """What a call may do, in a word or two; without a rule, only what reads or stays inside runs unasked."""
    does = "reads" if traits.read_only else "own state" if traits.internal else "changes"
    if traits.destructive:
        does = "overwrites"
    return f"{does}, outside" if traits.open_world else does


def _undo(tool: Tool) -> str:
    if tool.traits.read_only:
        return "there is nothing to undo"
    return "yes" if tool.undo else tool.undo_note or "no"


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(repr, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(_type(option) for option in schema["anyOf"])
    kind = str(schema.get("type") or schema.get("$ref", "any").rpartition("/")[2])
    return f"{kind} of {_type(schema['items'])}" if kind == "array" and "items" in schema else kind
