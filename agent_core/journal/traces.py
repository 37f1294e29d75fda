"""Runs as whoever learns from them reads them: what was said, done and decided, one whole run at a time.

Nothing here changes the journal, and no more than one run is in memory.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from agent_core.journal.calls import Calls, RecordedCall
from agent_core.journal.runs import RunRow, Runs, StepResult
from agent_core.journal.store import Journal
from agent_core.journal.toolsets import Toolsets
from agent_core.settings.home import find_home, open_home


@dataclass(frozen=True)
class Speech:
    """One agent's side of a run: its messages, and by which model and among which tools each response was made."""

    agent: str
    """"" for the planner."""
    messages: list[dict[str, Any]]
    """pydantic-ai's messages as JSON. Those of the conversation's earlier runs come first."""
    turns: tuple[tuple[str, str], ...]
    """(model, toolset) of each response of this run, in order."""
    labels: frozenset[str]


@dataclass(frozen=True)
class Verdict:
    """What a person said to a call that they were asked about."""

    call_key: str
    tool: str
    verdict: Literal["approved", "denied"]
    asked: dict[str, Any]
    """The arguments that they were shown."""
    args: dict[str, Any]
    """Those that they approved."""
    reason: str

    @property
    def edited(self) -> bool:
        """Whether they approved other arguments than they were shown."""
        return self.verdict == "approved" and self.asked != self.args


@dataclass(frozen=True)
class Feedback:
    """What a person thought of an answer."""

    rating: Literal["up", "down"] | None
    correction: str | None


@dataclass(frozen=True)
class Trace:
    """A run, whole. Secrets in it are tokens; personal data is as it was."""

    run: RunRow
    plans: tuple[tuple[dict[str, Any], str], ...]
    """(plan, author) of every revision, oldest first."""
    steps: dict[str, StepResult]
    calls: tuple[RecordedCall, ...]
    speeches: tuple[Speech, ...]
    """The planner's first."""
    verdicts: tuple[Verdict, ...]
    feedback: tuple[Feedback, ...]


class Traces:
    """The runs of a journal, oldest first."""

    def __init__(self, journal: Journal) -> None:
        """Read the runs that there are now; those that begin later are not among them."""
        self._journal = journal
        self._runs, self._calls, self._toolsets = Runs(journal), Calls(journal), Toolsets(journal)
        row = journal.row("SELECT max(rowid) AS last, count(*) AS n FROM runs")
        assert row is not None
        self._last, self._count = int(row["last"] or 0), int(row["n"])

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Trace]:
        at = 0
        while (row := self._next(at)) is not None:
            at = int(row["rowid"])
            yield self._trace(str(row["id"]))

    def before(self, trace: Trace) -> Trace | None:
        """The run before this one in its conversation."""
        row = self._journal.row(
            "SELECT id FROM runs WHERE conversation_id = ? AND rowid < (SELECT rowid FROM runs WHERE id = ?) "
            "ORDER BY rowid DESC LIMIT 1",
            trace.run.conversation_id,
            trace.run.id,
        )
        return None if row is None else self._trace(str(row["id"]))

    def toolset(self, name: str) -> list[dict[str, Any]]:
        """The tools {name, description, parameters} of a set, as a model was shown them; none where it is not known."""
        return self._toolsets.load(name)

    def _next(self, after: int) -> Any:
        return self._journal.row(
            "SELECT rowid, id FROM runs WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT 1", after, self._last
        )

    def _trace(self, run_id: str) -> Trace:
        feedback = (Feedback(row["rating"], row["correction"]) for row in self._runs.feedback(run_id))
        return Trace(
            run=self._runs.get(run_id),
            plans=tuple((json.loads(plan), author) for plan, author in self._runs.plans(run_id)),
            steps=self._runs.steps(run_id),
            calls=tuple(self._calls.of_run(run_id)),
            speeches=tuple(self._speeches(run_id)),
            verdicts=tuple(self._verdicts(run_id)),
            feedback=tuple(feedback),
        )

    def _speeches(self, run_id: str) -> Iterator[Speech]:
        turns: dict[str, list[tuple[str, str]]] = {}
        asked: dict[str, tuple[str, str]] = {}
        for row in self._journal.rows(
            "SELECT kind, data FROM events WHERE run_id = ? AND kind IN ('model_asked', 'model_answered') ORDER BY seq",
            run_id,
        ):
            event = json.loads(row["data"])
            if row["kind"] == "model_asked":  # a request that failed is asked again, and only the last is answered
                asked[event["agent"]] = event["model"], event.get("toolset", "")
            elif event["agent"] in asked:
                turns.setdefault(event["agent"], []).append(asked[event["agent"]])
        for row in self._journal.rows("SELECT * FROM histories WHERE run_id = ? ORDER BY agent", run_id):
            said = tuple(turns.get(row["agent"], ()))
            labels = frozenset(json.loads(row["labels"]))
            yield Speech(row["agent"], json.loads(row["messages"]), said[-row["turn"] :], labels)

    def _verdicts(self, run_id: str) -> Iterator[Verdict]:
        asked: dict[str, dict[str, Any]] = {}
        for row in self._journal.rows(
            "SELECT data FROM pending WHERE run_id = ? AND kind = 'call' ORDER BY created_at, id", run_id
        ):
            asked.update({item["call_key"]: item["args"] for item in json.loads(row["data"])["items"]})
        for row in self._journal.rows(
            "SELECT call_key, tool, verdict, args, reason FROM grants WHERE call_key >= ? AND call_key < ? "
            "AND revoked_at IS NULL ORDER BY rowid",
            f"{run_id}/",
            f"{run_id}0",  # "0" is the character after "/"
        ):
            args: dict[str, Any] = json.loads(row["args"])
            shown = asked.get(str(row["call_key"]), args)
            yield Verdict(row["call_key"], row["tool"], row["verdict"], shown, args, row["reason"] or "")


@contextmanager
def open_traces(home: Path | None = None) -> Generator[Traces]:
    """The runs of a state folder; None: AGENT_CORE_HOME or the platform's own.

    Raises:
        ConfigurationError, JournalError: the folder or its journal cannot be used.
    """
    journal = Journal(open_home(find_home(home)) / "journal.db")
    try:
        yield Traces(journal)
    finally:
        journal.close()
