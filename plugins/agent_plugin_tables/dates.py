"""Dates as people write them: ISO, numeric in either order, and with English month names."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Literal

from agent_plugin_tables.cells import Cell

_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d.*)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ .-]+([a-z]{3,9})\.?[ ,.-]+(\d{4}|\d{2})", re.IGNORECASE)
_MONTH_DAY = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.IGNORECASE)
_CLOCK = re.compile(r"[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([ap])\.?m\.?)?", re.IGNORECASE)
_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)


def parse_date(cell: Cell, day_first: bool = True) -> datetime | None:
    """The date (and time) in a cell, without a zone (UTC where one was given), or None."""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).replace(tzinfo=None) if cell.tzinfo else cell
    if isinstance(cell, date):
        return datetime.combine(cell, time())
    if not isinstance(cell, str) or not 6 <= len(cell) <= 40:
        return None
    try:
        return _date_in_text(" ".join(cell.split()), day_first)
    except (ValueError, OverflowError):
        return None


def _date_in_text(text: str, day_first: bool) -> datetime | None:
    if _ISO.fullmatch(text) and len(text) >= 10 and text[7] == "-":
        return parse_date(datetime.fromisoformat(text))
    hour = minute = second = 0
    if clock := re.search(_CLOCK.pattern + "$", text, re.IGNORECASE):
        text = text[: clock.start()]
        hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
        if clock[4]:
            hour = hour % 12 + (12 if clock[4] in "pP" else 0)
    day = _day(text, day_first)
    return datetime(*day, hour, minute, second) if day else None


def _day(text: str, day_first: bool) -> tuple[int, int, int] | None:
    if match := _YEAR_FIRST.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NUMERIC.fullmatch(text):
        first, second = int(match[1]), int(match[3])
        return (_year(match[4]), second, first) if day_first else (_year(match[4]), first, second)
    if (match := _DAY_MONTH.fullmatch(text)) and (month := month_number(match[2])):
        return _year(match[3]), month, int(match[1])
    if (match := _MONTH_DAY.fullmatch(text)) and (month := month_number(match[1])):
        return int(match[3]), month, int(match[2])
    return None


def month_number(name: str) -> int | None:
    """The number of a month by its English name or its first letters; None if it is none."""
    folded = name.casefold()
    found = [i for i, month in enumerate(_MONTHS, 1) if month.startswith(folded) or (i == 9 and folded == "sept")]
    return found[0] if len(found) == 1 else None


def _year(digits: str) -> int:
    """Two digits mean the years 1970 to 2069, as POSIX reads them (shifted by one)."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def day_order(cell: Cell) -> Literal["day", "month", "?"] | None:
    """Whether a numeric date gives away what comes first; "?" if it could be either; None if it is none."""
    match = _NUMERIC.match(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        return None
    first, second = int(match[1]), int(match[3])
    if match[2] == "." or first > 12:
        return "day"
    return "month" if second > 12 else "?" if first != second else None
