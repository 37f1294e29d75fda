"""From tokens to a Python `ast` expression, by operator precedence.

The nodes are made here, one by one: no text ever reaches Python's own parser, so there is no spelling of an
attribute, a string, a lambda or a comprehension. Numbers are `Constant(Fraction)`; every node carries its place in
the normalised text (`col_offset`, `end_col_offset`) for messages.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.notation import Token, normalised, tokens
from agent_plugin_calculator.vocabulary import FUNCTIONS, closest_function, constant_name, function_name, symbols_in

MAX_DEPTH = 40

_Node = TypeVar("_Node", bound=ast.expr)

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
_END = Token("symbol", "", -1, -1)


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
        raise ToolArgumentError(f"{_short(statements.text)!r} holds several expressions; give one.")
    return statements.text, statements.nodes[0]


def parse_statements(text: str) -> Statements:
    """Read expressions separated by commas, semicolons, line ends or "and".

    Raises:
        ToolArgumentError: naming the piece that is wrong and what to write.
    """
    return _Parser(normalised(text)).statements()


class _Parser:
    """One pass over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._position = 0
        self._depth = 0
        self._bars = 0

    # Statements

    def statements(self) -> Statements:
        nodes = [self._primality() or self._expression()]
        while self._skip(*_SEPARATORS):
            while self._skip(*_SEPARATORS):
                pass
            if self._next.text not in ("", "for"):
                nodes.append(self._expression())
        unknowns: list[str] = []
        if self._skip("for"):
            unknowns.append(self._take("name").text)
            while self._skip(*_SEPARATORS):
                unknowns.append(self._take("name").text)
        if self._next is not _END:
            raise self._unexpected()
        return Statements(self._text, nodes, unknowns)

    def _primality(self) -> ast.expr | None:
        """Read "is 97 prime" and "97 is prime"."""
        words = [token.text.lower() for token in self._tokens]
        if len(words) < 3 or words[-1] != "prime" or "is" not in (words[0], words[-2]):
            return None
        self._tokens.pop(0 if words[0] == "is" else -2)
        self._tokens.pop()
        return self._call("is_prime", [self._expression()], self._tokens[0])

    # Expressions

    def _expression(self, binding: int = 0) -> ast.expr:
        """An expression whose operators all bind more tightly than `binding`."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ToolArgumentError(f"The expression is nested more than {MAX_DEPTH} levels deep; split it into parts.")
        start = self._next
        left = self._operand()
        while (symbol := self._infix()) and _BINDING[symbol] > binding:
            left = self._extend(left, symbol, start)
        self._depth -= 1
        return left

    def _infix(self) -> str | None:
        """The operator that comes next: what is written, or the multiplication that is left out."""
        token = self._next
        if token.kind == "name" and token.text.lower() == "mod":
            return "mod"
        if token.kind == "name" and token.text == "factorial" and self._peek(1).text not in ("(", "of"):
            return "!"
        if token.text == "%" and self._starts_operand(self._peek(1)):
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
        written = self._next
        if symbol == "*" and written.text != "*":
            return self._implied_product(left, start)
        self._position += 1
        if symbol in _COMPARISONS:
            return self._comparison(left, symbol, start)
        if symbol in ("!", "%", "°"):
            return self._call({"!": "factorial", "%": "percent", "°": "degrees"}[symbol], [left], start)
        if symbol == "^":
            return self._binary(left, ast.Pow, self._expression(_POWER - 1), start)
        right = self._expression(_BINDING[symbol])
        if symbol in ("+", "-") and _is_percent(right) and not _is_percent(left):
            symbol = "increased by" if symbol == "+" else "decreased by"
        if symbol in _OPERATORS:
            return self._binary(left, _OPERATORS[symbol], right, start)
        return self._worded(left, symbol, right, start)

    def _implied_product(self, left: ast.expr, start: Token) -> ast.expr:
        before, after = self._tokens[self._position - 1], self._next
        if (after.kind == "number" and before.kind in ("number", "name")) or _are_words(before, after):
            piece = self._text[before.start : after.end]
            raise ToolArgumentError(
                f"Between {before.text!r} and {after.text!r} in {_short(piece)!r} an operator is missing; "
                f"write {before.text}*{after.text} to multiply."
            )
        return self._binary(left, ast.Mult, self._expression(_MULTIPLY), start)

    def _comparison(self, left: ast.expr, symbol: str, start: Token) -> ast.expr:
        right = self._expression(_COMPARE)
        if isinstance(left, ast.Compare):
            compared = ast.Compare(left.left, [*left.ops, _COMPARISONS[symbol]()], [*left.comparators, right])
        else:
            compared = ast.Compare(left, [_COMPARISONS[symbol]()], [right])
        return self._placed(compared, start)

    def _worded(self, left: ast.expr, symbol: str, right: ast.expr, start: Token) -> ast.expr:
        """The operators that are words, in terms of the others."""

        def binary(a: ast.expr, operator: type[ast.operator], b: ast.expr) -> ast.expr:
            return self._binary(a, operator, b, start)

        one, hundred = (self._number(Fraction(n), start) for n in (1, 100))
        if symbol == "of":
            return binary(left, ast.Mult, right)
        if symbol == "off":
            return binary(right, ast.Mult, binary(one, ast.Sub, left))
        if symbol == "as % of":
            return binary(binary(left, ast.Div, right), ast.Mult, hundred)
        if symbol in ("mod", "choose"):
            return self._call("mod" if symbol == "mod" else "binomial", [left, right], start)
        operator = ast.Add if symbol in ("increased by", "more than") else ast.Sub
        base, change = (right, left) if symbol.endswith("than") else (left, right)
        if _is_percent(change):
            return binary(base, ast.Mult, binary(one, operator, change))
        return binary(base, operator, change)

    # Operands

    def _operand(self) -> ast.expr:
        token = self._next
        self._position += 1
        if token.kind == "number":
            return self._number(token.value, token)
        if token.kind == "name":
            return self._name(token)
        if token.text == "-":
            return self._placed(ast.UnaryOp(ast.USub(), self._expression(_NEGATE)), token)
        if token.text == "+":
            return self._expression(_NEGATE)
        if token.text == "√":
            return self._call("sqrt", [self._expression(_POWER)], token)
        reader = {"(": self._group, "|": self._absolute, "[": self._list}.get(token.text)
        if reader is not None:
            return self._inside(reader, token)
        if token.text in ("what % of", "change from"):
            return self._question(token)
        self._position -= 1
        raise self._unexpected()

    def _inside(self, reader: Callable[[Token], ast.expr], token: Token) -> ast.expr:
        """Read what stands in brackets; a bar inside them opens a new absolute value."""
        bars, self._bars = self._bars, 0
        node = reader(token)
        self._bars = bars
        return node

    def _group(self, token: Token) -> ast.expr:
        node = self._expression()
        self._close(")", token)
        return node

    def _absolute(self, token: Token) -> ast.expr:
        self._bars = 1
        node = self._expression()
        self._close("|", token)
        return self._call("abs", [node], token)

    def _list(self, token: Token) -> ast.expr:
        rows: list[list[ast.expr]] = [[]]
        while self._next.text not in ("]", ""):
            rows[-1].append(self._expression())
            if self._skip(";", "\n"):
                rows.append([])
            elif not self._skip(","):
                break
        self._close("]", token)
        if len(rows) == 1:
            return self._placed(ast.List(rows[0], ast.Load()), token)
        nested: list[ast.expr] = [self._placed(ast.List(row, ast.Load()), token) for row in rows]
        return self._placed(ast.List(nested, ast.Load()), token)

    def _question(self, token: Token) -> ast.expr:
        """Read "what percent of 80 is 20" and "percentage change from 80 to 100"."""
        first = self._expression(_COMPARE)
        joint = "is" if token.text == "what % of" else "to"
        if not self._skip(joint):
            raise ToolArgumentError(f"After {self._piece(token)!r} comes {joint!r} and a second number.")
        second = self._expression(_COMPARE)
        if joint == "is":
            return self._worded(second, "as % of", first, token)
        return self._worded(self._binary(second, ast.Sub, first, token), "as % of", first, token)

    # Names

    def _name(self, token: Token) -> ast.expr:
        if (function := function_name(token.text)) and self._is_applied(function):
            return self._applied(function, token)
        if constant := constant_name(token.text):
            return self._placed(ast.Name(constant, ast.Load()), token)
        if function and len(token.text) > 2:
            raise ToolArgumentError(f"{token.text!r} needs its argument in parentheses: {token.text}(x).")
        names = symbols_in(token.text)
        if not names:
            raise ToolArgumentError(
                f"The word {token.text!r} in {_short(self._text)!r} is not part of an expression; leave it out."
            )
        if self._next.text == "(" and len(token.text) > 1:
            close = closest_function(token.text)
            hint = f"did you mean {close}(...)?" if close else f"to multiply, write {token.text}*(...)."
            raise ToolArgumentError(f"{token.text!r} is not a function that is known here; {hint}")
        node: ast.expr = self._placed(ast.Name(names[0], ast.Load()), token)
        for name in names[1:]:
            node = self._binary(node, ast.Mult, self._placed(ast.Name(name, ast.Load()), token), token)
        return node

    def _is_applied(self, function: str) -> bool:
        """Whether a function's name is followed by something to apply it to."""
        following = self._next
        if following.text == "(" or following.text in ("of", "base"):
            return True
        long_enough = len(function) > 2 or function == "ln"
        return long_enough and (self._starts_operand(following) or following.text in ("|", "^", "-"))

    def _applied(self, function: str, token: Token) -> ast.expr:
        exponent = self._expression(_POWER) if self._skip("^") else None
        base = self._expression(_POWER) if self._skip("base") else None
        if self._skip("of"):
            arguments = self._listed()
        elif self._next.text == "(":
            opening = self._next
            self._position += 1
            arguments = [self._inside(self._arguments, opening)]
            arguments = list(arguments[0].elts) if isinstance(arguments[0], ast.List) else arguments
        else:
            arguments = [self._bare_argument()]
        if base is not None:
            arguments.append(base)
        if exponent is None:
            return self._call(function, arguments, token)
        if _is_minus_one(exponent) and function in _INVERSE:
            return self._call(_INVERSE[function], arguments, token)
        return self._binary(self._call(function, arguments, token), ast.Pow, exponent, token)

    def _arguments(self, token: Token) -> ast.expr:
        """What stands between the parentheses of a call, as a list; a single list stands for its elements."""
        arguments: list[ast.expr] = []
        while self._next.text not in (")", ""):
            arguments.append(self._expression())
            if not self._skip(",", ";", "and"):
                break
        self._close(")", token)
        if len(arguments) == 1 and isinstance(arguments[0], ast.List):
            return arguments[0]
        return self._placed(ast.List(arguments, ast.Load()), token)

    def _listed(self) -> list[ast.expr]:
        """The arguments after "of": "gcd of 12, 18 and 30"."""
        arguments = [self._expression(_ADD)]
        while self._next.text in (",", "and"):
            while self._skip(",", "and"):
                pass
            arguments.append(self._expression(_ADD))
        return arguments

    def _bare_argument(self) -> ast.expr:
        """The argument of a function without parentheses: `sin 2x` up to the next function or operator."""
        start = self._next
        argument = self._expression(_ARGUMENT)
        while self._next.kind == "name" and not function_name(self._next.text):
            argument = self._binary(argument, ast.Mult, self._expression(_ARGUMENT), start)
        return argument

    # Nodes and tokens

    def _call(self, function: str, arguments: list[ast.expr], start: Token) -> ast.expr:
        least, most = FUNCTIONS[function]
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if least == most else f"at least {least}" if most > 2 else f"{least} or {most}"
            raise ToolArgumentError(
                f"{function} takes {wanted} argument(s), not {len(arguments)}, in {self._piece(start)!r}; "
                "inside its parentheses a comma separates arguments, so write 1234 for 1,234."
            )
        return self._placed(ast.Call(ast.Name(function, ast.Load()), arguments, []), start)

    def _number(self, value: Any, start: Token) -> ast.expr:
        return self._placed(ast.Constant(value), start)  # A Fraction, which a Constant made by Python never is.

    def _binary(self, left: ast.expr, operator: type[ast.operator], right: ast.expr, start: Token) -> ast.expr:
        return self._placed(ast.BinOp(left, operator(), right), start)

    def _placed(self, node: _Node, start: Token) -> _Node:
        node.lineno = node.end_lineno = 1
        node.col_offset = start.start
        node.end_col_offset = self._tokens[max(0, min(self._position, len(self._tokens)) - 1)].end
        return node

    def _piece(self, start: Token) -> str:
        return _short(self._text[start.start : self._tokens[max(0, self._position - 1)].end])

    @property
    def _next(self) -> Token:
        return self._peek(0)

    def _peek(self, ahead: int) -> Token:
        position = self._position + ahead
        return self._tokens[position] if position < len(self._tokens) else _END

    def _skip(self, *symbols: str) -> bool:
        found = self._next.kind == "symbol" and self._next.text in symbols
        self._position += found
        return found

    def _take(self, kind: str) -> Token:
        if self._next.kind != kind:
            raise self._unexpected()
        self._position += 1
        return self._tokens[self._position - 1]

    def _close(self, bracket: str, opening: Token) -> None:
        if not self._skip(bracket):
            found = f"{self._next.text!r} stands" if self._next is not _END else "nothing stands"
            raise ToolArgumentError(
                f"{opening.text!r} in {_short(self._text[opening.start :])!r} is not closed: {found} where "
                f"{bracket!r} was expected."
            )

    def _unexpected(self) -> ToolArgumentError:
        if self._next is _END:
            return ToolArgumentError(f"{_short(self._text)!r} ends where a number or a name was expected.")
        before = _short(self._text[: self._next.start].strip()[-20:])
        where = f"after {before!r}" if before else "at the beginning"
        return ToolArgumentError(f"{self._next.text!r} was not expected {where} in {_short(self._text)!r}.")


def _is_percent(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "percent"


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


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
