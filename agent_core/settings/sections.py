"""What can be set in `config.toml`: one frozen dataclass per section, each field with its default and its range.

They are the only home of these settings: `settings` reads them, and models, loop and gate take them as they are.
Read by every command, so nothing here imports pydantic.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from agent_core.settings.typed_table import matching, within

Role: TypeAlias = Literal["planner", "executor"]
"""Who asks: the planner makes plans, the executor works on their steps."""


@dataclass(frozen=True)
class ModelRole:
    """One role's model and how it is to answer; what is None is left to the model."""

    name: str = ""
    """A model name as in `models.default`; empty: that default."""
    max_tokens: int | None = within(None, 1)
    """Longest reply, in tokens."""
    temperature: float | None = within(None, 0, 2)
    """0 takes the likeliest token every time; higher is more varied."""
    top_p: float | None = within(None, 0, 1)
    """Only the likeliest tokens that have this probability together are considered."""
    top_k: int | None = within(None, 1)
    """Only so many of the likeliest tokens are considered."""
    seed: int | None = within(None, 0, 2**31 - 1)
    """The same seed gives the same reply, where the provider can do that."""
    timeout_s: float | None = within(None, 0.1, 24 * 3600.0)
    """How long the connection may be silent before the attempt counts as failed; not the length of a reply. None: 300
    for a model elsewhere, 600 for one on this machine, which may have to be read from disk first."""


@dataclass(frozen=True)
class ModelRetries:
    """How often a model request that failed for a passing reason is sent again, and how long to wait in between."""

    attempts: int = within(4, 1, 20)
    """The first one included; 1 turns retries off."""
    first_wait_s: float = within(0.5, 0, 600)
    """Doubled at each further attempt, with jitter."""
    longest_wait_s: float = within(60.0, 0, 3600)
    """Cap of every wait, and of what a server asks for in `Retry-After`."""


@dataclass(frozen=True)
class OllamaSettings:
    """Where Ollama runs and how much it may hold in memory."""

    host: str = ""
    """`host:port` or a URL; empty: OLLAMA_HOST, OLLAMA_BASE_URL, else port 11434 of this machine."""
    num_ctx: int | None = within(None, 512, 16 * 2**20)
    """Context length to run models with, in tokens; None: the model's own setting, else 16384, never above what it
    was trained for. Memory grows with it."""
    keep_alive: str = matching("", r"|-?\d+|-?(\d+(\.\d+)?(ms|s|m|h))+", "a duration like '10m', or '-1' for ever")
    """How long a model stays loaded after a request ("10m"; "-1" for ever); empty: the server's choice."""


@dataclass(frozen=True)
class Models:
    """Which language model does what, and what is done when it fails."""

    default: str = "auto"
    """The model of every role that names none. `auto`: a running Ollama with a model that calls tools, else a provider
    that there is a key for, else `offline`."""
    fallback: tuple[str, ...] = ()
    """Tried in this order when the chosen model cannot be reached or keeps failing."""
    planner: ModelRole = field(default_factory=ModelRole)
    """Makes plans and answers."""
    executor: ModelRole = field(default_factory=ModelRole)
    """Works on the steps of plans."""
    retry: ModelRetries = field(default_factory=ModelRetries)
    """When a request is sent again."""
    ollama: OllamaSettings = field(default_factory=OllamaSettings)
    """The Ollama server."""
    repair_printed_calls: Literal["local", "always", "never"] = "local"
    """Whether a tool call that a model printed as text becomes a call. `local`: for models on this machine and in
    Ollama; the large hosted ones do not need it."""

    def choice(self, role: Role, name: str | None = None) -> ModelRole:
        """The model and inference settings of `role`; `name` takes the place of the model alone.

        The choice's name is `auto` where neither says one, and `auto` means `default` first.
        """
        own: ModelRole = getattr(self, role)
        return replace(own, name=name or own.name or "auto")


@dataclass(frozen=True)
class RunLimits:
    """What one run may use before it pauses and asks whether to go on."""

    revisions: int = within(5, 0)
    calls: int = within(100, 1)
    tokens: int = within(1_000_000, 1)
    """Input and output tokens together."""
    cost_usd: float = within(2.0, 0)
    time_s: float = within(1800.0, 0)
    """Time at work; waiting for a person does not count."""
    parallel: int = within(8, 1, 256)
    """Steps that run side by side."""


@dataclass(frozen=True)
class ApprovalSettings:
    """How long a yes is good for."""

    expiry_s: float = within(7 * 24 * 3600.0, 1)
    """An unspent grant lapses after this many seconds."""


@dataclass(frozen=True)
class JournalSettings:
    """How long what happened is kept; 0 days: for ever."""

    keep_days: int = within(365, 0)
    """A run goes when nothing has happened in it for so long; one that waits or is at work stays."""
    undo_days: int = within(30, 0)
    """The secrets of a conversation go so long after its last run; what they were in cannot be undone then."""


@dataclass(frozen=True)
class PluginList:
    """The part of `[plugins]` that is core's own."""

    disabled: tuple[str, ...] = ()
    """Names of plugins that are not to be loaded."""
