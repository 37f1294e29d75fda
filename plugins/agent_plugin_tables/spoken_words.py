"""The words of a condition, each known for what it is: a value, a column, a comparison, an amount, a date."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from agent_plugin_tables.cells import parse_number
from agent_plugin_tables.conditions import COMPARISONS, Operator
from agent_plugin_tables.dates import month_number, parse_date
from agent_plugin_tables.meaning import FALLING, dimension, named
from agent_plugin_tables.table import Table, name_words

_FILLER = frozenset(
    """
    a all an any are as at belong belonging belongs by do does entries entry every everybody everyone for from had has
    have having in is it items its just lines listed of on one ones only our people person records rows row s still
    that the their there they things this those to was were what where which who whose with
    """.split()  # noqa: SIM905
)
"""What may stand in a condition and says nothing."""
_SIGNS: Mapping[str, Operator] = {
    **COMPARISONS,
    "higher than": ">",
    "later than": ">",
    "lower than": "<",
    "earlier than": "<",
    "up to": "<=",
    "exceeding": ">",
    "until": "<=",
    "exactly": "=",
}
_NOT = frozenset("not except excluding isn't aren't wasn't weren't isnt arent wasnt werent".split())  # noqa: SIM905
_LACKING = frozenset("without missing lacking".split())  # noqa: SIM905
_MONEY = frozenset("euro euros dollar dollars pound pounds quid franc francs usd eur gbp chf percent".split())  # noqa: SIM905
_RANGES = {"between": "and", "from": "to"}

Kind = Literal["value", "column", "sign", "amount", "period", "not", "lacking", "and", "or", "grade"]


@dataclass(frozen=True)
class Item:
    """Some words of a condition, and what they are."""

    kind: Kind
    text: str = ""
    columns: tuple[int, ...] = ()
    """Those that hold a value, the one that is named, or the one that is compared."""
    sign: Operator = "="
    until: str = ""
    """Where a range ends; it begins with the text."""


class WordReader:
    """Cuts words into items, the longest that is known first."""

    def __init__(self, table: Table, words: Sequence[str]) -> None:
        self._table = table
        self._words = words
        self._values = table.values
        self._about = set(name_words(PurePath(table.path).stem))
        self._dated = any(reader.kind == "date" for reader in table.kinds.values())

    def items(self) -> list[Item] | None:
        """All items; None if a word is none."""
        found: list[Item] = []
        at = 0
        while at < len(self._words):
            taken = self._next(at, found)
            if not taken:
                return None
            at += taken
        return found

    def _next(self, at: int, found: list[Item]) -> int:
        """How many words the item at `at` has; it is appended to `found`, unless it says nothing."""
        for size, item in self._known(at):
            if item is not None:
                found.append(item)
            return size
        return 0

    def _known(self, at: int) -> Iterator[tuple[int, Item | None]]:
        word = self._words[at].casefold()
        if ranged := self._range(at):
            yield ranged
        value = self._value(at)
        column = self._column(at)
        if value and (not column or value[0] >= column[0]):
            yield value
        if column:
            yield column
        yield from self._signs(at)
        if grade := self._grade(at):
            yield grade
        if period := self._period(at):
            yield period
        if amount := self._amount(at):
            yield amount
        if word in ("and", "or"):
            yield 1, Item(word)
        if word in _NOT or " ".join(self._words[at : at + 2]).casefold() == "other than":
            yield (1 if word in _NOT else 2), Item("not")
        if word in _LACKING:
            yield 1, Item("lacking")
        if word in _FILLER or set(name_words(word)) & self._about:
            yield 1, None

    def _signs(self, at: int) -> Iterator[tuple[int, Item]]:
        for phrase, sign in sorted(_SIGNS.items(), key=lambda pair: -len(pair[0])):
            size = phrase.count(" ") + 1
            if " ".join(self._words[at : at + size]).casefold() == phrase:
                yield size, Item("sign", sign=sign)

    def _value(self, at: int) -> tuple[int, Item] | None:
        for size in range(min(self._values.longest, len(self._words) - at), 0, -1):
            run = self._words[at : at + size]
            said = " ".join(run)
            if all(word.casefold() in _FILLER for word in run) and not self._values.spelt(said):
                continue
            if parse_number(said):
                continue
            if columns := self._values.holders(said):
                return size, Item("value", said, columns)
        return self._shortened(at)

    def _shortened(self, at: int) -> tuple[int, Item] | None:
        """A value in the plural, or named by a part of it that no other value has."""
        for size in range(min(self._values.longest, len(self._words) - at), 0, -1):
            run = self._words[at : at + size]
            if any(word.casefold() in _FILLER for word in (run[0], run[-1])) or parse_number(run[0]):
                continue
            if meant := self._values.meant(" ".join(run)):
                return size, Item("value", *meant)
        return None

    def _column(self, at: int) -> tuple[int, Item] | None:
        for size in range(min(4, len(self._words) - at), 0, -1):
            run = self._words[at : at + size]
            if run[0].casefold() in _FILLER or run[-1].casefold() in _FILLER:
                continue
            if size == 1 and set(name_words(run[0])) <= self._about:
                continue  # "orders that are open", of orders.csv with a column "order no"
            column = named(self._table, " ".join(run))
            if column is not None:
                return size, Item("column", columns=(column,))
        return None

    def _grade(self, at: int) -> tuple[int, Item] | None:
        """A dimension, and which way it is compared: "older than", "more expensive than", "cost"."""
        words = [word.casefold() for word in self._words[at : at + 3]]
        more = words[0] in ("more", "less") and len(words) == 3
        graded = words[1] if more else words[0]
        column = dimension(self._table, [graded if not graded.startswith("cost") else "cheap"])
        if column is None:
            return None
        if words[1 + more : 2 + more] != ["than"]:
            return 1, Item("column", columns=(column,))
        dated = self._table.kinds[column].kind == "date"
        falls = (words[0] == "less") if more else (graded in FALLING) != (dated and graded in ("older", "younger"))
        return 2 + more, Item("grade", columns=(column,), sign="<" if falls else ">")

    def _period(self, at: int) -> tuple[int, Item] | None:
        if not self._dated:
            return None
        for size in (3, 2, 1):
            run = self._words[at : at + size]
            if len(run) == size and (literal := _period_literal(run)):
                return size, Item("period", literal)
        return None

    def _range(self, at: int) -> tuple[int, Item] | None:
        """From where to where: "between 10 and 20", "from March to May 2027"."""
        joint = _RANGES.get(self._words[at].casefold())
        if joint is None or joint not in (folded := [word.casefold() for word in self._words[at : at + 9]]):
            return None
        middle = at + folded.index(joint)
        for limit in (self._period, self._amount):
            low, high = limit(at + 1), limit(middle + 1)
            if low and high and at + 1 + low[0] == middle:
                return middle + 1 + high[0] - at, Item(low[1].kind, low[1].text, until=high[1].text)
        return None

    def _amount(self, at: int) -> tuple[int, Item] | None:
        if at >= len(self._words) or not parse_number(self._words[at]):
            return None
        money = at + 1 < len(self._words) and self._words[at + 1].casefold() in _MONEY
        return 1 + money, Item("amount", self._words[at])


def _period_literal(words: Sequence[str]) -> str:
    """A day, month or year as conditions write it; a month alone is "-03"; "" if it is none."""
    text = " ".join(words)
    if len(words) == 1 and re.fullmatch(r"(?:19|20)\d\d(?:-\d\d?)?", text):
        return text
    month = month_number(words[0])
    if len(words) == 1 and month and (text[0].isupper() or len(text) > len("march")):
        return f"-{month:02}"  # but not "may" or "mar"
    if len(words) == 2 and month and re.fullmatch(r"(?:19|20)\d\d", words[1]):
        return f"{words[1]}-{month:02}"
    day = parse_date(text)
    return day.date().isoformat() if day and len(words) != 2 else ""
