"""What people say in place of a column's name: "the cheapest", "how far", or a mere value, "from France".

Who asks need not know what the columns are called; the table does. Only a meaning that is the only one counts, and
every answer says which column it was worked out of.
"""

from __future__ import annotations

import re
from typing import Literal

from agent_core import ToolArgumentError
from agent_plugin_tables.table import Table
from agent_questions.dimensions import AS_NOUNS, dimensions_of

_RANKS = frozenset(["top", "highest", "lowest", "most", "least"])
_OF_NUMBERS = ("sum", "mean", "median", "min", "max", "sort")
_NAMES_A_ROW = re.compile(r"(?:\b|_)(?:id|no|nr|number|code|key|index|year)$|^#", re.IGNORECASE)


def column_meant(table: Table, phrase: str, operation: str = "") -> int:
    """The position of the column that a name, or a phrase around one, means for an operation.

    Raises:
        ToolArgumentError: no column can be meant, or more than one.
    """
    words = re.findall(r"[^\W_]+", phrase.casefold())
    try:
        found = table.column(phrase)
        if (
            operation == "sum"
            and table.kinds[found].kind != "number"
            and (other := dimension(table, words)) is not None
        ):
            return other  # "how much have I paid", where a column "paid" says yes or no
        return found
    except ToolArgumentError:
        columns = {found for word in words if len(words) > 1 and (found := named(table, word)) is not None}
        measured = dimension(table, words)
        if operation in _OF_NUMBERS and len(measures := _measures(table, columns)) == 1:
            return measures.pop()  # "the biggest order total", where orders have numbers of their own
        if measured is not None and all(table.kinds[i].kind == "text" for i in columns):
            return measured  # "the cheapest product", where the products have names
        if operation == "sort" and set(words) & _RANKS and all(table.kinds[i].kind == "text" for i in columns):
            measured = only_measure(table)  # "the top customers": by the one thing that can be compared
            columns = set() if measured is not None else columns
        found = None if columns else measured
        if len(columns) == 1:
            return columns.pop()
        if found is None and operation in ("min", "max") and not columns:
            found = only_measure(table)
        if found is None:
            raise
        return found


def order_meant(table: Table, column: int, phrase: str) -> Literal["ascending", "descending"] | None:
    """Which end "the oldest" or "the youngest" is: of ages the oldest is the largest, of dates the earliest."""
    words = set(re.findall(r"[a-z]+", phrase.casefold()))
    if not words & {"oldest", "youngest"}:
        return None
    dated = table.kinds[column].kind == "date" or re.search(r"born|birth|year|since|date", table.columns[column], re.I)
    return "ascending" if ("oldest" in words) == bool(dated) else "descending"


def dimension(table: Table, words: list[str]) -> int | None:
    """The column of the dimension that one of `words` speaks of."""
    words = [word for word in words if word not in AS_NOUNS]
    for word in words:
        if field := table.vocabulary.spoken_of(word):
            return table.columns.index(field.name)
    return only_measure(table) if any(dimensions_of(word) for word in words) else None


def _measures(table: Table, columns: set[int]) -> set[int]:
    """Those of `columns` that hold numbers which measure something, rather than number the rows."""
    return {i for i in columns if table.kinds[i].kind == "number" and not _NAMES_A_ROW.search(table.columns[i])}


def only_measure(table: Table) -> int | None:
    """The one column of numbers that measures something, rather than numbering the rows; None if there are others."""
    numeric = [i for i, reader in table.kinds.items() if reader.kind == "number"]
    found = sorted(_measures(table, set(numeric))) or numeric
    return found[0] if len(found) == 1 else None


def named(table: Table, words: str) -> int | None:
    """The one column that is called so, if there is one."""
    try:
        return table.column(words)
    except ToolArgumentError:
        return None
