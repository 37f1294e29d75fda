"""A table of the workspace: its columns by name, its rows as often as they are needed."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, Protocol

from agent_core import ToolArgumentError, ToolContext, ToolError
from agent_core.tools.workspace import open_file
from agent_plugin_tables.cells import Cell, is_blank, parse_number, shown
from agent_plugin_tables.columns import ColumnEvidence, ColumnReader
from agent_plugin_tables.dates import parse_date
from agent_plugin_tables.delimited import DelimitedFile
from agent_plugin_tables.spreadsheet import Spreadsheet

if TYPE_CHECKING:
    from agent_questions.vocabulary import Vocabulary

_HEADER_WITHIN = 20
"""Rows from the top among which the header is looked for, below titles and blank rows."""
_CHECK_EVERY = 5000
TYPED_ROWS = 20_000
"""Rows that the kinds of all columns are read from; those that a question is about are read to the end."""


class Source(Protocol):
    """A file of rows."""

    notes: list[str]

    @property
    def comma_likely(self) -> bool:
        """Whether a decimal comma is more likely than a point."""
        ...

    def rows(self) -> Iterator[list[Cell]]:
        """All rows from the first."""
        ...


class Row(NamedTuple):
    """A row below the header."""

    number: int
    """Which record of the file it is, counted from 1: the row number that a spreadsheet shows."""
    cells: list[Cell]

    def cell(self, column: int) -> Cell:
        """The cell in a column; rows may be shorter than the header."""
        return self.cells[column] if column < len(self.cells) else None


class Table:
    """Columns and rows of one file or sheet."""

    def __init__(self, ctx: ToolContext, path: str, source: Source) -> None:
        self._ctx = ctx
        self.path = path
        self.source = source
        head = list(islice(source.rows(), _HEADER_WITHIN + 5))
        if not any(_filled(row) for row in head) and next(self._below(0), None) is None:
            raise ToolError(f"{path!r} is empty: it holds no rows.")
        self._header = _header_row(head)
        titles = head[self._header] if self._header is not None else []
        width = max((len(row) for row in head[(self._header or 0) :]), default=0)
        self.columns = _names(titles, width)
        self.notes = list(source.notes)
        if self._header is None:
            self.notes.append("no header row, columns named by their position")
        elif any(_filled(row) for row in head[: self._header]):
            self.notes.append(f"the header is row {self._header + 1}")

    def rows(self) -> Iterator[Row]:
        """The rows below the header, blank ones left out.

        Raises:
            ToolError: the user cancelled, or the file is damaged.
        """
        return self._below(0 if self._header is None else self._header + 1)

    def _below(self, start: int) -> Iterator[Row]:
        for number, cells in enumerate(islice(self.source.rows(), start, None), start + 1):
            if number % _CHECK_EVERY == 0 and self._ctx.cancelled.is_set():
                raise ToolError(f"Reading {self.path!r} was cancelled.")
            if _filled(cells):
                yield Row(number, cells)

    def column(self, name: str) -> int:
        """The position of the column that `name` means: upper and lower case, spaces and signs aside.

        Raises:
            ToolArgumentError: there is none, or there are several; the message lists them.
        """
        for found in _fitting(name.strip(), self.columns):
            if len(found) == 1:
                return found[0]
            if found:
                several = ", ".join(repr(self.columns[i]) for i in found)
                raise ToolArgumentError(
                    f"{name!r} could mean the columns {several} of {self.path!r}; name one of them."
                )
        raise ToolArgumentError(f"{self.path!r} has no column {name!r}; its columns are {self.listed()}.")

    def listed(self) -> str:
        """The columns' names, for a message."""
        names = ", ".join(map(repr, self.columns[:30]))
        return names + (f" and {len(self.columns) - 30} more" if len(self.columns) > 30 else "")

    def readers(self, columns: Iterable[int], limit: int | None = None) -> dict[int, ColumnReader]:
        """How to read the cells of some columns, decided by all their cells (or those of `limit` rows)."""
        evidence = {i: ColumnEvidence(self.columns[i], self.source.comma_likely) for i in columns}
        for row in islice(self.rows(), limit) if evidence else ():
            for i, each in evidence.items():
                each.add(row.cell(i))
        return {i: each.reader() for i, each in evidence.items()}

    @cached_property
    def kinds(self) -> dict[int, ColumnReader]:
        """How to read every column, decided by the first `TYPED_ROWS` rows."""
        return self.readers(range(len(self.columns)), TYPED_ROWS)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What words can mean here."""
        from agent_plugin_tables.asking.words import table_vocabulary

        return table_vocabulary(self)


@contextmanager
def open_table(ctx: ToolContext, path: str, sheet: str | None = None) -> Generator[Table]:
    """Open a CSV, TSV or XLSX file of the workspace, by what it holds and not by its name.

    Raises:
        ToolArgumentError: no such file or sheet.
        ToolError: not a table, damaged, too large.
    """
    with open_file(ctx, path) as file:
        head = file.read(8)
        file.seek(0)
        if head.startswith(b"PK\x03\x04") and not path.lower().endswith(".ods"):
            yield Table(ctx, path, Spreadsheet(path, file, sheet))
            return
        if head.startswith((b"\xd0\xcf\x11\xe0", b"PK", b"%PDF")):
            raise ToolError(f"{path!r} is not a CSV, TSV or XLSX file (or it is encrypted); save it as one of these.")
        if sheet is not None and sheet.strip() not in ("", "1"):
            raise ToolArgumentError(f"{path!r} is a text file and has no sheets; leave sheet out.")
        source = DelimitedFile(path, file)
        source.accept_stray_quotes()
        yield Table(ctx, path, source)


def _filled(cells: list[Cell]) -> bool:
    return any(cell is not None and (not isinstance(cell, str) or cell.strip()) for cell in cells)


def _header_row(rows: list[list[Cell]]) -> int | None:
    """Which row names the columns: the first that is wide enough and holds names only; None if there is none."""
    usual = sorted(sum(not is_blank(cell) for cell in row) for row in rows if _filled(row))
    enough = usual[len(usual) // 2] / 2 if usual else 0
    for i, row in enumerate(rows[:_HEADER_WITHIN]):
        named = [cell for cell in row if not is_blank(cell)]
        if not named or len(named) < enough or (len(named) == 1 and enough > 1):
            continue
        if not all(_is_name(cell) for cell in named):
            return None
        below = [cell for cell in (rows[i + 1] if i + 1 < len(rows) else []) if not is_blank(cell)]
        if len(below) > len(named) and all(_is_name(cell) for cell in below) and len(named) < max(map(len, rows)):
            continue  # A row of group titles, as merged cells leave it, above the one that names the columns.
        return i
    return None


def _is_name(cell: Cell) -> bool:
    """Whether a cell can name a column; a year can, another number or a date cannot."""
    number = parse_number(cell) or parse_number(cell, comma_decimal=True)
    if number is not None:
        return not number.unit and number.value == int(number.value) and 1900 <= number.value <= 2100
    return parse_date(cell) is None


def _names(titles: list[Cell], width: int) -> list[str]:
    """A distinct name for each column; a name that occurs several times is numbered."""
    names = [" ".join(shown(title).split()) or f"column {i}" for i, title in enumerate(titles, 1)]
    names += [f"column {i}" for i in range(len(names) + 1, width + 1)]
    while names and len(names) > width and names[-1].startswith("column "):
        names.pop()
    folded = [name.casefold() for name in names]
    return [
        f"{name} ({folded[: i + 1].count(folded[i])})" if folded.count(folded[i]) > 1 else name
        for i, name in enumerate(names)
    ]


def _fitting(wanted: str, titles: list[str]) -> Iterator[list[int]]:
    """The columns that a name fits, from the strictest way of comparing to the loosest."""
    words = name_words(wanted)
    yield [i for i, title in enumerate(titles) if title == wanted]
    yield [i for i, title in enumerate(titles) if title.casefold() == wanted.casefold()]
    if words:
        yield [i for i, title in enumerate(titles) if "".join(name_words(title)) == "".join(words)]
        yield [i for i, title in enumerate(titles) if name_words(_unit_aside(title)) == words]
        yield [i for i, title in enumerate(titles) if set(words) <= set(name_words(title))]


def name_words(name: str) -> list[str]:
    """The words of a column name, in the singular."""
    split = re.sub(r"([a-z\d])([A-Z])", r"\1 \2", name)
    words = re.findall(r"[^\W_]+|[#%$€£]", split.casefold())
    return [_singular(word) for word in words]


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _unit_aside(name: str) -> str:
    """A column name without what stands in brackets: "Amount (EUR)" is the amount."""
    return re.sub(r"\s*[(\[][^)\]]*[)\]]", "", name)
