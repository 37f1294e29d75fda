"""What is on when: events of a calendar file as results, repetitions expanded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent_plugin_calendar.ics_file import IcsFile

_EXPANDED = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
"""Rules that repeat more often are not expanded: their occurrences could be millions."""
_SELDOM = ("BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS")
"""Daily rules with these parts may have no occurrence, and are then followed day by day for 8000 years."""

_FILLERS = frozenset(
    {"a", "an", "the", "my", "our", "with", "for", "of", "about", "on", "at", "s"}
    | {"event", "appointment", "meeting", "entry", "date", "calendar", "anything", "everything", "something"}
)


@dataclass(frozen=True)
class EventInfo:
    """One event, or one occurrence of a repeating one."""

    uid: str
    title: str
    start: str
    """ISO: a date for all-day events, else a time with its offset."""
    end: str
    """ISO; for all-day events the last day."""
    all_day: bool
    location: str
    repeats: bool
    text: str
    """The event in one line."""


@dataclass(frozen=True)
class Span:
    """From when to when, in the user's zone; `last` is exclusive. All-day events span whole days."""

    first: datetime
    last: datetime
    all_day: bool

    def overlaps(self, other: Span) -> bool:
        """Whether both take time at once; a moment without length is inside what surrounds it."""
        return self.first < max(other.last, other.first + timedelta(seconds=1)) and other.first < max(
            self.last, self.first + timedelta(seconds=1)
        )

    def __str__(self) -> str:
        """For a person: weekday, date, times."""
        if self.all_day:
            final = self.last - timedelta(days=1)
            return long_date(self.first) + (f" to {long_date(final)}" if final > self.first else "") + ", all day"
        if self.last.date() == self.first.date():
            return f"{long_date(self.first)}, {self.first:%H:%M}–{self.last:%H:%M}"
        return f"{long_date(self.first)}, {self.first:%H:%M} to {long_date(self.last)}, {self.last:%H:%M}"


def long_date(day: date) -> str:
    """A date nobody can misread: Wednesday 3 March 2027."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def subject_words(text: str) -> frozenset[str]:
    """What a request calls an event, without the words that only say that it is one ("the dentist appointment")."""
    return words_of(text) - _FILLERS


def words_of(text: str) -> frozenset[str]:
    """The words of a title or a request, as they are compared: whole, in any case, plural or not."""
    words = re.findall(r"[^\W_]+", text.casefold())
    return frozenset(word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words)


def whole_days(first: date, last: date, zone: tzinfo) -> Span:
    """The span of the days from `first` to `last`, both included."""
    return Span(_midnight(first, zone), _midnight(last + timedelta(days=1), zone), True)


def span_of(event: Any, zone: tzinfo) -> Span | None:
    """When an icalendar event is; None where the file holds no usable time for it."""
    try:
        start = event["DTSTART"].dt
    except (LookupError, AttributeError, ValueError):
        return None
    if not isinstance(start, date):
        return None
    try:
        end = event.end
    except (ValueError, TypeError, AttributeError):  # neither an end nor a duration, or a broken one
        end = start
    if not isinstance(start, datetime):
        last = end if isinstance(end, date) and not isinstance(end, datetime) and end > start else start + timedelta(1)
        return Span(_midnight(start, zone), _midnight(last, zone), True)
    first = _in_zone(start, zone)
    last = _in_zone(end, zone) if isinstance(end, datetime) else first
    return Span(first, max(first, last), False)


def describe(event: Any, span: Span, *, repeats: bool) -> EventInfo:
    """An icalendar event as a result."""
    title, location = str(event.get("SUMMARY", "(no title)")), str(event.get("LOCATION", ""))
    last_day = (span.last - timedelta(days=1)).date()
    start = span.first.date().isoformat() if span.all_day else span.first.isoformat(timespec="minutes")
    end = last_day.isoformat() if span.all_day else span.last.isoformat(timespec="minutes")
    text = f"{title}: {span}" + (f", at {location}" if location else "") + (" (repeats)" if repeats else "")
    text = " ".join(text.split())
    return EventInfo(str(event.get("UID", "")), title, start, end, span.all_day, location, repeats, text)


def events_between(file: IcsFile, window: Span, zone: tzinfo) -> list[EventInfo]:
    """Everything that takes place in `window`, in order of time, repetitions expanded.

    A series that cannot be expanded, or not soon (it repeats by the second), is shown once, where it starts.
    """
    series: dict[str, list[Any]] = {}
    for entry in file.entries:
        series.setdefault(entry.uid or str(entry.block), []).append(entry.event)
    found: list[tuple[datetime, EventInfo]] = []
    for events in series.values():
        repeats = any(map(is_repeating, events))
        for event in _occurrences(events, window) if repeats else events:
            span = span_of(event, zone)
            if span and span.overlaps(window):
                found.append((span.first, describe(event, span, repeats=repeats)))
    return [info for _, info in sorted(found, key=lambda item: (item[0], item[1].title))]


def is_repeating(event: Any) -> bool:
    """Whether the event stands for a series."""
    return "RRULE" in event or "RDATE" in event


def _occurrences(events: list[Any], window: Span) -> list[Any]:
    """The occurrences of one series, exceptions applied."""
    import recurring_ical_events
    from icalendar import Calendar

    try:
        calendar = Calendar()
        for event in events:
            _check_rule(event)
            calendar.add_component(event)
        return list(recurring_ical_events.of(calendar).between(window.first, window.last))
    except Exception:  # whatever other programs wrote into a rule: the event is there, so it is shown
        return events


def _check_rule(event: Any) -> None:
    """ValueError for a rule that takes very long to follow: it has very many occurrences, or may never have one."""
    rule = event.get("RRULE")
    if rule is None:
        return
    frequency = str(rule["FREQ"][0]).upper()
    may_never_match = frequency == "DAILY" and any(part in rule for part in _SELDOM)
    if frequency not in _EXPANDED or may_never_match or int(rule.get("INTERVAL", [1])[0]) < 1:
        raise ValueError("this rule is not followed")


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)


def _in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """A time without a zone ("floating") is meant wherever the user is."""
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
