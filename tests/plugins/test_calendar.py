from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent_core import FinishedCall, Tool, ToolArgumentError, ToolContext, ToolError
from agent_core.errors import ConfigurationError
from agent_core.testing import Script, check_tool
from agent_core.testing import call as scripted_call
from agent_plugin_calendar import add_event, list_events, remove_event
from agent_plugin_calendar.moments import read_moment, resolve
from agent_plugin_calendar.periods import read_period
from agent_plugin_calendar.settings import CalendarSettings

BERLIN = CalendarSettings(timezone="Europe/Berlin")
NOW = datetime(2026, 11, 21, 8, 20)  # a Saturday

# As a phone, an office program and a hand would write: folded lines, custom zones, unknown parts, odd order.
FOREIGN = (
    "BEGIN:VCALENDAR\r\nPRODID:-//Somebody//Else 9.1//EN\r\nVERSION:2.0\r\nX-WR-CALNAME:Höme\r\nMETHOD:PUBLISH\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:Büro Zeit\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:a-1\r\nX-UNKNOWN;X-P=1:keep me\r\nDTSTAMP:20260101T000000Z\r\n"
    "DTSTART;TZID=Büro Zeit:20270303T150000\r\nDTEND;TZID=Büro Zeit:20270303T160000\r\n"
    "SUMMARY:Budget review with a very long title that somebody folded in the mi\r\n ddle of a word\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT\r\n"
    "BEGIN:X-STRANGE\r\nX-A:b\r\nEND:X-STRANGE\r\n"
    "BEGIN:VEVENT\r\nUID:stand-up\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20270301T080000Z\r\nDURATION:PT15M\r\n"
    "RRULE:FREQ=WEEKLY;BYDAY=MO,WE\r\nEXDATE:20270308T080000Z\r\nSUMMARY:Stand-up\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:stand-up\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20270310T080000Z\r\n"
    "DTSTART:20270310T100000Z\r\nDTEND:20270310T101500Z\r\nSUMMARY:Stand-up (moved)\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:tick\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20270101T000000Z\r\n"
    "RRULE:FREQ=SECONDLY\r\nSUMMARY:Tick\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:broken\r\nDTSTART:never\r\nSUMMARY:Broken\r\nEND:VEVENT\r\n"
    "BEGIN:VTODO\r\nUID:t\r\nSUMMARY:Buy milk\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
).encode()


def context(tmp_path: Path, settings: CalendarSettings = BERLIN, **options: Any) -> ToolContext:
    options.setdefault("call_key", "run1/s1/0/c1")
    return ToolContext(workspace=tmp_path, data_dir=tmp_path / "state", settings=settings, **options)


def call(tool: Tool, ctx: ToolContext, **args: Any) -> Any:
    assert tool.function is not None
    return tool.function(ctx, **tool.arguments.keywords(tool.arguments.validate(args, ctx.settings)))


def preview(tool: Tool, ctx: ToolContext, **args: Any) -> str:
    assert tool.preview is not None
    shown: Any = tool.preview(ctx, **tool.arguments.keywords(tool.arguments.validate(args, ctx.settings)))
    assert shown.kind == "event"
    return shown.text


def undoable(tool: Tool, ctx: ToolContext, **args: Any) -> tuple[Any, Any]:
    """Run a call; its result, and a function that undoes it in a later process's context."""
    saved: list[Any] = []
    result = call(tool, context(ctx.workspace, ctx.settings, call_key=ctx.call_key, save=saved.append), **args)
    assert tool.undo is not None
    undo = tool.undo
    finished = FinishedCall(tool.arguments.validate(args, ctx.settings), None, saved[-1])
    return result, lambda: undo(context(ctx.workspace, ctx.settings, call_key="undo"), finished)


def foreign(tmp_path: Path, content: bytes = FOREIGN) -> tuple[Path, ToolContext]:
    path = tmp_path / "shared.ics"
    path.write_bytes(content)
    return path, context(tmp_path, CalendarSettings(str(path), "Europe/Berlin"))


