"""The hosted providers that `auto` knows, and how any pydantic-ai model string becomes a model."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from agent_core.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from pydantic_ai.embeddings import EmbeddingModel
    from pydantic_ai.models import Model


@dataclass(frozen=True)
class HostedProvider:
    """A provider that needs a key."""

    key_variables: tuple[str, ...]
    package: str
    """Import name that tells whether the provider's client is installed."""
    extra: str
    """The extra of pydantic-ai-slim that installs it."""
    default_model: str
    """What `auto` uses: able to call tools, and not the most expensive."""


PROVIDERS = {
    "openai": HostedProvider(("OPENAI_API_KEY",), "openai", "openai", "gpt-6-luna"),
    "anthropic": HostedProvider(("ANTHROPIC_API_KEY",), "anthropic", "anthropic", "claude-sonnet-5"),
    "google": HostedProvider(("GOOGLE_API_KEY", "GEMINI_API_KEY"), "google.genai", "google", "gemini-flash-latest"),
    "mistral": HostedProvider(("MISTRAL_API_KEY",), "mistralai", "mistral", "mistral-large-latest"),
    "groq": HostedProvider(("GROQ_API_KEY",), "groq", "groq", "openai/gpt-oss-120b"),
    "deepseek": HostedProvider(("DEEPSEEK_API_KEY",), "openai", "openai", "deepseek-chat"),
    "openrouter": HostedProvider(("OPENROUTER_API_KEY",), "openai", "openai", "openai/gpt-oss-120b"),
    "cerebras": HostedProvider(("CEREBRAS_API_KEY",), "openai", "openai", "gpt-oss-120b"),
    "xai": HostedProvider(("XAI_API_KEY",), "xai_sdk", "xai", "grok-4-latest"),
    "cohere": HostedProvider(("CO_API_KEY",), "cohere", "cohere", "command-r-plus-08-2024"),
}
"""In the order in which `auto` tries them."""

_SAME_KEY = {"openai-chat": "openai", "openai-responses": "openai", "openai-decisions": "openai"}
"""Prefixes of pydantic-ai that speak another interface of the same provider."""


def installed(provider: str) -> bool:
    """Whether the client package of a known provider can be imported."""
    try:
        return find_spec(PROVIDERS[provider].package) is not None
    except ModuleNotFoundError:
        # The parent of a namespace package (`google.genai`) is not there either.
        return False


def key_owner(prefix: str) -> str:
    """The provider whose key a model prefix uses (`openai-chat` uses that of `openai`)."""
    return _SAME_KEY.get(prefix, prefix)


def hosted_model(name: str) -> Model[Any]:
    """The pydantic-ai model called `name`, with its key from the environment or the keyring.

    Raises:
        UsageError: pydantic-ai has no such model.
        ConfigurationError: the provider's package, key or address is missing; the message names the fix.
    """
    from pydantic_ai.models import infer_model

    with _explained(name):
        return infer_model(name, provider_factory=_provider)


def hosted_embedding_model(name: str) -> EmbeddingModel:
    """The pydantic-ai embedding model called `name`, with its key from the environment or the keyring.

    Raises:
        UsageError: pydantic-ai has no such model.
        ConfigurationError: the provider's package, key or address is missing; the message names the fix.
    """
    from pydantic_ai.embeddings import infer_embedding_model

    with _explained(name):
        return infer_embedding_model(name, provider_factory=_provider)


@contextmanager
def _explained(name: str) -> Generator[None]:
    """What pydantic-ai says against a model's name, in our words."""
    from pydantic_ai.exceptions import UserError

    prefix = name.partition(":")[0]
    try:
        yield
    except ImportError:
        raise _missing_package(prefix) from None
    except (UserError, ValueError) as error:
        reason = _first_line(error)
        if reason.startswith("Unknown"):
            raise UsageError(f"The model {name!r} cannot be used: {reason}") from None
        if key_owner(prefix) in PROVIDERS:
            raise _missing_key(prefix) from None
        raise ConfigurationError(f"The model {name!r} is not set up: {reason}") from None


def known_prefix(prefix: str) -> bool:
    """Whether pydantic-ai has a provider of that name, installed or not."""
    from pydantic_ai.providers import infer_provider_class

    try:
        infer_provider_class(prefix)
    except ImportError:
        return True
    except ValueError:
        return False
    return True


def _provider(prefix: str) -> Any:
    """A provider with the key that we know; without one pydantic-ai looks for itself and says what is missing."""
    from pydantic_ai.providers import infer_provider, infer_provider_class

    from agent_core.models.keys import get_key
    from agent_core.models.ollama import is_loopback

    key = get_key(key_owner(prefix))
    provider_class: Any = infer_provider_class(prefix)
    try:
        provider = provider_class(api_key=key) if key is not None else infer_provider(prefix)
    except TypeError:
        # Some are set up by more than a key (a region, an endpoint), and read it all from the environment.
        provider = infer_provider(prefix)
    return _past_proxies(provider_class, key, provider) if is_loopback(str(provider.base_url)) else provider


def _past_proxies(provider_class: Any, key: str | None, provider: Any) -> Any:
    """A provider on this machine, asked directly: what it is told counts as not leaving, and a proxy may be anywhere.

    Its client keeps no connection open, because pydantic-ai renews and closes its own clients alone.

    Raises:
        ConfigurationError: its client takes no client of ours.
    """
    from urllib.request import getproxies

    import httpx
    import httpx2
    from pydantic_ai.models import create_async_httpx2_client

    if not getproxies():
        return provider
    direct = httpx2.AsyncHTTPTransport(trust_env=False, limits=httpx2.Limits(max_keepalive_connections=0))
    client = create_async_httpx2_client(transport=direct)
    timeout = httpx.Timeout(**client.timeout.as_dict())
    older = httpx.AsyncClient(trust_env=False, timeout=timeout, limits=httpx.Limits(max_keepalive_connections=0))
    for http_client in (client, older):
        with suppress(TypeError):
            return provider_class(api_key=key, http_client=http_client)
    raise ConfigurationError(
        f"{provider.base_url} would be asked by way of a proxy of the environment; run without HTTP_PROXY and the like."
    )


def _missing_package(prefix: str) -> ConfigurationError:
    known = PROVIDERS.get(key_owner(prefix))
    extra = known.extra if known else prefix
    return ConfigurationError(
        f"Models of {prefix!r} need a package that is not installed; "
        f'install it with: pip install "pydantic-ai-slim[{extra}]"'
    )


def _missing_key(prefix: str) -> ConfigurationError:
    from agent_core.models.keys import environment_names

    owner = key_owner(prefix)
    variable = environment_names(owner)[0]
    return ConfigurationError(
        f"There is no key for {owner!r}; store one with: agent-core keys set {owner} (or set {variable})"
    )


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0]
