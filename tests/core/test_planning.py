"""Plans that a model or a person wrote: what is refused, what runs, and what comes back to the planner."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from agent_core import ToolError, tool
from agent_core.errors import PlanError
from agent_core.personas import load_persona
from agent_core.planning.check import check
from agent_core.planning.control import read_plan
from agent_core.planning.plan import Plan
from agent_core.testing import Script, call


@dataclass
class Found:
    path: str
    size: int


@tool(read_only=True)
def find(pattern: str = "*") -> list[Found]:
    """Find files."""
    return [Found("a.txt", 1), Found("b.txt", 2)]


@tool(read_only=True)
def read(path: str) -> str:
    """Read a file."""
    if path == "b.txt":
        raise ToolError(f"{path} is broken")
    return f"content of {path}"


@tool(read_only=True)
def double(number: int) -> int:
    """Double a number."""
    return 2 * number


@tool(open_world=True)
def send(body: str) -> str:
    """Send a message."""
    return body


TOOLS = [find, read, double, send]
BY_NAME = {one.name: one for one in TOOLS}


def plan_of(*steps: dict[str, object], **fields: object) -> Plan:
    return read_plan({"goal": "g", "steps": list(steps), **fields}, 1)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([{"id": "1", "tool": "find"}], "pattern"),
        ([{"id": "a/b", "tool": "find"}], "pattern"),
        ([{"id": "s1", "tool": "find", "shell": "rm"}], "shell"),
        ([{"id": "s1", "tool": "find"}, {"id": "s1", "tool": "find"}], "used twice"),
        ([{"id": "s1", "tool": "read", "args": {"path": {"$from": "s2[0].path"}}}], "'s2', which does not exist"),
        ([{"id": "s1", "tool": "read", "args": {"path": {"$from": "s1"}}}], "circle"),
        ([{"id": "s1", "tool": "find"}, {"id": "s2", "tool": "read", "args": {"path": {"$from": "s1[0].nme"}}}], "nme"),
        ([{"id": "s1", "tool": "find"}, {"id": "s2", "tool": "double", "args": {"number": {"$from": "s1"}}}], "array"),
        (
            [{"id": "s1", "tool": "find"}, {"id": "s2", "tool": "double", "args": {"number": {"$from": ["s1"]}}}],
            "does not exist",
        ),
        ([{"id": "s1", "tool": "double", "args": {"number": {"$item": ""}}}], "only works in a map"),
        ([{"id": "s1", "tool": "double", "args": {"number": {"$input": ["n"]}}}], "needs a text"),
        ([{"id": "s1", "tool": "double", "args": {"number": {"$input": "n"}}}], "no input 'n'"),
        ([{"id": "s1", "kind": "map", "tool": "double", "args": {"number": {"$item": 3}}, "for_each": [1]}], "$item"),
        ([{"id": "s1", "kind": "map", "tool": "double", "args": {}, "for_each": {"$item": 0}}], "needs a text"),
        ([{"id": "s1", "kind": "map", "tool": "double", "args": {"number": 1}}], "for_each"),
        ([{"id": "s1", "kind": "agent"}], "needs a goal"),
        ([{"id": "s1", "kind": "agent", "goal": "x", "persona": "nobody"}], "nobody"),
        ([{"id": "s1", "kind": "agent", "goal": "x", "tools": ["rm"]}], "'rm'"),
        ([{"id": "s1", "tool": "double", "args": {"number": "many"}}], "number"),
        ([{"id": "s1", "tool": "double", "args": {"number": 1, "times": {"$from": "s1"}}}], "circle"),
        ([{"id": f"s{i}", "tool": "find"} for i in range(201)], "201 steps"),
    ],
)
def test_a_plan_that_cannot_run_is_refused_with_the_reason(steps, reason):
    with pytest.raises(PlanError) as caught:
        check(plan_of(*steps), BY_NAME)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value).replace("\\n", "")


async def test_a_map_keeps_what_was_done_and_says_what_was_not(assistants):
    steps = [
        {"id": "s1", "tool": "find"},
        {
            "id": "s2",
            "kind": "map",
            "tool": "read",
            "for_each": {"$from": "s1[*].path"},
            "args": {"path": {"$item": ""}},
        },
        {"id": "s3", "tool": "send", "args": {"body": {"$text": "{s2}"}}},
    ]
    script = Script(call("submit_plan", goal="g", steps=steps), "partly")
    answer = await assistants(script, tools=TOOLS, allow=["send"]).ask("read all and send it")
    assert answer.steps["s2"].result == ["content of a.txt", None]
    assert answer.steps["s2"].error == "item 2: b.txt is broken"
    assert answer.steps["s3"].status == "skipped"
    assert answer.status == "failed"
    told = script.requests[1][-1].parts[0].content
    assert [step["status"] for step in told["steps"]] == ["done", "failed", "skipped"]


@pytest.mark.parametrize("items", [[], [1], list(range(30))])
async def test_a_map_has_one_result_per_item(assistants, items):
    step = {"id": "m", "kind": "map", "tool": "double", "for_each": items, "args": {"number": {"$item": ""}}}
    answer = await assistants(Script(call("submit_plan", goal="g", steps=[step]), "ok"), tools=TOOLS).ask("double")
    assert answer.steps["m"].result == [2 * item for item in items]


async def test_a_step_named_like_an_item_of_a_map_is_another_agent(assistants):
    steps = [
        {"id": "s1", "kind": "map", "goal": "say the item", "for_each": ["x"], "tools": []},
        {"id": "s1-0", "kind": "agent", "goal": "say something else", "tools": [], "depends_on": ["s1"]},
    ]
    script = Script(call("submit_plan", goal="g", steps=steps), "the item", "something else", "done")
    answer = await assistants(script, tools=TOOLS).ask("say two things")
    assert answer.steps["s1"].result == ["the item"]
    assert answer.steps["s1-0"].result == "something else"


async def test_a_plan_beside_a_call_keeps_its_names(assistants):
    plan = call("submit_plan", "p", goal="g", steps=[{"id": "s1", "tool": "double", "args": {"number": 4}}])
    script = Script([call("double", "d", number=1), plan], "2 and 8")
    answer = await assistants(script, tools=TOOLS).ask("double both")
    assert {name: ended.result for name, ended in answer.steps.items()} == {"s1": 8, "s2": 2}
    by_id = {part.tool_call_id: part.content for part in script.requests[1][-1].parts}
    assert by_id["d"] == 2
    assert by_id["p"]["steps"][0]["result"] == 8


async def test_every_revision_of_a_plan_is_shown_first(assistants):
    script = Script(call("double", "a", number=1), call("double", "b", number=2), "done")
    assistant = assistants(script, tools=TOOLS)
    answer = await assistant.ask("double", plan_first=True)
    shown: list[list[str]] = []
    while answer.status == "waiting":
        (pending,) = answer.pending
        assert pending.kind == "plan"
        shown.append([step["id"] for step in pending.data["plan"]["steps"]])
        await assistant.approve(pending.id)
        answer = await assistant.resume(answer.run_id)
    assert (shown, answer.status) == ([["s1"], ["s1", "s2"]], "done")


async def test_a_plan_that_was_refused_is_a_refusal(assistants):
    assistant = assistants(Script(call("double", number=1)), tools=TOOLS)
    answer = await assistant.ask("double", plan_first=True)
    await assistant.deny(answer.pending[0].id, "too expensive")
    answer = await assistant.resume(answer.run_id)
    assert (answer.status, answer.exit_code, answer.steps) == ("refused", 4, {})
    assert "too expensive" in answer.error["message"]


async def test_an_agent_delegates_only_to_somebody_who_exists(assistants, tmp_path):
    folder = tmp_path / "clerk"
    folder.mkdir()
    (folder / "PERSONA.md").write_text("---\nname: clerk\ndescription: writes\ntools: [double]\n---\nYou write.\n")
    plan = call("submit_plan", goal="g", steps=[{"id": "a", "kind": "agent", "goal": "do it", "tools": ["double"]}])
    script = Script(
        plan,
        call("delegate", "1", persona="boss", goal="do it"),
        call("delegate", "x/0/y", persona="clerk", goal="double 4"),
        call("double", number=4),
        "it is 8",
        "the clerk says 8",
        "8",
    )
    assistant = assistants(script, tools=TOOLS)
    assistant.parts.personas["clerk"] = load_persona(folder)
    answer = await assistant.ask("have it done")
    assert (answer.status, answer.text) == ("done", "8")
    assert "there is no persona 'boss'" in str(script.requests[2][-1].parts[0].content)
    assert script.tools_shown[3][0] == "double"
    assert "send" not in script.tools_shown[3]
    assert [recorded.result for recorded in answer.calls] == [8]


async def test_delegation_ends_somewhere(assistants, tmp_path):
    folder = tmp_path / "clerk"
    folder.mkdir()
    (folder / "PERSONA.md").write_text("---\nname: clerk\ndescription: writes\ntools: [double]\n---\nYou write.\n")
    too_deep: list[str] = []

    def next_turn(messages):
        returned = str(messages[-1].parts[0].content)
        if "too deeply" in returned:
            too_deep.append(returned)
        return "enough" if too_deep else call("delegate", persona="clerk", goal="go on")

    assistant = assistants(Script(*[next_turn] * 30), tools=TOOLS)
    assistant.parts.personas["clerk"] = load_persona(folder)
    answer = await assistant.ask("go on")
    assert (answer.status, len(too_deep)) == ("done", 1)


async def test_a_workflow_ends_with_its_last_result_and_keeps_its_inputs_secrets(assistants, tmp_path):
    secret = "sk-proj-" + "Rt5" * 16
    plan = plan_of(
        {"id": "s1", "tool": "send", "args": {"body": {"$input": "key"}}}, inputs={"key": {"type": "string"}}
    )
    script = Script()
    assistant = assistants(script, tools=TOOLS, allow=["send"])
    answer = await assistant.run_workflow(plan, {"key": secret})
    assert (answer.status, answer.text, script.requests) == ("done", secret, [])
    kept = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*") if path.is_file())
    assert secret.encode() not in kept
