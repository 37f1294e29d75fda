"""The real numbers that satisfy inequalities in one unknown, as ranges: `x < 2`, `-1 <= x < 5`."""

from __future__ import annotations

from typing import Any

import sympy

from agent_core.errors import ToolError
from agent_plugin_calculator.rendering import exact


def ranges(relations: list[Any], unknown: Any) -> list[str]:
    """Where all `relations` hold; empty when nowhere.

    Raises:
        ToolError: sympy finds no way to solve them.
    """
    real = sympy.Dummy(str(unknown), real=True)
    try:
        sets = [_where(relation.subs(unknown, real), real) for relation in relations]
        return _written(sympy.Intersection(*sets), str(unknown))
    except (NotImplementedError, TypeError):
        shown = ", ".join(map(exact, relations))
        raise ToolError(f"No way was found to solve {shown} for {unknown}; try a simpler form.") from None


def _where(relation: Any, real: Any) -> Any:
    if relation in (sympy.true, sympy.false):
        return sympy.S.Reals if relation == sympy.true else sympy.S.EmptySet
    if isinstance(relation, sympy.Eq):
        return sympy.solveset(relation, real, sympy.S.Reals)
    if isinstance(relation, sympy.Ne):
        return sympy.S.Reals - sympy.solveset(sympy.Eq(relation.lhs, relation.rhs), real, sympy.S.Reals)
    return sympy.solve_univariate_inequality(relation, real, relational=False)


def _written(where: Any, name: str) -> list[str]:
    if where is sympy.S.EmptySet or where is sympy.S.Reals:
        return [f"every real {name}"] if where is sympy.S.Reals else []
    match where:
        case sympy.Union():
            return [text for part in sorted(where.args, key=_start) for text in _written(part, name)]
        case sympy.FiniteSet():
            return [f"{name} = {exact(value)}" for value in sorted(where, key=_value)]
        case sympy.Interval():
            return [_interval(where, name)]
        case _:
            raise NotImplementedError


def _interval(interval: Any, name: str) -> str:
    below = "" if interval.start == -sympy.oo else f"{exact(interval.start)} {'<' if interval.left_open else '<='} "
    above = "" if interval.end == sympy.oo else f" {'<' if interval.right_open else '<='} {exact(interval.end)}"
    if below and not above:
        return f"{name} {'>' if interval.left_open else '>='} {exact(interval.start)}"
    return f"{below}{name}{above}" if below or above else f"every real {name}"


def _value(number: Any) -> Any:
    return number.evalf()


def _start(part: Any) -> Any:
    return part.inf.evalf()
