"""How the cells of a column are read: as numbers, dates or text, decided by all of them and not one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from agent_plugin_tables.cells import Cell, Number, decimal_mark, is_blank, parse_number, plain_number, shown
from agent_plugin_tables.dates import day_order, parse_date

Kind: TypeAlias = Literal["number", "date", "text", "empty"]


@dataclass(frozen=True)
class ColumnReader:
    """How the cells of one column are read, decided by all of them together."""

    name: str
    kind: Kind
    comma_decimal: bool = False
    day_first: bool = True
    doubt: str = ""
    """What could have been read another way, for the person who asked."""

    def number(self, cell: Cell) -> Number | None:
        """The number in a cell of this column."""
        return parse_number(cell, self.comma_decimal)

    def date(self, cell: Cell) -> datetime | None:
        """The date in a cell of this column."""
        return parse_date(cell, self.day_first)

    @property
    def key(self) -> Callable[[Cell], Decimal | datetime | str | None]:
        """A function from a cell to what it is compared and sorted by; None where it does not fit the column."""
        if self.kind == "number":
            return lambda cell: number.value if (number := self.number(cell)) else None
        if self.kind == "date":
            return self.date
        return lambda cell: None if is_blank(cell) else shown(cell).casefold()


class ColumnEvidence:
    """Collects what the cells of a column give away about how to read it."""

    def __init__(self, name: str, comma_likely: bool) -> None:
        self.name = name
        self.filled = 0
        self.blank = 0
        self._comma_likely = comma_likely
        self._numbers = 0
        self._dates = 0
        self._doubtful = False
        self._marks = {".": 0, ",": 0, "?": 0}
        self._orders = {"day": 0, "month": 0, "?": 0}

    def add(self, cell: Cell) -> None:
        """Take a cell into account."""
        if (mark := plain_number(cell)) is not None:
            self.filled += 1
            self._numbers += 1
            if mark:
                self._marks["."] += 1
            return
        if is_blank(cell):
            self.blank += 1
            return
        self.filled += 1
        if parse_number(cell, False) or parse_number(cell, True):
            self._numbers += 1
            if found := decimal_mark(cell):
                self._marks[found] += 1
                # "1,234" where commas separate the fields has been quoted for being one thousand and more.
                self._doubtful |= found == "?" and (self._comma_likely or "." in str(cell))
        elif parse_date(cell, True) or parse_date(cell, False):
            self._dates += 1
            if order := day_order(cell):
                self._orders[order] += 1

    def reader(self) -> ColumnReader:
        """How to read the column; a column is of a kind when at least half of its filled cells are."""
        marks, orders = self._marks, self._orders
        comma = marks[","] > marks["."] or (marks[","] == marks["."] and self._comma_likely)
        day_first = orders["day"] >= orders["month"]
        doubt = ""
        if self._doubtful and not marks["."] and not marks[","]:
            doubt = f"{self.name}: read with a decimal {'comma' if comma else 'point'}, which the cells leave open"
        elif orders["?"] and not orders["day"] and not orders["month"]:
            doubt = f"{self.name}: dates such as 1/2/2027 read with the day first, which the cells leave open"
        return ColumnReader(self.name, self._kind(), comma, day_first, doubt)

    def _kind(self) -> Kind:
        if not self.filled:
            return "empty"
        if self._numbers * 2 >= self.filled and self._numbers >= self._dates:
            return "number"
        return "date" if self._dates * 2 >= self.filled else "text"
