"""`agent-core ask`: a request, worked on as far as it goes."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent_core.cli.working import Output, work_on
from agent_core.errors import UsageError

if TYPE_CHECKING:
    from agent_core.answer import Answer
    from agent_core.assistant import Assistant

Text = Annotated[str, typer.Argument(metavar="TEXT", help="The request in your own words; '-' reads it from stdin.")]
Persona = Annotated[str | None, typer.Option("--persona", metavar="NAME", help="Work as this persona.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
StreamJson = Annotated[bool, typer.Option("--stream-json", help="Print events as JSON lines; the last is the answer.")]
Model = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="A model, 'offline' or 'auto'. Default: the settings'.")
]
Workspace = Annotated[
    Path | None, typer.Option("--workspace", metavar="DIR", help="The folder that tools work in. Default: this one.")
]


def ask(
    text: Text,
    continue_: Annotated[bool, typer.Option("-c", "--continue", help="Go on with your last conversation.")] = False,
    conversation: Annotated[
        str | None, typer.Option("--conversation", metavar="ID", help="Go on with this conversation.")
    ] = None,
    file: Annotated[
        list[Path] | None, typer.Option("-f", "--file", metavar="FILE", help="Attach a file, as untrusted content.")
    ] = None,
    persona: Persona = None,
    model: Model = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show the plan, and wait for a yes before it runs.")] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="PATTERN", help="Tools that need no yes: TOOL or TOOL(arg=pattern)."),
    ] = None,
    deny: Annotated[
        list[str] | None, typer.Option("--deny", metavar="PATTERN", help="Tools that may not be used.")
    ] = None,
    plugin: Annotated[
        list[str] | None, typer.Option("--plugin", metavar="NAME", help="Work with the tools of this plugin alone.")
    ] = None,
    workspace: Workspace = None,
    as_json: Json = False,
    stream_json: StreamJson = False,
) -> None:
    """Plan a request and carry it out. What needs a person is asked, or left waiting without a terminal."""
    from agent_core.cli.attachments import piped_text, read_files, read_request

    output = Output(as_json, stream_json)
    if continue_ and conversation:
        raise UsageError("-c and --conversation both choose a conversation; use one of them.")
    request = read_request() if text == "-" else text

    def work(assistant: Assistant) -> Coroutine[Any, Any, Answer]:
        # Read before the event loop runs: an interrupt has to end a read that nobody feeds.
        files = read_files(file or [], assistant.parts.plugins.document_loaders)
        piped = piped_text() if text != "-" else []
        chosen = _last_conversation(assistant) if continue_ else conversation
        return assistant.ask(request, conversation=chosen, attachments=[*files, *piped], plan_first=plan)

    options: dict[str, Any] = {"model": model, "workspace": workspace, "persona": persona}
    if plugin:
        options |= {"plugins": plugin, "mcp": False}
    work_on(work, output, **options, allow=allow or (), deny=deny or ())


def _last_conversation(assistant: Assistant) -> str:
    """The conversation of the newest run of this user that was a request, and not a workflow or a single call."""
    from agent_core.cli.state import USER

    runs = assistant.parts.runs
    for row in runs.list(user=USER):
        if not any(author == "workflow" for _, author in runs.plans(row.id)):
            return row.conversation_id
    raise UsageError("There is no conversation to go on with yet; ask without -c.")
