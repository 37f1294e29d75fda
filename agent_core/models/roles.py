"""What the settings say about models: one choice per role, inference settings, retries, Ollama.

Plain dataclasses without pydantic-ai, so that settings can be read, shown and edited cheaply.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from agent_core.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic_ai.settings import ModelSettings

Role: TypeAlias = Literal["planner", "executor", "judge"]
"""Who asks: the planner makes plans, the executor works on their steps, the judge checks answers."""


@dataclass(frozen=True)
class ModelChoice:
    """A model and how it is to answer; None leaves a setting to the model."""

    name: str = "auto"
    max_tokens: int | None = None
    """Longest reply, in tokens."""
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    timeout_s: float | None = None
    """How long the connection may be silent before the attempt counts as failed; not the length of a reply."""

    def __post_init__(self) -> None:
        _require(self.max_tokens is None or self.max_tokens >= 1, "max_tokens", self.max_tokens, "at least 1")
        _require(self.temperature is None or self.temperature >= 0, "temperature", self.temperature, "0 or more")
        _require(self.top_p is None or 0 < self.top_p <= 1, "top_p", self.top_p, "above 0 and at most 1")
        _require(self.top_k is None or self.top_k >= 1, "top_k", self.top_k, "at least 1")
        _require(self.timeout_s is None or self.timeout_s > 0, "timeout_s", self.timeout_s, "above 0")

    def model_settings(self, *, default_timeout_s: float) -> ModelSettings:
        """The same as pydantic-ai's settings."""
        chosen = {
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "seed": self.seed,
            "timeout": self.timeout_s or default_timeout_s,
        }
        return cast("ModelSettings", {name: value for name, value in chosen.items() if value is not None})


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request that failed for a passing reason is sent again, and how long to wait in between."""

    attempts: int = 4
    """The first one included; 1 turns retries off."""
    first_wait_s: float = 0.5
    """Doubled at each further attempt, with jitter."""
    longest_wait_s: float = 60.0
    """Cap of every wait, and of what a server asks for in `Retry-After`."""

    def __post_init__(self) -> None:
        _require(self.attempts >= 1, "attempts", self.attempts, "at least 1")
        _require(self.first_wait_s >= 0, "first_wait_s", self.first_wait_s, "0 or more")
        _require(self.longest_wait_s >= 0, "longest_wait_s", self.longest_wait_s, "0 or more")


@dataclass(frozen=True)
class OllamaPreferences:
    """Where Ollama runs and how much it may hold in memory."""

    host: str | None = None
    """`host:port` or a URL; None: OLLAMA_HOST, OLLAMA_BASE_URL, else port 11434 of this machine."""
    num_ctx: int | None = None
    """Context length to run models with, in tokens; None: the model's own setting, else 16384, never above what it
    was trained for. Memory grows with it."""
    keep_alive: str | None = None
    """How long a model stays loaded after a request ("10m"; "-1" for ever); None: the server's choice."""

    def __post_init__(self) -> None:
        _require(self.num_ctx is None or self.num_ctx >= 512, "num_ctx", self.num_ctx, "at least 512")


@dataclass(frozen=True)
class ModelPreferences:
    """All settings about models. Roles that are not set use the planner's choice, and that defaults to `auto`."""

    planner: ModelChoice = field(default_factory=ModelChoice)
    executor: ModelChoice | None = None
    judge: ModelChoice | None = None
    default: str = "auto"
    """What `auto` means; `auto` itself: look for a running Ollama, then for a key, then use `offline`."""
    fallback: tuple[str, ...] = ()
    """Models to try, in order, when the chosen one cannot be reached or keeps failing."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    ollama: OllamaPreferences = field(default_factory=OllamaPreferences)
    repair_printed_calls: Literal["local", "always", "never"] = "local"
    """Whether a tool call that a model printed as text becomes a call. `local`: for models on this machine and in
    Ollama; the large hosted ones do not need it."""

    def choice(self, role: Role) -> ModelChoice:
        """The model and inference settings for `role`."""
        chosen: ModelChoice | None = getattr(self, role)
        return chosen or self.planner


def _require(valid: bool, name: str, value: object, rule: str) -> None:
    if not valid:
        raise ConfigurationError(f"The model setting {name} is {value!r}; it has to be {rule}.")
