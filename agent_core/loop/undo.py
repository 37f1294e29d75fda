"""Taking a run back: its actions, newest first, each by its tool's own undo."""

from __future__ import annotations

from typing import Protocol

from agent_core.errors import ToolError
from agent_core.gate.call import Call
from agent_core.gate.detect import TOKEN
from agent_core.gate.gate import Gate
from agent_core.gate.policy import Surroundings
from agent_core.gate.vault import Vault
from agent_core.journal.runs import Runs
from agent_core.loop.state import Services
from agent_core.loop.toolbox import Toolbox
from agent_core.tools.tool import FinishedCall


class Parts(Protocol):
    """What undoing needs: see `agent_core.assembly`."""

    services: Services
    runs: Runs
    gate: Gate
    vault: Vault
    toolbox: Toolbox


async def undo_run(parts: Parts, run_id: str) -> list[dict[str, str]]:
    """Take back every action of a run that can be; one that cannot is listed with the reason, and stops nothing.

    Returns:
        {call, tool, status: undone | kept, detail} per action, newest first.
    """
    row = parts.runs.get(run_id)
    where = Surroundings(row.user, row.workspace, row.conversation_id, row.options.get("persona"))
    scopes = {row.conversation_id}
    calls = parts.gate.ledger.calls
    report: list[dict[str, str]] = []
    for recorded in reversed(calls.of_run(run_id)):
        if not recorded.action or recorded.undone_at or recorded.status not in ("done", "intent", "unknown"):
            continue
        tool = parts.services.tools.get(recorded.tool)
        status, detail = "kept", f"the tool {recorded.tool!r} is not loaded"
        if tool is not None:
            step_id, turn, call_id = recorded.key.removeprefix(f"{run_id}/").rsplit("/", 2)
            call = Call(run_id, step_id, int(turn), call_id, where)
            finished: FinishedCall = FinishedCall(
                args=parts.vault.reveal(recorded.args, scopes),
                result=parts.vault.reveal(recorded.result, scopes),
                saved=parts.vault.reveal(recorded.saved, scopes),
            )
            try:
                if row.forgotten_at is not None and TOKEN.search(f"{finished.args}{finished.result}{finished.saved}"):
                    raise ToolError("the secrets that it needs are deleted: journal.undo_days are over")
                detail = await parts.toolbox.undo(call, tool, finished)
                calls.mark_undone(recorded.key)
                status = "undone"
            except ToolError as error:
                detail = str(error)
        report.append({"call": recorded.key, "tool": recorded.tool, "status": status, "detail": detail})
    return report
