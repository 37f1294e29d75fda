"""Groups of commands: help where no command is named, and the commands of plugins.

Plugins' commands are listed by their declared help, and imported only when one of them is run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from agent_core.errors import AgentCoreError

if TYPE_CHECKING:
    from agent_core.tools.plugins import Plugins


class Group(TyperGroup):
    """A group that shows its help when it is called without a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help and stop, where there is nothing to parse."""
        if not args and not ctx.resilient_parsing and not self.invoke_without_command:
            typer.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)


class _Declared(TyperCommand):
    """A plugin's command as its plugin declares it: a name and a line of help."""


class GroupWithPlugins(Group):
    """The top-level group. Plugins are loaded once somebody asks for a command that core does not have."""

    _plugins: Plugins | None = None

    def list_commands(self, ctx: Any) -> list[str]:
        """Core's commands, then those of plugins in name order."""
        own = super().list_commands(ctx)
        return [*own, *sorted(self._loaded().commands.keys() - set(own))]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command by its name; core's own cannot be replaced."""
        own = super().get_command(ctx, cmd_name)
        if own is None and (declared := self._loaded().commands.get(cmd_name)):
            return _Declared(cmd_name, help=declared.help)
        return own

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is to run, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, _Declared):
            command = get_command(self._loaded().command(str(name)))
        return name, command, rest

    def _loaded(self) -> Plugins:
        if self._plugins is None:
            from agent_core.settings import Settings
            from agent_core.tools.plugins import load_plugins

            try:
                disabled = Settings.load().disabled_plugins
            except AgentCoreError:  # help has to work with a broken configuration too
                disabled = ()
            self._plugins = load_plugins(None, disabled)
        return self._plugins
