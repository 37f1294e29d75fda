"""A query of a table in words, so that a person can see whether it is what was meant."""

from __future__ import annotations

from agent_plugin_tables.asking.compiling import Asked
from agent_plugin_tables.conditions import Comparison, Node
from agent_plugin_tables.table import Table

_OPERATIONS = {
    "sum": "the sum of {0}",
    "mean": "the mean of {0}",
    "median": "the median of {0}",
    "min": "the least {0}",
    "max": "the greatest {0}",
    "count": "the number of rows",
    "distinct": "the number of different {0}",
}


def in_words(asked: Asked, table: Table) -> str:
    """What a query asks."""
    names = table.columns
    shown = ", ".join(names[i] for i in asked.shown) or "rows"
    column = "" if asked.column is None else names[asked.column]
    said = _OPERATIONS.get(asked.operation, shown).format(column)
    if asked.group:
        said += " for each " + ", ".join(f"{part} of {names[i]}" if part else names[i] for i, part in asked.group)
    if asked.where:
        said += " where " + " and ".join(_condition(node, table) for node in asked.where)
    if asked.having:
        said += ", if that is " + " and ".join(f"{sign} {number}" for sign, number in asked.having)
    if asked.of_groups:
        said = f"{'how many there are' if asked.of_groups == 'count' else 'the mean'} of {said}"
    if asked.whole is not None:
        of = " and ".join(_condition(node, table) for node in asked.whole)
        said += f", in percent of those{' where ' if of else ' of all rows'}{of}"
    if asked.limit is not None:
        by = f" {names[asked.sort]}" if asked.sort is not None else ""
        said += f"; the {'greatest' if asked.descending else 'least'}{by} first, {asked.limit} of them"
    return said


def _condition(node: Node, table: Table) -> str:
    if isinstance(node, Comparison):
        values = " or ".join(str(value) for value in node.values)
        return f"{table.columns[node.column]} {node.operator} {values}".rstrip()
    if node.word == "not":
        return f"not {_condition(node.parts[0], table)}"
    return "(" + f" {node.word} ".join(_condition(part, table) for part in node.parts) + ")"
