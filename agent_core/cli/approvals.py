"""`agent-core approvals`: what waits for a person, and the answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agent_core.cli.ask import Json
from agent_core.cli.groups import Group

if TYPE_CHECKING:
    from agent_core.assistant import Assistant
    from agent_core.gate.pending import Pending

app = typer.Typer(cls=Group, help="See and answer what waits for a person.")
PendingId = Annotated[str, typer.Argument(metavar="ID", help="The id, or the beginning of it; see: approvals list.")]


@app.command("list")
def list_(
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="Only what this run waits for.")] = None,
    as_json: Json = False,
) -> None:
    """What waits, oldest first."""
    from agent_core.cli.render import call_text, show_json, show_table
    from agent_core.cli.state import open_journal, whole_id
    from agent_core.gate.approvals import open_questions

    with open_journal() as journal:
        waiting = open_questions(journal, whole_id(journal, "run", run) if run else None)
    if as_json:
        show_json([pending.to_json() for pending in waiting])
        return
    rows = [(p.id, p.run_id, p.kind, call_text(p.tool, p.args) if p.tool else p.question or p.why) for p in waiting]
    show_table(("id", "run", "kind", "what"), rows, empty="Nothing waits.")


@app.command()
def show(pending_id: PendingId, as_json: Json = False) -> None:
    """One question in full: what would happen, why it is asked, and the rules that a lasting yes would store."""
    from agent_core.cli.render import how_to_answer, note, question_text, rules_text, show, show_json
    from agent_core.cli.state import open_journal, whole_id
    from agent_core.gate.approvals import open_question
    from agent_core.journal.runs import Runs

    with open_journal() as journal:
        pending = open_question(journal, whole_id(journal, "pending", pending_id))
        run = Runs(journal).get(pending.run_id)
    if as_json:
        show_json(pending.to_json())
        return
    show(question_text(pending))
    if pending.rules:
        show("A lasting yes would store:")
        show(rules_text(pending))
        show(f"  --scope session: in this conversation ({run.conversation_id})")
        show(f"  --scope project: in {run.workspace}")
        show("  --scope always:  in everything you ask for")
    elif pending.kind == "call" and not pending.external:
        show("No rule answers this: a yes is for this once.")
    note(how_to_answer(pending))


@app.command()
def approve(
    pending_id: PendingId,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="ARG=VALUE", help="Run with this argument instead; ARG:=JSON for other than text."
        ),
    ] = None,
    items: Annotated[
        str | None, typer.Option("--items", metavar="1,3-5", help="Only these of several; the others are denied.")
    ] = None,
    scope: Annotated[
        Literal["once", "session", "project", "always"],
        typer.Option("--scope", help="How far the yes reaches: this call, conversation, folder, or everywhere."),
    ] = "once",
    rule: Annotated[
        str | None,
        typer.Option("--rule", metavar="PATTERN", help="The rule to store, instead of what `show` lists."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say yes. Nothing runs yet: `runs resume` goes on."""
    from agent_core.cli.values import assignments, numbers

    changed = assignments(set_ or ()) or None
    chosen = numbers(items) if items is not None else None
    _answer(pending_id, "approved", as_json, lambda a, p: _approve(a, p, changed, scope, rule, chosen, as_json))


async def _approve(
    assistant: Assistant,
    pending: Pending,
    changed: dict[str, Any] | None,
    scope: Literal["once", "session", "project", "always"],
    rule: str | None,
    chosen: list[int] | None,
    as_json: bool,
) -> None:
    """Approve, and show what was: other arguments do something else, and a lasting yes stores a rule."""
    from agent_core.cli.render import note, question_text

    shown = await assistant.revised(pending.id, changed, chosen) if changed or chosen else pending
    before = {stored.id for stored in assistant.parts.policy.rules()}
    await assistant.approve(pending.id, changed, scope, rule, chosen)
    if as_json:
        return
    if shown is not pending:
        note(question_text(shown))
    for stored in assistant.parts.policy.rules():
        if stored.id not in before:
            note(f"{stored.id}: {stored} ({stored.reach})")


@app.command()
def deny(
    pending_id: PendingId,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why not; the planner reads it.")],
    as_json: Json = False,
) -> None:
    """Say no, and why."""
    _answer(pending_id, "denied", as_json, lambda a, p: a.deny(p.id, reason))


@app.command()
def answer(
    pending_id: PendingId,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The answer, or what an interrupted call did.")],
    as_json: Json = False,
) -> None:
    """Answer a question."""
    _answer(pending_id, "answered", as_json, lambda a, p: a.reply(p.id, text))


def _answer(
    text: str, word: str, as_json: bool, give: Callable[[Assistant, Pending], Coroutine[Any, Any, None]]
) -> None:
    """Record an answer, and say how to go on."""
    from agent_core.cli.progress import working
    from agent_core.cli.render import note, show_json
    from agent_core.cli.state import find_id

    whole = find_id("pending", text)
    with working("Opening the journal"):
        from agent_core.assistant import Assistant

        with Assistant() as assistant:
            pending = assistant.parts.approvals.get(whole)
            assistant.run_sync(give(assistant, pending))
            left = len(assistant.pending(pending.run_id))
    if as_json:
        show_json({"id": pending.id, "run_id": pending.run_id, "answer": word, "still_waiting": left})
        return
    note(f"{word.capitalize()}: {pending.id}")
    more = f" ({left} more to answer: agent-core approvals list --run {pending.run_id})" if left else ""
    note(f"Go on with: agent-core runs resume {pending.run_id}{more}")
    sys.stderr.flush()
