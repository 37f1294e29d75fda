"""Questions in words to the tables: how many are answered right, refused, and answered wrong.

python -m tests.benchmarks graph_questions FILE --mapping M --folder F [--show]

FILE has a line of JSON for each: {"question": ..., "answer": a number or name, a list of them, an object of groups, or
null where the tables do not answer it}. Numbers are compared with the digits that are given, lists without their order.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_plugin_graph import Graph, TableAnswer
from tests.benchmarks.measure import table


def main(quick: bool = False, arguments: Sequence[str] = ()) -> None:
    """Ask them all and print the counts; with --show, each that was not right."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks graph_questions")
    parser.add_argument("file", type=Path)
    parser.add_argument("--mapping", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--show", action="store_true")
    chosen = parser.parse_args(arguments)
    asked = [json.loads(line) for line in chosen.file.read_text("utf-8").splitlines() if line.strip()]
    counts = dict.fromkeys(("right", "refused", "wrong", "refused, rightly", "answered, wrongly"), 0)
    with tempfile.TemporaryDirectory() as scratch, Graph.open(f"sqlite:///{scratch}/tables.db") as graph:
        graph.load_tables(chosen.mapping, chosen.folder)
        for one in asked[:: 5 if quick else 1]:
            outcome, said = _outcome(graph, one["question"], one["answer"])
            counts[outcome] += 1
            if chosen.show and outcome not in ("right", "refused, rightly"):
                print(f"{outcome}: {one['question']}\n  expected {one['answer']!r:.200}\n  {said:.600}")
    table(f"{sum(counts.values())} questions in words", ("outcome", "questions"), list(counts.items()))


def _outcome(graph: Graph, question: str, expected: Any) -> tuple[str, str]:
    answer = graph.ask(question)
    if not isinstance(answer, TableAnswer):
        return ("refused, rightly" if expected is None else "refused"), answer.why
    if expected is None:
        return "answered, wrongly", answer.text
    return ("right" if fits(expected, answer.rows) else "wrong"), answer.text


def fits(expected: Any, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether rows are what is expected, as it is written there."""
    if isinstance(expected, Mapping):
        said = {_text(next(iter(row.values()))): list(row.values())[1:] for row in rows}
        return said.keys() == {_text(name) for name in expected} and all(
            any(same(value, one) for one in said[_text(name)]) for name, value in expected.items()
        )
    if isinstance(expected, list):
        return any(_same_values(expected, [row[name] for row in rows]) for name in (rows[0] if rows else ()))
    return len(rows) == 1 and any(same(expected, value) for value in rows[0].values())


def _same_values(expected: Sequence[Any], values: Sequence[Any]) -> bool:
    left = list(values)
    for one in expected:
        found = next((place for place, value in enumerate(left) if same(one, value)), None)
        if found is None:
            return False
        left.pop(found)
    return not left or {_text(value) for value in left} <= {_text(one) for one in expected}


def same(expected: Any, value: Any) -> bool:
    """Whether a value is the expected one: numbers to its digits, two at least for an amount."""
    if isinstance(expected, int | float) and isinstance(value, int | float):
        digits = len(str(expected).partition(".")[2]) if isinstance(expected, float) else 0
        return math.isclose(expected, value, abs_tol=0.51 * 10**-digits, rel_tol=0)
    return _text(expected) == _text(value)


def _text(value: Any) -> str:
    return str(value).strip().casefold()
