"""The assistant's API as it was promised: names, arguments, attributes, and the JSON of every way a run can end."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import agent_core
from agent_core import Answer, Assistant, Tool, ToolError, hookimpl, tool
from agent_core.errors import UsageError
from agent_core.events import AnswerReady, Event
from agent_core.testing import Script, call

TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
ANYTHING: dict[str, Any] = {}


def record(**properties: Any) -> dict[str, Any]:
    """An object that has at least these keys."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def listing(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


STEP = record(
    id=TEXT,
    title=TEXT,
    kind={"enum": ["tool", "agent", "map", "reduce", "answer"]},
    tool=maybe(TEXT),
    args={"type": "object"},
    depends_on=listing(TEXT),
    status={"enum": ["planned", "waiting", "done", "failed", "denied", "skipped"]},
    result=ANYTHING,
)
CALL = record(
    id=TEXT,
    step=TEXT,
    tool=TEXT,
    args={"type": "object"},
    status={"enum": ["done", "failed", "denied", "unknown", "waiting"]},
    result=ANYTHING,
    duration_ms=COUNT,
)
PENDING = record(
    id=TEXT,
    kind={"enum": ["call", "question", "plan", "limit"]},
    tool=maybe(TEXT),
    args=maybe({"type": ["object", "array"]}),
    preview=TEXT,
    why=TEXT,
)
USAGE = record(
    requests=COUNT, input_tokens=COUNT, output_tokens=COUNT, cost_usd=maybe({"type": "number", "minimum": 0})
)
ANSWER = record(
    schema_version={"const": 1},
    run_id={"type": "string", "minLength": 1},
    conversation_id={"type": "string", "minLength": 1},
    status={"enum": ["done", "waiting", "failed", "refused", "cancelled"]},
    answer=maybe(TEXT),
    citations=listing(record(n={"type": "integer", "minimum": 1}, source=TEXT, locator=maybe(TEXT), quote=TEXT)),
    plan=maybe(record(revision={"type": "integer", "minimum": 1}, steps=listing(STEP))),
    calls=listing(CALL),
    pending=listing(PENDING),
    usage={**USAGE, "additionalProperties": False},
    model=TEXT,
    error=maybe(record(type=TEXT, message=TEXT)),
) | {"additionalProperties": False}


def checked(answer: Answer) -> dict[str, Any]:
    """The answer's JSON, after a round trip, if it is what was promised."""
    shown = json.loads(json.dumps(answer.to_json(), allow_nan=False))
    jsonschema.Draft202012Validator(ANSWER).validate(shown)
    assert shown["status"] == answer.status
    assert shown["run_id"] == answer.run_id
    assert [waits["id"] for waits in shown["pending"]] == [waits.id for waits in answer.pending]
    return shown


@tool(read_only=True, examples=["How many letters has gnu?"])
def count_letters(word: str) -> int:
    """Count the letters of a word."""
    return len(word)


@tool(examples=["Ring the bell twice"])
async def ring(times: int) -> str:
    """Ring the bell."""
    if times > 9:
        raise ToolError("The rope broke.")
    return f"rang {times}"


@tool(read_only=True)
async def wait_for_ever() -> str:
    """Wait until somebody gives up."""
    await asyncio.Event().wait()
    return "never"


TOOLS = [count_letters, ring, wait_for_ever]
CHAIN = call(
    "submit_plan",
    goal="count and ring",
    steps=[
        {"id": "s1", "title": "count", "tool": "count_letters", "args": {"word": "gnu"}},
        {"id": "s2", "title": "ring", "tool": "ring", "args": {"times": {"$from": "s1"}}},
    ],
)


# -- names and arguments


def test_the_package_has_what_the_contract_imports() -> None:
    assert {"Assistant", "Tool", "hookimpl", "tool", "Answer", "Plan", "Step"} <= set(dir(agent_core)) | set(
        agent_core.__all__
    )
    assert callable(hookimpl)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = agent_core.no_such_name


