"""Ollama's native endpoint: the context is set, known, and never exceeded in silence."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, NativeOutput
from pydantic_ai.exceptions import ModelContextWindowExceededError
from pydantic_ai.messages import ModelRequest, ThinkingPart, UserPromptPart

from agent_core.errors import ConfigurationError, ModelError
from agent_core.models import PromptTooLongError, ResolvedModel, resolve
from agent_core.models.ollama import OllamaServer, is_cloud_model, is_loopback, ollama_host
from agent_core.models.tokens import Calibration, text_tokens
from agent_core.settings.sections import Models, OllamaSettings
from tests.servers.llm_script import Turn, call, say
from tests.servers.scripted_llm import ScriptedLLM


class Place(BaseModel):
    street: str
    number: int


class Parcel(BaseModel):
    weight_kg: float
    to: Place


def local(llm: ScriptedLLM, name: str = "small:1b", **preferences: Any) -> ResolvedModel:
    return resolve(
        f"ollama:{name}",
        factories={},
        settings=Models(ollama=OllamaSettings(host=llm.url, **preferences)),
    )


def options(llm: ScriptedLLM, number: int = -1) -> dict[str, Any]:
    return llm.model_requests[number].body["options"]


@pytest.mark.parametrize(
    ("entry", "wanted", "expected"),
    [
        ({}, None, 16_384),
        ({"trained_tokens": 8192}, None, 8192),
        ({"parameters": 'stop "<|end|>"\nnum_ctx                        6000\ntemperature 1'}, None, 6000),
        ({"loaded_tokens": 24_576, "trained_tokens": 40_960}, None, 24_576),
        ({"loaded_tokens": 4096}, None, 16_384),
        ({"parameters": "num_ctx 6000"}, 20_000, 20_000),
        ({"trained_tokens": 2048}, 20_000, 2048),
    ],
)
async def test_the_context_length_is_chosen_and_sent(
    scripted_llm: ScriptedLLM, entry: dict[str, Any], wanted: int | None, expected: int
) -> None:
    scripted_llm.add_ollama("small:1b", **entry)
    resolved = local(scripted_llm, num_ctx=wanted)
    assert resolved.context_tokens == expected
    scripted_llm.script(say("hello"))
    await Agent(resolved.model).run("hi")
    assert options(scripted_llm)["num_ctx"] == expected


async def test_what_will_not_fit_is_not_sent(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b")
    resolved = local(scripted_llm, num_ctx=2048)
    with pytest.raises(PromptTooLongError) as caught:
        await Agent(resolved.model).run("many words " * 2000)
    assert scripted_llm.model_requests == []
    assert isinstance(caught.value, ModelError)
    assert isinstance(caught.value, ModelContextWindowExceededError)
    assert caught.value.context_tokens == 2048
    assert str(caught.value.prompt_tokens) in str(caught.value)
    assert "2048" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["Füße über Größe. " * 200, "请把所有的文件都读一遍。" * 200, "{}[],:" * 400, "word " * 1500]
)
async def test_room_is_left_for_the_reply(scripted_llm: ScriptedLLM, text: str) -> None:
    scripted_llm.add_ollama("small:1b")
    resolved = local(scripted_llm, num_ctx=8192)
    estimate = resolved.model.estimate_tokens([ModelRequest(parts=[UserPromptPart(text)])])
    scripted_llm.script(say("fine"))
    await Agent(resolved.model).run(text)
    # Never fewer than one token per four characters, whatever the language.
    assert estimate >= len(text) / 4
    assert estimate + options(scripted_llm)["num_predict"] <= 8192


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_cut_prompt_is_noticed(scripted_llm: ScriptedLLM, streamed: bool) -> None:
    scripted_llm.add_ollama("small:1b")
    resolved = local(scripted_llm, num_ctx=2048)
    scripted_llm.script(Turn("I only read the end.", prompt_tokens=5000))
    agent = Agent(resolved.model)

    async def ask() -> None:
        if not streamed:
            await agent.run("short?")
            return
        async with agent.run_stream("short?") as result:
            await result.get_output()

    with pytest.raises(PromptTooLongError, match="cut"):
        await ask()


async def test_a_server_that_grants_less_is_believed(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b", granted_at_most=2048)
    resolved = local(scripted_llm, num_ctx=16_384)
    assert resolved.model.context_window == 16_384
    scripted_llm.script(say("hello"))
    agent = Agent(resolved.model)
    await agent.run("hi")
    assert resolved.model.context_window == 2048
    with pytest.raises(PromptTooLongError):
        await agent.run("many words " * 700)
    assert len(scripted_llm.model_requests) == 1


async def test_a_prompt_sent_before_the_grant_was_known_is_not_trusted(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b", granted_at_most=2048)
    resolved = local(scripted_llm, num_ctx=16_384)
    scripted_llm.script(say("I read only half of it."))
    with pytest.raises(PromptTooLongError, match="2048"):
        await Agent(resolved.model).run("many words " * 1500)


async def test_estimates_follow_what_the_server_counts(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b")
    resolved = local(scripted_llm, num_ctx=8192)
    request = [ModelRequest(parts=[UserPromptPart("x" * 3000)])]
    before = resolved.model.estimate_tokens(request)
    scripted_llm.script(Turn("ok", prompt_tokens=before * 2))
    await Agent(resolved.model).run("x" * 3000)
    assert resolved.model.estimate_tokens(request) >= before * 2


def test_calibration_rises_at_once_and_falls_slowly() -> None:
    calibration = Calibration()
    calibration.learn(100, 150)
    risen = calibration.factor
    assert risen >= 1.5
    calibration.learn(100, 2)
    assert calibration.factor == risen
    for _ in range(50):
        calibration.learn(100, 60)
    assert 0.75 <= calibration.factor < 0.8


def test_dense_text_counts_more_than_english() -> None:
    english = text_tokens("the quick brown fox jumps over it")
    for dense in ("你好世界" * 8, "3.14159265" * 3, "a9F/Xk3Q+z" * 3, '{"a":[1,2],' * 3):
        assert text_tokens(dense) / len(dense) > english / 33


async def test_tools_reach_the_model_with_what_they_need(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b")
    agent = Agent(local(scripted_llm).model)

    @agent.tool_plain
    def ship(parcel: Parcel, speed: Literal["slow", "fast"], stops: list[str], note: str | None = None) -> str:
        """Ship a parcel.

        Args:
            parcel: What and where to.
            speed: How fast.
            stops: Towns on the way.
            note: For the driver.
        """
        return f"{parcel.to.street} {parcel.to.number} {speed} {note}"

    given = {"parcel": {"weight_kg": 2.5, "to": {"street": "Am Markt", "number": 4}}, "speed": "fast", "stops": ["Ulm"]}
    scripted_llm.script(call("ship", given), say("Shipped."))
    assert (await agent.run("Ship it.")).output == "Shipped."
    parameters = scripted_llm.model_requests[0].body["tools"][0]["function"]["parameters"]
    properties = parameters["properties"]
    assert parameters["required"] == ["parcel", "speed", "stops"]
    assert properties["speed"]["enum"] == ["slow", "fast"]
    assert properties["stops"]["items"] == {"type": "string"}
    assert properties["note"]["type"] == ["string", "null"]
    assert properties["parcel"]["type"] == "object"
    assert "street" in properties["parcel"]["description"]
    assert "$ref" not in json.dumps(parameters)
    second = scripted_llm.model_requests[1].body["messages"]
    assert second[-2]["tool_calls"] == [{"function": {"name": "ship", "arguments": given}}]
    assert second[-1] == {"role": "tool", "tool_name": "ship", "content": "Am Markt 4 fast None"}


async def test_instructions_images_and_settings(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b", capabilities=("completion", "vision"))
    resolved = local(scripted_llm, keep_alive="10m")
    scripted_llm.script(say("A dot."))
    agent = Agent(resolved.model, instructions="Be brief.")
    settings: Any = {"temperature": 0, "top_k": 3, "seed": 7, "stop_sequences": ["END"]}
    picture = BinaryContent(b"\x89PNG", media_type="image/png")
    await agent.run(["What is this?", picture], model_settings=settings)
    body = scripted_llm.model_requests[0].body
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}
    assert body["messages"][1]["images"] == ["iVBORw=="]
    assert body["keep_alive"] == "10m"
    sent = options(scripted_llm)
    assert (sent["temperature"], sent["top_k"], sent["seed"], sent["stop"]) == (0, 3, 7, ["END"])


@pytest.mark.parametrize(("keep_alive", "sent"), [("10m", "10m"), ("-1", -1), ("300", 300)])
async def test_how_long_a_model_stays_loaded(scripted_llm: ScriptedLLM, keep_alive: str, sent: str | int) -> None:
    scripted_llm.add_ollama("small:1b")
    scripted_llm.script(say("ok"))
    await Agent(local(scripted_llm, keep_alive=keep_alive).model).run("?")
    assert scripted_llm.model_requests[0].body["keep_alive"] == sent


async def test_a_path_in_a_prompt_is_never_read_as_an_image(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b")
    scripted_llm.script(say("No."))
    await Agent(local(scripted_llm).model).run("/etc/passwd")
    assert "images" not in scripted_llm.model_requests[0].body["messages"][0]


@pytest.mark.parametrize("streamed", [False, True])
async def test_thinking_is_kept_apart_from_the_answer(scripted_llm: ScriptedLLM, streamed: bool) -> None:
    scripted_llm.add_ollama("small:1b", capabilities=("completion", "tools", "thinking"))
    scripted_llm.script(Turn("42.", thinking="Six times seven."))
    agent = Agent(local(scripted_llm).model)
    if streamed:
        async with agent.run_stream("6*7?", model_settings={"thinking": True}) as result:
            assert await result.get_output() == "42."
        parts = result.response.parts
    else:
        outcome = await agent.run("6*7?", model_settings={"thinking": True})
        assert outcome.output == "42."
        parts = outcome.response.parts
    assert scripted_llm.model_requests[0].body["think"] is True
    assert [part.content for part in parts if isinstance(part, ThinkingPart)] == ["Six times seven."]


async def test_native_output_sends_the_schema(scripted_llm: ScriptedLLM) -> None:
    class Sum(BaseModel):
        value: int

    scripted_llm.add_ollama("small:1b")
    scripted_llm.script(say('{"value": 4}'))
    result = await Agent(local(scripted_llm).model, output_type=NativeOutput(Sum)).run("2+2?")
    assert result.output == Sum(value=4)
    assert scripted_llm.model_requests[0].body["format"]["properties"]["value"]["type"] == "integer"


async def test_it_works_in_one_event_loop_after_another(scripted_llm: ScriptedLLM) -> None:
    import asyncio

    scripted_llm.add_ollama("small:1b")
    agent = Agent(local(scripted_llm).model)
    scripted_llm.script(say("one"), say("two"))
    for expected in ("one", "two"):
        assert (await asyncio.to_thread(lambda: asyncio.run(agent.run("?")))).output == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("10.0.0.5", "http://10.0.0.5:11434"),
        ("localhost:1234", "http://localhost:1234"),
        ("0.0.0.0:11434", "http://127.0.0.1:11434"),
        (":9999", "http://127.0.0.1:9999"),
        ("https://ollama.example", "https://ollama.example:443"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434"),
        ("[::1]:11434", "http://[::1]:11434"),
    ],
)
def test_addresses(host: str, expected: str) -> None:
    assert ollama_host(host) == expected


def test_a_nonsense_address_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="HOST:PORT"):
        ollama_host("host:port")


def test_what_stays_on_this_machine() -> None:
    assert is_loopback("http://127.0.0.1:11434")
    assert is_loopback("http://127.9.9.9")
    assert is_loopback("http://[::1]:80/v1")
    assert is_loopback("http://LOCALHOST")
    assert not is_loopback("http://192.168.1.4")
    assert not is_loopback("http://127.0.0.1.example.com")
    assert not is_loopback("http://localhost.example.com")
    assert not is_loopback("https://api.openai.com/v1")
    assert not is_loopback("")


def test_cloud_models_are_not_local() -> None:
    assert is_cloud_model("gpt-oss:120b-cloud")
    assert is_cloud_model("kimi:cloud")
    assert not is_cloud_model("qwen3:8b")


def test_a_server_that_is_not_ollama(scripted_llm: ScriptedLLM) -> None:
    with pytest.raises(ModelError, match=r"127\.0\.0\.1"):
        OllamaServer(scripted_llm.url).model_names()
    assert not OllamaServer("http://127.0.0.1:9").running()
