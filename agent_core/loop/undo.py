"""Taking a run back: its actions, the last one that began first, each by its tool's own undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from agent_core.errors import ToolError
from agent_core.events import CallUndone
from agent_core.gate.call import Call
from agent_core.gate.detect import TOKEN
from agent_core.gate.gate import Gate
from agent_core.gate.policy import Surroundings
from agent_core.gate.vault import Vault
from agent_core.journal.calls import RecordedCall
from agent_core.journal.runs import RunRow, Runs
from agent_core.loop.state import Services
from agent_core.loop.toolbox import Toolbox
from agent_core.tools.tool import FinishedCall, Tool


class Parts(Protocol):
    """What undoing needs: see `agent_core.assembly`."""

    services: Services
    runs: Runs
    gate: Gate
    vault: Vault
    toolbox: Toolbox


@dataclass(frozen=True)
class Undoing:
    """One action of a run, and what taking it back would come to."""

    call: RecordedCall
    tool: Tool | None

    @property
    def possible(self) -> bool:
        """Whether there is a way at all; it may still turn out that the world has moved on."""
        return self.tool is not None and self.tool.undo is not None

    @property
    def outlook(self) -> str:
        """What would happen, for whoever is asked."""
        if self.tool is None:
            return f"cannot be taken back: the tool {self.call.tool!r} is not loaded"
        if self.tool.undo is None:
            return f"cannot be taken back. {self.tool.undo_note}".rstrip()
        if self.call.undo_began_at is not None:
            since = datetime.fromtimestamp(self.call.undo_began_at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
            return f"will be taken back; that was begun at {since} and interrupted, and may have happened"
        if self.call.status != "done":
            return "will be taken back, if it happened: its outcome is not known"
        return "will be taken back"


def undoable(parts: Parts, run_id: str) -> list[Undoing]:
    """Every action of a run that was not taken back yet, in the order in which they would be; nothing is changed."""
    calls = parts.gate.ledger.calls.to_undo(run_id)
    return [Undoing(call, parts.services.tools.get(call.tool)) for call in calls]


async def undo_run(parts: Parts, run_id: str) -> list[dict[str, str]]:
    """Take back every action of a run that can be; one that cannot is listed with the reason, and stops nothing.

    That it is begun is in the journal before the effect, and how it ended after it.

    Returns:
        {call, tool, status: undone | kept, detail} per action, newest first.
    """
    row = parts.runs.get(run_id)
    report: list[dict[str, str]] = []
    for undoing in undoable(parts, run_id):
        recorded, tool = undoing.call, undoing.tool
        status, detail = "kept", undoing.outlook
        if tool is not None and undoing.possible:
            parts.gate.ledger.calls.begin_undo(recorded.key)
            try:
                finished = _finished(parts, recorded, row)
                if row.forgotten_at is not None and TOKEN.search(f"{finished.args}{finished.result}{finished.saved}"):
                    raise ToolError("the secrets that it needs are deleted: journal.undo_days are over")
                detail = await parts.toolbox.undo(_call(recorded, row), tool, finished)
                status = "undone"
            except ToolError as error:
                detail = str(error)
            parts.gate.ledger.calls.end_undo(recorded.key, undone=status == "undone")
        elif tool is not None:
            detail = tool.undo_note or f"{tool.name} cannot be undone."
        told = str(parts.vault.tokenise(detail, row.conversation_id))
        parts.services.emit(
            CallUndone(run_id, recorded.step_id, call=recorded.key, tool=recorded.tool, status=status, detail=told)
        )
        report.append({"call": recorded.key, "tool": recorded.tool, "status": status, "detail": detail})
    return report


def _call(recorded: RecordedCall, row: RunRow) -> Call:
    where = Surroundings(row.user, row.workspace, row.conversation_id, row.options.get("persona"))
    step_id, turn, call_id = recorded.key.removeprefix(f"{row.id}/").rsplit("/", 2)
    return Call(row.id, step_id, int(turn), call_id, where)


def _finished(parts: Parts, recorded: RecordedCall, row: RunRow) -> FinishedCall:
    scopes = {row.conversation_id}
    return FinishedCall(
        args=parts.vault.reveal(recorded.args, scopes),
        result=parts.vault.reveal(recorded.result, scopes),
        saved=parts.vault.reveal(recorded.saved, scopes),
    )
