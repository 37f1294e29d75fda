"""Conditions in the words of a person: "from Lisbon", "in the Kitchen department", "under 20 euros", "in March 2027".

Who asks knows values rather than columns; the table knows which column holds them. Every word has to be accounted for -
a value, a column's name, a comparison, a date, or a word that says nothing -, because a wrong count is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from agent_core import ToolArgumentError
from agent_plugin_tables.conditions import Comparison, Group, Node, Operator
from agent_plugin_tables.meaning import only_measure
from agent_plugin_tables.spoken_words import Item, WordReader
from agent_plugin_tables.table import Table

_LONGEST = 60


def spoken_condition(table: Table, text: str, measure: int | None = None) -> Node | None:
    """The condition that words state without the form of one; None where a word of it is not understood.

    Args:
        table: The table that is asked about.
        text: The words.
        measure: The column that the question is about: what a mere "over 90" compares.

    Raises:
        ToolArgumentError: a value stands in several columns, and the words name none of them.
    """
    words = [bare for word in text.split() if (bare := word.strip(".,;:!?\"“”'‘’()"))]
    if not words or len(words) > _LONGEST:
        return None
    items = WordReader(table, words).items()
    return _Conditions(table, items, measure).node() if items else None


class _Conditions:
    """Makes conditions of items: each value with its column, joined as they were said."""

    def __init__(self, table: Table, items: Sequence[Item], measure: int | None) -> None:
        self._table = table
        self._items = items
        self._measure = measure
        self._unused = {at for at, item in enumerate(items) if item.kind == "column"}

    def node(self) -> Node | None:
        """All of it; None if something is left over."""
        parts: list[Node] = []
        joints: list[str] = []
        joint, negated, lacking = "and", False, False
        sign: Operator | None = None
        graded: int | None = None
        for at, item in enumerate(self._items):
            if item.kind in ("and", "or"):
                joint = item.kind
            elif item.kind == "not":
                negated = True
            elif item.kind == "lacking":
                lacking = True
            elif item.kind == "sign":
                sign = item.sign
            elif item.kind == "grade":
                sign, graded = item.sign, item.columns[0]
            elif item.kind == "column":
                if lacking:
                    self._unused.discard(at)
                    parts.append(Comparison(item.columns[0], "is empty", ()))
                    joints.append(joint)
                    joint, lacking = "and", False
            else:
                made = self._compared(at, item, sign, graded)
                if made is None:
                    return None
                parts.append(Group("not", (made,)) if negated else made)
                joints.append(joint)
                joint, negated, sign, graded = "and", False, None, None
        if not parts or self._unused or negated or lacking or sign is not None:
            return None
        return _joined(parts, joints[1:])

    def _compared(self, at: int, item: Item, sign: Operator | None, graded: int | None) -> Node | None:
        if item.kind == "value":
            return None if sign not in (None, "=") else Comparison(self._holder(at, item), "=", (item.text,))
        if item.kind == "period" and item.text.isdecimal() and self._beside(at) == "number":
            item = Item("amount", item.text, until=item.until)  # a salary of 2000 is no year
        kind = "date" if item.kind == "period" else "number"
        column = graded if graded is not None else self._nearest(at, kind)
        if column is None and item.kind == "period":
            dates = [i for i, reader in self._table.kinds.items() if reader.kind == "date"]
            column = dates[0] if len(dates) == 1 else None
        if column is None and item.kind == "amount" and (sign is not None or item.until):
            column = self._measure if self._measure is not None else only_measure(self._table)
        if column is None and item.kind == "amount" and len(held := self._table.values.holders(item.text)) == 1:
            column = held[0]
        if column is None or (item.kind == "amount" and self._table.kinds[column].kind == "date"):
            return None
        if item.until:
            return self._between(column, item)
        if item.text.startswith("-"):
            return self._months(column, item.text, sign) if item.kind == "period" else None
        return Comparison(column, sign or "=", (item.text,))

    def _holder(self, at: int, item: Item) -> int:
        """Which column a value is compared with: the one that is named beside it, else the only one that holds it."""
        near = self._near(at)
        for place in near:
            if self._items[place].columns[0] in item.columns:
                self._unused.discard(place)
                return self._items[place].columns[0]
        if len(item.columns) > 1:
            several = ", ".join(repr(self._table.columns[i]) for i in item.columns)
            raise ToolArgumentError(
                f"{item.text!r} stands in the columns {several} of {self._table.path!r}; name one of them."
            )
        return next(iter(item.columns))

    def _nearest(self, at: int, kind: str) -> int | None:
        for place in self._near(at):
            column = self._items[place].columns[0]
            if self._table.kinds[column].kind == kind:
                self._unused.discard(place)
                return column
        return None

    def _beside(self, at: int) -> str:
        """The kind of the column that is named nearest."""
        near = self._near(at)
        return self._table.kinds[self._items[near[0]].columns[0]].kind if near else ""

    def _near(self, at: int) -> list[int]:
        """The columns named nearby that belong to nothing else yet; the one before comes first."""
        return sorted(self._unused, key=lambda place: (abs(place - at), place))

    def _between(self, column: int, item: Item) -> Node | None:
        if item.text.startswith("-") or item.until.startswith("-"):
            year = item.until[:4]
            if not re.fullmatch(r"-\d\d", item.text) or not year.isdigit():
                return None
            item = Item(item.kind, f"{year}{item.text}", until=item.until)
        return Group("and", (Comparison(column, ">=", (item.text,)), Comparison(column, "<=", (item.until,))))

    def _months(self, column: int, month: str, sign: Operator | None) -> Node | None:
        """A month of whatever years there are."""
        if sign is not None:
            return None
        reader = self._table.kinds[column]
        moments: Iterable[datetime | None] = (reader.date(row.cell(column)) for row in self._table.rows())
        years = sorted({moment.year for moment in moments if moment})
        parts = tuple(Comparison(column, "=", (f"{year}{month}",)) for year in years[:100])
        return Group("or", parts) if parts else None


def _joined(parts: Sequence[Node], joints: Sequence[str]) -> Node | None:
    """Conditions as they were joined; values of one column are alternatives, however they are joined."""
    if len(parts) == 1:
        return parts[0]
    equal = [part for part in parts if isinstance(part, Comparison) and part.operator == "="]
    if len(equal) == len(parts) and len({part.column for part in equal}) == 1:
        return Comparison(equal[0].column, "in", tuple(value for part in equal for value in part.values))
    if len(set(joints)) > 1:
        return None
    return Group("or" if joints[0] == "or" else "and", tuple(parts))
