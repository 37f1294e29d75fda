"""Stretches of time that a question names: years, months, quarters, days, and those before, after or between them."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from agent_questions.tokens import Token

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
MONTHS = {name: n for n, name in enumerate(_MONTHS, 1)} | {name[:3]: n for n, name in enumerate(_MONTHS, 1)}
MONTHS["sept"] = 9
_QUARTER = {"q1": 1, "q2": 2, "q3": 3, "q4": 4, "first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_IN, _ON = frozenset(["in", "during", "of", "for", "within", "throughout"]), frozenset(["on", "at"])
_AFTER, _SINCE = frozenset({"after", "following"}), frozenset({"since", "from", "starting"})
_BEFORE, _UNTIL = frozenset({"before", "prior"}), frozenset({"until", "till", "through", "by", "to"})


@dataclass(frozen=True)
class Span:
    """From one day to another, both included; None where it is open. Or one month of any year."""

    first: date | None = None
    last: date | None = None
    month: int | None = None
    quarter: int | None = None

    @property
    def year(self) -> int | None:
        """The year, where it is exactly one."""
        whole = self.first and self.last and (self.first.month, self.first.day) == (1, 1)
        if whole and self.first and self.last == date(self.first.year, 12, 31):
            return self.first.year
        return None

    @property
    def within_a_year(self) -> bool:
        """Whether all of it lies in one year."""
        return bool(self.first and self.last and self.first.year == self.last.year)


def spans(given: Sequence[Token]) -> list[tuple[int, int, Span]]:
    """All stretches that are named: where they begin and end among the tokens, and what they are."""
    found: list[tuple[int, int, Span]] = []
    at = 0
    while at < len(given):
        read = _relative(given, at)
        if read:
            found.append((at, read[0], read[1]))
            at = read[0]
        else:
            at += 1
    return found


def _relative(given: Sequence[Token], at: int) -> tuple[int, Span] | None:  # noqa: C901 - one branch for each form
    """A stretch with what stands before it."""
    word = given[at].word
    if word in ("between", "from") and (first := _absolute(given, at + 1)):
        joined = given[first[0]].word if first[0] < len(given) else ""
        joins = ("and",) if word == "between" else ("to", "until", "till", "through", "and")
        if joined in joins and (last := _absolute(given, first[0] + 1)):
            start = first[1] if first[1].first else None
            if start is None and first[1].month and last[1].first:  # from March to May 2022
                year = last[1].first.year
                start = Span(date(year, first[1].month, 1))
            if start and start.first and last[1].last and start.first <= last[1].last:
                return last[0], Span(start.first, last[1].last)
            return None
        if word == "between":
            return None
    if word == "prior" and at + 1 < len(given) and given[at + 1].word == "to":
        at, word = at + 1, "before"
    led = word in _IN | _ON | _AFTER | _SINCE | _BEFORE | _UNTIL
    skip = at + 1 if led else at
    if led and skip + 1 < len(given) and given[skip].word == "the" and word in _IN:
        skip += 1
    read = _absolute(given, skip)
    if not read:
        return None
    end, span = read
    if not led or word in _IN | _ON:
        if span.first is None and not led and span.quarter is None:
            return None  # "may" alone is a verb
        if end < len(given) and given[end].word in ("onwards", "onward", "forward"):
            return end + 1, Span(span.first)
        return end, span
    if span.first is None or span.last is None:
        return None
    if word in _AFTER:
        return end, Span(span.last + timedelta(1))
    if word in _SINCE:
        if end < len(given) and given[end].word in ("onwards", "onward", "on", "forward"):
            end += 1
        return end, Span(span.first)
    if word in _BEFORE:
        return end, Span(None, span.first - timedelta(1))
    return end, Span(None, span.last)


def _absolute(given: Sequence[Token], at: int) -> tuple[int, Span] | None:
    """A year, month, quarter, half or day."""
    words = [token.word for token in given[at : at + 6]] + [""] * 6
    if at >= len(given):
        return None
    if _ISO.fullmatch(words[0]):
        return _day(at + 1, words[0])
    if words[0] == "the":
        inner = _absolute(given, at + 1)
        return inner if inner else None
    if re.fullmatch(r"[12]\d\d0s", words[0]):
        first = int(words[0][:4])
        return at + 1, Span(date(first, 1, 1), date(first + 9, 12, 31))
    if words[0] == "year" and _year(words[1]):
        return at + 2, _whole(_year(words[1]))
    if year := _year(words[0]):
        if words[1] in ("q",) or (words[1] in _QUARTER and words[1].startswith("q")):
            return at + 2, _quarter(year, _QUARTER[words[1]])
        return at + 1, _whole(year)
    if words[0] in _QUARTER and (words[0].startswith("q") or words[1] in ("quarter", "half")):
        return _of_year(words, at)
    if words[0] in MONTHS:
        return _with_month(words, at)
    if (day := _day_of_month(words[0])) and words[0] != "may":
        place = 2 if words[1] == "of" else 1
        if words[place] in MONTHS and (year := _year(words[place + 1])):
            return _day(at + place + 2, f"{year:04}-{MONTHS[words[place]]:02}-{day:02}")
    return None


def _of_year(words: Sequence[str], at: int) -> tuple[int, Span] | None:
    place = 1 if words[0].startswith("q") else 2
    half = not words[0].startswith("q") and words[1] == "half"
    number = _QUARTER[words[0]]
    if words[place] == "of":
        place += 1
    year = _year(words[place])
    if half:
        if not year or words[0] in ("third", "fourth"):
            return None
        first_half = words[0] == "first"
        return at + place + 1, (
            Span(date(year, 1, 1), date(year, 6, 30)) if first_half else Span(date(year, 7, 1), date(year, 12, 31))
        )
    if year:
        return at + place + 1, _quarter(year, number)
    return None


def _with_month(words: Sequence[str], at: int) -> tuple[int, Span] | None:
    month = MONTHS[words[0]]
    place = 2 if words[1] == "of" else 1
    if year := _year(words[place]):
        return at + place + 1, _month(year, month)
    if day := _day_of_month(words[1]):
        if year := _year(words[2]):
            return _day(at + 3, f"{year:04}-{month:02}-{day:02}")
        return None
    return at + 1, Span(month=month)


def _year(word: str) -> int | None:
    return int(word) if len(word) == 4 and word.isdigit() and 1000 <= int(word) <= 2200 else None


def _day_of_month(word: str) -> int | None:
    digits = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", word)
    return int(digits[1]) if digits and 1 <= int(digits[1]) <= 31 else None


def _day(end: int, text: str) -> tuple[int, Span] | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return end, Span(day, day)


def _whole(year: int | None) -> Span:
    assert year is not None
    return Span(date(year, 1, 1), date(year, 12, 31))


def _quarter(year: int, number: int) -> Span:
    last = number * 3
    return Span(date(year, last - 2, 1), date(year, last, monthrange(year, last)[1]))


def _month(year: int, month: int) -> Span:
    return Span(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
