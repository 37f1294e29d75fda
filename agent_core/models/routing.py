"""From a name to a model: what `auto` means here, what stands behind the name, and whether data leaves the machine."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from agent_core.errors import AgentCoreError, ConfigurationError, ModelError
from agent_core.models.inference import model_settings
from agent_core.models.keys import providers_with_keys
from agent_core.models.names import ModelFactory, available_names, factory_for, unknown_model
from agent_core.models.ollama import OllamaServer, is_cloud_model, is_loopback
from agent_core.models.providers import PROVIDERS, hosted_model, known_prefix
from agent_core.settings.sections import ModelRole, Models, Role

if TYPE_CHECKING:
    from pydantic_ai.capabilities import AbstractCapability
    from pydantic_ai.messages import ModelMessage
    from pydantic_ai.models import Model
    from pydantic_ai.settings import ModelSettings

    from agent_core.models.promotion import RoutingTable

_log = logging.getLogger(__name__)

LAST_RESORT = "offline"
"""What `auto` takes where there is no language model: the documented name of a model that a bundled plugin brings."""
CHOSEN_BY_NAME = "chosen by name"
"""Why a model is used that somebody asked for: nothing needs saying about it."""


@dataclass(frozen=True)
class ResolvedModel:
    """A model that is ready to answer. Close it with `aclose`, or enter it (`async with resolved.model:`)."""

    name: str
    """The full name that was chosen in the end (`ollama:qwen3:8b`, `offline`)."""
    model: Model[Any] = field(repr=False)
    """With retries, repair and fallbacks in place; pass it to an agent as it is."""
    model_settings: ModelSettings
    remote: bool
    """Whether what is sent leaves this machine, for this model or any fallback of it."""
    why: str
    """One sentence for the user: how this model came to be chosen."""

    @property
    def writes(self) -> bool:
        """Whether it is a language model, not one of rules."""
        return is_language_model(self.model)

    @property
    def context_tokens(self) -> int | None:
        """Prompt and reply together, in tokens; None where nobody knows. It falls when a server grants less."""
        return self.model.context_window

    async def aclose(self) -> None:
        """Close the connections that requests left open. The model can be used again afterwards."""
        # pydantic-ai closes a provider's connections when the last user leaves it.
        async with self.model:
            pass

    def estimate_tokens(self, messages: Sequence[ModelMessage]) -> int:
        """About how many tokens `messages` are: rather too many, and corrected by what an Ollama server counted."""
        if estimate := getattr(self.model, "estimate_tokens", None):
            return estimate(list(messages))
        from pydantic_ai_harness.compaction import estimate_token_count

        from agent_core.models.tokens import whole_text_tokens

        return estimate_token_count(messages, whole_text_tokens)

    def compaction(self) -> list[AbstractCapability[Any]]:
        """What keeps a long conversation within the context, for an agent on this model."""
        from agent_core.models.compaction import compaction

        writer = self.model if self.writes else None
        return compaction(self.context_tokens, model=writer)


def resolve_roles(
    roles: Iterable[Role],
    *,
    factories: Mapping[str, ModelFactory],
    settings: Models | None = None,
    model: str | Model[Any] | None = None,
    routing: RoutingTable | None = None,
) -> dict[Role, ResolvedModel]:
    """The models of roles, as the settings choose them; roles with the same one share it.

    Args:
        roles: Which are needed.
        factories: Models that plugins bring, by name or `prefix:`.
        settings: What the user configured.
        model: Takes the place of every role's model, by its name or made by the app itself; inference settings and
            fallbacks are those of the settings all the same.
        routing: A local model that goes first for the tools that it was measured to be good at. It does not where
            `model` says whom the user wants to hear.

    Raises:
        AgentCoreError: as from `resolve`.
    """
    settings = settings or Models()
    given: dict[str, Model[Any]] = {}
    if model is not None and not isinstance(model, str):
        given, model = {f"app:{model.model_name}": model}, f"app:{model.model_name}"
    resolver = _Resolver(factories, settings, given)
    found: dict[str, _Candidate] = {}
    resolved: dict[Role, ResolvedModel] = {}
    for role in roles:
        choice = settings.choice(role, model)
        if choice.name not in found:
            candidate = resolver.candidate(choice.name)
            found[choice.name] = resolver.behind_student(candidate, routing) if routing and model is None else candidate
        resolved[role] = found[choice.name].with_settings(choice)
    return resolved


def resolve(
    name: str | ModelRole, *, factories: Mapping[str, ModelFactory], settings: Models | None = None
) -> ResolvedModel:
    """Find the model called `name` and make it ready: retries, repair of printed calls, fallbacks.

    It may ask a local Ollama over HTTP and imports pydantic-ai: call it in a thread from a running event loop. No
    request is made to any model.

    Args:
        name: A pydantic-ai model string, a plugin's name, `auto`, or a role that carries inference settings.
        factories: Models that plugins bring, by name or `prefix:`.
        settings: What the user configured.

    Raises:
        UsageError: nothing is called that; the message names near matches.
        ConfigurationError: a package, a key or a factory is missing; the message names the fix.
        ModelError: the model's server cannot be reached, and there is no fallback that can.
    """
    choice = ModelRole(name) if isinstance(name, str) else name
    return _Resolver(factories, settings or Models(), {}).candidate(choice.name).with_settings(choice)


@dataclass(frozen=True)
class _Candidate:
    name: str
    model: Model[Any]
    remote: bool
    why: str

    def with_settings(self, choice: ModelRole) -> ResolvedModel:
        """The model with a role's inference settings."""
        settings = model_settings(choice, remote=self.remote)
        return ResolvedModel(self.name, self.model, settings, self.remote, self.why)


