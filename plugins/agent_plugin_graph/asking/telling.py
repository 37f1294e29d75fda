"""A query and its rows in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agent_plugin_graph.asking.compiling import Compiled
from agent_plugin_graph.query.model import Column, Condition, GraphQuery, Hop, Value

_SHOWN = 50
_FUNCTIONS = {
    "count": "the number of {0}",
    "count distinct": "the number of different {0}",
    "sum": "the sum of {0}",
    "avg": "the mean of {0}",
    "min": "the least {0}",
    "max": "the greatest {0}",
}


def in_words(compiled: Compiled) -> str:
    """What a query asks, so that a person can see whether it is what was meant."""
    query = compiled.query
    computed = [_column(column) for column in query.columns if column.function]
    listed = [_column(column) for column in query.columns if not column.function]
    said = ", ".join(computed or listed)
    if computed and listed:
        said += f" for each {', '.join(listed)}"
    if compiled.counted:
        said = f"how many {', '.join(listed)} there are"
        said += f", by {', '.join(computed)}" if computed else ""
    ways = [_way(hop) for hop in query.hops]
    said += f"; over {', '.join(ways)}" if ways else ""
    said += f"; where {' and '.join(map(_condition, query.where))}" if query.where else ""
    if query.having:
        said += "; kept are those with " + " and ".join(
            f"{one.column} {one.is_} {_number(one.to)}" for one in query.having
        )
    if compiled.divided:
        said = f"the first divided by the second of {said}"
    if compiled.whole:
        said += f"; as a share of {in_words(Compiled(compiled.whole))}"
    for order in query.order:
        said += f"; the {'greatest' if order.descending else 'least'} {order.column} first, {query.limit} of them"
    return said


def _way(hop: Hop) -> str:
    arrow = f"<-{hop.relationship}-" if hop.backwards else f"-{hop.relationship}->"
    return f"{hop.from_} {arrow} {hop.to}"


def _column(column: Column) -> str:
    return _FUNCTIONS[column.function].format(_value(column.value)) if column.function else _value(column.value)


def _value(value: Value) -> str:
    if value.part:
        return f"the {value.part} of {value.field}"
    return f"the days from {value.since} to {value.field}" if value.since else value.field


def _condition(condition: Condition) -> str:
    to = condition.to
    values = [to] if isinstance(to, str | int | float | bool) else to or []
    told = ", ".join(map(_number, values))
    return f"{_value(condition.value)} {condition.is_} {told}".rstrip()


def _number(value: Any) -> str:
    return f"“{value}”" if isinstance(value, str) and not value[:4].isdigit() else shown(value, plain=True)


def shown(value: Any, *, plain: bool = False) -> str:
    """A value for a person; amounts with two digits."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 100 else f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) and not plain and abs(value) >= 10_000 else str(value)


def told(query: GraphQuery, rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as lines: a number alone, a list, or each group with its numbers."""
    columns = query.columns
    if len(rows) == 1 and all(column.function for column in columns):
        return "\n".join(f"{column.name}: {shown(rows[0][column.name])}" for column in columns)
    names = [column.name for column in columns if not column.function]
    lines = [_line(row, names, [column.name for column in columns if column.function]) for row in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        lines.append(f"... and {len(rows) - _SHOWN} more")
    return "\n".join(lines)


def _line(row: Mapping[str, Any], names: Sequence[str], computed: Sequence[str]) -> str:
    first = shown(row[names[0]], plain=True)
    rest = [f"{name} {shown(row[name], plain=True)}" for name in names[1:]]
    said = f"{first} ({', '.join(rest)})" if rest else first
    return f"{said}: {', '.join(f'{shown(row[name])} {name}' for name in computed)}" if computed else said
