"""The same expression in another form, or with values put in for its unknowns."""

from __future__ import annotations

import sympy

from agent_plugin_calculator.algebra import expression
from agent_plugin_calculator.arithmetic import factorize, value_at
from agent_plugin_calculator.rendering import calculation, readable
from agent_plugin_calculator.results import Calculation


def simplify(text: str) -> Calculation:
    """The shortest form that is found."""
    value = expression(text)
    return calculation(text, min(value, sympy.simplify(value), key=sympy.count_ops))


def expand(text: str) -> Calculation:
    """Products and powers multiplied out."""
    return calculation(text, sympy.expand(expression(text)))


def factor(text: str) -> Calculation:
    """A product of factors; of a whole number, its primes."""
    value = expression(text)
    return factorize(value) if value.is_Integer else calculation(text, sympy.factor(value))


def evaluate(text: str, at: str) -> Calculation:
    """The value of an expression where its unknowns have the values in `at`.

    Raises:
        ToolArgumentError: an unknown that is not there, or no value at that place.
    """
    function = expression(text)
    return value_at(readable(function), function, function, at)
