"""From names to models: what `auto` finds, what explicit names do, and what unknown ones are told."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agent_core.errors import ConfigurationError, ModelError, UsageError
from agent_core.models import (
    available_names,
    list_models,
    resolve,
    resolve_roles,
)
from agent_core.models.names import near_matches
from agent_core.models.providers import PROVIDERS
from agent_core.settings.sections import ModelRetries, ModelRole, Models, OllamaSettings
from tests.servers.llm_script import DROP, fail, say
from tests.servers.scripted_llm import ScriptedLLM


def rules(name: str) -> FunctionModel:
    """Stands for a plugin's model that runs in this process."""

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse(parts=[TextPart(f"{name} by rules")])

    model = FunctionModel(answer, model_name=name)
    model.language_model = False  # type: ignore[attr-defined]
    return model


FACTORIES = {"offline": rules, "house:": rules}


def at(llm: ScriptedLLM, **preferences: Any) -> Models:
    quick = ModelRetries(attempts=2, first_wait_s=0.01)
    return Models(ollama=OllamaSettings(host=llm.url), retry=quick, **preferences)


def test_auto_without_anything_is_offline_and_says_so() -> None:
    resolved = resolve("auto", factories=FACTORIES)
    assert (resolved.name, resolved.remote) == ("offline", False)
    assert "no key" in resolved.why


def test_auto_without_anything_and_without_the_plugin_names_the_way_out() -> None:
    with pytest.raises(ConfigurationError, match="keys set"):
        resolve("auto", factories={})


def test_auto_prefers_a_loaded_tool_model(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("embed:latest", capabilities=("embedding",), modified_at="2026-09-01T00:00:00Z")
    scripted_llm.add_ollama("big:cloud", modified_at="2026-08-01T00:00:00Z")
    scripted_llm.add_ollama("new:8b", modified_at="2026-07-01T00:00:00Z")
    old = scripted_llm.add_ollama("old:8b", modified_at="2025-01-01T00:00:00Z")
    assert resolve("auto", factories=FACTORIES, settings=at(scripted_llm)).name == "ollama:new:8b"
    old.loaded_tokens = 8192
    resolved = resolve("auto", factories=FACTORIES, settings=at(scripted_llm))
    assert resolved.name == "ollama:old:8b"
    assert "already loaded" in resolved.why
    assert not resolved.remote
    assert scripted_llm.model_requests == []


def test_auto_does_not_take_a_model_without_tools(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("chatty:1b", capabilities=("completion",))
    assert resolve("auto", factories=FACTORIES, settings=at(scripted_llm)).name == "offline"


def test_auto_takes_a_key_when_there_is_no_local_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-value")
    resolved = resolve("auto", factories=FACTORIES)
    assert resolved.name == f"openai:{PROVIDERS['openai'].default_model}"
    assert resolved.remote
    assert "environment" in resolved.why
    assert resolved.context_tokens is None or resolved.context_tokens > 100_000
    assert "sk-secret-value" not in repr(resolved)


def test_auto_is_what_the_settings_say(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("new:8b")
    resolved = resolve("auto", factories=FACTORIES, settings=at(scripted_llm, default="house:blue"))
    assert resolved.name == "house:blue"
    assert "default" in resolved.why


async def test_roles_have_their_own_models_and_settings() -> None:
    settings = Models(
        default="house:usual", planner=ModelRole("house:clever", temperature=0.1), executor=ModelRole("offline")
    )
    roles = resolve_roles(("planner", "executor"), factories=FACTORIES, settings=settings)
    planner, executor = roles["planner"], roles["executor"]
    assert [(role, model.name) for role, model in roles.items()] == [
        ("planner", "house:clever"),
        ("executor", "offline"),
    ]
    assert planner.model_settings.get("temperature") == 0.1
    assert "temperature" not in executor.model_settings
    assert (await Agent(planner.model).run("?")).output == "house:clever by rules"
    unnamed = resolve_roles(("executor",), factories=FACTORIES, settings=Models(default="house:usual"))
    assert unnamed["executor"].name == "house:usual"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("gpt-5", "openai:gpt-5"),
        ("ofline", "offline"),
        ("opnai:gpt-5", "openai:gpt-5"),
        ("claude-sonnet-5", "anthropic:claude-sonnet-5"),
        ("new:8b", "ollama:new:8b"),
        ("ollama:nwe:8b", "ollama:new:8b"),
        ("hose:blue", "house:"),
    ],
)
def test_unknown_names_get_near_matches(scripted_llm: ScriptedLLM, name: str, suggestion: str) -> None:
    scripted_llm.add_ollama("new:8b")
    with pytest.raises(UsageError) as caught:
        resolve(name, factories=FACTORIES, settings=at(scripted_llm))
    assert repr(name) in str(caught.value)
    assert repr(suggestion) in str(caught.value)


@pytest.mark.parametrize("name", ["", ":", "openai:", ":gpt-5", "x\ny", "🙂", "a" * 10_000])
def test_nonsense_names_are_usage_errors(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve(name, factories=FACTORIES)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("openai:gpt-5", "agent-core keys set openai"),
        ("openai-chat:gpt-5", "OPENAI_API_KEY"),
        ("openrouter:any/model", "OPENROUTER_API_KEY"),
        ("deepseek:deepseek-chat", "agent-core keys set deepseek"),
    ],
)
def test_a_missing_key_names_the_fix(name: str, fix: str) -> None:
    with pytest.raises(ConfigurationError, match=fix):
        resolve(name, factories=FACTORIES)


