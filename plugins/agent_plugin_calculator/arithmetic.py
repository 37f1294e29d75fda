"""Numbers in, one number out: arithmetic, percentages, functions and number theory."""

from __future__ import annotations

import ast
import re
from typing import Any

import sympy

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.algebra import Builder
from agent_plugin_calculator.functions import whole
from agent_plugin_calculator.grammar import parse
from agent_plugin_calculator.rendering import calculation, exact, one_line, readable
from agent_plugin_calculator.results import Calculation

_WORTH_SIMPLIFYING = 60
_NATURAL_LOG = re.compile(r"\blog\s*\(")
_ASKS_FOR_PERCENT = re.compile(r"\b(as (a )?percent|what (percent|%)|percent(age)? (change|increase|decrease))", re.I)


def calculate(text: str) -> Calculation:
    """Compute an expression without unknowns.

    Raises:
        ToolArgumentError: it cannot be read, holds unknowns, has no value or too many digits.
    """
    shown, node = parse(text)
    builder = Builder(shown)
    if isinstance(node, ast.Compare):
        return _comparison(shown, builder.relations(node))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _LISTINGS:
        argument = _known(builder.build(node.args[0]))
        return _LISTINGS[node.func.id](whole(argument, node.func.id))
    value = compact(_known(builder.build(node)))
    if value in (sympy.true, sympy.false):
        return _truth(shown, bool(value))
    note = " (log is the natural logarithm; log10 is to base 10)" if _NATURAL_LOG.search(shown) else ""
    return calculation(shown, value, "%" if _ASKS_FOR_PERCENT.search(shown) else note)


def factorize(number: Any) -> Calculation:
    """The prime factors of a whole number, as a product that is an expression again."""
    factors = sympy.factorint(number)
    product = "*".join(str(prime) if power == 1 else f"{prime}**{power}" for prime, power in factors.items())
    product = product or exact(number)
    return Calculation(product, exact(number), f"{number} = {product.replace('**', '^').replace('*', ' * ')}")


def compact(value: Any) -> Any:
    """The simpler of `value` and its simplification, tried only where that is quick."""
    if value.is_Rational or value in (sympy.true, sympy.false) or sympy.count_ops(value) > _WORTH_SIMPLIFYING:
        return value
    return min(value, sympy.simplify(value), key=sympy.count_ops)


def _divisors(number: Any) -> Calculation:
    if number == 0:
        raise ToolArgumentError("Every whole number divides 0; ask for the divisors of another number.")
    found = [str(divisor) for divisor in sympy.divisors(number)]
    listed = f"[{', '.join(found)}]"
    return Calculation(listed, None, f"The divisors of {number} are {', '.join(found)}.")


_LISTINGS = {"factorize": factorize, "divisors": _divisors}


def _comparison(shown: str, relations: list[Any]) -> Calculation:
    sides = [_known(relation.lhs - relation.rhs) for relation in relations]
    holds = all(bool(relation.func(compact(side), 0)) for relation, side in zip(relations, sides, strict=True))
    return _truth(shown, holds)


def _truth(shown: str, holds: bool) -> Calculation:
    return Calculation(str(holds), None, f"{one_line(shown)}: {'yes, true' if holds else 'no, false'}")


def _known(value: Any) -> Any:
    unknowns = sorted(str(symbol) for symbol in getattr(value, "free_symbols", ()))
    if unknowns:
        raise ToolArgumentError(
            f"{', '.join(unknowns[:5])} in {one_line(readable(value))!r} has no value; calculate works on numbers. "
            "Use solve for an equation, evaluate to put in a value, or simplify."
        )
    return value