def test_an_event_is_what_its_preview_said(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    args = {
        "title": "Zahnarzt; Dr. Ø, room 3",
        "start": "3 March 2027 at 14:30",
        "duration_minutes": 45,
        "location": "Hauptstraße 1",
        "notes": "Bring:\n- card",
    }
    shown = preview(add_event, ctx, **args)
    assert shown.splitlines() == [
        "Zahnarzt; Dr. Ø, room 3",
        "Wednesday 3 March 2027, 14:30–15:15 (Europe/Berlin, UTC+01:00)",
        "Where: Hauptstraße 1",
        "Notes: Bring:",
        "- card",
        "Nothing else at that time.",
    ]
    added = call(add_event, ctx, **args)
    assert preview(add_event, ctx, **args) == shown  # its own event is no conflict
    [event] = call(list_events, ctx, start="3 March 2027").events
    assert (event.title, event.location, event.uid) == (args["title"], args["location"], added.uid)
    assert (event.start, event.end) == ("2027-03-03T14:30+01:00", "2027-03-03T15:15+01:00")
    assert (added.start, added.end) == (event.start, event.end)
    assert "Wednesday 3 March 2027, 14:30–15:15" in added.text
    assert "\n" not in added.text


def test_another_program_can_read_what_was_written(tmp_path: Path) -> None:
    from icalendar import Calendar

    call(add_event, context(tmp_path), title="Call", start="2027-07-01 09:00")
    calendar = Calendar.from_ical((tmp_path / "state" / "calendar.ics").read_bytes())
    [event] = calendar.walk("VEVENT")
    [zone] = calendar.walk("VTIMEZONE")
    assert event["DTSTART"].params["TZID"] == zone["TZID"] == "Europe/Berlin"
    assert event["DTSTART"].dt.utcoffset() == timedelta(hours=2)
    assert {"UID", "DTSTAMP", "DTEND"} <= set(event)


def test_a_call_that_is_repeated_adds_one_event(tmp_path: Path) -> None:
    for _ in range(2):
        call(add_event, context(tmp_path), title="Call", start="2027-07-01 09:00")
    call(add_event, context(tmp_path, call_key="other"), title="Call", start="2027-07-01 09:00")
    assert call(list_events, context(tmp_path), start="2027-07-01").count == 2


def test_conflicts_are_shown_before_the_yes(tmp_path: Path) -> None:
    _, ctx = foreign(tmp_path)
    shown = preview(add_event, ctx, title="Dentist", start="3 March 2027 at 14:30")
    assert "At the same time: Budget review" in shown
    assert "middle of a word" in shown
    repeated = preview(add_event, ctx, title="Walk", start="2027-03-17 09:10")
    assert "At the same time: Stand-up: Wednesday 17 March 2027, 09:00–09:15 (repeats)" in repeated
    assert "Nothing else" in preview(add_event, ctx, title="Walk", start="2027-03-03 15:00", duration_minutes=0)


def test_repetitions_exceptions_and_broken_events_are_listed_as_far_as_possible(tmp_path: Path) -> None:
    _, ctx = foreign(tmp_path)
    found = call(list_events, ctx, start="2027-03-01", end="2027-03-10", query="stand-up")
    assert [event.start for event in found.events] == [
        "2027-03-01T09:00+01:00",
        "2027-03-03T09:00+01:00",
        "2027-03-10T11:00+01:00",
    ]
    assert found.events[2].title == "Stand-up (moved)"
    assert all(event.repeats for event in found.events)
    [tick] = call(list_events, ctx, start="2027-01-01", query="tick").events
    assert tick.repeats
    assert "Budget" in call(list_events, ctx, start="March 2027").text


def test_bytes_of_other_programs_stay_and_undo_leaves_no_trace(tmp_path: Path) -> None:
    path, ctx = foreign(tmp_path)
    _, undo = undoable(add_event, ctx, title="Dentist", start="3 March 2027 at 14:30")
    added = path.read_bytes()
    assert added.startswith(FOREIGN.removesuffix(b"END:VCALENDAR\r\n"))
    assert added.endswith(b"END:VCALENDAR\r\n")
    assert "Removed 'Dentist'" in undo()
    assert b"Dentist" not in path.read_bytes()
    assert b"X-UNKNOWN;X-P=1:keep me" in path.read_bytes()
    assert "not in the calendar" in undo()


@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
@pytest.mark.parametrize("args", [{"title": "budget review"}, {"title": "stand-up"}, {"title": "tick"}])
def test_a_removed_event_comes_back_byte_for_byte(tmp_path: Path, newline: bytes, args: dict[str, str]) -> None:
    before = FOREIGN.replace(b"\r\n", newline)
    path, ctx = foreign(tmp_path, before)
    os.chmod(path, 0o640)
    result, undo = undoable(remove_event, ctx, **args)
    assert " ".join(result.title.split()) in result.text
    assert path.read_bytes() != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    undo()
    assert path.read_bytes() == before
    assert "already" in undo()


def test_undo_of_a_removal_spares_later_changes(tmp_path: Path) -> None:
    path, ctx = foreign(tmp_path)
    _, undo = undoable(remove_event, ctx, title="budget")
    call(add_event, context(tmp_path, ctx.settings, call_key="later"), title="Later", start="2027-03-03 17:00")
    undo()
    titles = {event.title for event in call(list_events, ctx, start="2027-03-03").events}
    assert {"Later", "Stand-up"} < titles
    assert any(title.startswith("Budget") for title in titles)
    assert b"X-UNKNOWN;X-P=1:keep me" in path.read_bytes()


def test_removing_asks_when_it_is_not_clear_what(tmp_path: Path) -> None:
    path, ctx = foreign(tmp_path)
    for number, start in enumerate(["2027-05-03 10:00", "2027-05-10 10:00"]):
        call(add_event, context(tmp_path, ctx.settings, call_key=str(number)), title="Lunch", start=start)
    content = path.read_bytes()
    with pytest.raises(ToolArgumentError, match=r"2 events fit.*3 May 2027.*uid"):
        call(remove_event, ctx, title="lunch")
    with pytest.raises(ToolArgumentError, match="no event called 'Opera'"):
        call(remove_event, ctx, title="Opera")
    with pytest.raises(ToolArgumentError, match="no event called"):
        call(remove_event, ctx, title="lunch", date="2027-05-04")
    with pytest.raises(ToolArgumentError, match="no event called 'stan'"):
        call(remove_event, ctx, title="stan")
    with pytest.raises(ToolArgumentError, match="repeats"):
        call(remove_event, ctx, title="stand-up", date="2027-03-03")
    with pytest.raises(ToolArgumentError, match="Say which"):
        call(remove_event, ctx, title=" ")
    with pytest.raises(ToolArgumentError):
        call(remove_event, ctx, title="Broken")
    assert path.read_bytes() == content
    assert "10 May 2027" in preview(remove_event, ctx, title="Lunch", date="10 May 2027")
    assert "all of it" in preview(remove_event, ctx, title="stand-up")
    assert "10 May 2027" in call(remove_event, ctx, title="Lunch", date="10 May 2027").text
    assert call(list_events, ctx, start="May 2027", query="lunch").count == 1


@pytest.mark.parametrize(
    "content",
    [
        b"hello\n",
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
        b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VCALENDAR\r\n",
        b"BEGIN:VCALENDAR\r\nno colon here\r\nEND:VCALENDAR\r\n",
        b"\xff\xfe\x00\x01",
        b"BEGIN:VEVENT\r\nSUMMARY:x\r\nEND:VEVENT\r\n",
        FOREIGN[: len(FOREIGN) // 2],
    ],
)
def test_a_corrupt_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path, ctx = foreign(tmp_path, content)
    for attempt in (
        lambda: call(add_event, ctx, title="x", start="2027-03-03 10:00"),
        lambda: call(list_events, ctx),
        lambda: call(remove_event, ctx, title="x"),
        lambda: preview(add_event, ctx, title="x", start="2027-03-03 10:00"),
    ):
        with pytest.raises(ToolError, match=r"plugins\.calendar\.path") as caught:
            attempt()
        assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_file_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "folder.ics"
    folder.mkdir()
    for path in (folder, tmp_path / "missing" / "calendar.ics"):
        with pytest.raises(ToolError, match=path.name):
            call(add_event, context(tmp_path, CalendarSettings(str(path))), title="x", start="2027-03-03 10:00")
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".calendar-")]


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ({"start": "3 March 2027"}, "Wednesday 3 March 2027, all day"),
        ({"start": "3 March 2027 10:00", "all_day": True}, "Wednesday 3 March 2027, all day"),
        ({"start": "2027-08-03", "end": "2027-08-14"}, "Tuesday 3 August 2027 to Saturday 14 August 2027, all day"),
        (
            {"start": "2027-03-03 14:00", "end": "15:30"},
            "Wednesday 3 March 2027, 14:00–15:30 (Europe/Berlin, UTC+01:00)",
        ),
        (
            {"start": "2027-03-03 22:00", "end": "1:00"},
            "Wednesday 3 March 2027, 22:00 to Thursday 4 March 2027, 01:00 (Europe/Berlin, UTC+01:00)",
        ),
        ({"start": "2027-03-03T14:30Z"}, "Wednesday 3 March 2027, 15:30–16:30 (Europe/Berlin, UTC+01:00)"),
        (
            {"start": "2027-03-28 01:30", "duration_minutes": 60},
            "Sunday 28 March 2027, 01:30–03:30 (Europe/Berlin, UTC+01:00)",
        ),
    ],
)
def test_time_ranges(tmp_path: Path, args: dict[str, Any], shown: str) -> None:
    assert preview(add_event, context(tmp_path), title="x", **args).splitlines()[1] == shown
    added = call(add_event, context(tmp_path), title="x", **args)
    assert call(list_events, context(tmp_path), start=added.start[:10]).text.startswith(f"x: {shown.split(' (')[0]}")


