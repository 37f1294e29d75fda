"""How the gate's calls reach tool functions: the context of a call, and where its function runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from agent_core.errors import ConfigurationError, ToolError
from agent_core.events import CallProgress, Event
from agent_core.gate.call import Call, Outcome, Secrets
from agent_core.gate.policy import Surroundings
from agent_core.models.keys import StoredSecrets
from agent_core.settings import Settings
from agent_core.tools.context import ToolContext
from agent_core.tools.execution import preview_tool, run_tool, undo_tool
from agent_core.tools.isolation import IsolatedRunner
from agent_core.tools.tool import FinishedCall, Preview, Tool


class Toolbox:
    """Runs, previews and undoes tools for one assistant."""

    def __init__(
        self,
        settings: Settings,
        settings_classes: Mapping[str, type[Any]],
        secrets: Secrets,
        emit: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._classes = settings_classes
        self._emit = emit
        self._isolation: dict[str, IsolatedRunner] = {}
        """By plugin: one that hangs where it is imported again keeps no other from working."""

    def settings_of(self, tool: Tool) -> Any:
        """The settings of the tool's plugin; None where it declares none, or where they are wrong."""
        try:
            return self._read_settings(tool)
        except ConfigurationError:
            return None

    async def run(self, call: Call, tool: Tool, args: Mapping[str, Any], save: Callable[[Any], None]) -> Outcome:
        """Call the tool's function; see `run_tool`."""
        marked: set[str] = set()
        context = self._context(call, tool, save, marked.update)
        isolation = self._isolation.setdefault(tool.plugin, IsolatedRunner())
        result = await run_tool(tool, args, context, isolation)
        return Outcome(result, frozenset(marked))

    async def preview(self, call: Call, tool: Tool, args: Mapping[str, Any]) -> Preview:
        """What the call would do; see `preview_tool`."""
        return await preview_tool(tool, args, self._context(call, tool, _forget))

    async def undo(self, call: Call, tool: Tool, finished: FinishedCall) -> str:
        """Take the call back; see `undo_tool`."""
        return await undo_tool(tool, finished, self._context(call, tool, _forget))

    def is_ready(self, tool: Tool, where: Surroundings) -> bool:
        """Whether the tool has anything to work on; one that cannot tell says what it lacks when it is called."""
        if tool.ready is None:
            return True
        try:
            return tool.ready(self._context(Call("", "", 0, "", where), tool, _forget))
        except Exception:
            return True

    async def aclose(self) -> None:
        """Stop the child processes."""
        await asyncio.gather(*(isolation.aclose() for isolation in self._isolation.values()))

    def _context(
        self,
        call: Call,
        tool: Tool,
        save: Callable[[Any], None],
        mark: Callable[[Iterable[str]], None] = lambda labels: None,
    ) -> ToolContext:
        def report(text: str, fraction: float | None) -> None:
            shown = self._secrets.tokenise(text, call.scope)
            self._emit(
                CallProgress(call.run_id, call.step_id, call.agent, call=call.key, text=shown, fraction=fraction)
            )

        try:
            settings = self._read_settings(tool)
        except ConfigurationError as error:  # fails this call, and nothing else of the run
            raise ToolError(str(error)) from error
        return ToolContext(
            workspace=Path(call.where.workspace),
            data_dir=self._settings.home / "plugins" / (tool.plugin or "app"),
            settings=settings,
            user=call.where.user,
            conversation_id=call.where.conversation_id,
            call_key=call.key,
            secrets=StoredSecrets(),
            labels=call.labels,
            report=report,
            save=save,
            mark=mark,
        )

    def _read_settings(self, tool: Tool) -> Any:
        declared = self._classes.get(tool.plugin)
        return self._settings.plugin_settings(tool.plugin, declared) if declared else None


def _forget(value: Any) -> None:
    """A preview and an undo keep nothing."""
