"""What there is to choose from here and now: for `models list`, `doctor` and pickers. Asks no model anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agent_core.errors import ModelError
from agent_core.models.keys import environment_names, providers_with_keys
from agent_core.models.names import ModelFactory
from agent_core.models.ollama import OllamaModelFacts, OllamaServer, is_cloud_model, is_loopback
from agent_core.models.providers import PROVIDERS, installed
from agent_core.models.routing import LAST_RESORT
from agent_core.settings.sections import Models


@dataclass(frozen=True)
class ListedModel:
    """One line of the list."""

    name: str
    source: Literal["plugin", "ollama", "provider"]
    ready: bool
    """Whether a request could be sent to it now."""
    remote: bool | None
    """Whether what is sent leaves this machine; None where only the plugin knows."""
    note: str
    """What it can do, or what is missing."""


def list_models(factories: Mapping[str, ModelFactory], settings: Models | None = None) -> list[ListedModel]:
    """Plugins' models, those of a running Ollama, and for each hosted provider the model that `auto` would take."""
    server = OllamaServer.from_settings((settings or Models()).ollama)
    plugins = [
        ListedModel(name, "plugin", True, None, "rules, no language model" if name == LAST_RESORT else "")
        for name in sorted(factories)
    ]
    return [*plugins, *_ollama_models(server), *_hosted()]


def _ollama_models(server: OllamaServer) -> list[ListedModel]:
    try:
        names = server.model_names()
    except ModelError as error:
        return [ListedModel("ollama:", "ollama", False, not is_loopback(server.host), str(error))]
    return [_ollama_model(server, name) for name in names]


def _ollama_model(server: OllamaServer, name: str) -> ListedModel:
    elsewhere = not is_loopback(server.host)
    try:
        facts = server.facts(name)
    except ModelError as error:
        return ListedModel(f"ollama:{name}", "ollama", False, elsewhere or is_cloud_model(name), str(error))
    return ListedModel(f"ollama:{name}", "ollama", True, elsewhere or facts.remote, _abilities(facts))


def _abilities(facts: OllamaModelFacts) -> str:
    trained = f"trained for {facts.trained_tokens} tokens" if facts.trained_tokens else "context length unknown"
    loaded = [f"loaded with {facts.loaded_tokens}"] if facts.loaded_tokens else []
    return ", ".join([*sorted(facts.capabilities), trained, *loaded])


def _hosted() -> list[ListedModel]:
    keys = providers_with_keys()
    listed: list[ListedModel] = []
    for provider, known in PROVIDERS.items():
        if not installed(provider):
            note = f'needs: pip install "pydantic-ai-slim[{known.extra}]"'
        elif provider in keys:
            note = f"key in the {keys[provider]}"
        else:
            note = f"needs a key: agent-core keys set {provider} (or {environment_names(provider)[0]})"
        listed.append(ListedModel(f"{provider}:{known.default_model}", "provider", provider in keys, True, note))
    return listed
