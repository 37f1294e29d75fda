"""What a table looks like: its columns, their kinds, and its first rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from agent_plugin_tables.cells import shown
from agent_plugin_tables.delimited import DelimitedFile
from agent_plugin_tables.spreadsheet import Spreadsheet
from agent_plugin_tables.table import TYPED_ROWS, Table

_SAMPLE_ROWS = 5


@dataclass(frozen=True)
class ColumnDescription:
    """A column of a table."""

    name: str
    kind: str
    """number, date, text or empty."""
    example: str
    """The first value in it."""


@dataclass(frozen=True)
class TableDescription:
    """What a table looks like."""

    columns: list[ColumnDescription]
    row_count: int
    sample: list[dict[str, str]]
    """The first rows, by column."""
    sheets: list[str]
    """All sheets of the file; empty for a text file."""
    notes: list[str]
    text: str


def describe(table: Table) -> TableDescription:
    """Describe an open table."""
    first = list(islice(table.rows(), TYPED_ROWS if len(table.columns) < 50 else _SAMPLE_ROWS))
    sample = [{name: shown(row.cell(i))[:200] for i, name in enumerate(table.columns)} for row in first[:_SAMPLE_ROWS]]
    columns = [
        ColumnDescription(
            name,
            table.kinds[i].kind,
            next((text for row in first[:1000] if (text := shown(row.cell(i))[:100])), ""),
        )
        for i, name in enumerate(table.columns)
    ]
    count = sum(1 for _ in table.rows())
    notes = list(table.notes)
    source = table.source
    if isinstance(source, DelimitedFile):
        named = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "bars"}.get(source.delimiter, source.delimiter)
        notes.insert(0, f"{source.encoding}, separated by {named}")
    listed = "; ".join(f"{column.name} ({column.kind})" for column in columns[:50])
    text = f"{table.path}: {count:,} row{'' if count == 1 else 's'}, {len(columns)} columns: {listed}."
    if notes:
        text += f"\nNote: {'; '.join(notes)}."
    sheets = source.sheets if isinstance(source, Spreadsheet) else []
    return TableDescription(columns, count, sample, sheets, notes, text)
