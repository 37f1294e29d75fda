"""The rows of tool calls, as the gate writes and reads them. Nothing else touches them but reports."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from agent_core.journal.store import Journal, dumps, now

CallStatus = Literal["waiting", "intent", "done", "failed", "denied", "unknown"]


@dataclass(frozen=True)
class RecordedCall:
    """One call as the journal knows it. Arguments and result are tokenised: no secret is in them."""

    key: str
    run_id: str
    step_id: str
    tool: str
    args: dict[str, Any]
    args_hash: str
    status: CallStatus
    result: Any
    labels: frozenset[str]
    error: dict[str, str] | None
    saved: Any
    action: bool
    started_at: float | None
    ended_at: float | None
    undone_at: float | None

    @property
    def duration_ms(self) -> int:
        """Milliseconds from intent to outcome; 0 while it is open."""
        return round(1000 * (self.ended_at - self.started_at)) if self.started_at and self.ended_at else 0


class Calls:
    """The table of calls."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def get(self, key: str) -> RecordedCall | None:
        """The call with this key."""
        row = self._journal.row("SELECT * FROM calls WHERE key = ?", key)
        return None if row is None else _load(row)

    def of_run(self, run_id: str) -> list[RecordedCall]:
        """All calls of a run, in the order in which they were first recorded."""
        return [_load(row) for row in self._journal.rows("SELECT * FROM calls WHERE run_id = ? ORDER BY rowid", run_id)]

    def put(
        self,
        key: str,
        *,
        run_id: str,
        step_id: str,
        tool: str,
        args: dict[str, Any],
        args_hash: str,
        action: bool,
        status: CallStatus,
        result: Any = None,
        labels: Iterable[str] = (),
        error: dict[str, str] | None = None,
        started_at: float | None = None,
        ended_at: float | None = None,
    ) -> None:
        """Record the call in this state, whatever it was before."""
        self._journal.execute(
            "INSERT INTO calls (key, run_id, step_id, tool, args, args_hash, action, status, result, labels, error, "
            "started_at, ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET args = excluded.args, args_hash = excluded.args_hash, "
            "status = excluded.status, result = excluded.result, labels = excluded.labels, error = excluded.error, "
            "started_at = coalesce(excluded.started_at, started_at), ended_at = excluded.ended_at",
            key,
            run_id,
            step_id,
            tool,
            dumps(args),
            args_hash,
            int(action),
            status,
            None if result is None else dumps(result),
            dumps(sorted(labels)),
            None if error is None else dumps(error),
            started_at,
            ended_at,
        )

    def count(self, run_id: str) -> int:
        """How many calls of a run were begun."""
        row = self._journal.row("SELECT count(*) AS n FROM calls WHERE run_id = ? AND status != 'waiting'", run_id)
        return int(row["n"]) if row is not None else 0

    def set_status(self, key: str, status: CallStatus) -> None:
        """Move a call to another state, keeping the rest."""
        self._journal.execute("UPDATE calls SET status = ? WHERE key = ?", status, key)

    def save(self, key: str, value: Any) -> None:
        """Keep what the call's undo will need; durable before the effect, because the tool waits for it."""
        self._journal.execute("UPDATE calls SET saved = ? WHERE key = ?", dumps(value), key)

    def mark_undone(self, key: str) -> None:
        """The call's effect was taken back."""
        self._journal.execute("UPDATE calls SET undone_at = ? WHERE key = ?", now(), key)

    def same_read(self, run_id: str, tool: str, args_hash: str) -> RecordedCall | None:
        """A read of this run with the same arguments, unless something may have been changed since."""
        row = self._journal.row(
            "SELECT * FROM calls AS r WHERE run_id = ? AND tool = ? AND args_hash = ? AND status = 'done' "
            "AND action = 0 "
            "AND NOT EXISTS (SELECT 1 FROM calls AS w WHERE w.run_id = r.run_id AND w.action = 1 "
            "AND w.started_at IS NOT NULL AND coalesce(w.ended_at, 9e99) >= r.started_at) LIMIT 1",
            run_id,
            tool,
            args_hash,
        )
        return None if row is None else _load(row)

    def failures(self, run_id: str, tool: str, args_hash: str) -> list[str]:
        """Messages of the failures of this very call in the run: the same one twice is a loop."""
        rows = self._journal.rows(
            "SELECT error FROM calls WHERE run_id = ? AND tool = ? AND args_hash = ? AND status = 'failed'",
            run_id,
            tool,
            args_hash,
        )
        return [json.loads(row["error"])["message"] for row in rows]

    def was_denied(self, run_id: str, tool: str, args_hash: str) -> str | None:
        """The reason with which a person refused this very call in the run, if they did."""
        row = self._journal.row(
            "SELECT error FROM calls WHERE run_id = ? AND tool = ? AND args_hash = ? AND status = 'denied' LIMIT 1",
            run_id,
            tool,
            args_hash,
        )
        return None if row is None else str(json.loads(row["error"])["message"])

    def was_named(self, conversation_id: str, text: str) -> bool:
        """Whether the text stands in what this conversation was asked, told, or given back by its calls.

        What a call returned counts only if the call did not bring the text itself: an echo is nobody else's word.
        """
        needle = dumps(text)[1:-1]
        row = self._journal.row(
            "SELECT 1 FROM runs WHERE conversation_id = ?1 "
            "AND (instr(request, ?2) OR instr(json_extract(options, '$.attachments'), ?3)) "
            "UNION ALL SELECT 1 FROM runs JOIN pending ON pending.run_id = runs.id "
            "WHERE conversation_id = ?1 AND kind = 'question' AND instr(pending.answer, ?3) "
            "UNION ALL SELECT 1 FROM runs JOIN calls ON calls.run_id = runs.id "
            "WHERE conversation_id = ?1 AND instr(calls.result, ?3) AND NOT instr(calls.args, ?3) LIMIT 1",
            conversation_id,
            text,
            needle,
        )
        return row is not None

    def cached(self, key: str) -> tuple[Any, frozenset[str]] | None:
        """A result that an earlier run left for reuse."""
        row = self._journal.row("SELECT result, labels FROM cache WHERE key = ? AND expires_at > ?", key, now())
        return None if row is None else (json.loads(row["result"]), frozenset(json.loads(row["labels"])))

    def cache(self, key: str, result: Any, labels: Iterable[str], keep_s: float) -> None:
        """Leave a result for later runs; what has expired makes room."""
        self._journal.execute("DELETE FROM cache WHERE expires_at <= ?", now())
        self._journal.insert(
            "cache",
            replace=True,
            key=key,
            result=dumps(result),
            labels=dumps(sorted(labels)),
            expires_at=now() + keep_s,
        )


def _load(row: sqlite3.Row) -> RecordedCall:
    return RecordedCall(
        key=row["key"],
        run_id=row["run_id"],
        step_id=row["step_id"],
        tool=row["tool"],
        args=json.loads(row["args"]),
        args_hash=row["args_hash"],
        status=row["status"],
        result=None if row["result"] is None else json.loads(row["result"]),
        labels=frozenset(json.loads(row["labels"])),
        error=None if row["error"] is None else json.loads(row["error"]),
        saved=None if row["saved"] is None else json.loads(row["saved"]),
        action=bool(row["action"]),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        undone_at=row["undone_at"],
    )
