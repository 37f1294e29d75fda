"""What models write that no model should: broken JSON, wrong types, unknown tools, floods, loops, made-up results.

Everything is allowed here (`allow=["*"]`): nothing but validation stands between what the model wrote and the effect.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agent_core import Assistant, Tool, tool
from agent_core.answer import Answer
from tests.adversarial import attacks

ATTACK = attacks.MODEL_OUTPUT

MEANT = {"path": "a.txt", "count": 3, "mode": "fast", "tags": ["x"]}
Said = list[ToolCallPart] | str


class World:
    """Tools that note what they were really called with."""

    def __init__(self) -> None:
        self.effects: list[dict[str, Any]] = []
        self.requests = 0

    @property
    def tools(self) -> list[Tool]:
        @tool
        def act(path: str, count: int, mode: Literal["fast", "slow"] = "fast", tags: list[str] | None = None) -> str:
            """Act on a path."""
            self.effects.append({"path": path, "count": count, "mode": mode, "tags": tags})
            return f"acted on {path}"

        @tool(read_only=True)
        def look(what: str) -> str:
            """Look at something."""
            return f"saw {what}"

        @tool(read_only=True)
        def weigh(what: str) -> float:
            """Weigh something."""
            return 61.25

        return [act, look, weigh]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def ask(world: World, tmp_path: Path) -> Callable[..., Any]:
    """Ask once, with a model that says the turns in order, the last one for ever."""

    async def ask(*turns: Said | Callable[[int], Said], **options: Any) -> Answer:
        def respond(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
            turn = turns[min(world.requests, len(turns) - 1)]
            world.requests += 1
            said = turn(world.requests) if callable(turn) else turn
            return ModelResponse([TextPart(said)] if isinstance(said, str) else list(said))

        (tmp_path / "workspace").mkdir(exist_ok=True)
        async with Assistant(
            FunctionModel(respond, model_name="broken"),
            tools=world.tools,
            plugins=False,
            home=tmp_path / "home",
            workspace=tmp_path / "workspace",
            allow=["*"],
            **options,
        ) as assistant:
            answer = await assistant.ask("Act on a.txt 3 times")
            check_sound(answer)
            again = assistant.answer_of(answer.run_id)
            assert (again.status, again.text, len(again.calls)) == (answer.status, answer.text, len(answer.calls))
            return answer

    return ask


def check_sound(answer: Answer) -> None:
    """It ended, and says so in a way that can be read and written down."""
    assert answer.status in ("done", "failed", "waiting", "refused")
    shown = answer.to_json()
    json.dumps(shown, allow_nan=False)
    if answer.status == "failed":
        assert shown["error"] or any(call["status"] == "failed" for call in shown["calls"])
    if shown["error"]:
        assert "Traceback" not in shown["error"]["message"]
        assert len(shown["error"]["message"]) < 2000


def raw(arguments: Any, name: str = "act", call_id: str = "c1") -> ToolCallPart:
    return ToolCallPart(name, arguments, call_id)


GOOD = json.dumps(MEANT)
BROKEN: dict[str, str] = {
    "nothing": "",
    "spaces": "   \n ",
    "an opening": "{",
    "a name": '{"path"',
    "half a value": '{"path": "a.t',
    "half an object": '{"path": "a.txt", "count": 3, "mode": "fa',
    "never closed": GOOD[:-1],
    "closed twice": GOOD + "}",
    "two objects": GOOD + GOOD,
    "an object and words": GOOD + " I hope this helps!",
    "words and an object": "Sure! " + GOOD,
    "a comma too many": GOOD[:-1] + ",}",
    "single quotes": GOOD.replace('"', "'"),
    "no quotes": "{path: a.txt, count: 3}",
    "fenced": f"```json\n{GOOD}\n```",
    "a comment": GOOD[:-1] + " /* done */}",
    "python": "{'path': 'a.txt', 'count': 3, 'tags': None}",
    "a call": "act(path='a.txt', count=3)",
    "xml": "<path>a.txt</path><count>3</count>",
    "yaml": "path: a.txt\ncount: 3",
    "a list": "[1, 2, 3]",
    "a list of the object": f"[{GOOD}]",
    "a string": '"a.txt"',
    "a number": "3",
    "null": "null",
    "true": "true",
    "nan": '{"path": "a.txt", "count": NaN}',
    "infinity": '{"path": "a.txt", "count": Infinity}',
    "too large": '{"path": "a.txt", "count": 1e999}',
    "many digits": '{"path": "a.txt", "count": ' + "9" * 5000 + "}",
    "deep": '{"path": ' + "[" * 3000 + "]" * 3000 + "}",
    "deep and open": '{"path": ' + "[" * 100_000,
    "a byte order mark": "\ufeff" + GOOD,
    "a lone surrogate": '{"path": "\\ud800.txt", "count": 3}',
    "a NUL": '{"path": "a\\u0000.txt", "count": 3}',
    "control characters": '{"path": "a\n\x1b[2J.txt", "count": 3}',
    "encoded twice": json.dumps(GOOD),
    "the same name twice": '{"path": "a.txt", "count": 3, "path": "/etc/passwd"}',
    "a huge text": json.dumps({"path": "a" * 2_000_000, "count": 3}),
    "many names": json.dumps({f"k{i}": i for i in range(20_000)}),
}
"""Arguments as text, as a model streams them."""

ONE_MEANING = {"a NUL", "control characters", "a lone surrogate", "a huge text", "the same name twice", "many digits"}
"""JSON that says something else than was meant: what runs is then what stands there, never a mixture."""


def plan_of(*steps: dict[str, Any]) -> ToolCallPart:
    return ToolCallPart("submit_plan", {"goal": "g", "steps": list(steps)}, "p")


AGENT = plan_of({"id": "a1", "kind": "agent", "title": "t", "goal": "act", "tools": ["act", "look"]})


def as_planner(part: ToolCallPart) -> Sequence[Said]:
    return [[part], [part], [part], "I could not."]


def as_agent(part: ToolCallPart) -> Sequence[Said]:
    return [[AGENT], [part], [part], [part], "I could not."]


def beside_a_read(part: ToolCallPart) -> Sequence[Said]:
    return [[raw({"what": "it"}, "look", "c0"), part], [part], [part], "I could not."]


CHANNELS = {"planner": as_planner, "agent": as_agent, "beside a read": beside_a_read}


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", BROKEN)
async def test_broken_arguments_run_as_they_were_meant_or_not_at_all(
    world: World, ask: Callable[..., Any], name: str, channel: str
) -> None:
    answer = await ask(*CHANNELS[channel](raw(BROKEN[name])))
    for effect in world.effects:
        if name in ONE_MEANING:
            read = json.loads(BROKEN[name], strict=False)
            path = read["path"].encode(errors="replace").decode()  # half a character is none
            assert (effect["path"], effect["count"]) == (path, read["count"])
        else:
            assert {**MEANT, **{key: value for key, value in effect.items() if value is not None}} == MEANT, name
    assert world.requests <= 8
    if not world.effects:
        assert answer.status in ("done", "failed", "waiting"), answer
        assert not any(call.tool == "act" and call.status == "done" for call in answer.calls)


WRONG: dict[str, Any] = {
    "nothing at all": {},
    "one missing": {"path": "a.txt"},
    "a name nobody knows": {**MEANT, "force": True},
    "a list for a text": {**MEANT, "path": ["a.txt"]},
    "an object for a text": {**MEANT, "path": {"name": "a.txt"}},
    "null for a text": {**MEANT, "path": None},
    "a number for a text": {**MEANT, "path": 7},
    "true for a text": {**MEANT, "path": True},
    "words for a number": {**MEANT, "count": "three"},
    "a fraction for a number": {**MEANT, "count": 3.5},
    "true for a number": {**MEANT, "count": True},
    "null for a number": {**MEANT, "count": None},
    "a list for a number": {**MEANT, "count": [3]},
    "an unknown choice": {**MEANT, "mode": "faster"},
    "a choice in capitals": {**MEANT, "mode": "FAST"},
    "a number for a choice": {**MEANT, "mode": 1},
    "a text for a list": {**MEANT, "tags": "x"},
    "numbers in a list of texts": {**MEANT, "tags": [1, 2]},
    "an object for a list": {**MEANT, "tags": {"0": "x"}},
    "a reference out of nowhere": {**MEANT, "path": {"$from": "s99"}},
    "a template out of nowhere": {**MEANT, "path": {"$text": "{s99.text}"}},
    "a reference and more": {**MEANT, "path": {"$from": "s1", "x": 1}},
    "wrapped": {"arguments": MEANT},
    "wrapped in the tool's name": {"act": MEANT},
}


@pytest.mark.parametrize("planned", [False, True], ids=["call", "plan"])
@pytest.mark.parametrize("name", WRONG)
async def test_wrong_types_never_reach_the_tool(
    world: World, ask: Callable[..., Any], name: str, planned: bool
) -> None:
    step = {"id": "s1", "kind": "tool", "title": "t", "tool": "act", "args": WRONG[name]}
    part = plan_of(step) if planned else raw(WRONG[name])
    await ask([part], [part], [part], "I could not.")
    for effect in world.effects:  # only where a value says the same in another type
        assert {**MEANT, **{key: value for key, value in effect.items() if value is not None}} == MEANT


NAMES = [
    "",
    " ",
    "act ",
    "Act",
    "ACT",
    "aсt",  # a Cyrillic letter
    "ａｃｔ",
    "act\u200b",
    "act\n",
    "act\x00",
    "../act",
    "act/../act",
    "tools.act",
    "functions.act",
    "act;look",
    "delete_everything",
    "gate",
    "approve",
    "__import__",
    "x" * 100_000,
    "%s%n",
    "${act}",
    "act'--",
    "\ud800",
]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:24] for name in NAMES])
async def test_a_name_that_is_no_tools_runs_nothing(
    world: World, ask: Callable[..., Any], name: str, channel: str
) -> None:
    answer = await ask(*CHANNELS[channel](raw(MEANT, name)))
    assert world.effects in ([], [MEANT])
    if world.effects:
        assert name.strip().lower().removeprefix("functions.").removeprefix("tools.") == "act", "repaired, not guessed"
    assert answer.status in ("done", "failed")


def many(number: int, tool_name: str = "look") -> list[ToolCallPart]:
    return [raw({"what": f"w{i}"}, tool_name, f"c{i}") for i in range(number)]


FLOODS: dict[str, Sequence[Said | Callable[[int], Said]]] = {
    "10,000 calls at once": [many(10_000), "done"],
    "10,000 steps": [
        [
            plan_of(
                *(
                    {"id": f"s{i}", "kind": "tool", "title": "t", "tool": "look", "args": {"what": "w"}}
                    for i in range(10_000)
                )
            )
        ],
        "done",
    ],
    "a map over 10,000": [
        [
            plan_of(
                {
                    "id": "m",
                    "kind": "map",
                    "title": "t",
                    "tool": "look",
                    "args": {"what": {"$item": ""}},
                    "for_each": [str(i) for i in range(10_000)],
                }
            )
        ],
        "done",
    ],
    "the same read for ever": [lambda n: [raw({"what": "it"}, "look", f"c{n}")]],
    "another read for ever": [lambda n: [raw({"what": f"it {n}"}, "look", f"c{n}")]],
    "the same action for ever": [lambda n: [raw(MEANT, call_id=f"c{n}")]],
    "a failing call for ever": [lambda n: [raw({"path": "a"}, call_id=f"c{n}")]],
    "an unknown tool for ever": [lambda n: [raw({}, "nothing", f"c{n}")]],
    "looking for tools for ever": [lambda n: [raw({"query": "a tool"}, "find_tools", f"c{n}")]],
    "broken plans for ever": [lambda n: [raw({"goal": "g", "steps": [{"id": "s"}]}, "submit_plan", f"c{n}")]],
    "empty plans for ever": [lambda n: [raw({"goal": "g", "steps": []}, "submit_plan", f"c{n}")]],
    "a plan that needs itself": [
        [plan_of({"id": "s1", "kind": "tool", "title": "t", "tool": "look", "args": {"what": {"$from": "s1"}}})],
        "I could not.",
    ],
    "agents for ever": [lambda n: [ToolCallPart("submit_plan", AGENT.args, f"p{n}")]],
    "nothing for ever": [""],
    "a million characters": ["x" * 1_000_000],
    "the same id for all": [[raw({"what": "1"}, "look", "c"), raw({"what": "2"}, "look", "c")], "done"],
    "no ids": [[raw({"what": "1"}, "look", ""), raw({"what": "2"}, "look", "")], "done"],
    "ids that look like keys": [
        [raw({"what": "1"}, "look", "run_1/s1/0/0"), raw({"what": "2"}, "look", "../..")],
        "done",
    ],
}


@pytest.mark.parametrize("name", FLOODS)
async def test_floods_and_loops_come_to_an_end(world: World, ask: Callable[..., Any], name: str) -> None:
    answer = await ask(*FLOODS[name])
    assert world.requests <= 60, "limits hold"
    assert len(answer.calls) <= 110, "the limit of 100 calls holds"
    assert len(world.effects) <= 10


async def test_a_flood_pauses_and_asks(world: World, ask: Callable[..., Any]) -> None:
    answer = await ask(many(150), "done")
    assert answer.status == "waiting"
    assert [pending.kind for pending in answer.pending] == ["limit"]


INVENTED = {
    "a figure without a call": ("The scale says 75.5 kg.", "75.5"),
    "a figure beside another": ("It weighs 61.25 kg and was 58.4 kg last week.", "58.4"),
    "a source": ("It weighs 61.25 kg (https://scales.example/it).", "https://scales.example/it"),
    "a result in JSON": ('{"tool": "weigh", "result": 75.5}', "75.5"),
    "a table": ("| what | kg |\n|---|---|\n| it | 75.5 |", "75.5"),
    "a year": ("It was built in 1987 and weighs 61.25 kg.", "1987"),
    "a price": ("It costs $4,599.00.", "4,599.00"),
    "a count": ("I looked at 37 things.", "37"),
    "a percentage": ("It grew by 23 %.", "23"),
    "digits in another script": ("It weighs ７５.５ kg.", "７５"),
}


@pytest.mark.parametrize("name", INVENTED)
async def test_what_no_tool_returned_is_marked(world: World, ask: Callable[..., Any], name: str) -> None:
    text, invented = INVENTED[name]
    looked_up = "61.25" in text
    answer = await ask(*([[raw({"what": "it"}, "weigh")]] if looked_up else []), text)
    assert answer.text.startswith(text)
    note = answer.text.removeprefix(text)
    assert invented in note
    assert "61.25" not in note


@pytest.mark.parametrize("said", ["I acted on a.txt.", "Done!", "All 3 were acted on, as you asked."])
async def test_an_action_that_failed_is_not_reported_as_done(world: World, ask: Callable[..., Any], said: str) -> None:
    answer = await ask([raw({"path": "a.txt", "count": "many"})], said, said, said)
    assert world.effects == []
    assert answer.status == "failed" or "Not done" in answer.text
