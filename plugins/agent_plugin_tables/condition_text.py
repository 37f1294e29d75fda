"""Conditions written as text: a small grammar, read by recursive descent.

    either   := both ("or" both)*
    both     := single ("and" single)*
    single   := "not" single | "(" either ")" | column comparison | what `asking` understands
    comparison := operator value | ["not"] "in" "(" value ("," value)* ")" | "between" value "and" value
                | "is one of" value (("," | "or") value)* | "is" ["not"] "empty" | "like" pattern
                | ["not"] ("contains" | "starts with" | "ends with") value

Columns and values may be quoted; unquoted ones run to the next operator or joining word. Operators may be words
that people use: "over", "at least", "before", "is not".
"""

from __future__ import annotations

import re

from agent_core import ToolArgumentError
from agent_plugin_tables.asking.conditions import condition_in_words
from agent_plugin_tables.conditions import COMPARISONS, Comparison, Group, Node, Operator
from agent_plugin_tables.table import Table

_LONGEST = 2000
_DEEPEST = 20
_QUOTED = re.compile(r"""'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`([^`]*)`|\[([^\]]*)\]""")
_OPERATORS: dict[str, Operator] = {
    **COMPARISONS,
    "==": "=",
    "=": "=",
    "!=": "!=",
    "<>": "!=",
    ">=": ">=",
    "=>": ">=",
    "<=": "<=",
    "=<": "<=",
    ">": ">",
    "<": "<",
    "is not equal to": "!=",
    "is not": "!=",
    "not equal to": "!=",
    "is equal to": "=",
    "equals": "=",
    "equal to": "=",
    "contains": "contains",
    "contain": "contains",
    "starts with": "starts with",
    "begins with": "starts with",
    "ends with": "ends with",
    "is": "=",
}


def _phrase(words: str) -> str:
    escaped = r"\s+".join(re.escape(word) for word in words.split())
    return rf"{escaped}(?!\w)" if words[-1].isalnum() else escaped


_OPERATOR = re.compile(
    r"(?:is\s+(?=(?:greater|more|larger|less|fewer|smaller|at|above|over|after|below|under|before|no)\s))?("
    + "|".join(_phrase(words) for words in sorted(_OPERATORS, key=len, reverse=True))
    + ")",
    re.IGNORECASE,
)
_BARE_VALUE = re.compile(r"(?:(?!\s+(?:and|or)\s|[()]).)+", re.IGNORECASE | re.DOTALL)
_LISTED_VALUE = re.compile(r"(?:(?!\s+(?:and|or)\s)[^,()])+", re.IGNORECASE)
_EMPTY = re.compile(r"(?:is|are)\s+(not\s+)?(?:empty|blank|missing|null)\b", re.IGNORECASE)
_IS_BEFORE = re.compile(r"(?:is|are)\s+(?=(?:not\s+)?(?:in\s*\(|between\b|one\s+of\b|any\s+of\b))", re.IGNORECASE)
_DOES_NOT = re.compile(r"(?:not|do(?:es)?\s+not|do(?:es)?n't)\b", re.IGNORECASE)
_IN = re.compile(r"in\s*\(", re.IGNORECASE)
_ONE_OF = re.compile(r"(?:one|any)\s+of\b\s*(\()?", re.IGNORECASE)
_BARE_NAME = re.compile(r"[^\W\d]\w*(?:[ _-]+\w+)*?(?=\s*[=<>!]|\s+(?:is|in|not|between|contains|over|under)\b|$)")


def parse_where(text: str, table: Table, measure: int | None = None) -> Node | None:
    """The conditions that `text` states about the columns of `table`; None: every row counts.

    `measure` is the column that the question is about: what a mere "over 90" compares.

    Raises:
        ToolArgumentError: it cannot be read; the message says from where on.
    """
    if not text.strip():
        return None
    if len(text) > _LONGEST:
        raise ToolArgumentError(f"where has {len(text):,} characters; at most {_LONGEST:,} are read.")
    parser = _Parser(re.sub(r"^\s*where\s", "", text, flags=re.IGNORECASE), table, measure)
    node = parser.either(0)
    if parser.rest():
        raise parser.error("'and' or 'or' was expected")
    return node