class _Resolver:
    """One resolution: the Ollama server is asked at most once for what it holds."""

    def __init__(
        self, factories: Mapping[str, ModelFactory], settings: Models, given: Mapping[str, Model[Any]]
    ) -> None:
        self._factories = factories
        self._settings = settings
        self._given = given
        self._server = OllamaServer.from_settings(settings.ollama)

    def candidate(self, name: str) -> _Candidate:
        """The model for `name` with its fallbacks behind it."""
        chosen, unreachable = self._first_reachable(name)
        if not self._settings.fallback or not is_language_model(chosen.model):
            return chosen
        return self._with_fallbacks(chosen, unreachable)

    def behind_student(self, teacher: _Candidate, table: RoutingTable) -> _Candidate:
        """`teacher` for all that the table's local model does not serve; alone where that model cannot be had."""
        from agent_core.models.student import StudentFirstModel

        if not table.tools or table.model == teacher.name:
            return teacher
        try:
            student = self._named(table.model, "promoted")
        except AgentCoreError as error:
            _log.warning("The local model %s is not used: %s", table.model, error)
            return teacher
        model = StudentFirstModel(teacher.model, student.model, table)
        why = f"{teacher.why}; before it {student.name} for {', '.join(sorted(table.tools))}"
        return replace(teacher, model=model, remote=teacher.remote or student.remote, why=why)

    def _first_reachable(self, name: str) -> tuple[_Candidate, list[str]]:
        """`name`, or where its server is down the first fallback whose server is not; with the names passed over."""
        passed: list[str] = []
        first_error: ModelError | None = None
        for candidate in (name, *self._settings.fallback):
            try:
                found = self._fallback(candidate) if passed else self._chosen(candidate)
            except ModelError as error:
                first_error = first_error or error
                passed.append(candidate)
                continue
            if first_error:
                found = replace(found, why=f"fallback, because: {first_error}")
            return found, passed
        assert first_error is not None
        raise first_error

    def _with_fallbacks(self, chosen: _Candidate, unreachable: Iterable[str]) -> _Candidate:
        from pydantic_ai.models.fallback import FallbackModel

        from agent_core.models.retrying import worth_another_model

        skip = {chosen.name, *unreachable}
        others: list[_Candidate] = []
        for name in self._settings.fallback:
            if name in skip:
                continue
            try:
                other = self._fallback(name)
            except ModelError:
                continue
            if other.name not in skip:
                others.append(other)
            skip |= {name, other.name}
        if not others:
            return chosen
        model = FallbackModel(chosen.model, *(other.model for other in others), fallback_on=worth_another_model)
        names = ", ".join(other.name for other in others)
        return _Candidate(
            chosen.name,
            model,
            chosen.remote or any(other.remote for other in others),
            f"{chosen.why}; then {names}",
        )

    def _chosen(self, name: str) -> _Candidate:
        return self._auto() if name == "auto" else self._named(name, CHOSEN_BY_NAME)

    def _fallback(self, name: str) -> _Candidate:
        """A fallback is a language model unless the user listed a model of rules by its name.

        Raises:
            ModelError: it cannot be reached, or `auto` finds no language model.
        """
        if name != "auto":
            return self._named(name, "fallback")
        found = self._auto()
        if not is_language_model(found.model):
            raise ModelError("There is no model to fall back on: no running Ollama model that calls tools, and no key.")
        return found

    def _auto(self) -> _Candidate:
        """What the settings say, else a running Ollama, else a key, else `offline`."""
        if self._settings.default != "auto":
            return self._named(self._settings.default, "set as the default model")
        try:
            local = self._server.tool_model()
        except ModelError:
            local = None
        if local:
            loaded = ", already loaded" if local.loaded_tokens else ""
            return self._named(f"ollama:{local.name}", f"Ollama runs at {self._server.host} with it{loaded}")
        for provider, place in providers_with_keys().items():
            name = f"{provider}:{PROVIDERS[provider].default_model}"
            return self._named(name, f"no Ollama model that calls tools, and a key for {provider} in the {place}")
        if LAST_RESORT not in self._factories:
            raise ConfigurationError(
                "There is no model to use: start Ollama, or store a key with: agent-core keys set openai"
            )
        return self._named(
            LAST_RESORT, "no running Ollama model that calls tools, and no key: rules, no language model"
        )

    def _named(self, name: str, why: str) -> _Candidate:
        if model := self._given.get(name):
            return self._ready(name, model, _leaves_machine(model), "given by the app")
        if factory := factory_for(name, self._factories):
            return self._from_plugin(name, factory, why)
        prefix, colon, rest = name.partition(":")
        if prefix == "ollama" and rest:
            return self._from_ollama(name, rest, why)
        if name != "test" and (not colon or not rest or not known_prefix(prefix)):
            raise unknown_model(name, available_names(self._factories, self._ollama_names()))
        model = hosted_model(name)
        return self._ready(name, model, _leaves_machine(model), why)

    def _from_plugin(self, name: str, factory: ModelFactory, why: str) -> _Candidate:
        try:
            model = factory(name)
        except AgentCoreError:
            raise
        except Exception as error:
            raise ConfigurationError(
                f"The plugin that brings the model {name!r} failed: {type(error).__name__}: {error}"
            ) from error
        return _Candidate(name, model, _leaves_machine(model), why)

    def _from_ollama(self, name: str, model_name: str, why: str) -> _Candidate:
        from agent_core.models.ollama_chat import OllamaChatModel

        held = self._server.model_names()
        if model_name not in held and f"{model_name}:latest" not in held and not is_cloud_model(model_name):
            raise unknown_model(name, available_names(self._factories, held))
        model = OllamaChatModel(
            model_name,
            host=self._server.host,
            facts=self._server.facts(model_name),
            num_ctx=self._settings.ollama.num_ctx,
            keep_alive=self._settings.ollama.keep_alive or None,
        )
        return self._ready(name, model, model.remote, why)

    def _ready(self, name: str, model: Model[Any], remote: bool, why: str) -> _Candidate:
        """Put retries around a model that is reached over a network, and repair around what it writes."""
        from pydantic_ai.models.fallback import FallbackModel

        from agent_core.models.repair import RepairingModel
        from agent_core.models.retrying import RetryingModel

        mode = self._settings.repair_printed_calls
        small = not remote or name.startswith("ollama:")
        printed = mode == "always" or (mode == "local" and small)
        # What an app hands over may have both already: two layers of retries would multiply. A chain goes on in its own
        # way after a failure, so its members keep the retries that they came with.
        layers = list(_layers(model))
        if _has_address(model) and not any(isinstance(layer, RetryingModel | FallbackModel) for layer in layers):
            model = RetryingModel(model, self._settings.retry)
        if not any(isinstance(layer, RepairingModel) for layer in layers):
            model = RepairingModel(model, printed_calls=printed)
        return _Candidate(name, model, remote, why)

    def _ollama_names(self) -> list[str]:
        try:
            return self._server.model_names()
        except ModelError:
            return []


