"""What happens in a run, as typed values: what listeners get, and what the journal keeps (all but text deltas)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class Event:
    """Where and when: every event says which run, step and agent it belongs to.

    `seq` counts the events of a run from 1, without gaps among those that are kept; `at` is seconds since the epoch.
    """

    kind: ClassVar[str] = "event"
    kept: ClassVar[bool] = True

    run_id: str
    step_id: str = ""
    agent: str = ""
    """Whose work it is: "" for the planner, else the step id of the agent, nested as parent/turn/call."""
    parent: str = ""
    seq: int = field(default=0, kw_only=True)
    at: float = field(default_factory=time.time, kw_only=True)

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the kind of event under `event`."""
        return {"event": self.kind, **self.__dict__}


@dataclass(frozen=True)
class RunStarted(Event):
    """A run begins, or is resumed."""

    kind: ClassVar[str] = "run_started"
    request: str = ""
    model: str = ""
    model_why: str = ""
    """How that model came to be chosen, for the user."""
    resumed: bool = False


@dataclass(frozen=True)
class PlanMade(Event):
    """A plan, or a new revision of it, is what will run now."""

    kind: ClassVar[str] = "plan_made"
    plan: dict[str, Any] = field(default_factory=dict[str, Any])
    author: str = "planner"


@dataclass(frozen=True)
class StepStarted(Event):
    """A step begins."""

    kind: ClassVar[str] = "step_started"
    title: str = ""


@dataclass(frozen=True)
class StepEnded(Event):
    """A step is done, failed, denied, skipped, or waits for a person."""

    kind: ClassVar[str] = "step_ended"
    status: str = "done"
    error: str = ""


@dataclass(frozen=True)
class CallStarted(Event):
    """A tool call begins; its intent is in the journal."""

    kind: ClassVar[str] = "call_started"
    call: str = ""
    tool: str = ""
    args: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class CallEnded(Event):
    """A tool call ended, one way or another; its outcome is in the journal."""

    kind: ClassVar[str] = "call_ended"
    call: str = ""
    tool: str = ""
    status: str = "done"
    duration_ms: int = 0
    error: str = ""


@dataclass(frozen=True)
class CallUndone(Event):
    """A person had a call taken back: `status` is undone, or kept where that was not possible."""

    kind: ClassVar[str] = "call_undone"
    call: str = ""
    tool: str = ""
    status: str = "undone"
    detail: str = ""


@dataclass(frozen=True)
class CallProgress(Event):
    """A tool says how far it is; `fraction` is 0 to 1 or None."""

    kind: ClassVar[str] = "call_progress"
    kept: ClassVar[bool] = False
    call: str = ""
    text: str = ""
    fraction: float | None = None


@dataclass(frozen=True)
class Waiting(Event):
    """The run needs a person: an approval, an answer, a plan to accept, or a limit to raise."""

    kind: ClassVar[str] = "waiting"
    pending: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class ModelAsked(Event):
    """A request went to a model."""

    kind: ClassVar[str] = "model_asked"
    model: str = ""
    toolset: str = ""
    """Names the tools that it was shown, in the journal."""


@dataclass(frozen=True)
class ModelAnswered(Event):
    """A model's response is complete; usage counts this request alone."""

    kind: ClassVar[str] = "model_answered"
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True)
class TextDelta(Event):
    """A piece of the reply as it is written. Not kept: the whole answer is."""

    kind: ClassVar[str] = "text_delta"
    kept: ClassVar[bool] = False
    text: str = ""


@dataclass(frozen=True)
class AnswerReady(Event):
    """The end of a stream: `answer` is the `Answer`, a run's whole state. Not kept: the journal has its parts."""

    kind: ClassVar[str] = "answer"
    kept: ClassVar[bool] = False
    answer: Any = None

    def to_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        return self.answer.to_json()


@dataclass(frozen=True)
class RunEnded(Event):
    """The run is over or waits; `status` is that of the answer."""

    kind: ClassVar[str] = "run_ended"
    status: str = "done"
    error: str = ""
