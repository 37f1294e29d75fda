"""The calculator is right, or says that it does not know: against answers that other means have found.

Half of the cases are calls in the tools' own notation, half are questions in words through `offline`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from mpmath import mpf

import agent_plugin_calculator as calculator
from agent_core import Assistant, ToolError
from agent_core.tools.isolation import IsolatedRunner
from tests.adversarial import attacks, calculator_formulas, calculator_words
from tests.adversarial.calculator_formulas import Approximate, Call
from tests.adversarial.calculator_words import Question
from tests.adversarial.conftest import Cases

ATTACK = attacks.CALCULATOR_RESULTS
SEED = 6
PER_KIND = 30
TOOLS = {tool.name: tool for tool in calculator.agent_core_tools()}
CALLS = dict(calculator_formulas.calls())


def is_right(result: Any, answer: Any) -> bool:
    """Whether a tool's result is `answer`, to the digits that it shows."""
    if not isinstance(result, dict):
        return False
    if callable(answer):
        return bool(answer(result))
    if isinstance(answer, bool):
        return result["exact"] == str(answer)
    if isinstance(answer, frozenset):
        found = [list(each.values()) for each in result["values"]]
        return all(len(each) == 1 for each in found) and {Fraction(each[0]) for each in found} == answer
    shown = result["decimal"]
    if not isinstance(shown, str):
        return False
    match answer:
        case str():
            return shown == answer
        case Fraction():
            return abs(Fraction(shown) - answer) <= abs(answer) / 10**14
        case Approximate():
            return abs(mpf(shown) - answer.value) <= abs(answer.value) * answer.error + answer.error
        case _:
            return abs(mpf(shown) - answer) <= abs(answer) / 10**14 + mpf(10) ** -20


def test_half_of_the_cases_are_in_words() -> None:
    assert sum(map(len, CALLS.values())) >= ATTACK.minimum / 2
    assert PER_KIND * len(calculator_words.KINDS) >= ATTACK.minimum / 2


def test_a_wrong_result_is_seen() -> None:
    assert not is_right({"exact": "1/3", "decimal": "0.333333333333"}, Fraction(1, 3))
    assert not is_right({"exact": "True", "decimal": None}, False)
    assert not is_right({"values": [{"x": "2"}]}, frozenset({Fraction(2), Fraction(3)}))
    assert not is_right({"exact": "3.14", "decimal": "3.14"}, "3.1416")


@pytest.fixture
async def runner() -> AsyncIterator[IsolatedRunner]:
    runner = IsolatedRunner()
    yield runner
    await runner.aclose()


@pytest.mark.parametrize("kind", CALLS)
async def test_calls(kind: str, runner: IsolatedRunner, cases: Cases) -> None:
    wrong: list[tuple[str, Any]] = []
    for call in CALLS[kind]:
        try:
            result = await runner.run(TOOLS[call.tool], arguments(call))
        except ToolError as error:
            result = str(error)
        if not is_right(result, call.answer):
            wrong.append((str(call), result))
    cases.count(len(CALLS[kind]))
    assert wrong == []


def arguments(call: Call) -> dict[str, Any]:
    return TOOLS[call.tool].arguments.validate(call.args)


@pytest.mark.parametrize("kind", calculator_words.KINDS)
async def test_questions_in_words(kind: str, tmp_path: Path, cases: Cases) -> None:
    wrong: list[tuple[str, str]] = []
    asked = calculator_words.questions(kind, SEED, PER_KIND)
    async with Assistant("offline", home=tmp_path / "home", workspace=tmp_path) as assistant:
        for question in asked:
            answer = await assistant.ask(question.text)
            if not answered(answer, question):
                wrong.append((question.text, answer.text))
    cases.count(len(asked))
    assert wrong == []


def answered(answer: Any, question: Question) -> bool:
    """One call, with the right result, which is in the text that a person reads."""
    if answer.status != "done" or len(answer.calls) != 1 or not is_right(answer.calls[0].result, question.answer):
        return False
    result = answer.calls[0].result
    return result["text"] in answer.text
