"""The surroundings of a plugin's own command: the same folder and settings that its tools get in a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agent_core.errors import UsageError
from agent_core.tools.context import ToolContext

if TYPE_CHECKING:
    from agent_core.models import ResolvedModel
    from agent_core.settings.sections import ModelRole, Models


def command_context(plugin: str, settings_class: type | None = None) -> ToolContext:
    """What a command of `plugin` works with: the current folder, the plugin's own folder, and its settings.

    Args:
        plugin: The plugin's name, as it is registered.
        settings_class: What its `agent_core_settings` hook returns, if it has one.

    Raises:
        ConfigurationError: the settings are not valid, or the state folder cannot be used.
    """
    from agent_core.models.keys import StoredSecrets
    from agent_core.settings import Settings
    from agent_core.settings.home import open_home

    settings = Settings.load()
    return ToolContext(
        workspace=Path.cwd(),
        data_dir=open_home(settings.home) / "plugins" / plugin,
        settings=settings.plugin_settings(plugin, settings_class) if settings_class else None,
        secrets=StoredSecrets(),
    )


def answers_by_model(name: str | None) -> bool:
    """Whether a language model would answer: the one of this name, else the user's own; rules and words alone do not.

    Raises:
        AgentCoreError: there is none of that name, or a key for it is missing.
    """
    return _resolved(lambda models: models.choice("planner", name)).writes


def command_model(name: str | None) -> ResolvedModel:
    """The language model that a command of a plugin asks: the one of this name, else the user's own.

    Raises:
        UsageError: there is no language model, or what it is told would leave this machine and nobody has named it.
        AgentCoreError: it cannot be reached, or a key for it is missing.
    """
    found = _resolved(lambda models: name or models.default)
    if not found.writes:
        raise UsageError(f"This needs a language model, and {found.name!r} is none; name one with --model.")
    if found.remote and name is None:
        raise UsageError(f"{found.name} is elsewhere, and what is sent leaves this machine: name it with --model.")
    return found


def _resolved(choice: Callable[[Models], str | ModelRole]) -> ResolvedModel:
    from agent_core.models import resolve
    from agent_core.settings import Settings
    from agent_core.tools.plugins import load_plugins

    settings = Settings.load()
    factories = load_plugins(None, settings.disabled_plugins).models
    return resolve(choice(settings.models), factories=factories, settings=settings.models)
