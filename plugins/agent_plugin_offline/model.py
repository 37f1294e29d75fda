"""The pydantic-ai `Model` that is rules: a request and what came back go in, calls or an answer come out.

Every turn is drafted anew from the user's words, so nothing is kept between requests: the same history gives the
same response, in this process or in the next one.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    ModelResponseStreamEvent,
    TextPart,
    ToolCallPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from agent_plugin_offline import answers
from agent_plugin_offline.compound import Draft, draft
from agent_plugin_offline.conversation import ASK_USER, CONTROL_TOOLS, SUBMIT_PLAN, Returned, Turn, read_turn
from agent_plugin_offline.documents import asked_next, found_nothing, in_full, put_to_documents, without_empty
from agent_plugin_offline.linking import Step
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.questions import answered, question
from agent_plugin_offline.text import VERBS, identifier_words
from agent_plugin_offline.wording import looks_up

_WORDS = re.compile(r"\s*\S+\s*")
MODEL_NAME = "offline"
MAX_QUESTIONS = 5
"""After so many answers that did not help, the model says what is missing instead of asking again."""


class OfflineModel(Model):
    """Rules, no language model: plans with the tools it is given and answers by quoting what they returned."""

    language_model = False
    """Declared to the core: shown every tool, asked for no summaries, in need of no fallback."""

    @property
    def model_name(self) -> str:
        """Always `offline`."""
        return MODEL_NAME

    @property
    def system(self) -> str:
        """Whose model it is."""
        return "agent_core"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Answer at once; settings such as the temperature have nothing to act on."""
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        parts = respond(read_turn(messages), parameters.function_tools)
        return ModelResponse(parts=parts, model_name=MODEL_NAME, provider_name=self.system)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """The same response, its text word by word."""
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        parts = respond(read_turn(messages), parameters.function_tools)
        yield OfflineStream(model_request_parameters=parameters, parts=parts)


@dataclass
class OfflineStream(StreamedResponse):
    """A finished response, handed out in pieces."""

    parts: list[TextPart | ToolCallPart] = field(default_factory=list[TextPart | ToolCallPart])
    made: datetime = field(default_factory=lambda: datetime.now(tz=UTC))

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        for number, part in enumerate(self.parts):
            if isinstance(part, ToolCallPart):
                yield self._parts_manager.handle_part(vendor_part_id=number, part=part)
                continue
            for word in _WORDS.findall(part.content) or [""]:
                for event in self._parts_manager.handle_text_delta(vendor_part_id=number, content=word):
                    yield event

    @property
    def model_name(self) -> str:
        """Always `offline`."""
        return MODEL_NAME

    @property
    def provider_name(self) -> str:
        """Whose model it is."""
        return "agent_core"

    @property
    def provider_url(self) -> None:
        """Nowhere: nothing leaves the process."""
        return None

    @property
    def timestamp(self) -> datetime:
        """When the response was made."""
        return self.made


Parts = list[TextPart | ToolCallPart]


def respond(turn: Turn, definitions: Sequence[ToolDefinition]) -> Parts:
    """What to say or call next, given what the user asked and what has come back since."""
    tools = [_spec(definition) for definition in definitions if definition.name not in CONTROL_TOOLS]
    controls = {definition.name for definition in definitions} & CONTROL_TOOLS
    reading = frozenset(definition.name for definition in definitions if _reads(definition))
    lookups = frozenset(tool.name for tool in tools if looks_up(tool, reading))
    if turn.returned:
        if asked_there := asked_next(turn.request, turn.returned, lookups, definitions):
            return [ToolCallPart(*asked_there)]
        unanswered = found_nothing(turn.request, turn.returned)
        told = without_empty(turn.returned, definitions)
        return [TextPart(answers.NO_TOOL_FITS if unanswered else _report(told, reading))]
    plan = answered(draft(turn.request, tools, reading, turn.earlier, turn.previous), turn.answers)
    if not plan.steps:
        asked_there = put_to_documents(turn.request, definitions)
        return [ToolCallPart(*asked_there) if asked_there else TextPart(answers.NO_TOOL_FITS)]
    asked = question(plan)
    if asked is None:
        return _calls(in_full(plan, turn.request, definitions), turn, controls)
    # "How many days of leave are there?" is no sum that lacks its figures.
    only_looks = all(step.spec.name in lookups for step in plan.steps)
    asked_there = put_to_documents(turn.request, definitions) if only_looks else None
    return [ToolCallPart(*asked_there) if asked_there else _ask(asked, controls, turn)]


def _ask(asked: str, controls: set[str], turn: Turn) -> TextPart | ToolCallPart:
    if ASK_USER in controls and len(turn.answers) < MAX_QUESTIONS:
        return ToolCallPart(ASK_USER, {"question": asked})
    return TextPart(f"Something is missing that only you know. {asked}")


def _calls(plan: Draft, turn: Turn, controls: set[str]) -> Parts:
    if not plan.linked:
        return [ToolCallPart(step.spec.name, dict(step.args)) for step in plan.steps]
    if SUBMIT_PLAN not in controls:
        return [TextPart("This takes several steps that depend on each other, and no plan can be submitted here.")]
    return [ToolCallPart(SUBMIT_PLAN, {"goal": turn.request, "steps": [_plan_step(step) for step in plan.steps]})]


def _plan_step(step: Step) -> dict[str, Any]:
    written: dict[str, Any] = {
        "id": step.id,
        "kind": "map" if step.for_each else "tool",
        "title": step.title,
        "tool": step.spec.name,
        "args": dict(step.args),
    }
    if step.for_each:
        written["for_each"] = dict(step.for_each)
    if step.after:
        written["depends_on"] = sorted(step.after, key=lambda name: int(name[1:]))
    return written


def _report(returned: Sequence[Returned], reading: frozenset[str]) -> str:
    """The answer, from all that the calls of this turn returned."""
    outcomes: list[answers.Outcome] = []
    for call in returned:
        if call.tool == SUBMIT_PLAN and call.outcome == "success":
            outcomes.extend(answers.steps_of_plan(call.content, reading))
        else:
            ended = answers.how_it_ended(call.outcome, call.content)
            outcomes.append(answers.Outcome(_call_title(call), ended, call.content, reads=call.tool in reading))
    return answers.answer(outcomes)


def _call_title(call: Returned) -> str:
    """`send_mail` to bo@example.com: the tool and the first thing it was given."""
    if call.tool == SUBMIT_PLAN:
        return "The plan"
    given = next((str(value) for value in call.args.values() if isinstance(value, str | int | float)), "")
    words = identifier_words(call.tool)
    if len(words) == 2 and words[0] not in VERBS and words[1] in VERBS:
        words = (words[1], "the", words[0])  # web_search
    name = " ".join(words).capitalize()
    return f"{name} ({given[:60]})" if given else name


def _metadata(definition: ToolDefinition) -> dict[str, Any]:
    return (definition.metadata or {}).get("agent_core") or {}


def _reads(definition: ToolDefinition) -> bool:
    return bool((_metadata(definition).get("traits") or {}).get("read_only"))


def _spec(definition: ToolDefinition) -> ToolSpec:
    known = _metadata(definition)
    return ToolSpec(
        definition.name,
        definition.description or "",
        definition.parameters_json_schema,
        tuple(known.get("examples") or ()),
        known.get("returns"),
    )
