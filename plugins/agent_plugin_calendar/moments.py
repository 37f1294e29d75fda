"""Dates and times as people write them.

A text that depends on the clock ("tomorrow at 9", "Friday 14:30", "3 March" without a year) is resolved **once**, when
the argument is validated: the type `When` replaces it by the absolute date. So what is previewed, approved, hashed and
executed is the same absolute time, however long the approval takes. Relative words count from this machine's clock
in the calendar's zone. A text that does not depend on the clock but on a setting (03/04/2027) stays as it is.

"Friday" and "this Friday" are the next one after today; "next Friday" is the one in the next calendar week, from
Monday on. A date without a year is the next such date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, NoReturn

from agent_core import ToolArgumentError
from agent_core.errors import ConfigurationError
from agent_plugin_calendar.settings import CalendarSettings

_MAX_TEXT = 100
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = r"(?P<weekday>(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?)"
_NUMBERS = ("a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_AMOUNT = rf"(?P<amount>\d{{1,4}}|an|{'|'.join(_NUMBERS)})\s+(?P<unit>minute|hour|day|week|month|year)s?"

_CLOCK = re.compile(
    r"""(?:\b(?:at|from|by)\s+|@\s*)?(?:
        (?<![\d:])(?P<hour>\d{1,2})[:h](?P<minute>\d{2})(?::(?P<second>\d{2}))?(?!\d)
      | (?<=at\ )(?P<at>\d{1,2})(?:\.(?P<at_minute>\d{2}))?(?![\d/.:-])
      | (?<!\d)(?P<bare>\d{1,2})(?=\s*(?:[ap]\.?m\b|o'?clock))
      | \b(?P<word>noon|midday|midnight)\b
    )(?:\s*(?P<half>[ap])\.?m\b\.?|\s*o'?clock)?(?:\s+in\s+the\s+(?P<part>morning|afternoon|evening))?
    (?:\s*(?P<zone>utc|gmt|z\b|[+-]\d{2}:?\d{2}|[a-z]+/[a-z_/]+))?""",
    re.VERBOSE,
)
_NUMERIC = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_SHIFT = re.compile(
    rf"in\s+{_AMOUNT}|{_AMOUNT.replace('?P<amount>', '?P<amount2>').replace('?P<unit>', '?P<unit2>')}\s+from\s+now"
)
_DAY_WORDS = {
    "today": 0,
    "tonight": 0,
    "tomorrow": 1,
    "day after tomorrow": 2,
    "yesterday": -1,
}
_NAMED_WEEKDAY = re.compile(rf"(?:(?P<which>this|coming|next)\s+)?{_WEEKDAY}(?:\s+(?P<later>next\s+week))?")


class AmbiguousDate(ToolArgumentError):
    """A date such as 03/04/2027, where no setting says which number is the month."""


@dataclass(frozen=True)
class Moment:
    """What a text says: a day, a time of day, or both; `zone` where it names one."""

    day: date | None
    clock: time | None = None
    zone: tzinfo | None = None

    def __str__(self) -> str:
        """The ISO text that reads back as the same moment."""
        parts = [self.day.isoformat()] if self.day else []
        if self.clock:
            whole = datetime.combine(self.day or date(2000, 1, 1), self.clock, self.zone)
            parts.append(whole.isoformat(timespec="minutes").partition("T")[2])
        return " ".join(parts)


def read_moment(text: str, now: datetime, date_order: str = "") -> Moment:
    """Understand `text`, counting relative words from `now` (naive local time).

    Raises:
        ToolArgumentError: it is not a date or time, or can be read in two ways.
    """
    words = " ".join(text.split())
    if not words or len(words) > _MAX_TEXT or not words.isascii():
        _not_understood(text)
    iso = _read_iso(words)
    if iso:
        return iso
    words = words.lower().strip(" .,")
    clock, zone, rest = _take_clock(words, text)
    if not rest:
        return Moment(None, clock, zone)
    shift = _SHIFT.fullmatch(rest)
    if shift:
        return _shifted(shift, now, clock, text)
    day = _relative_day(rest, now.date()) or _numeric_day(rest, date_order, text) or _named_day(rest, now.date(), text)
    if rest == "tonight" and clock and clock.hour < 12:
        clock = clock.replace(hour=clock.hour + 12)
    return Moment(day, clock, zone)


def resolve(text: str, now: datetime, *, keep_time_only: bool = False) -> str:
    """`text` as one that no longer depends on the clock. A time alone is its next occurrence, unless it is kept."""
    try:
        moment = read_moment(text, now)
    except AmbiguousDate:
        return " ".join(text.split())
    if moment.day is None and not keep_time_only:
        assert moment.clock is not None
        ahead = moment.clock > now.time()
        moment = Moment(now.date() + timedelta(days=0 if ahead else 1), moment.clock, moment.zone)
    return str(moment)


def in_zone(moment: Moment, zone: tzinfo) -> date | datetime:
    """The moment as a day, or as a time in `zone`.

    Raises:
        ToolArgumentError: the clocks skip that time on that day.
    """
    assert moment.day is not None
    if moment.clock is None:
        return moment.day
    if moment.zone is not None:
        return datetime.combine(moment.day, moment.clock, moment.zone).astimezone(zone)
    local = datetime.combine(moment.day, moment.clock, zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ToolArgumentError(f"{moment} does not exist in {zone}: the clocks go forward then; choose another time.")
    return local


class When(str):
    """A parameter type: text that names a day or a time; validated, it is absolute."""

    keep_time_only = False

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Validation for pydantic, which asks for it by this name; the JSON schema is that of a string."""
        from pydantic_core import core_schema

        def absolute(text: str, info: core_schema.ValidationInfo) -> str:
            settings: CalendarSettings = info.context or CalendarSettings()
            try:
                now = settings.now()
            except ConfigurationError:  # which the call itself will fail with
                return text
            return resolve(text, now, keep_time_only=cls.keep_time_only)

        return core_schema.with_info_after_validator_function(absolute, core_schema.str_schema())


class Until(When):
    """As `When`, but a time alone stays one: it is on the day that the event starts."""

    keep_time_only = True


def _read_iso(words: str) -> Moment | None:
    try:
        if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", words):
            return Moment(date.fromisoformat(words))
        if re.match(r"\d{4}-?\d{2}-?\d{2}[T ]\d{2}:?\d{2}", words):
            whole = datetime.fromisoformat(words)
            return Moment(whole.date(), whole.time().replace(second=0, microsecond=0), whole.tzinfo)
    except ValueError:
        return None
    return None


def _take_clock(words: str, text: str) -> tuple[time | None, tzinfo | None, str]:
    """The time of day in `words`, its zone, and what is left: the day."""
    found = _CLOCK.search(words)
    if not found:
        return None, None, _trimmed(words)
    rest = _trimmed(words[: found.start()] + " " + words[found.end() :])
    if _CLOCK.search(rest):
        raise ToolArgumentError(f"{text[:_MAX_TEXT]!r} names two times; give the start and the end separately.")
    return _clock(found, text), _zone(found["zone"], text), rest


def _clock(found: re.Match[str], text: str) -> time:
    if found["word"]:
        return time(0 if found["word"] == "midnight" else 12)
    hour = int(found["hour"] or found["at"] or found["bare"])
    minute = int(found["minute"] or found["at_minute"] or 0)
    half = found["half"] or {"morning": "a", "afternoon": "p", "evening": "p"}.get(found["part"] or "")
    if found["part"] and hour > 12:
        half = None
    if half and not 1 <= hour <= 12:
        _not_understood(text)
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif 1 <= hour <= 6 and not found["minute"] and not found["at_minute"]:
        raise ToolArgumentError(f"{text[:_MAX_TEXT]!r} may mean {hour} am or {hour} pm; say which, or {hour + 12}:00.")
    try:
        return time(hour, minute)
    except ValueError:
        _not_understood(text)


def _zone(name: str | None, text: str) -> tzinfo | None:
    if not name:
        return None
    if name in ("z", "utc", "gmt"):
        return UTC
    if name[0] in "+-":
        return datetime.strptime(name, "%z").tzinfo
    from zoneinfo import ZoneInfo, available_timezones

    known = {zone.lower(): zone for zone in available_timezones()}
    if name not in known:
        _not_understood(text)
    return ZoneInfo(known[name])


def _trimmed(words: str) -> str:
    words = " ".join(words.split()).strip(" ,")
    return re.sub(r"^(?:(?:on|for|at|from|the)\s+)+|[\s,]+(?:at|on)$", "", words).strip(" ,")


def _shifted(shift: re.Match[str], now: datetime, clock: time | None, text: str) -> Moment:
    from dateutil.relativedelta import relativedelta

    written, unit = shift["amount"] or shift["amount2"], shift["unit"] or shift["unit2"]
    amount = int(written) if written.isdigit() else max(1, _NUMBERS.index("a" if written == "an" else written))
    if unit in ("minute", "hour"):
        if clock:
            _not_understood(text)
        moved = now + timedelta(**{f"{unit}s": amount})
        return Moment(moved.date(), moved.time().replace(second=0, microsecond=0))
    try:
        return Moment(now.date() + relativedelta(**{f"{unit}s": amount}), clock)  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        _not_understood(text)


def _relative_day(rest: str, today: date) -> date | None:
    if rest in _DAY_WORDS:
        return today + timedelta(days=_DAY_WORDS[rest])
    found = _NAMED_WEEKDAY.fullmatch(rest)
    if not found:
        return None
    wanted = _weekday_number(found["weekday"])
    if found["which"] == "next" or found["later"]:
        return today + timedelta(days=7 - today.weekday() + wanted)
    return today + timedelta(days=(wanted - today.weekday() - 1) % 7 + 1)


def _weekday_number(name: str) -> int:
    return next(number for number, weekday in enumerate(_WEEKDAYS) if weekday.startswith(name[:3]))


def _numeric_day(rest: str, date_order: str, text: str) -> date | None:
    found = _NUMERIC.fullmatch(rest)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[3]), int(found[4])
    if found[2] == "." or first > 12 or first == second:
        day_first = True  # 03.04.2027 is written by those who put the day first
    elif second > 12:
        day_first = False
    elif date_order:
        day_first = date_order == "day-first"
    else:
        raise AmbiguousDate(
            f"{text[:_MAX_TEXT]!r} may be day/month or month/day; write it like {year}-{second:02}-{first:02}, "
            "or set plugins.calendar.date_order."
        )
    try:
        return date(year, second, first) if day_first else date(year, first, second)
    except ValueError:
        _not_understood(text)


def _named_day(rest: str, today: date, text: str) -> date:
    """A day with the month's name in it. What dateutil did not read but filled in differs between two defaults."""
    from dateutil import parser

    try:
        low, high = (parser.parse(rest, default=d) for d in (datetime(2000, 1, 1), datetime(2004, 12, 28, 23, 59, 59)))
    except (ValueError, OverflowError):
        _not_understood(text)
    has_year = low.year == high.year
    if low.month != high.month or low.day != high.day or low.hour == high.hour or low.tzinfo:
        _not_understood(text)
    if has_year and not re.search(r"\d{4}", rest):
        raise ToolArgumentError(f"{text[:_MAX_TEXT]!r}: write the year with four digits.")
    day = low.date() if has_year else _next_such_day(low.month, low.day, today)
    weekday = re.search(rf"\b{_WEEKDAY}\b", rest)
    if weekday and _weekday_number(weekday["weekday"]) != day.weekday():
        raise ToolArgumentError(f"{text[:_MAX_TEXT]!r}: {day} is a {_WEEKDAYS[day.weekday()].title()}; which is meant?")
    return day


def _next_such_day(month: int, day: int, today: date) -> date:
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:  # 29 February
            continue
        if found >= today:
            return found
    raise AssertionError("every day of a leap year comes again within nine years")


def _not_understood(text: str) -> NoReturn:
    raise ToolArgumentError(
        f"{text[:_MAX_TEXT]!r} is not a date or time that can be read; write it like 2027-03-03 14:30."
    ) from None