@pytest.mark.parametrize(
    "args",
    [
        {"start": "soon"},
        {"start": ""},
        {"start": "03/04/2027 10:00"},
        {"start": "2027-03-28 02:30"},
        {"start": "2027-03-03 10:00", "end": "2027-03-03 09:00"},
        {"start": "2027-03-03 10:00", "duration_minutes": -5},
        {"start": "2027-03-03 10:00", "duration_minutes": 10**9},
        {"start": "2027-03-03", "end": "10:00"},
        {"start": "0001-01-01 00:00"},
        {"start": "2027-03-03 10:00", "title": "  "},
        {"start": "2027-03-03 10:00", "title": "x\r\nATTENDEE:mailto:eve@evil.example"},
        {"start": "2027-03-03 10:00", "title": "x\u202ey"},
        {"start": "2027-03-03 10:00", "title": "x" * 201},
        {"start": "2027-03-03 10:00", "notes": "x\0"},
        {"start": "2027-03-03 10:00", "location": "a\nb"},
    ],
)
def test_what_cannot_be_an_event_is_refused_in_one_line(tmp_path: Path, args: dict[str, Any]) -> None:
    for attempt in (preview, call):
        with pytest.raises(ToolArgumentError) as caught:
            attempt(add_event, context(tmp_path), **({"title": "x"} | args))
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "state" / "calendar.ics").exists()


