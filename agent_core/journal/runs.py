"""The rows of runs: what was asked, the plan's revisions, finished steps, model histories, events, feedback."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

from agent_core.errors import UsageError
from agent_core.events import Event
from agent_core.journal.store import Journal, dumps, now
from agent_core.journal.toolsets import Toolsets

RunStatus = Literal["running", "waiting", "done", "failed", "refused", "cancelled"]
StepStatus = Literal["done", "failed", "denied", "skipped"]


@dataclass(frozen=True)
class RunRow:
    """A run as the journal knows it."""

    id: str
    conversation_id: str
    user: str
    workspace: str
    request: str
    options: dict[str, Any]
    status: RunStatus
    answer: str | None
    error: dict[str, str] | None
    usage: dict[str, Any]
    active_s: float
    created_at: float
    updated_at: float
    owner: str | None
    forgotten_at: float | None
    """When the secrets of its conversation were deleted."""


@dataclass(frozen=True)
class StepResult:
    """How a step ended. A failed map keeps the results of the items that were done."""

    status: StepStatus
    result: Any = None
    labels: frozenset[str] = frozenset()
    error: str = ""


@dataclass
class History:
    """The model's side of one agent's work; `messages` is pydantic-ai's JSON. `turn` counts its responses."""

    messages: str = "[]"
    turn: int = 0
    labels: frozenset[str] = field(default_factory=frozenset[str])


