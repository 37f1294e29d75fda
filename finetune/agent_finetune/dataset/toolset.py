"""The tools that stand beside an example: those that it calls, and some that it could have called instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha256

from agent_finetune.dataset.examples import Definition, Message, called

MOST = 12
"""A language model is shown about so many; rules are shown all that there are."""
STEERING = ("submit_plan", "ask_user", "delegate", "find_tools")
_WORD = re.compile(r"[^\W_]{3,}")


def narrowed(
    tools: list[Definition], context: list[Message], taught: Iterable[Message], most: int = MOST
) -> list[Definition]:
    """At most so many of the tools, in their order: those that are called, those that steer, the likeliest others.

    Half of the others share words with the request, so that choosing is as hard as it will be; half are any.
    """
    if len(tools) <= most:
        return tools
    needed = {name for message in (*context, *taught) for name in called(message)} | set(STEERING)
    asked = next((m["content"] for m in reversed(context) if m["role"] == "user"), "")
    words = set(_WORD.findall(asked.lower()))
    others = [tool for tool in tools if tool["function"]["name"] not in needed]
    room = max(0, most - (len(tools) - len(others)))
    alike = sorted(others, key=lambda tool: (-len(words & _words(tool)), _chance(tool, asked)))[: (room + 1) // 2]
    rest = sorted((tool for tool in others if tool not in alike), key=lambda tool: _chance(tool, asked))
    kept = {tool["function"]["name"] for tool in (*alike, *rest[: room - len(alike)])} | needed
    return [tool for tool in tools if tool["function"]["name"] in kept]


def _words(tool: Definition) -> set[str]:
    function = tool["function"]
    return set(_WORD.findall(f"{function['name']} {function['description']}".lower().replace("_", " ")))


def _chance(tool: Definition, asked: str) -> bytes:
    return sha256(f"{tool['function']['name']}\0{asked}".encode("utf-8", "surrogatepass")).digest()
