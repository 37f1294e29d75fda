"""What loading each plugin costs, in a process that has loaded the registry and nothing else."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys

from tests.benchmarks.measure import table

LOAD = """
import json, sys, time
from agent_core.tools.plugins import load_plugins
load_plugins(False)
before = set(sys.modules)
started = time.process_time()
plugins = load_plugins({select})
cpu_ms = 1000 * (time.process_time() - started)
failed = [report.name for report in plugins.reports if report.status == "failed"]
print(json.dumps([cpu_ms, len(set(sys.modules) - before), len(plugins.tools), failed]))
"""


def _load(select: object) -> tuple[float, int, int]:
    command = [sys.executable, "-c", LOAD.format(select=repr(select))]
    cpu_ms, modules, tools, failed = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if failed:
        raise SystemExit(f"these plugins do not load, so their time says nothing: {failed}")
    return cpu_ms, modules, tools


def main(quick: bool = False) -> None:
    """Measure and print: each plugin alone in a fresh process, and all of them together."""
    from agent_core.tools.plugins import plugin_names

    selections: dict[str, object] = {name: [name] for name in plugin_names()} | {"all together": None}
    measured: dict[str, list[tuple[float, int, int]]] = {name: [] for name in selections}
    for _ in range(2 if quick else 7):
        for name, select in selections.items():
            measured[name].append(_load(select))
    rows = [
        [name, statistics.median(cpu_ms for cpu_ms, _, _ in loads), loads[0][1], loads[0][2]]
        for name, loads in measured.items()
    ]
    table("Loading plugins", ["plugin", "CPU ms", "modules", "tools"], rows)
