"""The answer of a table to a question in words, or the words that it does not understand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from agent_core import ToolArgumentError
from agent_plugin_tables.answers import answer
from agent_plugin_tables.asking.compiling import Asked, compiled
from agent_plugin_tables.asking.telling import in_words
from agent_plugin_tables.conditions import Group, Node, columns_of, compile_test
from agent_plugin_tables.question import Query
from agent_plugin_tables.results import TableAnswer
from agent_plugin_tables.table import Table
from agent_plugin_tables.wording import plain, scaled, worded
from agent_questions.paths import without_path
from agent_questions.reading import NotUnderstoodError
from agent_questions.request import Request
from agent_questions.understanding import Way, understand


def ask_table(table: Table, question: str) -> TableAnswer:
    """Answer a question in words, if every word of it can be accounted for.

    Raises:
        ToolArgumentError: it cannot be read as one to this table; the message says which words are not understood.
    """
    vocabulary = table.vocabulary

    def way(request: Request) -> Way[Asked]:
        asked = compiled(request, table, vocabulary)
        # A column of numbers is rather added up than listed, where "the total" may be either.
        numbers = [i for i in asked.shown if table.kinds[i].kind == "number"]
        return Way(asked, 0.5 if numbers and not asked.where else 0.0, in_words(asked, table))

    try:
        asked = understand(without_path(question, table.path), vocabulary, lambda label: None, way)
    except NotUnderstoodError as error:
        raise ToolArgumentError(f"{error} The columns of {table.path!r} are {table.listed()}.") from error
    return answered(asked, table)


def answered(asked: Asked, table: Table) -> TableAnswer:
    """The answer to a question that is understood."""
    found = answer(_query(asked, asked.where, table))
    if asked.whole is not None:
        whole = answer(_query(asked, asked.whole, table))
        found = _number(found, _share(found, whole), "%")
    elif asked.of_groups and found.groups:
        values = [Decimal(group.decimal or "0") for group in found.groups]
        number = Decimal(len(values)) if asked.of_groups == "count" else sum(values, Decimal(0)) / len(values)
        found = _number(replace(found, groups=[]), number, "")
    elif len(found.rows) == 1 and len(found.rows[0]) == 1 and found.value is None:
        found = replace(found, value=next(iter(found.rows[0].values())))
    return replace(found, text=f"{found.text}\n(Read as: {in_words(asked, table)}.)")


def _query(asked: Asked, where: Sequence[Node], table: Table) -> Query:
    node = Group("and", tuple(where)) if where else None
    group = [column for column, _ in asked.group]
    named = {asked.column, asked.sort, *group, *asked.shown} - {None}
    readers = table.readers(sorted({column for column in named if column is not None} | columns_of(node)))
    order = None if asked.descending is None else "descending" if asked.descending else "ascending"
    return Query(
        table, asked.operation, asked.column, group, asked.sort, bool(group and order), order, asked.limit,
        compile_test(node, readers), readers, "",
        {column: part for column, part in asked.group if part and readers[column].kind == "date"},
        asked.having, asked.shown, ties=asked.limit is not None,
    )  # fmt: skip


def _share(part: TableAnswer, whole: TableAnswer) -> Decimal:
    total = Decimal(whole.decimal or "0")
    if not total:
        raise ToolArgumentError("There is nothing of which this could be a share.")
    return 100 * Decimal(part.decimal or "0") / total


def _number(found: TableAnswer, value: Decimal, unit: str) -> TableAnswer:
    notes = f"\nNote: {'; '.join(found.notes)}." if found.notes else ""
    return replace(found, value=plain(value), decimal=scaled(value), text=f"{worded(value)}{unit}{notes}")
