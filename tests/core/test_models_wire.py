"""Real clients against a scripted server: what is retried, what is reported, what is never asked twice."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelAPIError, ModelConnectionError, ModelHTTPError, ModelTimeoutError
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart

from agent_core.errors import ModelError
from agent_core.models import (
    ResolvedModel,
    as_model_error,
    resolve,
)
from agent_core.settings.sections import ModelRetries, ModelRole, Models, OllamaSettings
from tests.servers.llm_script import DROP, STALL, Call, Step, call, calls, fail, say
from tests.servers.scripted_llm import ScriptedLLM

NAMES = {"chat": "openai-chat:scripted", "responses": "openai:scripted", "ollama": "ollama:small:1b"}
QUICK = ModelRetries(attempts=3, first_wait_s=0.01, longest_wait_s=0.05)

MakeModel = Callable[..., ResolvedModel]


@pytest.fixture(params=["chat", "responses", "ollama"])
def make_model(request: pytest.FixtureRequest, scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> MakeModel:
    """A function that resolves a model on each of the wire formats in turn."""
    scripted_llm.add_ollama("small:1b")
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")

    def make(retry: ModelRetries = QUICK, **inference: object) -> ResolvedModel:
        settings = Models(retry=retry, ollama=OllamaSettings(host=scripted_llm.url))
        return resolve(ModelRole(NAMES[request.param], **inference), factories={}, settings=settings)  # type: ignore[arg-type]

    return make


@pytest.fixture(params=["whole", "streamed"])
def ask(request: pytest.FixtureRequest) -> Callable[..., object]:
    """A function that runs an agent on a model and returns its answer, streamed or not."""

    async def run(resolved: ResolvedModel, agent: Agent[None, str] | None = None, text: str = "Go on.") -> str:
        agent = agent or Agent()
        async with resolved.model:
            if request.param == "whole":
                settings = resolved.model_settings
                return (await agent.run(text, model=resolved.model, model_settings=settings)).output
            async with agent.run_stream(text, model=resolved.model, model_settings=resolved.model_settings) as result:
                return "".join([piece async for piece in result.stream_text(delta=True)])

    return run


async def test_answers_after_parallel_calls(make_model, ask, scripted_llm: ScriptedLLM) -> None:
    seen: list[tuple[int, int]] = []
    agent = Agent()

    @agent.tool_plain
    def multiply(a: int, b: int) -> int:
        seen.append((a, b))
        return a * b

    two = calls(Call("multiply", {"a": 6, "b": 7}), Call("multiply", {"a": 2, "b": 3}))
    scripted_llm.script(two, say("Forty-two and six."))
    assert await ask(make_model(), agent) == "Forty-two and six."
    assert sorted(seen) == [(2, 3), (6, 7)]
    assert len(scripted_llm.model_requests) == 2
    assert "42" in str(scripted_llm.model_requests[1].body)


@pytest.mark.parametrize(
    "fault",
    [fail(429, retry_after="0"), fail(500), fail(503, message="overloaded"), DROP],
    ids=["rate-limit", "server-error", "overloaded", "dropped"],
)
async def test_passing_faults_are_retried_until_it_works(
    make_model, ask, scripted_llm: ScriptedLLM, fault: Step
) -> None:
    scripted_llm.script(fault, fault, say("Here I am."))
    assert await ask(make_model()) == "Here I am."
    assert len(scripted_llm.model_requests) == 3


async def test_only_one_layer_retries(make_model, ask, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(*[fail(500)] * 10)
    with pytest.raises(ModelHTTPError) as caught:
        await ask(make_model())
    assert len(scripted_llm.model_requests) == QUICK.attempts
    message = str(as_model_error(caught.value))
    assert "keeps failing (HTTP 500: scripted failure)" in message
    assert "\n" not in message


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_a_refusal_is_reported_at_once(make_model, ask, scripted_llm: ScriptedLLM, status: int) -> None:
    scripted_llm.script(fail(status, message="no such thing"))
    with pytest.raises(ModelHTTPError) as caught:
        await ask(make_model())
    assert caught.value.status_code == status
    assert len(scripted_llm.model_requests) == 1
    reported = as_model_error(caught.value)
    assert isinstance(reported, ModelError)
    assert "\n" not in str(reported)


async def test_a_stall_is_a_timeout_and_is_retried(make_model, ask, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.script(STALL, say("Sorry, I dozed off."))
    assert await ask(make_model(timeout_s=0.3)) == "Sorry, I dozed off."
    scripted_llm.script(STALL, STALL)
    with pytest.raises(ModelTimeoutError) as caught:
        await ask(make_model(ModelRetries(attempts=2, first_wait_s=0), timeout_s=0.3))
    assert "timeout_s" in str(as_model_error(caught.value))


async def test_nobody_listening_is_a_connection_error(make_model, ask, scripted_llm: ScriptedLLM) -> None:
    resolved = make_model()
    scripted_llm.close()
    with pytest.raises(ModelConnectionError) as caught:
        await ask(resolved)
    assert "could not be reached" in str(as_model_error(caught.value))


async def read_stream(resolved: ResolvedModel, shown: list[str]) -> None:
    async with Agent().run_stream("?", model=resolved.model, model_settings=resolved.model_settings) as result:
        async for piece in result.stream_text(delta=True, debounce_by=None):
            shown.append(piece)


async def test_a_stream_that_breaks_after_words_were_shown_is_not_asked_again(
    make_model, scripted_llm: ScriptedLLM
) -> None:
    resolved = make_model()
    shown: list[str] = []
    # Enough pieces that every wire format has sent words before the end.
    scripted_llm.script(say("one two three four five six seven eight", drop_after=7), say("second"))
    async with resolved.model:
        with pytest.raises(ModelAPIError):
            await read_stream(resolved, shown)
    assert "".join(shown).startswith("one two")
    assert len(scripted_llm.model_requests) == 1


async def test_a_stream_that_stalls_midway_times_out(make_model, scripted_llm: ScriptedLLM) -> None:
    resolved = make_model(timeout_s=0.3)
    scripted_llm.script(say("one two three four five six seven eight", stall_after=7))
    async with resolved.model:
        with pytest.raises(ModelAPIError):
            await read_stream(resolved, [])
    assert len(scripted_llm.model_requests) == 1


async def test_a_stream_that_breaks_before_its_first_word_is_asked_again(
    make_model, ask, scripted_llm: ScriptedLLM
) -> None:
    scripted_llm.script(say("never shown", drop_after=0), say("shown"))
    assert await ask(make_model()) == "shown"
    assert len(scripted_llm.model_requests) == 2


async def test_a_whole_reply_that_breaks_off_is_retried(make_model, scripted_llm: ScriptedLLM) -> None:
    resolved = make_model()
    scripted_llm.script(say("half a reply", drop_after=0), say("a whole reply"))
    async with resolved.model:
        assert (await Agent().run("?", model=resolved.model)).output == "a whole reply"


async def test_retry_after_is_honoured_and_capped(
    make_model, scripted_llm: ScriptedLLM, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="agent_core.models.retrying")
    patient = make_model(ModelRetries(attempts=2, first_wait_s=50, longest_wait_s=60))
    hurried = make_model(ModelRetries(attempts=2, first_wait_s=50, longest_wait_s=0.05))
    scripted_llm.script(fail(429, retry_after="1"), say("One second later."))
    async with patient.model:
        assert (await Agent().run("?", model=patient.model)).output == "One second later."
    scripted_llm.script(fail(503, retry_after="3600"), say("Not an hour later."))
    async with hurried.model:
        assert (await Agent().run("?", model=hurried.model)).output == "Not an hour later."
    waits = [record.args[-1] for record in caplog.records if isinstance(record.args, tuple)]
    assert waits == [1.0, 0.05]


class Town(BaseModel):
    name: str
    inhabitants: int


async def test_structured_output(make_model, scripted_llm: ScriptedLLM) -> None:
    resolved = make_model()
    scripted_llm.script(
        call("final_result", {"name": "Ulm", "inhabitants": "many"}),
        call("final_result", {"name": "Ulm", "inhabitants": 128000}),
    )
    async with resolved.model:
        result = await Agent(output_type=Town).run("Which town?", model=resolved.model)
    assert result.output == Town(name="Ulm", inhabitants=128000)
    assert len(scripted_llm.model_requests) == 2


async def test_inference_settings_reach_the_wire(make_model, scripted_llm: ScriptedLLM) -> None:
    resolved = make_model(max_tokens=77, temperature=0.25, top_p=0.9)
    scripted_llm.script(say("ok"))
    async with resolved.model:
        await Agent().run("?", model=resolved.model, model_settings=resolved.model_settings)
    body = scripted_llm.model_requests[0].body
    body = {**body, **body.get("options", {})}
    limit = body.get("max_completion_tokens") or body.get("max_output_tokens") or body.get("num_predict")
    assert (limit, body["temperature"], body["top_p"]) == (77, 0.25, 0.9)


async def test_a_consumer_that_walks_away_ends_the_stream(make_model, scripted_llm: ScriptedLLM) -> None:
    resolved = make_model()
    scripted_llm.script(say("one two three four five six"), say("next"))
    async with resolved.model:
        async with Agent().run_stream("count", model=resolved.model) as result:
            pieces: AsyncIterator[str] = result.stream_text(delta=True, debounce_by=None)
            assert (await anext(pieces)).strip()
            await pieces.aclose()  # type: ignore[attr-defined]
        assert (await Agent().run("again", model=resolved.model)).output == "next"


async def test_history_of_calls_is_sent_back(make_model, scripted_llm: ScriptedLLM) -> None:
    resolved = make_model()
    agent = Agent()

    @agent.tool_plain
    def clock() -> str:
        return "noon"

    scripted_llm.script(call("clock"), say("It is noon."), say("You asked for the time."))
    async with resolved.model:
        first = await agent.run("What time is it?", model=resolved.model)
        second = await agent.run("What did I ask?", model=resolved.model, message_history=first.all_messages())
    assert second.output == "You asked for the time."
    responses = [message for message in first.all_messages() if isinstance(message, ModelResponse)]
    assert isinstance(responses[0].parts[0], ToolCallPart)
    assert isinstance(responses[1].parts[0], TextPart)
    sent = str(scripted_llm.model_requests[2].body)
    assert sent.index("What time is it?") < sent.index("noon") < sent.index("What did I ask?")


async def test_a_closed_model_leaves_no_connection_and_works_again(make_model, scripted_llm: ScriptedLLM) -> None:
    resolved = make_model()
    scripted_llm.script(say("one"), say("two"))
    for expected in ("one", "two"):
        assert (await Agent().run("?", model=resolved.model)).output == expected
        # An open connection would end the test with a ResourceWarning.
        await resolved.aclose()
