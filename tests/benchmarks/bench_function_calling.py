"""How often the offline engine proposes the right calls.

Run it with `pytest -m benchmark -s tests/benchmarks/bench_function_calling.py` (some minutes).
Every figure is of requests that the weights were not learned from (5 folds over cases; the project's own over tools).
"""

from __future__ import annotations

import importlib.util
import time
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agent_plugin_offline.learning import Case, learn_weights
from agent_plugin_offline.proposals import propose
from tests.benchmarks.function_calling_cases import chatty_cases, data_folder, own_cases, public_cases

FOLDS = 5
Row = tuple[dict[str, Any], Case]


def scorer(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("function_calling_score", folder / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fold_of(row: dict[str, Any], number: int) -> int:
    """Public cases by their place; our own by tool, so that no tool is both learned and asked for."""
    name = next(iter(row["truth"][0])) if row["category"] == "own" else ""
    return sum(map(ord, name)) % FOLDS if name else number % FOLDS


def cross_validated(rows: list[Row]) -> tuple[dict[str, list[dict[str, Any]]], float]:
    """Predictions by case id, and milliseconds per request."""
    predictions: dict[str, list[dict[str, Any]]] = {}
    spent = 0.0
    for fold in range(FOLDS):
        held_out = [row for n, (row, _) in enumerate(rows) if fold_of(row, n) == fold]
        weights = learn_weights([case for n, (row, case) in enumerate(rows) if fold_of(row, n) != fold])
        cases = {row["id"]: case for row, case in rows}
        for row in held_out:
            case, start = cases[row["id"]], time.process_time()
            found = propose(case.request, case.tools, weights)
            spent += time.process_time() - start
            predictions[row["id"]] = [{"name": p.tool, "args": p.args} for p in found]
    return predictions, 1000 * spent / len(rows)


@pytest.mark.benchmark
@pytest.mark.timeout(1200)
def test_function_calling_table() -> None:
    folder = data_folder()
    if folder is None:
        pytest.skip("no function_calling/dev.jsonl under AGENT_CORE_DATA or ../shared/data")
    rows = [*public_cases(folder), *own_cases()]
    predictions, per_request_ms = cross_validated(rows)
    table = scorer(folder).score([row for row, _ in rows], predictions)
    silent = Counter(row["category"] for row, _ in rows if row["truth"] and not predictions[row["id"]])
    print(f"\n{'held out, ' + str(FOLDS) + ' folds':18} right        %   no call %")
    for category, (right, total) in table.items():
        print(f"{category:18} {right:4}/{total:<4} {100 * right / total:5.1f} {100 * silent[category] / total:10.1f}")
    print(f"{per_request_ms:.1f} ms of CPU per request")
    assert table["simple_python"][0] >= 0.55 * table["simple_python"][1]
    assert table["irrelevance"][0] >= 0.75 * table["irrelevance"][1]


@pytest.mark.benchmark
def test_chatty_requests_that_nothing_was_learned_from() -> None:
    folder = data_folder()
    if folder is None:
        pytest.skip("no function_calling/score.py under AGENT_CORE_DATA or ../shared/data")
    rows = chatty_cases()
    found = {row["id"]: propose(case.request, case.tools) for row, case in rows}
    predictions = {key: [{"name": p.tool, "args": p.args} for p in calls] for key, calls in found.items()}
    table = scorer(folder).score([row for row, _ in rows], predictions)
    print("\n" + ", ".join(f"chatty, {name}: {right}/{total}" for name, (right, total) in table.items()))
    assert table["own irrelevance"][0] >= 0.75 * table["own irrelevance"][1]
