"""Embedding models by name: what stands behind the name, and whether texts leave this machine for it.

Names are pydantic-ai's (`ollama:nomic-embed-text`, `openai:text-embedding-3-small`, `sentence-transformers:NAME`), and
`path:FOLDER` for a sentence-transformers model in a folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agent_core.errors import ConfigurationError, UsageError
from agent_core.models.keys import get_key
from agent_core.models.ollama import is_cloud_model, is_loopback, ollama_host
from agent_core.models.providers import hosted_embedding_model

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from pydantic_ai.embeddings import EmbeddingModel

_TIMEOUT_S = 60.0
_CONNECT_TIMEOUT_S = 5.0
_OWN_KEY = "none"
"""Servers of one's own ask for no key, and the client for a text."""


@dataclass(frozen=True)
class ResolvedEmbedding:
    """An embedding model that is ready."""

    name: str
    model: EmbeddingModel = field(repr=False)
    remote: bool
    """Whether what is embedded leaves this machine."""


def resolve_embedding(name: str, address: str = "") -> ResolvedEmbedding:
    """Find the embedding model called `name`. No request is made, and a local model is loaded when it is first used.

    Args:
        name: Provider and model, or `path:FOLDER`.
        address: Of the server, for `ollama:` and `openai:`; empty: the environment's, else the usual one.

    Raises:
        UsageError: nothing is called that, or the folder is not there.
        ConfigurationError: a package or a key is missing; the message names the fix.
    """
    prefix, _, rest = name.partition(":")
    if not rest:
        raise UsageError(f"{name!r} names no embedding model; write ollama:MODEL, openai:MODEL or path:FOLDER.")
    if prefix == "path":
        return _in_process(name, str(_folder(rest)))
    if prefix == "sentence-transformers":
        return _in_process(name, rest)
    if prefix == "ollama":
        host = ollama_host(address)
        model = _openai_embeddings("ollama", rest, f"{host}/v1")
        return ResolvedEmbedding(name, model, not is_loopback(host) or is_cloud_model(rest))
    if prefix == "openai" and (address or get_key(prefix)):
        model = _openai_embeddings("openai", rest, address or os.environ.get("OPENAI_BASE_URL"))
    elif address:
        raise UsageError(f"An address is for ollama: and openai: only, and the embedder is {name!r}.")
    else:
        model = hosted_embedding_model(name)
    return ResolvedEmbedding(name, model, not is_loopback(model.base_url or ""))


def _folder(path: str) -> Path:
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise UsageError(f"There is no folder {path!r} to take an embedding model from.")
    return folder


def _in_process(name: str, model: str) -> ResolvedEmbedding:
    try:
        from pydantic_ai.embeddings.sentence_transformers import SentenceTransformerEmbeddingModel
    except ImportError:
        raise ConfigurationError(
            f"The embedder {name!r} needs a package: pip install 'agent-core[sentence-transformers]'."
        ) from None
    return ResolvedEmbedding(name, SentenceTransformerEmbeddingModel(model), remote=False)


def _openai_embeddings(provider: str, model: str, base_url: str | None) -> EmbeddingModel:
    """A model behind OpenAI's interface, which Ollama and others speak; at OpenAI's own address if none is given."""
    from pydantic_ai.embeddings.openai import OpenAIEmbeddingModel
    from pydantic_ai.providers.ollama import OllamaProvider
    from pydantic_ai.providers.openai import OpenAIProvider

    kinds = {"ollama": OllamaProvider, "openai": OpenAIProvider}
    return OpenAIEmbeddingModel(model, provider=kinds[provider](openai_client=_client(provider, base_url)))


def _client(provider: str, base_url: str | None) -> AsyncOpenAI:
    import httpx2
    from openai import AsyncOpenAI

    key = os.environ.get("OLLAMA_API_KEY") if provider == "ollama" else get_key(provider)
    elsewhere = base_url is None or not is_loopback(base_url)
    timeout = httpx2.Timeout(_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S)
    return AsyncOpenAI(
        base_url=base_url,
        api_key=key or _OWN_KEY,
        max_retries=0,  # words go on at once, and an ingest begins again where it was cut off
        # What is on this machine is asked directly, whatever proxy the environment names. No connection stays open,
        # so there is none to close.
        http_client=httpx2.AsyncClient(
            timeout=timeout, trust_env=elsewhere, limits=httpx2.Limits(max_keepalive_connections=0)
        ),
    )
