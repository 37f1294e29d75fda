"""Questions to a person, and the grants that answers become.

A grant is single-use and bound to everything that was seen: the call, the tool as it was, the canonical arguments,
the preview, the policy, and a time. What differs at execution is not granted and is asked again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from agent_core.errors import UsageError
from agent_core.gate.binding import canonical, digest
from agent_core.journal.store import Journal, dumps, now

PendingKind = Literal["call", "question", "plan", "limit"]
_WITHDRAWN = {"withdrawn": True}
_CLOCK_SLACK_S = 60.0
"""How far a clock is set back by what keeps it right."""


@dataclass(frozen=True)
class Item:
    """One call that a question is about, with everything that a grant will be bound to."""

    call_key: str
    tool: str
    args: dict[str, Any]
    args_hash: str
    preview: str
    preview_kind: str
    preview_hash: str
    schema_hash: str
    policy_version: str


@dataclass(frozen=True)
class Pending:
    """A question that waits for a person. A map's approval is one question with an item per call."""

    id: str
    run_id: str
    step_id: str
    kind: PendingKind
    why: str
    items: tuple[Item, ...] = ()
    question: str = ""
    rule: str = ""
    """The rule that "always" would store, as text."""
    labels: tuple[str, ...] = ()
    """What the call has seen: untrusted, private."""
    agent: str = ""
    """Which agent of the run asks; "" for the planner."""
    unknown: bool = False
    """The call was begun before a crash and its outcome is not known: yes means *run it again*."""
    external: bool = False
    """The embedding app carries the call out and replies with its result."""
    data: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def tool(self) -> str | None:
        """The tool that is asked about; None for questions, plans and limits."""
        return self.items[0].tool if self.items else None

    @property
    def args(self) -> Any:
        """The arguments that are asked about; a list of them for a map."""
        return self.items[0].args if len(self.items) == 1 else [item.args for item in self.items] or None

    @property
    def preview(self) -> str:
        """What would happen, or the question."""
        return "\n".join(item.preview for item in self.items) or self.question

    def to_json(self) -> dict[str, Any]:
        """As the command line and apps see it."""
        return {
            "id": self.id,
            "run_id": self.run_id,
            "step": self.step_id,
            "kind": self.kind,
            "tool": self.tool,
            "args": self.args,
            "preview": self.preview,
            "preview_kind": self.items[0].preview_kind if self.items else "text",
            "why": self.why,
            "rule": self.rule,
            "labels": list(self.labels),
            "agent": self.agent,
            "unknown": self.unknown,
            "external": self.external,
        }


@dataclass(frozen=True)
class Grant:
    """A person's answer to one call, not yet spent."""

    nonce: str
    verdict: Literal["approved", "denied"]
    args: dict[str, Any]
    args_hash: str
    preview_hash: str
    reason: str


