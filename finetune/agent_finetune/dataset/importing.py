"""Examples from files: lines of {messages, tools} in TRL's or OpenAI's form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent_core import ToolArgumentError
from agent_finetune.dataset.conversation import Unreadable, arguments
from agent_finetune.dataset.examples import Example, Kind, Message, Source
from agent_finetune.dataset.writing import lines

_LARGEST = 4_000_000
"""Characters of a line; a longer one is no example."""
_ROLES = ("system", "developer", "user", "assistant", "tool")


def imported(path: Path) -> Iterator[Example | str]:
    """The examples of a file, in order; instead of one, what is wrong with its line.

    Raises:
        DatasetError: the file cannot be read.
    """
    for number, line in lines(path):
        where = f"{path.name}:{number}"
        try:
            yield _example(line, where)
        except (Unreadable, ValueError, ToolArgumentError, RecursionError) as error:
            yield f"{where}: {error}"


def _example(line: str, where: str) -> Example:
    if len(line) > _LARGEST:
        raise Unreadable(f"it has {len(line):,} characters; {_LARGEST:,} at most")
    row = json.loads(line)
    if not isinstance(row, dict) or not isinstance(row.get("messages"), list) or len(row["messages"]) < 2:
        raise Unreadable("a line is an object with `messages`, of which the last is the assistant's")
    messages = [_message(message) for message in row["messages"]]
    last = messages[-1]
    if last["role"] != "assistant" or not (last["content"].strip() or last.get("tool_calls")):
        raise Unreadable("the last message has to be the assistant's, and to say something")
    tools = row.get("tools") or []
    shown = [_tool(tool) for tool in tools]
    names = {tool["function"]["name"] for tool in shown}
    if missing := {call["function"]["name"] for call in last.get("tool_calls", ())} - names:
        raise Unreadable(f"it calls {', '.join(sorted(missing))}, which is not among its tools")
    conversation = row.get("conversation_id") or sha256(line.encode("utf-8", "replace")).hexdigest()[:24]
    return Example(messages, shown, _kind(messages), Source("imported", "", f"imported/{conversation}", where))


def _kind(messages: list[Message]) -> Kind:
    names = {call["function"]["name"] for call in messages[-1].get("tool_calls", ())}
    if names:
        return "plan" if "submit_plan" in names else "question" if "ask_user" in names else "call"
    return "answer" if any(message["role"] == "tool" for message in messages) else "no_tool"


def _message(message: Any) -> Message:
    if not isinstance(message, dict) or message.get("role") not in _ROLES:
        raise Unreadable(f"a message has one of the roles {', '.join(_ROLES)}")
    content = message.get("content") or ""
    if not isinstance(content, str):
        raise Unreadable("the content of a message is text")
    role = "system" if message["role"] == "developer" else message["role"]
    made: Message = {"role": role, "content": content}
    if role == "tool":
        made |= {"tool_call_id": str(message.get("tool_call_id", "")), "name": str(message.get("name", ""))}
    if role == "assistant" and message.get("tool_calls"):
        made["tool_calls"] = [_call(call, number) for number, call in enumerate(message["tool_calls"], start=1)]
    return made


def _call(call: Any, number: int) -> dict[str, Any]:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Unreadable("a call is {function: {name, arguments}}")
    made = {"name": function["name"], "arguments": arguments(function.get("arguments"))}
    return {"id": str(call.get("id") or f"call_{number}"), "type": "function", "function": made}


def _tool(tool: Any) -> dict[str, Any]:
    function = tool.get("function", tool) if isinstance(tool, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise Unreadable("a tool is {type: function, function: {name, description, parameters}}")
    parameters = function.get("parameters")
    return {
        "type": "function",
        "function": {
            "name": function["name"],
            "description": str(function.get("description", "")),
            "parameters": parameters if isinstance(parameters, dict) else {"type": "object", "properties": {}},
        },
    }
