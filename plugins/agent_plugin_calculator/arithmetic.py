"""Numbers in, one number out: arithmetic, percentages, functions and number theory."""

from __future__ import annotations

import ast
import re
from typing import Any

import sympy

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.algebra import Builder, expression
from agent_plugin_calculator.form import asked_form, formed
from agent_plugin_calculator.functions import whole
from agent_plugin_calculator.grammar import parse
from agent_plugin_calculator.notation import normalised
from agent_plugin_calculator.phrasing import rewritten
from agent_plugin_calculator.rendering import calculation, exact, one_line, readable
from agent_plugin_calculator.results import Calculation
from agent_plugin_calculator.unknowns import split_point, values_for

_WORTH_SIMPLIFYING = 60
_NOTES = {
    re.compile(r"\b(as (a )?percent|what (percent|%)|percent(age)? (change|increase|decrease))", re.I): "%",
    re.compile(r"\blog\s*\([^,]*$"): " (log is the natural logarithm; log10 is to base 10)",
    re.compile(r"%\s*[\d(]"): " (% is the remainder here; a percentage is written 10% of 50)",
}
"""What a result must say where people read the same notation in two ways."""


def calculate(text: str) -> Calculation:
    """Compute an expression without unknowns.

    Raises:
        ToolArgumentError: it cannot be read, holds unknowns, has no value or too many digits.
    """
    text, form = asked_form(text)
    function, point = split_point(text)
    if point and "=" in point:
        value = expression(function)
        return value_at(readable(value), value, value, point)
    worded = rewritten(text) != text
    shown, node = parse(text)
    builder = Builder(shown)
    shown = normalised(text) if worded else shown[node.col_offset :]
    if isinstance(node, ast.Compare):
        relations = builder.relations(node)
        _refuse_unknowns(builder, shown)
        return _comparison(shown, relations)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _ABOUT_ONE_NUMBER:
        argument = builder.build(node.args[0])
        _refuse_unknowns(builder, shown)
        return _ABOUT_ONE_NUMBER[node.func.id](whole(argument, node.func.id))
    value = builder.build(node)
    _refuse_unknowns(builder, shown)
    note = "".join(note for pattern, note in _NOTES.items() if pattern.search(shown))
    return formed(shown, value, form) if form else calculation(shown, compact(value), note)


def value_at(subject: str, function: Any, original: Any, at: str) -> Calculation:
    """The value of `function` at the point `at`, which gives values to the unknowns of `original`.

    Raises:
        ToolArgumentError: an unknown that is not there, or no value at that place.
    """
    values = values_for(original, at)
    value: Any = function.subs(values, simultaneous=True)
    places = ", ".join(f"{unknown} = {readable(given)}" for unknown, given in values.items())
    if value.has(sympy.nan, sympy.zoo):
        raise ToolArgumentError(f"{one_line(subject)} has no value at {places}; ask for its limit there.")
    return calculation(f"{subject} at {places}", compact(value))


def factorize(number: Any) -> Calculation:
    """The prime factors of a whole number, as a product that is an expression again."""
    factors = sympy.factorint(number)
    product = "*".join(str(prime) if power == 1 else f"{prime}**{power}" for prime, power in factors.items())
    product = product or exact(number)
    return Calculation(product, exact(number), f"{number} = {product.replace('**', '^').replace('*', ' * ')}")


def compact(value: Any) -> Any:
    """The simpler of `value` and its simplification, tried only where that is quick."""
    if value.is_Rational or sympy.count_ops(value) > _WORTH_SIMPLIFYING:
        return value
    return min(value, sympy.simplify(value), key=sympy.count_ops)


def _divisors(number: Any) -> Calculation:
    if number == 0:
        raise ToolArgumentError("Every whole number divides 0; ask for the divisors of another number.")
    found = [str(divisor) for divisor in sympy.divisors(number)]
    listed = f"[{', '.join(found)}]"
    return Calculation(listed, None, f"The divisors of {number} are {', '.join(found)}.")


def _is_prime(number: Any) -> Calculation:
    prime = bool(sympy.isprime(number))
    return Calculation(str(prime), None, f"{number} is {'a prime' if prime else 'not a prime'} number.")


_ABOUT_ONE_NUMBER = {"divisors": _divisors, "factorize": factorize, "is_prime": _is_prime}


def _comparison(shown: str, relations: list[Any]) -> Calculation:
    sides = [relation.lhs - relation.rhs for relation in relations]
    holds = all(bool(relation.func(compact(side), 0)) for relation, side in zip(relations, sides, strict=True))
    return _truth(shown, holds)


def _truth(shown: str, holds: bool) -> Calculation:
    return Calculation(str(holds), None, f"{one_line(shown)}: {'yes, true' if holds else 'no, false'}")


def _refuse_unknowns(builder: Builder, shown: str) -> None:
    if builder.unknowns:
        names = ", ".join(sorted(builder.unknowns)[:5])
        raise ToolArgumentError(
            f"{names} in {one_line(shown)!r} has no value; calculate works on numbers. "
            "Use solve for an equation, evaluate to put in a value, or simplify."
        )
