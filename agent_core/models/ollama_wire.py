"""Between pydantic-ai's messages and the ones of Ollama's native chat endpoint."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import (
    BinaryContent,
    CachePoint,
    CompactionPart,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextContent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from pydantic_ai.tools import ToolDefinition

from agent_core.models.tokens import IMAGE_TOKENS, MESSAGE_TOKENS, text_tokens

WireMessage = dict[str, Any]


def wire_messages(messages: Sequence[ModelMessage], instructions: Sequence[str]) -> list[WireMessage]:
    """The conversation as Ollama takes it; `instructions` follow the leading system prompts.

    Raises:
        UserError: a part that this endpoint has no place for (audio, a file to download).
    """
    wire: list[WireMessage] = []
    for message in messages:
        if isinstance(message, ModelRequest):
            for part in message.parts:
                wire.extend(_request_part(part))
        else:
            wire.extend(_response(message))
    leading = next((i for i, message in enumerate(wire) if message["role"] != "system"), len(wire))
    wire[leading:leading] = [{"role": "system", "content": text} for text in instructions]
    return wire


def wire_tools(tools: Sequence[ToolDefinition]) -> list[dict[str, Any]]:
    """Tool definitions as Ollama takes them."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description or "",
                "parameters": _parameters(tool.parameters_json_schema),
            },
        }
        for tool in tools
    ]


def estimated_tokens(wire: Sequence[WireMessage], tools: Sequence[dict[str, Any]]) -> float:
    """Tokens of the prompt that Ollama's template makes of these, before calibration."""
    total = 0.0
    for message in wire:
        total += MESSAGE_TOKENS + text_tokens(message.get("content") or "")
        total += IMAGE_TOKENS * len(message.get("images") or ())
        total += text_tokens(message.get("thinking") or "")
        total += sum(text_tokens(json.dumps(call, ensure_ascii=False)) for call in message.get("tool_calls") or ())
    return total + sum(MESSAGE_TOKENS + text_tokens(json.dumps(tool, ensure_ascii=False)) for tool in tools)


def _request_part(part: object) -> Iterator[WireMessage]:
    if isinstance(part, SystemPromptPart):
        yield {"role": "system", "content": part.content}
    elif isinstance(part, UserPromptPart):
        yield _user_message([part.content] if isinstance(part.content, str) else part.content)
    elif isinstance(part, CompactionPart):
        yield {"role": "user", "content": f"Summary of the conversation so far:\n{part.content or ''}"}
    elif isinstance(part, ToolReturnPart):
        text, files = part.model_response_str_and_user_content()
        yield {"role": "tool", "tool_name": part.tool_name, "content": text}
        if files:
            yield _user_message(files)
    else:
        raise UserError(f"{type(part).__name__} cannot be sent to Ollama; run the messages through prepare_messages.")


def _user_message(content: Sequence[UserContent]) -> WireMessage:
    texts: list[str] = []
    images: list[str] = []
    for item in content:
        if isinstance(item, str | TextContent):
            texts.append(item if isinstance(item, str) else item.content)
        elif isinstance(item, BinaryContent) and item.is_image:
            images.append(b64encode(item.data).decode())
        elif not isinstance(item, CachePoint):
            raise UserError(f"{type(item).__name__} cannot be sent to Ollama; it takes text and images.")
    message: WireMessage = {"role": "user", "content": "\n\n".join(texts)}
    if images:
        message["images"] = images
    return message


def _response(message: ModelResponse) -> Iterator[WireMessage]:
    texts = [part.content for part in message.parts if isinstance(part, TextPart)]
    thoughts = [part.content for part in message.parts if isinstance(part, ThinkingPart) and part.content]
    calls = [
        {"function": {"name": part.tool_name, "arguments": part.args_as_dict()}}
        for part in message.parts
        if isinstance(part, ToolCallPart)
    ]
    if not (texts or thoughts or calls):
        return
    wire: WireMessage = {"role": "assistant", "content": "\n\n".join(texts)}
    if thoughts:
        wire["thinking"] = "\n\n".join(thoughts)
    if calls:
        wire["tool_calls"] = calls
    yield wire


def _parameters(schema: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = schema.get("properties") or {}
    return {
        "type": "object",
        "required": list(schema.get("required") or ()),
        "properties": {name: _property(value) for name, value in properties.items()},
    }


def _property(schema: dict[str, Any] | bool) -> dict[str, Any]:
    """One parameter in what every version of Ollama keeps of a schema: type, items, description and enum.

    Everything else is dropped without a word. So alternatives become a list of types, and what does not fit
    (nested objects, bounds, patterns) is told in the description, where the model reads it.
    """
    if isinstance(schema, bool):
        return {}
    alternatives: list[dict[str, Any]] = [one for one in schema.get("anyOf") or schema.get("oneOf") or () if one]
    kept: dict[str, Any] = {key: schema[key] for key in ("type", "items", "enum") if key in schema}
    if "const" in schema:
        kept["enum"] = [schema["const"]]
    if alternatives and "type" not in kept:
        types = [one["type"] for one in alternatives if isinstance(one.get("type"), str)]
        kept["type"] = types[0] if len(types) == 1 else types
        items = next((one["items"] for one in alternatives if "items" in one), None)
        enum = next((one["enum"] for one in alternatives if "enum" in one), None)
        kept |= {"items": items} if items is not None else {}
        kept |= {"enum": enum} if enum is not None else {}
    description = str(schema.get("description") or "")
    lost = {key: value for key, value in schema.items() if key not in _TOLD_OTHERWISE}
    if any(one.keys() - {"type", "items", "enum", "title"} for one in alternatives):
        lost["anyOf"] = alternatives
    if lost:
        description = f"{description} JSON schema: {json.dumps(lost, ensure_ascii=False)}".strip()
    if description:
        kept["description"] = description
    return kept


_TOLD_OTHERWISE = frozenset({"type", "items", "enum", "const", "description", "title", "default", "anyOf", "oneOf"})
