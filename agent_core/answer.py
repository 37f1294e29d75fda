"""What an app gets back from a run: the contract of `ask`, `resume` and `--json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from agent_core.gate.pending import Pending
from agent_core.journal.calls import RecordedCall
from agent_core.journal.runs import RunStatus, StepResult
from agent_core.loop.state import Usage
from agent_core.planning.plan import Plan

SCHEMA_VERSION = 1
EXIT_CODES: dict[RunStatus, int] = {"done": 0, "failed": 1, "waiting": 3, "refused": 4, "cancelled": 130, "running": 1}


@dataclass(frozen=True)
class Answer:
    """A run as it stands: its reply, and everything behind it."""

    run_id: str
    conversation_id: str
    status: RunStatus
    text: str
    """The reply; empty while the run waits."""
    citations: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """[{n, source, locator, quote}], and `unsupported`, [{sentence, why}], of one that is cited for what it lacks."""
    plan: Plan | None = None
    steps: dict[str, StepResult] = field(default_factory=dict[str, StepResult])
    calls: list[RecordedCall] = field(default_factory=list[RecordedCall])
    pending: list[Pending] = field(default_factory=list[Pending])
    """What waits for a person: answer with approve, deny or reply, then resume."""
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    error: dict[str, str] | None = None
    """{type, message} of what ended the run, if something did."""

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 done, 1 failed, 3 waiting, 4 refused, 130 cancelled."""
        return EXIT_CODES[self.status]

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return {
            "schema_version": SCHEMA_VERSION,
            "run_id": self.run_id,
            "conversation_id": self.conversation_id,
            "status": self.status,
            "answer": self.text or None,
            "citations": self.citations,
            "plan": None if self.plan is None else self._plan(self.plan),
            "calls": [_call(call) for call in self.calls],
            "pending": [pending.to_json() for pending in self.pending],
            "usage": self.usage.__dict__,
            "model": self.model,
            "error": self.error,
        }

    def _plan(self, plan: Plan) -> dict[str, Any]:
        waiting = {pending.step_id.split("/")[0] for pending in self.pending}
        steps: list[dict[str, Any]] = []
        for step in plan.steps:
            ended = self.steps.get(step.id)
            status = ended.status if ended else "waiting" if step.id in waiting else "planned"
            shown = step.model_dump(mode="json", exclude={"origin", "seen"})
            steps.append(shown | {"status": status, "result": ended.result if ended else None})
        return {"revision": plan.revision, "goal": plan.goal, "steps": steps}


def _call(call: RecordedCall) -> dict[str, Any]:
    return {
        "id": call.key,
        "step": call.step_id,
        "tool": call.tool,
        "args": call.args,
        "status": "unknown" if call.status == "intent" else call.status,
        "result": call.result,
        "error": None if call.error is None else call.error["message"],
        "duration_ms": call.duration_ms,
    }
