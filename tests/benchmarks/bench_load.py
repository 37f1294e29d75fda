"""100 conversations at once in one process, 10,000 runs: memory, events, and whether everybody gets on.

Each run is a plan of two calls, one of them an action, and an answer; a conversation is ten runs long. The model is
scripted, the state folder lies on a RAM disk where there is one: what is measured is ours. Memory is the resident set
after a collection, at the end and after the first tenth of the runs.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, DeltaToolCall, FunctionModel

from agent_core import Assistant, tool
from agent_core.events import Event
from agent_core.journal.store import Journal
from tests.benchmarks.bench_run import RAM_DISK
from tests.benchmarks.measure import table

RUNS_PER_CONVERSATION = 10
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@tool(read_only=True)
async def look_up(what: str) -> str:
    """Look something up."""
    await asyncio.sleep(0)
    return f"{what}: known"


@tool(undo_note="It is a benchmark.")
async def note_down(text: str) -> str:
    """Note something down."""
    await asyncio.sleep(0)
    return f"noted {text}"


def _respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    last = messages[-1]
    assert isinstance(last, ModelRequest)
    if returned := [part for part in last.parts if isinstance(part, ToolReturnPart)]:
        content: Any = returned[0].content
        return ModelResponse(parts=[TextPart(f"So: {content['steps'][-1]['result']}")])
    name = str(last.parts[0].content)
    steps = [
        {"id": f"s{len(messages)}a", "tool": "look_up", "args": {"what": name}},
        {"id": f"s{len(messages)}b", "tool": "note_down", "args": {"text": {"$from": f"s{len(messages)}a"}}},
    ]
    return ModelResponse(parts=[ToolCallPart("submit_plan", {"goal": name, "steps": steps}, f"plan_{len(messages)}")])


async def _stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[Any]:
    for part in _respond(messages, info).parts:
        if isinstance(part, TextPart):
            yield part.content
        elif isinstance(part, ToolCallPart):
            yield {0: DeltaToolCall(part.tool_name, json.dumps(part.args), tool_call_id=part.tool_call_id)}


@dataclass
class _Load:
    """What happened so far."""

    assistant: Assistant
    total: int
    heard: Counter[str]
    done: Counter[int] = field(default_factory=Counter[int])
    right: int = 0
    rss_early: int = 0
    rss_end: int = 0
    slowest_when_first_ended: int = 0

    async def one(self, worker: int, runs: int) -> None:
        """One after the other, as somebody at a terminal asks."""
        conversation: str | None = None
        for number in range(runs):
            name = f"question {worker}.{number}"
            answer = await self.assistant.ask(name, conversation=conversation)
            conversation = answer.conversation_id if (number + 1) % RUNS_PER_CONVERSATION else None
            self.right += answer.text == f"So: noted {name}: known"
            self.done[worker] += 1
            if self.done.total() == self.total // 10:
                self.rss_early = _rss()
        if not self.slowest_when_first_ended:
            self.slowest_when_first_ended = min(self.done.values())


def _rss() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


async def _load(home: Path, conversations: int, total: int) -> _Load:
    heard: Counter[str] = Counter()

    def listener(event: Event) -> None:
        heard[event.run_id] += event.kept

    assistant = Assistant(
        FunctionModel(_respond, stream_function=_stream, model_name="scripted"),
        tools=[look_up, note_down],
        plugins=False,
        home=home,
        workspace=home.parent,
        allow=["*"],
        listener=listener,
    )
    load = _Load(assistant, total, heard)
    async with assistant:
        await asyncio.gather(*(load.one(worker, total // conversations) for worker in range(conversations)))
        load.rss_end = _rss()
    return load


def _events(home: Path, heard: Counter[str]) -> tuple[int, int, int]:
    """(how many were heard, how many of these the journal has not, runs whose numbers have gaps)."""
    with closing(Journal(home / "journal.db")) as journal:
        rows = journal.rows(
            "SELECT run_id, count(*) AS n, min(seq) AS first, max(seq) AS last FROM events GROUP BY run_id"
        )
    kept = {str(row["run_id"]): int(row["n"]) for row in rows}
    lost = sum(max(0, count - kept.get(run_id, 0)) for run_id, count in heard.items())
    return heard.total(), lost, sum((row["first"], row["last"]) != (1, row["n"]) for row in rows)


def main(quick: bool = False) -> None:
    """Measure and print."""
    conversations, total = (20, 400) if quick else (100, 10_000)
    with tempfile.TemporaryDirectory(dir=RAM_DISK if RAM_DISK.is_dir() else None) as folder:
        home = Path(folder) / "home"
        cpu, wall = time.process_time(), time.perf_counter()
        load = asyncio.run(_load(home, conversations, total))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        heard, lost, gaps = _events(home, load.heard)
        size = (home / "journal.db").stat().st_size
    each = total // conversations
    rows: list[list[object]] = [
        ["runs that ended right", f"{load.right:,} of {total:,}"],
        ["resident set at the end / after a tenth of the runs", load.rss_end / load.rss_early],
        ["  in MB", f"{load.rss_end / 1e6:.0f} / {load.rss_early / 1e6:.0f}"],
        ["events heard / lost / runs with gaps", f"{heard:,} / {lost} / {gaps}"],
        ["runs of the slowest when the first has ended all", f"{load.slowest_when_first_ended} of {each}"],
        ["journal, KiB per run", size / total / 1024],
        ["CPU ms per run", 1000 * cpu / total],
        ["wall ms per run", 1000 * wall / total],
    ]
    table(f"{conversations} conversations at once, {total:,} runs, one process", ["what", "measured"], rows)
