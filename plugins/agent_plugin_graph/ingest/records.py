"""Rows and entries: CSV, TSV and JSON, each record a block that its first column names."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from agent_plugin_graph.ingest.document import Block, Document, UnreadableError
from agent_plugin_graph.ingest.plain import decoded

_MOST_DEPTH = 50
_LONGEST_KEY = 120
_NAMING = ("name", "full name", "title", "label", "subject")
_MOST_ROWS = 200_000


def read_csv(path: Path, raw: bytes) -> Document:
    """A CSV or TSV file row by row, the first row as the names of the columns."""
    text = decoded(raw)
    try:
        dialect = csv.Sniffer().sniff(text[:8192], delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel
    try:
        blocks, left_out = record_blocks(csv.reader(StringIO(text), dialect), "")
    except csv.Error as error:
        raise UnreadableError(f"it is not a whole table ({error})") from error
    return Document(path.stem, "row", tuple(blocks), left_out)


def record_blocks(rows: Iterable[Sequence[str]], sheet: str) -> tuple[list[Block], str]:
    """Rows under their header as blocks "column: value; ...", each called by its name.

    Rows of numbers alone have no name, and stand together in a passage. With the blocks comes what was left out.
    """
    header: Sequence[str] = ()
    blocks: list[Block] = []
    for number, row in enumerate(rows, start=1):
        if number > _MOST_ROWS:
            return blocks, f"rows{f' of {sheet!r}' if sheet else ''} after {_MOST_ROWS:,}"
        if not any(cell.strip() for cell in row):
            continue
        if not header:
            header = [cell.strip() or f"column {place}" for place, cell in enumerate(row, start=1)]
            continue
        named = [(name, cell.strip()) for name, cell in zip(header, row, strict=False) if cell.strip()]
        text = "; ".join(f"{name}: {cell}" for name, cell in named)
        key = _key(named)
        if text:
            blocks.append(Block(text, (sheet,) if sheet else (), number, number, sheet, key))
    return blocks, ""


def _key(fields: Sequence[tuple[str, str]]) -> str:
    """What a record is called: the field that is called so, else the first with letters in it."""
    worded = [(name, value) for name, value in fields if any(map(str.isalpha, value))]
    called = (value for wanted in _NAMING for name, value in worded if name.strip().casefold() == wanted)
    return next(called, worded[0][1] if worded else "")[:_LONGEST_KEY]


def read_json(path: Path, raw: bytes) -> Document:
    """A JSON file: each object of a list is an entry; JSON Lines are a list of their lines."""
    text = decoded(raw)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        try:
            value = [json.loads(line) for line in text.splitlines() if line.strip()]
        except (ValueError, RecursionError) as error:
            raise UnreadableError("it is not JSON") from error
    blocks: list[Block] = []
    for number, (where, key, said) in enumerate(_entries(value, ()), start=1):
        if number > _MOST_ROWS:
            return Document(path.stem, "entry", tuple(blocks), f"entries after {_MOST_ROWS:,}")
        blocks.append(Block(said, tuple(where), number, number, key=key))
    return Document(path.stem, "entry", tuple(blocks))


def _entries(value: Any, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(path, name, text) of each record: an object whose values are plain, or a plain value in a list."""
    if isinstance(value, dict):
        plain = {name: item for name, item in value.items() if not isinstance(item, dict | list) and item is not None}
        if plain:
            name = _key([(key, item) for key, item in plain.items() if isinstance(item, str)])
            yield where, name, "; ".join(f"{key}: {item}" for key, item in plain.items())
        for key, item in value.items():
            if isinstance(item, dict | list) and len(where) < _MOST_DEPTH:
                yield from _entries(item, (*where, key))
    elif isinstance(value, list):
        for item in value:
            if len(where) < _MOST_DEPTH:
                yield from _entries(item, where)
    elif value is not None and str(value).strip():
        yield where, "", str(value)