def test_notes_cannot_add_lines_to_the_file(tmp_path: Path) -> None:
    notes = "first\r\nEND:VEVENT\rEND:VCALENDAR\nRRULE:FREQ=DAILY"
    call(add_event, context(tmp_path), title="x", start="2027-03-03 10:00", notes=notes)
    found = call(list_events, context(tmp_path), start="March 2027")
    assert (found.count, found.events[0].repeats) == (1, False)


def test_a_setting_decides_what_a_numeric_date_means(tmp_path: Path) -> None:
    for order, shown in (("day-first", "3 April 2027"), ("month-first", "4 March 2027")):
        ctx = context(tmp_path, CalendarSettings(timezone="UTC", date_order=order))
        assert shown in preview(add_event, ctx, title="x", start="03/04/2027 10:00")


def test_relative_words_are_resolved_once_when_the_arguments_are_validated() -> None:
    before = date.today()
    args = add_event.arguments.validate({"title": "x", "start": "tomorrow at 9:00", "end": "10:30"})
    assert args["start"] in {f"{day + timedelta(days=1)} 09:00" for day in (before, date.today())}
    assert args["end"] == "10:30"
    assert add_event.arguments.validate(args) == args
    assert add_event.parameters["properties"]["start"]["type"] == "string"


def test_relative_words_count_in_the_calendars_zone_wherever_the_machine_is(tmp_path: Path) -> None:
    """It is never the same day in these two zones, so at every hour one of them has another day than the machine."""
    for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        ctx = context(tmp_path / name.rpartition("/")[2], CalendarSettings(timezone=name))
        days = {(datetime.now(ZoneInfo(name)) + timedelta(days=1)).date()}
        added = call(add_event, ctx, title="Tea", start="tomorrow at 16:00", end="17:00")
        days.add((datetime.now(ZoneInfo(name)) + timedelta(days=1)).date())
        assert date.fromisoformat(added.start[:10]) in days
        assert [event.uid for event in call(list_events, ctx, start="tomorrow").events] == [added.uid]


