"""Whether a query fits the schema: every label, relationship, property, type and date, with what would be right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agent_core.errors import ToolArgumentError
from agent_plugin_graph.query.model import (
    MOST_HOPS,
    MOST_ROWS,
    Column,
    Condition,
    GraphQuery,
    Having,
    Hop,
    Scalar,
    Value,
)
from agent_questions.schema import Schema

_NUMBERS = ("integer", "number")


@dataclass(frozen=True)
class Checked:
    """A query whose every name is known to be one of the schema's."""

    query: GraphQuery
    labels: Mapping[str, str]
    """Name in the pattern to label, in the pattern's order."""
    schema: Schema

    def leaves(self, place: int) -> int:
        """The place of the node that the hop to the node at `place` leaves."""
        hop = self.query.hops[place - 1]
        return list(self.labels).index(hop.from_) if hop.from_ else place - 1

    def place(self, field: str) -> tuple[str, str]:
        """(name in the pattern, property) of a field; the property is empty where the node itself is meant."""
        name, _, found = field.partition(".")
        return name, found

    def type_of(self, value: Value) -> str:
        """The type that a value has."""
        if value.part or value.since:
            return "integer"
        name, prop = self.place(value.field)
        return self.schema.properties[self.labels[name]][prop] if prop else "node"


def check(query: GraphQuery, schema: Schema) -> Checked:
    """Check a query against what there is.

    Raises:
        ToolArgumentError: something in it is not in the schema, or does not fit together.
    """
    if not schema.properties:
        raise ToolArgumentError("The graph has no tables yet: load some with `agent-core graph add MAPPING.yaml`.")
    if len(query.hops) > MOST_HOPS:
        raise ToolArgumentError(f"The pattern has {len(query.hops)} hops; at most {MOST_HOPS} are followed.")
    if not 1 <= query.limit <= MOST_ROWS:
        raise ToolArgumentError(f"limit is {query.limit}; it must be 1 to {MOST_ROWS}.")
    labels = {query.start: _known(query.start, schema.properties, "label")}
    previous = query.start
    for hop in query.hops:
        previous = _known(hop.from_, labels, "node") if hop.from_ else previous
        _check_hop(labels[previous], hop, schema)
        name = hop.name or hop.to
        if name in labels or "." in name:
            raise ToolArgumentError(
                f"Two nodes of the pattern are called {name!r}; give one of them a name of its own."
            )
        labels[name], previous = hop.to, name
    checked = Checked(query, labels, schema)
    _check_columns(query.columns, checked)
    for condition in query.where:
        _check_condition(condition, checked)
    for order in query.order:
        _known(order.column, [column.name for column in query.columns], "column")
    for having in query.having:
        _check_having(having, query)
    return checked


def _check_hop(previous: str, hop: Hop, schema: Schema) -> None:
    _known(hop.to, schema.properties, "label")
    pairs = schema.relationships[_known(hop.relationship, schema.relationships, "relationship")]
    if ((hop.to, previous) if hop.backwards else (previous, hop.to)) not in pairs:
        joined = ", ".join(f"{start} -> {end}" for start, end in sorted(pairs))
        way = f"{previous} <- {hop.to}" if hop.backwards else f"{previous} -> {hop.to}"
        raise ToolArgumentError(f"{hop.relationship} does not lead {way}; it joins {joined}.")


def _check_columns(columns: Sequence[Column], checked: Checked) -> None:
    names = [column.name for column in columns]
    if not columns or len(set(names)) < len(names) or "" in names:
        raise ToolArgumentError("A query needs one or more columns, each with a name of its own.")
    for column in columns:
        kind = _check_value(column.value, checked)
        if kind == "node" and column.function not in ("count", "count distinct"):
            raise ToolArgumentError(f"The column {column.name!r} is a whole node: name one of its properties.")
        if column.function in ("sum", "avg") and kind not in _NUMBERS:
            raise ToolArgumentError(f"{column.function} needs a number, and {column.value.field} is {kind}.")
        if column.once and column.function not in ("sum", "avg"):
            raise ToolArgumentError(f"The column {column.name!r} is once, and neither a sum nor a mean.")


def _check_having(having: Having, query: GraphQuery) -> None:
    columns = {column.name: column for column in query.columns}
    function = columns[_known(having.column, columns, "column")].function
    if function not in ("count", "count distinct", "sum", "avg"):
        raise ToolArgumentError(f"{having.column} computes nothing: compare what it is of in `where`.")
    _check_scalar(having.to, "number", f"{having.column} {having.is_}")


def _check_value(value: Value, checked: Checked) -> str:
    for field in (value.field, value.since) if value.since else (value.field,):
        name, prop = checked.place(field)
        label = checked.labels[_known(name, checked.labels, "node")]
        if prop:
            kind = checked.schema.properties[label][
                _known(prop, checked.schema.properties[label], f"property of {label}")
            ]
            if (value.part or value.since) and kind != "date":
                raise ToolArgumentError(f"{field} is {kind}, not a date.")
        elif value.part or value.since:
            raise ToolArgumentError(f"{field} is a node, not a date.")
    if value.part and value.since:
        raise ToolArgumentError("A value is a part of a date or the days between two, not both.")
    return checked.type_of(value)


def _check_condition(condition: Condition, checked: Checked) -> None:
    kind = _check_value(condition.value, checked)
    to, said = condition.to, f"{condition.value.field} {condition.is_}"
    if kind == "node":
        raise ToolArgumentError(f"{condition.value.field} is a whole node: compare one of its properties.")
    if condition.is_ in ("is empty", "is set"):
        if to is not None:
            raise ToolArgumentError(f"{said} compares to nothing: leave {to!r} out.")
        return
    if condition.is_ == "in":
        if isinstance(to, str) or not isinstance(to, Sequence) or not to:
            raise ToolArgumentError(f"{said} needs a list of values.")
        for one in to:
            _check_scalar(one, kind, said)
    elif to is None or (isinstance(to, Sequence) and not isinstance(to, str)):
        raise ToolArgumentError(f"{said} needs one value to compare to.")
    elif condition.is_ in ("contains", "starts with"):
        if kind != "text" or not isinstance(to, str):
            raise ToolArgumentError(f"{said} compares text, and {condition.value.field} is {kind}.")
    else:
        _check_scalar(to, kind, said)


def _check_scalar(to: Scalar, kind: str, said: str) -> None:
    if kind in _NUMBERS:
        fits = isinstance(to, int | float) and not isinstance(to, bool) and math.isfinite(to)
    elif kind == "boolean":
        fits = isinstance(to, bool)
    else:
        fits = isinstance(to, str) and (kind != "date" or _is_date(to))
    if not fits:
        raise ToolArgumentError(
            f"{said} {to!r}: it is compared to {'a date like 2023-12-31' if kind == 'date' else kind}."
        )


def _is_date(text: str) -> bool:
    try:
        return len(text) == 10 and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _known(name: str, names: Mapping[str, object] | Sequence[str], what: str) -> str:
    if name not in names:
        from agent_core.suggest import did_you_mean

        listed = ", ".join(sorted(names)[:12])
        raise ToolArgumentError(f"There is no {what} {name!r}.{did_you_mean(name, names)} There are: {listed}.")
    return name
