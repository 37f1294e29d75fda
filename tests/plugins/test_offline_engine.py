"""The offline engine on schemas invented for these tests."""

from __future__ import annotations

from typing import Any

from agent_plugin_offline.proposals import Proposal, ToolSpec, propose, propose_one, rank


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
    schema(["date"], date={"type": "string", "description": "Day of the visit."}),
)
TOOLS = [RENT_BOAT, TUNE_PIANO]


def call(request: str, *tools: ToolSpec) -> Proposal:
    found = propose_one(request, tools or TOOLS)
    assert found is not None, request
    return found


def test_fills_number_place_and_choice() -> None:
    found = call("Rent a sailing boat in Lisbon for 4 days")
    assert found.tool == "rent_boat"
    assert found.args == {"harbour": "Lisbon", "days": 4, "boat_type": "sailing"}


def test_abstains_where_no_tool_fits() -> None:
    for request in ("Tell me a joke", "Should I quit my job?", "Who painted the Mona Lisa?"):
        assert propose(request, TOOLS) == []


def test_ranks_the_tool_that_is_named_first() -> None:
    assert rank("I need a piano tuner on Friday", TOOLS)[0][0] is TUNE_PIANO
