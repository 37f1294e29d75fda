"""From rows to an answer: sums, means, medians, extremes, counts, distinct values, groups and sorted lists."""

from __future__ import annotations

import heapq
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal, localcontext
from typing import Any

from agent_core import ToolArgumentError, ToolError
from agent_plugin_tables.cells import Cell, is_blank, shown
from agent_plugin_tables.columns import ColumnReader
from agent_plugin_tables.question import NUMERIC, Operation, Query
from agent_plugin_tables.results import Group, TableAnswer
from agent_plugin_tables.spreadsheet import Spreadsheet
from agent_plugin_tables.table import Row, Table
from agent_plugin_tables.wording import completed, plain, scaled, stated

MAX_ROWS = 1000
MAX_GROUPS = 100_000
MAX_DISTINCT = 1_000_000
_TOTALS = frozenset({"total", "totals", "sum", "subtotal", "summe", "gesamt", "overall"})
_LONGEST_LABEL = 20
_TIES = 100
"""How many rows that are equal to the last are listed besides, at most."""
_EXACT = Context(prec=900)
"""Digits enough for the sum of any cells that are read as numbers: sums are exact."""
_QUOTIENT = Context(prec=28)


@dataclass
class Tally:
    """What has been counted so far, for one group or for all rows."""

    count: int = 0
    total: Decimal = Decimal(0)
    extreme: Decimal | datetime | str | None = None
    extreme_cell: Cell = None
    extreme_row: Row | None = None
    seen: Counter[Any] = field(default_factory=Counter[Any])


@dataclass
class Skipped:
    """Cells that could not be used."""

    blank: int = 0
    unfit: int = 0
    example: str = ""
    """The first unfit cell and its row."""
    units: Counter[str] = field(default_factory=Counter[str])

    total_rows: str = ""
    """A row that seems to hold the total of the others."""

    @property
    def mixes_units(self) -> bool:
        """Whether what was counted cannot be added up: two currencies, or percentages beside plain numbers."""
        named = {unit for unit in self.units if unit}
        return len(named) > 1 or ("%" in named and "" in self.units)

    def look_for_total(self, row: Row) -> None:
        """Remember a row that is called a total: adding it to the others would count everything twice."""
        label = row.cell(0) or row.cell(1)
        if isinstance(label, str) and len(label) < _LONGEST_LABEL:
            words = label.strip().casefold().rstrip(":").removeprefix("grand ")
            if words in _TOTALS:
                self.total_rows = f"row {row.number} ({label!r})"

    def add(self, row: Row, cell: Cell) -> None:
        """Count a cell that was left out."""
        if is_blank(cell):
            self.blank += 1
            return
        self.unfit += 1
        self.example = self.example or f"{shown(cell)[:40]!r} in row {row.number}"


def answer(query: Query) -> TableAnswer:
    """Answer a question about a table.

    Raises:
        ToolError: nothing in the column can be used, or there are too many different values to count.
    """
    with localcontext(_EXACT):
        if query.operation == "list" and not query.group:
            return _listed(query)
        tallies, skipped = _tally(query)
        if query.group:
            return _grouped(query, tallies, skipped)
        if query.operation == "distinct":
            return _distinct(query, tallies.get((), Tally()), skipped)
        return _single(query, tallies.get((), Tally()), skipped)


def _tally(query: Query) -> tuple[dict[tuple[str, ...], Tally], Skipped]:
    tallies: dict[tuple[str, ...], Tally] = {}
    skipped = Skipped()
    reader = query.readers[query.column] if query.column is not None else None
    distinct = 0
    for row in query.table.rows():
        if not query.test(row):
            continue
        value: Any = None
        cell: Cell = None
        if reader is not None and query.column is not None:
            cell = row.cell(query.column)
            value = _value_of(query.operation, reader, cell, skipped)
            if value is None:
                skipped.add(row, cell)
                continue
        skipped.look_for_total(row)
        key = tuple([_key(query, row, i) for i in query.group]) if query.group else ()
        tally = tallies.get(key)
        if tally is None:
            if len(tallies) >= MAX_GROUPS:
                raise ToolArgumentError(f"There are more than {MAX_GROUPS:,} groups; group by another column.")
            tally = tallies[key] = Tally()
        before = len(tally.seen)
        _count(query.operation, tally, value, cell, row)
        distinct += len(tally.seen) - before
        if distinct > MAX_DISTINCT:
            raise ToolError(f"There are more than {MAX_DISTINCT:,} different values; add a condition with where.")
    return tallies, skipped


def _key(query: Query, row: Row, column: int) -> str:
    """What a row is grouped by: a cell, or the part of its date."""
    part = query.parts.get(column)
    if part is None:
        return shown(row.cell(column))
    moment = query.readers[column].date(row.cell(column))
    if moment is None:
        return ""
    quarter = f"{moment.year}-Q{(moment.month + 2) // 3}"
    day = moment.date().isoformat()
    return {"year": day[:4], "quarter": quarter, "month": day[:7]}.get(part, day)


