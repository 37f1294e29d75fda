"""Language models: which one answers for which role, how it is reached, and what is done when it fails.

Names are pydantic-ai's (`openai:...`, `ollama:...`, `anthropic:...`) plus what plugins bring. Nothing here imports
pydantic-ai until a model is resolved, so that a command line that only prints help stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent_core.models.embedding import ResolvedEmbedding as ResolvedEmbedding
    from agent_core.models.embedding import resolve_embedding as resolve_embedding
    from agent_core.models.errors import PromptTooLongError as PromptTooLongError
    from agent_core.models.errors import as_model_error as as_model_error
    from agent_core.models.keys import get_key as get_key
    from agent_core.models.keys import providers_with_keys as providers_with_keys
    from agent_core.models.keys import remove_key as remove_key
    from agent_core.models.keys import set_key as set_key
    from agent_core.models.listing import ListedModel as ListedModel
    from agent_core.models.listing import list_models as list_models
    from agent_core.models.names import ModelFactory as ModelFactory
    from agent_core.models.names import available_names as available_names
    from agent_core.models.routing import ResolvedModel as ResolvedModel
    from agent_core.models.routing import resolve as resolve
    from agent_core.models.routing import resolve_roles as resolve_roles

_HOMES = {
    "ListedModel": "listing",
    "ModelFactory": "names",
    "PromptTooLongError": "errors",
    "ResolvedEmbedding": "embedding",
    "ResolvedModel": "routing",
    "as_model_error": "errors",
    "available_names": "names",
    "get_key": "keys",
    "list_models": "listing",
    "providers_with_keys": "keys",
    "remove_key": "keys",
    "resolve": "routing",
    "resolve_embedding": "embedding",
    "resolve_roles": "routing",
    "set_key": "keys",
}

__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Import public names when they are first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'agent_core.models' has no attribute {name!r}")
    value = getattr(import_module(f"agent_core.models.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
