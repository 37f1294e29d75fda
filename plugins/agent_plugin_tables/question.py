"""A question about a table, with its columns found and its conditions checked, before any row is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from agent_core import ToolArgumentError, ToolContext
from agent_plugin_tables.columns import ColumnReader
from agent_plugin_tables.condition_text import parse_where
from agent_plugin_tables.conditions import Condition, Group, Test, columns_of, compile_test, from_list
from agent_plugin_tables.meaning import column_meant, only_measure, order_meant
from agent_plugin_tables.table import Table

Operation: TypeAlias = Literal["sum", "mean", "median", "min", "max", "count", "distinct", "list"]
Order: TypeAlias = Literal["ascending", "descending"] | None

NUMERIC = ("sum", "mean", "median")
"""Operations that only numbers allow."""


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
    parts: Mapping[int, str] = field(default_factory=dict[int, str])
    """Dates that are grouped by their year, quarter, month or day."""
    having: Sequence[tuple[str, float | int]] = ()
    """Which groups are kept: signs and numbers that their results are compared with."""
    shown: Sequence[int] = ()
    """The columns that are listed, equal rows once; whole rows, if left out."""
    ties: bool = False
    """Whether what is equal to the last that the limit leaves belongs to the result."""

    @property
    def descending(self) -> bool:
        """Largest first, if nothing else was said and only some are wanted."""
        return self.order == "descending" if self.order else self.limit is not None

    def name(self, column: int) -> str:
        """The name of a column."""
        return self.table.columns[column]


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
    from agent_plugin_tables.asking.conditions import condition_in_words

    if limit is not None and limit < 1:
        raise ToolArgumentError(f"limit is {limit}; give a number of at least 1, or none for all.")
    named = None
    try:
        chosen = column_meant(table, column, operation) if column and column.strip() not in ("*", "") else None
    except ToolArgumentError:
        # "how much was spent on fuel", where fuel is one of the things that money was spent on
        named, chosen = condition_in_words(table, column or ""), only_measure(table)
        if named is None or chosen is None or operation not in (*NUMERIC, "min", "max"):
            raise
    node = parse_where(where, table, chosen) if isinstance(where, str) else from_list(where or [], table)
    node = Group("and", (named, node)) if named and node else named or node
    group = _group_columns(table, group_by)
    by_value = bool(group) and sort_by is not None and _means_value(sort_by, operation, chosen, table)
    sort = column_meant(table, sort_by, "sort") if sort_by and not by_value else None
    if operation in ("min", "max", *NUMERIC, "distinct") and chosen is None:
        chosen = _only_column(table, operation, exclude=set(group))
    if sort_by and sort is not None and order is None:
        order = order_meant(table, sort, sort_by)
    if group and sort is not None and sort not in group:
        raise ToolArgumentError(f"Groups are sorted by {group_by!r} or by their value, not by {sort_by!r}.")
    needed = {i for i in (chosen, sort, *group) if i is not None} | columns_of(node)
    readers = table.readers(sorted(needed))
    ctx.progress(f"Read the columns of {table.path}", 0.5)
    words = where.strip().removeprefix("where ") if isinstance(where, str) else ""
    words = " and ".join(part for part in (column if named else "", words) if part)
    test = compile_test(node, readers)
    return Query(table, operation, chosen, group, sort, by_value, order, limit, test, readers, words)


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
    measure = only_measure(table)
    if operation != "distinct" and (len(numeric) == 1 or measure is not None):
        return numeric[0] if len(numeric) == 1 else measure  # pyright: ignore[reportReturnType]
    which = ", ".join(repr(table.columns[i]) for i in numeric) if numeric else table.listed()
    raise ToolArgumentError(f"{operation} needs a column of {table.path!r}; name one of {which}.")
