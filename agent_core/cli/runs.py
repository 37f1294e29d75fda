"""`agent-core runs`: what was asked and done, going on with it, taking it back, and saying how good it was."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from agent_core.cli.ask import Json, Model, StreamJson
from agent_core.cli.groups import Group
from agent_core.cli.working import Output, work_on
from agent_core.errors import UsageError

if TYPE_CHECKING:
    from agent_core.answer import Answer
    from agent_core.journal.calls import RecordedCall
    from agent_core.journal.runs import RunRow
    from agent_core.journal.store import Journal

app = typer.Typer(cls=Group, help="Look at runs, go on with them, take them back.")
RunId = Annotated[str, typer.Argument(metavar="ID", help="The run's id, or the beginning of it; see: runs list.")]


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, newest first.")] = 20,
    as_json: Json = False,
) -> None:
    """Runs, newest first."""
    from agent_core.cli.render import show_json, show_table
    from agent_core.cli.state import open_journal
    from agent_core.journal.runs import Runs

    with open_journal() as journal:
        rows = Runs(journal).list(limit=limit)
    if as_json:
        show_json([_row_json(row) for row in rows])
        return
    table = [(row.id, _when(row.created_at), row.status, row.request) for row in rows]
    show_table(("run", "when", "status", "request"), table, empty="Nothing was asked yet.")


@app.command()
def show(run_id: RunId, as_json: Json = False) -> None:
    """A run as it stands: its plan, every call with its outcome, what waits, and the answer."""
    from agent_core.cli.progress import working
    from agent_core.cli.render import show_json
    from agent_core.cli.state import find_id

    whole = find_id("run", run_id)
    with working("Reading the journal"):
        from agent_core.assistant import Assistant

        with Assistant() as assistant:
            answer = assistant.answer_of(whole)
            row = assistant.parts.runs.get(whole)
            feedback = list(assistant.parts.runs.feedback(whole))
    if as_json:
        show_json({**answer.to_json(), "run": _row_json(row), "feedback": feedback})
        return
    _show_run(row, answer, feedback)


@app.command()
def resume(
    run_id: RunId,
    model: Model = None,
    as_json: Json = False,
    stream_json: StreamJson = False,
) -> None:
    """Go on with a run that waited, was interrupted or was killed. What was done is not done again."""
    from agent_core.cli.state import open_journal, whole_id
    from agent_core.journal.runs import Runs

    with open_journal() as journal:
        runs = Runs(journal)
        whole = runs.get(whole_id(journal, "run", run_id)).id
        before = runs.model_of(whole)
    known = before if before and not before.startswith("app:") else None
    work_on(lambda assistant: assistant.resume(whole), Output(as_json, stream_json), model=model or known)


@app.command()
def undo(
    run_id: RunId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed without a terminal.")] = False,
    as_json: Json = False,
) -> None:
    """Take back what a run did, newest first. What cannot be taken back is said before."""
    from agent_core.assistant import Assistant
    from agent_core.cli.line_input import ask_yes, at_terminal
    from agent_core.cli.render import call_text, note, show_json
    from agent_core.cli.state import find_id

    whole = find_id("run", run_id)
    with Assistant() as assistant:
        actions = assistant.undoable(whole)
        if actions and not as_json:
            for action in actions:
                note(f"{call_text(action.call.tool, action.call.args)}\n    {action.outlook}")
        if actions and not yes:
            if as_json or not at_terminal():
                raise UsageError(f"Undoing {whole!r} changes things and nobody is there to ask; add --yes.")
            if not assistant.run_sync(ask_yes("Take this back?")):
                raise typer.Exit(1)
        report = assistant.run_sync(assistant.undo(whole)) if actions else []
    if as_json:
        show_json({"run_id": whole, "actions": report})
    elif not report:
        note("There is nothing to take back.")
    else:
        _show_undone(report)
    raise typer.Exit(1 if any(action["status"] == "kept" for action in report) else 0)


@app.command()
def rate(
    run_id: RunId,
    rating: Annotated[Literal["up", "down"], typer.Argument(metavar="up|down", help="Whether the answer was good.")],
    correction: Annotated[
        str | None, typer.Option("--correction", metavar="TEXT", help="What a better answer would have been.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether an answer was good: training learns from it."""
    from agent_core.cli.render import note, show_json
    from agent_core.cli.state import open_journal, whole_id
    from agent_core.gate.vault import Vault
    from agent_core.journal.runs import Runs

    with open_journal() as journal, closing(Vault(journal.path.with_name("vault.db"))) as vault:
        runs = Runs(journal)
        run = runs.get(whole_id(journal, "run", run_id))
        correction = vault.tokenise(correction, run.conversation_id)
        runs.add_feedback(run.id, rating, correction)
    if as_json:
        show_json({"run_id": run.id, "rating": rating, "correction": correction})
    else:
        note(f"Noted: {run.id} {rating}")


