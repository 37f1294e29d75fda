"""Cutting requests into clauses, reading back-references, formulas, and answers - each by itself."""

from __future__ import annotations

import pytest

from agent_plugin_offline.answers import Outcome, answer, render, steps_of_plan
from agent_plugin_offline.clauses import joints, starting_words
from agent_plugin_offline.courtesies import without_courtesies
from agent_plugin_offline.formulas import as_formula, is_formula
from agent_plugin_offline.mentions import asks_for_nothing, mentions
from agent_plugin_offline.openings import asked_of_file
from agent_plugin_offline.results import fields, readable
from agent_plugin_offline.text import stem

STARTS = starting_words([])


def pieces(request: str) -> list[str]:
    found = joints(request, STARTS)
    begins, ends = [0, *(joint.end for joint in found)], [*(joint.start for joint in found), len(request)]
    return [without_courtesies(request[begin:end]) for begin, end in zip(begins, ends, strict=True)]


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("Read a.txt, then send it to Bo", ["Read a.txt", "send it to Bo"]),
        ("Compute 5! and list my files", ["Compute 5!", "list my files"]),
        ("Look it up. After that, please write it down", ["Look it up.", "write it down"]),
        ("Save 'first, then second; and send it' to a.txt", ["Save 'first, then second; and send it' to a.txt"]),
        ("Buy salt and pepper", ["Buy salt and pepper"]),
        ("Ask Dr. Brown (and write it down) today", ["Ask Dr. Brown (and write it down) today"]),
        ("Solve x + y = 1,000 and x - y = 2.5", ["Solve x + y = 1,000 and x - y = 2.5"]),
    ],
)
def test_a_request_may_be_cut_only_where_a_call_begins(request_text: str, expected: list[str]) -> None:
    assert pieces(request_text) == expected


@pytest.mark.parametrize(
    ("clause", "known", "phrase"),
    [
        ("email it to bo@example.com", "", "it"),
        ("write their names to list.txt", "", "their names"),
        ("read each of them", "", "each of them"),
        ("convert the price to EUR", "price", "the price"),
        ("open the first result", "", "the first result"),
    ],
)
def test_phrases_that_refer_back_are_found(clause: str, known: str, phrase: str) -> None:
    found = mentions(clause, frozenset(map(stem, known.split())))
    assert clause[found[0].start : found[0].end] == phrase


@pytest.mark.parametrize("clause", ["read the file notes.txt", "get the price of gold", "remember that Al left"])
def test_phrases_that_name_something_new_do_not_refer_back(clause: str) -> None:
    assert mentions(clause, frozenset({stem("price")})) == []


def test_asking_to_see_a_result_is_no_call() -> None:
    assert asks_for_nothing("show me the result", frozenset({stem("result")}))
    assert not asks_for_nothing("show me the result of the election in Peru", frozenset({stem("result")}))


@pytest.mark.parametrize(
    ("order", "formula"),
    [
        ("multiply 7 by 3", "7 * 3"),
        ("subtract 4 from 9 - 2", "(9 - 2) - 4"),
        ("add 1, 2 and 3", "1 + 2 + 3"),
        ("12% of 50", "12% of 50"),
    ],
)
def test_orders_become_formulas(order: str, formula: str) -> None:
    assert as_formula(order) == formula


def test_only_what_can_be_computed_is_a_formula() -> None:
    assert is_formula("the sum of 4 and 9")
    assert is_formula("x^2 - 3x")
    assert not is_formula("tea or coffee")
    assert not is_formula("2 tickets to Rome")


def test_fields_of_a_result_follow_references_and_lists() -> None:
    schema = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
            "note": {"type": ["string", "null"]},
        },
        "$defs": {"Item": {"type": "object", "properties": {"title": {"type": "string"}}}},
    }
    assert {field.path for field in fields(schema)} == {"items[*].title", "note"}
    titles = readable(fields(schema), "titles")
    assert titles is not None
    assert titles.path == "items[*].title"


def test_values_are_shown_as_a_person_would_write_them() -> None:
    assert render(["a", "b"]) == "1. a\n2. b"
    assert render({"text": "Three rows.", "rows": [1, 2, 3]}) == "Three rows."
    assert render({"total": 3, "unit_name": "km"}) == "total: 3, unit name: km"
    assert render([]) == "nothing found"
    assert "more characters" in render("x" * 10_000)


def test_a_failure_is_told_beside_what_was_done() -> None:
    text = answer([Outcome("Send it", "failed", "no server"), Outcome("Compute it", "done", 7, reads=True)])
    assert text == "- Compute it: 7\n- I could not send it: no server."


def test_a_plan_that_returns_no_steps_is_quoted() -> None:
    assert answer(steps_of_plan("The plan was refused.", frozenset())) == "The plan was refused."


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        ("Read trips.csv", "add up the km column", ("trips.csv", "add up the km column in trips.csv")),
        ("Open the file 'my list.csv' here", "count the rows.", ("my list.csv", "count the rows in 'my list.csv'")),
        ("Read report.txt", "email it to bo@example.com", None),
        ("Read a.txt", "write the sum to b.txt", None),
        ("Delete a.txt", "count the rows", None),
    ],
)
def test_a_file_that_is_only_opened_to_be_asked_about_is_one_question(first, second, asked):
    assert asked_of_file(first, second) == asked
