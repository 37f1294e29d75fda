"""Rules as people write and read them: `send_mail(to=*@example.com, subject="Bonus, 2027")`.

What is shown can be written back and means the same: an argument that holds commas, quotes or what cannot be seen
stands in quotes, as JSON, so that no text can look like another pattern.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from agent_core.errors import UsageError

_RULE = re.compile(r"\s*([^\s()]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_NAME = re.compile(r"\s*([^\s=,\"]+)\s*=\s*")
_PLAIN = re.compile(r"[^,\"]*")
_JSON = json.JSONDecoder()


def rule_text(tool: str, arguments: Mapping[str, str]) -> str:
    """`TOOL(parameter=pattern, ...)`; `parse_pattern` reads it back."""
    inner = ", ".join(f"{name}={_shown(pattern)}" for name, pattern in arguments.items())
    return f"{tool}({inner})" if inner else tool


def parse_pattern(text: str) -> tuple[str, dict[str, str]]:
    """Read `TOOL` or `TOOL(parameter=pattern, ...)` as it is written on a command line; a pattern may be in quotes.

    Raises:
        UsageError: it has another form, or names a parameter twice.
    """
    match = _RULE.fullmatch(text)
    arguments: dict[str, str] = {}
    try:
        if match is None:
            raise ValueError
        for name, pattern in _arguments(match[2] or ""):
            if name in arguments:
                raise ValueError
            arguments[name] = pattern
    except ValueError:
        raise UsageError(
            f"{text!r} is not a rule; write TOOL or TOOL(parameter=pattern, ...), e.g. send_mail(to=*@example.com)"
        ) from None
    return match[1], arguments


def _arguments(inner: str) -> Iterator[tuple[str, str]]:
    position = 0
    while inner[position:].strip():
        name = _NAME.match(inner, position)
        if name is None:
            raise ValueError(inner)
        position = name.end()
        if inner.startswith('"', position):
            pattern, position = _JSON.raw_decode(inner, position)
        else:
            plain = _PLAIN.match(inner, position)
            assert plain is not None, "it matches the empty text"
            pattern, position = plain[0].strip(), plain.end()
        yield name[1], pattern
        rest = inner[position:].lstrip()
        if rest and not rest.startswith(","):
            raise ValueError(inner)
        position = len(inner) - len(rest) + 1 if rest else len(inner)


def _shown(pattern: str) -> str:
    if pattern and pattern.isprintable() and pattern == pattern.strip() and not set(pattern) & set(',"'):
        return pattern
    return json.dumps(pattern, ensure_ascii=not pattern.isprintable())
