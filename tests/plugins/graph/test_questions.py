"""Questions in words to the tables: answers that SQL over the same files gives, and refusals that name the reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent_plugin_graph import Graph, NotUnderstood, TableAnswer
from tests.plugins.graph.question_tables import LIBRARY, SHOP, database, write_library, write_shop

HOSPITAL = Path(__file__).parents[3] / "examples" / "hospital" / "mapping.yaml"
QUESTIONS = yaml.safe_load((Path(__file__).parents[1] / "data" / "table_questions.yaml").read_text("utf-8"))
TABLES = {
    "library": (LIBRARY, write_library),
    "shop": (SHOP, write_shop),
}


def differs(expected: list[tuple[Any, ...]], answer: TableAnswer | NotUnderstood) -> str:
    """How an answer is not what SQL says; empty if it is."""
    if isinstance(answer, NotUnderstood):
        return answer.why
    rows = [tuple(row.values()) for row in answer.rows]
    width = len(expected[0])
    for first in range(2):  # groups are told apart by a key, too; what is ranked stands after what it is of
        cut = [(row[0], row[-1]) if width == 2 else (row[first] if first < len(row) else None,) for row in rows]
        if _rounded(cut) == _rounded(expected):
            return ""
    return f"{rows[:5]} instead of {expected[:5]}; {answer.read_as}"


def _rounded(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return sorted(tuple(f"{v:.6f}" if isinstance(v, int | float) else str(v) for v in row) for row in rows)


def asked(graph: Graph, folder: Path, questions: dict[str, str]) -> dict[str, str]:
    """The questions that were not answered as SQL says, or answered where nothing answers them."""
    computed = database(folder)
    wrong: dict[str, str] = {}
    for question, sql in questions.items():
        answer = graph.ask(question)
        if sql == "none":
            why = answer.text if isinstance(answer, TableAnswer) else ""
        else:
            why = differs(computed.execute(sql).fetchall(), answer)
        if why:
            wrong[question] = why
    return wrong


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_other_fields_are_asked_in_words(any_graph: Graph, tmp_path: Path, name: str) -> None:
    mapping, write = TABLES[name]
    write(tmp_path)
    any_graph.load_tables(mapping, tmp_path)
    assert asked(any_graph, tmp_path, QUESTIONS[name]) == {}


def test_the_hospital_is_asked_in_words(any_graph: Graph, given: Callable[[str], Any]) -> None:
    folder = given("hospital")
    any_graph.load_tables(HOSPITAL, folder)
    assert asked(any_graph, folder, QUESTIONS["hospital"]) == {}


def test_what_is_known_of_the_tables_follows_whoever_writes(tmp_path: Path) -> None:
    write_shop(tmp_path)
    question = "What is the price of the Garden Bench?"
    url = f"sqlite:///{tmp_path}/tables.db"
    with Graph.open(url) as graph, Graph.open(url) as other:
        graph.load_tables(SHOP, tmp_path)
        assert isinstance(graph.ask(question), NotUnderstood)
        products = tmp_path / "products.csv"
        products.write_text(products.read_text("utf-8").replace("Garden Chair", "Garden Bench"), "utf-8")
        other.load_tables(SHOP, tmp_path)
        assert isinstance(graph.ask(question), TableAnswer)
