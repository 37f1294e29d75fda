"""Answers as a person reads them, and values as JSON and as exact decimals."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

from agent_plugin_tables.cells import shown
from agent_plugin_tables.results import TableAnswer

_LINES = 25
_NAMES = {
    "sum": "Sum",
    "mean": "Mean",
    "median": "Median",
    "min": "Smallest",
    "max": "Largest",
    "count": "Count",
    "distinct": "Number of different values",
    "list": "List",
}


def plain(value: Any) -> int | float | str | None:
    """A value for JSON: whole numbers exact, others as near as a float comes."""
    if value is None or isinstance(value, int | str):
        return value
    if isinstance(value, float):
        return plain(Decimal(repr(value)))
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.adjusted() < 60 else float(value)
    return shown(value)


def scaled(value: Any) -> str | None:
    """A number as exact decimal text; None for anything else."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value) if isinstance(value, int) else None


def worded(value: Any) -> str:
    """A result as people write it: thousands grouped, at most six decimals where a division made more."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return shown(value)
    if not isinstance(value, Decimal):
        return f"{value:,}"
    places = -int(value.as_tuple().exponent)
    if places > 6:
        with localcontext(prec=900):
            rounded = value.quantize(Decimal("0.000001"), ROUND_HALF_EVEN) if value.adjusted() > -4 else value
            value = rounded.normalize()
    return f"{value:,f}"


def stated(operation: str, column: str | None, where: str, result: Any, unit: str, used: int) -> str:
    """The answer in one line."""
    of = f" of {column}" if column else ""
    fits = f" where {where}" if where else ""
    rows = f"{used:,} row{'' if used == 1 else 's'}"
    if operation == "count" and result is not None:
        return f"Count{of}: {rows}{fits}"
    if result is None:
        return f"{_NAMES[operation]}{of} over {rows}{fits}"
    tail = "%" if unit == "%" else f" {unit}" if unit else ""
    return f"{_NAMES[operation]}{of} over {rows}{fits}: {worded(result)}{tail}"


def completed(answer: TableAnswer, groups: str, total: int, blank: int, unfit: int, example: str) -> TableAnswer:
    """The answer with the parts of its text that follow the first line, and what was left out."""
    lines = [answer.text]
    if answer.operation == "list" and not answer.groups:
        count = len(answer.rows)
        lines = [f"{count} of {total:,} rows:" if count < total else f"{total:,} row{'' if total == 1 else 's'}:"]
        lines += [_row_line(row) for row in answer.rows[:_LINES]]
    elif answer.groups:
        lines[0] += f" by {groups}:" if groups else ":"
        exact = (
            (group, Decimal(group.decimal) if group.decimal is not None else group.value) for group in answer.groups
        )
        lines += [f"{group.key}: {worded(value)}" for group, value in list(exact)[:_LINES]]
    elif answer.rows:
        lines[0] += f" ({_row_line(answer.rows[0])})"
    more = max(len(answer.rows), len(answer.groups)) - _LINES
    if more > 0 and len(lines) > _LINES:
        lines.append(f"... and {more:,} more")
    left_out = [f"{blank:,} blank"] if blank else []
    left_out += [f"{unfit:,} not usable, such as {example}"] if unfit else []
    if left_out:
        number = blank + unfit
        lines[0 if len(lines) == 1 else -1] += (
            f" ({number:,} cell{'' if number == 1 else 's'} left out: {'; '.join(left_out)})"
        )
    if answer.notes:
        lines.append(f"Note: {'; '.join(answer.notes)}.")
    return replace(answer, text="\n".join(lines))


def _row_line(row: dict[str, Any]) -> str:
    values = {name: shown(value) for name, value in row.items() if value not in (None, "")}
    if len(row) == 1:
        return next(iter(values.values()), "")
    return ", ".join(f"{name}: {value}" for name, value in list(values.items())[:8])
