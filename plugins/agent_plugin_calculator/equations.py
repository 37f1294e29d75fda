"""Equations, systems of equations and inequalities."""

from __future__ import annotations

import re
from typing import Any

import sympy

from agent_core.errors import ToolArgumentError, ToolError
from agent_plugin_calculator.algebra import Builder
from agent_plugin_calculator.grammar import parse_statements
from agent_plugin_calculator.ranges import ranges
from agent_plugin_calculator.rendering import decimal, one_line, shown, written
from agent_plugin_calculator.results import Solutions
from agent_plugin_calculator.unknowns import symbol, unknown_of

MAX_EQUATIONS = 20
_MAKES = re.compile(
    r"(?:(?:what|which|the|find|for)\s+)*(?:values?\s+of\s+)?(?P<name>[a-z]\w*)\s+(?:makes?|gives?|for\s+which)\s+"
    r"(?P<left>.{1,500}?)\s*(?:equals?(?:\s+to)?|=)\s*(?P<right>.{1,500})",
    re.I,
)
_IF = re.compile(
    r"\s*(?:(?:what\s+is|find|the)\s+)*(?:values?\s+of\s+)?(?P<name>[a-z])\s+"
    r"(?:if|when|where|such\s+that|so\s+that|given(?:\s+that)?)\s+",
    re.I,
)
_REAL_ONLY = (sympy.Abs, sympy.sign, sympy.Max, sympy.Min)
_PERIODIC = (sympy.sin, sympy.cos, sympy.tan, sympy.cot, sympy.sec, sympy.csc)
_DIGITS = 25
_TOLERANCE = 1e-12
_NEAR = 1e-4
_STARTS = (0.5, 1, -1, 2, -2, 5, -5, 10, -10, 0.01)


def solve(text: str, unknowns: str | None) -> Solutions:
    """Solve what `text` says for its unknowns.

    Raises:
        ToolArgumentError: it cannot be read, or holds no unknown.
        ToolError: no way to solve it was found.
    """
    text, asked = _asked(text)
    unknowns = unknowns or asked
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


def _asked(text: str) -> tuple[str, str | None]:
    """The equation in a question about its unknown: "x if 3x = 12", "what value of x makes 3x equal to 12"."""
    if found := _MAKES.fullmatch(text.strip(" .?!")):
        return f"{found['left']} = {found['right']}", found["name"]
    if found := _IF.match(text):
        return text[found.end() :], found["name"]
    return text, None


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
    if not found and (roots := _numeric(equations, targets)):
        found, note = roots, " (found numerically; there may be others)"
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
        {str(target): written(solution[target]) for target in targets if target in solution} for solution in found
    ]
    listed = [", ".join(f"{name} = {value}" for name, value in each.items()) for each in values]
    lines = [", ".join(f"{target} {shown(value)}" for target, value in solution.items()) for solution in found]
    only = found[0][targets[0]] if len(found) == 1 and len(targets) == 1 else None
    return Solutions(
        listed,
        values,
        None if only is None else written(only),
        None if only is None else decimal(only),
        f"{subject} gives {' or '.join(lines)}{note}",
    )


def _symbolic(equations: list[Any], targets: list[Any]) -> list[dict[Any, Any]] | None:
    """Solutions in closed form, real ones first; None where sympy knows no way."""
    try:
        if len(equations) == len(targets) == 1:
            found = [{targets[0]: root} for root in _roots(equations[0], targets[0])]
        else:
            found: list[dict[Any, Any]] = sympy.solve(equations, targets, dict=True)
    except NotImplementedError:
        return None
    if any(value.has(sympy.Integral, sympy.Piecewise, sympy.ConditionSet) for each in found for value in each.values()):
        return None
    return sorted(found, key=_order)


def _order(solution: dict[Any, Any]) -> list[tuple[bool, float]]:
    """Real solutions before complex ones, the smaller before the greater; others as sympy gives them."""
    numbers = [value.evalf(_DIGITS, chop=True).as_real_imag() for value in solution.values() if value.is_number]
    return [(imaginary != 0, float(real)) for real, imaginary in numbers if real.is_finite]


def _roots(equation: Any, target: Any) -> list[Any]:
    function: Any = equation.lhs - equation.rhs
    if function.free_symbols == {target} and function.is_polynomial(target) and not function.is_zero:
        polynomial = sympy.Poly(function, target)
        if polynomial.domain.is_ZZ or polynomial.domain.is_QQ:
            return [root for factor, _ in polynomial.factor_list()[1] for root in _polynomial_roots(factor)]
    if not function.has(*_REAL_ONLY):
        return sympy.solve(equation, target)
    real = {free: sympy.Dummy(str(free), real=True) for free in function.free_symbols}
    back = {own: free for free, own in real.items()}
    return [root.subs(back) for root in sympy.solve(function.subs(real), real[target])]


def _polynomial_roots(polynomial: Any) -> list[Any]:
    """In closed form where that is short (no Cardano), or else in decimals."""
    closed = sympy.roots(polynomial, cubics=False, quartics=False)
    return list(closed) if sum(closed.values()) == polynomial.degree() else polynomial.nroots(n=_DIGITS, maxsteps=200)


def _numeric(equations: list[Any], targets: list[Any]) -> list[dict[Any, Any]] | None:
    """Real solutions of one equation in one unknown near a few starting points."""
    if len(equations) != 1 or len(targets) != 1 or equations[0].free_symbols != set(targets):
        return None
    function = equations[0].lhs - equations[0].rhs
    found: list[Any] = []
    for start in _STARTS:
        try:
            root: Any = sympy.nsolve(function, targets[0], start, prec=_DIGITS)
        except (ValueError, ZeroDivisionError, TypeError):  # no convergence from here
            continue
        nearest = sympy.Integer(round(root)) if root.is_real else None
        if nearest is not None and abs(root - nearest) < _NEAR and function.subs(targets[0], nearest) == 0:
            root = nearest  # Near a multiple root the search stops early.
        holds = root.is_real and abs(function.subs(targets[0], root).evalf(_DIGITS)) < _TOLERANCE
        if holds and all(abs(root - known) > _TOLERANCE for known in found):
            found.append(root)
    return [{targets[0]: root} for root in sorted(found)] or None


def _none(subject: str) -> str:
    return f"{subject} has no solution"
