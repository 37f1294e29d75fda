"""A checked query as one SQL statement. Every name and value in it is a parameter; the text is made of constants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from agent_plugin_graph.query.check import Checked
from agent_plugin_graph.query.model import Column, Condition, Value
from agent_plugin_graph.store.database import Database

_Expression: TypeAlias = tuple[str, list[Any]]
"""SQL with its parameters, in order."""
_PARTS = {
    "year": "CAST(strftime('%Y', {0}) AS INTEGER)",
    "quarter": "(CAST(strftime('%m', {0}) AS INTEGER) + 2) / 3",
    "month": "CAST(strftime('%m', {0}) AS INTEGER)",
    "day": "CAST(strftime('%d', {0}) AS INTEGER)",
}
_FUNCTIONS = {
    "count": "count({0})",
    "count distinct": "count(DISTINCT {0})",
    "sum": "coalesce(exact_sum({0}), 0)",
    "avg": "exact_avg({0})",
    "min": "min({0})",
    "max": "max({0})",
}


def run(checked: Checked, database: Database) -> list[dict[str, Any]]:
    """The rows of a checked query."""
    statement, values = compiled(checked)
    columns = checked.query.columns
    booleans = {c.name for c in columns if checked.type_of(c.value) == "boolean" and c.function in (None, "min", "max")}
    rows = [dict(zip([c.name for c in columns], row, strict=True)) for row in database.rows(statement, values)]
    for row in rows:
        row.update({name: bool(row[name]) for name in booleans if row[name] is not None})
    return rows


def compiled(checked: Checked) -> _Expression:
    """The statement and its parameters."""
    query = checked.query
    aggregated = any(column.function for column in query.columns)
    selected = [_column(column, checked) for column in query.columns]
    tables = _pattern(checked)
    conditions = [_condition(condition, checked) for condition in query.where]
    grouped = [str(place) for place, column in enumerate(query.columns, start=1) if not column.function]
    parts: list[_Expression] = [
        ("SELECT DISTINCT" if query.distinct and not aggregated else "SELECT", []),
        _joined(selected, ", "),
        tables,
        _joined([("WHERE TRUE", []), *conditions], " AND "),
    ]
    if aggregated and grouped:
        parts.append((f"GROUP BY {', '.join(grouped)}", []))
    if query.having:
        names = [column.name for column in query.columns]
        having = [(names.index(one.column), one) for one in query.having]
        kept = [(f"{selected[at][0]} {one.is_} ?", [*selected[at][1], one.to]) for at, one in having]
        parts.append(_joined([("HAVING TRUE", []), *kept], " AND "))
    parts += [_order(checked), ("LIMIT ?", [query.limit])]
    return _joined(parts, " ")


def _pattern(checked: Checked) -> _Expression:
    """The tables of the pattern: nodes n0, n1, ... and an edge between each two."""
    text = ["FROM (SELECT id, properties FROM node WHERE label = ?) AS n0"]
    values: list[Any] = [checked.query.start]
    for place, hop in enumerate(checked.query.hops, start=1):
        near, far = ("end_id", "start_id") if hop.backwards else ("start_id", "end_id")
        text.append(
            f"JOIN edge AS e{place} ON e{place}.type = ? AND e{place}.{near} = n{checked.leaves(place)}.id "
            f"JOIN node AS n{place} ON n{place}.id = e{place}.{far} AND n{place}.label = ?"
        )
        values += [hop.relationship, hop.to]
    return " ".join(text), values


def _value(value: Value, checked: Checked) -> _Expression:
    text, values = _field(value.field, checked)
    if value.part:
        return _PARTS[value.part].format(text), values
    if value.since:
        since, more = _field(value.since, checked)
        return f"CAST(julianday({text}) - julianday({since}) AS INTEGER)", [*values, *more]
    return text, values


def _field(field: str, checked: Checked) -> _Expression:
    name, prop = checked.place(field)
    place = list(checked.labels).index(name)
    return (f"json_extract(n{place}.properties, ?)", [f'$."{prop}"']) if prop else (f"n{place}.id", [])


def _column(column: Column, checked: Checked) -> _Expression:
    text, values = _value(column.value, checked)
    if column.once:
        node = f"n{list(checked.labels).index(checked.place(column.value.field)[0])}.id"
        text = f"{text}, {node}"
    return (_FUNCTIONS[column.function].format(text) if column.function else text), values


def _condition(condition: Condition, checked: Checked) -> _Expression:
    text, values = _value(condition.value, checked)
    to = condition.to
    match condition.is_:
        case "is empty":
            return f"{text} IS NULL", values
        case "is set":
            return f"{text} IS NOT NULL", values
        case "in":
            assert isinstance(to, Sequence)
            return f"{text} IN ({', '.join('?' * len(to))})", [*values, *to]
        case "contains":
            return f"instr(lower_of({text}), lower_of(?)) > 0", [*values, to]
        case "starts with":
            return f"instr(lower_of({text}), lower_of(?)) = 1", [*values, to]
        case sign:
            return f"{text} {sign} ?", [*values, to]


def _order(checked: Checked) -> _Expression:
    names = [column.name for column in checked.query.columns]
    chosen = [(names.index(order.column) + 1, order.descending) for order in checked.query.order]
    rest = [(place, False) for place in range(1, len(names) + 1) if place not in dict(chosen)]
    keys = [f"{place} {'DESC' if descending else 'ASC'} NULLS LAST" for place, descending in [*chosen, *rest]]
    return f"ORDER BY {', '.join(keys)}", []


def _joined(parts: Iterable[_Expression], separator: str) -> _Expression:
    listed = list(parts)
    return separator.join(text for text, _ in listed), [value for _, values in listed for value in values]
