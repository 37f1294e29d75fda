"""`agent-core rules`: the standing answers of a person to what tools may do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agent_core.cli.ask import Json, Workspace
from agent_core.cli.groups import Group
from agent_core.errors import UsageError

if TYPE_CHECKING:
    from agent_core.gate.policy import Rule
    from agent_core.journal.store import Journal

app = typer.Typer(cls=Group, help="Standing rules of what tools may do: deny beats ask beats allow.")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """The rules that hold, oldest first."""
    from agent_core.cli.render import show_json, show_table
    from agent_core.cli.state import open_journal
    from agent_core.gate.policy import Policy

    with open_journal() as journal:
        rules = Policy(journal).rules()
    if as_json:
        show_json([_rule_json(rule) for rule in rules])
        return
    rows = [(rule.id, _scope(rule), str(rule)) for rule in rules]
    show_table(("rule", "scope", "what"), rows, empty="There are no rules; what changes something is asked about.")


@app.command()
def add(
    effect: Annotated[
        Literal["allow", "ask", "deny"], typer.Argument(metavar="allow|ask|deny", help="What happens to such calls.")
    ],
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="TOOL or TOOL(arg=pattern, ...), with shell wildcards.")
    ],
    scope: Annotated[
        Literal["session", "project", "always"],
        typer.Option("--scope", help="Where it holds: in one conversation, in a folder, everywhere."),
    ] = "always",
    conversation: Annotated[
        str | None, typer.Option("--conversation", metavar="ID", help="The conversation, for --scope session.")
    ] = None,
    persona: Annotated[str | None, typer.Option("--persona", metavar="NAME", help="Only for this persona.")] = None,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Add a rule. No rule allows what untrusted content asks for, or what would send private data away."""
    from agent_core.cli.render import note, show_json
    from agent_core.cli.state import USER, load_tools, open_journal
    from agent_core.gate.policy import Policy, Rule, Surroundings, parse_pattern

    tool, arguments = parse_pattern(pattern)
    _check_pattern(tool, arguments, load_tools()[2])
    if (scope == "session") != (conversation is not None):
        raise UsageError("--scope session and --conversation ID belong together.")
    with open_journal() as journal:
        where = Surroundings(USER, str((workspace or Path.cwd()).resolve()), _conversation(journal, conversation))
        rule = Policy(journal).add(Rule(effect, tool, arguments, scope, where.scope_id(scope), persona))
    if as_json:
        show_json(_rule_json(rule))
    else:
        note(f"{rule.id}: {rule} ({_scope(rule)})")


@app.command()
def revoke(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="The rule's id, or the beginning of it.")],
    as_json: Json = False,
) -> None:
    """End a rule."""
    from agent_core.cli.render import note, show_json
    from agent_core.cli.state import open_journal, whole_id
    from agent_core.gate.policy import Policy

    with open_journal() as journal:
        whole = whole_id(journal, "rule", rule_id)
        Policy(journal).revoke(whole)
    if as_json:
        show_json({"id": whole, "revoked": True})
    else:
        note(f"Revoked: {whole}")


def _check_pattern(tool: str, arguments: dict[str, str], tools: Any) -> None:
    """A rule about a tool or parameter that does not exist would never hold, and nobody would notice."""
    from agent_core.cli.state import tool_named
    from agent_core.suggest import did_you_mean

    if any(char in tool for char in "*?["):
        return
    known = tool_named(tool, tools).parameters.get("properties", {})
    for name in arguments:
        if name not in known:
            raise UsageError(f"The tool {tool!r} has no parameter {name!r}.{did_you_mean(name, known)}")


def _conversation(journal: Journal, conversation: str | None) -> str:
    from agent_core.journal.runs import Runs

    if conversation is not None and not Runs(journal).list(conversation_id=conversation, limit=1):
        raise UsageError(f"There is no conversation {conversation!r}; see: agent-core runs list --json")
    return conversation or ""


def _scope(rule: Rule) -> str:
    where = "always" if rule.scope == "always" else f"{rule.scope} {rule.scope_id}"
    return f"{where}, persona {rule.persona}" if rule.persona else where


def _rule_json(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "effect": rule.effect,
        "tool": rule.tool,
        "arguments": dict(rule.arguments),
        "scope": rule.scope,
        "scope_id": rule.scope_id,
        "persona": rule.persona,
    }
