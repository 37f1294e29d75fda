"""Whether the beginning of a streamed text may still turn out to be a printed tool call.

Only such a beginning is held back from the user; the first character that rules a call out lets the text go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from agent_core.models.printed_calls import CALL_KEYS

_LONGEST_HELD = 20_000
"""Characters; beyond it a text is shown whatever it may become."""
_MARKERS = ("<tool_call>", "<tool_calls>", "<function_call>", "<function_calls>", "<|python_tag|>", "[TOOL_CALLS]")
_FENCE = re.compile(r"```[ \t]*(json|python|tool_call|tool_code|tool|xml)?[ \t]*\r?\n")
_FENCE_LANGUAGES = ("json", "python", "tool_call", "tool_code", "tool", "xml")
_FIRST_KEY = re.compile(r"""\{\s*["']([^"'\\]*)(["']?)""")
_NAME_VALUE = re.compile(r"""["'](?:name|tool_name|tool|function_name)["']\s*:\s*["']([^"'\\]*)(["']?)""")
_SIMPLE_CALL = re.compile(r"\w+\([^()\"']*\)\s*[,;\]]*\s*")
_AFTER_JSON = frozenset("{[;,`<")


def may_be_call(text: str, tools: Collection[str]) -> bool:
    """Whether `text`, the beginning of a reply, may still become calls of `tools` and nothing else."""
    text = text.lstrip()
    if len(text) > _LONGEST_HELD or not tools:
        return False
    if not text:
        return True
    if text[0] == "`":
        return _may_be_fence(text, tools)
    if text[0] == "<":
        return _may_be_tag(text, tools)
    if text[0] == "{":
        return _may_be_object(text, tools)
    if text[0] == "[":
        return _may_be_list(text, tools)
    return _may_be_python(text, tools)


def _may_be_fence(text: str, tools: Collection[str]) -> bool:
    if opened := _FENCE.match(text):
        return may_be_call(text[opened.end() :], tools)
    start, _, language = text.partition("```")
    if start or not text.startswith("```"):
        return "```".startswith(text)
    language = language.strip()
    if language.startswith(("{", "[")):
        return may_be_call(language, tools)
    return any(known.startswith(language) for known in _FENCE_LANGUAGES)


def _may_be_tag(text: str, tools: Collection[str]) -> bool:
    if text.startswith("<function="):
        name, closed, _ = text.removeprefix("<function=").partition(">")
        return name in tools if closed else any(tool.startswith(name) for tool in tools)
    for marker in _MARKERS:
        if text.startswith(marker):
            return may_be_call(text[len(marker) :], tools)
    return any(marker.startswith(text) for marker in (*_MARKERS, "<function="))


def _may_be_list(text: str, tools: Collection[str]) -> bool:
    marker = _MARKERS[-1]
    if text.startswith(marker):
        rest = text[len(marker) :].lstrip()
        # Mistral's newer notation: name[ARGS]{...}
        name = re.split(r"[\[\s]", rest, maxsplit=1)[0]
        return not rest or rest[0] in "[{" or any(tool.startswith(name) for tool in tools)
    if marker.startswith(text):
        return True
    rest = text[1:].lstrip()
    if not rest:
        return True
    if rest[0] == "{":
        return _may_be_object(rest, tools, inside_list=True)
    return _may_be_python(rest, tools)


def _may_be_object(text: str, tools: Collection[str], *, inside_list: bool = False) -> bool:
    key = _FIRST_KEY.match(text)
    if key is None:
        return not text[1:].strip()
    name, closed = key[1], key[2]
    if not (name in CALL_KEYS if closed else any(known.startswith(name) for known in CALL_KEYS)):
        return False
    if value := _NAME_VALUE.search(text):
        written, ended = value[1], value[2]
        if not (written in tools if ended else any(tool.startswith(written) for tool in tools)):
            return False
    return inside_list or _ends_with_calls(text)


def _ends_with_calls(text: str) -> bool:
    """Whether nothing but another call follows the object, where it is complete already."""
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return True
    rest = text[end:].lstrip()
    return not rest or rest[0] in _AFTER_JSON


def _may_be_python(text: str, tools: Collection[str]) -> bool:
    name, opened, _ = text.partition("(")
    if not opened:
        return any(tool.startswith(name) for tool in tools)
    if name not in tools:
        return False
    # A complete call with something behind it that is not another call: `search(query) is a function that ...`.
    complete = _SIMPLE_CALL.match(text)
    rest = text[complete.end() :] if complete else ""
    return not rest or rest[0] in "`<" or (rest != text and may_be_call(rest, tools))
