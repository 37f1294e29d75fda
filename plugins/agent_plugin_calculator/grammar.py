"""From tokens to a Python `ast` expression, by operator precedence.

The nodes are made here, one by one: no text ever reaches Python's own parser, so there is no spelling of an
attribute, a string, a lambda or a comprehension. Numbers are `Constant(Fraction)`; every node carries its place in
the normalised text (`col_offset`, `end_col_offset`) for messages.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.cursor import END, short
from agent_plugin_calculator.nodes import NodeMaker, is_percent
from agent_plugin_calculator.notation import normalised
from agent_plugin_calculator.phrasing import rewritten
from agent_plugin_calculator.tokens import Token
from agent_plugin_calculator.vocabulary import (
    closest_function,
    constant_name,
    function_name,
    symbols_in,
)

MAX_DEPTH = 40

_Read = TypeVar("_Read")

_OPERATORS: dict[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "^": ast.Pow}
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "=": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_COMPARE, _ADD, _MULTIPLY, _ARGUMENT, _NEGATE, _POWER, _POSTFIX = 10, 20, 30, 35, 40, 50, 60
_BINDING = {
    **dict.fromkeys(_COMPARISONS, _COMPARE),
    **dict.fromkeys(("+", "-", "increased by", "decreased by", "more than", "less than"), _ADD),
    "as % of": _COMPARE + 5,
    **dict.fromkeys(("*", "/", "mod", "choose", "of", "off"), _MULTIPLY),
    "^": _POWER,
    **dict.fromkeys(("!", "%", "°"), _POSTFIX),
}
_SEPARATORS = (",", ";", "\n", "and")
_INVERSE = {"sin": "asin", "cos": "acos", "tan": "atan", "sinh": "asinh", "cosh": "acosh", "tanh": "atanh"}
_OF_SEVERAL = ("sum", "product", "mean", "median", "gcd", "lcm", "max", "min", "stdev", "variance")
_QUESTIONS = {"what % of": "is", "change from": "to", "increase": "by", "decrease": "by"}


@dataclass(frozen=True)
class Statements:
    """What a text says: expressions and equations, and the unknowns that it asks for."""

    text: str
    """The text, normalised; nodes point into it."""
    nodes: list[ast.expr]
    unknowns: list[str]
    """The names after "for", as in "x + y = 3, x - y = 1 for x, y"."""


def parse(text: str) -> tuple[str, ast.expr]:
    """Read one expression, equation or inequality; returns the normalised text with it.

    Raises:
        ToolArgumentError: naming the piece that is wrong and what to write.
    """
    statements = parse_statements(text)
    if len(statements.nodes) != 1 or statements.unknowns:
        raise ToolArgumentError(f"{short(statements.text)!r} holds several expressions; give one.")
    return statements.text, statements.nodes[0]


def parse_statements(text: str) -> Statements:
    """Read expressions separated by commas, semicolons, line ends or "and".

    Raises:
        ToolArgumentError: naming the piece that is wrong and what to write.
    """
    return _Parser(normalised(rewritten(text))).statements()


class _Parser(NodeMaker):
    """One pass over the tokens of one text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._bars = 0
        self._until_spoken = False

    # Statements

    def statements(self) -> Statements:
        nodes = [self._primality() or self._expression()]
        while self.skip(*_SEPARATORS):
            while self.skip(*_SEPARATORS):
                pass
            if self.next.text not in ("", "for"):
                nodes.append(self._expression())
        unknowns: list[str] = []
        if self.skip("for"):
            unknowns.append(self.take("name").text)
            while self.skip(*_SEPARATORS):
                unknowns.append(self.take("name").text)
        if self.next is not END:
            raise self.unexpected()
        return Statements(self.text, nodes, unknowns)

    def _primality(self) -> ast.expr | None:
        """Read "is 97 prime" and "97 is prime"."""
        words = [token.text.lower() for token in self.tokens]
        if len(words) < 3 or words[-1] != "prime" or "is" not in (words[0], words[-2]):
            return None
        self.tokens.pop(0 if words[0] == "is" else -2)
        self.tokens.pop()
        return self.call("is_prime", [self._expression()], self.tokens[0])

    # Expressions

    def _expression(self, binding: int = 0) -> ast.expr:
        """An expression whose operators all bind more tightly than `binding`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ToolArgumentError(f"The expression is nested more than {MAX_DEPTH} levels deep; split it into parts.")
        start, wrapped = self.next, 0
        left = self._operand()
        while (symbol := self._infix()) and _BINDING[symbol] > binding:
            if self._until_spoken and self._is_spoken():
                break
            left = self._extend(left, symbol, start)
            wrapped += symbol not in _OPERATORS  # Chains of + - * / stay flat where they are built into numbers.
            if wrapped > MAX_DEPTH:
                raise ToolArgumentError(f"{symbol!r} is applied more than {MAX_DEPTH} times in a row; split it.")
        self._depth -= 1
        return left

    def _infix(self) -> str | None:
        """The operator that comes next: what is written, or the multiplication that is left out."""
        token = self.next
        if token.kind == "name" and token.text.lower() in ("mod", "modulo"):
            return "mod"
        if token.kind == "name" and token.text == "factorial" and self.peek(1).text not in ("(", "of"):
            return "!"
        if token.text == "%" and self._starts_operand(self.peek(1)):
            return "mod"
        if token.text in _BINDING and token.kind == "symbol":
            return token.text
        if token.text == "|":
            return None if self._bars else "*"
        return "*" if self._starts_operand(token) else None

    @staticmethod
    def _starts_operand(token: Token) -> bool:
        return token.kind in ("number", "name") or token.text in ("(", "√", "[")

    def _extend(self, left: ast.expr, symbol: str, start: Token) -> ast.expr:
        written = self.next
        if symbol == "*" and written.text != "*":
            return self._implied_product(left, start)
        self.position += 1
        if symbol in _COMPARISONS:
            return self._comparison(left, symbol, start)
        if symbol in ("!", "%", "°"):
            return self.call({"!": "factorial", "%": "percent", "°": "degrees"}[symbol], [left], start)
        if symbol == "^":
            return self.binary(left, ast.Pow, self._expression(_POWER - 1), start)
        right = self._expression(_BINDING[symbol])
        if symbol in ("+", "-") and is_percent(right) and not is_percent(left):
            symbol = "increased by" if symbol == "+" else "decreased by"
        if symbol in _OPERATORS:
            return self.binary(left, _OPERATORS[symbol], right, start)
        return self.worded(left, symbol, right, start)

    def _implied_product(self, left: ast.expr, start: Token) -> ast.expr:
        before, after = self.tokens[self.position - 1], self.next
        if (after.kind == "number" and before.kind in ("number", "name")) or _are_words(before, after):
            piece = self.text[before.start : after.end]
            raise ToolArgumentError(
                f"Between {before.text!r} and {after.text!r} in {short(piece)!r} an operator is missing; "
                f"write {before.text}*{after.text} to multiply."
            )
        return self.binary(left, ast.Mult, self._expression(_MULTIPLY), start)

    def _comparison(self, left: ast.expr, symbol: str, start: Token) -> ast.expr:
        right = self._expression(_COMPARE)
        if isinstance(left, ast.Compare):
            compared = ast.Compare(left.left, [*left.ops, _COMPARISONS[symbol]()], [*left.comparators, right])
        else:
            compared = ast.Compare(left, [_COMPARISONS[symbol]()], [right])
        return self.placed(compared, start)

    # Operands

    def _operand(self) -> ast.expr:
        token = self.next
        self.position += 1
        if token.kind == "number":
            return self.number(token.value, token)
        if token.kind == "name":
            return self._name(token)
        if token.text == "-":
            return self.placed(ast.UnaryOp(ast.USub(), self._expression(_NEGATE)), token)
        if token.text == "+":
            return self._expression(_NEGATE)
        if token.text == "√":
            return self.call("sqrt", [self._expression(_POWER)], token)
        reader = {"(": self._group, "|": self._absolute, "[": self._list}.get(token.text)
        if reader is not None:
            return self._inside(reader, token)
        if token.text in _QUESTIONS:
            return self._question(token)
        self.position -= 1
        raise self.unexpected()

    def _inside(self, reader: Callable[[Token], _Read], token: Token) -> _Read:
        """Read what stands in brackets; a bar inside them opens a new absolute value."""
        outer = self._bars, self._until_spoken
        self._bars, self._until_spoken = 0, False
        found = reader(token)
        self._bars, self._until_spoken = outer
        return found

    def _group(self, token: Token) -> ast.expr:
        node = self._expression()
        self.close(")", token)
        return node

    def _absolute(self, token: Token) -> ast.expr:
        self._bars = 1
        node = self._expression()
        self.close("|", token)
        return self.call("abs", [node], token)

    def _list(self, token: Token) -> ast.expr:
        rows: list[list[ast.expr]] = [[]]
        while self.next.text not in ("]", ""):
            rows[-1].append(self._expression())
            if self.skip(";", "\n"):
                rows.append([])
            elif not self.skip(","):
                break
        self.close("]", token)
        if len(rows) == 1:
            return self.placed(ast.List(rows[0], ast.Load()), token)
        nested: list[ast.expr] = [self.placed(ast.List(row, ast.Load()), token) for row in rows]
        return self.placed(ast.List(nested, ast.Load()), token)

    def _question(self, token: Token) -> ast.expr:
        """Read "what percent of 80 is 20", "percentage change from 80 to 100" and "increase 80 by 25%"."""
        first = self._expression(_COMPARE)
        joint = _QUESTIONS[token.text]
        if not self.skip(joint):
            raise ToolArgumentError(f"After {self.piece(token)!r} comes {joint!r} and a second number.")
        second = self._expression(_COMPARE)
        if joint == "is":
            return self.worded(second, "as % of", first, token)
        if joint == "by":
            return self.worded(first, f"{token.text}d by", second, token)
        return self.worded(self.binary(second, ast.Sub, first, token), "as % of", first, token)

    # Names

    def _name(self, token: Token) -> ast.expr:
        if (function := function_name(token.text)) and self._is_applied(function):
            return self._applied(function, token)
        if constant := constant_name(token.text):
            return self.placed(ast.Name(constant, ast.Load()), token)
        if function and len(token.text) > 2:
            raise ToolArgumentError(f"{token.text!r} needs its argument in parentheses: {token.text}(x).")
        names = symbols_in(token.text)
        if not names:
            raise ToolArgumentError(
                f"The word {token.text!r} in {short(self.text)!r} is not part of an expression; leave it out."
            )
        if self.next.text == "(" and len(token.text) > 1:
            close = closest_function(token.text)
            hint = f"did you mean {close}(...)?" if close else f"to multiply, write {token.text}*(...)."
            raise ToolArgumentError(f"{token.text!r} is not a function that is known here; {hint}")
        node: ast.expr = self.placed(ast.Name(names[0], ast.Load()), token)
        for name in names[1:]:
            node = self.binary(node, ast.Mult, self.placed(ast.Name(name, ast.Load()), token), token)
        return node

    def _is_applied(self, function: str) -> bool:
        """Whether a function's name is followed by something to apply it to."""
        following = self.next
        if following.text == "(" or following.text in ("of", "base"):
            return True
        long_enough = len(function) > 2 or function == "ln"
        return long_enough and (self._starts_operand(following) or following.text in ("|", "^", "-"))

    def _applied(self, function: str, token: Token) -> ast.expr:
        exponent = self._expression(_POWER) if self.skip("^") else None
        base = self._expression(_POWER) if self.skip("base") else None
        if self.skip("of"):
            arguments = self._of(function, token)
        elif self.next.text == "(":
            opening = self.next
            self.position += 1
            arguments = self._inside(self._arguments, opening)
        else:
            arguments = [self._bare_argument()]
        if base is None and function == "log" and self.skip("base"):
            base = self._expression(_POWER)
        if base is not None:
            arguments.append(base)
        if exponent is None:
            return self.call(function, arguments, token)
        if _is_minus_one(exponent) and function in _INVERSE:
            return self.call(_INVERSE[function], arguments, token)
        return self.binary(self.call(function, arguments, token), ast.Pow, exponent, token)

    def _arguments(self, token: Token) -> list[ast.expr]:
        """What stands between the parentheses of a call."""
        arguments: list[ast.expr] = []
        while self.next.text not in (")", ""):
            arguments.append(self._expression())
            if not self.skip(",", ";", "and"):
                break
        self.close(")", token)
        return arguments

    def _of(self, function: str, token: Token) -> list[ast.expr]:
        """What follows "of": it ends before "times" or "divided by", where these are spoken and not signs."""
        begin, outer = self.position, self._until_spoken
        self._until_spoken = True
        arguments = self._listed()
        if len(arguments) == 1 and function in _OF_SEVERAL and self._is_spoken():
            self.position, self._until_spoken = begin, False  # "the sum of three times 4 and 5"
            arguments = self._listed()
        self._until_spoken = outer
        if len(arguments) == 1 and function in _OF_SEVERAL and not isinstance(arguments[0], ast.List):
            raise ToolArgumentError(f"{self.piece(token)!r} is of one number only; name several, as in 3, 5 and 10.")
        return arguments

    def _is_spoken(self) -> bool:
        """Whether the operator here is "times" or "divided by" rather than a sign."""
        token = self.next
        return token.text in ("*", "/") and self.text[token.start : token.end].lower() not in ("*", "/", "over")

    def _listed(self) -> list[ast.expr]:
        """The arguments after "of": "gcd of 12, 18 and 30"."""
        arguments = [self._expression(_ADD)]
        while self.next.text in (",", "and"):
            while self.skip(",", "and"):
                pass
            arguments.append(self._expression(_ADD))
        return arguments

    def _bare_argument(self) -> ast.expr:
        """The argument of a function without parentheses: `sin 2x` up to the next function or operator."""
        start = self.next
        argument = self._expression(_ARGUMENT)
        while self.next.kind == "name" and not function_name(self.next.text):
            argument = self.binary(argument, ast.Mult, self._expression(_ARGUMENT), start)
        return argument


def _is_minus_one(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant) and _value(node.operand) == 1


def _value(node: ast.Constant) -> Any:
    return node.value


def _are_words(before: Token, after: Token) -> bool:
    """Two unknowns of several letters side by side are prose, not a product."""
    return all(
        token.kind == "name"
        and not function_name(token.text)
        and not constant_name(token.text)
        and symbols_in(token.text) in ([], [token.text])
        and len(token.text) > 1
        and token.text.isalpha()
        for token in (before, after)
    )
