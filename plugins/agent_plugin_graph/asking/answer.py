"""The answer of the tables to a question in words: its rows, with the query they came from; or why there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from agent_plugin_graph.asking.compiling import Compiled, compiled
from agent_plugin_graph.asking.result import NotUnderstood, TableAnswer
from agent_plugin_graph.asking.tables import Tables
from agent_plugin_graph.asking.telling import in_words, shown, told
from agent_plugin_graph.query.model import MOST_ROWS, Column, GraphQuery, Value
from agent_questions.meanings import Field
from agent_questions.reading import NotUnderstoodError, names_something
from agent_questions.request import Request
from agent_questions.understanding import Way, understand

_TIES = 100


def ask_tables(tables: Tables, question: str) -> TableAnswer | NotUnderstood:
    """Answer a question from the tables, if every word of it can be accounted for."""
    try:
        if not tables.vocabulary.schema.properties:
            raise NotUnderstoodError("There are no tables.")
        known = tables.vocabulary
        return _answered(understand(question, known, tables.duration, lambda one: _compiled(one, tables)), tables)
    except NotUnderstoodError as error:
        return NotUnderstood(str(error), names_something(question, tables.vocabulary))


def _compiled(request: Request, tables: Tables) -> Way[Compiled]:
    made = _frozen(compiled(request, tables))
    return Way(made, len(made.query.hops), in_words(made))


def _frozen(made: Compiled) -> Compiled:
    query = made.query
    return replace(
        made,
        query=replace(
            query, columns=tuple(query.columns), hops=tuple(query.hops), where=tuple(query.where),
            order=tuple(query.order), having=tuple(query.having),
        ),
        whole=made.whole and _frozen(Compiled(made.whole)).query,
    )  # fmt: skip


def _answered(understood: Compiled, tables: Tables) -> TableAnswer:
    query = understood.query
    limit = min(MOST_ROWS, query.limit + _TIES) if understood.ranked else query.limit
    rows = tables.rows(replace(query, limit=limit))
    notes = _notes(query, tables)
    if understood.ranked:
        rows = _with_ties(rows, query.limit, understood.ranked)
        if len(rows) > query.limit:
            notes.append(f"{len(rows) - query.limit + 1} are equal at the end of the list.")
    if understood.divided:
        rows, said = _mean(rows, query, tables, notes)
    elif understood.whole:
        rows, said = _share(rows, understood.whole, tables)
    elif understood.counted:
        if len(rows) == MOST_ROWS:
            raise NotUnderstoodError(f"There are {MOST_ROWS} or more: I count groups only up to that.")
        name = query.columns[0].name
        said = f"{name}: {len(rows)}"
        rows = [{name: len(rows)}]
    elif not rows or all(value is None for row in rows for value in row.values()):
        said = "Nothing in the tables fits."
        rows = []
    else:
        said = told(query, rows)
        if len(rows) == MOST_ROWS:
            notes.append(f"These are the first {MOST_ROWS}; there may be more.")
    read_as = in_words(understood)
    text = "\n".join([said, *(f"Note: {note}" for note in notes), f"(Read as: {read_as}.)"])
    return TableAnswer(text, rows, query, read_as, notes)


def _mean(
    rows: list[dict[str, Any]], query: GraphQuery, tables: Tables, notes: list[str]
) -> tuple[list[dict[str, Any]], str]:
    """One number per group, of those groups that have any."""
    measured, groups = (column.name for column in (query.columns[-1], query.columns[0]))
    if query.columns[0].function is None:
        if len(rows) == MOST_ROWS:
            raise NotUnderstoodError(f"There are {MOST_ROWS} or more groups: I average only up to that.")
        name = f"average {measured} for each of {len(rows)}"
        value = sum(row[measured] for row in rows) / len(rows) if rows else None
        return ([{name: value}], f"{name}: {shown(value)}") if rows else ([], "Nothing in the tables fits.")
    measured, groups = groups, measured
    if not rows[0][groups]:
        return [], "Nothing in the tables fits."
    field = query.columns[1].value.field
    if "." not in field:
        every = tables.rows(GraphQuery(field, [Column("n", Value(field), "count")]))[0]["n"]
        if every != rows[0][groups]:
            notes.append(f"{rows[0][groups]} of {every} {groups} have any; the others are left out.")
    value = rows[0][measured] / rows[0][groups]
    name = f"average {measured} for each of {rows[0][groups]} {groups}"
    return [{name: value}], f"{name}: {shown(value)}"


def _share(rows: list[dict[str, Any]], whole: GraphQuery, tables: Tables) -> tuple[list[dict[str, Any]], str]:
    """A number in percent of another."""
    name, part = next(iter(rows[0].items()))
    total = next(iter(tables.rows(whole)[0].values()))
    if not total:
        return [], "Nothing in the tables fits."
    value = 100 * part / total
    return [{f"percent of {name}": value}], f"{shown(value)} % ({shown(part)} of {shown(total)} {name})"


def _with_ties(rows: list[dict[str, Any]], most: int, column: str) -> list[dict[str, Any]]:
    if len(rows) <= most:
        return rows
    last = rows[most - 1][column]
    return [row for place, row in enumerate(rows) if place < most or row[column] == last]


def _notes(query: GraphQuery, tables: Tables) -> list[str]:
    notes: list[str] = []
    for condition in query.where:
        label, _, name = condition.value.field.partition(".")
        if condition.is_ == "=" and isinstance(condition.to, str) and name == tables.vocabulary.name_of(label).name:
            called = tables.called(Field(label, name), condition.to)
            if called > 1:
                notes.append(f"{called} of {label} are called “{condition.to}”; they are taken together.")
    return notes
