"""The `ast` nodes that a parser makes, and the operators that are words in terms of them."""

from __future__ import annotations

import ast
from fractions import Fraction
from typing import Any

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.cursor import Cursor
from agent_plugin_calculator.tokens import Token
from agent_plugin_calculator.vocabulary import FUNCTIONS, MANY


class NodeMaker(Cursor):
    """A cursor that makes nodes of what it has passed."""

    def call(self, function: str, arguments: list[ast.expr], start: Token) -> ast.expr:
        """A function applied to as many arguments as it takes; one list stands for its elements."""
        least, most = FUNCTIONS[function]
        if most == MANY and len(arguments) == 1 and isinstance(arguments[0], ast.List):
            arguments = arguments[0].elts
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if least == most else f"at least {least}" if most > 2 else f"{least} or {most}"
            raise ToolArgumentError(
                f"{function} takes {wanted} argument(s), not {len(arguments)}, in {self.piece(start)!r}; "
                "inside its parentheses a comma separates arguments, so write 1234 for 1,234."
            )
        return self.placed(ast.Call(ast.Name(function, ast.Load()), arguments, []), start)

    def number(self, value: Any, start: Token) -> ast.expr:
        """A number, which `value` holds as a Fraction."""
        return self.placed(ast.Constant(value), start)

    def binary(self, left: ast.expr, operator: type[ast.operator], right: ast.expr, start: Token) -> ast.expr:
        """An operation that Python's own grammar has."""
        return self.placed(ast.BinOp(left, operator(), right), start)

    def worded(self, left: ast.expr, symbol: str, right: ast.expr, start: Token) -> ast.expr:
        """The operators that are words, in terms of the others."""

        def binary(a: ast.expr, operator: type[ast.operator], b: ast.expr) -> ast.expr:
            return self.binary(a, operator, b, start)

        one, hundred = (self.number(Fraction(n), start) for n in (1, 100))
        if symbol == "of":
            return binary(left, ast.Mult, right)
        if symbol == "off":
            return binary(right, ast.Mult, binary(one, ast.Sub, left))
        if symbol == "as % of":
            return binary(binary(left, ast.Div, right), ast.Mult, hundred)
        if symbol in ("mod", "choose"):
            return self.call("mod" if symbol == "mod" else "binomial", [left, right], start)
        operator = ast.Add if symbol in ("increased by", "more than") else ast.Sub
        base, change = (right, left) if symbol.endswith("than") else (left, right)
        if is_percent(change):
            return binary(base, ast.Mult, binary(one, operator, change))
        return binary(base, operator, change)


def is_percent(node: ast.expr) -> bool:
    """Whether `node` was written as a percentage."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "percent"
