"""Figures that an answer makes up are named, and those that it rounds, converts or quotes are not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_core import tool
from agent_core.loop.figures import unsupported
from agent_core.testing import Script, call


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("That is 397.80, or about 398.", [{"value": 397.8}]),
        ("17 % of 2340", ["What is 17% of 2340?"]),
        ("The rate is 12.5 %.", [{"rate": 0.125}]),
        ("1,234.50 EUR, or 1.234,50 EUR", [1234.5]),
        ("On 3 March 2027 at 2:30 pm", [{"start": "2027-03-03T14:30+01:00"}]),
        ("There are 14 files.", [{"files": list("abcdefghijklmn")}]),
        ("1. one\n12. twelve\n### 5 ways", [{"n": 5}]),
        ("Write `range(77)`:\n```python\nx = 4242\n```", []),
        ("See https://example.org/2019/77 and mail bo77@example.com, version v77, s77 and 77th.", []),
        ("As the page says [77].", []),
        ("10 to 20 1/3", [10, "20 1/3"]),
        ("1 or 2", []),
        ("3.142", [3.14159265]),
    ],
)
def test_what_is_carried(text: str, known: list[Any]) -> None:
    assert unsupported(text, known) == []


@pytest.mark.parametrize(
    ("text", "known", "named"),
    [
        ("The result is 400.", [{"value": 397.8}], ["400"]),
        ("The result is 397.9.", [{"value": 397.8}], ["397.9"]),
        ("Revenue grew to 1,250 in 2019.", ["revenue in 2019"], ["1,250"]),
        ("She was born in 1879 and died in 1955.", [], ["1879", "1955"]),
        ("It costs 1.234,60.", [1234.5], ["1.234,60"]),
        ("There are 15 files.", [{"files": list("abcdefghijklmn")}], ["15"]),
    ],
)
def test_what_is_made_up_is_named(text: str, known: list[Any], named: list[str]) -> None:
    assert unsupported(text, known) == named


@given(st.floats(min_value=3, max_value=1e9), st.integers(min_value=0, max_value=6))
def test_every_rounding_of_a_result_is_carried(value: float, decimals: int) -> None:
    assert unsupported(f"It is {value:,.{decimals}f} or {value:.{decimals}f}.", [value]) == []


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert unsupported(text, []) == unsupported(text, [None, True, {}])


@tool(read_only=True)
def weigh(what: str) -> float:
    """Weigh something."""
    return 61.25


async def test_an_answer_says_what_nothing_carries(assistants) -> None:
    invented = await assistants(Script("It weighs 75 kg."), tools=[weigh]).ask("How heavy is it?")
    assert "No result contains 75" in invented.text
    rounded = await assistants(Script(call("weigh", what="it"), "It weighs about 61 kg."), tools=[weigh]).ask(
        "Weigh it"
    )
    assert rounded.text == "It weighs about 61 kg."
    earlier = assistants(Script(call("weigh", what="it"), "Done.", "As I said: 61.25"), tools=[weigh])
    first = await earlier.ask("Weigh it")
    again = await earlier.ask("And?", conversation=first.conversation_id)
    assert again.text == "As I said: 61.25"


def test_digits_without_end_are_carried_only_as_they_stand() -> None:
    pi = "3.14" + "15926535" * 200_000
    number = 7**1500
    assert unsupported(f"It is {pi}.", [f"pi: {pi}"]) == []
    assert unsupported(f"It is {number}.", [{"value": number}]) == []
    assert unsupported(f"It is {pi} and {number}.", ["3.14"]) == [pi, str(number)]
    assert unsupported("It is 75.5.", ["9" * 2_000_000]) == ["75.5"]