@app.command()
def purge(
    run_ids: Annotated[
        list[str] | None, typer.Option("--run", metavar="ID", help="This run, whatever its state; may be repeated.")
    ] = None,
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="DAYS", help="Runs that ended so long ago, such as 30d; else keep_days."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every run that has ended.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; needed without a terminal.")] = False,
    as_json: Json = False,
) -> None:
    """Delete runs for good: what was asked, done and answered, and their secrets. They cannot be undone then."""
    from agent_core.cli.line_input import at_terminal
    from agent_core.cli.render import note, show_json
    from agent_core.cli.state import open_retention, whole_id
    from agent_core.journal.purge import ended_runs

    if sum(map(bool, (run_ids, older_than, everything))) > 1:
        raise UsageError("--run, --older-than and --all are three ways to say which runs; choose one.")
    with open_retention() as (journal, retention):
        if run_ids:
            chosen = list(dict.fromkeys(_existing(journal, whole_id(journal, "run", text)) for text in run_ids))
        elif everything:
            chosen = ended_runs(journal)
        else:
            chosen = retention.overdue(_days(older_than) if older_than else None)
        if chosen and not yes:
            if as_json or not at_terminal():
                raise UsageError(f"Deleting {_counted(len(chosen))} cannot be taken back; add --yes.")
            if not typer.confirm(f"Delete {_counted(len(chosen))} for good?", err=True):
                raise typer.Exit(1)
        purged = retention.purge(chosen)
    if as_json:
        show_json({"runs": list(purged.runs), "secrets": purged.secrets, "log_emptied": purged.log_emptied})
        return
    note(f"Deleted: {_counted(len(purged.runs))}" + (f" and {purged.secrets} secrets" if purged.secrets else ""))
    if not purged.log_emptied:
        note("Another process has the journal open: what was deleted leaves its log when that ends.")


def _existing(journal: Journal, run_id: str) -> str:
    from agent_core.journal.runs import Runs

    return Runs(journal).get(run_id).id


def _counted(runs: int) -> str:
    return "1 run" if runs == 1 else f"{runs} runs"


def _days(text: str) -> float:
    number = text.strip().removesuffix("d")
    if not number.isascii() or not number.isdigit() or len(number) > 6:
        raise UsageError(f"{text!r} is no number of days; write 30d, or 30.")
    return float(number)


def _row_json(row: RunRow) -> dict[str, Any]:
    return {
        "run_id": row.id,
        "conversation_id": row.conversation_id,
        "status": row.status,
        "request": row.request,
        "workspace": row.workspace,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _when(at: float) -> str:
    return f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"


def _show_run(row: RunRow, answer: Answer, feedback: list[dict[str, Any]]) -> None:
    from agent_core.cli.render import indented, plan_lines, question_text, show

    plan = answer.to_json()["plan"]
    show(f"{row.id}  {row.status}  {_when(row.created_at)}  {answer.model}".rstrip())
    show(f"Conversation {row.conversation_id} in {row.workspace}")
    _section("Request", [indented(row.request, "  ")])
    _section("Plan", [f"  {line}" for line in plan_lines(plan)] if plan else [])
    _section("Calls", [f"  {_call_line(call)}" for call in answer.calls])
    _section("Waiting", [indented(f"{pending.id}: {question_text(pending)}", "  ") for pending in answer.pending])
    _section("Answer", [indented(answer.text, "  ")] if answer.text else [])
    _section("Error", [f"  {_error_line(answer.error)}"] if answer.error else [])
    _section("Feedback", [f"  {f['rating'] or ''}  {f['correction'] or ''}".rstrip() for f in feedback])
    used = answer.usage
    tokens = f"{used.input_tokens + used.output_tokens:,} tokens"
    cost = f", {used.cost_usd:.4f} USD" if used.cost_usd is not None else ""
    _section("Used", [f"  {used.requests} model requests, {tokens}{cost}"])


def _error_line(error: dict[str, str]) -> str:
    from agent_core.gate.sanitise import sanitise_line

    return sanitise_line(f"{error['type']}: {error['message']}", 500)


def _section(heading: str, lines: list[str]) -> None:
    from agent_core.cli.render import show

    if lines:
        show(f"\n{heading}")
        for line in lines:
            show(line)


def _call_line(call: RecordedCall) -> str:
    from agent_core.cli.render import call_text
    from agent_core.gate.sanitise import sanitise_line

    status = "unknown" if call.status == "intent" else call.status
    took = f" ({call.duration_ms} ms)" if call.status == "done" else ""
    undone = ", undone" if call.undone_at else ""
    line = f"{call.step_id}  {call_text(call.tool, call.args)}  {status}{took}{undone}"
    return line + (f": {sanitise_line(call.error['message'])}" if call.error else "")


def _show_undone(report: list[dict[str, str]]) -> None:
    from agent_core.cli.render import show
    from agent_core.gate.sanitise import sanitise_line

    for action in report:
        show(f"{action['status']}  {action['tool']}: {sanitise_line(action['detail'], 500)}")