class Runs:
    """The tables around a run."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.toolsets = Toolsets(journal)

    def create(
        self, run_id: str, *, conversation_id: str, user: str, workspace: str, request: str, options: dict[str, Any]
    ) -> RunRow:
        """Record that something was asked, before anything else happens."""
        at = now()
        self._journal.insert(
            "runs",
            id=run_id,
            conversation_id=conversation_id,
            user=user,
            workspace=workspace,
            request=request,
            options=dumps(options),
            status="running",
            created_at=at,
            updated_at=at,
        )
        return self.get(run_id)

    def transaction(self) -> AbstractContextManager[None]:
        """Several writes, durable together."""
        return self._journal.transaction()

    def get(self, run_id: str) -> RunRow:
        """The run with this id.

        Raises:
            UsageError: there is none.
        """
        row = self._journal.row("SELECT * FROM runs WHERE id = ?", run_id)
        if row is None:
            raise UsageError(f"There is no run {run_id!r}; see: agent-core runs list")
        return _run(row)

    def list(self, *, conversation_id: str | None = None, user: str | None = None, limit: int = 50) -> list[RunRow]:
        """Runs, newest first."""
        rows = self._journal.rows(
            "SELECT * FROM runs WHERE (? IS NULL OR conversation_id = ?) AND (? IS NULL OR user = ?) "
            "ORDER BY rowid DESC LIMIT ?",  # not by the clock, which may have been set back
            conversation_id,
            conversation_id,
            user,
            user,
            limit,
        )
        return [_run(row) for row in rows]

    def update(self, run_id: str, status: RunStatus, **columns: Any) -> None:
        """Change a run's status and other columns; the names come from code."""
        values = {"status": status, "updated_at": now(), **columns}
        names = ", ".join(f"{name} = ?" for name in values)
        self._journal.execute(f"UPDATE runs SET {names} WHERE id = ?", *values.values(), run_id)  # noqa: S608

    def add_plan(self, run_id: str, revision: int, plan: str, author: str) -> None:
        """Record a revision; the one that was there under this number is replaced (an edit before anything ran)."""
        self._journal.insert(
            "plans", replace=True, run_id=run_id, revision=revision, plan=plan, author=author, created_at=now()
        )

    def plans(self, run_id: str) -> list[tuple[str, str]]:
        """(plan as JSON, author) of every revision, oldest first."""
        rows = self._journal.rows("SELECT plan, author FROM plans WHERE run_id = ? ORDER BY revision", run_id)
        return [(row["plan"], row["author"]) for row in rows]

    def end_step(self, run_id: str, step_id: str, ended: StepResult) -> None:
        """Record how a step ended."""
        self._journal.insert(
            "steps",
            replace=True,
            run_id=run_id,
            id=step_id,
            status=ended.status,
            result=dumps(ended.result),
            labels=dumps(sorted(ended.labels)),
            error=ended.error,
            ended_at=now(),
        )

    def steps(self, run_id: str) -> dict[str, StepResult]:
        """Every step that ended, by id."""
        return {
            row["id"]: StepResult(
                row["status"], json.loads(row["result"]), frozenset(json.loads(row["labels"])), row["error"]
            )
            for row in self._journal.rows("SELECT * FROM steps WHERE run_id = ?", run_id)
        }

    def begun_steps(self, run_id: str) -> set[str]:
        """Ids of the steps of which something has happened: a call was begun, or an agent has spoken."""
        rows = self._journal.rows(
            "SELECT step_id AS name FROM calls WHERE run_id = ? AND status != 'waiting' "
            "UNION SELECT agent FROM histories WHERE run_id = ? AND agent != ''",
            run_id,
            run_id,
        )
        return {str(row["name"]).split("/")[0] for row in rows}

    def save_history(self, run_id: str, agent: str, history: History) -> None:
        """Make a model's response durable before any of its calls runs."""
        self._journal.insert(
            "histories",
            replace=True,
            run_id=run_id,
            agent=agent,
            turn=history.turn,
            messages=history.messages,
            labels=dumps(sorted(history.labels)),
        )

    def history(self, run_id: str, agent: str) -> History | None:
        """What an agent of the run has said and seen so far; None before its first response."""
        row = self._journal.row("SELECT * FROM histories WHERE run_id = ? AND agent = ?", run_id, agent)
        return None if row is None else History(row["messages"], row["turn"], frozenset(json.loads(row["labels"])))

    def seen_by(self, run_id: str, agent: str) -> frozenset[str]:
        """Labels of all that an agent, and those that it handed work to, have seen."""
        rows = self._journal.rows(
            "SELECT labels FROM histories WHERE run_id = ?1 "
            "AND (agent = ?2 OR substr(agent, 1, length(?2) + 1) = ?2 || '/')",
            run_id,
            agent,
        )
        return frozenset(label for row in rows for label in json.loads(row["labels"]))

    def last_of_conversation(self, conversation_id: str, before: str) -> RunRow | None:
        """The newest run of a conversation that ended and in which something was said, other than `before`."""
        row = self._journal.row(
            "SELECT * FROM runs WHERE conversation_id = ? AND id != ? AND status IN ('done', 'failed', 'refused') "
            "AND EXISTS (SELECT 1 FROM histories WHERE run_id = runs.id AND agent = '') "
            "ORDER BY rowid DESC LIMIT 1",
            conversation_id,
            before,
        )
        return None if row is None else _run(row)

    def add_events(self, events: Iterable[Event], once_durable: Callable[[], None]) -> None:
        """Keep events; those of a kind that is not kept are left out. `once_durable` is called when they are safe."""
        rows = [(e.run_id, e.seq, e.at, e.kind, dumps(e.to_json())) for e in events if e.kept]
        with self._journal.transaction():
            self._journal.once_durable(once_durable)
            if rows:
                self._journal.executemany("INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?)", rows)

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """The kept events of a run, in order."""
        return [
            json.loads(row["data"])
            for row in self._journal.rows("SELECT data FROM events WHERE run_id = ? ORDER BY seq", run_id)
        ]

    def model_of(self, run_id: str) -> str:
        """The name of the model that the run was last worked on with; empty before it was worked on."""
        row = self._journal.row(
            "SELECT data FROM events WHERE run_id = ? AND kind = 'run_started' ORDER BY seq DESC LIMIT 1", run_id
        )
        return "" if row is None else str(json.loads(row["data"])["model"])

    def last_seq(self, run_id: str) -> int:
        """The number of the newest kept event; 0 where there is none."""
        row = self._journal.row("SELECT max(seq) AS seq FROM events WHERE run_id = ?", run_id)
        return int(row["seq"] or 0) if row is not None else 0

    def add_feedback(self, run_id: str, rating: str | None, correction: str | None) -> None:
        """Keep what a person thought of the answer."""
        self.get(run_id)
        self._journal.insert("feedback", run_id=run_id, rating=rating, correction=correction, created_at=now())

    def feedback(self, run_id: str) -> Sequence[dict[str, Any]]:
        """What people thought of the answer, oldest first."""
        rows = self._journal.rows("SELECT rating, correction FROM feedback WHERE run_id = ? ORDER BY id", run_id)
        return [dict(row) for row in rows]


def _run(row: sqlite3.Row) -> RunRow:
    return RunRow(
        id=row["id"],
        conversation_id=row["conversation_id"],
        user=row["user"],
        workspace=row["workspace"],
        request=row["request"],
        options=json.loads(row["options"]),
        status=row["status"],
        answer=row["answer"],
        error=None if row["error"] is None else json.loads(row["error"]),
        usage=json.loads(row["usage"]),
        active_s=row["active_s"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        owner=row["owner"],
        forgotten_at=row["forgotten_at"],
    )
