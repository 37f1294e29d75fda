"""What a model said, without the secrets in it: it may have decoded, put together or simply known one.

Text and arguments of calls are journaled as the model wrote them, before the gate sees the calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ThinkingPart, ToolCallPart

from agent_core.errors import UsageError

_TOO_DEEP = "(nested too deeply)"
"""No JSON object: the call fails, and its arguments are kept nowhere."""


def without_secrets(message: ModelMessage, tokenise: Callable[[Any], Any]) -> ModelMessage:
    """The message with tokens in place of secrets; the same one where it holds none."""
    if not isinstance(message, ModelResponse):
        return message
    parts = [_part(part, tokenise) for part in message.parts]
    changed = any(new is not old for new, old in zip(parts, message.parts, strict=True))
    return replace(message, parts=parts) if changed else message


def _part(part: Any, tokenise: Callable[[Any], Any]) -> Any:
    if isinstance(part, TextPart | ThinkingPart):
        content = tokenise(part.content)
        return part if content == part.content else replace(part, content=content)
    if isinstance(part, ToolCallPart):
        name, args = tokenise(part.tool_name), _arguments(part.args, tokenise)
        return part if (name, args) == (part.tool_name, part.args) else replace(part, tool_name=name, args=args)
    return part


def _arguments(args: Any, tokenise: Callable[[Any], Any]) -> Any:
    """Arguments arrive as an object or as its JSON, in which a secret may be escaped."""
    try:
        parsed = json.loads(args) if isinstance(args, str) else args
        tokenised = tokenise(parsed)
    except ValueError:
        return tokenise(args)
    except (RecursionError, UsageError):
        return _TOO_DEEP
    if not isinstance(args, str):
        return tokenised
    # Text that is JSON of nothing secret may hold a secret all the same: of two equal keys only one is read.
    return tokenise(args) if tokenised == parsed else json.dumps(tokenised)
