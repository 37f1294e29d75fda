"""Requests of many kinds against the bundled plugins and tools of somebody else's: is the right thing planned?

The requests in `data/offline_requests.txt` were written before the rules that answer them.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from agent_plugin_offline.compound import Draft, draft
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.questions import question

REQUESTS = Path(__file__).parent / "data" / "offline_requests.txt"
PLUGINS = ("calculator", "calendar", "files", "mail", "notes", "search", "tables")
CALCULATIONS = (
    "calculate solve differentiate integrate evaluate simplify expand factor limit matrix statistics".split()  # noqa: SIM905
)
FAMILIES = {
    "calc": set(CALCULATIONS),
    "read": {"read_file"},
    "list": {"list_files"},
    "grep": {"search_files"},
    "write": {"write_file"},
    "edit": {"edit_file"},
    "move": {"move_file"},
    "delete": {"delete_file"},
    "folder": {"make_folder"},
    "mail": {"send_mail"},
    "draft": {"draft_mail"},
    "search": {"web_search"},
    "fetch": {"fetch_page"},
    "table": {"query_table", "describe_table"},
    "remember": {"remember"},
    "recall": {"recall"},
    "forget": {"forget"},
    "event": {"add_event"},
    "unevent": {"remove_event"},
    "agenda": {"list_events"},
    "weather": {"get_weather"},
    "lights": {"set_lights"},
    "thermostat": {"set_thermostat"},
    "currency": {"convert_currency"},
    "sms": {"send_sms"},
    "stock": {"get_stock_price"},
    "ticket": {"create_ticket"},
    "translate": {"translate_text"},
    "restaurant": {"book_restaurant"},
}


def text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


def number(description: str, kind: str = "number") -> dict[str, Any]:
    return {"type": kind, "description": description}


def foreign(name: str, description: str, returns: dict[str, Any] | None, **properties: dict[str, Any]) -> ToolSpec:
    """A tool that gives no examples; every parameter but those that end in `_` is required."""
    required = [key for key in properties if not key.endswith("_")]
    schema = {"type": "object", "properties": {k.rstrip("_"): v for k, v in properties.items()}, "required": required}
    result = {"type": "object", "properties": returns} if returns else None
    return ToolSpec(name, description, schema, (), result)


STRING, NUMBER = {"type": "string"}, {"type": "number"}
FOREIGN = [
    foreign(
        "get_weather",
        "Get the current weather for a city.",
        {"city": STRING, "temperature": NUMBER, "summary": STRING},
        city=text("The city to get the weather for."),
        unit_=text("Temperature unit.", enum=["celsius", "fahrenheit"]),
    ),
    foreign(
        "set_lights",
        "Turn the lights in a room on or off.",
        None,
        room=text("Name of the room."),
        state=text("Whether the lights should be on or off.", enum=["on", "off"]),
    ),
    foreign(
        "set_thermostat",
        "Set the target temperature of the thermostat.",
        None,
        temperature=number("Target temperature in degrees."),
    ),
    foreign(
        "convert_currency",
        "Convert an amount of money from one currency to another.",
        {"amount": NUMBER, "currency": STRING, "rate": NUMBER},
        amount=number("The amount to convert."),
        from_currency=text("Three-letter code of the currency to convert from."),
        to_currency=text("Three-letter code of the currency to convert to."),
    ),
    foreign(
        "send_sms",
        "Send a text message to a phone number.",
        None,
        number=text("Phone number to text."),
        message=text("Text of the message."),
    ),
    foreign(
        "get_stock_price",
        "Get the latest price of a stock.",
        {"symbol": STRING, "price": NUMBER},
        symbol=text("Ticker symbol of the stock, such as AAPL."),
    ),
    foreign(
        "create_ticket",
        "Create a ticket in the issue tracker.",
        {"id": STRING, "url": STRING},
        title=text("Title of the ticket."),
        priority_=text("How urgent it is.", enum=["low", "normal", "high"]),
    ),
    foreign(
        "translate_text",
        "Translate a text into another language.",
        {"translation": STRING},
        text=text("The text to translate."),
        target_language=text("The language to translate into."),
    ),
    foreign(
        "book_restaurant",
        "Book a table at a restaurant.",
        None,
        restaurant=text("Name of the restaurant."),
        people=number("Number of people.", "integer"),
        time=text("Time of the booking."),
    ),
]


@cache
def tools() -> tuple[list[ToolSpec], frozenset[str]]:
    found = [tool for name in PLUGINS for tool in importlib.import_module(f"agent_plugin_{name}").agent_core_tools()]
    specs = [ToolSpec(t.name, t.description, t.parameters, tuple(t.examples), t.returns) for t in found]
    reading = {tool.name for tool in found if tool.traits.read_only}
    return [*specs, *FOREIGN], frozenset(
        reading | {"get_weather", "convert_currency", "get_stock_price", "translate_text"}
    )


def requests() -> list[tuple[str, str]]:
    lines = REQUESTS.read_text("utf-8").splitlines()
    return [tuple(line.split(" => ", 1)) for line in lines if line and not line.startswith("#")]  # pyright: ignore[reportReturnType]


def plain(value: str) -> str:
    return re.sub(r"\s+", "", value.lower()).replace("**", "^")


def is_right(planned: Draft, expected: str) -> bool:
    if expected == "text":
        return not planned.steps
    if expected == "ask":
        return question(planned) is not None
    calls = [re.fullmatch(r"(\w+)(\*?)\[(.*)\]", call) for call in re.split(r" -> | & ", expected)]
    if question(planned) or len(calls) != len(planned.steps):
        return False
    for call, step in zip(calls, planned.steps, strict=True):
        assert call is not None, expected
        said = plain(json.dumps([step.args, step.for_each], ensure_ascii=False))
        needles = [f"s{n[1:]}" if n.startswith("$") else n for n in call[3].split("; ")]
        if step.spec.name not in FAMILIES[call[1]] or bool(call[2]) != (step.for_each is not None):
            return False
        if not all(plain(json.dumps(needle, ensure_ascii=False))[1:-1] in said for needle in needles):
            return False
    return True


def choices(schema: Mapping[str, Any]) -> list[Any]:
    return [value for option in [schema, *schema.get("anyOf", ())] for value in option.get("enum", ())]


def invented(planned: Draft, request: str) -> list[str]:
    """Free-text arguments with a word that the request does not hold."""
    letters = re.sub(r"[^a-z0-9]+", "", request.lower())
    found: list[str] = []
    for step in planned.steps:
        for name, value in step.args.items():
            if not isinstance(value, str) or choices(step.parameter(name)) or re.match(r"\d{4}-\d\d|\*?\.", value):
                continue
            found += [value for word in re.findall(r"[a-z0-9]+", value.lower()) if word not in letters]
    return found


@pytest.mark.timeout(900)
def test_nine_in_ten_requests_are_planned_right_and_nothing_is_invented() -> None:
    specs, reading = tools()
    wrong: list[str] = []
    made_up: list[str] = []
    cases = requests()
    for request, expected in cases:
        planned = draft(request, specs, reading)
        made_up += [f"{request}: {value!r}" for value in invented(planned, request)]
        if not is_right(planned, expected):
            wrong.append(f"{request} => {[(s.spec.name, dict(s.args), s.missing) for s in planned.steps]}")
    assert not made_up
    assert len(wrong) <= len(cases) * 0.1, "\n".join(wrong)


@pytest.mark.parametrize(
    ("request_", "tool", "argument", "value"),
    [
        ("Email it to ann@corp.io", "send_mail", "body", "397.8"),
        ("Save that to total.txt", "write_file", "content", "397.8"),
        ("Divide it by 3", "calculate", "expression", "(397.8) / 3"),
    ],
)
def test_it_is_the_last_answer_where_nothing_in_the_request_is_meant(
    request_: str, tool: str, argument: str, value: str
) -> None:
    specs, reading = tools()
    (step,) = draft(request_, specs, reading, "397.8").steps
    assert (step.spec.name, step.args[argument], step.missing) == (tool, value, ())


def test_a_file_is_never_taken_from_the_last_answer() -> None:
    specs, reading = tools()
    assert question(draft("Delete it", specs, reading, "notes.txt is empty")) is not None


@pytest.mark.parametrize(
    ("previous", "request_", "tool", "argument", "value"),
    [
        ("What is 15% of 80?", "and 20%?", "calculate", "expression", "20% of 80"),
        ("What is my sister's shoe size?", "What about Ben's?", "recall", "query", "Ben's shoe size"),
        ("What is on my calendar on 12 May 2027?", "and on 3 March 2027?", "list_events", "start", "2027-03-03"),
    ],
)
def test_a_fragment_asks_the_same_of_something_else(
    previous: str, request_: str, tool: str, argument: str, value: str
) -> None:
    specs, reading = tools()
    (step,) = draft(request_, specs, reading, "12", previous).steps
    assert (step.spec.name, step.args[argument]) == (tool, value)


def test_a_day_of_the_users_own_is_looked_for_in_the_calendar_and_in_the_notes() -> None:
    specs, reading = tools()
    planned = draft("When is my sister's birthday?", specs, reading)
    assert [(step.spec.name, step.args["query"]) for step in planned.steps] == [
        ("list_events", "sister's birthday"),
        ("recall", "sister's birthday"),
    ]


def test_the_rest_of_a_sum_goes_on_with_the_figure_of_the_last_answer() -> None:
    specs, reading = tools()
    (step,) = draft("times 3", specs, reading, "9 * 5 = 45", "What is 9 * 5?").steps
    assert step.args["expression"] == "(45) times 3"
