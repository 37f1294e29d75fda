"""Rows out of CSV and TSV files: encoding and delimiter are found out, memory stays bounded."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter, deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from agent_core import ToolError
from agent_plugin_tables.cells import Cell

_SAMPLE_CHARACTERS = 1 << 16
_BLOCK = 1 << 20
_DELIMITERS = ",;\t|"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class DelimitedFile:
    """A CSV or TSV file that is read from its start as often as it is asked for."""

    def __init__(self, path: str, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self.encoding = _encoding(path, file)
        _refuse_endless_lines(path, file)
        self.notes: list[str] = []
        if self.encoding == "cp1252":
            self.notes.append("not valid UTF-8, read as Windows-1252")
        sample = self._sample()
        self._skip_first = sample.lower().startswith("sep=")
        self.delimiter = sample[4] if self._skip_first and len(sample) > 4 else _delimiter(sample, path)
        self._strict = True

    @property
    def comma_likely(self) -> bool:
        """Whether numbers are likely to have a decimal comma: then the comma cannot separate the fields."""
        return self.delimiter == ";"

    def rows(self) -> Iterator[list[Cell]]:
        """All records, from the first.

        Raises:
            ToolError: a quotation mark that is never closed, or an endless line.
        """
        with self._text() as text:
            reader = csv.reader(text, delimiter=self.delimiter, strict=self._strict)
            if self._skip_first:
                next(reader, None)
            try:
                yield from cast("Iterator[list[Cell]]", reader)
            except csv.Error as error:
                raise ToolError(
                    f"{self._path!r}, line {reader.line_num}: not readable as a table ({error}). "
                    "Is a quotation mark never closed?"
                ) from None

    def accept_stray_quotes(self) -> None:
        """Read on where text follows a closing quotation mark, if that is all that is wrong with the file."""
        with self._text() as text:
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            try:
                deque(reader, maxlen=0)
            except csv.Error as error:
                if "expected after" in str(error):
                    self._strict = False
                    self.notes.append(f"a stray quotation mark in line {reader.line_num}")

    @contextmanager
    def _text(self) -> Generator[io.TextIOWrapper]:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, self.encoding, errors="replace", newline="")
        try:
            yield text
        finally:
            text.detach()

    def _sample(self) -> str:
        sample = ""
        with self._text() as text:
            for line in text:
                sample += line
                if len(sample) > _SAMPLE_CHARACTERS:
                    break
        return sample


def _refuse_endless_lines(path: str, file: BinaryIO) -> None:
    """Raise where a whole block holds no line end: reading such a line would take any amount of memory."""
    file.seek(0)
    while len(block := file.read(_BLOCK)) == _BLOCK:
        if b"\n" not in block and b"\r" not in block:
            raise ToolError(f"{path!r} has a line of more than {_BLOCK:,} bytes: not a table.")


def _encoding(path: str, file: BinaryIO) -> str:
    """UTF-8 if every byte of the file is; UTF-16 by its mark or its zero bytes; else Windows-1252."""
    head = file.read(4096)
    if marked := next((name for mark, name in _MARKS if head.startswith(mark)), None):
        return marked
    if b"\0" in head:
        even, odd = head[::2].count(0), head[1::2].count(0)
        if max(even, odd) * 4 > len(head) and min(even, odd) * 20 < len(head):
            return "utf-16-le" if odd > even else "utf-16-be"
        raise ToolError(f"{path!r} is binary data, not a table; give a CSV, TSV or XLSX file.")
    decoder = codecs.getincrementaldecoder("utf-8")()
    block = head
    try:
        while block:
            decoder.decode(block)
            block = file.read(_BLOCK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _delimiter(sample: str, path: str) -> str:
    """The character that splits the most rows into the same number of fields."""
    whole = sample[: sample.rfind("\n") + 1] if len(sample) > _SAMPLE_CHARACTERS else sample
    best, best_score = "\t" if path.lower().endswith((".tsv", ".tab")) else ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        try:
            widths = Counter(len(row) for row in csv.reader(io.StringIO(whole, newline=""), delimiter=delimiter) if row)
        except csv.Error:
            continue
        width, rows = max(((w, n) for w, n in widths.items() if w > 1), key=lambda item: item[1], default=(0, 0))
        score = (round(rows / max(1, widths.total()), 1), width)
        if score > best_score:
            best, best_score = delimiter, score
    return best