async def test_the_gate_resolves_them_in_the_zone_of_the_config_file(assistants: Any, tmp_path: Path) -> None:
    for name in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        home = tmp_path / name.rpartition("/")[2]
        home.mkdir()
        (home / "config.toml").write_text(f'[plugins.calendar]\ntimezone = "{name}"\n')
        script = Script([scripted_call("add_event", title="Tea", start="tomorrow at 16:00")], "Asked.")
        assistant = assistants(script, home=home, plugins=["calendar"])
        days = {(datetime.now(ZoneInfo(name)) + timedelta(days=1)).date()}
        waiting = (await assistant.ask("Tea tomorrow at four in the afternoon")).pending
        days.add((datetime.now(ZoneInfo(name)) + timedelta(days=1)).date())
        assert waiting[0].args is not None
        assert waiting[0].args["start"] in {f"{day} 16:00" for day in days}


@pytest.mark.parametrize(
    ("text", "absolute"),
    [
        ("tomorrow at 9", "2026-11-22 09:00"),
        ("9:15 pm tomorrow", "2026-11-22 21:15"),
        ("the day after tomorrow", "2026-11-23"),
        ("Saturday at noon", "2026-11-28 12:00"),
        ("next Monday 14:30", "2026-11-23 14:30"),
        ("in 2 hours", "2026-11-21 10:20"),
        ("in three weeks at 10:00", "2026-12-12 10:00"),
        ("7:00", "2026-11-22 07:00"),
        ("14:30", "2026-11-21 14:30"),
        ("1 January at 10:15", "2027-01-01 10:15"),
        ("29 February", "2028-02-29"),
        ("the 3rd of March 2027 at 2 pm", "2027-03-03 14:00"),
        ("Wednesday, 3 March 2027, 14:30", "2027-03-03 14:30"),
        ("Mar 3 2027 2:30pm", "2027-03-03 14:30"),
        ("3.4.2027 at 9.30", "2027-04-03 09:30"),
        ("12/24/2026 18:00", "2026-12-24 18:00"),
        ("2027-03-03T14:30:00+01:00", "2027-03-03 14:30+01:00"),
        ("2027-03-03 14:30 Europe/Berlin", "2027-03-03 14:30+01:00"),
        ("tomorrow at 3 in the afternoon", "2026-11-22 15:00"),
        ("03/04/2027", "03/04/2027"),
    ],
)
def test_dates_as_people_write_them(text: str, absolute: str) -> None:
    assert resolve(text, NOW) == absolute
    assert resolve(absolute, NOW) == absolute


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "soon",
            "10",
            "March",
            "2027-02-30",
            "32 March 2027",
            "25:00",
            "14 pm",
            "tomorrow at 3",
            "3 March 27",
        ),
        *("Monday, 3 March 2027", "10:00 to 11:00 tomorrow", "on the 5th", "9" * 50, "x" * 500, "２０２７-03-03", "\0"),
    ],
)
def test_dates_that_can_be_misread_are_refused(text: str) -> None:
    with pytest.raises(ToolArgumentError):
        read_moment(text, NOW)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("next week", "2026-11-23", "2026-11-29"),
        ("this weekend", "2026-11-21", "2026-11-22"),
        ("in March", "2027-03-01", "2027-03-31"),
        ("February 2028", "2028-02-01", "2028-02-29"),
        ("next 7 days", "2026-11-21", "2026-11-27"),
        ("2027-05", "2027-05-01", "2027-05-31"),
        ("2027", "2027-01-01", "2027-12-31"),
        ("on Friday", "2026-11-27", "2026-11-27"),
        ("3 March 2027 at 14:30", "2027-03-03", "2027-03-03"),
    ],
)
def test_periods_as_people_name_them(text: str, first: str, last: str) -> None:
    assert tuple(map(str, read_period(text, NOW))) == (first, last)


def test_an_empty_calendar_says_so(tmp_path: Path) -> None:
    found = call(list_events, context(tmp_path), start="3 March 2027")
    assert (found.events, found.count) == ([], 0)
    assert "Nothing" in found.text
    with pytest.raises(ToolArgumentError, match="before"):
        call(list_events, context(tmp_path), start="2027-03-03", end="2027-03-01")


def test_an_unknown_zone_names_the_setting(tmp_path: Path) -> None:
    for name in ("Europe/Nowhere", "../../etc/passwd"):
        with pytest.raises(ConfigurationError, match=r"plugins\.calendar\.timezone"):
            call(list_events, context(tmp_path, CalendarSettings(timezone=name)))


