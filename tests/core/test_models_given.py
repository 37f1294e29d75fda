"""A model that somebody names or makes for one assistant: what it keeps of the settings, and what it gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models import Model
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.tools import ToolDefinition

from agent_core import Assistant
from agent_core.errors import ModelError
from agent_core.events import Event, RunStarted
from agent_core.models import resolve, resolve_roles
from agent_core.models.retrying import RetryingModel
from agent_core.models.turn import Conversation, Speaker, take_turn
from agent_core.settings.sections import ModelRetries, ModelRole, Models
from tests.servers.llm_script import fail, say
from tests.servers.scripted_llm import ScriptedLLM

QUICK = ModelRetries(attempts=3, first_wait_s=0.01, longest_wait_s=0.05)


def in_process(name: str = "house:model") -> FunctionModel:
    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse(parts=[TextPart(f"{name} answers")])

    return FunctionModel(answer, model_name=name)


def at_address(url: str, name: str = "some-model") -> OpenAIChatModel:
    return OpenAIChatModel(name, provider=OpenAIProvider(base_url=url, api_key="sk-none"))


def by_rules(name: str) -> FunctionModel:
    model = in_process(name)
    model.language_model = False  # type: ignore[attr-defined]
    return model


FACTORIES: dict[str, Callable[[str], Any]] = {"offline": by_rules, "house:": in_process}


def test_a_named_model_takes_every_role_and_keeps_its_inference_settings() -> None:
    settings = Models(
        planner=ModelRole("house:planner", temperature=0.3, max_tokens=900), executor=ModelRole("house:hand", seed=7)
    )
    roles = resolve_roles(("planner", "executor"), factories=FACTORIES, settings=settings, model="house:mine")
    assert {resolved.name for resolved in roles.values()} == {"house:mine"}
    assert roles["planner"].model is roles["executor"].model
    assert roles["planner"].model_settings.get("temperature") == 0.3
    assert roles["planner"].model_settings.get("max_tokens") == 900
    assert roles["executor"].model_settings.get("seed") == 7


def test_a_named_model_keeps_the_configured_fallbacks() -> None:
    settings = Models(fallback=("house:spare",))
    planner = resolve_roles(("planner",), factories=FACTORIES, settings=settings, model="ollama:gone:8b")["planner"]
    assert planner.name == "house:spare"
    assert "does not answer" in planner.why


def test_auto_as_a_fallback_is_a_language_model_or_nothing() -> None:
    with pytest.raises(ModelError, match="ollama serve"):
        resolve("ollama:gone:8b", factories=FACTORIES, settings=Models(fallback=("auto",)))
    listed = resolve("ollama:gone:8b", factories=FACTORIES, settings=Models(fallback=("auto", "offline")))
    assert listed.name == "offline"


async def test_a_model_of_the_app_is_asked_again_and_its_printed_calls_are_calls(scripted_llm: ScriptedLLM) -> None:
    model = resolve_roles(
        ("planner",), factories={}, settings=Models(retry=QUICK), model=at_address(scripted_llm.openai_url)
    )["planner"]
    assert (model.remote, model.why) == (False, "given by the app")
    seen: list[str] = []

    def get_weather(city: str) -> str:
        seen.append(city)
        return "rain"

    scripted_llm.script(
        fail(503), say('{"name": "get_weather", "arguments": {"city": "Oslo"}}'), say("It rains in Oslo.")
    )
    async with model.model:
        answer = await Agent(model.model, tools=[get_weather]).run("Weather in Oslo?")
    assert (answer.output, seen) == ("It rains in Oslo.", ["Oslo"])


async def test_retries_of_the_app_are_not_multiplied(scripted_llm: ScriptedLLM) -> None:
    own = RetryingModel(at_address(scripted_llm.openai_url), ModelRetries(attempts=2, first_wait_s=0.01))
    model = resolve_roles(("planner",), factories={}, settings=Models(retry=QUICK), model=own)["planner"].model
    scripted_llm.script(fail(503), fail(503), say("Too late."))
    async with model:
        with pytest.raises(ModelHTTPError):
            await Agent(model).run("?")
    assert len(scripted_llm.model_requests) == 2


@pytest.mark.parametrize(
    ("make", "remote"),
    [
        (in_process, False),
        (lambda: at_address("http://127.0.0.1:9/v1"), False),
        (lambda: at_address("http://127.0.0.1:9/v1", "kimi-k2:1t-cloud"), True),
        (lambda: at_address("https://models.example.org/v1"), True),
        (lambda: FallbackModel(in_process(), at_address("https://models.example.org/v1")), True),
        (lambda: FallbackModel(in_process(), at_address("http://localhost:9/v1")), False),
        (lambda: RetryingModel(FallbackModel(in_process(), at_address("https://example.org/v1")), QUICK), True),
    ],
)
def test_a_model_of_the_app_is_remote_where_any_part_of_it_is(make: Callable[[], Model[Any]], remote: bool) -> None:
    assert resolve_roles(("planner",), factories={}, model=make())["planner"].remote is remote


async def test_a_run_says_which_model_it_has_and_why(tmp_path: Path) -> None:
    heard: list[Event] = []
    options: dict[str, Any] = {"plugins": False, "home": tmp_path / "home", "workspace": tmp_path}

    def listen(event: Event) -> None:
        heard.append(event)

    async def stream(messages: list[ModelMessage], info: AgentInfo) -> Any:
        yield "Good morning."

    model = FunctionModel(stream_function=stream, model_name="mine")
    async with Assistant(model, listener=listen, **options) as assistant:
        assert (await assistant.ask("Say good morning")).text == "Good morning."
    started = next(event for event in heard if isinstance(event, RunStarted))
    assert (started.model, started.model_why) == ("app:mine", "given by the app")


@pytest.mark.parametrize("long_part", ["tools", "instructions", "nothing"])
async def test_tools_and_instructions_count_as_part_of_the_prompt(long_part: str) -> None:
    asked: list[str] = []

    def compaction() -> Sequence[AbstractCapability[Any]]:
        asked.append(long_part)
        return []

    text = "Every word of this is sent with each request. " * 100
    tool = ToolDefinition(name="send", description=text if long_part == "tools" else "Send.")
    speaker = Speaker(
        in_process(),
        instructions=text if long_part == "instructions" else "Be brief.",
        tools=[tool],
        context_tokens=4000,
        compaction=compaction,
    )
    await take_turn(Conversation(), speaker, "Hello")
    assert asked == ([] if long_part == "nothing" else [long_part])
