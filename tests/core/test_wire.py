"""An assistant on real clients, in three wire formats: requests counted, faults survived, runs resumed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta

from agent_core import Assistant, tool
from agent_core.models import ResolvedModel
from tests.servers.llm_script import DROP, STALL, Call, Step, call, calls, fail, say
from tests.servers.scripted_llm import ScriptedLLM

NAMES = {"chat": "openai-chat:scripted", "responses": "openai:scripted", "ollama": "ollama:small:1b"}


@tool(read_only=True)
def multiply(a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


@tool(open_world=True)
def send(body: str) -> str:
    """Send a message."""
    return f"sent {body}"


@pytest.fixture(params=list(NAMES))
def wire(request, scripted_llm: ScriptedLLM, monkeypatch) -> str:
    """The name of the scripted model in each wire format in turn; failed requests are sent again at once."""
    scripted_llm.add_ollama("small:1b")
    settings = {
        "OPENAI_BASE_URL": scripted_llm.openai_url,
        "OPENAI_API_KEY": "sk-none",
        "OLLAMA_HOST": scripted_llm.url,
        "AGENT_CORE_MODELS_RETRY_ATTEMPTS": "2",
        "AGENT_CORE_MODELS_RETRY_FIRST_WAIT_S": "0.01",
        "AGENT_CORE_MODELS_PLANNER_TIMEOUT_S": "0.3",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return NAMES[request.param]


@pytest.fixture
async def wired(wire, assistants) -> AsyncIterator[Callable[[], Assistant]]:
    """Makes assistants that speak to the scripted server."""
    async with AsyncExitStack() as made:

        def make() -> Assistant:
            assistant: Assistant = assistants(wire, tools=[multiply, send])
            made.push_async_callback(assistant.aclose)
            return assistant

        yield make


@pytest.fixture
def resolved(wire, wired) -> Callable[[], Awaitable[ResolvedModel]]:
    """Makes the same model for a bare agent."""
    return lambda: wired().parts.resolve_models()


def bare(model: ResolvedModel) -> Agent[None, str]:
    """What an app would write without us."""
    agent: Agent[None, str] = Agent(model.model, model_settings=model.model_settings)
    agent.tool_plain(multiply.function)
    return agent


@pytest.mark.parametrize(
    "turns",
    [[say("Hello.")], [call("multiply", {"a": 6, "b": 7}), say("It is 42.")]],
    ids=["reply", "one-call"],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_no_more_requests_than_a_bare_agent(wired, resolved, scripted_llm: ScriptedLLM, turns, streamed) -> None:
    scripted_llm.script(*turns)
    plain = await bare(await resolved()).run("What is 6 * 7?")
    requests = len(scripted_llm.model_requests)
    scripted_llm.script(*turns)
    assistant = wired()
    if streamed:
        answer = [event async for event in assistant.stream("What is 6 * 7?")][-1].answer
    else:
        answer = await assistant.ask("What is 6 * 7?")
    assert (answer.status, answer.text) == ("done", plain.output)
    assert len(scripted_llm.model_requests) == 2 * requests
    assert answer.usage.requests == requests
    assert scripted_llm.left == 0


async def test_text_streams_as_early_as_from_a_bare_agent(wired, resolved, scripted_llm: ScriptedLLM) -> None:
    """The server hangs after k pieces: what either has shown by then is what had arrived."""
    reply = "The answer to this is forty-two, I am sure."
    early: dict[str, list[str]] = {"bare": [], "ours": []}
    for stalled_at in (2, 3, 4, 5, 6):
        scripted_llm.script(say(reply, stall_after=stalled_at))
        early["bare"].append(await shown_by_bare(await resolved()))
        scripted_llm.script(say(reply, stall_after=stalled_at))
        text = ""
        async for event in wired().stream("What is it?"):
            text += event.text if event.kind == "text_delta" else ""
        early["ours"].append(text)
    assert early["ours"] == early["bare"]
    assert early["ours"][-1].startswith("The answer")


async def shown_by_bare(model: ResolvedModel) -> str:
    text = ""
    try:
        async with bare(model).run_stream_events("What is it?") as events:
            async for event in events:
                if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                    text += event.part.content
                elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                    text += event.delta.content_delta
    except Exception:
        return text
    return text


FAULTS: dict[str, Step] = {
    "rate-limit": fail(429, retry_after="0"),
    "server-error": fail(500),
    "dropped": DROP,
    "dropped-within": say("It is for certain", drop_after=2),
    "stalled": STALL,
    "empty": say(""),
}


@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_fault_that_stays_is_one_line_and_the_run_goes_on_later(
    wired, scripted_llm: ScriptedLLM, fault, streamed
) -> None:
    assistant = wired()
    scripted_llm.script(call("multiply", {"a": 6, "b": 7}), *[FAULTS[fault]] * 8)
    if streamed:
        answer = [event async for event in assistant.stream("6 * 7?")][-1].answer
    else:
        answer = await assistant.ask("6 * 7?")
    assert (answer.status, answer.exit_code) == ("failed", 1)
    assert answer.error["message"]
    assert "\n" not in answer.error["message"]
    assert [(done.tool, done.result) for done in answer.calls] == [("multiply", 42)]

    scripted_llm._steps.clear()
    scripted_llm.script(say("It is 42."))
    asked = len(scripted_llm.model_requests)
    answer = await assistant.resume(answer.run_id)
    assert (answer.status, answer.text, answer.error) == ("done", "It is 42.", None)
    assert len(scripted_llm.model_requests) == asked + 1
    assert len(answer.calls) == 1, "what was done is not done again"
    events = assistant.parts.runs.events(answer.run_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))


@pytest.mark.parametrize("fault", ["rate-limit", "server-error", "dropped"])
async def test_a_fault_that_passes_is_not_noticed(wired, scripted_llm: ScriptedLLM, fault) -> None:
    scripted_llm.script(FAULTS[fault], call("multiply", {"a": 6, "b": 7}), FAULTS[fault], say("It is 42."))
    answer = await wired().ask("6 * 7?")
    assert (answer.status, answer.text) == ("done", "It is 42.")


@pytest.mark.parametrize("arguments", ['{"a": 6, "b": 7', "{'a': 6, 'b': 7}", '{"a": 6, "b": 7,}'])
async def test_malformed_arguments_are_repaired(wired, wire, scripted_llm: ScriptedLLM, arguments) -> None:
    if wire.startswith("ollama"):
        pytest.skip("Ollama sends arguments as an object")
    scripted_llm.script(call("multiply", arguments), say("It is 42."))
    answer = await wired().ask("6 * 7?")
    assert answer.status == "done"
    assert [done.args for done in answer.calls if done.status == "done"] in ([{"a": 6, "b": 7}], [])


async def test_an_unknown_tool_goes_back_to_the_model(wired, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(call("divide", {"a": 1}), call("multiply", {"a": 6, "b": 7}), say("It is 42."))
    answer = await wired().ask("6 * 7?")
    assert (answer.status, answer.text) == ("done", "It is 42.")
    assert "divide" in str(scripted_llm.model_requests[1].body)


async def test_parallel_calls_are_steps_side_by_side(wired, scripted_llm: ScriptedLLM) -> None:
    both = calls(Call("multiply", {"a": 6, "b": 7}), Call("multiply", {"a": 2, "b": 3}))
    scripted_llm.script(both, say("42 and 6."))
    answer = await wired().ask("6 * 7 and 2 * 3?")
    assert answer.status == "done"
    assert {name: ended.result for name, ended in answer.steps.items()} == {"s1": 42, "s2": 6}
    assert len(scripted_llm.model_requests) == 2


async def test_calls_with_one_id_keep_their_own_results(wired, scripted_llm: ScriptedLLM) -> None:
    both = calls(Call("multiply", {"a": 6, "b": 7}, id="same"), Call("multiply", {"a": 2, "b": 3}, id="same"))
    scripted_llm.script(both, say("42 and 6."))
    answer = await wired().ask("6 * 7 and 2 * 3?")
    assert answer.status == "done", answer.error
    body = scripted_llm.model_requests[1].body
    results = [str(m.get("content") or m.get("output")) for m in body.get("messages") or body["input"]]
    assert [text for text in results if text in ("42", "6")] == ["42", "6"]


async def test_a_submitted_plan_runs_with_references_and_waits(wired, scripted_llm: ScriptedLLM) -> None:
    steps = [
        {"id": "s1", "kind": "tool", "tool": "multiply", "args": {"a": 6, "b": 7}},
        {"id": "s2", "kind": "tool", "tool": "send", "args": {"body": {"$text": "It is {s1}"}}},
    ]
    scripted_llm.script(call("submit_plan", {"goal": "tell", "steps": steps}), say("Told."))
    assistant = wired()
    answer = await assistant.ask("multiply and tell")
    (pending,) = answer.pending
    assert pending.args == {"body": "It is 42"}
    await assistant.approve(pending.id)
    answer = await assistant.resume(answer.run_id)
    assert (answer.status, answer.text) == ("done", "Told.")
    assert len(scripted_llm.model_requests) == 2
