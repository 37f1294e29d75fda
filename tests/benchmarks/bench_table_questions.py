"""Questions in words about table files: how many are answered right, refused, and answered wrong.

python -m tests.benchmarks table_questions FILE [--folder F] [--show]

FILE has a line of JSON for each: {"table": ..., "question": ..., "answer": a number or text, a list of them, an object
of groups, or null where the table does not answer it}. An answer that a row holds is right if that is the only row;
numbers are compared with the digits that are given, lists without their order.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_core import ToolContext, ToolError
from agent_plugin_tables import query_table
from agent_plugin_tables.results import TableAnswer
from tests.benchmarks.bench_graph_questions import same
from tests.benchmarks.measure import table

OUTCOMES = ("right", "refused", "wrong", "refused, rightly", "answered, wrongly")


def main(quick: bool = False, arguments: Sequence[str] = ()) -> None:
    """Ask them all and print the counts; with --show, each that was not right."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks table_questions")
    parser.add_argument("file", type=Path)
    parser.add_argument("--folder", type=Path, help="where the tables are; the folder of FILE, if left out")
    parser.add_argument("--show", action="store_true")
    chosen = parser.parse_args(arguments)
    asked = [json.loads(line) for line in chosen.file.read_text("utf-8").splitlines() if line.strip()]
    counts = dict.fromkeys(OUTCOMES, 0)
    for one in asked[:: 5 if quick else 1]:
        outcome, said = outcome_of(chosen.folder or chosen.file.parent, one["table"], one["question"], one["answer"])
        counts[outcome] += 1
        if chosen.show and outcome not in ("right", "refused, rightly"):
            print(f"{outcome}: {one['table']}: {one['question']}\n  expected {one['answer']!r:.200}\n  {said:.600}")
    table(f"{sum(counts.values())} questions in words", ("outcome", "questions"), list(counts.items()))


def outcome_of(folder: Path, path: str, question: str, expected: Any) -> tuple[str, str]:
    """What became of a question, and what was said."""
    ctx = ToolContext(workspace=folder, data_dir=folder)
    assert query_table.function is not None
    try:
        answer: TableAnswer = query_table.function(ctx, path=path, question=question)
    except ToolError as error:
        return ("refused, rightly" if expected is None else "refused"), str(error)
    if expected is None:
        return "answered, wrongly", answer.text
    return ("right" if fits(expected, answer) else "wrong"), answer.text


def fits(expected: Any, answer: TableAnswer) -> bool:
    """Whether an answer is what is expected, as it is written there."""
    if isinstance(expected, Mapping):
        said = {group.key: group.value for group in answer.groups}
        return said.keys() == expected.keys() and all(same(value, said[name]) for name, value in expected.items())
    if isinstance(expected, list):
        found = [[group.key] for group in answer.groups] or [list(row.values()) for row in answer.rows]
        return len(found) == len(expected) and all(any(_holds(row, one) for row in found) for one in expected)
    if answer.value is not None and same(expected, answer.value):
        return True
    only = [group.key for group in answer.groups] if len(answer.groups) == 1 else []
    return any(same(expected, one) for one in only) or (
        len(answer.rows) == 1 and _holds([*answer.rows[0].values()], expected)
    )


def _holds(row: Sequence[Any], expected: Any) -> bool:
    return any(same(expected, cell) or same(str(expected), cell) for cell in row)
