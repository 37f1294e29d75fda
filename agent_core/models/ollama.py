"""What a running Ollama knows about itself: its models, their abilities, and how long a context they really have."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from agent_core.errors import ConfigurationError, ModelError
from agent_core.settings.sections import OllamaSettings

if TYPE_CHECKING:
    import ollama
    from pydantic import BaseModel

Shape = TypeVar("Shape", bound="BaseModel")

DEFAULT_CONTEXT_TOKENS = 16_384
"""Enough for tools and a short conversation; the server's own default (4,096 for long) is not."""
_PROBE_TIMEOUT_S = 2.0
_PROBED_MODELS = 25
_LONGEST_ERROR = 500


@dataclass(frozen=True)
class OllamaModelFacts:
    """What `/api/show` and `/api/ps` say about one model."""

    name: str
    capabilities: frozenset[str]
    trained_tokens: int | None
    """Context length that the model was trained for."""
    own_num_ctx: int | None
    """`PARAMETER num_ctx` of its Modelfile."""
    loaded_tokens: int | None
    """Context length that it is loaded with right now."""
    remote: bool
    """Whether Ollama forwards its requests to a server elsewhere (a cloud model)."""

    @property
    def calls_tools(self) -> bool:
        """Whether it was trained to call tools; an old server that lists no abilities gets the benefit of the doubt."""
        return "tools" in self.capabilities or not self.capabilities

    def context_tokens(self, wanted: int | None) -> int:
        """The context length to run it with: what was asked for, else its own, never above what it was trained for.

        What another program loaded it with is taken over (to load it again takes time) unless that is too short: a
        request must not fail because somebody chatted with the model a minute ago.
        """
        tokens = wanted or self.own_num_ctx or max(self.loaded_tokens or 0, DEFAULT_CONTEXT_TOKENS)
        return min(tokens, self.trained_tokens) if self.trained_tokens else tokens


class OllamaServer:
    """Short, synchronous questions to one Ollama server."""

    def __init__(self, host: str, timeout_s: float = _PROBE_TIMEOUT_S) -> None:
        self.host = host
        self._timeout_s = timeout_s

    @classmethod
    def from_settings(cls, settings: OllamaSettings) -> OllamaServer:
        """The server that the settings name, else the environment, else this machine's."""
        return cls(ollama_host(settings.host))

    def running(self) -> bool:
        """Whether it answers at all."""
        try:
            self.model_names()
        except ModelError:
            return False
        return True

    def model_names(self) -> list[str]:
        """Names of the models it holds, newest first.

        Raises:
            ModelError: it cannot be reached or is not Ollama.
        """
        import ollama

        models = list(self._ask("GET", "/api/tags", ollama.ListResponse).models)
        models.sort(key=lambda model: model.modified_at.timestamp() if model.modified_at else 0.0, reverse=True)
        return [model.model for model in models if model.model]

    def facts(self, name: str) -> OllamaModelFacts:
        """What is known about the model `name`.

        Raises:
            ModelError: the server cannot be reached or has no such model.
        """
        import ollama

        class Shown(ollama.ShowResponse):
            remote_host: str | None = None

        shown = self._ask("POST", "/api/show", Shown, {"model": name})
        return OllamaModelFacts(
            name=name,
            capabilities=frozenset(shown.capabilities or ()),
            trained_tokens=_trained_tokens(dict(shown.modelinfo or {})),
            own_num_ctx=_parameter(shown.parameters or "", "num_ctx"),
            loaded_tokens=self._loaded_tokens(name),
            # A model that runs elsewhere may have been copied to any name.
            remote=bool(shown.remote_host) or is_cloud_model(name),
        )

    def tool_model(self) -> OllamaModelFacts | None:
        """The local model to use when nobody chose one: able to call tools, loaded already if possible, else newest.

        Raises:
            ModelError: the server cannot be reached.
        """
        able: list[OllamaModelFacts] = []
        for name in self.model_names()[:_PROBED_MODELS]:
            try:
                facts = self.facts(name)
            except ModelError:
                continue
            if "tools" in facts.capabilities and not facts.remote:
                able.append(facts)
        return next((facts for facts in able if facts.loaded_tokens), able[0] if able else None)

    def _loaded_tokens(self, name: str) -> int | None:
        """The context length that `name` is loaded with now; None if it is not loaded or the server does not say."""
        import ollama

        return granted_tokens(self._ask("GET", "/api/ps", ollama.ProcessResponse), name)

    def _ask(self, method: str, path: str, shape: type[Shape], body: dict[str, Any] | None = None) -> Shape:
        import httpx

        try:
            with httpx.Client(timeout=self._timeout_s, **client_options(self.host)) as client:
                response = client.request(method, self.host + path, json=body)
            if not response.is_success:
                raise ModelError(f"Ollama at {self.host} refused: {error_text(response.text)}")
            return shape.model_validate_json(response.content)
        except httpx.HTTPError as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ModelError(f"Ollama at {self.host} does not answer ({reason}); start it with: ollama serve") from None
        except ValueError as error:
            raise ModelError(f"What answers at {self.host} is not Ollama ({type(error).__name__}).") from None


