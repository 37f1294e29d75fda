"""The whole plugin contract on one screen.

A plugin is a module that registers under the entry-point group `agent_core` and implements any of these with
`@hookimpl` (from agent_core). Hooks return plain data; they are called once, when the plugin is loaded.
A module should import quickly: put heavy imports inside the functions that need them. `AGENT_CORE_PRELOAD = ("sympy",)`
names those that isolated tools need: they are imported once, not for every call.

Deprecation rule: `HOOK_API` grows when a hook changes in a way that old plugins notice. A hook that is going away
keeps working for two minor versions and its use is reported by `agent-core plugins list`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from agent_core.events import Event
    from agent_core.tools.tool import Tool

HOOK_API = 1
"""A plugin may set `AGENT_CORE_HOOK_API = 1`; one written for a newer API than this is disabled with a reason."""

hookspec = pluggy.HookspecMarker("agent_core")
hookimpl = pluggy.HookimplMarker("agent_core")


@hookspec
def agent_core_tools() -> Iterable[Tool]:  # pyright: ignore[reportReturnType]
    """Tools, made with `@tool` or `Tool.from_schema`."""


@hookspec
def agent_core_settings() -> type[Any]:  # pyright: ignore[reportReturnType]
    """A dataclass with a default for every field; its values appear under `plugins.<name>` in the config file."""


@hookspec
def agent_core_models() -> Mapping[str, Callable[[str], Any]]:  # pyright: ignore[reportReturnType]
    """Model names (or `prefix:`) to a function from the full name to a pydantic-ai `Model`.

    A model that reaches other machines by means of its own declares `remote = True`, and one of rules
    `language_model = False`.
    """


@hookspec
def agent_core_personas() -> Iterable[Path]:  # pyright: ignore[reportReturnType]
    """Folders that hold a PERSONA.md."""


@hookspec
def agent_core_document_loaders() -> Mapping[str, Callable[[Path], str]]:  # pyright: ignore[reportReturnType]
    """File suffixes (".odt") to a function that reads such a file as text."""


@hookspec
def agent_core_commands() -> Mapping[str, tuple[str, str]]:  # pyright: ignore[reportReturnType]
    """CLI command names to ("module:typer_app", one-line help); the module is imported when the command runs."""


@hookspec
def agent_core_event(event: Event) -> None:
    """Called with every event of every run, in order; must return quickly and may not raise."""
