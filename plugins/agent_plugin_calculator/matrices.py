"""Matrices written as rows: `[[1, 2], [3, 4]]` or `[1, 2; 3, 4]`; a flat list is a column."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import sympy

from agent_core.errors import ToolArgumentError, ToolError
from agent_plugin_calculator.algebra import Builder
from agent_plugin_calculator.grammar import parse
from agent_plugin_calculator.rendering import calculation, decimal, is_finite_decimal, written
from agent_plugin_calculator.results import Calculation

Operation: TypeAlias = Literal[
    "determinant", "inverse", "transpose", "rank", "trace", "eigenvalues", "multiply", "add", "subtract", "solve"
]

MAX_SIZE = 20
_NEEDS_SECOND = ("multiply", "add", "subtract", "solve")
_SQUARE = ("determinant", "inverse", "trace", "eigenvalues")


def compute(operation: Operation, first: str, second: str | None) -> Calculation:
    """Carry out `operation` on one or two matrices.

    Raises:
        ToolArgumentError: a matrix cannot be read, or the shapes do not fit.
    """
    left = matrix(first)
    if operation in _SQUARE and left.rows != left.cols:
        raise ToolArgumentError(f"{operation} needs a square matrix; this one is {_shape(left)}.")
    if operation not in _NEEDS_SECOND:
        return _of_one(operation, left, first)
    if second is None:
        raise ToolArgumentError(f"{operation} needs a second matrix such as [[5], [6]].")
    right = matrix(second)
    return _of_two(operation, left, right, f"{operation} {first} and {second}")


def matrix(text: str) -> Any:
    """Read a matrix.

    Raises:
        ToolArgumentError: the text is no list of rows of equal length.
    """
    shown, node = parse(text)
    builder = Builder(shown)
    if not isinstance(node, ast.List) or not node.elts:
        raise ToolArgumentError(f"{text!r} is not a matrix; write its rows as [[1, 2], [3, 4]].")
    rows = [row.elts if isinstance(row, ast.List) else [row] for row in node.elts]
    if len({len(row) for row in rows}) != 1 or not rows[0]:
        raise ToolArgumentError(f"The rows of {text!r} differ in length; give each the same number of entries.")
    if max(len(rows), len(rows[0])) > MAX_SIZE:
        raise ToolArgumentError(f"The matrix has {len(rows)} rows of {len(rows[0])}; at most {MAX_SIZE} are computed.")
    return sympy.Matrix([[builder.build(entry) for entry in row] for row in rows])


def _of_one(operation: Operation, left: Any, first: str) -> Calculation:
    subject = f"{operation} of {first}"
    match operation:
        case "determinant":
            return calculation(subject, sympy.simplify(left.det()))
        case "rank":
            return calculation(subject, sympy.Integer(left.rank()))
        case "trace":
            return calculation(subject, left.trace())
        case "transpose":
            return _matrix_result(subject, left.T)
        case "inverse":
            if sympy.simplify(left.det()) == 0:
                raise ToolError(f"{first} has no inverse: its determinant is 0.")
            return _matrix_result(subject, left.inv())
        case _:
            return _eigenvalues(subject, left)


def _of_two(operation: Operation, left: Any, right: Any, subject: str) -> Calculation:
    if operation in ("add", "subtract"):
        if left.shape != right.shape:
            raise ToolArgumentError(f"{operation} needs equal shapes; these are {_shape(left)} and {_shape(right)}.")
        return _matrix_result(subject, left + right if operation == "add" else left - right)
    if operation == "multiply":
        if left.cols != right.rows:
            raise ToolArgumentError(
                f"A {_shape(left)} and a {_shape(right)} matrix cannot be multiplied: {left.cols} columns meet "
                f"{right.rows} rows."
            )
        return _matrix_result(subject, left * right)
    if left.rows != right.rows:
        raise ToolArgumentError(f"The right-hand side has {right.rows} rows, the matrix {left.rows}; give as many.")
    if left.rows != left.cols or sympy.simplify(left.det()) == 0:
        raise ToolError("The system has no single solution: its matrix has no inverse. Use solve with equations.")
    return _matrix_result(subject, left.LUsolve(right))


def _eigenvalues(subject: str, left: Any) -> Calculation:
    found = [value for value, count in left.eigenvals().items() for _ in range(count)]
    found.sort(key=lambda value: str(value) if value.free_symbols else "")
    if not left.free_symbols:
        found.sort(key=lambda value: sympy.re(value.evalf(20)))
    return _listed(subject, [found], lambda rows: f"[{', '.join(rows[0])}]")


def _matrix_result(subject: str, value: Any) -> Calculation:
    return _listed(subject, value.applyfunc(sympy.simplify).tolist(), _rows)


def _listed(subject: str, rows: list[list[Any]], join: Callable[[list[list[str]]], str]) -> Calculation:
    """A result of many entries, each written as a single one would be."""
    entries = [entry for row in rows for entry in row]
    exactly = join([[written(entry) for entry in row] for row in rows])
    rounded = [[decimal(entry) or "" for entry in row] for row in rows]
    decimals = join(rounded) if all(map(all, rounded)) else None
    if decimals and all(map(is_finite_decimal, entries)):
        return Calculation(exactly, decimals, f"{subject} = {decimals}")
    shown = exactly if decimals in (None, exactly) else f"{exactly} ≈ {decimals}"
    return Calculation(exactly, decimals, f"{subject} = {shown.replace('**', '^')}")


def _rows(rows: list[list[str]]) -> str:
    return f"[{', '.join('[' + ', '.join(row) + ']' for row in rows)}]"


def _shape(value: Any) -> str:
    return f"{value.rows} by {value.cols}"
