"""What the words of a question can mean in one table: its columns, its rows, and the texts in its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from agent_plugin_tables.cells import shown
from agent_plugin_tables.table import Table
from agent_questions.meanings import Field, Thing
from agent_questions.schema import MOST_LISTED, Schema
from agent_questions.tokens import name_stems
from agent_questions.vocabulary import Vocabulary
from agent_questions.words import words

ROW = "row"
"""The one label that a table has."""
TRUE, FALSE = frozenset({"yes", "y", "true", "x"}), frozenset({"no", "n", "false"})
_ROWS = frozenset({"row", "entry", "record", "line", "item", "people", "person", "everybody", "everyone", "anyone"})


def table_vocabulary(table: Table) -> Vocabulary:
    """The words of a table. An unknown name of what is asked for stands for its rows: "how many employees"."""
    texts = Texts(table)
    types = {name: texts.type_of(i) for i, name in enumerate(table.columns)}
    named = {ROW: _ROWS | {PurePath(table.path).stem}}
    schema = Schema({ROW: types}, {}, {}, named | _partial_names(table.columns, named[ROW]))
    return Vocabulary(schema, texts, Thing(ROW))


def _partial_names(columns: Sequence[str], rows: frozenset[str]) -> dict[str, frozenset[str]]:
    """What else a column may be called: words of its name that are in no other column's, nor mean the rows."""
    stems = [name_stems(name) for name in columns]
    whole = {*stems, *(name_stems(name) for name in rows)}
    parts = [
        {name[at:end] for at in range(len(name)) for end in range(at + 1, len(name) + 1) if end - at < len(name)}
        for name in stems
    ]
    count = Counter(part for some in parts for part in some)
    return {
        f"{ROW}.{column}": frozenset(
            " ".join(part) for part in some if count[part] == 1 and part not in whole and words(" ".join(part))
        )
        for column, some in zip(columns, parts, strict=True)
        if "=" not in column
    }


class Texts:
    """The texts in a table's cells, read once for all columns."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._found: list[dict[str, None]] = [{} for _ in table.columns]
        self._blank = [False] * len(table.columns)
        whole = [True] * len(table.columns)
        kinds = [table.kinds[i].kind for i in range(len(table.columns))]
        for row in table.rows():
            for i, kind in enumerate(kinds):
                cell = row.cell(i)
                if kind == "number":
                    number = table.kinds[i].number(cell)
                    whole[i] &= number is None or number.value == number.value.to_integral_value()
                elif kind == "text" and len(self._found[i]) < MOST_LISTED:
                    text = shown(cell).strip()
                    if text:
                        self._found[i][text] = None
                    else:
                        self._blank[i] = True
        self._types = [self._type(kind, whole[i], self._found[i]) for i, kind in enumerate(kinds)]

    @staticmethod
    def _type(kind: str, whole: bool, texts: dict[str, None]) -> str:
        if kind == "number":
            return "integer" if whole else "number"
        said = {text.casefold() for text in texts}
        if kind == "text" and said and said <= TRUE | FALSE:
            return "boolean"
        return "text" if kind == "empty" else kind

    def type_of(self, column: int) -> str:
        """The type of a column, as schemas write it."""
        return self._types[column]

    def of(self, field: Field, holding: str = "") -> Sequence[str | None]:
        """The different texts of a column."""
        column = self._table.columns.index(field.name)
        if not holding:
            blank: list[str | None] = [None] if self._blank[column] else []
            return (blank + list(self._found[column]))[:MOST_LISTED]
        found: dict[str, None] = {}
        for row in self._table.rows():
            text = shown(row.cell(column)).strip()
            if holding in text.casefold():
                found[text] = None
                if len(found) == MOST_LISTED:
                    break
        return list(found)
