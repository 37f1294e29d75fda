"""Rows out of XLSX files, read-only and bounded: a small file can unpack to a very large one."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from agent_core import ToolArgumentError, ToolError
from agent_plugin_tables.cells import Cell

_MAX_UNPACKED_BYTES = 600_000_000
_MAX_STRINGS_BYTES = 150_000_000
_MAX_OTHER_BYTES = 30_000_000
_MAX_PARTS = 5000
_MAX_ROWS = 1_048_576
_MAX_COLUMNS = 16_384


class Spreadsheet:
    """One sheet of an XLSX file, read from its start as often as it is asked for."""

    comma_likely = False
    """Numbers are stored as numbers; those kept as text are most likely to have a decimal point."""

    def __init__(self, path: str, file: BinaryIO, sheet: str | None) -> None:
        self._path = path
        self._file = file
        self.notes: list[str] = []
        _refuse_bombs(path, file)
        self._book = self._load(values=True)
        self.sheets: list[str] = [each.title for each in self._book.worksheets]
        self.sheet = self._choose(sheet)

    def rows(self) -> Iterator[list[Cell]]:
        """All rows, from the first; formulas give the results that were stored with them."""
        for _, cells in self._cells(self._book):
            yield [cell.value for cell in cells]

    def unsaved_formulas(self, column: int) -> int:
        """How many cells of a column hold a formula and no stored result: they look empty to `rows`."""
        book = self._load(values=False)
        pairs = zip(self._cells(self._book), self._cells(book), strict=False)
        return sum(
            1
            for (_, values), (_, formulas) in pairs
            if column < min(len(values), len(formulas))
            and values[column].value is None
            and formulas[column].data_type == "f"
        )

    def _load(self, values: bool) -> Any:
        from openpyxl import load_workbook

        self._file.seek(0)
        try:
            return load_workbook(self._file, read_only=True, data_only=values, keep_links=False)
        except Exception as error:  # openpyxl lets errors of every kind through for a damaged file
            raise self._damaged(error) from None

    def _choose(self, sheet: str | None) -> str:
        if not self.sheets:
            raise ToolError(f"{self._path!r} holds no sheet with cells.")
        if sheet is None:
            visible = [each.title for each in self._book.worksheets if each.sheet_state == "visible"]
            if len(self.sheets) > 1:
                others = ", ".join(repr(name) for name in self.sheets if name != (visible or self.sheets)[0])
                self.notes.append(f"sheet {(visible or self.sheets)[0]!r}; there are also {others}")
            return (visible or self.sheets)[0]
        wanted = sheet.strip().casefold()
        for number, name in enumerate(self.sheets, 1):
            if name.strip().casefold() == wanted or (wanted == str(number)):
                return name
        raise ToolArgumentError(f"{self._path!r} has no sheet {sheet!r}; it has {', '.join(map(repr, self.sheets))}.")

    def _cells(self, book: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
        worksheet = book[self.sheet]
        worksheet.reset_dimensions()  # What the file says about its size is often wrong.
        try:
            for number, cells in enumerate(worksheet.rows, 1):
                if number > _MAX_ROWS or len(cells) > _MAX_COLUMNS:
                    raise ToolError(f"{self._path!r} claims more than {_MAX_ROWS:,} rows or {_MAX_COLUMNS:,} columns.")
                yield number, cells
        except ToolError:
            raise
        except Exception as error:
            raise self._damaged(error) from None

    def _damaged(self, error: Exception) -> ToolError:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        return ToolError(f"{self._path!r} is not a readable XLSX file ({reason}). Save it again, or export it as CSV.")


def _refuse_bombs(path: str, file: BinaryIO) -> None:
    """Raise for an archive that unpacks to too much, or whose XML defines entities."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED_BYTES:
                raise _too_large(path)
            for part in parts:
                if part.file_size > _limit(part.filename):
                    raise _too_large(path)
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as content:
                        if b"<!DOCTYPE" in content.read(4096):
                            raise ToolError(f"{path!r} defines XML entities, which no spreadsheet needs; not opened.")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise ToolError(
            f"{path!r} is not a readable XLSX file ({error}). Save it again, or export it as CSV."
        ) from None


def _limit(name: str) -> int:
    if name.startswith("xl/worksheets/"):
        return _MAX_UNPACKED_BYTES
    return _MAX_STRINGS_BYTES if name.endswith("sharedStrings.xml") else _MAX_OTHER_BYTES


def _too_large(path: str) -> ToolError:
    return ToolError(f"{path!r} unpacks to more than {_MAX_UNPACKED_BYTES // 10**6} MB; export the sheet as CSV.")
