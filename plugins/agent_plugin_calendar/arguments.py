"""From a call's arguments and settings to what they mean: the same for a preview and for what it previews."""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

from agent_core import ToolArgumentError, ToolContext
from agent_plugin_calendar.agenda import EventInfo, Span, describe, is_repeating, span_of, whole_days
from agent_plugin_calendar.changes import NewEvent, event_uid, find
from agent_plugin_calendar.ics_file import Entry, IcsFile
from agent_plugin_calendar.moments import in_zone, read_moment
from agent_plugin_calendar.periods import read_period
from agent_plugin_calendar.settings import CalendarSettings

_MAX_TITLE = 200
_MAX_NOTES = 10_000
_MAX_DURATION_MINUTES = 366 * 24 * 60
_DAYS_AHEAD = 31
_DAYS_SEARCHED = 366
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def settings_of(ctx: ToolContext) -> CalendarSettings:
    """The plugin's settings, or their defaults."""
    return ctx.settings or CalendarSettings()


def zone_of(ctx: ToolContext) -> tzinfo:
    """The zone that times are meant and shown in."""
    return settings_of(ctx).zone


def calendar_path(ctx: ToolContext) -> Path:
    """The .ics file of the call's user."""
    configured = settings_of(ctx).path
    if configured:
        path = Path(configured).expanduser()
        return path if path.is_absolute() else ctx.own_file(configured)
    owner = "" if ctx.user == "local" else "-" + hashlib.sha256(ctx.user.encode()).hexdigest()[:24]
    return ctx.own_file(f"calendar{owner}.ics")


def new_event(
    ctx: ToolContext,
    title: str,
    start: str,
    duration_minutes: int,
    end: str | None,
    location: str | None,
    notes: str | None,
    all_day: bool,
) -> NewEvent:
    """The event that `add_event` was asked for.

    Raises:
        ToolArgumentError: naming the argument that is wrong.
    """
    name = _line(title, "title")
    if not name:
        raise ToolArgumentError("title is empty; say what the event is called.")
    span = _span(ctx, start, duration_minutes, end, all_day)
    return NewEvent(event_uid(ctx), name, span, _line(location or "", "location"), _paragraphs(notes or ""))


def window_of(ctx: ToolContext, start: str | None, end: str | None, searching: bool) -> Span:
    """The days that `list_events` was asked for; without any: from today on, further where words are looked for."""
    zone = zone_of(ctx)
    now = settings_of(ctx).now()
    order = settings_of(ctx).date_order
    first = read_period(start, now, order) if start else None
    final = read_period(end, now, order) if end else None
    if first is None and final is None:
        return whole_days(now.date(), now.date() + timedelta(days=_DAYS_SEARCHED if searching else _DAYS_AHEAD), zone)
    begin = first.first if first else now.date()
    last = final.last if final else (first.last if first else begin)
    if last < begin:
        raise ToolArgumentError(f"end {end!r} ({last}) is before start ({begin}).")
    return whole_days(begin, last, zone)


def doomed(ctx: ToolContext, file: IcsFile, title: str, day: str | None) -> tuple[list[Entry], EventInfo]:
    """The entries that `remove_event` is about, and the event as it is shown.

    Raises:
        ToolArgumentError: nothing fits, or more than one event does.
    """
    if not title.strip():
        raise ToolArgumentError("Say which event: its title, or its uid.")
    zone = zone_of(ctx)
    wanted = _moment(ctx, day, "date") if day else None
    entries = find(file, title.strip(), wanted.date() if isinstance(wanted, datetime) else wanted, zone)
    main = next((entry for entry in entries if is_repeating(entry.event)), entries[0])
    span = span_of(main.event, zone)
    if span is None:
        raise ToolArgumentError(f"The event {str(main.event.get('SUMMARY', ''))!r} has no date; edit the file by hand.")
    return entries, describe(main.event, span, repeats=is_repeating(main.event))


def _span(ctx: ToolContext, start: str, duration_minutes: int, end: str | None, all_day: bool) -> Span:
    zone = zone_of(ctx)
    begin = _moment(ctx, start, "start")
    finish = _end(ctx, end, begin) if end else None
    if all_day or not isinstance(begin, datetime):
        first = begin.date() if isinstance(begin, datetime) else begin
        last = first if finish is None else (finish.date() if isinstance(finish, datetime) else finish)
        if last < first:
            raise ToolArgumentError(f"end {end!r} is before the start {start!r}.")
        return whole_days(first, last, zone)
    if finish is None:
        if not 0 <= duration_minutes <= _MAX_DURATION_MINUTES:
            raise ToolArgumentError(f"duration_minutes is {duration_minutes}; it must be 0 to {_MAX_DURATION_MINUTES}.")
        # Added in UTC: an hour is an hour, also where the clocks change in between.
        return Span(begin, _later(begin, duration_minutes, zone), False)
    if not isinstance(finish, datetime):
        raise ToolArgumentError(f"end {end!r} names a day but no time; add one, or set all_day.")
    if finish < begin:
        raise ToolArgumentError(f"end {end!r} is before the start {start!r}.")
    return Span(begin, finish, False)


def _later(begin: datetime, minutes: int, zone: tzinfo) -> datetime:
    try:
        return (begin.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(zone)
    except OverflowError:
        raise ToolArgumentError(f"{begin.date()} is too far away.") from None


def _moment(ctx: ToolContext, text: str, what: str) -> date | datetime:
    zone = zone_of(ctx)
    moment = read_moment(text, settings_of(ctx).now(), settings_of(ctx).date_order)
    if moment.day is None:
        raise ToolArgumentError(f"{what} {text!r} names a time but no day; say which day.")
    if not 1900 <= moment.day.year <= 9000:
        raise ToolArgumentError(f"{what} {text!r}: the year must be 1900 to 9000.")
    return in_zone(moment, zone)


def _end(ctx: ToolContext, text: str, begin: date | datetime) -> date | datetime:
    """The end; a time alone is on the day of the start, or on the next where the event passes midnight."""
    zone = zone_of(ctx)
    moment = read_moment(text, settings_of(ctx).now(), settings_of(ctx).date_order)
    if moment.day is not None:
        return in_zone(moment, zone)
    if not isinstance(begin, datetime) or moment.clock is None:
        raise ToolArgumentError(f"end {text!r} is a time, but the start has none; add a time to the start.")
    same_day = in_zone(type(moment)(begin.date(), moment.clock, moment.zone), zone)
    if isinstance(same_day, datetime) and same_day < begin:
        return in_zone(type(moment)(begin.date() + timedelta(days=1), moment.clock, moment.zone), zone)
    return same_day


def _line(text: str, what: str) -> str:
    text = text.strip()
    if len(text) > _MAX_TITLE:
        raise ToolArgumentError(f"{what} is {len(text)} characters long; {_MAX_TITLE} is the most.")
    _check_visible(text, what, "")
    return text


def _paragraphs(text: str) -> str:
    if len(text) > _MAX_NOTES:
        raise ToolArgumentError(f"notes is {len(text)} characters long; {_MAX_NOTES} is the most.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    _check_visible(text, "notes", "\n\t")
    return text


def _check_visible(text: str, what: str, allowed: str) -> None:
    """Control and direction characters would make the preview read otherwise than the event, or break the file."""
    for character in text:
        hidden = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _BIDI_CONTROLS
        if hidden and character not in allowed:
            name = unicodedata.name(character, f"U+{ord(character):04X}")
            raise ToolArgumentError(f"{what} {text[:60]!r} holds the control character {name!r}; leave it out.")
