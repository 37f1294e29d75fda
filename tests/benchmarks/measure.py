"""How everything here is measured: CPU seconds, interleaved, medians; and how the tables are printed.

Wall time on a shared machine says little; CPU time of variants that take turns in one process says which costs more.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence


async def interleaved(
    variants: Mapping[str, Callable[[], Awaitable[object]]], repeats: int, warm_up: int = 3
) -> dict[str, float]:
    """Median CPU milliseconds (all threads of this process) of each variant; they take turns `repeats` times."""
    return {name: cpu_ms for name, (cpu_ms, _) in (await interleaved_times(variants, repeats, warm_up)).items()}


async def interleaved_times(
    variants: Mapping[str, Callable[[], Awaitable[object]]], repeats: int, warm_up: int = 3
) -> dict[str, tuple[float, float]]:
    """The same, as (CPU, wall) milliseconds."""
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in variants}
    for turn in range(warm_up + repeats):
        for name, work in variants.items():
            started = time.process_time(), time.perf_counter()
            await work()
            if turn >= warm_up:
                seconds[name].append((time.process_time() - started[0], time.perf_counter() - started[1]))
    return {
        name: (1000 * statistics.median(cpu for cpu, _ in took), 1000 * statistics.median(wall for _, wall in took))
        for name, took in seconds.items()
    }


def child_cpu_ms(commands: Mapping[str, Sequence[str]], repeats: int) -> dict[str, float]:
    """Median CPU milliseconds, user and system, of each command; they take turns after a first that warms caches."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(1 + repeats):
        for name, command in commands.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if turn:
                seconds[name].append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {name: 1000 * statistics.median(measured) for name, measured in seconds.items()}


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a header; the first column is text, the others line up on the right."""
    cells = [[f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    print(f"\n{title}")
    for number, row in enumerate(cells):
        first, *rest = row
        print("  " + "  ".join([first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(rest, widths[1:], strict=True))]))
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))
