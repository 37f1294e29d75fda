"""Dates, times of day and durations in a request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

MomentKind = Literal["date", "time", "datetime", "month", "year", "duration"]

_MONTHS = re.findall(r"\w+", "january february march april may june july august september october november december")
_MONTH_NUMBER = {m: i for i, m in enumerate(_MONTHS, 1)} | {m[:3]: i for i, m in enumerate(_MONTHS, 1)} | {"sept": 9}
_MONTH = r"(?P<month>" + "|".join(_MONTHS) + r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.?"
_DAY_NAMES = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_YEAR = r"(?P<year>(?:1[0-9]|20|21)\d\d)"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_DATES = tuple(
    re.compile(rf"\b{pattern}\b", re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})[-/.](?P<monthno>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<monthno>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})",
        r"(?P<day>\d{1,2})\.(?P<monthno>\d{1,2})\.(?P<year>\d{4})",
        rf"{_MONTH}\s*{_DAY},?(?:\s+(?:of\s+)?{_YEAR})?",
        rf"{_DAY}\s+(?:of\s+)?{_MONTH},?(?:\s+{_YEAR})?",
    )
)
_MONTHS_OF_YEAR = re.compile(rf"\b{_MONTH},?(?:\s+(?:of\s+)?{_YEAR})?(?=\W|$)", re.IGNORECASE)
_RELATIVE = re.compile(
    r"\b(?:today|tonight|tomorrow(?:\s+(?:morning|afternoon|evening|night))?|yesterday|the day after tomorrow|now|"
    rf"(?:next|this|last|coming)\s+(?:week(?:end)?|month|year|{_DAY_NAMES})|(?:{_DAY_NAMES}))\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?P<hour>[01]?\d|2[0-3])(?::(?P<minute>[0-5]\d)(?::[0-5]\d)?\s?(?P<half>[ap]\.?m\b\.?)?|\s?(?P<half2>[ap]\.?m\b\.?)"
    r"|\s?o'?clock)(?!\w)|\b(?:noon|midnight|midday)\b",
    re.IGNORECASE,
)
_YEARS = re.compile(r"(?<![\w$€£.,:/-])(?:1[5-9]\d\d|20\d\d)(?![\w%:/]|[.,-]\d)")


@dataclass(frozen=True)
class MomentSpan:
    """A point in time as written; `iso` is its ISO 8601 form where the words fix one, else empty."""

    start: int
    end: int
    kind: MomentKind
    iso: str = ""


def find_moments(text: str) -> list[MomentSpan]:
    """Dates, months, years and times of `text`; "3 March 2027 at 14:30" gives both parts and the whole."""
    dates = _without_overlaps([*_dates(text), *_months(text), *_relative(text)])
    times = list(_times(text))
    years = [MomentSpan(m.start(), m.end(), "year", m.group()) for m in _YEARS.finditer(text)]
    return sorted([*dates, *times, *_joined(text, dates, times), *years], key=lambda m: (m.start, m.end))


def _without_overlaps(spans: list[MomentSpan]) -> list[MomentSpan]:
    kept: list[MomentSpan] = []
    for span in sorted(spans, key=lambda s: (s.start - s.end, s.start)):
        if all(span.end <= other.start or span.start >= other.end for other in kept):
            kept.append(span)
    return kept


def _dates(text: str) -> Iterator[MomentSpan]:
    for pattern in _DATES:
        for match in pattern.finditer(text):
            parts = match.groupdict()
            number = int(parts["monthno"]) if parts.get("monthno") else _MONTH_NUMBER[parts["month"].lower()]
            day = int(parts["day"])
            if number > 12 >= day and "/" in match.group():
                number, day = day, number  # the day first: 22/02/2027
            iso = _iso(parts.get("year"), number, day)
            if iso is not None:
                yield MomentSpan(match.start(), match.end(), "date", iso)


def _iso(year: str | None, month: int, day: int) -> str | None:
    """ISO date; "" without a year; None when there is no such day."""
    try:
        found = date(int(year or 2024), month, day)
    except ValueError:
        return None
    return found.isoformat() if year else ""


def _months(text: str) -> Iterator[MomentSpan]:
    for match in _MONTHS_OF_YEAR.finditer(text):
        if match["month"].lower() in ("may", "mar") and not match["year"] and not match["month"][0].isupper():
            continue  # the verb
        iso = f"{match['year']}-{_MONTH_NUMBER[match['month'].lower()]:02}" if match["year"] else ""
        yield MomentSpan(match.start(), match.start() + len(match.group().rstrip(",. ")), "month", iso)


def _relative(text: str) -> Iterator[MomentSpan]:
    for match in _RELATIVE.finditer(text):
        yield MomentSpan(match.start(), match.end(), "date")


def _times(text: str) -> Iterator[MomentSpan]:
    for match in _TIME.finditer(text):
        if match["hour"] is None:
            iso = "00:00" if match.group().lower() == "midnight" else "12:00"
        else:
            half = (match["half"] or match["half2"] or "").lower()[:1]
            hour = int(match["hour"])
            hour = hour % 12 + (12 if half == "p" else 0) if half and hour <= 12 else hour
            iso = f"{hour:02}:{int(match['minute'] or 0):02}"
        yield MomentSpan(match.start(), match.end(), "time", iso)


def _joined(text: str, dates: list[MomentSpan], times: list[MomentSpan]) -> Iterator[MomentSpan]:
    for day in dates:
        for clock in times:
            first, last = sorted((day, clock), key=lambda s: s.start)
            if first.end <= last.start and re.fullmatch(r"[,\s]*(?:at|on|from|@|T)?\s*", text[first.end : last.start]):
                iso = f"{day.iso}T{clock.iso}" if day.iso else ""
                yield MomentSpan(first.start, last.end, "datetime", iso)