class Approvals:
    """What waits, and what was answered; the gate spends the grants."""

    def __init__(self, journal: Journal, expiry_s: float) -> None:
        self._journal = journal
        self._expiry_s = expiry_s

    def ask(self, pending: Pending) -> None:
        """Put a question. The same question put again after a resume is still one question."""
        self._journal.execute(
            "INSERT INTO pending (id, run_id, step_id, kind, data, created_at) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET answered_at = NULL, answer = NULL, data = excluded.data",
            pending.id,
            pending.run_id,
            pending.step_id,
            pending.kind,
            dumps(asdict(pending)),
            now(),
        )

    def open(self, run_id: str | None = None) -> list[Pending]:
        """Questions without an answer, oldest first; of one run, or of all."""
        rows = self._journal.rows(
            "SELECT data FROM pending WHERE answered_at IS NULL AND (? IS NULL OR run_id = ?) ORDER BY created_at, id",
            run_id,
            run_id,
        )
        return [_load(row["data"]) for row in rows]

    def get(self, pending_id: str) -> Pending:
        """An unanswered question by its id.

        Raises:
            UsageError: there is none, or it was answered already.
        """
        row = self._journal.row("SELECT data, answered_at FROM pending WHERE id = ?", pending_id)
        if row is None:
            raise UsageError(f"Nothing waits under the id {pending_id!r}; see: agent-core approvals list")
        if row["answered_at"] is not None:
            raise UsageError(f"{pending_id!r} was answered already; an answer counts once.")
        return _load(row["data"])

    def answer_of(self, pending_id: str) -> Any:
        """The answer to a question, plan or limit: a JSON value, or None while there is none."""
        row = self._journal.row("SELECT answer FROM pending WHERE id = ? AND answered_at IS NOT NULL", pending_id)
        answer = json.loads(row["answer"]) if row is not None and row["answer"] is not None else None
        return None if answer == _WITHDRAWN else answer

    def close(self, pending_id: str, answer: Any = None) -> None:
        """Record the answer; the second of two answers loses."""
        changed = self._journal.execute(
            "UPDATE pending SET answered_at = ?, answer = ? WHERE id = ? AND answered_at IS NULL",
            now(),
            dumps(answer),
            pending_id,
        )
        if not changed:
            raise UsageError(f"{pending_id!r} was answered already; an answer counts once.")

    def withdraw(self, run_id: str, step_ids: Collection[str]) -> None:
        """Close what was asked for steps that will not run any more, and about the plan that they were part of."""
        for pending in self.open(run_id):
            if pending.step_id in step_ids or pending.kind == "plan":
                self.close(pending.id, _WITHDRAWN)

    def grant(self, item: Item, verdict: Literal["approved", "denied"], reason: str = "", by: str = "user") -> None:
        """Answer one call, as it was asked about."""
        self.grant_edited(item, item, verdict, reason, by)

    def grant_edited(
        self, asked: Item, edited: Item, verdict: Literal["approved", "denied"], reason: str = "", by: str = "user"
    ) -> None:
        """Answer one call with other arguments than were asked about: those of `edited` may run."""
        self._journal.insert(
            "grants",
            nonce=secrets.token_hex(16),
            call_key=asked.call_key,
            tool=asked.tool,
            schema_hash=asked.schema_hash,
            asked_hash=asked.args_hash,
            args=dumps(edited.args),
            args_hash=edited.args_hash,
            preview_hash=edited.preview_hash,
            verdict=verdict,
            reason=reason,
            policy_version=asked.policy_version,
            granted_by=by,
            expires_at=now() + self._expiry_s,
        )

    def find(self, call_key: str, tool: str, schema_hash: str, asked_hash: str, policy_version: str) -> Grant | None:
        """The newest unspent answer that is bound to exactly this; None where nothing fits."""
        row = self._journal.row(
            "SELECT * FROM grants WHERE call_key = ? AND tool = ? AND schema_hash = ? AND asked_hash = ? "
            "AND policy_version = ? AND spent_at IS NULL AND revoked_at IS NULL AND expires_at > ? AND expires_at <= ? "
            "ORDER BY rowid DESC LIMIT 1",
            call_key,
            tool,
            schema_hash,
            asked_hash,
            policy_version,
            now(),
            # One that would be good for longer than any is was given before the clock was set back: nobody knows when.
            now() + self._expiry_s + _CLOCK_SLACK_S,
        )
        if row is None:
            return None
        return Grant(
            row["nonce"], row["verdict"], json.loads(row["args"]), row["args_hash"], row["preview_hash"], row["reason"]
        )

    def spend(self, nonce: str) -> bool:
        """Use a grant up; False when somebody did before. Call it in the transaction that writes the intent."""
        return bool(
            self._journal.execute(
                "UPDATE grants SET spent_at = ? WHERE nonce = ? AND spent_at IS NULL AND revoked_at IS NULL",
                now(),
                nonce,
            )
        )

    def revoke(self, run_id: str) -> int:
        """Take back every grant of a run that is not spent yet; returns how many."""
        prefix = run_id + "/"
        return self._journal.execute(
            "UPDATE grants SET revoked_at = ? "
            "WHERE spent_at IS NULL AND revoked_at IS NULL AND substr(call_key, 1, ?) = ?",
            now(),
            len(prefix),
            prefix,
        )


def pending_id(*identity: Any) -> str:
    """The same question gets the same id, in every process."""
    return "ask_" + digest(*(canonical(part) for part in identity))[:12]


def _load(data: str) -> Pending:
    fields = json.loads(data)
    fields["items"] = tuple(Item(**item) for item in fields["items"])
    fields["labels"] = tuple(fields["labels"])
    return Pending(**fields)
