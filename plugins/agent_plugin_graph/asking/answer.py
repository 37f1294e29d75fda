"""The answer of the tables to a question in words: its rows, with the query they came from; or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, product
from typing import Any

from agent_plugin_graph.asking.assembly import Word, assemble
from agent_plugin_graph.asking.compiling import Compiled, compiled
from agent_plugin_graph.asking.language import RELATIVES, VERBS
from agent_plugin_graph.asking.reading import Item, NotUnderstoodError, Reading, names_something, read
from agent_plugin_graph.asking.result import NotUnderstood, TableAnswer
from agent_plugin_graph.asking.tables import Tables
from agent_plugin_graph.asking.telling import in_words, shown, told
from agent_plugin_graph.asking.vocabulary import Field, Known, Thing
from agent_plugin_graph.query.model import MOST_ROWS, Column, GraphQuery, Value
from agent_plugin_graph.store.protocol import GraphStore

_MOST_WAYS = 96
_TIES = 100


def ask_tables(store: GraphStore, question: str) -> TableAnswer | NotUnderstood:
    """Answer a question from the tables, if every word of it can be accounted for."""
    tables = Tables(store)
    try:
        if not tables.vocabulary.schema.properties:
            raise NotUnderstoodError("There are no tables.")
        understood = _understood(read(question, tables.vocabulary), tables)
        return _answered(understood, tables)
    except NotUnderstoodError as error:
        return NotUnderstood(str(error), names_something(question, tables.vocabulary))


def _understood(items: Sequence[Item], tables: Tables) -> Compiled:
    """The one query that the items can mean."""
    failures: list[NotUnderstoodError] = []
    found: dict[Compiled, tuple[float, dict[int, Field]]] = {}
    verbs = _verbs(items)
    for cost, words in _ways(items):
        try:
            request = assemble(words, verbs, tables.vocabulary, tables.duration)
            made = compiled(request, tables)
        except NotUnderstoodError as error:
            failures.append(error)
            continue
        total = cost + len(made.query.hops)
        fields = {word.at: word.detail.field for word in words if word.kind == "known"}
        known = _frozen(made)
        if known not in found or found[known][0] > total:
            found[known] = (total, fields)
    if not found:
        raise failures[0]
    ranked = sorted(found.items(), key=lambda pair: pair[1][0])
    best, (cost, fields) = ranked[0]
    for other, (total, others) in ranked[1:]:
        # Whose name it is, no distance tells; what a word means, the simpler reading does.
        if total - cost < 0.1 or any(others.get(at, field) != field for at, field in fields.items()):
            raise NotUnderstoodError(
                f"It can be read in two ways: {in_words(best)}. Or: {in_words(other)}. Say which is meant."
            )
    return best


def _verbs(items: Sequence[Item]) -> list[int]:
    """Where the verbs stand that say something of the whole, not in a relative clause."""
    found: list[int] = []
    within = False
    for place, item in enumerate(items):
        said = item.text.lower()
        if said in RELATIVES and place and items[place - 1].readings[0].kind in ("thing", "known"):
            within = True
        elif said in VERBS:
            if not within:
                found.append(item.start)
            within = False
    return found


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


def _ways(items: Sequence[Item]) -> Iterator[tuple[float, list[Word]]]:
    """Every way to read the items, with what speaks against it, likelier ones first."""
    readings = [_likely(item, place, items) for place, item in enumerate(items)]
    for chosen in islice(product(*readings), _MOST_WAYS):
        cost = 0.0
        words: list[Word] = []
        for item, options, reading in zip(items, readings, chosen, strict=True):
            cost += 0.3 * options.index(reading)
            if reading.kind != "filler":
                words.append(Word(reading.kind, reading.detail, item.text, item.start))
        yield cost, words


def _likely(item: Item, place: int, items: Sequence[Item]) -> list[Reading]:
    """The readings of an item that its neighbours, and else the rest of the question, speak for."""
    things = {reading.detail.label for reading in item.readings if reading.kind == "thing"}
    # What is the name of a label is not meant as one of its properties: "review" in the table of reviews.
    readings = [one for one in item.readings if one.kind != "field" or one.detail.label not in things]
    for kinds in (("field",), ("known",)):
        some = [reading for reading in readings if reading.kind in kinds]
        if len(some) < 2:
            continue
        near = [
            one for one in (*items[max(0, place - 3) : place], *items[place + 1 : place + 3]) if not _is_filler(one)
        ]
        beside = [one for one in items[:place] if not _is_filler(one)][-1:] + [
            one for one in items[place + 1 :] if not _is_filler(one)
        ][:1]
        for those in (beside, near, items):
            labels = {label for one in those if one is not item for label in _labels(one)}
            fitting = [reading for reading in some if _label(reading) in labels]
            if fitting and (kinds == ("field",) or those is beside):
                readings = [reading for reading in readings if reading not in some or reading in fitting]
                break
    return readings


def _is_filler(item: Item) -> bool:
    return item.readings[0].kind == "filler"


def _label(reading: Reading) -> str:
    return reading.detail.field.label if isinstance(reading.detail, Known) else reading.detail.label


def _labels(item: Item) -> set[str]:
    return {
        reading.detail.label
        for reading in item.readings
        if isinstance(reading.detail, Thing) or (isinstance(reading.detail, Field) and len(item.readings) == 1)
    } | {reading.detail.field.label for reading in item.readings if isinstance(reading.detail, Known)}


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
