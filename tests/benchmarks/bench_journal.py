"""What the journal costs: bytes per run, and CPU and wall time per call, by how it is synced to the disk.

The run is the one of `bench_run`: three sequential calls, each a commit before and after the effect. The variants take
turns in one process, on one disk, so that their ratios mean something; wall time is the disk's as much as ours. It
ships with `FULL` (a power cut loses nothing that was said to be done) and with deleted rows overwritten.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from agent_core import Assistant, tool
from tests.benchmarks.bench_run import EXPECTED, REQUEST, CountingModel, advance
from tests.benchmarks.measure import interleaved_times, table

CALLS = 3
VARIANTS = {
    "FULL (as it ships)": ("FULL", "ON"),
    "NORMAL": ("NORMAL", "ON"),
    "OFF": ("OFF", "ON"),
    "FULL, deleted rows not overwritten": ("FULL", "OFF"),
}


def _assistant(home: Path, synchronous: str, secure_delete: str, stack: AsyncExitStack) -> Assistant:
    tools = [tool(undo_note="A number.")(advance)]  # an action: its intent is written before it runs
    assistant = Assistant(
        CountingModel().model, tools=tools, plugins=False, home=home, workspace=home.parent, allow=["*"]
    )
    stack.push_async_callback(assistant.aclose)
    assistant.parts.journal.execute(f"PRAGMA synchronous={synchronous}")
    assistant.parts.journal.execute(f"PRAGMA secure_delete={secure_delete}")
    return assistant


def _run(assistant: Assistant) -> Callable[[], Any]:
    async def run() -> None:
        answer = await assistant.ask(REQUEST)
        assert answer.text == EXPECTED, answer.text

    return run


async def _times(folder: Path, repeats: int) -> list[list[object]]:
    async with AsyncExitStack() as stack:
        runs = {
            name: _run(_assistant(folder / str(number), *how, stack))
            for number, (name, how) in enumerate(VARIANTS.items())
        }
        took = await interleaved_times(runs, repeats)
    cpu_off, wall_off = took["OFF"]
    return [[name, cpu / CALLS, wall / CALLS, cpu / cpu_off, wall / wall_off] for name, (cpu, wall) in took.items()]


async def _bytes(home: Path, runs: int) -> list[list[object]]:
    async with AsyncExitStack() as stack:
        assistant = _assistant(home, "OFF", "ON", stack)
        journal, run = assistant.parts.journal, _run(assistant)
        journal.execute("PRAGMA wal_autocheckpoint=0")
        await run()
        journal.row("PRAGMA wal_checkpoint(TRUNCATE)")
        before = journal.path.stat().st_size
        for _ in range(runs):
            await run()
        written = journal.path.with_name("journal.db-wal").stat().st_size
        journal.row("PRAGMA wal_checkpoint(TRUNCATE)")
        kept = journal.path.stat().st_size - before
    return [["kept in the file", kept / runs / 1024], ["written to the log", written / runs / 1024]]


def main(quick: bool = False) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(_times(Path(folder) / "times", repeats=5 if quick else 60))
        table(
            "A call of a run with three actions, by PRAGMA synchronous",
            ["variant", "CPU ms", "wall ms", "x CPU of OFF", "x wall of OFF"],
            rows,
        )
        sizes = asyncio.run(_bytes(Path(folder) / "bytes", runs=20 if quick else 300))
        table("Bytes of such a run", ["where", "KiB"], sizes)
