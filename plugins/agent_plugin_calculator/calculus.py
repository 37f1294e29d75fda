"""Derivatives, integrals and limits."""

from __future__ import annotations

import re
from typing import Any, Literal

import sympy

from agent_core.errors import ToolArgumentError, ToolError
from agent_plugin_calculator.algebra import expression
from agent_plugin_calculator.arithmetic import compact, value_at
from agent_plugin_calculator.rendering import calculation, decimal, readable
from agent_plugin_calculator.results import Calculation
from agent_plugin_calculator.unknowns import split_point, unknown_of

Side = Literal["both", "left", "right"]

MAX_ORDER = 20
_RESPECT = re.compile(r"\s+with\s+respect\s+to\s+([A-Za-z]\w*)\s*$", re.I)
_OPERATOR = re.compile(r"^\s*\(?d/d([a-z])\)?\s*(?:of\b)?|^\s*(?:the\s+)?(?:anti)?(?:derivative|integral)\s+of\b", re.I)
_DIFFERENTIAL = re.compile(r"(?<=[\w)\s])\s*\bd([a-z])\s*$")
_ARROW = re.compile(r"^\s*[A-Za-z]\w*\s*(->|→|=)")
_BOUNDS = tuple(
    re.compile(pattern, re.I | re.S)
    for pattern in (r"^(.+?)\s+from\s+(.+?)\s+to\s+(.+)$", r"^(.+?)\s+between\s+(.+?)\s+and\s+(.+)$")
)


def differentiate(text: str, variable: str | None, order: int, at: str | None = None) -> Calculation:
    """The derivative of `text`, `order` times, or its value at a point."""
    if not 1 <= order <= MAX_ORDER:
        raise ToolArgumentError(f"order {order} is out of range; use 1 to {MAX_ORDER}.")
    text, place = split_point(text)
    text, variable = _respect(text, variable)
    function = expression(text)
    unknown = unknown_of(function, variable)
    real = {free: sympy.Dummy(str(free), real=True) for free in {unknown, *function.free_symbols}}
    derivative = sympy.diff(function.subs(real), real[unknown], order).subs({own: free for free, own in real.items()})
    if derivative.has(sympy.Derivative, sympy.Subs):
        raise ToolError(f"The derivative of {readable(function)} has no closed form.")
    operator = f"d/d{unknown}" if order == 1 else f"d^{order}/d{unknown}^{order}"
    subject = f"{operator} ({readable(function)})"
    if point := at or place:
        return value_at(subject, derivative, function, point)
    return calculation(subject, compact(derivative))


def integrate(text: str, variable: str | None, lower: str | None, upper: str | None) -> Calculation:
    """The antiderivative of `text`, or its integral between two bounds."""
    text, variable = _respect(text.replace("∫", " "), variable)
    if bounds := next(filter(None, (pattern.match(text) for pattern in _BOUNDS)), None):
        text, lower, upper = bounds[1], lower or bounds[2], upper or bounds[3]
    if differential := _DIFFERENTIAL.search(text):
        text, variable = text[: differential.start()], variable or differential[1]
    if (lower is None) != (upper is None):
        raise ToolArgumentError(f"One bound is missing: lower is {lower!r}, upper is {upper!r}. Give both or none.")
    function = expression(text)
    unknown = unknown_of(function, variable)
    if lower is None or upper is None:
        return _antiderivative(function, unknown)
    return _definite(function, unknown, expression(lower), expression(upper))


def limit(text: str, approaches: str, variable: str | None, side: Side) -> Calculation:
    """The limit of `text` where its unknown approaches a value."""
    function = expression(text)
    unknown = unknown_of(function, variable)
    target = expression(_ARROW.sub("", approaches))
    subject = f"limit of {readable(function)} for {unknown} -> {readable(target)}"
    if target in (sympy.oo, -sympy.oo):
        return _limit_found(subject, sympy.limit(function, unknown, target))
    sides = {"right": ["+"], "left": ["-"], "both": ["-", "+"]}[side]
    found = [sympy.limit(function, unknown, target, direction) for direction in sides]
    if len(found) == 2 and sympy.simplify(found[0] - found[1]) != 0 and found[0] != found[1]:
        left, right = map(readable, found)
        return Calculation(
            "undefined", None, f"{subject}: does not exist (from the left {left}, from the right {right})"
        )
    return _limit_found(subject if side == "both" else f"{subject} from the {side}", found[0])


def _limit_found(subject: str, value: Any) -> Calculation:
    if value.has(sympy.Limit):
        raise ToolError(f"The {subject} could not be found.")
    if value.has(sympy.AccumBounds, sympy.nan, sympy.zoo):
        return Calculation("undefined", None, f"{subject}: does not exist")
    return calculation(subject, value)


def _antiderivative(function: Any, unknown: Any) -> Calculation:
    found: Any = sympy.integrate(function, unknown)
    note = " + C"
    if found.func is sympy.Piecewise:
        found, condition = found.args[0]
        note += f" (where {readable(condition)})"
    if found.has(sympy.Integral, sympy.Piecewise, sympy.meijerg, sympy.hyper):
        raise ToolError(
            f"{readable(function)} has no antiderivative that could be found in known functions; "
            "give lower and upper bounds for a number."
        )
    return calculation(f"integral of {readable(function)} d{unknown}", found, note)


def _definite(function: Any, unknown: Any, lower: Any, upper: Any) -> Calculation:
    subject = f"integral of {readable(function)} d{unknown} from {readable(lower)} to {readable(upper)}"
    value: Any = sympy.integrate(function, (unknown, lower, upper))
    if value.func is sympy.Piecewise:
        value = value.args[0][0]
    if value.has(sympy.nan, sympy.zoo, sympy.AccumBounds):
        raise ToolError(f"The {subject} does not converge.")
    if value.has(sympy.Integral, sympy.Piecewise, sympy.meijerg, sympy.hyper):
        return _numerical(subject, value)
    return calculation(subject, compact(value), " (it diverges)" if value.has(sympy.oo, -sympy.oo) else "")


def _numerical(subject: str, value: Any) -> Calculation:
    rounded = decimal(value)
    if rounded is None:
        raise ToolError(f"The {subject} could not be found; give numbers for its bounds and other unknowns.")
    return Calculation(rounded, rounded, f"{subject} ≈ {rounded} (found numerically)")


def _respect(text: str, variable: str | None) -> tuple[str, str | None]:
    """Take "d/dx" or "the integral of" off the beginning of the expression, "with respect to x" off its end."""
    if operator := _OPERATOR.match(text):
        text, variable = text[operator.end() :], variable or operator[1]
    if found := _RESPECT.search(text):
        return text[: found.start()], variable or found[1]
    return text, variable
