"""pydantic-ai's messages, as the journal holds them, in the form of chat templates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent_finetune.dataset.examples import Definition, Message


class Unreadable(ValueError):
    """A message holds something that no chat template can: an image, arguments that are no object."""


def is_response(message: Mapping[str, Any]) -> bool:
    """Whether the model said it."""
    return message["kind"] == "response"


def calls_of(response: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The calls of a response: {id, name, arguments}.

    Raises:
        Unreadable: the arguments of one are not a JSON object.
    """
    return [
        {"id": part["tool_call_id"], "name": part["tool_name"], "arguments": arguments(part["args"])}
        for part in response["parts"]
        if part["part_kind"] == "tool-call"
    ]


def arguments(written: Any) -> dict[str, Any]:
    """Arguments as an object, which some providers write as text.

    Raises:
        Unreadable: they are none.
    """
    if isinstance(written, str):
        try:
            written = json.loads(written or "{}")
        except ValueError:
            raise Unreadable("arguments that are no JSON") from None
    if written is None:
        return {}
    if not isinstance(written, dict):
        raise Unreadable("arguments that are no object")
    return written


def text_of(response: Mapping[str, Any]) -> str:
    """What a response says, without its calls and thoughts."""
    return "".join(part["content"] for part in response["parts"] if part["part_kind"] == "text")


def messages_of(history: Iterable[Mapping[str, Any]]) -> list[Message]:
    """The whole conversation; instructions are one system message at its head, calls are numbered.

    Raises:
        Unreadable: it holds what cannot be written as text.
    """
    ids: dict[str, str] = {}
    said: list[Message] = []
    system: str = ""
    for message in history:
        if is_response(message):
            said.append(assistant(text_of(message), calls_of(message), ids))
        else:
            system = message.get("instructions") or system
            said += _request(message, ids)
    return [{"role": "system", "content": system}, *said] if system else said


def assistant(text: str, calls: Iterable[Mapping[str, Any]] = (), ids: dict[str, str] | None = None) -> Message:
    """What an assistant says; `ids` numbers calls over a conversation."""
    numbered = {} if ids is None else ids
    made = [
        {
            "id": numbered.setdefault(str(call["id"]), f"call_{len(numbered) + 1}"),
            "type": "function",
            "function": {"name": call["name"], "arguments": call["arguments"]},
        }
        for call in calls
    ]
    return {"role": "assistant", "content": text, **({"tool_calls": made} if made else {})}


def definition(shown: Mapping[str, Any]) -> Definition:
    """A tool as chat templates take it."""
    return {"type": "function", "function": {key: shown[key] for key in ("name", "description", "parameters")}}


def _request(message: Mapping[str, Any], ids: dict[str, str]) -> Iterator[Message]:
    for part in message["parts"]:
        kind = part["part_kind"]
        if kind == "system-prompt":
            yield {"role": "system", "content": part["content"]}
        elif kind == "user-prompt":
            yield {"role": "user", "content": _content(part["content"])}
        elif kind == "tool-return" or (kind == "retry-prompt" and part.get("tool_name")):
            name = ids.setdefault(part["tool_call_id"], f"call_{len(ids) + 1}")
            yield {
                "role": "tool",
                "tool_call_id": name,
                "name": part["tool_name"],
                "content": _as_text(part["content"]),
            }
        elif kind == "retry-prompt":
            yield {"role": "user", "content": _as_text(part["content"])}


def _content(content: Any) -> str:
    parts = [content] if isinstance(content, str) else content
    if not all(isinstance(part, str) for part in parts):
        raise Unreadable("a picture or a file")
    return "\n\n".join(parts)


def _as_text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, separators=(",", ":"))
