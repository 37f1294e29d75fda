"""Tool calls that a small model wrote as text, in the notations that small models are trained on.

A text is a call only if all of it is: prose that shows one stays prose. The name has to be that of an offered tool
and the arguments have to fit its schema. Nothing is evaluated: Python notation is read with `ast`, literals only.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from agent_core.schema_check import faults

JsonSchema = dict[str, Any]

_LONGEST = 50_000
"""Characters; a longer text is not a call, and parsing it would take long."""
_END_TOKENS = re.compile(r"(?:\s|</s>|<\|(?:im_end|eot_id|eom_id|end|endoftext|tool_call_end)\|>)*\Z")
_FENCE = re.compile(r"```[ \t]*(?:json|python|tool_call|tool_code|tool|xml)?[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_TAGGED = re.compile(r"<(tool_calls?|function_calls?)>(.*?)(?:</\1>|\Z)", re.DOTALL)
_FUNCTION = re.compile(r"<function=([\w.-]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([\w.-]+)>\n?(.*?)\n?</parameter>", re.DOTALL)
_MISTRAL = re.compile(r"\[TOOL_CALLS\]\s*")
_MISTRAL_ARGUMENTS = re.compile(r"([\w.-]+)\s*(?:\[CALL_ID\][\w-]*)?\[ARGS\]\s*")
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*"')
_PYTHON_TAG = "<|python_tag|>"

_NAME_KEYS = ("name", "tool_name", "tool", "function", "function_name")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "tool_input", "params")
_NOISE_KEYS = frozenset({"id", "type", "call_id", "index"})
_LIST_KEYS = ("tool_calls", "calls", "function_calls")
CALL_KEYS = frozenset({*_NAME_KEYS, *_ARGUMENT_KEYS, *_NOISE_KEYS, *_LIST_KEYS})
"""With what key an object may begin that is a call."""


class PrintedCall(NamedTuple):
    """A call as it was written, checked against the tool's schema."""

    name: str
    arguments: dict[str, Any]


def printed_calls(text: str, tools: Mapping[str, JsonSchema]) -> list[PrintedCall]:
    """The calls that `text` consists of, or nothing if it is anything else.

    Args:
        text: What the model wrote, all of it.
        tools: The offered tools' names and JSON schemas of their parameters.
    """
    if not tools or len(text) > _LONGEST:
        return []
    try:
        found = _read(_without_end_tokens(text), tools)
    except (RecursionError, MemoryError):
        # Brackets nested a thousand deep are no call.
        return []
    checked = [_checked(name, arguments, tools) for name, arguments in found or ()]
    calls = [call for call in checked if call is not None]
    return calls if len(calls) == len(checked) else []


_Raw = tuple[str, Any]


def _read(text: str, tools: Mapping[str, JsonSchema]) -> list[_Raw] | None:
    """What the text says, by its first characters; None if it is not a call or more than calls."""
    if text.startswith("```"):
        return _all_of(_FENCE, 1, text, tools)
    if text.startswith(_PYTHON_TAG):
        return _read(text.removeprefix(_PYTHON_TAG).strip(), tools)
    if marker := _MISTRAL.match(text):
        rest = text[marker.end() :]
        return _mistral_arguments(rest) if _MISTRAL_ARGUMENTS.match(rest) else _read(rest, tools)
    if text.startswith("<function="):
        return _functions(text)
    if text.startswith("<"):
        return _all_of(_TAGGED, 2, text, tools)
    if text.startswith(("{", "[")) and (found := _json_calls(text)) is not None:
        return found
    return _python_calls(text, tools)


def _all_of(pattern: re.Pattern[str], group: int, text: str, tools: Mapping[str, JsonSchema]) -> list[_Raw] | None:
    """The calls in a row of enclosed pieces with nothing between them."""
    calls: list[_Raw] = []
    position = 0
    while position < len(text):
        piece = pattern.match(text, position)
        inner = _read(piece[group].strip(), tools) if piece and piece[group].strip() else None
        if piece is None or inner is None:
            return None
        calls += inner
        position = piece.end() + _spaces(text, piece.end())
    return calls


def _functions(text: str) -> list[_Raw] | None:
    calls: list[_Raw] = []
    position = 0
    while position < len(text):
        piece = _FUNCTION.match(text, position)
        if piece is None:
            return None
        body = piece[2].strip()
        if body.startswith("<parameter="):
            if _PARAMETER.sub("", body).strip():
                return None
            calls.append((piece[1], dict(_PARAMETER.findall(body))))
        else:
            calls.append((piece[1], _json_value(body) if body else {}))
        position = piece.end() + _spaces(text, piece.end())
    return calls


def _mistral_arguments(text: str) -> list[_Raw] | None:
    calls: list[_Raw] = []
    for piece in _MISTRAL.split(text):
        head = _MISTRAL_ARGUMENTS.match(piece)
        if head is None:
            return None
        calls.append((head[1], _json_value(piece[head.end() :])))
    return calls


