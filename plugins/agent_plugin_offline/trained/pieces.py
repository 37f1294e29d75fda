"""The pieces of a request as the trained models see them: words, signs and values, each with the form that it has.

A value of many signs (a formula, a date with its time, a matrix) is one piece: what it looks like says more than what
it is made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from agent_plugin_offline.numbers import NUMBER_WORDS
from agent_plugin_offline.text import stem, words
from agent_plugin_offline.trained.spoken_times import spoken_times

_PIECE = re.compile(
    r"(?P<url>(?:https?://|www\.)[^\s<>\"]*[^\s<>\".,;:!?)\]'])"
    r"|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<matrix>\[\s*\[.*?\]\s*\]|\[\s*-?\d[\d\s.,;/-]*\])"
    r"|(?P<table>(?:~/|\.{0,2}/)?(?:[\w-][\w.-]*/)*[\w-][\w.-]*\.(?:csv|tsv|xlsx?|ods)\b)"
    r"|(?P<pattern>\*[\w.*-]*\.\w{1,5}\b|(?<!\S)\.[a-z]{2,4}\b)"
    r"|(?P<abbreviation>\b(?:i\.e|e\.g|[ap]\.m|a\.k\.a)\b\.?|\b(?:km|mi|m|miles?|kilomet(?:re|er)s?)/(?:h|s|hour)\b)"
    r"|(?P<file>(?:~/|\.{0,2}/)?(?:[\w-][\w.-]*/)*[\w-][\w.-]*\.(?!\d)[A-Za-z][A-Za-z0-9]{0,4}\b(?!['’@]))"
    r"|(?P<folder>(?<![\w)\]])(?:~|\.{1,2})?/[\w.-]+(?:/[\w.-]+)*/?|(?=[\w-]*[A-Za-z_]{2})[\w-]+(?:/[\w.-]*\w)+/?|\d{4}/[A-Za-z][\w./-]*|[A-Za-z_][\w-]*/(?=[\s,;?!]|$))"
    r"|(?P<percent>\d+(?:\.\d+)?\s?%|\d+(?:\.\d+)?\s+per\s?cent\b)"
    r"|(?P<number>[$€£]?\d+(?:,\d{3})*(?:\.\d+)?(?:st\b|nd\b|rd\b|th\b)?)"
    r"|(?P<title>(?:Mr|Mrs|Ms|Dr|St|Prof|No)\.(?=\s))"
    r"|(?P<word>[^\W\d_](?:\w|['’-](?=\w))*|_\w+)"
    r"|(?P<sign>\S)"
)
_OPEN, _CLOSE = "\"'“‘«`", "\"'”’»`"
_OPERATORS = frozenset("+*/^=<>×÷−·√²³!≤≥")
_FUNCTIONS = words("sin cos tan ln log exp sqrt cbrt pi abs lim det gcd lcm asin acos atan sinh cosh tanh mod")
PLAIN = ("low", "Cap", "CAPS")
"""Forms of mere words."""


@dataclass(frozen=True)
class Piece:
    """One word, sign or value; `text[start:end]` of the request."""

    text: str
    start: int
    end: int
    form: str
    """What it looks like: `email`, `file`, `day`, ...; words are `low`, `Cap` or `CAPS`."""
    quoted: bool
    """Whether it stands between quotation marks."""
    known: str
    """A word as the models know it, in lower case; values go by their form alone."""

    @property
    def stem(self) -> str:
        """The stem of a word."""
        return stem(self.known) if self.form in PLAIN else self.known


@lru_cache(maxsize=1024)
def pieces_of(text: str) -> tuple[Piece, ...]:
    """The pieces of `text` in their order."""
    quotes = _quotes(text)
    values = list(_values(text))
    plain: list[tuple[int, int, str]] = []
    for match in _PIECE.finditer(text):
        if not any(start <= match.start() < end for start, end, _ in values):
            plain.append((match.start(), match.end(), str(match.lastgroup)))
    joined = list(_with_formulas(text, sorted([*plain, *values])))
    return tuple(_piece(text, *one, quotes) for one in joined)


def _values(text: str) -> Iterator[tuple[int, int, str]]:
    """Dates and times, where nothing else claims their signs."""
    taken = [
        match.span()
        for match in _PIECE.finditer(text)
        if match.lastgroup in ("url", "email", "matrix", "table", "file", "folder", "pattern")
    ]
    for start, end, kind in spoken_times(text):
        if all(end <= low or high <= start for low, high in taken):
            yield start, end, kind


def _with_formulas(text: str, pieces: Sequence[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """The pieces with those that make up one formula as one."""
    at = 0
    while at < len(pieces):
        end = at
        while end < len(pieces) and _is_operand(text, pieces, at, end):
            end += 1
        run = _trimmed(text, list(pieces[at:end]))
        if len(run) > 1 and _computes(text, run):
            at = pieces.index(run[0], at) + len(run)
            yield run[0][0], run[-1][1], "formula"
        else:
            yield pieces[at]
            at += 1


def _is_operand(text: str, pieces: Sequence[tuple[int, int, str]], first: int, at: int) -> bool:
    start, end, form = pieces[at]
    said = text[start:end].lower()
    if form in ("number", "percent"):
        return True
    if form == "sign":
        return said in _OPERATORS or said in "()-.|" or (said == "," and _open(text, pieces[first : at + 1]))
    if form == "word" and said == "d" and text[end : end + 2] == "/d":
        return False
    if form == "folder":
        return re.fullmatch(r"[a-z0-9]{1,3}(?:/[a-z0-9]{1,3})+", said) is not None
    if form != "word":
        return False
    if said in _FUNCTIONS:
        return True
    if len(said) == 1 and text[max(0, start - 1) : start].isdigit():
        return True  # the x of "3x"
    near = text[max(0, start - 2) : start] + text[end : end + 2]
    return len(said) <= 2 and (len(said) == 1 or text[end : end + 1] == "(") and any(s in "+-*/^=<>()²³" for s in near)


def _open(text: str, pieces: Sequence[tuple[int, int, str]]) -> bool:
    said = text[pieces[0][0] : pieces[-1][1]]
    return said.count("(") > said.count(")")


def _trimmed(text: str, run: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    while run and (
        text[run[-1][0] : run[-1][1]] in ",.-=(|>a" or (text[run[-1][0]] == ")" and _balance(text, run) < 0)
    ):
        run.pop()
    while run and (text[run[0][0]] in ",.)=|!" or (text[run[0][0]] == "(" and _balance(text, run) > 0)):
        run.pop(0)
    return run


def _balance(text: str, run: list[tuple[int, int, str]]) -> int:
    said = text[run[0][0] : run[-1][1]]
    return said.count("(") - said.count(")")


def _computes(text: str, run: list[tuple[int, int, str]]) -> bool:
    said = text[run[0][0] : run[-1][1]]
    if re.fullmatch(r"[\d.,]+\s*-\s*[\d.,]+|[\d.\s,/-]+", said) and not re.search(r"\s-\s|\d/\d", said):
        return False  # "16-45", "555-0199": a range or a number of another kind
    return (
        any(sign in said for sign in "+*/^=<>×÷−·√²³!")
        or "(" in said
        or re.search(r"\d\s*-\s*\d|\w\s-\s\w", said) is not None
    )


def _piece(text: str, start: int, end: int, form: str, quotes: Sequence[tuple[int, int]]) -> Piece:
    said = text[start:end]
    if form in ("word", "title", "abbreviation"):
        form = "CAPS" if len(said) > 1 and said.isupper() else "Cap" if said[0].isupper() else "low"
        form = "numeral" if said.lower() in NUMBER_WORDS else form
    elif form == "sign":
        form = said
    quoted = any(low < start and end < high for low, high in quotes)
    plain = form in PLAIN or form == said
    known = said.lower().replace("’", "'") if plain else "<number>" if form == "numeral" else f"<{form}>"
    return Piece(said, start, end, form, quoted, known)


def _quotes(text: str) -> list[tuple[int, int]]:
    """Stretches in quotation marks, the marks included; an apostrophe opens none."""
    found: list[tuple[int, int]] = []
    position = 0
    while position < len(text):
        mark = text[position]
        if mark in _OPEN and (position == 0 or not text[position - 1].isalnum()):
            closing = _CLOSE[_OPEN.index(mark)]
            end = position + 1
            while (end := text.find(closing, end)) > 0:
                if end + 1 == len(text) or not text[end + 1].isalnum():
                    break
                end += 1
            if end > position + 1:
                found.append((position, end + 1))
                position = end
        position += 1
    return found
