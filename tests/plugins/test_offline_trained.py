"""What the trained models are made of, and what holds for every plan that they make."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from agent_core.tools.plugins import load_plugins
from agent_plugin_offline.compound import draft
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.trained.pieces import pieces_of
from agent_plugin_offline.trained.understanding import understanding_of
from agent_plugin_offline.trained.when import told

CORPUS = Path(__file__).parent / "data" / "offline_corpus"


@pytest.fixture(scope="module")
def tools() -> tuple[list[ToolSpec], frozenset[str]]:
    found = [tool for tool in load_plugins(None).tools.values()]
    specs = [ToolSpec(t.name, t.description, t.parameters, tuple(t.examples), t.returns) for t in found]
    return specs, frozenset(tool.name for tool in found if tool.traits.read_only)


@pytest.mark.parametrize(
    ("text", "piece", "form"),
    [
        ("Find the limit of (2 + 1/n)^n please", "(2 + 1/n)^n", "formula"),
        ("put 9 * 11 + 2.50 there", "9 * 11 + 2.50", "formula"),
        ("it is on the 3rd of next month at a quarter to ten.", "the 3rd of next month at a quarter to ten", "both"),
        ("Invert [[4, 1], [2, 3]] now", "[[4, 1], [2, 3]]", "matrix"),
        ("see docs/plan.md, please", "docs/plan.md", "file"),
        ("write to jo.b@corp.example.", "jo.b@corp.example", "email"),
    ],
)
def test_a_value_is_one_piece(text: str, piece: str, form: str) -> None:
    assert (piece, form) in [(one.text, one.form) for one in pieces_of(text)]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        (["half past three", "on Friday"], "Friday at 3:30"),
        (["quarter to nine in the evening"], "8:45 in the evening"),
        (["12 May 2027", "9:15"], "2027-05-12T09:15"),
        (["tmrw 4pm"], "tomorrow at 4pm"),
    ],
)
def test_a_time_is_told_in_figures(said: list[str], value: str) -> None:
    assert told(said) == value


def test_the_parts_of_a_clause_are_words_of_the_request(tools: tuple[list[ToolSpec], frozenset[str]]) -> None:
    understanding = understanding_of(tools[0], frozenset())
    lines = (CORPUS / "kinds.txt").read_text("utf-8").splitlines()
    for line in [line for line in lines if line and not line.startswith("#")][::25]:
        request = re.sub(r"\{[^|{}]*\|([^{}]*)\}", r"\1", line.partition(": ")[2]).replace(" || ", " ")
        clause = understanding.clause(request, (0, len(pieces_of(request))), 0, "")
        assert clause.meanings
        assert all(words in request for meaning in clause.meanings for _, words in meaning.said)


@pytest.mark.parametrize(
    ("request_", "steps"),
    [
        (
            "Would it be possible to let rosa@example.net know by mail that the choir meets at seven?",
            [("send_mail", {"to": ["rosa@example.net"], "body": "the choir meets at seven"})],
        ),
        ("hey, what does kiln-log.txt say", [("read_file", {"path": "kiln-log.txt"})]),
        ("the file scrap.tmp can go, bin it", [("delete_file", {"path": "scrap.tmp"})]),
        (
            "Put 'sharpen the saw' at the end of jobs.txt, would you",
            [("write_file", {"path": "jobs.txt", "content": "sharpen the saw", "append": True})],
        ),
    ],
)
def test_freely_worded_requests(
    request_: str, steps: list[tuple[str, dict[str, object]]], tools: tuple[list[ToolSpec], frozenset[str]]
) -> None:
    planned = draft(request_, *tools).steps
    assert [(step.spec.name, dict(step.args), step.missing) for step in planned] == [(*one, ()) for one in steps]


def test_what_is_quoted_is_never_a_reference(tools: tuple[list[ToolSpec], frozenset[str]]) -> None:
    planned = draft("Save 'that' to status.txt, then read status.txt", *tools).steps
    assert "$" not in json.dumps([step.args for step in planned])
