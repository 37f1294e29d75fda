"""Which unknown a request is about, and the values that it puts in for unknowns."""

from __future__ import annotations

import ast
import re
from typing import Any

import sympy

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.algebra import Builder
from agent_plugin_calculator.grammar import parse, parse_statements

_USUAL = ("x", "t", "y", "z")
_POINT = re.compile(
    r",?\s+(?:(?:at|when|where|if|for)\s+(?:the\s+point\s+)?(?P<name>[a-z])\s*(?:=|\bis\b|\bequals\b)|at\b)"
    r"\s*(?P<value>[^=<>]+)$",
    re.I,
)
_LONGEST_POINT = 60
_OPENING = re.compile(r"^\s*(at|when|where|with|for|if)\b", re.I)


def symbol(name: str) -> Any:
    """The unknown called `name`.

    Raises:
        ToolArgumentError: it is no name, or that of a constant.
    """
    shown, node = parse(name)
    built = Builder(shown).build(node)
    if not built.is_Symbol:
        raise ToolArgumentError(f"{name!r} is not an unknown; name one such as x.")
    return built


def unknown_of(expression: Any, name: str | None) -> Any:
    """The unknown called `name`, or else the one that `expression` is most likely about.

    Raises:
        ToolArgumentError: there are several and none is x, t, y or z.
    """
    if name:
        return symbol(name)
    found = {str(free): free for free in expression.free_symbols}
    if len(found) < 2:
        return next(iter(found.values()), sympy.Symbol("x"))
    for usual in _USUAL:
        if usual in found:
            return found[usual]
    raise ToolArgumentError(f"The expression holds {', '.join(sorted(found))}; say which is the variable.")


def values_for(expression: Any, at: str) -> dict[Any, Any]:
    """The values that `at` gives to unknowns: `x = pi`, `x = 2, y = 3`, or `pi` for the only unknown.

    Raises:
        ToolArgumentError: it names an unknown that `expression` does not hold, or none where there are several.
    """
    statements = parse_statements(_OPENING.sub("", at))
    builder = Builder(statements.text)
    values: dict[Any, Any] = {}
    for node in statements.nodes:
        match node:
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[right]):
                values[symbol(name)] = builder.build(right)
            case _ if len(statements.nodes) == 1 and len(expression.free_symbols) < 2:
                values[unknown_of(expression, None)] = builder.build(node)
            case _:
                raise ToolArgumentError(f"{builder.piece(node)!r} gives no unknown a value; write x = 2, y = 3.")
    strangers = sorted(str(key) for key in values if key not in expression.free_symbols)
    if strangers and expression.free_symbols:
        held = ", ".join(sorted(map(str, expression.free_symbols)))
        raise ToolArgumentError(f"The expression does not hold {', '.join(strangers)}; its unknowns are {held}.")
    return values


def split_point(text: str) -> tuple[str, str | None]:
    """An expression and the point where its value is asked for: "x^2 at 3", "t^2 - t when t is 4"."""
    found = _POINT.search(text, max(0, len(text) - _LONGEST_POINT))
    if found is None or not text[: found.start()].strip():
        return text, None
    return text[: found.start()], f"{found['name']} = {found['value']}" if found["name"] else found["value"]
