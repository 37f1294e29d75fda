"""Questions to a person, and the grants that answers become.

A grant is single-use and bound to everything that was seen: the call, the tool as it was, the canonical arguments,
the preview, the policy, and a time. What differs at execution is not granted and is asked again. Grants and answers
are sealed: a row that something else wrote into the journal is no yes.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any, Literal

from agent_core.errors import UsageError
from agent_core.gate.pending import Item, Pending, load_pending
from agent_core.gate.seals import Sealer, is_sealed
from agent_core.journal.store import Journal, dumps, now

Verdict = Literal["approved", "denied"]
_WITHDRAWN = {"withdrawn": True}
_CLOCK_SLACK_S = 60.0
"""How far a clock may be corrected backwards without voiding the grants that were given just before."""


@dataclass(frozen=True)
class Grant:
    """A person's answer to one call, not yet spent."""

    nonce: str
    verdict: Verdict
    args: dict[str, Any]
    args_hash: str
    preview_hash: str
    reason: str


class Approvals:
    """What waits, and what was answered; the gate spends the grants."""

    def __init__(self, journal: Journal, expiry_s: float, sealer: Sealer) -> None:
        self._journal = journal
        self._expiry_s = expiry_s
        self._sealer = sealer

    def ask(self, pending: Pending) -> None:
        """Put a question. The same question put again after a resume is still one question.

        Whatever was asked about the same calls before is closed, and an answer to it that was not used yet is void:
        what counts is the answer to what is asked now.
        """
        data = dumps(asdict(pending))
        with self._journal.transaction():
            keys = {item.call_key for item in pending.items}
            for earlier in self.open(pending.run_id) if keys else ():
                if earlier.id != pending.id and keys & {item.call_key for item in earlier.items}:
                    self.close(earlier.id, _WITHDRAWN)
            for key in keys:
                self._revoke("call_key = ?", key)
            self._journal.execute(
                "INSERT INTO pending (id, run_id, step_id, kind, data, created_at, seal) VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE "
                "SET answered_at = NULL, answer = NULL, data = excluded.data, seal = excluded.seal",
                pending.id,
                pending.run_id,
                pending.step_id,
                pending.kind,
                data,
                now(),
                self._sealer.seal("question", pending.id, data),
            )

    def open(self, run_id: str | None = None) -> list[Pending]:
        """Questions without an answer, oldest first; of one run, or of all."""
        return open_questions(self._journal, run_id)

    def get(self, pending_id: str) -> Pending:
        """An unanswered question by its id.

        Raises:
            UsageError: there is none, it was answered already, something else is asked instead, or what is shown is
                not what was asked.
        """
        row = _open_row(self._journal, pending_id)
        if not is_sealed(self._sealer, row["seal"], "question", pending_id, row["data"]):
            run_id = load_pending(row["data"]).run_id
            raise UsageError(
                f"The question {pending_id!r} was changed in the journal by something else, and cannot be answered; "
                f"`runs resume {run_id}` puts it again."
            )
        return load_pending(row["data"])

    def answer_of(self, pending_id: str) -> Any:
        """The answer to a question, plan or limit: a JSON value, or None while there is none."""
        row = self._journal.row(
            "SELECT answer, seal FROM pending WHERE id = ? AND answered_at IS NOT NULL AND answer IS NOT NULL",
            pending_id,
        )
        if row is None or not is_sealed(self._sealer, row["seal"], "answer", pending_id, row["answer"]):
            return None
        answer = json.loads(row["answer"])
        return None if answer == _WITHDRAWN else answer

    def close(self, pending_id: str, answer: Any = None) -> None:
        """Record the answer; the second of two answers loses."""
        text = dumps(answer)
        changed = self._journal.execute(
            "UPDATE pending SET answered_at = ?, answer = ?, seal = ? WHERE id = ? AND answered_at IS NULL",
            now(),
            text,
            self._sealer.seal("answer", pending_id, text),
            pending_id,
        )
        if not changed:
            raise UsageError(f"{pending_id!r} was answered already; an answer counts once.")

    def withdraw(self, run_id: str, step_ids: Collection[str]) -> None:
        """Close what was asked for steps that will not run any more, and about the plan that they were part of."""
        for pending in self.open(run_id):
            if pending.step_id in step_ids or pending.kind == "plan":
                self.close(pending.id, _WITHDRAWN)

    def grant(self, asked: Item, verdict: Verdict, *, edited: Item | None = None, reason: str = "", by: str) -> None:
        """Answer one call as it was asked about, or with the arguments of `edited`: those may run then."""
        may_run = edited or asked
        grant: dict[str, Any] = {
            "nonce": secrets.token_hex(16),
            "call_key": asked.call_key,
            "tool": asked.tool,
            "schema_hash": asked.schema_hash,
            "asked_hash": asked.args_hash,
            "args": dumps(may_run.args),
            "args_hash": may_run.args_hash,
            "preview_hash": may_run.preview_hash,
            "verdict": verdict,
            "reason": reason,
            "policy_version": asked.policy_version,
            "granted_by": by,
            "expires_at": now() + self._expiry_s,
        }
        self._journal.insert("grants", **grant, seal=self._sealer.seal("grant", grant))

    def find(self, call_key: str, tool: str, schema_hash: str, asked_hash: str, policy_version: str) -> Grant | None:
        """The newest unspent answer that is bound to exactly this; None where nothing fits."""
        at = now()
        rows = self._journal.rows(
            # A grant that ends later than one given now would was made under another clock: it may be a year old.
            "SELECT * FROM grants WHERE call_key = ? AND tool = ? AND schema_hash = ? AND asked_hash = ? "
            "AND policy_version = ? AND spent_at IS NULL AND revoked_at IS NULL AND expires_at > ? "
            "AND expires_at <= ? ORDER BY rowid DESC",
            call_key,
            tool,
            schema_hash,
            asked_hash,
            policy_version,
            at,
            at + self._expiry_s + _CLOCK_SLACK_S,
        )
        row = next((row for row in rows if self._is_ours(row)), None)
        if row is None:
            return None
        return Grant(
            row["nonce"], row["verdict"], json.loads(row["args"]), row["args_hash"], row["preview_hash"], row["reason"]
        )

    def spend(self, nonce: str) -> bool:
        """Use a grant up; False when somebody did before. Call it in the transaction that writes the intent."""
        return bool(
            self._journal.execute(
                "UPDATE grants SET spent_at = ?, seal = '' "
                "WHERE nonce = ? AND spent_at IS NULL AND revoked_at IS NULL AND expires_at > ?",
                now(),
                nonce,
                now(),
            )
        )

    def revoke(self, run_id: str) -> int:
        """Take back every grant of a run that is not spent yet; returns how many."""
        prefix = run_id + "/"
        return self._revoke("substr(call_key, 1, ?) = ?", len(prefix), prefix)

    def _revoke(self, which: str, *values: Any) -> int:
        return self._journal.execute(
            f"UPDATE grants SET revoked_at = ?, seal = '' "  # noqa: S608 - `which` is one of two texts above
            f"WHERE spent_at IS NULL AND revoked_at IS NULL AND {which}",
            now(),
            *values,
        )

    def _is_ours(self, row: sqlite3.Row) -> bool:
        fields = {name: row[name] for name in row.keys() if name not in ("seal", "spent_at", "revoked_at")}  # noqa: SIM118
        return is_sealed(self._sealer, row["seal"], "grant", fields)


def open_questions(journal: Journal, run_id: str | None = None) -> list[Pending]:
    """See `Approvals.open`; for whoever only looks."""
    rows = journal.rows(
        "SELECT data FROM pending WHERE answered_at IS NULL AND (? IS NULL OR run_id = ?) ORDER BY created_at, id",
        run_id,
        run_id,
    )
    return [load_pending(row["data"]) for row in rows]


def open_question(journal: Journal, pending_id: str) -> Pending:
    """See `Approvals.get`; for whoever only looks."""
    return load_pending(_open_row(journal, pending_id)["data"])


def _open_row(journal: Journal, pending_id: str) -> sqlite3.Row:
    row = journal.row("SELECT data, answered_at, answer, seal FROM pending WHERE id = ?", pending_id)
    if row is None:
        raise UsageError(f"Nothing waits under the id {pending_id!r}; see: agent-core approvals list")
    if row["answered_at"] is not None and row["answer"] == dumps(_WITHDRAWN):
        raise UsageError(f"{pending_id!r} is not asked any more; see: agent-core approvals list")
    if row["answered_at"] is not None:
        raise UsageError(f"{pending_id!r} was answered already; an answer counts once.")
    return row