@pytest.mark.parametrize(
    ("method", "parameters"),
    [
        ("__init__", ["model", "tools", "plugins", "home", "workspace"]),
        ("plan", ["text"]),
        ("ask", ["text", "conversation", "user"]),
        ("stream", ["text"]),
        ("approve", ["pending_id", "arguments", "scope"]),
        ("deny", ["pending_id", "reason"]),
        ("reply", ["pending_id", "value"]),
        ("resume", ["run_id"]),
        ("feedback", ["run_id"]),
    ],
)
def test_methods_take_what_the_contract_says(method: str, parameters: list[str]) -> None:
    declared = inspect.signature(getattr(Assistant, method)).parameters
    assert [name for name in declared if name in parameters] == parameters
    if method in ("ask", "approve"):
        defaults = {name: declared[name].default for name in parameters}
        assert defaults.get("conversation") is None
        assert defaults.get("scope", "once") == "once"


@pytest.mark.parametrize("method", ["ask", "plan", "approve", "deny", "reply", "resume", "feedback"])
def test_every_request_has_a_sync_twin(method: str) -> None:
    assert inspect.iscoroutinefunction(getattr(Assistant, method))
    assert not inspect.iscoroutinefunction(getattr(Assistant, f"{method}_sync"))


# -- plugins, home, workspace


def test_plugins_are_all_none_or_those_named(tmp_path: Path) -> None:
    def tools(plugins: Any) -> set[str]:
        with Assistant(model="offline", plugins=plugins, home=tmp_path / "home") as assistant:
            return set(assistant.parts.tools)

    everything, nothing, one = tools(None), tools(False), tools(["calculator"])
    assert nothing == set()
    assert "calculate" in one
    assert one < everything
    with pytest.raises(UsageError, match=r"'calculatr'.*'calculator'"):
        tools(["calculatr"])