@pytest.mark.parametrize("name", ["anthropic:claude-sonnet-5", "groq:x", "mistral:x", "google:x", "bedrock:x"])
def test_a_missing_package_names_the_fix(name: str) -> None:
    provider = name.partition(":")[0]
    with pytest.raises(ConfigurationError, match=rf"pydantic-ai-slim\[{provider}\]"):
        resolve(name, factories=FACTORIES)


def test_a_provider_that_needs_more_than_a_key_says_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_API_KEY", "k")
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)
    with pytest.raises(ConfigurationError, match="AZURE_OPENAI_ENDPOINT"):
        resolve("azure:gpt-5", factories=FACTORIES)


def test_pydantic_ais_test_model_is_a_model_too() -> None:
    resolved = resolve("test", factories=FACTORIES)
    assert not resolved.remote
    assert resolved.context_tokens is None


def test_an_explicit_model_never_becomes_offline() -> None:
    with pytest.raises(ModelError, match="ollama serve"):
        resolve("ollama:new:8b", factories=FACTORIES)


def test_a_plugin_that_fails_is_named() -> None:
    def broken(name: str) -> Any:
        raise RuntimeError("no weights")

    with pytest.raises(ConfigurationError, match=r"'mine'.*no weights"):
        resolve("mine", factories={"mine": broken})


