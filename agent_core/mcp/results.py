"""What a call on a server returned, as a JSON value: its structured content, or its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent_core.errors import ToolError
from agent_core.gate.sanitise import sanitise_line
from agent_core.mcp.definitions import Definition

if TYPE_CHECKING:
    from mcp_types import CallToolResult

_MAX_ERROR = 2_000


def result_value(definition: Definition, returned: CallToolResult, without_secrets: Callable[[str], str]) -> Any:
    """The value of a call, without the secrets that the server was given.

    Raises:
        ToolError: the server says that the call failed, or its result is not what the tool declares.
    """
    if returned.is_error:
        told = sanitise_line(without_secrets(_text(returned)), _MAX_ERROR)
        raise ToolError(f"{definition.name}: {told or 'the server says that it failed, and not why'}")
    if definition.returns is None:
        if returned.structured_content is not None and not returned.content:
            return _scrubbed(returned.structured_content, without_secrets)
        return without_secrets(_text(returned))
    if returned.structured_content is None:
        raise ToolError(f"{definition.name}: the result has no structured content, which the tool declares")
    _check(definition, returned.structured_content)
    value = _scrubbed(returned.structured_content, without_secrets)
    return value.get("result") if definition.wrapped else value


def _check(definition: Definition, value: Any) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from referencing import Registry

    try:
        wrong = best_match(Draft202012Validator(definition.returns or {}, registry=Registry()).iter_errors(value))
    except RecursionError:
        raise ToolError(f"{definition.name}: the result is nested too deeply") from None
    if wrong is not None:
        where = ".".join(map(str, wrong.absolute_path)) or "the result"
        raise ToolError(f"{definition.name}: {where} is not what the tool declares ({wrong.validator})")


def _text(returned: CallToolResult) -> str:
    return "\n".join(filter(None, map(_block_text, returned.content)))


def _block_text(block: Any) -> str:
    match block.type:
        case "text":
            return block.text
        case "image" | "audio":
            return f"({block.type}, {block.mime_type}, {len(block.data) * 3 // 4:,} bytes: not kept)"
        case "resource":
            return getattr(block.resource, "text", None) or f"({block.resource.uri}: not text, not kept)"
        case "resource_link":
            return f"({block.uri})"
        case _:
            return f"({block.type}: not kept)"


def _scrubbed(value: Any, without_secrets: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, list):
        return [_scrubbed(item, without_secrets) for item in value]
    if isinstance(value, dict):
        return {without_secrets(str(key)): _scrubbed(item, without_secrets) for key, item in value.items()}
    return value
