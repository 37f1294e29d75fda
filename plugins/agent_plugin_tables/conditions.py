"""Which rows count: conditions as a list, or as text such as `amount > 100 and region = 'North'`, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from agent_core import ToolArgumentError
from agent_plugin_tables.cells import Cell, is_blank, parse_number, shown
from agent_plugin_tables.columns import ColumnReader
from agent_plugin_tables.dates import parse_date
from agent_plugin_tables.table import Row, Table

Operator = Literal["=", "!=", ">", ">=", "<", "<=", "contains", "starts with", "ends with", "in", "is empty"]
Value: TypeAlias = str | float | bool | list[str | float] | None
Test: TypeAlias = Callable[[Row], bool]
COMPARISONS: Mapping[str, Operator] = {
    "greater than or equal to": ">=",
    "less than or equal to": "<=",
    "no more than": "<=",
    "no less than": ">=",
    "greater than": ">",
    "larger than": ">",
    "more than": ">",
    "smaller than": "<",
    "fewer than": "<",
    "less than": "<",
    "at least": ">=",
    "at most": "<=",
    "above": ">",
    "over": ">",
    "after": ">",
    "since": ">=",
    "below": "<",
    "under": "<",
    "before": "<",
}
"""Comparisons in words, in conditions of any form."""


@dataclass(frozen=True)
class Condition:
    """What must hold for a row to count."""

    column: str
    operator: Literal[
        "=", "!=", ">", ">=", "<", "<=", "contains", "starts with", "ends with", "in", "is empty", "is not empty"
    ]
    value: str | float | bool | list[str | float] | None = None
    """What the cell is compared with; a list for "in", nothing for "is empty"."""


@dataclass(frozen=True)
class Comparison:
    """A column compared with literals."""

    column: int
    operator: Operator
    values: tuple[str | Decimal, ...]
    """Text is read as the column is ("1.500" may be 1500); a number is that number."""


@dataclass(frozen=True)
class Group:
    """Comparisons joined by a word; "not" holds one."""

    word: Literal["and", "or", "not"]
    parts: tuple[Node, ...]


Node: TypeAlias = Comparison | Group


def from_list(conditions: Sequence[Condition | Mapping[str, Any]], table: Table) -> Node:
    """All of the conditions."""
    parts: list[Node] = []
    for given in conditions:
        condition = given if isinstance(given, Condition) else Condition(**given)
        values = condition.value if isinstance(condition.value, list) else [condition.value]
        literals = tuple(_literal(value) for value in values)
        column = table.column(condition.column)
        if condition.operator == "is not empty":
            parts.append(Group("not", (Comparison(column, "is empty", ()),)))
        else:
            parts.append(Comparison(column, condition.operator, literals))
    return Group("and", tuple(parts))


def _literal(value: str | float | bool | None) -> str | Decimal:
    return shown(value) if isinstance(value, str | bool) or value is None else Decimal(repr(value))


def columns_of(node: Node | None) -> set[int]:
    """The columns that conditions look at."""
    if node is None:
        return set()
    if isinstance(node, Comparison):
        return {node.column}
    return set[int]().union(*(columns_of(part) for part in node.parts))


def compile_test(node: Node | None, readers: Mapping[int, ColumnReader]) -> Test:
    """A function that says whether a row counts.

    Raises:
        ToolArgumentError: a value does not fit its column, such as `amount > soon`.
    """
    if node is None:
        return lambda row: True
    if isinstance(node, Comparison):
        test = _cell_test(node, readers[node.column])
        column = node.column
        return lambda row: test(row.cell(column))
    tests = [compile_test(part, readers) for part in node.parts]
    if node.word == "not":
        return lambda row: not tests[0](row)
    if node.word == "or":
        return lambda row: any(test(row) for test in tests)
    return lambda row: all(test(row) for test in tests)


def _cell_test(comparison: Comparison, reader: ColumnReader) -> Callable[[Cell], bool]:
    operator, values = comparison.operator, comparison.values
    if operator == "is empty":
        return is_blank
    if operator == "in":
        tests = [_cell_test(Comparison(comparison.column, "=", (value,)), reader) for value in values]
        return lambda cell: any(test(cell) for test in tests)
    if operator == "!=":
        equal = _cell_test(Comparison(comparison.column, "=", values), reader)
        return lambda cell: not equal(cell)
    if not values:
        raise ToolArgumentError(f"The condition on {reader.name!r} has no value.")
    value = shown(values[0])
    if operator in ("contains", "starts with", "ends with"):
        return _text_test(operator, value.casefold())
    if not value.strip():
        raise ToolArgumentError(f"The condition on {reader.name!r} has no value; to find blank cells use 'is empty'.")
    if reader.kind == "date" and (period := _period(value, reader)):
        return _period_test(operator, *period, reader)
    number = reader.number(values[0]) or parse_number(value)
    if reader.kind == "number" and number:
        return _ordered_test(operator, number.value, reader.key)
    if operator != "=" and reader.kind in ("number", "date"):
        raise ToolArgumentError(f"{value!r} cannot be compared with {reader.name!r}, a column of {reader.kind}s.")
    folded = value.strip().casefold()
    return _ordered_test(operator, folded, lambda cell: None if is_blank(cell) else shown(cell).casefold())


def _text_test(operator: str, wanted: str) -> Callable[[Cell], bool]:
    if operator == "starts with":
        return lambda cell: shown(cell).casefold().startswith(wanted)
    if operator == "ends with":
        return lambda cell: shown(cell).casefold().endswith(wanted)
    return lambda cell: wanted in shown(cell).casefold()


def _ordered_test(
    operator: str, value: Decimal | str, key: Callable[[Cell], Decimal | datetime | str | None]
) -> Callable[[Cell], bool]:
    """Compare with a value of the type that `key` gives; a cell that gives None never fits."""

    def test(cell: Cell) -> bool:
        found: Any = key(cell)
        if found is None:
            return False
        if operator == "=":
            return found == value
        if operator in (">", ">="):
            return found > value or (operator == ">=" and found == value)
        return found < value or (operator == "<=" and found == value)

    return test


def _period(value: str, reader: ColumnReader) -> tuple[datetime, datetime] | None:
    """The time that a date literal covers: a year, a month, a day, or a moment."""
    text = value.strip()
    if match := re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?", text):
        year, month = int(match[1]), int(match[2] or 1)
        if not (1 <= month <= 12 and 1 <= year < 9999):
            return None
        after = (year + 1, 1) if not match[2] or month == 12 else (year, month + 1)
        return datetime(year, month, 1), datetime(*after, 1)
    start = parse_date(text, reader.day_first)
    if start is None:
        return None
    exact = ":" in text
    return start, start + (timedelta(microseconds=1) if exact else timedelta(days=1))


def _period_test(operator: str, start: datetime, end: datetime, reader: ColumnReader) -> Callable[[Cell], bool]:
    bounds: dict[str, Callable[[datetime], bool]] = {
        "=": lambda moment: start <= moment < end,
        ">": lambda moment: moment >= end,
        ">=": lambda moment: moment >= start,
        "<": lambda moment: moment < start,
        "<=": lambda moment: moment < end,
    }
    fits = bounds[operator]

    def test(cell: Cell) -> bool:
        moment = reader.date(cell)
        return moment is not None and fits(moment)

    return test