def _json_calls(text: str) -> list[_Raw] | None:
    """Calls from one JSON value, or from several in a row with line breaks, commas or semicolons between them."""
    values: list[Any] = []
    decoder = json.JSONDecoder()
    position = 0
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError:
            if values:
                return None
            values.append(_json_value(text))
            break
        values.append(value)
        position += len(text[position:]) - len(text[position:].lstrip(" \t\r\n;,"))
    calls: list[_Raw] = []
    for value in values:
        found = _json_call(value)
        if found is None:
            return None
        calls += found
    return calls or None


def _json_call(value: Any) -> list[_Raw] | None:
    if isinstance(value, list):
        nested = [_json_call(one) for one in cast("list[Any]", value)]
        return None if not nested or None in nested else [call for calls in nested for call in calls or ()]
    if not isinstance(value, dict):
        return None
    entry = {key: one for key, one in cast("dict[str, Any]", value).items() if key not in _NOISE_KEYS}
    if len(entry) == 1 and (key := next(iter(entry))) in (*_LIST_KEYS, "function", "tool_call", "function_call"):
        return _json_call(entry[key])
    name = next((entry.pop(key) for key in _NAME_KEYS if isinstance(entry.get(key), str)), None)
    arguments = next((entry.pop(key) for key in _ARGUMENT_KEYS if key in entry), None)
    if name is None or arguments is None or entry:
        return None
    return [(name, _json_value(arguments) if isinstance(arguments, str) else arguments)]


def _json_value(text: str) -> Any:
    """The value of a JSON text, repaired where it is malformed; None if it is not even meant as an object or list."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    text = text.strip()
    # The repairer makes something of any text; only what at least opens and closes as JSON is given to it.
    if not text.startswith(("{", "[")) or not text.endswith(("}", "]")):
        return None
    return repaired_json(text)


def repaired_json(text: str) -> Any:
    """The value that malformed JSON was meant to be; None where a string was never closed.

    Such a string is a value that broke off, and half a file or half a mail must not pass for a whole one.
    """
    quotes = _QUOTE.findall(text) or re.findall("'", text)
    if len(quotes) % 2:
        return None
    import json_repair

    return json_repair.loads(text, skip_json_loads=True)


def _python_calls(text: str, tools: Mapping[str, JsonSchema]) -> list[_Raw] | None:
    try:
        tree = ast.parse(text, mode="exec")
    except (SyntaxError, ValueError):
        return None
    nodes: list[ast.expr] = []
    for statement in tree.body:
        if not isinstance(statement, ast.Expr):
            return None
        value = statement.value
        nodes += value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
    calls = [_python_call(node, tools) for node in nodes]
    return None if None in calls else [call for call in calls if call is not None]


def _python_call(node: ast.expr, tools: Mapping[str, JsonSchema]) -> _Raw | None:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    parameters = list((tools.get(node.func.id) or {}).get("properties") or {})
    if len(node.args) > len(parameters):
        return None
    try:
        arguments = {name: _literal(value) for name, value in zip(parameters, node.args, strict=False)}
        for keyword in node.keywords:
            if keyword.arg is None or keyword.arg in arguments:
                return None
            arguments[keyword.arg] = _literal(keyword.value)
    except ValueError:
        return None
    return node.func.id, arguments


_JSON_NAMES = {"true": True, "false": False, "null": None}


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id in _JSON_NAMES:
        return _JSON_NAMES[node.id]
    return ast.literal_eval(node)


def _checked(name: str, arguments: Any, tools: Mapping[str, JsonSchema]) -> PrintedCall | None:
    """The call, if such a tool is offered and takes such arguments."""
    schema = tools.get(name)
    if schema is None or not isinstance(arguments, dict):
        return None
    properties: dict[str, Any] = schema.get("properties") or {}
    given = {key: _typed(value, properties.get(key)) for key, value in cast("dict[str, Any]", arguments).items()}
    if given.keys() - properties.keys() and not schema.get("additionalProperties"):
        return None
    try:
        json.dumps(given, allow_nan=False)
    except (TypeError, ValueError):
        return None
    return None if faults(given, schema) else PrintedCall(name, given)


def _typed(value: Any, schema: Any) -> Any:
    """A number or truth value that was written in quotes, as the schema wants it."""
    wanted = schema.get("type") if isinstance(schema, dict) else None
    if not isinstance(value, str) or wanted not in ("integer", "number", "boolean", "object", "array"):
        return value
    try:
        return json.loads(value.strip().lower() if wanted == "boolean" else value)
    except ValueError:
        return value


def _without_end_tokens(text: str) -> str:
    return _END_TOKENS.sub("", text.strip()).strip()


def _spaces(text: str, start: int) -> int:
    return len(text[start:]) - len(text[start:].lstrip())
