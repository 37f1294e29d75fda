"""How a tool's function is run: async on the loop, sync in a thread, isolated in a child process."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

from anyio import to_thread

from agent_core.errors import AgentCoreError, ToolError
from agent_core.json_values import as_json
from agent_core.tools.contained import told
from agent_core.tools.context import ToolContext
from agent_core.tools.tool import FinishedCall, Preview, Tool

MAX_RESULT_CHARS = 2_000_000
"""Length of a result as JSON beyond which only its beginning is kept."""


class Isolation(Protocol):
    """Runs a tool in a child process with limits."""

    async def run(self, tool: Tool, args: dict[str, Any]) -> Any:
        """The function's result as a JSON value."""
        ...


async def run_tool(tool: Tool, args: Mapping[str, Any], context: ToolContext, isolation: Isolation) -> Any:
    """Call the tool's function with validated arguments; returns a JSON value.

    Raises:
        ToolError: whatever went wrong inside, in the tool's own words where it has some.
    """
    assert tool.function is not None
    try:
        if tool.isolated:
            return _kept(await isolation.run(tool, dict(args)), tool)
        keywords = tool.arguments.keywords(args)
        result = await _call(tool.function, *([context] if tool.takes_context else []), **keywords)
        return _kept(result, tool)
    except asyncio.CancelledError:
        context.cancelled.set()  # a thread cannot be stopped: the function has to look
        raise
    except AgentCoreError as error:
        if isinstance(error, ToolError):
            raise
        raise ToolError(str(error)) from error
    except OSError as error:
        raise ToolError(f"{tool.name}: {error.strerror or error}") from error
    except Exception as error:
        # A plugin's defect fails its call and nothing else.
        raise ToolError(f"{tool.name} failed unexpectedly ({told(error)})") from error


def _kept(result: Any, tool: Tool) -> Any:
    """What is recorded of a result: all of it as JSON, or the beginning of what is too long, and a word about that."""
    try:
        value = as_json(result)
    except ValueError as error:
        raise ToolError(f"{tool.name} returned something that is not JSON: {error}") from error
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if len(text) <= MAX_RESULT_CHARS:
        return value
    return f"{text[:MAX_RESULT_CHARS]}\n({tool.name} returned {len(text):,} characters; the rest was not kept)"


async def preview_tool(tool: Tool, args: Mapping[str, Any], context: ToolContext) -> Preview:
    """What the call would do: the tool's own preview, or the call itself.

    Raises:
        ToolError: the call could not be done at all, as the tool's preview found out.
    """
    if tool.preview is None:
        return Preview(_as_call(tool, args))
    try:
        async with asyncio.timeout(tool.timeout_s):
            shown = await _call(tool.preview, context, **tool.arguments.keywords(args))
        return shown if isinstance(shown, Preview) else Preview(str(shown))
    except ToolError:
        raise
    except Exception as error:
        return Preview(f"{_as_call(tool, args)}\n(no preview: {told(error)})")


async def undo_tool(tool: Tool, call: FinishedCall, context: ToolContext) -> str:
    """Take a call back.

    Raises:
        ToolError: it cannot be undone, and why.
    """
    if tool.undo is None:
        raise ToolError(tool.undo_note or f"{tool.name} cannot be undone.")
    try:
        async with asyncio.timeout(tool.timeout_s):
            return await _call(tool.undo, context, call)
    except ToolError:
        raise
    except Exception as error:
        raise ToolError(f"undoing {tool.name} failed ({told(error)})") from error


async def _call(function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        try:
            return await function(*args, **keywords)
        except SystemExit as leaving:
            raise RuntimeError(f"SystemExit: {leaving}") from leaving
    # Not asyncio's own pool: a few tools that hang must not keep the rest of the process waiting.
    result = await to_thread.run_sync(partial(_staying, function, *args, **keywords), abandon_on_cancel=True)
    return await result if inspect.isawaitable(result) else result


def _staying(function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Any:
    """In a thread, what would end a program is the function's own: nobody pressed a key there."""
    try:
        return function(*args, **keywords)
    except Exception:
        raise
    except BaseException as leaving:
        raise RuntimeError(told(leaving)) from None


def _as_call(tool: Tool, args: Mapping[str, Any]) -> str:
    lines = (f"  {name}: {value}" for name, value in args.items() if value is not None)
    return "\n".join([tool.name, *lines])