class _Parser:
    def __init__(self, text: str, table: Table, measure: int | None) -> None:
        self._text = text
        self._at = 0
        self._table = table
        self._measure = measure
        # The longest names first, so that "unit price" is not read as "unit".
        self._names = sorted(((name, i) for i, name in enumerate(table.columns)), key=lambda pair: -len(pair[0]))

    def either(self, depth: int) -> Node:
        parts = [self._both(depth)]
        while self._word("or"):
            parts.append(self._both(depth))
        return parts[0] if len(parts) == 1 else Group("or", tuple(parts))

    def _both(self, depth: int) -> Node:
        parts = [self._single(depth)]
        while self._word("and"):
            parts.append(self._single(depth))
        return parts[0] if len(parts) == 1 else Group("and", tuple(parts))

    def _single(self, depth: int) -> Node:
        if depth > _DEEPEST:
            raise self.error(f"more than {_DEEPEST} levels of brackets or 'not'")
        if self._word("not"):
            return Group("not", (self._single(depth + 1),))
        if self._sign("("):
            node = self.either(depth + 1)
            if not self._sign(")"):
                raise self.error("a closing bracket is missing")
            return node
        start = self._at
        try:
            return self._comparison(self._column())
        except ToolArgumentError:
            self._at = start
            found = self._spoken(depth)
            if found is None:
                raise
            return found

    def _spoken(self, depth: int) -> Node | None:
        """What the words mean that are no comparison: all of them if that is plain, else those up to "and" or "or"."""
        if depth == 0 and (whole := condition_in_words(self._table, self.rest(), self._measure)):
            self._at = len(self._text)
            return whole
        return condition_in_words(self._table, self._value(), self._measure)

    def _comparison(self, column: int) -> Node:
        if found := self._match(_EMPTY):
            blank = Comparison(column, "is empty", ())
            return Group("not", (blank,)) if found[1] else blank
        self._match(_IS_BEFORE)
        if self._match(_DOES_NOT):
            return Group("not", (self._comparison(column),))
        if self._match(_IN):
            return Comparison(column, "in", self._values(closed=True))
        if found := self._match(_ONE_OF):
            return Comparison(column, "in", self._values(closed=bool(found[1])))
        if self._word("like"):
            return self._like(column)
        if self._word("between"):
            low = self._value()
            if not self._word("and"):
                raise self.error("'between' needs 'and' and a second value")
            return Group("and", (Comparison(column, ">=", (low,)), Comparison(column, "<=", (self._value(),))))
        found = self._match(_OPERATOR)
        if found is None:
            raise self.error("an operator such as =, > or contains was expected")
        operator = _OPERATORS[" ".join(found[1].casefold().split())]
        return Comparison(column, operator, (self._value(),))

    def _like(self, column: int) -> Comparison:
        """SQL's pattern, as far as it says "begins with", "ends with" or "contains"."""
        pattern = self._value()
        inner = pattern.strip("%")
        if "%" in inner or "_" in inner:
            raise self.error(f"the pattern {pattern!r} is more than 'begins with', 'ends with' or 'contains'")
        first, last = pattern.startswith("%"), pattern.endswith("%")
        operator: Operator = "contains" if first and last else "ends with" if first else "starts with" if last else "="
        return Comparison(column, operator, (inner,))

    def _column(self) -> int:
        if quoted := self._quoted():
            return self._table.column(quoted)
        self._space()
        rest = self._text[self._at :]
        for name, i in self._names:
            if rest[: len(name)].casefold() == name.casefold() and not re.match(r"\w", rest[len(name) :]):
                self._at += len(name)
                return i
        name = _BARE_NAME.match(rest)
        if name is None:
            raise self.error(f"a column was expected ({self._table.listed()})")
        self._at += name.end()
        return self._table.column(name[0])

    def _value(self, bare: re.Pattern[str] = _BARE_VALUE) -> str:
        quoted = self._quoted()
        if quoted is not None:
            return quoted
        found = self._match(bare)
        if found is None or not found[0].strip():
            raise self.error("a value was expected")
        return found[0].strip()

    def _values(self, closed: bool) -> tuple[str, ...]:
        """A list of values, up to its closing bracket if it has one."""
        values = [self._value(_LISTED_VALUE)]
        while self._sign(",") or (not closed and self._word("or")):
            values.append(self._value(_LISTED_VALUE))
        if closed and not self._sign(")"):
            raise self.error("a closing bracket is missing")
        return tuple(values)

    def _quoted(self) -> str | None:
        found = self._match(_QUOTED)
        if found is None:
            return None
        single, double, back, square = found.groups()
        if single is not None:
            return single.replace("''", "'")
        return double.replace('""', '"') if double is not None else back if back is not None else square

    def _word(self, word: str) -> bool:
        return self._match(re.compile(rf"{word}\b", re.IGNORECASE)) is not None

    def _sign(self, sign: str) -> bool:
        return self._match(re.compile(re.escape(sign))) is not None

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self._space()
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _space(self) -> None:
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1

    def rest(self) -> str:
        """What has not been read yet."""
        return self._text[self._at :].strip()

    def error(self, reason: str) -> ToolArgumentError:
        """An error that shows where reading stopped."""
        return ToolArgumentError(f"where is not readable at {self.rest()[:60] or 'its end'!r}: {reason}.")