def ollama_host(host: str = "") -> str:
    """The base URL of the Ollama server: the given one, else OLLAMA_HOST or OLLAMA_BASE_URL, else this machine's.

    Raises:
        ConfigurationError: it is not an address.
    """
    named = host or os.environ.get("OLLAMA_HOST") or os.environ.get("OLLAMA_BASE_URL") or "127.0.0.1:11434"
    # As Ollama itself reads it: a bare host means port 11434, a URL without a port means the port of its scheme.
    parts = urlsplit(named if "://" in named else f"http://{named}")
    default_port = 11434 if "://" not in named else 443 if parts.scheme == "https" else 80
    try:
        scheme, hostname, port = parts.scheme, parts.hostname or "127.0.0.1", parts.port or default_port
    except ValueError:
        raise ConfigurationError(f"{named!r} is not an address of an Ollama server; write HOST:PORT.") from None
    if hostname in ("0.0.0.0", "::"):  # noqa: S104 - what a server binds to is not an address to call
        hostname = "127.0.0.1"
    return f"{scheme}://{f'[{hostname}]' if ':' in hostname else hostname}:{port}"


def client_options(host: str) -> dict[str, Any]:
    """Options for HTTP clients of Ollama: no proxy on the way to this machine, no certificates read for plain HTTP."""
    key = os.environ.get("OLLAMA_API_KEY")
    return {
        "trust_env": not is_loopback(host),
        "verify": host.startswith("https:"),
        "headers": {"Authorization": f"Bearer {key}"} if key else {},
    }


def error_text(text: str) -> str:
    """What the body of a failed response says, as Ollama writes it (`{"error": "..."}`), on one line."""
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    said = body.get("error", text) if isinstance(body, dict) else text
    return " ".join(str(said).split())[:_LONGEST_ERROR]


def granted_tokens(running: ollama.ProcessResponse, name: str) -> int | None:
    """The context length that `name` is loaded with, by what the server says is running.

    Models that were made from the same weights are loaded once, and listed under the name that came first.
    """
    wanted = name.removesuffix(":latest")
    loaded = (entry for entry in running.models if (entry.model or "").removesuffix(":latest") == wanted)
    return next((entry.context_length for entry in loaded if entry.context_length), None)


def is_loopback(url: str) -> bool:
    """Whether a request to `url` stays on this machine."""
    hostname = urlsplit(url).hostname or ""
    if hostname == "localhost" or hostname.endswith(".localhost"):
        return True
    try:
        return ip_address(hostname.partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_cloud_model(name: str) -> bool:
    """Whether Ollama runs this model on its own servers, by its naming rule (`...-cloud`, or the tag `:cloud`)."""
    return name.endswith(("-cloud", ":cloud"))


def _trained_tokens(info: dict[str, Any]) -> int | None:
    lengths = [value for key, value in info.items() if key.endswith(".context_length") and isinstance(value, int)]
    return max(lengths, default=None)


def _parameter(parameters: str, name: str) -> int | None:
    found = re.search(rf"^{name}\s+(\d+)\s*$", parameters, re.MULTILINE)
    return int(found[1]) if found else None
