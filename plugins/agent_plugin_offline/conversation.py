"""What stands in a message history for a model of rules: the request, what was answered, what calls returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, ToolCallPart, ToolReturnPart, UserPromptPart

ASK_USER = "ask_user"
SUBMIT_PLAN = "submit_plan"
DELEGATE = "delegate"
CONTROL_TOOLS = frozenset({ASK_USER, SUBMIT_PLAN, DELEGATE})
"""Tools of the runtime's own; they steer a run and are never chosen for what a request says."""


Part = TypeVar("Part")


@dataclass(frozen=True)
class Returned:
    """One call of the present turn and how it ended."""

    tool: str
    args: Mapping[str, Any]
    content: Any
    outcome: str
    """pydantic-ai's word for it: success, failed, denied, interrupted or retried."""


@dataclass(frozen=True)
class Turn:
    """What has happened since the user last spoke."""

    request: str
    """The user's own words. Attached files and piped text are not among them: they never steer a plan."""
    answers: tuple[str, ...]
    """What the user answered to questions, in order."""
    returned: tuple[Returned, ...]
    """The finished calls, control tools left out but for `submit_plan`, in the order they were made."""
    earlier: str = ""
    """The last answer before this turn: what "it" may mean when the conversation goes on."""
    previous: str = ""
    """The request before this one: what "and on Friday?" goes on with."""


def read_turn(messages: Sequence[ModelMessage]) -> Turn:
    """Read the present turn from the end of a history."""
    start = _last_prompt(messages)
    calls = {part.tool_call_id: part for part in _parts(messages[start:], ToolCallPart)}
    returned: list[Returned] = []
    answers: list[str] = []
    for part in _parts(messages[start:], ToolReturnPart):
        call = calls.get(part.tool_call_id)
        if part.tool_name == ASK_USER:
            answers.append(_answer_text(part.content))
        elif part.tool_name not in CONTROL_TOOLS or part.tool_name == SUBMIT_PLAN:
            args = call.args_as_dict() if call else {}
            returned.append(Returned(part.tool_name, args, part.content, part.outcome))
    before = messages[:start]
    return Turn(
        _prompt_text(messages[start]) if messages else "",
        tuple(answers),
        tuple(returned),
        _answered(before),
        _prompt_text(before[_last_prompt(before)]) if before else "",
    )


def _last_prompt(messages: Sequence[ModelMessage]) -> int:
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        if isinstance(message, ModelRequest) and any(isinstance(part, UserPromptPart) for part in message.parts):
            return index
    return 0


def _prompt_text(message: ModelMessage) -> str:
    prompts = [part for part in message.parts if isinstance(part, UserPromptPart)]
    if not prompts:
        return ""
    content = prompts[-1].content
    if isinstance(content, str):
        return content
    first = content[0] if content else ""
    return first if isinstance(first, str) else str(getattr(first, "content", ""))


def _parts(messages: Sequence[ModelMessage], kind: type[Part]) -> list[Part]:
    return [part for message in messages for part in message.parts if isinstance(part, kind)]


def _answer_text(content: Any) -> str:
    """The user's words in a return of `ask_user`: a string, or an object that holds one."""
    if isinstance(content, Mapping):
        content = next((content[key] for key in ("answer", "text", "reply") if key in content), "")
    return str(content).strip()


def _answered(messages: Sequence[ModelMessage]) -> str:
    for message in reversed(messages):
        if isinstance(message, ModelResponse) and message.text:
            return message.text
    return ""
