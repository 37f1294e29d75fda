"""One run with ten million characters somewhere in it: `python -m tests.adversarial.flooded WAY`.

Prints, as JSON, how the run ended, how much the model was sent, and the most memory that the process took, before and
after. The process has limits of its own, so that a flood that is not bounded ends it instead of the machine.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agent_core import Assistant, ToolError, tool

CHARS = 10_000_000
TEXT = "some words of a text. " * (CHARS // 22 + 1)
CPU_S, MEMORY_BYTES = 200, 8 * 1024**3
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "a result": ("long_result", {}),
    "a result of an isolated tool": ("isolated_result", {}),
    "a failure": ("long_failure", {}),
    "an argument": ("echo", {"text": TEXT}),
    "a name": (TEXT, {}),
    "a plan": ("submit_plan", {"goal": TEXT, "steps": [{"id": "s1", "kind": "answer", "goal": TEXT}]}),
    "a question": ("ask_user", {"question": TEXT}),
}


@tool(read_only=True)
def long_result() -> str:
    """Return much."""
    return TEXT


@tool(read_only=True, isolated=True)
def isolated_result() -> str:
    """Return much, from a process of its own."""
    return TEXT


@tool(read_only=True)
def long_failure() -> str:
    """Fail with many words."""
    raise ToolError(TEXT)


@tool(read_only=True)
def echo(text: str) -> str:
    """Take a text."""
    return "ok"


async def flood(way: str, home: Path) -> dict[str, Any]:
    sent: list[int] = []

    def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        parts = [part for m in messages if isinstance(m, ModelRequest) for part in m.parts]
        sent.append(sum(len(str(part.content)) for part in parts))
        if way == "a reply":
            return ModelResponse([TextPart(TEXT)])
        if len(sent) == 1:
            name, args = CALLS[way]
            return ModelResponse([ToolCallPart(name, args, "c1")])
        return ModelResponse([TextPart("That is all.")])

    tools = [long_result, isolated_result, long_failure, echo]
    model = FunctionModel(respond, model_name="flood")
    (home / "workspace").mkdir()
    async with Assistant(model, tools=tools, plugins=False, home=home, workspace=home / "workspace") as assistant:
        before = _most_memory_mb()
        answer = await assistant.ask("Go on")
        error = answer.error["message"] if answer.error else ""
        return {
            "status": answer.status,
            "answer_chars": len(answer.text),
            "error_chars": max(len(error), *(len((c.error or {}).get("message", "")) for c in answer.calls), 0),
            "sent_chars": max(sent),
            "mb": [before, _most_memory_mb()],
        }


def _most_memory_mb() -> int:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1024**2 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    with tempfile.TemporaryDirectory() as name:
        print(json.dumps(asyncio.run(flood(sys.argv[1], Path(name)))))
