"""The `calendar` plugin: events in an .ics file, which other calendar programs may share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from agent_core import FinishedCall, Preview, Tool, ToolContext, hookimpl, tool
from agent_plugin_calendar.agenda import EventInfo, describe, events_between, subject_words, words_of
from agent_plugin_calendar.moments import Until, When
from agent_plugin_calendar.settings import CalendarSettings

_MAX_LISTED = 200


@dataclass(frozen=True)
class AddedEvent:
    """An event that is in the calendar now."""

    uid: str
    title: str
    start: str
    """ISO: a date for all-day events, else a time with its offset."""
    end: str
    text: str
    """What happened, in one line."""


@dataclass(frozen=True)
class EventList:
    """Events in order of time."""

    events: list[EventInfo]
    count: int
    """How many there are, also where not all are listed."""
    text: str
    """All of them in one line."""


@dataclass(frozen=True)
class RemovedEvent:
    """An event that is no longer in the calendar."""

    uid: str
    title: str
    text: str
    """What happened, in one line."""


def _preview_add(
    ctx: ToolContext,
    title: str,
    start: When,
    duration_minutes: int = 60,
    end: Until | None = None,
    location: str | None = None,
    notes: str | None = None,
    all_day: bool = False,
) -> Preview:
    from agent_plugin_calendar.arguments import calendar_path, new_event, zone_of
    from agent_plugin_calendar.ics_file import read_ics

    new = new_event(ctx, title, start, duration_minutes, end, location, notes, all_day)
    zone = zone_of(ctx)
    offset = "" if new.span.all_day else f" ({zone}, UTC{new.span.first.isoformat()[-6:]})"
    lines = [new.title, f"{new.span}{offset}"]
    if new.location:
        lines.append(f"Where: {new.location}")
    if new.notes:
        lines.append(f"Notes: {new.notes}")
    others = [event for event in events_between(read_ics(calendar_path(ctx)), new.span, zone) if event.uid != new.uid]
    lines += [f"At the same time: {event.text}" for event in others[:5]] or ["Nothing else at that time."]
    return Preview("\n".join(lines), kind="event")


def _undo_add(ctx: ToolContext, call: FinishedCall) -> str:
    from agent_plugin_calendar.changes import undo_add

    if call.saved is None:
        return "The event was never added."
    return undo_add(ctx, call.saved)


@tool(
    idempotent=True,
    examples=[
        "Put 'Team lunch' in my calendar on 12 May 2027 at 12:30",
        "Add a dentist appointment tomorrow at 9:15 for 45 minutes",
        "Schedule a call with Anna next Tuesday from 14:00 to 15:00",
        "Create an event 'Holiday' from 3 August 2027 to 14 August 2027, all day",
        "Book a meeting about the budget on Friday at 10:00 in room 4",
    ],
    preview=_preview_add,
    undo=_undo_add,
)
def add_event(
    ctx: ToolContext,
    title: str,
    start: When,
    duration_minutes: int = 60,
    end: Until | None = None,
    location: str | None = None,
    notes: str | None = None,
    all_day: bool = False,
) -> AddedEvent:
    """Put an event, meeting or appointment into the calendar.

    Args:
        title: What the event is called.
        start: Date and time when it starts; a date without a time is a whole day.
        duration_minutes: How long it lasts, in minutes.
        end: Time or date when it ends, instead of a duration; for whole days the last day.
        location: Where it takes place.
        notes: More about it.
        all_day: Whether it takes the whole day.
    """
    from agent_plugin_calendar.arguments import calendar_path, new_event
    from agent_plugin_calendar.changes import add

    new = new_event(ctx, title, start, duration_minutes, end, location, notes, all_day)
    add(ctx, calendar_path(ctx), new)
    event = {"UID": new.uid, "SUMMARY": new.title, "LOCATION": new.location}
    info = describe(event, new.span, repeats=False)
    return AddedEvent(new.uid, new.title, info.start, info.end, f"Added {info.text}.")


@tool(
    read_only=True,
    idempotent=True,
    private_data=True,
    untrusted_content=True,  # invitations are written by those who invite
    examples=[
        "What is in my calendar tomorrow?",
        "Do I have anything on Friday?",
        "Am I free on 3 May, or busy?",
        "What is happening this weekend, what is planned, what is coming up?",
        "List my appointments next week",
        "When is my dentist appointment?",
        "What have I got on Thursday?",
        "Any meetings in June 2027?",
        "What meetings are there in March 2027?",
    ],
)
def list_events(
    ctx: ToolContext, start: str | None = None, end: str | None = None, query: str | None = None
) -> EventList:
    """Show what is in the calendar: events, meetings and appointments of a day or period.

    Args:
        start: The day or period ("tomorrow", "next week", "March 2027"), or the first day when there is an end.
        end: The last day.
        query: Words of the event's title or place.
    """
    from agent_plugin_calendar.arguments import calendar_path, window_of, zone_of
    from agent_plugin_calendar.ics_file import read_ics

    window = window_of(ctx, start, end, bool(query))
    found = events_between(read_ics(calendar_path(ctx)), window, zone_of(ctx))
    if query:
        found = [event for event in found if subject_words(query) <= words_of(f"{event.title} {event.location}")]
    period = str(window).removesuffix(", all day")
    if not found:
        return EventList([], 0, f"Nothing{f' about {query!r}' if query else ''} in the calendar: {period}.")
    shown = "; ".join(event.text for event in found[:10])
    more = f"; and {len(found) - 10} more" if len(found) > 10 else ""
    return EventList(found[:_MAX_LISTED], len(found), f"{shown}{more}.")


def _preview_remove(ctx: ToolContext, title: str, date: When | None = None) -> Preview:
    from agent_plugin_calendar.arguments import calendar_path, doomed
    from agent_plugin_calendar.ics_file import read_ics

    _, info = doomed(ctx, read_ics(calendar_path(ctx)), title, date)
    return Preview(f"Remove {info.text}" + (", all of it" if info.repeats else ""), kind="event")


def _undo_remove(ctx: ToolContext, call: FinishedCall) -> str:
    from agent_plugin_calendar.changes import undo_remove

    if call.saved is None:
        return "The event was never removed."
    return undo_remove(ctx, call.saved)


@tool(
    destructive=True,
    private_data=True,
    examples=[
        "Remove the dentist appointment from my calendar",
        "Cancel the team lunch on 12 May 2027",
        "Delete the event 'Budget review' on Friday",
    ],
    preview=_preview_remove,
    undo=_undo_remove,
)
def remove_event(ctx: ToolContext, title: str, date: When | None = None) -> RemovedEvent:
    """Remove, cancel or delete an event from the calendar.

    Args:
        title: What the event is called, or its uid.
        date: The day it is on, where several have that title.
    """
    from agent_plugin_calendar.arguments import calendar_path, doomed
    from agent_plugin_calendar.changes import lock_path, remove
    from agent_plugin_calendar.ics_file import locked

    path = calendar_path(ctx)
    with locked(path, lock_path(ctx, path)) as file:
        entries, info = doomed(ctx, file, title, date)
        remove(ctx, file, entries)
    return RemovedEvent(info.uid, info.title, f"Removed {info.text}.")


@hookimpl
def agent_core_tools() -> Iterable[Tool]:
    """Adding, listing and removing events."""
    return [add_event, list_events, remove_event]


@hookimpl
def agent_core_settings() -> type[CalendarSettings]:
    """The file, its time zone, and how dates are read."""
    return CalendarSettings