async def test_state_stays_under_its_home(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    async with Assistant(
        model=Script("hello").model, plugins=False, home=str(tmp_path / "home"), workspace=workspace
    ) as a:
        answer = await a.ask("hi")
    assert answer.status == "done"
    assert list(workspace.iterdir()) == []
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


# -- plan


async def test_a_plan_shows_steps_and_runs_nothing(assistants: Callable[..., Assistant]) -> None:
    assistant = assistants(Script(CHAIN), tools=TOOLS)
    plan = await assistant.plan("count the letters of gnu and ring that often")
    assert [step.kind for step in plan.steps] == ["tool", "tool"]
    assert [step.tool for step in plan.steps] == ["count_letters", "ring"]
    assert plan.steps[0].args == {"word": "gnu"}
    assert plan.steps[1].args == {"times": {"$from": "s1"}}
    assert list(plan.steps[1].depends_on) == ["s1"]
    assert plan.revision == 1
    assert assistant.pending() == []


async def test_tools_from_a_schema_are_planned_by_their_names() -> None:
    schema = {"type": "object", "properties": {"celsius": {"type": "number"}}, "required": ["celsius"]}
    thermostat = Tool.from_schema(None, "set_thermostat", "Set the heating to a temperature.", schema)
    assert (thermostat.function, thermostat.parameters) == (None, schema)

    def double(celsius: float) -> float:
        return celsius * 2

    doubled = Tool.from_schema(double, "double", "Double it.", schema, read_only=True)
    assert (doubled.function, doubled.traits.read_only) == (double, True)


# -- every way that a run can end


async def test_done(assistants: Callable[..., Assistant]) -> None:
    answer = await assistants(Script(call("count_letters", word="gnu"), "Three."), tools=TOOLS).ask("letters of gnu?")
    shown = checked(answer)
    assert (answer.status, answer.text, answer.exit_code) == ("done", "Three.", 0)
    assert (shown["answer"], shown["error"], shown["pending"]) == ("Three.", None, [])
    assert shown["usage"]["requests"] == 2
    assert [(c["tool"], c["status"], c["result"]) for c in shown["calls"]] == [("count_letters", "done", 3)]
    assert [(s["status"], s["result"]) for s in shown["plan"]["steps"]] == [("done", 3)]
    assert answer.citations == []


async def test_a_reply_without_any_step_has_no_plan(assistants: Callable[..., Assistant]) -> None:
    shown = checked(await assistants(Script("Hello."), tools=TOOLS).ask("hi"))
    assert (shown["plan"], shown["calls"], shown["usage"]["requests"]) == (None, [], 1)


async def test_waiting_and_what_an_edit_does(assistants: Callable[..., Assistant]) -> None:
    assistant = assistants(Script(CHAIN, "Rang."), tools=TOOLS)
    answer = await assistant.ask("count and ring")
    shown = checked(answer)
    assert (answer.status, answer.text, answer.exit_code) == ("waiting", "", 3)
    assert shown["answer"] is None
    (waits,) = shown["pending"]
    assert (waits["kind"], waits["tool"], waits["args"]) == ("call", "ring", {"times": 3})
    assert waits["why"]
    assert [step["status"] for step in shown["plan"]["steps"]] == ["done", "waiting"]
    assert [c["status"] for c in shown["calls"]] == ["done", "waiting"]

    await assistant.approve(waits["id"], arguments={"times": 2}, scope="once")
    with pytest.raises(UsageError, match="answered already"):
        await assistant.approve(waits["id"])
    shown = checked(await assistant.resume(answer.run_id))
    assert (shown["status"], shown["calls"][1]["result"]) == ("done", "rang 2")
    assert shown["calls"][1]["args"] == {"times": 2}


async def test_waiting_for_an_answer(assistants: Callable[..., Assistant]) -> None:
    script = Script(call("ask_user", question="How often?"), call("count_letters", word="gnu"), "Done.")
    assistant = assistants(script, tools=TOOLS)
    answer = await assistant.ask("ring")
    (waits,) = checked(answer)["pending"]
    assert (waits["kind"], waits["tool"], waits["preview"]) == ("question", None, "How often?")
    await assistant.reply(waits["id"], "twice")
    assert checked(await assistant.resume(answer.run_id))["status"] == "done"


async def test_waiting_for_a_yes_to_the_plan(assistants: Callable[..., Assistant]) -> None:
    assistant = assistants(Script(CHAIN, "Rang."), tools=TOOLS)
    answer = await assistant.ask("count and ring", plan_first=True)
    shown = checked(answer)
    assert [(waits["kind"], waits["tool"]) for waits in shown["pending"]] == [("plan", None)]
    assert {step["status"] for step in shown["plan"]["steps"]} == {"planned"}


async def test_failed(assistants: Callable[..., Assistant]) -> None:
    assistant = assistants(Script(call("ring", times=12), "The rope broke, sorry."), tools=TOOLS, allow=["ring"])
    answer = await assistant.ask("ring twelve times")
    shown = checked(answer)
    assert (answer.status, answer.exit_code) == ("failed", 1)
    assert [c["status"] for c in shown["calls"]] == ["failed"]
    assert shown["calls"][0]["error"] == "The rope broke."
    assert shown["answer"] == "The rope broke, sorry.\n(Not done: ring. The rope broke.)"


async def test_failed_because_the_model_did(assistants: Callable[..., Assistant]) -> None:
    bad = call("submit_plan", goal="g", steps=[{"id": "s1", "tool": "no_such_tool"}])
    shown = checked(await assistants(Script(bad, bad, bad, bad), tools=TOOLS).ask("anything"))
    assert (shown["status"], shown["error"]["type"]) == ("failed", "PlanError")
    assert "no_such_tool" in shown["error"]["message"]


async def test_refused(assistants: Callable[..., Assistant]) -> None:
    assistant = assistants(Script(CHAIN, "I did not ring."), tools=TOOLS)
    answer = await assistant.ask("count and ring")
    await assistant.deny(answer.pending[0].id, reason="the baby sleeps")
    answer = await assistant.resume(answer.run_id)
    shown = checked(answer)
    assert (answer.status, answer.exit_code) == ("refused", 4)
    assert [c["status"] for c in shown["calls"]] == ["done", "denied"]
    assert [step["status"] for step in shown["plan"]["steps"]] == ["done", "denied"]


async def test_cancelled(assistants: Callable[..., Assistant]) -> None:
    assistant = assistants(Script(call("wait_for_ever")), tools=TOOLS)
    run_id = ""
    async with asyncio.timeout(30):
        events = assistant.stream("wait")
        async for event in events:
            run_id = event.run_id
            if event.kind == "call_started":
                break
        await events.aclose()  # pyright: ignore[reportAttributeAccessIssue]
    answer = assistant.answer_of(run_id)
    shown = checked(answer)
    assert (answer.status, answer.exit_code) == ("cancelled", 130)
    assert shown["answer"] is None


# -- stream


async def test_a_stream_is_typed_events_that_end_with_the_answer(assistants: Callable[..., Assistant]) -> None:
    stream = assistants(Script(call("count_letters", word="gnu"), "It has three."), tools=TOOLS).stream("letters?")
    assert isinstance(stream, AsyncIterator)
    events = [event async for event in stream]
    assert all(isinstance(event, Event) for event in events)
    assert isinstance(events[-1], AnswerReady)
    checked(events[-1].answer)
    assert "".join(getattr(event, "text", "") for event in events if event.kind == "text_delta") == "It has three."
    numbers = [event.seq for event in events if event.kept]
    assert numbers == list(range(1, len(numbers) + 1))
    assert {event.run_id for event in events} == {events[-1].answer.run_id}
    for event in events:
        json.dumps(event.to_json())


# -- conversations, users, feedback, twins


async def test_conversations_and_users_side_by_side(assistants: Callable[..., Assistant]) -> None:
    def said(messages: list[Any]) -> str:
        return " / ".join(str(part.content) for message in messages for part in message.parts)

    assistant = assistants(Script(said, said, said, said), tools=TOOLS)
    ada, bo = await asyncio.gather(assistant.ask("I am Ada", user="ada"), assistant.ask("I am Bo", user="bo"))
    assert ada.conversation_id != bo.conversation_id
    ada, bo = await asyncio.gather(
        assistant.ask("who?", user="ada", conversation=ada.conversation_id),
        assistant.ask("who?", user="bo", conversation=bo.conversation_id),
    )
    assert ("Ada" in ada.text, "Bo" in ada.text, "Bo" in bo.text, "Ada" in bo.text) == (True, False, True, False)
    with pytest.raises(UsageError, match="'conv_none'"):
        await assistant.ask("hi", conversation="conv_none")


async def test_feedback_is_a_rating_or_a_correction(assistants: Callable[..., Assistant]) -> None:
    assistant = assistants(Script("Four."), tools=TOOLS)
    answer = await assistant.ask("letters of gnu?")
    await assistant.feedback(answer.run_id, rating="down", correction="Three.")
    with pytest.raises(UsageError, match="'sideways'"):
        await assistant.feedback(answer.run_id, rating="sideways")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UsageError, match="run_none"):
        await assistant.feedback("run_none", rating="up")


