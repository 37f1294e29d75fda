"""A role's inference settings, as pydantic-ai takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from agent_core.settings.sections import ModelRole

if TYPE_CHECKING:
    from pydantic_ai.settings import ModelSettings

_LOCAL_TIMEOUT_S = 600.0
"""A local model may have to be read from disk before it says a word."""
_REMOTE_TIMEOUT_S = 300.0
"""Long enough for a reply that is not streamed, which is silence until it is whole."""


def model_settings(role: ModelRole, *, remote: bool) -> ModelSettings:
    """What `role` sets, and nothing about what it leaves to the model; `remote`: the model is on another machine."""
    chosen = {
        "max_tokens": role.max_tokens,
        "temperature": role.temperature,
        "top_p": role.top_p,
        "top_k": role.top_k,
        "seed": role.seed,
        "timeout": role.timeout_s or (_REMOTE_TIMEOUT_S if remote else _LOCAL_TIMEOUT_S),
    }
    return cast("ModelSettings", {name: value for name, value in chosen.items() if value is not None})
