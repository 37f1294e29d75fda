"""Deleting runs for good: every row that hangs on them, and their bytes."""

from __future__ import annotations

from agent_core.errors import JournalError, UsageError
from agent_core.journal.lease import is_abandoned
from agent_core.journal.store import Journal

_ENDED = "('done', 'failed', 'refused', 'cancelled')"
"""Nothing else happens in these unless somebody resumes them; a run that waits or is at work is not among them."""


def ended_runs(journal: Journal, before: float | None = None, limit: int = -1) -> list[str]:
    """Ids of the runs that have ended, oldest first.

    Args:
        journal: Where they are.
        before: Only those in which nothing has happened since this moment; None: all.
        limit: How many at most; negative: all.
    """
    rows = journal.rows(
        f"SELECT id FROM runs WHERE status IN {_ENDED} AND (? IS NULL OR updated_at < ?) ORDER BY rowid LIMIT ?",  # noqa: S608
        before,
        before,
        limit,
    )
    return [str(row["id"]) for row in rows]


def ended_conversation(journal: Journal, conversation_id: str, before: float) -> bool:
    """Whether every run of a conversation has ended and nothing has happened in it since; true where there is none."""
    row = journal.row(
        f"SELECT 1 FROM runs WHERE conversation_id = ? AND (status NOT IN {_ENDED} OR updated_at >= ?) LIMIT 1",  # noqa: S608
        conversation_id,
        before,
    )
    return row is None


def delete_run(journal: Journal, run_id: str) -> str | None:
    """Delete a run with all that hangs on it; returns its conversation, if nothing is left of that.

    Raises:
        UsageError: there is no such run, or a process works on it.
    """
    with journal.transaction():
        row = journal.row("SELECT conversation_id, owner, lease_until FROM runs WHERE id = ?", run_id)
        if row is None:
            raise UsageError(f"There is no run {run_id!r}; see: agent-core runs list")
        if row["owner"] and not is_abandoned(row["owner"], row["lease_until"] or 0.0):
            raise UsageError(f"Run {run_id!r} is being worked on; stop it before you delete it.")
        journal.execute("DELETE FROM runs WHERE id = ?", run_id)
        # Grants hang on calls by their keys, RUN/..., and "0" is the character after "/".
        journal.execute("DELETE FROM grants WHERE call_key >= ? AND call_key < ?", f"{run_id}/", f"{run_id}0")
        # What later runs may reuse is somebody's result, too, and nobody knows whose.
        journal.execute("DELETE FROM cache")
        conversation_id = str(row["conversation_id"])
        if journal.row("SELECT 1 FROM runs WHERE conversation_id = ? LIMIT 1", conversation_id) is not None:
            return None
        journal.execute("DELETE FROM rules WHERE scope = 'session' AND scope_id = ?", conversation_id)
        return conversation_id


def delete_unshown_tools(journal: Journal) -> None:
    """Delete the definitions of tools that were shown in deleted runs only."""
    with journal.transaction():
        journal.execute(
            "DELETE FROM toolsets WHERE hash NOT IN (SELECT coalesce(json_extract(data, '$.toolset'), '') FROM events "
            "WHERE kind = 'model_asked')"
        )
        journal.execute(
            "DELETE FROM definitions WHERE hash NOT IN "
            "(SELECT shown.value FROM toolsets, json_each(toolsets.definitions) AS shown)"
        )


def shrink(journal: Journal) -> None:
    """Give the space of deleted rows back to the disk; what is left is written anew.

    Raises:
        JournalError: there is no room for the copy that this takes.
    """
    journal.execute("VACUUM")


def empty_log(journal: Journal) -> bool:
    """Move everything from the write-ahead log into the journal and cut the log off.

    Deleted rows are overwritten in the file itself, but older copies of its pages stand in the log until then.
    Returns False, at once, where another process is reading or writing: the log is then emptied by a later call, or
    when the last process closes the journal.
    """
    try:
        with journal.impatient():
            row = journal.row("PRAGMA wal_checkpoint(TRUNCATE)")
    except JournalError:
        return False
    return row is not None and row[0] == 0
