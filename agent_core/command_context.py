"""The surroundings of a plugin's own command: the same folder and settings that its tools get in a run."""

from __future__ import annotations

from pathlib import Path

from agent_core.tools.context import ToolContext


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
