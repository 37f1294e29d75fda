"""One run in memory: what the journal says of it, and what the loop needs to go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic_ai.messages import UserContent
from pydantic_ai.tools import ToolDefinition

from agent_core.errors import AgentCoreError
from agent_core.events import Event, ModelAnswered, ModelAsked, TextDelta
from agent_core.gate.approvals import Approvals
from agent_core.gate.binding import digest
from agent_core.gate.call import Call, Secrets, WaitingForPerson
from agent_core.gate.gate import Gate
from agent_core.gate.labels import NONE, Labels
from agent_core.gate.pending import Pending, pending_id
from agent_core.gate.policy import Policy, Rule, Surroundings
from agent_core.journal.runs import History, RunRow, Runs, StepResult
from agent_core.journal.store import dumps
from agent_core.loop.egress import may_leave
from agent_core.loop.said import without_secrets
from agent_core.models.turn import Conversation, Speaker, take_turn
from agent_core.personas import Persona
from agent_core.planning.plan import Plan, Step
from agent_core.planning.planner import PlannerState
from agent_core.settings.sections import Role, RunLimits
from agent_core.tools.catalogue import Catalogue
from agent_core.tools.tool import Tool


class LimitReached(AgentCoreError):
    """A run stopped at one of its limits because a person did not raise it."""


@dataclass(frozen=True)
class Voice:
    """A model as the loop needs it: who speaks, with what settings, and whether what it is told leaves the machine."""

    speaker: Speaker
    name: str
    remote: bool = False
    why: str = ""
    """How this model came to be chosen, for the user."""
    writes: bool = True
    """Whether it is a language model: one of rules is shown every tool, for it has no context to spare."""


@dataclass
class Services:
    """What every run of an assistant shares."""

    runs: Runs
    gate: Gate
    approvals: Approvals
    policy: Policy
    secrets: Secrets
    tools: Mapping[str, Tool]
    catalogue: Catalogue
    personas: Mapping[str, Persona]
    voice: Callable[[Role, Persona | None], Voice]
    """(role, persona) -> the model that speaks in it."""
    emit: Callable[[Event], None]
    flush: Callable[[str], None]
    """Writes the events of a run that were collected; called inside the transaction of another write."""
    definitions: dict[str, ToolDefinition] = field(default_factory=dict[str, ToolDefinition])
    """How each tool is shown to models, as far as one was shown."""


@dataclass
class Usage:
    """What a run has used of models."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    def add(self, input_tokens: int, output_tokens: int, cost_usd: float | None) -> None:
        """Count one request."""
        self.requests += 1
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        if cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + cost_usd


