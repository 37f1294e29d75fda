"""Finding the right tool among more than a thousand: recall@1, recall@5, recall at what a model is shown, and CPU.

The pool is the functions of the public function-calling cases, the bundled plugins' tools, and generated ones in the
way. Each case's request must find its function; requests of our own, in words of our own, must find bundled tools.
Beside the catalogue stands plain BM25 over names and descriptions, on the same pool.

The cases are read from `$AGENT_CORE_DATA/function_calling/dev.jsonl` (default: ../shared/data beside the checkout).
"""

from __future__ import annotations

import json
import math
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_core.tools.catalogue import SHOWN, Catalogue
from agent_core.tools.plugins import load_plugins
from agent_core.tools.tool import Tool
from tests.benchmarks.measure import table
from tests.benchmarks.requests import REQUESTS

DATA = Path(os.environ.get("AGENT_CORE_DATA") or Path(__file__).parents[3] / "shared" / "data")
CUTS = (1, 5, SHOWN)
_VERBS = {
    "list": "List all",
    "create": "Create a new",
    "update": "Change an existing",
    "delete": "Delete a",
    "archive": "Archive a",
    "share": "Share a",
    "export": "Export a",
    "approve": "Approve a",
}
_THINGS = """
invoice ticket shipment contract employee warehouse playlist recipe subscription campaign dashboard deployment
pipeline repository branch container cluster certificate coupon refund lead opportunity survey questionnaire
timesheet payslip vacancy candidate course lesson enrolment patient prescription ward policy claim premium
vehicle depot route driver parcel pallet supplier tender auction bid listing tenant lease meter sensor
firmware gateway widget template brochure banner newsletter webinar podcast episode storyboard sprite
"""

Cases = Sequence[tuple[frozenset[str], str]]
Finder = Callable[[str], Sequence[str]]


def distractors() -> dict[str, Tool]:
    """Generated tools of a business suite: eight verbs, sixty-odd things."""

    def made(verb: str, said: str, thing: str) -> Tool:
        properties: dict[str, Any] = {
            f"{thing}_id": {"type": "string", "description": f"Which {thing}."},
            "fields": {"type": "object", "description": f"Fields of the {thing}."},
            "limit": {"type": "integer", "description": "How many at most."},
        }
        schema = {"type": "object", "properties": properties}
        return Tool.from_schema(None, f"{verb}_{thing}", f"{said} {thing} in the business suite.", schema)

    return {f"{verb}_{thing}": made(verb, said, thing) for verb, said in _VERBS.items() for thing in _THINGS.split()}


def public_cases(path: Path) -> tuple[dict[str, Tool], Cases]:
    """The functions of the cases, by name, and each request with the functions that it needs."""
    tools: dict[str, Tool] = {}
    cases: list[tuple[frozenset[str], str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        for declared in case["tools"]:
            name = declared["name"]
            tools.setdefault(name, Tool.from_schema(None, name, declared["description"], declared["parameters"]))
        if case["truth"]:
            cases.append((frozenset(name for truth in case["truth"] for name in truth), case["request"]))
    return tools, cases


def plain_bm25(tools: Mapping[str, Tool]) -> Finder:
    """BM25 over names and descriptions as they are written, the floor."""
    documents = {name: Counter(_plain(f"{name} {tool.description}")) for name, tool in tools.items()}
    mean = sum(document.total() for document in documents.values()) / len(documents)
    holding = Counter(term for document in documents.values() for term in document)

    def find(request: str) -> Sequence[str]:
        def score(document: Counter[str]) -> float:
            norm = 1.2 * (0.25 + 0.75 * document.total() / mean)
            return sum(
                math.log(1 + (len(documents) - holding[term] + 0.5) / (holding[term] + 0.5))
                * document[term]
                * 2.2
                / (document[term] + norm)
                for term in set(_plain(request))
                if term in document
            )

        return sorted(documents, key=lambda name: (-score(documents[name]), name))[: max(CUTS)]

    return find


def _plain(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def recall(find: Finder, cases: Cases) -> list[float]:
    """Percent of the needed functions found among the first 1, 5 and SHOWN; then CPU milliseconds per request."""
    found = [0.0] * len(CUTS)
    started = time.process_time()
    for wanted, request in cases:
        ranked = find(request)
        for position, cut in enumerate(CUTS):
            found[position] += len(wanted & set(ranked[: max(cut, len(wanted))])) / len(wanted)
    took = 1000 * (time.process_time() - started) / len(cases)
    return [100 * hits / len(cases) for hits in found] + [took]


def main(quick: bool = False) -> None:
    """Measure and print; `quick` changes nothing, for it takes a second."""
    bundled = load_plugins().tools
    pool = {**distractors(), **bundled}
    sets: dict[str, Cases] = {
        f"{len(REQUESTS)} requests, bundled tools": [(frozenset([name]), text) for name, text in REQUESTS]
    }
    path = DATA / "function_calling" / "dev.jsonl"
    if path.is_file():
        public, cases = public_cases(path)
        pool = {**public, **pool}
        sets[f"{len(cases)} public cases"] = cases
    else:
        print(f"\n(no public cases: {path} is not there; set AGENT_CORE_DATA)")
    started = time.process_time()
    catalogue = Catalogue(pool)
    catalogue.find("the first request pays for the index")
    built_ms = 1000 * (time.process_time() - started)
    finders: dict[str, Finder] = {
        "plain BM25": plain_bm25(pool),
        "catalogue": lambda request: [tool.name for tool in catalogue.find(request, limit=max(CUTS))],
    }
    rows = [[f"{name}: {said}", *recall(find, cases)] for said, cases in sets.items() for name, find in finders.items()]
    table(
        f"Finding tools among {len(pool):,} (index built in {built_ms:.0f} ms CPU)",
        ["finder: requests", *(f"recall@{cut} %" for cut in CUTS), "CPU ms"],
        rows,
    )