_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _is_kept(query: Query, value: Any) -> bool:
    return all(_SIGNS[sign](value, Decimal(str(number))) for sign, number in query.having)


def _value_of(operation: Operation, reader: ColumnReader, cell: Cell, skipped: Skipped) -> Any:
    """What counts of a cell: a number, a date, or text; None if it cannot be used."""
    if operation in NUMERIC or (reader.kind == "number" and operation in ("min", "max")):
        number = reader.number(cell)
        if number is None:
            return None
        skipped.units[number.unit.upper()] += 1
        return number.value
    if operation in ("min", "max"):
        return reader.key(cell)
    return None if is_blank(cell) else shown(cell)


def _count(operation: Operation, tally: Tally, value: Any, cell: Cell, row: Row) -> None:
    tally.count += 1
    if operation in ("sum", "mean"):
        tally.total += value
    elif operation in ("median", "distinct", "list"):
        tally.seen[value] += 1
    elif operation in ("min", "max"):
        better = tally.extreme is None or (value < tally.extreme if operation == "min" else value > tally.extreme)
        if better:
            tally.extreme, tally.extreme_cell, tally.extreme_row = value, cell, row


def _result(operation: Operation, tally: Tally) -> Decimal | datetime | str | int | None:
    if operation == "sum":
        return tally.total
    if operation == "mean":
        return _QUOTIENT.divide(tally.total, Decimal(tally.count))
    if operation == "median":
        return _median(tally.seen, tally.count)
    if operation in ("min", "max"):
        return tally.extreme if not isinstance(tally.extreme, str) else shown(tally.extreme_cell)
    return len(tally.seen) if operation in ("distinct", "list") else tally.count