@dataclass
class Run:
    """A run being worked on. Everything in it can be read back from the journal."""

    row: RunRow
    services: Services
    limits: RunLimits
    prompt: str | Sequence[UserContent]
    plan: Plan
    tools: Mapping[str, Tool]
    """The tools of this run: the assistant's, without those that were denied to it."""
    withheld: frozenset[str] = frozenset()
    """Those that nobody is offered, because they have nothing to work on yet; a plan may name them."""
    persona: Persona | None = None
    run_rules: tuple[Rule, ...] = ()
    planner: PlannerState = field(default_factory=PlannerState)
    results: dict[str, StepResult] = field(default_factory=dict[str, StepResult])
    waiting: dict[str, Pending] = field(default_factory=dict[str, Pending])
    usage: Usage = field(default_factory=Usage)
    stream: bool = False
    plan_first: bool = False
    """Show every plan and wait for a yes before it runs."""
    answer: str | None = None
    asked: set[str] = field(default_factory=set[str])
    """Ids of the questions that were put to a person who is there: nobody is asked the same thing twice."""
    waited_s: float = 0.0
    """How long a person who is there was waited for."""
    _since: float = field(default_factory=time.monotonic)

    @property
    def id(self) -> str:
        """The run's id."""
        return self.row.id

    @property
    def scope(self) -> str:
        """What the secrets of this run belong to in the vault."""
        return self.row.conversation_id

    @property
    def offered(self) -> list[str]:
        """The names of the tools that planners and agents may choose from."""
        return [name for name in self.tools if name not in self.withheld]

    def without_secrets(self, value: Any) -> Any:
        """A JSON value with tokens in place of its secrets."""
        return self.services.secrets.tokenise(value, self.scope)

    @property
    def where(self) -> Surroundings:
        """For whom and where the run works."""
        name = self.persona.name if self.persona else None
        return Surroundings(self.row.user, self.row.workspace, self.row.conversation_id, name)

    @property
    def active_s(self) -> float:
        """Seconds of work so far, those of earlier processes included; waiting for a person is no work."""
        return self.row.active_s + time.monotonic() - self._since - self.waited_s

    def call(
        self, step_id: str, turn: int, call_id: str, labels: Labels, agent: str = "", persona: str | None = None
    ) -> Call:
        """Name a call of this run; `persona` is who calls, where it is not who the run is worked on by."""
        where = replace(self.where, agent_persona=persona) if persona else self.where
        return Call(self.id, step_id, turn, call_name(call_id), where, labels, agent, self.run_rules)

    def labels_of(self, step: Step) -> Labels:
        """What a step has seen before it runs: the context that wrote it, and the results that it refers to."""
        seen: set[str] = set(step.seen)
        for needed in step.needs:
            if needed in self.results:
                seen |= self.results[needed].labels
        return frozenset(seen)

    def ended(self, step_id: str, result: StepResult) -> None:
        """A step ended; durable when this returns."""
        with self.services.runs.transaction():
            self.services.runs.end_step(self.id, step_id, result)
            self.services.flush(self.id)
        self.results[step_id] = result

    def adopt(self, plan: Plan, author: str) -> None:
        """Make `plan` the run's plan; durable when this returns."""
        self.plan = plan
        with self.services.runs.transaction():
            self.services.runs.add_plan(self.id, plan.revision, plan.model_dump_json(), author)
            self.services.flush(self.id)

    # -- agents

    def load_conversation(self, agent: str) -> tuple[Conversation, Labels]:
        """What an agent of this run has said so far, and what it has seen."""
        history = self.services.runs.history(self.id, agent)
        if history is None:
            return Conversation(), NONE
        return Conversation.load(history.messages, history.turn), history.labels

    async def ask(
        self,
        agent: str,
        conversation: Conversation,
        voice: Voice,
        prompt: str | Sequence[UserContent] | None,
        seen: Labels,
    ) -> None:
        """Take one turn; the response is durable before anything in it is carried out.

        Raises:
            WaitingForPerson: a limit is reached.
            ModelError: the model gave nothing usable.
        """
        self.check_limits()
        if voice.remote:
            services = self.services
            may_leave(
                voice.name,
                seen,
                self.id,
                self.where,
                services.approvals,
                services.policy,
                services.gate,
                self.run_rules,
            )
        emit = self.services.emit
        toolset = self.services.runs.toolsets.name(voice.speaker.tools)
        emit(ModelAsked(self.id, agent=agent, model=voice.name, toolset=toolset))

        unsaid = self.services.secrets.stream(self.scope)

        def say(text: str) -> None:
            if text:
                emit(TextDelta(self.id, agent=agent, text=text))

        def on_text(text: str) -> None:
            say(unsaid.feed(text))

        speaks = self.stream and agent == ""
        used = await take_turn(conversation, voice.speaker, prompt, on_text if speaks else None)
        say(unsaid.close())
        conversation.messages[-1] = without_secrets(conversation.messages[-1], self.without_secrets)
        cost = _cost_usd(conversation)
        self.usage.add(used.input_tokens, used.output_tokens, cost)
        emit(ModelAnswered(self.id, "", agent, "", voice.name, used.input_tokens, used.output_tokens, cost))
        history = History(conversation.dump(), conversation.turn, seen)
        with self.services.runs.transaction():
            self.services.runs.toolsets.keep(voice.speaker.tools)
            self.services.runs.save_history(self.id, agent, history)
            self.services.runs.update(self.id, "running", usage=dumps(self.usage.__dict__))
            self.services.flush(self.id)

    # -- limits

    def check_limits(self, more_calls: int = 0) -> None:
        """Pause where a limit is reached, or would be passed by so many more calls; a yes raises it at least twofold.

        Raises:
            WaitingForPerson: with a question whether to go on.
            LimitReached: a person said no.
        """
        used: list[tuple[str, float, float]] = [
            ("revisions", self.plan.revision - 1, self.limits.revisions),
            ("calls", self.services.gate.ledger.calls.count(self.id), self.limits.calls),
            ("tokens", self.usage.input_tokens + self.usage.output_tokens, self.limits.tokens),
            ("cost_usd", self.usage.cost_usd or 0.0, self.limits.cost_usd),
            ("time_s", self.active_s, self.limits.time_s),
        ]
        for name, value, limit in used:
            if value and value >= limit:
                self._ask_to_go_on(name, value, limit)
            elif name == "calls" and value + more_calls > limit:
                self._ask_to_go_on(name, value + more_calls, limit)

    def _ask_to_go_on(self, name: str, value: float, limit: float) -> None:
        raised = limit or 1
        while raised <= value:
            raised *= 2
        pending = Pending(
            id=pending_id(self.id, "limit", name, raised),
            run_id=self.id,
            step_id="",
            kind="limit",
            why=f"the limit of {limit:g} {name} is reached ({value:g} used); approve to go on up to {raised:g}",
            question=f"Go on up to {raised:g} {name}?",
            data={"limit": name},
        )
        answer = self.services.approvals.answer_of(pending.id)
        if answer is None:
            self.services.approvals.ask(pending)
            raise WaitingForPerson(pending)
        if not answer.get("approved"):
            raise LimitReached(f"Stopped at the limit of {limit:g} {name}, as you said.")

    def told(self, error: Exception | None) -> str:
        """What is written and shown of an error: servers and libraries quote what they were given."""
        return str(self.without_secrets(str(error or "")))

    def save(self, status: Any, error: Exception | None = None) -> None:
        """Write the run's state back."""
        self.services.runs.update(
            self.id,
            status,
            answer=self.answer,
            error=None if error is None else dumps({"type": type(error).__name__, "message": self.told(error)}),
            usage=dumps(self.usage.__dict__),
            active_s=self.active_s,
        )


def call_name(call_id: str) -> str:
    """A provider's call id, text from outside, as a part of a key: it must not look like another call's key."""
    if len(call_id) <= 100 and "/" not in call_id and call_id.isprintable():
        return call_id
    return "id-" + digest(call_id)[:32]


def _cost_usd(conversation: Conversation) -> float | None:
    """What the last response cost by public prices; None for models without a price."""
    from pydantic_ai.messages import ModelResponse

    last = next((m for m in reversed(conversation.messages) if isinstance(m, ModelResponse)), None)
    try:
        return float(last.cost().total_price) if last is not None and last.provider_name else None
    except (LookupError, AssertionError):
        return None
