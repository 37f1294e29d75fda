"""For tests of plugins and of apps: a scripted model, an assistant without surroundings, and a tool's conformance.

In your `conftest.py`: `pytest_plugins = ["agent_core.testing"]`. It brings the fixtures `assistants`, `approver` and
`tool_context`. Nothing here reaches a network, a real model or the developer's own state folder.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from agent_core.assistant import Assistant
from agent_core.gate.pending import Pending
from agent_core.tools.context import ToolContext
from agent_core.tools.tool import Preview, Tool

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage, ToolCallPart
    from pydantic_ai.models.function import FunctionModel

Turn: TypeAlias = "str | ToolCallPart | Sequence[ToolCallPart] | Callable[[list[ModelMessage]], Any]"
"""What the model says in one turn: text, a call, several calls, or a function of the messages to one of these."""


def call(tool: str, /, call_id: str | None = None, **args: Any) -> ToolCallPart:
    """A model's call of a tool."""
    from pydantic_ai.messages import ToolCallPart

    return ToolCallPart(tool, args, call_id or f"call_{tool}")


class Script:
    """A model's turns, and what it was asked: `requests[i]` holds the messages of the i-th request."""

    def __init__(self, *turns: Turn) -> None:
        self._turns = list(turns)
        self.requests: list[list[ModelMessage]] = []
        self.tools_shown: list[list[str]] = []

    @property
    def model(self) -> FunctionModel:
        """The model that follows this script; it fails when it is asked more often than the script has turns."""
        from pydantic_ai.models.function import FunctionModel

        return FunctionModel(self._respond, stream_function=self._stream, model_name="scripted")

    def _respond(self, messages: list[Any], info: Any) -> Any:
        from pydantic_ai.messages import ModelResponse, TextPart

        said = self._next(messages, info)
        return ModelResponse(parts=[TextPart(said)] if isinstance(said, str) else said)

    async def _stream(self, messages: list[Any], info: Any) -> AsyncIterator[Any]:
        from pydantic_ai.models.function import DeltaToolCall

        said = self._next(messages, info)
        if isinstance(said, str):
            for word in said.split(" "):
                yield word if word == said.split(" ")[-1] else word + " "
            return
        for position, part in enumerate(said):
            yield {position: DeltaToolCall(part.tool_name, json.dumps(part.args), tool_call_id=part.tool_call_id)}

    def _next(self, messages: list[Any], info: Any) -> str | list[ToolCallPart]:
        from pydantic_ai.messages import ToolCallPart

        self.requests.append(list(messages))
        self.tools_shown.append([tool.name for tool in info.function_tools])
        if len(self.requests) > len(self._turns):
            raise AssertionError(f"the script has {len(self._turns)} turns and the model was asked once more")
        turn = self._turns[len(self.requests) - 1]
        if callable(turn):
            turn = turn(messages)
        if isinstance(turn, ToolCallPart):
            return [turn]
        return turn if isinstance(turn, str) else list(turn)


class Approver:
    """Answers what waits as the test says; `asked` holds every question. Without an answer set, nobody is there."""

    def __init__(self) -> None:
        self.asked: list[Pending] = []
        self.answer: Callable[[Pending], str | dict[str, Any] | bool | None] = lambda pending: None

    async def __call__(self, assistant: Assistant, pending: Pending) -> None:
        """True approves, a dict approves with these arguments, False denies, a text answers or denies with it."""
        self.asked.append(pending)
        said = self.answer(pending)
        if said is True or isinstance(said, dict):
            await assistant.approve(pending.id, arguments=said if isinstance(said, dict) else None)
        elif isinstance(said, str) and pending.kind == "question":
            await assistant.reply(pending.id, said)
        elif said is not None:
            await assistant.deny(pending.id, said or "no")


@pytest.fixture
def approver() -> Approver:
    """Somebody who is there; pass it to an assistant and set `answer`."""
    return Approver()


@pytest.fixture
def tool_context(tmp_path: Path) -> ToolContext:
    """The surroundings of a call: an empty workspace and an empty folder of the plugin's own."""
    workspace = tmp_path / "workspace"
    workspace.mkdir(exist_ok=True)
    return ToolContext(workspace=workspace, data_dir=tmp_path / "data")


@pytest.fixture
def assistants(tmp_path: Path) -> Iterator[Callable[..., Assistant]]:
    """Makes assistants on an empty home and workspace of this test, with the options of `Assistant`."""
    made: list[Assistant] = []

    def make(model: Any = "offline", **options: Any) -> Assistant:
        workspace = tmp_path / "workspace"
        workspace.mkdir(exist_ok=True)
        model = model.model if isinstance(model, Script) else model
        options = {"home": tmp_path / "home", "workspace": workspace, "plugins": False, **options}
        made.append(Assistant(model, **options))
        return made[-1]

    yield make
    for assistant in made:
        asyncio.run(assistant.aclose())


async def check_tool(tool: Tool, args: dict[str, Any], context: ToolContext) -> Any:
    """Conformance of a tool, on arguments that it accepts; returns its result.

    Its schema, return schema and hash can be made; it refuses what its schema does not know; its preview changes
    nothing, and is the same when computed twice; a read-only tool leaves the workspace as it was; its result is JSON.
    """
    from agent_core.errors import ToolArgumentError
    from agent_core.tools.execution import preview_tool, run_tool
    from agent_core.tools.isolation import IsolatedRunner

    assert tool.description, "a tool needs a description"
    assert tool.examples, "a tool needs examples of requests that it answers"
    assert tool.schema_hash
    json.dumps([tool.parameters, tool.returns])
    with pytest.raises(ToolArgumentError):
        tool.arguments.validate({**args, "no_such_parameter": 1})
    validated = tool.arguments.validate(args, context.settings)
    again = tool.arguments.validate(validated, context.settings)
    assert again == validated, "validated arguments must validate to themselves"

    before = _contents(context.workspace)
    first: Preview = await preview_tool(tool, validated, context)
    assert first == await preview_tool(tool, validated, context), "a preview must not change by itself"
    assert _contents(context.workspace) == before, "a preview must not change anything"
    isolation = IsolatedRunner()
    try:
        result = await run_tool(tool, validated, context, isolation)
    finally:
        await isolation.aclose()
    json.dumps(result, allow_nan=False)
    if tool.traits.read_only:
        assert _contents(context.workspace) == before, "a read-only tool must not change the workspace"
    return result


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
