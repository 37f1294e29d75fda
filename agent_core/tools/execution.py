"""How a tool's function is run: async on the loop, sync in a thread, isolated in a child process."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from agent_core.errors import AgentCoreError, ToolError
from agent_core.tools.context import ToolContext
from agent_core.tools.tool import FinishedCall, Preview, Tool

MAX_RESULT_CHARS = 2_000_000


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
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    assert tool.function is not None
    try:
        if tool.isolated:
            return await isolation.run(tool, dict(args))
        keywords = tool.arguments.keywords(args)
        result = await _call(tool.function, *([context] if tool.takes_context else []), **keywords)
        return to_jsonable_python(result)
    except AgentCoreError as error:
        if isinstance(error, ToolError):
            raise
        raise ToolError(str(error)) from error
    except PydanticSerializationError as error:
        raise ToolError(f"{tool.name} returned something that is not JSON: {error}") from error
    except OSError as error:
        raise ToolError(f"{tool.name}: {error.strerror or error}") from error
    except Exception as error:
        # A plugin's defect fails its call and nothing else.
        raise ToolError(f"{tool.name} failed unexpectedly ({type(error).__name__}: {error})") from error


async def preview_tool(tool: Tool, args: Mapping[str, Any], context: ToolContext) -> Preview:
    """What the call would do: the tool's own preview, or the call itself.

    Raises:
        ToolError: the call could not be done at all, as the tool's preview found out.
    """
    if tool.preview is None:
        return Preview(_as_call(tool, args))
    try:
        return await _call(tool.preview, context, **tool.arguments.keywords(args))
    except ToolError:
        raise
    except Exception as error:
        return Preview(f"{_as_call(tool, args)}\n(no preview: {error})")


async def undo_tool(tool: Tool, call: FinishedCall, context: ToolContext) -> str:
    """Take a call back.

    Raises:
        ToolError: it cannot be undone, and why.
    """
    if tool.undo is None:
        raise ToolError(tool.undo_note or f"{tool.name} cannot be undone.")
    try:
        return await _call(tool.undo, context, call)
    except ToolError:
        raise
    except Exception as error:
        raise ToolError(f"undoing {tool.name} failed ({type(error).__name__}: {error})") from error


async def _call(function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(*args, **keywords)
    result = await asyncio.to_thread(function, *args, **keywords)
    return await result if inspect.isawaitable(result) else result


def _as_call(tool: Tool, args: Mapping[str, Any]) -> str:
    lines = (f"  {name}: {value}" for name, value in args.items() if value is not None)
    return "\n".join([tool.name, *lines])
