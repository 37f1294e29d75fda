"""Embedders by name, by way of pydantic-ai's embedding models; one of each name for a process, which loads it once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from agent_core.errors import AgentCoreError, ConfigurationError, ToolError

if TYPE_CHECKING:
    from pydantic_ai.embeddings.result import EmbeddingResult

    from agent_core.models import ResolvedEmbedding

_LONGEST_REASON = 200


def embedder_called(name: str, address: str = "", remotely: bool = False) -> ModelEmbedder:
    """The embedder of a name ("ollama:nomic-embed-text"); the same one each time.

    Args:
        name: Provider and model, or `path:FOLDER`.
        address: Of its server, where that is not the usual one.
        remotely: Whether passages and questions may be sent to another machine.

    Raises:
        AgentCoreError: there is none of that name, what it needs is missing, or it is elsewhere and may not be used.
    """
    found = _loaded(name, address)
    if found.resolved.remote and not remotely:
        base_url = found.resolved.model.base_url
        where = urlsplit(base_url).hostname if base_url else name.partition(":")[0]
        raise ConfigurationError(
            f"The embedder {name!r} would send your passages and questions to {where}; words alone are used unless you "
            "allow it: agent-core config set plugins.graph.embed_remotely true"
        )
    return found


@lru_cache(maxsize=4)
def _loaded(name: str, address: str) -> ModelEmbedder:
    from agent_core.models import resolve_embedding

    return ModelEmbedder(resolve_embedding(name, address))


@lru_cache(maxsize=1)
def _loop() -> asyncio.AbstractEventLoop:
    """One event loop for a process: the connections of a client belong to the loop that they were made in."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="embedders", daemon=True).start()
    return loop


class ModelEmbedder:
    """A pydantic-ai embedding model, for code without an event loop; from any thread."""

    def __init__(self, resolved: ResolvedEmbedding) -> None:
        self.resolved = resolved

    @property
    def name(self) -> str:
        """What made the vectors."""
        return self.resolved.name

    def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """A vector for each passage's text.

        Raises:
            ToolError: the model cannot be reached or fails.
        """
        return self._embedded(lambda: self.resolved.model.embed(texts, input_type="document"))

    def question(self, text: str) -> Sequence[float]:
        """The vector of a question.

        Raises:
            ToolError: the model cannot be reached or fails.
        """
        return self._embedded(lambda: self.resolved.model.embed(text, input_type="query"))[0]

    def _embedded(self, request: Callable[[], Coroutine[Any, Any, EmbeddingResult]]) -> Sequence[Sequence[float]]:
        try:
            return asyncio.run_coroutine_threadsafe(request(), _loop()).result().embeddings
        except AgentCoreError:
            raise
        except Exception as error:  # a library's, a server's or a model file's: there is no list of them
            reason = " ".join(str(error).split())[:_LONGEST_REASON] or type(error).__name__
            raise ToolError(f"The embedder {self.name!r} fails: {reason}") from error