def test_remote_is_where_the_data_goes(monkeypatch: pytest.MonkeyPatch, scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("new:8b")
    scripted_llm.add_ollama("kimi:cloud")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    assert resolve("openai:gpt-5", factories={}).remote
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    assert not resolve("openai-chat:local", factories={}).remote
    monkeypatch.setenv("OPENAI_BASE_URL", "http://192.168.7.7:8000/v1")
    assert resolve("openai-chat:local", factories={}).remote
    assert not resolve("ollama:new:8b", factories={}, settings=at(scripted_llm)).remote
    assert resolve("ollama:kimi:cloud", factories={}, settings=at(scripted_llm)).remote
    assert not resolve("offline", factories=FACTORIES).remote


def test_a_plugin_may_declare_that_its_model_reaches_out() -> None:
    def reaching(name: str) -> FunctionModel:
        model = rules(name)
        model.remote = True  # type: ignore[attr-defined]
        return model

    assert resolve("mine", factories={"mine": reaching}).remote


def test_a_plugin_may_declare_that_its_model_is_no_language_model(
    scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    settings = at(scripted_llm, fallback=("openai-chat:second",))
    declared = resolve("mine", factories={"mine": rules}, settings=settings)
    assert (declared.writes, declared.why) == (False, "chosen by name")

    def writing(name: str) -> FunctionModel:
        model = rules(name)
        del model.language_model  # type: ignore[attr-defined]
        return model

    undeclared = resolve("mine", factories={"mine": writing}, settings=settings)
    assert undeclared.writes
    assert "openai-chat:second" in undeclared.why


async def test_the_chain_moves_on_when_a_model_keeps_failing(
    scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted_llm.add_ollama("first:1b")
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    settings = at(scripted_llm, fallback=("openai-chat:second", "offline"))
    resolved = resolve("ollama:first:1b", factories=FACTORIES, settings=settings)
    assert "openai-chat:second" in resolved.why
    scripted_llm.script(DROP, DROP, say("The second answers."))
    async with resolved.model:
        assert (await Agent(resolved.model).run("?")).output == "The second answers."
        assert [request.path for request in scripted_llm.model_requests] == [
            "/api/chat",
            "/api/chat",
            "/v1/chat/completions",
        ]
        scripted_llm.script(fail(500), fail(500), fail(401))
        assert (await Agent(resolved.model).run("?")).output == "offline by rules"
        scripted_llm.script(fail(503), fail(503), say("Streamed by the second."))
        async with Agent(resolved.model).run_stream("?") as result:
            assert await result.get_output() == "Streamed by the second."


def test_a_chain_whose_first_server_is_down_starts_with_the_next() -> None:
    settings = Models(fallback=("house:blue",))
    resolved = resolve("ollama:new:8b", factories=FACTORIES, settings=settings)
    assert resolved.name == "house:blue"
    assert "does not answer" in resolved.why


def test_remote_counts_the_fallbacks_too(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted_llm.add_ollama("first:1b")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    settings = at(scripted_llm, fallback=("openai:gpt-5",))
    assert resolve("ollama:first:1b", factories={}, settings=settings).remote


def test_defaults_of_auto_exist() -> None:
    known = set(available_names({}))
    for provider in ("openai", "anthropic", "google", "mistral", "groq", "cohere", "xai", "deepseek"):
        assert f"{provider}:{PROVIDERS[provider].default_model}" in known


def test_the_list_says_what_is_ready_and_what_is_missing(
    scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    scripted_llm.add_ollama("new:8b", trained_tokens=40_960, loaded_tokens=8192)
    listed = {model.name: model for model in list_models(FACTORIES, at(scripted_llm))}
    assert listed["offline"].source == "plugin"
    local = listed["ollama:new:8b"]
    assert (local.ready, local.remote) == (True, False)
    assert "tools" in local.note
    assert "40960" in local.note
    assert "8192" in local.note
    assert listed[f"openai:{PROVIDERS['openai'].default_model}"].ready
    missing = listed[f"anthropic:{PROVIDERS['anthropic'].default_model}"]
    assert not missing.ready
    assert "pip install" in missing.note
    assert "keys set deepseek" in listed["deepseek:deepseek-chat"].note
    down = {model.name: model for model in list_models({})}
    assert "ollama serve" in down["ollama:"].note
    assert scripted_llm.model_requests == []


def test_near_matches_are_few_and_without_repetition() -> None:
    found = near_matches("gpt-5", available_names(FACTORIES))
    assert len(found) == len(set(found)) <= 4


def test_the_settings_side_imports_nothing_heavy() -> None:
    code = (
        "import sys, json\n"
        "import agent_core.models, agent_core.models.inference, agent_core.models.keys, agent_core.models.names\n"
        "import agent_core.models.routing, agent_core.models.providers, agent_core.models.ollama\n"
        "print(json.dumps([m for m in ('pydantic', 'pydantic_ai', 'httpx', 'ollama', 'keyring') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
