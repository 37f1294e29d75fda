"""Stretches of days as people name them: "next week", "March 2027", "this weekend"."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

from agent_core import ToolArgumentError
from agent_plugin_calendar.moments import read_moment

_MONTHS = [name.lower() for name in calendar.month_name]
_MONTH = re.compile(r"(?P<name>[a-z]{3,9})(?:\s+(?P<year>\d{4}))?|(?P<iso_year>\d{4})-(?P<iso_month>\d{2})")
_AHEAD = re.compile(r"(?:the\s+)?(?:next|coming)\s+(?P<count>\d{1,3})\s+(?P<unit>day|week)s?")
_NAMED = re.compile(r"(?:(?P<which>this|the|next|last|coming)\s+)?(?P<unit>week|weekend|month|year)")


class Period(NamedTuple):
    """Days from `first` to `last`, both included."""

    first: date
    last: date


def read_period(text: str, now: datetime, date_order: str = "") -> Period:
    """The days that `text` names; a day, or a time on it, is a period of one day.

    Raises:
        ToolArgumentError: it names none.
    """
    words = " ".join(text.lower().split()).strip(" .,?")
    words = re.sub(r"^(?:in|on|for|during)\s+(?!\d+\s|an?\s)", "", words)
    today = now.date()
    found = _named(words, today) or _ahead(words, today) or _month(words, today) or _year(words)
    if found:
        return found
    day = read_moment(words, now, date_order).day or today
    return Period(day, day)


def _named(words: str, today: date) -> Period | None:
    found = _NAMED.fullmatch(words)
    if not found:
        return None
    step = {"next": 1, "last": -1}.get(found["which"] or "", 0)
    if found["unit"] in ("week", "weekend"):
        monday = today - timedelta(days=today.weekday()) + timedelta(weeks=step)
        return Period(monday + timedelta(days=5 if found["unit"] == "weekend" else 0), monday + timedelta(days=6))
    if found["unit"] == "month":
        months = today.year * 12 + today.month - 1 + step
        return _whole_month(months // 12, months % 12 + 1)
    return Period(date(today.year + step, 1, 1), date(today.year + step, 12, 31))


def _ahead(words: str, today: date) -> Period | None:
    found = _AHEAD.fullmatch(words)
    if not found:
        return None
    days = int(found["count"]) * (7 if found["unit"] == "week" else 1)
    return Period(today, today + timedelta(days=max(days, 1) - 1))


def _month(words: str, today: date) -> Period | None:
    found = _MONTH.fullmatch(words)
    if not found:
        return None
    if found["iso_month"]:
        return _whole_month(int(found["iso_year"]), int(found["iso_month"]))
    name = found["name"]
    numbers = [n for n, month in enumerate(_MONTHS) if n and (month == name or month[:3] == name)]
    if not numbers:
        return None
    this_or_next_year = today.year + (numbers[0] < today.month)
    return _whole_month(int(found["year"] or this_or_next_year), numbers[0])


def _year(words: str) -> Period | None:
    found = re.fullmatch(r"(?:19|20|21)\d\d", words)
    return Period(date(int(words), 1, 1), date(int(words), 12, 31)) if found else None


def _whole_month(year: int, month: int) -> Period:
    if not (1 <= month <= 12 and 1 <= year <= 9998):
        raise ToolArgumentError(f"There is no month {year}-{month:02}; write it like 2027-03.")
    return Period(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