def _median(seen: Mapping[Decimal, int], count: int) -> Decimal:
    """The middle value, or the mean of the two in the middle; `seen` counts equal values."""
    middle: list[Decimal] = []
    passed = 0
    for value in sorted(seen):
        before, passed = passed, passed + seen[value]
        middle += [value for at in ((count - 1) // 2, count // 2) if before <= at < passed]
    return sum(middle, Decimal(0)) / 2 if middle[0] != middle[-1] else middle[0]


def _single(query: Query, tally: Tally, skipped: Skipped) -> TableAnswer:
    if not tally.count and query.operation not in ("count", "sum"):
        raise _nothing_used(query, skipped)
    if not tally.count and query.operation == "sum" and (skipped.unfit or skipped.blank):
        raise _nothing_used(query, skipped)
    result = _result(query.operation, tally)
    rows = [_as_dict(query.table, tally.extreme_row)] if tally.extreme_row else []
    return _answered(query, result, rows, [], tally.count, skipped)


def _distinct(query: Query, tally: Tally, skipped: Skipped) -> TableAnswer:
    most = sorted(tally.seen.items(), key=lambda item: (-item[1], item[0].casefold()))
    groups = [Group(key, count, str(count), count) for key, count in most[: min(query.limit or MAX_ROWS, MAX_ROWS)]]
    return _answered(query, len(tally.seen), [], groups, tally.count, skipped)


def _grouped(query: Query, tallies: Mapping[tuple[str, ...], Tally], skipped: Skipped) -> TableAnswer:
    found = [(key, _result(query.operation, tally), tally.count) for key, tally in tallies.items()]
    found = [each for each in found if _is_kept(query, each[1])]
    found.sort(key=lambda each: [part.casefold() for part in each[0]])
    if query.sort is not None:
        key_of, place = query.readers[query.sort].key, query.group.index(query.sort)
        known = [each for each in found if key_of(each[0][place]) is not None]
        known.sort(key=lambda each: _sortable(key_of(each[0][place])), reverse=query.order == "descending")
        found = known + [each for each in found if key_of(each[0][place]) is None]
    elif query.sort_by_value or query.limit or query.order:
        found.sort(key=lambda each: _sortable(each[1]), reverse=query.order != "ascending")
    keep = min(query.limit or MAX_ROWS, MAX_ROWS)
    while query.ties and keep < min(len(found), MAX_ROWS) and found[keep][1] == found[keep - 1][1]:
        keep += 1
    groups = [
        Group(", ".join(part or "(blank)" for part in key), plain(value), scaled(value), count)
        for key, value, count in found[:keep]
    ]
    if not groups and skipped.unfit:
        raise _nothing_used(query, skipped)
    used = sum(tally.count for tally in tallies.values())
    return _answered(query, None, [], groups, used, skipped, total=len(found))


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _listed(query: Query) -> TableAnswer:
    keep = min(query.limit or MAX_ROWS, MAX_ROWS)
    skipped = Skipped()
    matched = 0

    def rows() -> Iterable[Row]:
        nonlocal matched
        for row in query.table.rows():
            if query.test(row):
                if query.column is not None and is_blank(row.cell(query.column)):
                    skipped.add(row, None)
                    continue
                matched += 1
                yield row

    if query.sort is None:
        first = [row for i, row in enumerate(rows()) if i < keep]
    else:
        reader = query.readers[query.sort]
        first = _first_sorted(rows(), query.sort, reader, query.descending, keep + _TIES * query.ties)
        first = _with_ties(first, query.sort, reader, keep) if query.ties else first
    only = [query.column] if query.column is not None else query.shown
    listed = [_as_dict(query.table, row, only) for row in first]
    if query.shown:
        listed = list({tuple(row.values()): row for row in listed}.values())
        matched = len(listed) if len(listed) < keep else matched
    return _answered(query, None, listed, [], matched, skipped, total=matched)


def _with_ties(rows: list[Row], column: int, reader: ColumnReader, keep: int) -> list[Row]:
    """The first of sorted rows, with those that are equal to the last of them; without those that have no value."""
    valued = [row for row in rows if reader.key(row.cell(column)) is not None]
    last = reader.key(valued[min(keep, len(valued)) - 1].cell(column)) if valued else None
    return [row for place, row in enumerate(valued) if place < keep or reader.key(row.cell(column)) == last]


def _first_sorted(rows: Iterable[Row], column: int, reader: ColumnReader, descending: bool, keep: int) -> list[Row]:
    """The first rows in sorted order, without holding the others; rows without a value come last."""
    key = reader.key
    unsorted: list[Row] = []

    def valued() -> Iterable[tuple[Any, int, Row]]:
        for row in rows:
            value = key(row.cell(column))
            if value is not None:
                yield value, row.number, row
            elif len(unsorted) < keep:
                unsorted.append(row)

    if descending:
        best = heapq.nlargest(keep, valued(), key=lambda each: each[0])
    else:
        best = heapq.nsmallest(keep, valued(), key=lambda each: each[0])
    return ([row for _, _, row in best] + unsorted)[:keep]


def _as_dict(table: Table, row: Row, only: Sequence[int] | None = None) -> dict[str, Any]:
    return {table.columns[i]: _json(row.cell(i)) for i in (only or range(len(table.columns)))}


def _json(cell: Cell) -> Any:
    return (
        cell if cell is None or isinstance(cell, int | str) else plain(cell) if isinstance(cell, float) else shown(cell)
    )


def _answered(
    query: Query,
    result: Any,
    rows: list[dict[str, Any]],
    groups: list[Group],
    used: int,
    skipped: Skipped,
    total: int = 0,
) -> TableAnswer:
    column = query.name(query.column) if query.column is not None else None
    notes = [*query.table.notes, *(reader.doubt for reader in query.readers.values() if reader.doubt)]
    if column and skipped.mixes_units:
        counted = ", ".join(f"{unit or 'none'} ({count})" for unit, count in skipped.units.most_common(6))
        notes.append(f"different units in {column}: {counted}")
    if skipped.total_rows and query.operation != "list":
        notes.append(f"{skipped.total_rows} was counted too; leave it out with where")
    if query.column is not None and skipped.blank and isinstance(query.table.source, Spreadsheet):
        unsaved = query.table.source.unsaved_formulas(query.column)
        if unsaved:
            notes.append(f"formulas in {column} without a stored result: {unsaved}; open and save the file first")
    unit = next(iter(skipped.units)) if len(skipped.units) == 1 else ""
    text = stated(query.operation, column, query.where, result, unit, used)
    answer = TableAnswer(
        query.operation,
        column,
        plain(result),
        scaled(result),
        rows,
        groups,
        used,
        skipped.blank + skipped.unfit,
        notes,
        text,
    )
    names = " and ".join(query.name(i) for i in query.group)
    return completed(answer, names, total, skipped.blank, skipped.unfit, skipped.example)


def _nothing_used(query: Query, skipped: Skipped) -> ToolError:
    name = query.name(query.column) if query.column is not None else "the table"
    if not skipped.blank and not skipped.unfit:
        return ToolArgumentError(f"No row of {query.table.path!r} fits {query.where or 'the conditions'!r}.")
    if skipped.unfit:
        kind = query.readers[query.column].kind if query.column is not None else "text"
        return ToolArgumentError(
            f"The column {name!r} of {query.table.path!r} holds {kind}, not numbers (such as {skipped.example}); "
            f"name another: {query.table.listed()}."
        )
    source = query.table.source
    if isinstance(source, Spreadsheet) and query.column is not None and source.unsaved_formulas(query.column):
        return ToolError(
            f"The cells of {name!r} are formulas without stored results; open and save {query.table.path!r} first."
        )
    return ToolArgumentError(f"The column {name!r} of {query.table.path!r} is empty in all rows that fit.")
