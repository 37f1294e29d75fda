"""A checked query as one Cypher statement. Values are parameters; names are the schema's, quoted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from agent_core.errors import ToolError
from agent_plugin_graph.query.check import Checked
from agent_plugin_graph.query.exact import exact_mean, exact_sum
from agent_plugin_graph.query.model import Column, Condition, Value

if TYPE_CHECKING:
    from agent_plugin_graph.store.neo4j.connection import Connection

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_FUNCTIONS = {
    "count": "count({0})",
    "count distinct": "count(DISTINCT {0})",
    "min": "min({0})",
    "max": "max({0})",
}
_SUMS = {
    "sum": "reduce(t = 0, v IN {0} | t + v)",
    "avg": "CASE size({0}) WHEN 0 THEN NULL ELSE reduce(t = 0.0, v IN {0} | t + v) / size({0}) END",
}
_ADDED = {"sum": exact_sum, "avg": exact_mean}


def run(checked: Checked, connection: Connection) -> list[dict[str, Any]]:
    """The rows of a checked query."""
    statement, values = compiled(checked)
    return [
        {column.name: _plain(value, column) for column, value in zip(checked.query.columns, row, strict=True)}
        for row in connection.rows(statement, **values)
    ]


def quoted(name: str) -> str:
    """A label, type or property in the text of a statement.

    Raises:
        ToolError: it is no name; quoting alone would not do, because servers replace escapes before they see quotes.
    """
    if not _NAME.fullmatch(name):
        raise ToolError(f"{name!r} is no name of a label, relationship or property.")
    return f"`{name}`"


def compiled(checked: Checked) -> tuple[str, dict[str, Any]]:
    """The statement and its parameters."""
    query = checked.query
    values: dict[str, Any] = {"limit": query.limit}
    conditions = [_condition(condition, checked, values) for condition in query.where]
    aggregated = any(column.function for column in query.columns)
    distinct = "DISTINCT " if query.distinct and not aggregated else ""
    added = {place: column for place, column in enumerate(query.columns) if column.function in _ADDED}
    # What is added up is sent as it is, and added up here, exactly; it is put in order by the server's own sum.
    columns = [
        f"{_collected(column, checked)} AS x{place}" if place in added else f"{_column(column, checked)} AS c{place}"
        for place, column in enumerate(query.columns)
    ]
    sums = [f"{_SUMS[column.function or ''].format(f'x{place}')} AS c{place}" for place, column in added.items()]
    returned = ", ".join(f"{'x' if place in added else 'c'}{place}" for place in range(len(query.columns)))
    parts = [
        f"MATCH {_pattern(checked)}",
        f"WHERE {' AND '.join(conditions)}" if conditions else "",
        f"WITH {distinct}{', '.join(columns)}",
        f"WITH {', '.join(['*', *sums])}",
        f"WHERE {_having(checked, values)}" if query.having else "",
        f"WITH * ORDER BY {_order(checked)} LIMIT $limit",
        f"RETURN {returned}",
    ]
    return " ".join(part for part in parts if part), values


def _pattern(checked: Checked) -> str:
    """The nodes of the pattern, n0, n1, ..., and the relationships between them.

    One MATCH each, because within one no relationship is followed twice.
    """
    text = f"(n0:{quoted(checked.query.start)})"
    for place, hop in enumerate(checked.query.hops, start=1):
        left, right = ("<-", "-") if hop.backwards else ("-", "->")
        text += (
            f" MATCH (n{checked.leaves(place)}){left}[:{quoted(hop.relationship)}]{right}(n{place}:{quoted(hop.to)})"
        )
    return text


def _value(value: Value, checked: Checked) -> str:
    text = _field(value.field, checked)
    if value.part:
        return f"{text}.{value.part}"
    return f"duration.inDays({_field(value.since, checked)}, {text}).days" if value.since else text


def _field(field: str, checked: Checked) -> str:
    name, prop = checked.place(field)
    place = list(checked.labels).index(name)
    return f"n{place}.{quoted(prop)}" if prop else f"n{place}"


def _column(column: Column, checked: Checked) -> str:
    text = _value(column.value, checked)
    return _FUNCTIONS[column.function].format(text) if column.function else text


def _collected(column: Column, checked: Checked) -> str:
    text = _value(column.value, checked)
    if not column.once:
        return f"collect({text})"
    node = _field(checked.place(column.value.field)[0], checked)
    return f"[p IN collect(DISTINCT [elementId({node}), {text}]) WHERE p[1] IS NOT NULL | p[1]]"


def _having(checked: Checked, values: dict[str, Any]) -> str:
    names = [column.name for column in checked.query.columns]
    parts: list[str] = []
    for having in checked.query.having:
        parameter = f"v{len(values)}"
        values[parameter] = having.to
        parts.append(f"c{names.index(having.column)} {'<>' if having.is_ == '!=' else having.is_} ${parameter}")
    return " AND ".join(parts)


def _condition(condition: Condition, checked: Checked, values: dict[str, Any]) -> str:
    text = _value(condition.value, checked)
    if condition.is_ in ("is empty", "is set"):
        return f"{text} {'IS NULL' if condition.is_ == 'is empty' else 'IS NOT NULL'}"
    parameter = f"v{len(values)}"
    values[parameter] = condition.to
    is_date = checked.type_of(condition.value) == "date"
    match condition.is_:
        case "in":
            return f"{text} IN {f'[d IN ${parameter} | date(d)]' if is_date else f'${parameter}'}"
        case "contains":
            return f"toLower({text}) CONTAINS toLower(${parameter})"
        case "starts with":
            return f"toLower({text}) STARTS WITH toLower(${parameter})"
        case sign:
            other = f"date(${parameter})" if is_date else f"${parameter}"
            return f"{text} {'<>' if sign == '!=' else sign} {other}"


def _order(checked: Checked) -> str:
    names = [column.name for column in checked.query.columns]
    chosen = [(names.index(order.column), order.descending) for order in checked.query.order]
    rest = [(place, False) for place in range(len(names)) if place not in dict(chosen)]
    return ", ".join(f"c{place} IS NULL, c{place}{' DESC' if down else ''}" for place, down in [*chosen, *rest])


def _plain(value: Any, column: Column) -> Any:
    """Sums and means of what was sent, and dates as text, as every store gives them back."""
    if column.function in _ADDED:
        return _ADDED[column.function](value)
    return value.iso_format() if hasattr(value, "iso_format") else value
