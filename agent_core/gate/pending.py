"""What a person is asked: about calls, plans, limits, and what only they know. Data, without the journal."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from agent_core.gate.binding import canonical, digest
from agent_core.gate.policy import Rule

PendingKind = Literal["call", "question", "plan", "limit"]


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

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes it this question and no other: what differs here is another question."""
        return (self.call_key, self.args_hash, self.preview_hash, self.schema_hash, self.policy_version)


@dataclass(frozen=True)
class Source:
    """Where what a call has seen came from."""

    label: str
    """untrusted or private."""
    what: str
    """A tool's name, or "attachment"."""
    args: dict[str, Any] = field(default_factory=dict[str, Any])
    """The call's arguments; of an attachment, its name."""


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
    rules: tuple[Rule, ...] = ()
    """What "always" would store, whole; narrower scopes store the same, tied to less. None where no rule helps."""
    labels: tuple[str, ...] = ()
    """What the call has seen: untrusted, private."""
    seen: tuple[Source, ...] = ()
    """Where that came from, oldest first."""
    leaves: bool = False
    """It would send something away from this machine, after private data was read."""
    agent: str = ""
    """Which agent of the run asks; "" for the planner."""
    agent_persona: str | None = None
    """Who that agent is, where the work was handed to somebody else."""
    unknown: bool = False
    """The call was begun before a crash and its outcome is not known: yes means *run it again*."""
    external: bool = False
    """The embedding app carries the call out and replies with its result."""
    as_asked: bool = False
    """It can be allowed or refused, but not with other arguments."""
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

    @property
    def editable(self) -> bool:
        """Whether a yes may come with other arguments."""
        return self.kind == "call" and not (self.unknown or self.external or self.as_asked)

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
            "items": [{"args": item.args, "preview": item.preview} for item in self.items],
            "why": self.why,
            "rule": "\n".join(map(str, self.rules)),
            "rules": [
                {"tool": rule.tool, "arguments": dict(rule.arguments), "persona": rule.persona} for rule in self.rules
            ],
            "labels": list(self.labels),
            "seen": [asdict(source) for source in self.seen],
            "leaves": self.leaves,
            "agent": self.agent,
            "unknown": self.unknown,
            "external": self.external,
        }


def pending_id(*identity: Any) -> str:
    """The same question gets the same id, in every process; 80 bits, so that nobody finds two with one id."""
    return "ask_" + digest(*(canonical(part) for part in identity))[:20]


def load_pending(data: str) -> Pending:
    """A question from the JSON of its fields."""
    fields = json.loads(data)
    fields["items"] = tuple(Item(**item) for item in fields["items"])
    fields.pop("rule", None)  # how the rules were kept at first
    fields["rules"] = tuple(Rule(**rule) for rule in fields.pop("rules", ()))
    fields["seen"] = tuple(Source(**source) for source in fields.get("seen", ()))
    fields["labels"] = tuple(fields["labels"])
    return Pending(**fields)
