"""What completions are worth beside what was done, in the form in which TRL calls reward functions."""

from __future__ import annotations

from typing import Any

import pytest

from agent_finetune.dataset.conversation import assistant
from agent_finetune.rewards import REWARDS, accepted, refuses_rightly, right_arguments, right_tools, split, valid_calls

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "book",
            "description": "Book a room.",
            "parameters": {
                "type": "object",
                "properties": {"room": {"type": "string"}, "hour": {"type": "integer"}},
                "required": ["room"],
                "additionalProperties": False,
            },
        },
    }
]


def says(*calls: tuple[str, Any], text: str = "") -> dict[str, Any]:
    return assistant(text, [{"id": str(at), "name": name, "arguments": args} for at, (name, args) in enumerate(calls)])


RIGHT = says(("book", {"room": "A", "hour": 9}))


def worth(reward: Any, said: dict[str, Any], expected: dict[str, Any] = RIGHT) -> Any:
    [value] = reward(prompts=[[]], completions=[[said]], completion_ids=[[1]], expected=[expected], tools=[TOOLS])
    return value


@pytest.mark.parametrize(
    ("said", "valid", "tools", "arguments"),
    [
        (RIGHT, 1, 1, 1),
        (says(("book", '{"room": "A", "hour": 9}')), 1, 1, 1),
        (says(("book", {"room": "A", "hour": 8})), 1, 1, 0.5),
        (says(("book", {"room": "A"})), 1, 1, 0.5),
        (says(("book", {"room": "A", "hour": "9"})), 0, 1, 0.5),
        (says(("book", {"room": "A", "hour": 9, "floor": 2})), 0, 1, 2 / 3),
        (says(("book", "{room: A")), 0, 1, 0),
        (says(("fly", {"room": "A", "hour": 9})), 0, 0, 0),
        (says(("book", {"room": "A", "hour": 9}), ("book", {"room": "B"})), 1, 0, 0.5),
        (says(text="I booked it."), None, 0, 0),
    ],
)
def test_calls_are_worth_what_of_them_is_right(said: Any, valid: Any, tools: float, arguments: float) -> None:
    assert worth(valid_calls, said) == valid
    assert worth(right_tools, said) == tools
    assert worth(right_arguments, said) == pytest.approx(arguments)
    assert worth(refuses_rightly, said) is None


def test_a_refusal_is_right_where_nothing_was_to_be_called() -> None:
    refusal = says(text="No tool fits.")
    assert worth(refuses_rightly, refusal, refusal) == 1
    assert worth(refuses_rightly, RIGHT, refusal) == 0
    assert worth(right_tools, refusal, refusal) == 1
    assert worth(right_arguments, RIGHT, refusal) is None


def test_what_a_person_chose_is_worth_more_than_what_they_rejected() -> None:
    other = says(("book", {"room": "B", "hour": 9}))
    said = [[other], [RIGHT], [says(text=" A  b ")], [says(text="c")]]
    chosen = [other, other, says(text="A b"), None]
    assert accepted(said, chosen=chosen, rejected=[RIGHT, RIGHT, None, None]) == [1, 0, 1, None]


def test_a_row_of_a_dataset_is_split_into_what_trl_and_the_rewards_take() -> None:
    row = {"messages": [{"role": "user", "content": "Book A at 9"}, RIGHT], "tools": TOOLS, "kind": "call"}
    made = split(row)
    assert made["prompt"] == row["messages"][:1]
    values = [
        reward(completions=[[RIGHT]], **{name: [made[name]] for name in ("expected", "tools")}) for reward in REWARDS
    ]
    assert values == [[1], [1], [1], [None]]
