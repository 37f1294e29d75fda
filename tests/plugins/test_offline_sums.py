"""Sums told as stories, and formulas with words around them: what is computed is what was asked for, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent_core import Assistant
from agent_core.tools.plugins import load_plugins
from agent_plugin_offline.compound import draft
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.story import told_sum


@pytest.mark.parametrize(
    ("story", "formula"),
    [
        ("Our vet gave 23 of 92 dogs a booster, what percent is that?", "23 / 92 * 100"),
        ("301 is what percent of 200?", "301 / 200 * 100"),
        ("Of the 40 words she got 34 right, what percent is that?", "34 / 40 * 100"),
        ("The ferry fare rose from 16 to 20. By what percentage did it go up?", "(20 - 16) / 16 * 100"),
        ("Membership went from 240 down to 210, how many percent did we lose?", "(210 - 240) / 240 * 100"),
        ("The kayak is 640 and today 15% off, what do I pay?", "15% off 640"),
        ("The roofer quoted 3,200 and adds 20 percent VAT. Full price?", "3200 plus 20%"),
        ("How much is the tip if I leave 12% on 85?", "12% of 85"),
        ("I paid 63 after a discount of 30%. What was the original price?", "63 / (100% - 30%)"),
        ("Lunch was 96 plus a 10% tip and we split it between 4 of us, how much each?", "(96 plus 10%) / 4"),
        ("We were nine at the table and the bill is 261, how much does each of us owe?", "261 / 9"),
        ("35 crates at 12.40 each, what does that come to?", "35 * 12.4"),
        ("The stable needs 12.5 kg of hay a day. How much is that for 30 days?", "12.5 * 30"),
        ("A loom weaves 14 rows an hour and the rug has 350 rows. How many hours will it take?", "350 / 14"),
        ("If 6 kg of clay cost 15, what do 9 kg cost?", "15 * 9 / 6"),
        ("400 g of tea costs 9, so what's the price per kilo?", "9 / 400 * 1000"),
        ("A van covers 210 km in 3.5 hours, what is its average speed?", "210 / 3.5"),
        ("She takes 5 ml every 8 hours for 6 days. How many ml is that?", "5 / 8 * 6 * 24"),
        (
            "A pump moves 30 litres a minute and the pond holds 5,400 litres, how many hours does it run?",
            "5400 / 30 / 60",
        ),
    ],
)
def test_a_story_leaves_one_sum(story: str, formula: str) -> None:
    assert told_sum(story) == f"calculate {formula}"


@pytest.mark.parametrize(
    "request_",
    [
        "Six painters need 8 days for the hall. How long would 4 painters need?",
        "I bought 3 pens at 2 euros and 5 books at 11 euros and a bag of 7 apples, what was it?",
        "We had 40 chairs, lent 12 and got 5 back. How many are left?",
        "What is four sixths of 244?",
        "What percent of the 30 members pay 5 euros a month?",
        "How many of the 30 files are larger than 5 MB?",
        "What did we agree on 12 May at 15:30?",
        "A hall is 12 m by 8 m, how many tiles of 20 cm do we need?",
    ],
)
def test_a_story_that_leaves_several_sums_is_none(request_: str) -> None:
    assert told_sum(request_) is None


@pytest.fixture(scope="module")
def tools() -> tuple[list[ToolSpec], frozenset[str]]:
    found = [tool for tool in load_plugins(None).tools.values()]
    specs = [ToolSpec(t.name, t.description, t.parameters, tuple(t.examples), t.returns) for t in found]
    return specs, frozenset(tool.name for tool in found if tool.traits.read_only)


@pytest.mark.parametrize(
    ("request_", "tool", "args"),
    [
        ("Both roots of z^2 - 11z + 28 = 0, please", "solve", {"equations": "z^2 - 11z + 28 = 0"}),
        ("Which number k satisfies 7k - 5 = 3k + 19?", "solve", {"equations": "7k - 5 = 3k + 19"}),
        ("For which y does 6y + 1 equal 4y + 15?", "solve", {"equations": "6y + 1 = 4y + 15"}),
        ("Find dy/dx when y = 3x^4 - x^2", "differentiate", {"expression": "3x^4 - x^2"}),
        ("differentiate sin(x) + 2x twice", "differentiate", {"expression": "sin(x) + 2x", "order": 2}),
        (
            "Take the derivative of x^2*exp(x), then give me its value at 2.",
            "differentiate",
            {"expression": "x^2*exp(x)", "at": "x = 2"},
        ),
        (
            "What does (sin(x) - x)/x^3 tend to as x approaches 0?",
            "limit",
            {"expression": "(sin(x) - x)/x^3", "approaches": "0"},
        ),
        (
            "Integrate 4x^3 - 1, lower limit 1, upper limit 3, would you",
            "integrate",
            {"expression": "4x^3 - 1", "lower": "1", "upper": "3"},
        ),
        ("What's the square root of 5^2 + 12^2?", "calculate", {"expression": "sqrt(5^2 + 12^2)"}),
        ("18.20 + 4.30 - 2.50 = ?", "calculate", {"expression": "18.20 + 4.30 - 2.50"}),
        ("The biggest number that divides both 132 and 180?", "calculate", {"expression": "gcd of 132 and 180"}),
    ],
)
def test_a_formula_is_all_that_is_computed_with(
    request_: str, tool: str, args: dict[str, object], tools: tuple[list[ToolSpec], frozenset[str]]
) -> None:
    steps = draft(request_, *tools).steps
    assert [(step.spec.name, dict(step.args)) for step in steps] == [(tool, args)]


async def test_a_story_is_computed(tmp_path: Path) -> None:
    async with Assistant(model="offline", home=tmp_path, workspace=tmp_path) as assistant:
        answer = await assistant.ask("Each tray holds 24 rolls and we filled 18 trays. How many rolls are there?")
    assert "432" in answer.text


def test_a_day_behind_the_end_holds_for_the_beginning_too(tools: tuple[list[ToolSpec], frozenset[str]]) -> None:
    (step,) = draft("Block 10:15 to 11:45 on 7 May 2027 for 'Boiler service'", *tools).steps
    assert step.args["start"] == "2027-05-07T10:15"
    assert str(step.args["end"]).endswith("11:45")


def test_each_file_is_moved(tools: tuple[list[ToolSpec], frozenset[str]]) -> None:
    steps = draft("Move score.pdf and lyrics.txt into the Choir folder", *tools).steps
    assert [step.args for step in steps] == [
        {"source": "score.pdf", "destination": "Choir"},
        {"source": "lyrics.txt", "destination": "Choir"},
    ]


@pytest.mark.parametrize("request_", ["Move the report to the other folder", "Rename scan.pdf to something else"])
def test_what_is_not_named_is_asked_for(request_: str, tools: tuple[list[ToolSpec], frozenset[str]]) -> None:
    plan = draft(request_, *tools)
    assert not plan.steps or plan.question
