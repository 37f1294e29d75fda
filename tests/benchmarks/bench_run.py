"""CPU of one run of three sequential tool calls: ours, whole, beside bare pydantic-ai with the same tools and model.

The model answers at once and by rule: a call whose argument is what the call before it returned, three times, then the
number it ended with. So both sides make the same four requests, and a run is a success when that number is right.
`one plan` is the same work submitted as one plan with references: the model is asked twice.

Ours is measured with the journal as it ships (every write synced to the disk), with the syncs left out, and in memory
(a state folder on a RAM disk, without syncs), so that what the disk costs and what our own work costs stand apart. The
budget is ours without syncs <= bare pydantic-ai, with 100 tools.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic_ai
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agent_core import Assistant, Tool
from tests.benchmarks.measure import interleaved, table

TOOLS = (5, 20, 100)
REQUEST = "Advance the number 7 three times and tell me where it ends"
EXPECTED = "It ends at 63."
RAM_DISK = Path("/dev/shm")


def advance(number: int, step: int = 1) -> int:
    """Advance a number: double it and add a step.

    Args:
        number: The number to advance.
        step: What to add.
    """
    return number * 2 + step


def _distractors(count: int) -> list[Callable[..., str]]:
    """Other tools, with the parameters that tools have."""

    def named(position: int) -> Callable[..., str]:
        def look_up(query: str, limit: int = 10, region: str | None = None) -> str:
            return f"{query} {limit} {region}"

        look_up.__name__ = f"look_up_{position}"
        look_up.__doc__ = (
            f"Look something up in archive number {position}.\n\nArgs:\n    query: What to look for.\n"
            "    limit: How many entries at most.\n    region: Where; left out, everywhere.\n"
        )
        return look_up

    return [named(position) for position in range(count)]


@dataclass
class CountingModel:
    """The rule, and how often it was asked."""

    plan: bool = False
    requests: int = 0

    @property
    def model(self) -> FunctionModel:
        """A model that follows the rule."""
        return FunctionModel(self._respond, model_name="rule")

    def _respond(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        self.requests += 1
        returned = [part for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]
        if self.plan:
            return self._planned(returned)
        if len(returned) == 3:
            return ModelResponse(parts=[TextPart(f"It ends at {returned[-1].content}.")])
        number = returned[-1].content if returned else 7
        return ModelResponse(parts=[ToolCallPart("advance", {"number": number}, f"call_{len(returned)}")])

    @staticmethod
    def _planned(returned: list[ToolReturnPart]) -> ModelResponse:
        if returned:
            content: Any = returned[-1].content
            return ModelResponse(parts=[TextPart(f"It ends at {content['steps'][-1]['result']}.")])
        numbers: list[Any] = [7, {"$from": "s1"}, {"$from": "s2"}]
        steps = [{"id": f"s{i}", "tool": "advance", "args": {"number": n}} for i, n in enumerate(numbers, 1)]
        return ModelResponse(parts=[ToolCallPart("submit_plan", {"goal": "advance", "steps": steps}, "call_plan")])


@dataclass
class Variant:
    """One of the things compared, and what became of its runs."""

    run: Callable[[], Awaitable[str]]
    counter: CountingModel
    runs: int = 0
    right: int = 0

    async def __call__(self) -> None:
        """Run once and keep count."""
        self.right += await self.run() == EXPECTED
        self.runs += 1


def _bare(functions: list[Callable[..., Any]]) -> Variant:
    counter = CountingModel()
    agent = pydantic_ai.Agent(counter.model, tools=functions)

    async def run() -> str:
        return str((await agent.run(REQUEST)).output)

    return Variant(run, counter)


def _ours(
    functions: list[Callable[..., Any]], home: Path, *, syncs: bool, plan: bool, stack: AsyncExitStack
) -> Variant:
    from agent_core import tool

    counter = CountingModel(plan=plan)
    tools: list[Tool] = [tool(read_only=True)(function) for function in functions]
    assistant = Assistant(counter.model, tools=tools, plugins=False, home=home, workspace=home.parent)
    stack.push_async_callback(assistant.aclose)
    if not syncs:
        # For measuring only: without syncs, a power cut could lose what the assistant said was done.
        assistant.parts.journal.execute("PRAGMA synchronous=OFF")

    async def run() -> str:
        return (await assistant.ask(REQUEST)).text

    return Variant(run, counter)


async def _measure(count: int, folder: Path, memory: Path, repeats: int) -> list[list[object]]:
    functions: list[Callable[..., Any]] = [advance, *_distractors(count - 1)]
    async with AsyncExitStack() as stack:
        variants = {"bare pydantic-ai": _bare(functions)}
        for name, home, syncs, plan in (
            ("ours", folder / f"synced-{count}", True, False),
            ("ours, no syncs", folder / f"unsynced-{count}", False, False),
            ("ours, in memory", memory / f"memory-{count}", False, False),
            ("ours, no syncs, one plan", folder / f"planned-{count}", False, True),
        ):
            variants[name] = _ours(functions, home, syncs=syncs, plan=plan, stack=stack)
        took = await interleaved(variants, repeats)
    bare = took["bare pydantic-ai"]
    return [
        [
            f"{count} tools, {name}",
            took[name],
            took[name] / bare,
            variant.counter.requests / variant.runs,
            f"{variant.right}/{variant.runs}",
        ]
        for name, variant in variants.items()
    ]


def main(quick: bool = False) -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryDirectory(dir=RAM_DISK if RAM_DISK.is_dir() else None) as memory,
    ):
        for count in TOOLS:
            rows = asyncio.run(_measure(count, Path(folder), Path(memory), repeats=5 if quick else 40))
            table(
                f"Three sequential calls, {count} tools registered (budget: no syncs <= 1.00 with 100 tools)",
                ["variant", "CPU ms", "x bare", "requests", "right"],
                rows,
            )
