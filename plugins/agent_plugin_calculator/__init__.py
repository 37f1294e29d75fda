"""The calculator: exact arithmetic, algebra, calculus, matrices and statistics.

What a user or a model writes is never evaluated as code. `notation` turns text into tokens, `grammar` builds an
`ast` expression from them node by node, `algebra` turns the nodes it knows into sympy objects, and the modules
named after their subject work on those. The tools run isolated: what takes too long is stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Literal

from agent_core import Limits, Tool, ToolError, hookimpl, tool
from agent_plugin_calculator.results import Calculation, Measure, Solutions, Statistics

AGENT_CORE_HOOK_API = 1
AGENT_CORE_PRELOAD = tuple(
    f"agent_plugin_calculator.{name}"
    for name in ("arithmetic", "calculus", "equations", "figures", "matrices", "rearranging")
)
"""Imported once by the process that runs isolated tools, so that no call pays for loading sympy."""

_LIMITS = Limits(cpu_s=2, memory_bytes=512 * 1024**2, output_bytes=256 * 1024)
_TIMEOUT_S = 30.0


def _computes(examples: list[str]) -> Callable[[Callable[..., Any]], Tool]:
    """Declare a tool that only computes, in a process of its own."""

    def declare(function: Callable[..., Any]) -> Tool:
        @wraps(function)
        def compute(*args: Any, **kwargs: Any) -> Any:
            try:
                return function(*args, **kwargs)
            except (ArithmeticError, NotImplementedError, RecursionError, TypeError, ValueError) as error:
                reason = " ".join(str(error).split())[:200] or type(error).__name__  # sympy's, for what it cannot do
                raise ToolError(f"{function.__name__} found no way ({reason}); try a simpler expression.") from None

        return tool(
            read_only=True, idempotent=True, isolated=True, limits=_LIMITS, timeout_s=_TIMEOUT_S, examples=examples
        )(compute)

    return declare


@hookimpl
def agent_core_tools() -> Iterable[Tool]:
    """Provide the calculator's tools."""
    return [calculate, solve, differentiate, integrate, limit, evaluate, simplify, expand, factor, matrix, statistics]


@_computes(
    [
        "What is 17% of 2340?",
        "How much is 250 increased by 20%?",
        "Take 15% off 90",
        "Convert 3/7 to a decimal",
        "What is the greatest common divisor of 84 and 126?",
        "How many primes are there below 100?",
    ]
)
def calculate(expression: str) -> Calculation:
    """Calculate a number: arithmetic, percentages, powers, roots, functions, gcd, lcm, primes, factorials, rounding.

    Args:
        expression: The calculation without unknowns, such as 17% of 2340, (3 + 4)^2 / 7, sqrt(2), gcd(84, 126), 20!
            Words will do: add, subtract, take away from, plus, minus, times, multiply, divided by, over, more than,
            less than, increased by, decreased by, off, half, third, quarter, twice, double, triple, square, cube, root
            of, to the power of, percent, sum, difference between, product, quotient, remainder, average, maximum,
            minimum, how many primes below, ways to choose from, sine, cosine, log, e, pi, to two decimal places,
            digits, negative; zero, one, two, three, four, five, six, seven, eight, nine, ten, twenty, fifty, hundred,
            thousand, million.
    """
    from agent_plugin_calculator import arithmetic

    return arithmetic.calculate(expression)


@_computes(
    [
        "Solve 3x + 7 = 22",
        "Find x such that x^2 - 5x + 6 = 0",
        "Solve the system of equations 3a + b = 9, a - b = 1",
        "For which x is 2x + 3 < 11?",
        "What is x if 5x = 20?",
        "What value of x makes 2x + 1 equal to 9?",
        "What are the roots of x^2 - 4?",
    ]
)
def solve(equations: str, unknowns: str | None = None) -> Solutions:
    """Solve an equation, a system of equations or an inequality for its unknowns.

    Args:
        equations: One or more equations or inequalities, separated by commas, such as x + y = 10, x - y = 2
        unknowns: The unknowns to solve for, such as x or x, y; left out, those that the equations hold.
    """
    from agent_plugin_calculator import equations as solving

    return solving.solve(equations, unknowns)


@_computes(
    [
        "Differentiate x^3*sin(x)",
        "What is the derivative of ln(x)/x?",
        "Find the second derivative of e^(2t)",
        "d/dx of x^2 + 3x",
        "What is the slope of x^3 at x = 2?",
        "How fast does 5t^2 + t change with t?",
    ]
)
def differentiate(expression: str, variable: str | None = None, order: int = 1, at: str | None = None) -> Calculation:
    """Differentiate an expression: its derivative, or the slope at a point.

    Args:
        expression: What to differentiate, such as x^3*sin(x)
        variable: With respect to which unknown; left out, the only one or x.
        order: How many times: 1 for the derivative, 2 for the second derivative.
        at: The point where its value is asked for, such as x = 2; left out for the derivative itself.
    """
    from agent_plugin_calculator import calculus

    return calculus.differentiate(expression, variable, order, at)