def test_users_have_calendars_of_their_own(tmp_path: Path) -> None:
    call(add_event, context(tmp_path), title="Mine", start="2027-03-03 10:00")
    assert call(list_events, context(tmp_path, user="../ann"), start="2027-03-03").count == 0
    call(add_event, context(tmp_path, user="../ann"), title="Hers", start="2027-03-03 10:00")
    assert {path.parent for path in tmp_path.rglob("*.ics")} == {tmp_path / "state"}
    assert call(list_events, context(tmp_path), start="2027-03-03").count == 1


def test_calls_side_by_side_lose_nothing(tmp_path: Path) -> None:
    def add(number: int) -> None:
        call(add_event, context(tmp_path, call_key=str(number)), title=f"Event {number}", start="2027-03-03 10:00")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert call(list_events, context(tmp_path), start="2027-03-03").count == 8


def test_traits_and_quick_loading() -> None:
    assert list_events.traits.read_only
    assert list_events.traits.private_data
    assert not add_event.traits.destructive
    assert not add_event.traits.internal
    assert remove_event.traits.destructive
    code = "import sys, agent_plugin_calendar; print({'icalendar', 'dateutil', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("lines", "starts"),
    [
        ("DTSTART;VALUE=DATE:19800305\nRRULE:FREQ=YEARLY", ["2027-03-05"]),
        (
            "DTSTART;TZID=Europe/Berlin:20270324T090000\nRRULE:FREQ=WEEKLY;COUNT=3",
            ["2027-03-24T09:00+01:00", "2027-03-31T09:00+02:00"],
        ),
        (
            "DTSTART:20270330T090000\nRRULE:FREQ=DAILY;UNTIL=20270401",
            ["2027-03-30T09:00+02:00", "2027-03-31T09:00+02:00"],
        ),
        ("DTSTART:20270303T090000\nRDATE:20270304T090000", ["2027-03-03T09:00+01:00", "2027-03-04T09:00+01:00"]),
        ("DTSTART:20270303T090000Z\nRRULE:FREQ=DAILY;INTERVAL=0", ["2027-03-03T10:00+01:00"]),
        ("DTSTART:20270303T090000Z\nRRULE:garbage", ["2027-03-03T10:00+01:00"]),
        ("DTSTART:20270303T090000Z\nRRULE:FREQ=DAILY\nRRULE:FREQ=DAILY", ["2027-03-03T10:00+01:00"]),
        ("DTSTART:20270303T090000Z\nDURATION:PXX", ["2027-03-03T10:00+01:00"]),
        ("DTSTART:20270303T090000Z\nDTEND:20270301T090000Z", ["2027-03-03T10:00+01:00"]),
        ("DTSTART:20270303T090000Z\nRRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", ["2027-03-03T10:00+01:00"]),
        ("SUMMARY:no date at all", []),
    ],
)
def test_rules_of_other_programs(tmp_path: Path, lines: str, starts: list[str]) -> None:
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\n{lines}\nEND:VEVENT\nEND:VCALENDAR"
    _, ctx = foreign(tmp_path, text.encode())
    assert [event.start for event in call(list_events, ctx, start="March 2027").events] == starts


async def test_the_tools_conform(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    added = await check_tool(add_event, {"title": "Tea", "start": "tomorrow at 16:00", "end": "17:00"}, ctx)
    assert (await check_tool(list_events, {"start": "tomorrow"}, ctx))["events"][0]["uid"] == added["uid"]
    assert (await check_tool(remove_event, {"title": "tea", "date": "tomorrow"}, ctx))["uid"] == added["uid"]


@pytest.mark.parametrize(
    ("request_title", "removed"),
    [
        ("the dentist appointment", "Dentist"),
        ("DENTIST", "Dentist"),
        ("my meeting with Anna", "Anna: budgets"),
        ("budget meeting", "Anna: budgets"),
        ("meeting", "Meeting"),
        ("tea", "Tea"),
    ],
)
def test_an_event_is_found_by_the_words_that_name_it(tmp_path: Path, request_title: str, removed: str) -> None:
    for number, title in enumerate(["Dentist", "Anna: budgets", "Meeting", "Team lunch", "Tea"]):
        call(add_event, context(tmp_path, call_key=str(number)), title=title, start="2027-03-03 10:00")
    assert call(list_events, context(tmp_path), start="March 2027", query=request_title).count >= 1
    assert call(remove_event, context(tmp_path), title=request_title).title == removed