def test_the_sync_twins_do_the_same(tmp_path: Path) -> None:
    script = Script(CHAIN, CHAIN, "Rang.", call("ask_user", question="Which?"), "Fine.", CHAIN, "Not rung.")
    with Assistant(script.model, tools=TOOLS, plugins=False, home=tmp_path / "home") as assistant:
        assert len(assistant.plan_sync("count and ring").steps) == 2
        answer = assistant.ask_sync("count and ring", user="ada")
        assistant.approve_sync(answer.pending[0].id, arguments={"times": 1})
        answer = assistant.resume_sync(answer.run_id)
        assert checked(answer)["calls"][1]["result"] == "rang 1"
        assistant.feedback_sync(answer.run_id, rating="up")
        answer = assistant.ask_sync("which?")
        assistant.reply_sync(answer.pending[0].id, "that one")
        assert assistant.resume_sync(answer.run_id).text == "Fine."
        answer = assistant.ask_sync("count and ring")
        assistant.deny_sync(answer.pending[0].id, "no")
        assert assistant.resume_sync(answer.run_id).status == "refused"


async def test_an_unknown_run_or_question_is_named(assistants: Callable[..., Assistant]) -> None:
    assistant = assistants(Script("x"), tools=TOOLS)
    for request in (
        assistant.resume("run_none"),
        assistant.approve("ask_none"),
        assistant.deny("ask_none", "no"),
        assistant.reply("ask_none", "yes"),
    ):
        with pytest.raises(UsageError, match="_none'"):
            await request


async def test_an_external_call_is_the_apps_to_fulfil(assistants: Callable[..., Assistant]) -> None:
    schema = {"type": "object", "properties": {"celsius": {"type": "number"}}, "required": ["celsius"]}
    thermostat = Tool.from_schema(None, "set_thermostat", "Set the heating.", schema)
    assistant = assistants(Script(call("set_thermostat", celsius=21), "Warm."), tools=[thermostat])
    answer = await assistant.ask("21 degrees, please")
    (waits,) = answer.pending
    shown = checked(answer)["pending"][0]
    assert (waits.kind, waits.external, shown["tool"], shown["args"]) == (
        "call",
        True,
        "set_thermostat",
        {"celsius": 21},
    )
    await assistant.reply(waits.id, {"celsius": 21})
    shown = checked(await assistant.resume(answer.run_id))
    assert (shown["status"], shown["calls"][0]["result"]) == ("done", {"celsius": 21})