def is_language_model(model: Model[Any]) -> bool:
    """Whether `model` is a language model, which has a context to spare and can write what nobody has written.

    A plugin's model that is made of rules says so with an attribute `language_model = False`: it is shown every tool,
    needs no fallback, writes no summaries, and is no fallback of another.
    """
    *_, innermost = _layers(model)
    return getattr(innermost, "language_model", True) is not False


def _leaves_machine(model: Model[Any]) -> bool:
    """Whether a request to `model` leaves this machine. A model without an address runs in this process.

    A plugin's model that reaches out by means of its own says so with an attribute `remote = True`.
    """
    from pydantic_ai.models.fallback import FallbackModel

    declared = getattr(model, "remote", None)
    if isinstance(declared, bool):
        return declared
    *_, innermost = _layers(model)
    if isinstance(innermost, FallbackModel):
        return any(map(_leaves_machine, innermost.models))
    if model.base_url:
        return not is_loopback(model.base_url) or is_cloud_model(model.model_name)
    return model.provider is not None


def _has_address(model: Model[Any]) -> bool:
    """Whether `model` is asked over a network, be it of this machine alone."""
    return bool(model.base_url) or model.provider is not None


def _layers(model: Model[Any]) -> Iterator[Model[Any]]:
    """The model and what it wraps, from the outside in."""
    from pydantic_ai.models.wrapper import WrapperModel

    yield model
    while isinstance(model, WrapperModel):
        model = model.wrapped
        yield model
