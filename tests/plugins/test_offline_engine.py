"""The offline engine on schemas invented for these tests."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from agent_plugin_offline.candidates import read_request
from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.grammar import asked_for, verbal
from agent_plugin_offline.joint import joint_features
from agent_plugin_offline.learning import Case, learn_weights, same_value
from agent_plugin_offline.moments import find_moments
from agent_plugin_offline.numbers import find_numbers
from agent_plugin_offline.options import Option, options_for
from agent_plugin_offline.parameters import Parameter
from agent_plugin_offline.proposals import Proposal, ToolSpec, propose, propose_one, rank
from agent_plugin_offline.scoring import Scored
from agent_plugin_offline.text import identifier_words, stem, tokenize
from agent_plugin_offline.tools import view_tools
from agent_plugin_offline.training import Contest, learn


def schema(required: list[str], **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


RENT_BOAT = ToolSpec(
    "rent_boat",
    "Rent a boat at a harbour for some days.",
    schema(
        ["harbour", "days"],
        harbour={"type": "string", "description": "The city whose harbour to rent in."},
        days={"type": "integer", "description": "For how many days."},
        boat_type={"type": "string", "enum": ["sailing", "motor", "rowing"], "description": "Kind of boat."},
    ),
)
TUNE_PIANO = ToolSpec(
    "book_piano_tuner",
    "Book a piano tuner for a date.",
    schema(["date"], date={"type": "string", "description": "Day of the visit, YYYY-MM-DD."}),
)
MIX_PAINT = ToolSpec(
    "mix_paint",
    "Mix paint of two colours in a ratio, and print the amount in litres.",
    schema(
        ["first_colour", "second_colour", "litres"],
        first_colour={"type": "string", "description": "The first colour."},
        second_colour={"type": "string", "description": "The second colour."},
        litres={"type": "number", "description": "How much paint, in litres."},
        glossy={"type": "boolean", "description": "Whether the paint is glossy. Default is false."},
    ),
)
CUBE = ToolSpec(
    "cube_volume",
    "Compute the volume of a cube from its edge length.",
    schema(["edge"], edge={"type": "number", "description": "Length of the edge of the cube."}),
)
TOOLS = [RENT_BOAT, TUNE_PIANO, MIX_PAINT, CUBE]


def call(request: str, *tools: ToolSpec) -> Proposal:
    found = propose_one(request, tools or TOOLS)
    assert found is not None, request
    return found


class TestArguments:
    def test_number_place_and_choice(self) -> None:
        found = call("Rent a sailing boat in Lisbon for 4 days")
        assert found.tool == "rent_boat"
        assert found.args == {"harbour": "Lisbon", "days": 4, "boat_type": "sailing"}

    def test_number_words_are_numbers(self) -> None:
        assert call("Rent a motor boat in Bergen for twelve days").args["days"] == 12

    def test_whole_numbers_for_integers(self) -> None:
        days = call("Rent a rowing boat in Porto for 3 days").args["days"]
        assert days == 3
        assert isinstance(days, int)

    def test_dates_in_the_format_that_the_description_asks_for(self) -> None:
        assert call("Book the piano tuner for 3 March 2027").args == {"date": "2027-03-03"}

    def test_optional_parameters_without_evidence_are_left_out(self) -> None:
        assert "boat_type" not in call("Rent a boat in Genoa for 2 days").args

    def test_what_is_decided_already_is_left_alone(self) -> None:
        found = propose_one("Rent a boat in Genoa for 2 days", [RENT_BOAT], bound={"harbour": "Venice"})
        assert found is not None
        assert found.args == {"days": 2}
        assert found.missing == ()

    def test_a_required_parameter_without_evidence_is_missing(self) -> None:
        found = propose_one("Compute the volume of the cube", [CUBE])
        assert found is None or (found.args == {} and found.missing == ("edge",))

    def test_lists_of_numbers(self) -> None:
        tool = ToolSpec(
            "median_height",
            "Find the median of some heights.",
            schema(["heights"], heights={"type": "array", "items": {"type": "number"}, "description": "The heights."}),
        )
        assert call("Find the median of the heights 1.5, 2 and 1.75", tool).args == {"heights": [1.5, 2, 1.75]}
        assert call("What is the median of these heights: [3, 4, 4.5]?", tool).args == {"heights": [3, 4, 4.5]}

    def test_fields_of_a_nested_object(self) -> None:
        size = schema(
            ["width", "height"],
            width={"type": "integer", "description": "Width in cm"},
            height={"type": "integer", "description": "Height in cm"},
        )
        frame = ToolSpec("order_picture_frame", "Order a picture frame of some size.", schema(["size"], size=size))
        found = call("Order a picture frame with a width of 40 cm and a height of 60 cm", frame)
        assert found.args == {"size": {"width": 40, "height": 60}}

    def test_says_where_values_stand(self) -> None:
        request = "Rent a boat in Lisbon for 4 days"
        start, end = call(request).spans["harbour"]
        assert request[start:end] == "Lisbon"


class TestSeveralCalls:
    def test_one_call_per_item_of_a_list(self) -> None:
        found = propose("Compute the volume of a cube with an edge of 3, 5 and 9", [CUBE])
        assert [p.args for p in found] == [{"edge": 3}, {"edge": 5}, {"edge": 9}]

    def test_a_single_request_stays_one_call(self) -> None:
        assert len(propose("Rent a sailing boat in Lisbon for 4 days", TOOLS)) == 1

    def test_a_list_that_one_parameter_takes_stays_one_call(self) -> None:
        tool = ToolSpec(
            "sum_numbers",
            "Add up a list of numbers.",
            schema(["numbers"], numbers={"type": "array", "items": {"type": "integer"}, "description": "The numbers."}),
        )
        assert [p.args for p in propose("Add up the numbers 4, 8 and 15", [tool])] == [{"numbers": [4, 8, 15]}]


class TestChoice:
    @pytest.mark.parametrize(
        "request_text",
        [
            "Tell me a joke",
            "Should I quit my job?",
            "Who painted the Mona Lisa?",
            "What is the tallest building in the world?",
            "",
            "   ",
            "?!",
        ],
    )
    def test_abstains_where_no_tool_fits(self, request_text: str) -> None:
        assert propose(request_text, TOOLS) == []

    def test_abstains_without_tools(self) -> None:
        assert propose("Rent a boat", []) == []
        assert rank("Rent a boat", []) == []

    def test_ranks_all_tools_and_the_meant_one_first(self) -> None:
        ranked = rank("I need a piano tuner on Friday", TOOLS)
        assert ranked[0][0] is TUNE_PIANO
        assert {tool.name for tool, _ in ranked} == {tool.name for tool in TOOLS}
        assert all(0 <= score <= 1 for _, score in ranked)


_REQUESTS = [
    "Rent a sailing boat in Lisbon for 4 days",
    "please get me a boat at the harbour of Split, two days are enough",
    "mix 2.5 litres of red and blue paint",
    "Mix glossy paint from 'sea green' and white, half a litre",
    "Book a piano tuner for 2027-01-05",
    "piano tuner on 5 May 2027 and on 7 June 2027",
    "volume of a cube with edge 12 cm and of one with edge 1,500 cm",
]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings(inner)


@pytest.mark.parametrize("request_text", _REQUESTS)
def test_every_value_stands_in_the_request(request_text: str) -> None:
    said = request_text.lower()
    choices = {"sailing", "motor", "rowing"}
    numbers = {n.value for n in find_numbers(request_text)}
    moments = {m.iso for m in find_moments(request_text)}
    for proposal in propose(request_text, TOOLS):
        for name, value in proposal.args.items():
            if isinstance(value, bool):
                assert name in said
            elif isinstance(value, (int, float)):
                assert value in numbers
            for text in _strings(value):
                assert text.lower() in said or text in moments or text in choices


def test_another_process_proposes_the_same() -> None:
    code = (
        "import json, sys; from agent_plugin_offline.proposals import ToolSpec, propose;"
        "tools = [ToolSpec(*t) for t in json.loads(sys.argv[1])];"
        "print(json.dumps([[p.args for p in propose(r, tools)] for r in json.loads(sys.argv[2])]))"
    )
    tools = json.dumps([(tool.name, tool.description, tool.parameters) for tool in TOOLS])
    seen = {
        subprocess.run(
            [sys.executable, "-c", code, tools, json.dumps(_REQUESTS)],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1
    assert json.loads(seen.pop()) == [[p.args for p in propose(r, TOOLS)] for r in _REQUESTS]


def test_the_same_request_gives_the_same_calls() -> None:
    for request in _REQUESTS:
        assert propose(request, TOOLS) == propose(request, list(TOOLS))


@pytest.mark.parametrize(
    "request_text",
    [
        "\u202eRent a boat in \u0130stanbul for ٣ days\x00\x1b[31m",
        "🚤" * 200,
        "é" * 5000 + " boat",
        "rent boat " + "(" * 3000,
        "1" * 5000 + " days boat",
        "'" * 999 + '"' * 999,
        "boat," * 2000,
        "９ days in 東京 for a boat",
        "1e999999 days, 10^99999999 boats",
    ],
    ids=range(9),
)
def test_odd_text_is_survived(request_text: str) -> None:
    for proposal in propose(request_text, TOOLS):
        json.dumps(proposal.args, allow_nan=False)


def test_a_request_of_a_megabyte_costs_no_more_than_one_of_some_pages() -> None:
    words = [word for request in _REQUESTS for word in request.split()]
    chance = random.Random(1)
    text = "Rent a boat in Lisbon for 4 days. " + " ".join(chance.choice(words) for _ in range(200_000))
    assert len(text) > 900_000
    propose(text[:6000], TOOLS)  # the analysis of that much is what the rest may cost
    start = time.process_time()
    propose(text[:6000] + ".", TOOLS)
    pages = time.process_time() - start
    start = time.process_time()
    propose(text, TOOLS)
    assert time.process_time() - start < 5 * pages + 1


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"type": "object"},
        {"type": "object", "properties": {}},
        {"type": "object", "properties": None},
        {"type": "object", "properties": {"days": {}}, "required": ["days", "nothing"]},
        {"type": "object", "properties": {"days": {"type": ["null", "integer"]}}, "required": "days"},
        {"type": "object", "properties": {"days": {"anyOf": [{"type": "null"}, {"type": "integer"}]}}},
        {"type": "object", "properties": {"days": {"$ref": "#/$defs/Days"}}, "$defs": {"Days": {"type": "integer"}}},
        {"type": "object", "properties": {"days": {"$ref": "#/$defs/Gone"}}},
        {"type": "object", "properties": {"days": {"type": "wat"}, "boat": True}},
        {"type": "object", "properties": {"kind": {"enum": []}, "two": {"enum": [1, None, "boat"]}}},
        {"type": "object", "properties": {"boats": {"type": "array"}, "all": {"type": "array", "items": []}}},
        {"type": "object", "properties": {"boat": {"type": "object"}, "": {"type": "string", "description": 7}}},
        {"properties": {"a": {"type": "object", "properties": {"b": {"type": "object", "properties": {"c": {}}}}}}},
    ],
    ids=range(14),
)
def test_odd_schemas_are_survived(parameters: dict[str, Any]) -> None:
    tool = ToolSpec("rent_boat", "Rent a boat for some days.", parameters)
    found = propose("Rent a boat for 4 days", [tool, CUBE])
    assert all(set(p.args) <= set(parameters.get("properties") or {}) for p in found)


def test_a_union_with_null_is_read_as_its_other_branch() -> None:
    days = {"anyOf": [{"type": "null"}, {"type": "integer"}], "description": "Number of days"}
    assert call(
        "Rent a boat for 4 days", ToolSpec("rent_boat", "Rent a boat for days.", schema(["days"], days=days))
    ).args == {"days": 4}


class TestReading:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("two hundred and five", [205]),
            ("half a million", [500_000]),
            ("a dozen", [12]),
            ("3, 5 and seven", [3, 5, 7]),
            ("twenty-one", [21]),
            ("1,250.50", [1250.5]),
            ("minus -4 and 2e3", [-4, 2000]),
            ("$3.5k", [3500]),
            ("the 3rd of them", [3]),
            ("one of them", []),
            ("model X5-44b", []),
            ("three million two hundred thousand", [3_200_000]),
        ],
    )
    def test_numbers(self, text: str, values: list[float]) -> None:
        assert [n.value for n in find_numbers(text)] == values

    @pytest.mark.parametrize(
        ("text", "iso"),
        [
            ("on 3 March 2027", "2027-03-03"),
            ("March 3rd, 2027", "2027-03-03"),
            ("at 2:30 pm", "14:30"),
            ("at noon", "12:00"),
            ("3 March 2027 at 14:30", "2027-03-03T14:30"),
            ("2027-12-31", "2027-12-31"),
        ],
    )
    def test_moments(self, text: str, iso: str) -> None:
        assert iso in {m.iso for m in find_moments(text)}

    def test_there_is_no_31st_of_february(self) -> None:
        assert not any(m.kind == "date" for m in find_moments("31 February 2027"))

    def test_stems_bring_forms_of_a_word_together(self) -> None:
        assert stem("cities") == stem("city")
        assert stem("calculating") == stem("calculate") == stem("calculation")

    def test_identifiers_are_taken_apart(self) -> None:
        assert identifier_words("getUserName_v2") == ("get", "user", "name", "v", "2")


def offered(request: str, **schema: Any) -> list[Any]:
    """The values that the request offers for a parameter with that schema."""
    parameter = Parameter(schema.pop("name", "it"), schema)
    return [option.value for option in options_for(parameter, read_request(request))]


class TestListedValues:
    def test_a_value_that_the_description_lists_is_offered_in_its_form(self) -> None:
        kinds = "Kind of plant, e.g. shrub, climber, perennial."
        assert "climber" in offered("Which climbers like shade?", type="string", description=kinds)
        assert "climber" not in offered("Which trees like shade?", type="string", description=kinds)

    def test_listed_values_are_found_by_words_like_them(self) -> None:
        changes = "Can be 'evaporation', 'freezing' or 'melting'."
        assert "evaporation" in offered("the heat for evaporating a litre", type="string", description=changes)

    def test_part_of_a_hyphenated_word_names_a_listed_value(self) -> None:
        drives = "Options: petrol, diesel, electric"
        assert "petrol" in offered("rent a petrol-driven boat", type="string", description=drives)

    def test_all_listed_values_that_stand_side_by_side(self) -> None:
        items = {"type": "string", "enum": ["hours", "prices", "history", "guides"]}
        found = offered("the Harbour History Museum: hours and prices please", type="array", items=items)
        assert ["hours", "prices"] in found

    def test_a_value_of_which_only_a_word_is_said_is_one_of_several_readings(self) -> None:
        items = {"type": "string", "enum": ["Wheelchair Access", "Dogs Allowed"]}
        assert ["Wheelchair Access"] in offered("a pier that a wheelchair can use", type="array", items=items)


class TestNumbersInWords:
    def test_afternoon_for_a_clock_of_24_hours(self) -> None:
        wanted = {"name": "closing_time", "type": "integer", "description": "Hour of closing, 24-hour clock."}
        assert {23, 11} <= set(offered("open until 11 pm", **wanted))
        assert 23 not in offered("open until 11 am", **wanted)

    def test_what_is_at_rest_has_no_speed(self) -> None:
        assert 0 in offered("a boat accelerates from rest for 5 s", name="initial_speed", type="number")
        assert 0 not in offered("have a rest after 5 s", name="initial_speed", type="number")
        assert 0 not in offered("a boat accelerates from rest for 5 s", name="duration", type="number")


class TestGrammar:
    @pytest.mark.parametrize(
        ("request_text", "verbs"),
        [
            ("the notes that mention quarterly reports", ["mention"]),
            ("Find boats that offer a toilet and carry the mail", ["Find", "offer", "carry"]),
            ("a report on the change of course", []),
            ("I want to order the book", ["order"]),
        ],
    )
    def test_verbs_are_told_by_their_place(self, request_text: str, verbs: list[str]) -> None:
        tokens = tokenize(request_text)
        assert [t.text for t, is_verb in zip(tokens, verbal(tokens), strict=True) if is_verb] == verbs

    @pytest.mark.parametrize(
        ("request_text", "thing"),
        [
            ("Find the best pizza place in Rome", "best pizza place"),
            ("What is the boiling point of water?", "boiling point"),
            ("Calculate the area under the curve", "area"),
            ("and then?", ""),
        ],
    )
    def test_what_is_asked_for(self, request_text: str, thing: str) -> None:
        tokens = tokenize(request_text)
        first, last = asked_for(tokens)
        assert " ".join(t.text for t in tokens[first : last + 1]) == thing


class TestArgumentsTogether:
    def joint(self, request: str, *values: str) -> dict[str, float]:
        """Features of giving the values to the parameters of `route`, in their order."""
        kind = {"type": "string", "description": "A harbour."}
        view = view_tools([ToolSpec("route", "Way between harbours.", schema(["a", "b"], a=kind, b=kind))])[0]
        evidence = Evidence(read_request(request), view)
        spans = [next(s for s in evidence.request.spans if s.text == value) for value in values]
        return joint_features(evidence, [Scored(Option(s.text, s), -1.0) for s in spans])

    def test_see_what_is_used_twice_and_what_is_left_over(self) -> None:
        request = "the way from Split and Zadar to Rijeka"
        twice, order = self.joint(request, "Split", "Split"), self.joint(request, "Split", "Zadar")
        assert twice["same-span"] == 1
        assert "same-span" not in order
        assert order["names-left"] == 1

    def test_see_whether_values_stand_in_the_order_of_the_parameters(self) -> None:
        request = "the way from Split to Zadar"
        assert "in-order&numbered" in self.joint(request, "Split", "Zadar")
        assert "out-of-order&numbered" in self.joint(request, "Zadar", "Split")


class TestLearning:
    def test_prefers_what_was_right(self) -> None:
        contests = [Contest([{"near": 1.0}, {"far": 1.0}], [True, False])] * 5
        weights = learn(contests)
        assert weights["near"] > 0 > weights["far"]

    def test_nothing_is_learned_from_a_contest_without_a_right_answer(self) -> None:
        assert learn([Contest([{"a": 1.0}, {"b": 1.0}], [False, False])]) == {}

    def test_weights_from_a_handful_of_requests_choose_tool_and_argument(self) -> None:
        def case(request: str, tool: ToolSpec | None, **args: Any) -> Case:
            wanted = ((tool.name, {name: [value] for name, value in args.items()}),) if tool else ()
            return Case(request, (CUBE, TUNE_PIANO), wanted)

        lengths = [2, 4, 7, 11, 15, 21]
        cases = [case(f"Compute the volume of a cube of edge length {n}", CUBE, edge=n) for n in lengths]
        cases += [case(f"Book a piano tuner for 2027-01-1{n}", TUNE_PIANO, date=f"2027-01-1{n}") for n in range(6)]
        cases += [case(text, None) for text in ("Tell me a story", "Who are you?", "Why is the sea salty?") * 2]
        weights = learn_weights(cases)
        found = propose_one("Compute the volume of a cube of edge length 33", [TUNE_PIANO, CUBE], weights=weights)
        assert found is not None
        assert (found.tool, found.args) == ("cube_volume", {"edge": 33})

    def test_values_are_compared_without_case_and_punctuation(self) -> None:
        assert same_value("New-York", "new york")
        assert same_value([1, 2.0], [1, 2])
        assert not same_value(True, 1)
        assert not same_value("1", 1)


def test_the_committed_weights_name_no_tool_of_anybody() -> None:
    from agent_plugin_offline.scoring import default_weights

    for group, weights in default_weights().items():
        assert group in {"fill", "joint", "wording", "tool", "fits", "parallel"}
        assert all(re.fullmatch(r"[a-z0-9:=&+,()\- ]+", name.lower()) for name in weights)
