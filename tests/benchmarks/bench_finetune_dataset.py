"""What it costs to make a dataset of a journal: CPU seconds and peak memory, at two sizes of the same kind of journal.

The runs are real ones, of a scripted model with a dozen tools: each a call with its result, and an answer. The build
runs in a process of its own, so that its memory is its own; that it hardly grows with the journal shows that it
streams.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

from agent_core import Assistant, Tool
from tests.benchmarks.measure import table

_BUILD = """
import json, resource, sys, time
from pathlib import Path
from agent_core import open_traces
from agent_finetune.dataset.building import build
began = time.process_time()
with open_traces(Path(sys.argv[1])) as traces:
    card = build(traces, Path(sys.argv[2]), b"k" * 32)
size = sum(file["bytes"] for file in card["files"].values())
print(json.dumps([card["examples"]["all"], size, time.process_time() - began,
                  resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
_TOOLS = 12
_WORDS = (
    "invoice", "garden", "harbour", "contract", "engine", "recipe", "ticket", "museum", "battery", "letter", "parcel",
    "window", "bridge", "orchard",
)  # fmt: skip
_PEOPLE = ("Katarzyna Nowak", "Giulia Ferrari", "Ingrid Larsen", "Pedro Gonçalves", "Olga Horváth")


def _tools() -> list[Tool]:
    parameters = {
        "type": "object",
        "properties": {"what": {"type": "string"}, "count": {"type": "integer"}},
        "required": ["what"],
    }

    def find(what: str, count: int = 1) -> str:
        return f"Found {count} of {what}."

    return [
        Tool.from_schema(find, f"find_{word}", f"Find a {word}.", parameters, read_only=True)
        for word in _WORDS[:_TOOLS]
    ]


class _Model:
    """Calls a tool with the words of the request, then answers with them."""

    def __init__(self) -> None:
        self.asked: tuple[str, str, int] = "", "", 0
        self.model = FunctionModel(self._respond, model_name="scripted")

    def _respond(self, messages: list[Any], info: Any) -> ModelResponse:
        tool, what, count = self.asked
        if any(part.part_kind == "tool-return" for part in messages[-1].parts):
            return ModelResponse(parts=[TextPart(f"There are {count} of {what}.")])
        return ModelResponse(parts=[ToolCallPart(tool, {"what": what, "count": count})])


async def _fill(home: Path, runs: int) -> None:
    chance, model = random.Random(1), _Model()
    options: dict[str, Any] = {"plugins": False, "mcp": False, "home": home, "workspace": home.parent}
    async with Assistant(model.model, tools=_tools(), **options) as assistant:
        assistant.parts.journal.execute("PRAGMA synchronous=OFF")
        for _ in range(runs):
            what = " ".join(chance.choices(_WORDS, k=4)) + f" of {chance.choice(_PEOPLE)}"
            model.asked = f"find_{_WORDS[chance.randrange(_TOOLS)]}", what, chance.randrange(2, 9999)
            await assistant.ask(f"Please find {model.asked[2]} of the {what} and mail clerk{model.asked[2]}@office.org")


def _measured(folder: Path, runs: int) -> list[object]:
    home = folder / f"home{runs}"
    asyncio.run(_fill(home, runs))
    command = [sys.executable, "-c", _BUILD, str(home), str(folder / f"dataset{runs}")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    examples, size, cpu_s, mib = json.loads(done.stdout)
    return [f"{runs:,} runs", examples, size / 2**20, cpu_s, 10_000 * cpu_s / runs, mib]


def main(quick: bool = False) -> None:
    """Measure and print."""
    sizes = (50, 500) if quick else (1_000, 10_000)
    with tempfile.TemporaryDirectory() as folder:
        rows = [_measured(Path(folder), runs) for runs in sizes]
    header = ["journal", "examples", "MiB written", "CPU s", "CPU s per 10,000 runs", "peak MiB"]
    table("A dataset of a journal", header, rows)
