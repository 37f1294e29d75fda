"""What the words of a question can mean in one table: its columns, its rows, and the texts in its cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from agent_plugin_tables.cells import shown
from agent_plugin_tables.table import Table
from agent_questions.meanings import Field, Thing
from agent_questions.schema import MOST_LISTED, Schema
from agent_questions.tokens import name_stems, name_words
from agent_questions.vocabulary import Vocabulary
from agent_questions.words import stem, words

_MOST_KEYS = 200_000
ROW = "row"
"""The one label that a table has."""
TRUE, FALSE = frozenset({"yes", "y", "true", "x"}), frozenset({"no", "n", "false"})
_ROWS = frozenset({"row", "entry", "record", "line", "item", "people", "person", "everybody", "everyone", "anyone"})
_WORKERS = frozenset({"employee", "staff", "worker", "colleague", "member"})
_OF_WORK = frozenset(map(stem, words("salary wage pay hire hired job department dept position manager")))
_UNITS = frozenset(
    map(
        stem,
        words("""
        date day month year time hour hours minutes min seconds sec usd eur euro euros gbp chf dollars musd meur cents
        kg g mg lb lbs km km2 m m2 cm mm ml l litres liters miles pct percent qty quantity amount count number no nr id
        name code key c f celsius millions million thousands k kwh mwh
        """),
    )
)
"""What says of a name only how it is written or measured."""
_NO_NAMES = frozenset({"no", "nr", "c", "f", "g", "k", "l", "m", "min"})
_SPOKEN_UNITS = {
    "kg": ("kilos", "kilograms"),
    "g": ("grams",),
    "km": ("kilometres", "kilometers"),
    "m": ("metres", "meters"),
    "cm": ("centimetres", "centimeters"),
    "mm": ("millimetres", "millimeters"),
    "l": ("litres", "liters"),
    "ml": ("millilitres", "milliliters"),
    "lb": ("pounds",),
    "h": ("hours",),
    "hr": ("hours",),
    "min": ("minutes",),
    "eur": ("euros",),
    "usd": ("dollars",),
    "pct": ("percent",),
    "kwh": ("kilowatt hours",),
}
"""By what is written at a name: what people say."""
_CALLED = frozenset({"id", "no", "nr", "number", "name", "code", "key", "title"})


def table_vocabulary(table: Table) -> Vocabulary:
    """The words of a table."""
    texts = Texts(table)
    types = {name: texts.type_of(i) for i, name in enumerate(table.columns)}
    unique = [name for i, name in enumerate(table.columns) if texts.is_unique(i)]
    rows = _names_of_rows(table, unique)
    words = {ROW: rows} | _partial_names(table.columns, rows)
    schema = Schema({ROW: types}, {}, {ROW: unique[0]} if unique else {}, words)
    return Vocabulary(schema, texts, Thing(ROW), [Field(ROW, name) for name in unique])


def _names_of_rows(table: Table, unique: Sequence[str]) -> frozenset[str]:
    """What a row is called: by the file's name, and by the column that tells the rows apart ("order no")."""
    stems = {name: name_stems(name) for name in table.columns}
    found = set(_ROWS)
    if any(set(name) & _OF_WORK for name in stems.values()):
        found |= _WORKERS
    found |= {word for word in name_words(PurePath(table.path).stem) if word.isalpha()}
    for name in unique[:1]:
        said = name_words(name)
        found |= {said[0]} if len(said) == 1 or (len(said) == 2 and said[1] in _CALLED) else set()
    columns = {parts for name, parts in stems.items() if name not in unique[:1]}
    return frozenset(word for word in found if name_stems(word) not in columns)


def _partial_names(columns: Sequence[str], rows: frozenset[str]) -> dict[str, frozenset[str]]:
    """What else a column may be called: words of its name that are in no other column's, nor mean the rows."""
    stems = [name_stems(name) for name in columns]
    whole = {*stems, *(name_stems(name) for name in rows)}
    parts = [_parts(name) for name in stems]
    count = Counter(part for name in stems for part in _runs(name))
    said = [[one for part in name for one in _SPOKEN_UNITS.get(part, ())] for name in stems]
    units = Counter(unit for some in said for unit in some)
    return {
        f"{ROW}.{column}": frozenset(" ".join(part) for part in some if count[part] == 1 and part not in whole)
        | {unit for unit in spoken if units[unit] == 1 and name_stems(unit) not in whole}
        for column, some, spoken in zip(columns, parts, said, strict=True)
        if "=" not in column
    }


def _runs(name: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(name[at:end]) for at in range(len(name)) for end in range(at + 1, len(name) + 1)}


def _parts(name: tuple[str, ...]) -> set[tuple[str, ...]]:
    """Words of a name that say what it is: its noun, with or without what describes it, or its unit.

    A "unit cost" is a cost and no unit, a "hire date" may be called either, "delay minutes" are a delay.
    """
    head = next(
        (at for at in reversed(range(len(name))) if name[at] not in _UNITS and not name[at].isdigit()), len(name) - 1
    )
    units = set(name[head + 1 :])
    return {run for run in _runs(name) if run != name and (name[head] in run or set(run) <= units - _NO_NAMES)}


class Texts:
    """The texts in a table's cells, read once for all columns."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._found: list[dict[str, None]] = [{} for _ in table.columns]
        self._blank = [False] * len(table.columns)
        whole = [True] * len(table.columns)
        self._seen: list[set[str] | None] = [set() for _ in table.columns]
        kinds = [table.kinds[i].kind for i in range(len(table.columns))]
        for row in table.rows():
            for i, kind in enumerate(kinds):
                cell = row.cell(i)
                self._look_for_equal(i, shown(cell).strip())
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

    def _look_for_equal(self, column: int, text: str) -> None:
        seen = self._seen[column]
        if seen is not None:
            self._seen[column] = None if not text or text in seen or len(seen) > _MOST_KEYS else seen
            seen.add(text)

    def is_unique(self, column: int) -> bool:
        """Whether each row has a name of its own there: a text, or a number that is called one ("order no")."""
        numbers = self._types[column] == "integer" and set(name_words(self._table.columns[column])[-1:]) & _CALLED
        return bool(self._seen[column]) and (self._types[column] == "text" or bool(numbers))

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
