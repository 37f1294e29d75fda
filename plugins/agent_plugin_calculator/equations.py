"""Equations, systems of equations and inequalities."""

from __future__ import annotations

from typing import Any

import sympy

from agent_core.errors import ToolArgumentError, ToolError
from agent_plugin_calculator.algebra import Builder
from agent_plugin_calculator.grammar import parse_statements
from agent_plugin_calculator.ranges import ranges
from agent_plugin_calculator.rendering import decimal, exact, is_finite_decimal, one_line, readable
from agent_plugin_calculator.results import Solutions
from agent_plugin_calculator.unknowns import symbol, unknown_of

MAX_EQUATIONS = 20
_READABLE_CHARACTERS = 120
_PERIODIC = (sympy.sin, sympy.cos, sympy.tan, sympy.cot, sympy.sec, sympy.csc)
_STARTS = (0.5, 1, -1, 2, -2, 5, -5, 10, -10, 0.01)


def solve(text: str, unknowns: str | None) -> Solutions:
    """Solve what `text` says for its unknowns.

    Raises:
        ToolArgumentError: it cannot be read, or holds no unknown.
        ToolError: no way to solve it was found.
    """
    statements = parse_statements(text)
    builder = Builder(statements.text)
    relations = [relation for node in statements.nodes for relation in builder.relations(node)]
    if len(relations) > MAX_EQUATIONS:
        raise ToolArgumentError(f"{len(relations)} equations are too many; at most {MAX_EQUATIONS} are solved.")
    names = [name.strip() for name in (unknowns or "").replace(" and ", ",").split(",") if name.strip()]
    targets = _targets(relations, [symbol(name) for name in names or statements.unknowns], statements.text)
    subject = one_line(statements.text)
    if all(isinstance(relation, sympy.Eq) for relation in relations):
        return _equations(subject, relations, targets)
    if len(targets) > 1:
        raise ToolArgumentError(f"Inequalities are solved for one unknown; these hold {', '.join(map(str, targets))}.")
    found = ranges(relations, targets[0])
    return Solutions(found, [], None, None, f"{subject} gives {' or '.join(found)}" if found else _none(subject))


def _targets(relations: list[Any], asked: list[Any], text: str) -> list[Any]:
    held = sorted({free for relation in relations for free in relation.free_symbols}, key=str)
    if not held:
        raise ToolArgumentError(f"{one_line(text)!r} holds no unknown to solve for; use calculate.")
    strangers = [str(target) for target in asked if target not in held]
    if strangers:
        raise ToolArgumentError(f"{one_line(text)!r} does not hold {', '.join(strangers)}.")
    if asked or len(relations) >= len(held):
        return asked or held
    if len(relations) == 1:
        return [unknown_of(relations[0].lhs - relations[0].rhs, None)]
    usual = [target for target in held if str(target) in "xyzuvw"]
    return usual[: len(relations)] if len(usual) >= len(relations) else held


def _equations(subject: str, equations: list[Any], targets: list[Any]) -> Solutions:
    found = _symbolic(equations, targets)
    note = ""
    if found is None:
        found, note = _numeric(equations, targets), " (found numerically; there may be others)"
    if found is None:
        raise ToolError(f"No way was found to solve {subject}; try limit, evaluate or a simpler form.")
    if not found and all(sympy.simplify(equation.lhs - equation.rhs) == 0 for equation in equations):
        every = ", ".join(f"every {target}" for target in targets)
        return Solutions([every], [], None, None, f"{subject} holds for {every}")
    if not found:
        return Solutions([], [], None, None, _none(subject))
    if not note and any(equation.has(*_PERIODIC) for equation in equations):
        note = " (within one period)"
    values = [
        {str(target): _written(solution[target]) for target in targets if target in solution} for solution in found
    ]
    written = [", ".join(f"{name} = {value}" for name, value in each.items()) for each in values]
    shown = [", ".join(f"{target} {_shown(value)}" for target, value in solution.items()) for solution in found]
    only = found[0][targets[0]] if len(found) == 1 and len(targets) == 1 else None
    return Solutions(
        written,
        values,
        None if only is None else _written(only),
        None if only is None else decimal(only),
        f"{subject} gives {' or '.join(shown)}{note}",
    )


def _symbolic(equations: list[Any], targets: list[Any]) -> list[dict[Any, Any]] | None:
    """Solutions in closed form, real ones first; None where sympy knows no way."""
    try:
        found = sympy.solve(equations, targets, dict=True, cubics=False, quartics=False)
    except NotImplementedError:
        return None
    if any(value.has(sympy.Integral, sympy.Piecewise, sympy.ConditionSet) for each in found for value in each.values()):
        return None
    return sorted(found, key=lambda each: any(value.is_real is False for value in each.values()))


def _numeric(equations: list[Any], targets: list[Any]) -> list[dict[Any, Any]] | None:
    """Real solutions of one equation in one unknown near a few starting points."""
    if len(equations) != 1 or len(targets) != 1 or equations[0].free_symbols != set(targets):
        return None
    function = equations[0].lhs - equations[0].rhs
    found: list[Any] = []
    for start in _STARTS:
        try:
            root = sympy.nsolve(function, targets[0], start, prec=25)
        except (ValueError, ZeroDivisionError, TypeError):  # no convergence from here
            continue
        if root.is_real and all(abs(root - known) > 1e-9 for known in found):
            found.append(root)
    return [{targets[0]: root} for root in sorted(found)] or None


def _written(value: Any) -> str:
    """The exact value where it can be written down usefully, or else its decimals."""
    text = exact(value)
    if value.has(sympy.CRootOf) or value.has(sympy.Float) or len(text) > _READABLE_CHARACTERS:
        return decimal(value) or text
    return text


def _shown(value: Any) -> str:
    written, rounded = _written(value), decimal(value)
    if rounded is None or written == rounded:
        sign = "≈" if value.has(sympy.CRootOf) or value.has(sympy.Float) else "="
        return f"{sign} {readable(value) if rounded is None else rounded.replace('*I', 'i')}"
    if is_finite_decimal(value):
        return f"= {rounded}"
    if len(written) > len(rounded) + 40:
        return f"≈ {rounded.replace('*I', 'i')}"
    plain = value.is_Rational or not value.is_real
    return f"= {readable(value)}" if plain else f"= {readable(value)} ≈ {rounded}"


def _none(subject: str) -> str:
    return f"{subject} has no solution"
