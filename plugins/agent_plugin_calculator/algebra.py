"""From an `ast` expression to sympy, by an allow-list of nodes: whatever is not named here is refused."""

from __future__ import annotations

import ast
from fractions import Fraction
from typing import Any

import sympy

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.functions import BUILDERS, CONSTANTS, power
from agent_plugin_calculator.grammar import parse

_RELATIONS: dict[type[ast.cmpop], Any] = {
    ast.Eq: sympy.Eq,
    ast.NotEq: sympy.Ne,
    ast.Lt: sympy.Lt,
    ast.LtE: sympy.Le,
    ast.Gt: sympy.Gt,
    ast.GtE: sympy.Ge,
}


def expression(text: str) -> Any:
    """Read `text` as a sympy expression; of `y = ...` or `f(x) = ...`, the right-hand side.

    Raises:
        ToolArgumentError: naming the piece that is wrong and what to write.
    """
    shown, node = parse(text)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
        node = node.comparators[0]
    if isinstance(node, ast.Compare):
        raise ToolArgumentError(f"{text!r} compares; give a single expression, or use solve.")
    return Builder(shown).build(node)


class Builder:
    """Builds the sympy objects of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.unknowns: set[str] = set()
        """The unknowns met so far, also those that cancel out."""

    def build(self, node: ast.expr) -> Any:
        """The sympy expression that `node` stands for."""
        match node:
            case ast.Constant():
                return self._number(node.value, node)
            case ast.Name(id=name):
                return CONSTANTS.get(name) or self._unknown(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.build(operand)
            case ast.BinOp():
                return self._binary(node)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in BUILDERS:
                return self._defined(BUILDERS[name](*map(self.build, arguments)), node)
            case ast.Call(func=ast.Name(id=name)):
                raise ToolArgumentError(f"{name}(...) is not a number; use it on its own.")
            case ast.List():
                raise ToolArgumentError(f"{self.piece(node)!r} is a list; give one number or expression here.")
            case ast.Compare():
                raise ToolArgumentError(f"{self.piece(node)!r} compares; give an expression without = or < here.")
            case _:
                raise ToolArgumentError(f"{self.piece(node)!r} is not part of the expression language.")

    def relations(self, node: ast.expr) -> list[Any]:
        """An equation or inequality as relations (several for `1 < x < 5`); an expression alone is set to 0."""
        if not isinstance(node, ast.Compare):
            return [sympy.Eq(self.build(node), 0, evaluate=False)]
        sides = [self.build(side) for side in (node.left, *node.comparators)]
        pairs = zip(node.ops, sides, sides[1:], strict=False)
        return [_RELATIONS[type(operator)](left, right, evaluate=False) for operator, left, right in pairs]

    def piece(self, node: ast.expr) -> str:
        """The part of the text that `node` was read from, shortened."""
        text = self._text[node.col_offset : node.end_col_offset]
        return text if len(text) <= 40 else f"{text[:37]}..."

    def _unknown(self, name: str) -> Any:
        self.unknowns.add(name)
        return sympy.Symbol(name)

    def _number(self, number: Any, node: ast.expr) -> Any:
        if not isinstance(number, Fraction):
            raise ToolArgumentError(f"{self.piece(node)!r} is not a number.")
        return sympy.Rational(number.numerator, number.denominator)

    def _binary(self, node: ast.BinOp) -> Any:
        """Go down the left operands in a loop: a sum of a thousand terms is a thousand levels deep."""
        spine: list[ast.BinOp] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp):
            spine.append(left)
            left = left.left
        value = self.build(left)
        for step in reversed(spine):
            value = self._defined(self._operation(step.op, value, self.build(step.right), step), step)
        return value

    def _operation(self, operator: ast.operator, left: Any, right: Any, node: ast.BinOp) -> Any:
        match operator:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                if right.is_zero:
                    raise ToolArgumentError(f"{self.piece(node)!r} divides by zero; use a divisor other than 0.")
                return left / right
            case ast.Pow():
                return power(left, right)
            case _:
                raise ToolArgumentError(f"{self.piece(node)!r} is not part of the expression language.")

    def _defined(self, value: Any, node: ast.expr) -> Any:
        if value.has(sympy.nan, sympy.zoo):
            raise ToolArgumentError(f"{self.piece(node)!r} has no value there (as in dividing by zero).")
        return value
