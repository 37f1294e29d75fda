"""CPU of planning a request by rules: with all bundled tools, with half of them, and with a few.

The requests are those that the plugin's tests plan. Prepared once per set of tools (vocabularies, schemas), so the
first requests are not counted.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from agent_core.tools.plugins import load_plugins
from agent_plugin_offline.compound import draft
from agent_plugin_offline.proposals import ToolSpec
from tests.benchmarks.measure import table

REQUESTS = Path(__file__).parents[1] / "plugins" / "data" / "offline_requests.txt"


def main(quick: bool = False) -> None:
    """Measure and print."""
    tools = list(load_plugins(None).tools.values())
    specs = [ToolSpec(t.name, t.description, t.parameters, tuple(t.examples), t.returns) for t in tools]
    reading = frozenset(tool.name for tool in tools if tool.traits.read_only)
    lines = [line for line in REQUESTS.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    requests = [line.split(" => ", 1)[0] for line in lines][:: 20 if quick else 4]
    sets = {f"all {len(specs)} tools": specs, f"{len(specs) // 2} of them": specs[::2], "4 of them": specs[::8]}
    spent = {name: _cpu_ms(requests, chosen, reading) for name, chosen in sets.items()}
    base = next(iter(spent.values()))
    table(
        f"Planning {len(requests)} requests without a language model",
        ("tools", "CPU ms per request", "ratio"),
        [(name, ms, ms / base) for name, ms in spent.items()],
    )


def _cpu_ms(requests: Sequence[str], tools: Sequence[ToolSpec], reading: frozenset[str]) -> float:
    for request in requests[:5]:
        draft(request, tools, reading)
    started = time.process_time()
    for request in requests:
        draft(request, tools, reading)
    return 1000 * (time.process_time() - started) / len(requests)
