"""From rows to an answer: sums, means, medians, extremes, counts, distinct values, groups and sorted lists."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Context, Decimal, localcontext
from typing import Any, Literal, TypeAlias

from agent_core import ToolArgumentError, ToolContext, ToolError
from agent_plugin_tables.cells import Cell, ColumnReader, is_blank, shown
from agent_plugin_tables.condition_text import parse_where
from agent_plugin_tables.conditions import Condition, Test, columns_of, compile_test, from_list
from agent_plugin_tables.spreadsheet import Spreadsheet
from agent_plugin_tables.table import Row, Table
from agent_plugin_tables.wording import plain, scaled, stated

Operation: TypeAlias = Literal["sum", "mean", "median", "min", "max", "count", "distinct", "list"]
Order: TypeAlias = Literal["ascending", "descending"] | None
Value: TypeAlias = int | float | str | None

MAX_ROWS = 1000
MAX_GROUPS = 100_000
MAX_DISTINCT = 1_000_000
_NUMERIC = ("sum", "mean", "median")
_EXACT = Context(prec=900)
"""Digits enough for the sum of any cells that are read as numbers: sums are exact."""
_QUOTIENT = Context(prec=28)


@dataclass(frozen=True)
class Group:
    """The answer for the rows that share a value."""

    key: str
    value: Value
    decimal: str | None
    """The exact value, where it is a number."""
    rows: int


@dataclass(frozen=True)
class TableAnswer:
    """What a table says."""

    operation: str
    column: str | None
    value: Value
    """The result: a number, or a date or text for the smallest and largest; None for a list or groups."""
    decimal: str | None
    """The same number, exact, as text; a mean to 28 digits."""
    rows: list[dict[str, Any]]
    """For a list: the rows. For min and max: the row that it is in."""
    groups: list[Group]
    rows_used: int
    rows_skipped: int
    """Rows that fit the conditions but held nothing, or no number, in the column."""
    notes: list[str]
    """How the file was read, where that was not obvious."""
    text: str


@dataclass
class Query:
    """A question about a table, its columns found."""

    table: Table
    operation: Operation
    column: int | None
    group: list[int]
    sort: int | None
    sort_by_value: bool
    order: Order
    limit: int | None
    test: Test
    readers: Mapping[int, ColumnReader]
    where: str

    @property
    def descending(self) -> bool:
        """Largest first, if nothing else was said and only some are wanted."""
        return self.order == "descending" if self.order else self.limit is not None

    def name(self, column: int) -> str:
        """The name of a column."""
        return self.table.columns[column]


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

    def add(self, row: Row, cell: Cell) -> None:
        """Count a cell that was left out."""
        if is_blank(cell):
            self.blank += 1
            return
        self.unfit += 1
        self.example = self.example or f"{shown(cell)[:40]!r} in row {row.number}"


def prepare(
    ctx: ToolContext,
    table: Table,
    operation: Operation,
    column: str | None,
    where: str | Sequence[Condition | Mapping[str, Any]] | None,
    group_by: str | None,
    sort_by: str | None,
    order: Order,
    limit: int | None,
) -> Query:
    """Find the columns that a question names and decide how each is read.

    Raises:
        ToolArgumentError: a column, condition or limit that does not fit the table.
    """
    if limit is not None and limit < 1:
        raise ToolArgumentError(f"limit is {limit}; give a number of at least 1, or none for all.")
    node = parse_where(where, table) if isinstance(where, str) else from_list(where or [], table)
    group = _group_columns(table, group_by)
    chosen = table.column(column) if column and column.strip() not in ("*", "") else None
    by_value = bool(group) and sort_by is not None and _means_value(sort_by, operation, chosen, table)
    sort = table.column(sort_by) if sort_by and not by_value else None
    if operation in ("min", "max", *_NUMERIC, "distinct") and chosen is None:
        chosen = _only_column(table, operation, exclude=set(group))
    if group and sort is not None and sort not in group:
        raise ToolArgumentError(f"Groups are sorted by {group_by!r} or by their value, not by {sort_by!r}.")
    needed = {i for i in (chosen, sort, *group) if i is not None} | columns_of(node)
    readers = table.readers(sorted(needed))
    ctx.progress(f"Read the columns of {table.path}", 0.5)
    words = where.strip() if isinstance(where, str) else ""
    test = compile_test(node, readers)
    return Query(table, operation, chosen, group, sort, by_value, order, limit, test, readers, words)


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
        key = tuple(shown(row.cell(i)) for i in query.group)
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


def _value_of(operation: Operation, reader: ColumnReader, cell: Cell, skipped: Skipped) -> Any:
    """What counts of a cell: a number, a date, or text; None if it cannot be used."""
    if operation in _NUMERIC or (reader.kind == "number" and operation in ("min", "max")):
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
    if not tally.count and query.operation == "sum" and skipped.unfit:
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
    found.sort(key=lambda each: [part.casefold() for part in each[0]])
    if query.sort is not None:
        key_of, place = query.readers[query.sort].key, query.group.index(query.sort)
        known = [each for each in found if key_of(each[0][place]) is not None]
        known.sort(key=lambda each: _sortable(key_of(each[0][place])), reverse=query.order == "descending")
        found = known + [each for each in found if key_of(each[0][place]) is None]
    elif query.sort_by_value or query.limit or query.order:
        found.sort(key=lambda each: _sortable(each[1]), reverse=query.order != "ascending")
    groups = [
        Group(", ".join(part or "(blank)" for part in key), plain(value), scaled(value), count)
        for key, value, count in found[: min(query.limit or MAX_ROWS, MAX_ROWS)]
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
        first = _first_sorted(rows(), query.sort, query.readers[query.sort], query.descending, keep)
    only = [query.column] if query.column is not None else None
    listed = [_as_dict(query.table, row, only) for row in first]
    return _answered(query, None, listed, [], matched, skipped, total=matched)


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
    units = {unit or "no unit" for unit in skipped.units}
    if len(units) > 1 and units != {"%", "no unit"} | {"no unit"}:
        counted = ", ".join(f"{unit or 'none'} ({count})" for unit, count in skipped.units.most_common(6))
        notes.append(f"different units in {column}: {counted}")
    if query.column is not None and skipped.blank and isinstance(query.table.source, Spreadsheet):
        unsaved = query.table.source.unsaved_formulas(query.column)
        if unsaved:
            notes.append(
                f"{unsaved} formulas in {column} have no stored result; open and save the file to compute them"
            )
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
    from agent_plugin_tables.wording import completed

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


def _group_columns(table: Table, group_by: str | None) -> list[int]:
    if not group_by or not group_by.strip():
        return []
    try:
        return [table.column(group_by)]
    except ToolArgumentError:
        parts = [part for part in group_by.replace(" and ", ",").split(",") if part.strip()]
        if len(parts) < 2:
            raise
        return [table.column(part) for part in parts]


def _means_value(sort_by: str, operation: str, column: int | None, table: Table) -> bool:
    """Whether groups are to be sorted by what was worked out for them."""
    if sort_by.strip().casefold() in ("value", operation, "count", "total", "result"):
        return True
    return column is not None and table.column(sort_by) == column


def _only_column(table: Table, operation: str, exclude: set[int]) -> int:
    """The one column that can be meant when none was named."""
    numeric = [i for i, reader in table.kinds.items() if reader.kind == "number" and i not in exclude]
    if len(table.columns) == 1:
        return 0
    if len(numeric) == 1 and operation != "distinct":
        return numeric[0]
    which = ", ".join(repr(table.columns[i]) for i in numeric) if numeric else table.listed()
    raise ToolArgumentError(f"{operation} needs a column of {table.path!r}; name one of {which}.")
