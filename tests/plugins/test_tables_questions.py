"""Questions in words about tables: the right figure, or a refusal that names what was not understood."""

from __future__ import annotations

import json
import string
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_core import Assistant, ToolArgumentError, ToolContext, ToolError
from agent_plugin_tables import query_table
from agent_plugin_tables.results import TableAnswer
from agent_questions.dimensions import DIMENSIONS
from agent_questions.language import COMPARISONS, FILLER, PHRASES
from tests.benchmarks.bench_table_questions import outcome_of

TABLES = Path(__file__).parents[1] / "benchmarks" / "data" / "tables"
QUESTIONS = [json.loads(line) for line in (TABLES / "questions.jsonl").read_text("utf-8").splitlines()]


def ask(question: str, path: str = "employees.csv", folder: Path = TABLES, **more: Any) -> TableAnswer:
    assert query_table.function is not None
    return query_table.function(ToolContext(workspace=folder, data_dir=folder), path=path, question=question, **more)


@pytest.mark.parametrize("one", QUESTIONS, ids=lambda one: f"{one['table']}: {one['question']}")
def test_questions_are_answered_right_or_refused_where_the_table_does_not_say(one: dict[str, Any]) -> None:
    outcome, said = outcome_of(TABLES, one["table"], one["question"], one["answer"])
    assert outcome in ("right", "refused, rightly"), said


def test_a_refusal_names_the_words_and_the_columns() -> None:
    with pytest.raises(ToolArgumentError, match=r"“pet”.*'full_name'"):
        ask("How many employees have a pet?")


def test_an_answer_says_how_the_question_was_read() -> None:
    assert "(Read as: the mean of annual_salary_usd where dept = Sales.)" in ask("average salary in Sales").text


def test_a_question_and_typed_parameters_exclude_each_other() -> None:
    with pytest.raises(ToolArgumentError, match="not both"):
        ask("average salary", operation="sum")


def test_of_rows_that_are_equal_none_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("runner,km\nAnn,12\nBo,12\nCy,7\n")
    answer = ask("Who ran the farthest?", "runs.csv", tmp_path)
    assert [row["runner"] for row in answer.rows] == ["Ann", "Bo"]


def test_the_most_of_what_several_rows_share_is_their_sum(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("region,product,units\nN,a,5\nN,b,5\nS,a,8\nS,b,1\n")
    assert [group.key for group in ask("Which region sold the most units?", "sales.csv", tmp_path).groups] == ["N"]
    with pytest.raises(ToolArgumentError, match="the total, the average or a single"):
        ask("Which region has the highest units?", "sales.csv", tmp_path)


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("How many have no lift?", 2),
        ("How many flats are not furnished?", 1),
        ("How many flats have furnished = no?", 1),
        ("average rent of furnished flats", 900),
        ("How many flats are below -1 floor?", 1),
        ("median rent where rent >= 700 and floor < 4", 750),
    ],
)
def test_signs_flags_and_negative_numbers(tmp_path: Path, question: str, value: float) -> None:
    (tmp_path / "flats.csv").write_text(
        "flat,floor,rent,furnished,lift\nA,-2,600,yes,no\nB,1,700,no,no\nC,3,800,yes,yes\nD,5,1300,yes,yes\n"
    )
    assert ask(question, "flats.csv", tmp_path).value == value


async def test_without_a_model_the_words_reach_the_table(tmp_path: Path) -> None:
    workspace = tmp_path / "work"
    workspace.mkdir()
    (workspace / "staff.csv").write_text((TABLES / "employees.csv").read_text())
    async with Assistant(model="offline", home=tmp_path / "home", workspace=workspace) as assistant:
        answer = await assistant.ask("According to staff.csv, what is the average salary of the people hired in 2021?")
    assert "88,250" in answer.text


WORDS = [*PHRASES, *COMPARISONS, *FILLER, *(word for one in DIMENSIONS for word in (*one.more, *one.plain))]
NAMES = st.text(st.characters(codec="utf-8", exclude_characters='\r\n\x00"'), max_size=12) | st.sampled_from(WORDS)
CELLS = st.sampled_from(["", "yes", "no", "Ann Lee", "a", "7", "-3.5", "€ 12", "2024-05-06", "日本", "May"])


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(NAMES, min_size=1, max_size=4),
    cells=st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=4),
    said=st.lists(st.sampled_from(WORDS) | CELLS | NAMES, min_size=1, max_size=9),
)
def test_no_question_breaks_the_reader(names: list[str], cells: list[list[str]], said: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = [names, *(row[: len(names)] for row in cells)]
        text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
        (Path(folder) / "some.csv").write_text(text, "utf-8")
        with suppress(ToolError):
            ask(" ".join([*said, *names[:1]]), "some.csv", Path(folder))


@settings(max_examples=60, deadline=None)
@given(
    one=st.sampled_from([one for one in QUESTIONS if one["answer"] is not None]),
    word=st.text(string.ascii_lowercase, min_size=5, max_size=9).map(lambda text: f"qx{text}"),
    at=st.integers(0, 20),
)
def test_a_word_that_means_nothing_is_never_dropped(one: dict[str, Any], word: str, at: int) -> None:
    said = one["question"].split()
    said.insert(at % (len(said) + 1), word)
    with pytest.raises(ToolArgumentError):
        ask(" ".join(said), one["table"])