@_computes(
    [
        "Integrate x^2 + 3x",
        "What is the integral of sin(x) from 0 to pi?",
        "Find the antiderivative of 1/x",
        "Work out the area under x^2 from x = 1 to x = 2",
        "Area under e^(-x^2) between 0 and 1",
    ]
)
def integrate(
    expression: str, variable: str | None = None, lower: str | None = None, upper: str | None = None
) -> Calculation:
    """Integrate an expression: its antiderivative, or the integral (the area) between two bounds.

    Args:
        expression: What to integrate, such as x^2 + 3x
        variable: With respect to which unknown; left out, the only one or x.
        lower: The lower bound, such as 0 or -infinity; left out together with upper for the antiderivative.
        upper: The upper bound, such as pi or infinity.
    """
    from agent_plugin_calculator import calculus

    return calculus.integrate(expression, variable, lower, upper)


@_computes(
    [
        "What is the limit of sin(x)/x as x approaches 0?",
        "What does (2n + 1)/n tend to when n goes to infinity?",
        "Limit of (1 + 1/n)^n for n to infinity",
        "Find the limit of 1/x at 0 from the right",
    ]
)
def limit(
    expression: str,
    approaches: str,
    variable: str | None = None,
    side: Literal["both", "left", "right"] = "both",
) -> Calculation:
    """Find the limit of an expression as its variable approaches a value or infinity.

    Args:
        expression: The expression, such as sin(x)/x
        approaches: The value that the variable goes to, such as 0 or infinity.
        variable: The variable; left out, the only unknown or x.
        side: From which side it is approached.
    """
    from agent_plugin_calculator import calculus

    return calculus.limit(expression, approaches, variable, side)


@_computes(
    [
        "Evaluate x^2 + 3x at x = 2",
        "Put x = 2 and y = 3 into x*y + 1",
        "What is the value of 3t^2 - t when t is 5?",
        "Find the value of 4b + c if b = 6 and c = 1",
        "What does n^3 come to for n = 4?",
        "Evaluate it at pi",
    ]
)
def evaluate(expression: str, at: str) -> Calculation:
    """Evaluate an expression at a point: put values in for its unknowns.

    Args:
        expression: An expression with unknowns, such as x^2 + 3x
        at: The values, such as x = 2 or x = 2, y = 3; a value alone, such as pi, is for the only unknown.
    """
    from agent_plugin_calculator import rearranging

    return rearranging.evaluate(expression, at)


@_computes(
    [
        "Simplify (x^2 - 1)/(x - 1)",
        "Can (x^2 - 4)/(x - 2) be made simpler?",
        "What is the shortest form of 6x/9?",
        "Write sin(x)^2 + cos(x)^2 more simply",
    ]
)
def simplify(expression: str) -> Calculation:
    """Simplify an expression to its shortest form.

    Args:
        expression: What to simplify, such as (x^2 - 1)/(x - 1)
    """
    from agent_plugin_calculator import rearranging

    return rearranging.simplify(expression)


@_computes(
    [
        "Expand (x + 1)^3",
        "Multiply out (a + b)(a - b)",
        "Write (2x - 1)^2 without brackets",
        "What is 2(x + 3y) without its brackets?",
    ]
)
def expand(expression: str) -> Calculation:
    """Expand an expression: multiply out its brackets.

    Args:
        expression: What to expand, such as (x + 1)^3
    """
    from agent_plugin_calculator import rearranging

    return rearranging.expand(expression)


@_computes(
    [
        "Factor x^2 - 5x + 6",
        "Factorise 6x^2 + 9x",
        "What are the prime factors of 360?",
        "Break 84 down into its prime factors",
    ]
)
def factor(expression: str) -> Calculation:
    """Factor an expression into a product, or a whole number into its primes.

    Args:
        expression: What to factor, such as x^2 - 5x + 6 or 360
    """
    from agent_plugin_calculator import rearranging

    return rearranging.factor(expression)


@_computes(
    [
        "What is the determinant of [[1, 2], [3, 4]]?",
        "Invert the matrix [[2, 0], [0, 4]]",
        "Multiply [[1, 2], [3, 4]] by [[0, 1], [1, 0]]",
        "Eigenvalues of [[2, 1], [1, 2]]",
    ]
)
def matrix(
    operation: Literal[
        "determinant", "inverse", "transpose", "rank", "trace", "eigenvalues", "multiply", "add", "subtract", "solve"
    ],
    matrix: str,
    other: str | None = None,
) -> Calculation:
    """Compute with a matrix: determinant, inverse, transpose, rank, eigenvalues, product, linear system.

    Args:
        operation: What to compute: determinant (det), inverse (invert), transpose (flip); solve finds the x with
            matrix * x = other.
        matrix: The rows, such as [[1, 2], [3, 4]]
        other: The second matrix of multiply, add and subtract, or the right-hand side of solve, such as [5, 6]
    """
    from agent_plugin_calculator import matrices

    return matrices.compute(operation, matrix, other)


@_computes(
    [
        "What is the median of 3, 8, 1, 9 and 4?",
        "Standard deviation of 2, 4, 4, 4, 5, 5, 7, 9",
        "Compute the mean of 8 and 17",
        "How do 1, 2, 3 and 2, 4, 7 correlate?",
        "Find the range of 12, 7 and 30",
        "Calculate the variance of 2.5, 4 and 9",
    ]
)
def statistics(
    numbers: list[float],
    measure: Measure = "summary",
    other: list[float] | None = None,
) -> Statistics:
    """Describe a list of numbers: mean or average, median, mode, range, standard deviation, variance, correlation.

    Args:
        numbers: The numbers.
        measure: Which figure; summary gives the usual ones.
        other: A second list of the same length, for correlation.
    """
    from agent_plugin_calculator import figures

    return figures.describe(numbers, measure, other)
