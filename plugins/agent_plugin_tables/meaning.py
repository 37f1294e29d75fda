"""What people say in place of a column's name: "the cheapest", "how far", or a mere value, "from France".

Who asks need not know what the columns are called; the table does. Only a meaning that is the only one counts, and
every answer says which column it was worked out of.
"""

from __future__ import annotations

import re
from typing import Literal

from agent_core import ToolArgumentError
from agent_plugin_tables.table import Table

_DIMENSIONS = (
    (
        "cheap cheaper cheapest expensive dear dearest costly pricey pricier priciest spend spent pay paid earn "
        "earned earning give given gave donate donated raise raised",
        "price cost amount total value fee charge salary wage pay revenue sales income",
    ),
    (
        "far long longer longest short shorter shortest travel travelled traveled drive drove driven ride rode walk "
        "walked run ran fly flew",
        "distance km kilometres kilometers miles length metres meters duration hours minutes time",
    ),
    ("old older oldest young younger youngest", "age born birth birthday birthdate year date"),
    ("new newer newest recent late later latest early earlier earliest last first", "date day time when year created"),
    (
        "heavy heavier heaviest light lighter lightest weigh weighs weighed kilos kilograms",
        "weight mass kg kilos grams",
    ),
    ("tall taller tallest high low deep deeper deepest", "height elevation depth level"),
    ("fast faster fastest slow slower slowest", "speed velocity time duration"),
    ("big bigger biggest large larger largest small smaller smallest great greatest", "size area population amount"),
    ("hot hotter hottest cold colder coldest warm warmer warmest cool coolest", "temperature temp degrees"),
    ("good better best bad worse worst", "rating score grade stars points marks"),
    ("work worked", "hours time duration"),
    ("sell sold selling", "sales sold quantity units revenue"),
)
"""Words that speak of a dimension, and what columns of that dimension are called, the likeliest first."""
FALLING = frozenset("cheaper shorter younger earlier lighter slower smaller colder cooler worse".split())  # noqa: SIM905
"""Comparatives that mean less of their dimension."""
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
    said = {*words, *(word.removesuffix("s") for word in words)}  # "who earns the most"
    for spoken, names in _DIMENSIONS:
        if not said & set(spoken.split()):
            continue
        columns = (named(table, name) for name in names.split())
        found = next((column for column in columns if column is not None), None)
        return only_measure(table) if found is None else found
    return None


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
