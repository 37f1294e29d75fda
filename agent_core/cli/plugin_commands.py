"""Commands that plugins bring, found only when they are needed: for the list in the help, or to run one."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from agent_core.errors import AgentCoreError


class GroupWithPlugins(TyperGroup):
    """The top-level group. Plugins are loaded (not their commands) once a name is asked for that core lacks."""

    _plugins: Any = None

    def list_commands(self, ctx: Any) -> list[str]:
        """Core's commands, then those of plugins in name order."""
        own = super().list_commands(ctx)
        return [*own, *sorted(name for name in self._declared() if name not in own)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; one of a plugin is imported only to be run."""
        own = super().get_command(ctx, cmd_name)
        declared = None if own is not None else self._declared().get(cmd_name)
        if declared is None:
            return own
        if ctx.resilient_parsing or ctx.invoked_subcommand is None and not ctx.args and not ctx._protected_args:
            return typer.core.TyperCommand(cmd_name, help=declared.help)
        return typer.main.get_command(self._plugins.command(cmd_name))

    def _declared(self) -> dict[str, Any]:
        if self._plugins is None:
            from agent_core.settings import Settings
            from agent_core.tools.plugins import load_plugins

            try:
                disabled = Settings.load().disabled_plugins
            except AgentCoreError:  # help has to work with a broken configuration too
                disabled = ()
            self._plugins = load_plugins(None, disabled)
        return self._plugins.commands
