"""Adding an event and removing one, and taking either back."""

from __future__ import annotations

import base64
import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_core import ToolArgumentError, ToolContext, ToolError
from agent_plugin_calendar.agenda import Span, describe, is_repeating, span_of, subject_words, words_of
from agent_plugin_calendar.ics_file import IcsFile, locked, read_ics, replace_content

if TYPE_CHECKING:
    from agent_plugin_calendar.ics_file import Entry


@dataclass(frozen=True)
class NewEvent:
    """A checked event, before it is in the file."""

    uid: str
    title: str
    span: Span
    location: str
    notes: str

    def component(self) -> bytes:
        """The VEVENT as it will stand in the file."""
        from icalendar import Event

        event = Event()
        event.add("uid", self.uid)
        event.add("dtstamp", datetime.now(UTC))
        event.add("summary", self.title)
        event.add("dtstart", self.span.first.date() if self.span.all_day else self.span.first)
        event.add("dtend", self.span.last.date() if self.span.all_day else self.span.last)
        if self.location:
            event.add("location", self.location)
        if self.notes:
            event.add("description", self.notes)
        return event.to_ical()

    def zone_definition(self, file: IcsFile) -> bytes:
        """The VTIMEZONE that the event refers to, where the file lacks it."""
        from icalendar import Timezone

        name = getattr(self.span.first.tzinfo, "key", "UTC")
        if self.span.all_day or name in ("UTC", "Etc/UTC") or file.has_zone(name):
            return b""
        day = self.span.first.date()
        last = max(date(2038, 1, 1), day + timedelta(days=366))
        return Timezone.from_tzid(name, first_date=date(1970, 1, 1), last_date=last).to_ical()


def event_uid(ctx: ToolContext) -> str:
    """The identity of the event that this call adds: the same when a crashed run repeats the call."""
    name = hashlib.sha256(ctx.call_key.encode()).hexdigest()[:32] if ctx.call_key else uuid.uuid4().hex
    return f"{name}@agent-core"


def lock_path(ctx: ToolContext, path: Path) -> Path:
    """Where calls that change `path` take turns: beside the plugin's own files, not in a folder of the user's."""
    return ctx.own_file(f"{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]}.lock")


def add(ctx: ToolContext, path: Path, new: NewEvent) -> None:
    """Put the event into the file; once, however often the call is repeated."""
    with locked(path, lock_path(ctx, path)) as file:
        if any(entry.uid == new.uid for entry in file.entries):
            return
        content = file.with_block(new.zone_definition(file) + new.component())
        inserted = [file.end, len(content) - len(file.with_block(b""))]
        after = hashlib.sha256(content).hexdigest()
        made = {"file": not path.exists(), "calendar": not file.content}
        ctx.save_for_undo({"path": str(path), "uid": new.uid, "inserted": inserted, "after": after, "made": made})
        replace_content(file, content)


def undo_add(ctx: ToolContext, saved: Any) -> str:
    """Put the bytes back as they were; if others changed the file since, take out the event and nothing else."""
    path = Path(saved["path"])
    with locked(path, lock_path(ctx, path)) as file:
        entries = [entry for entry in file.entries if entry.uid == saved["uid"]]
        if not entries:
            return "The event is not in the calendar any more."
        if file.digest != saved.get("after"):
            replace_content(file, file.without([entry.block for entry in entries]))
        elif saved["made"]["file"]:
            path.resolve().unlink()
        else:
            start, length = saved["inserted"]
            before = file.content[:start] + file.content[start + length :]
            replace_content(file, b"" if saved["made"]["calendar"] else before)
        return f"Removed {str(entries[0].event.get('SUMMARY', ''))!r} from the calendar."


def find(file: IcsFile, title: str, day: date | None, zone: tzinfo) -> list[Entry]:
    """The event to remove, by its title or uid: all entries of it, as a series may have exceptions.

    Raises:
        ToolArgumentError: none fits, or several different ones do; the message lists them.
    """
    matching = [entry for entry in file.entries if entry.uid == title] or _titled(file, title)
    matching = [entry for entry in matching if not day or _may_be_on(entry, day, zone)]
    # An event without a UID is only itself.
    identities = {entry.uid or str(entry.block) for entry in matching}
    if not matching:
        wanted = f"called {title[:100]!r}" + (f" on {day}" if day else "")
        raise ToolArgumentError(f"There is no event {wanted} in {str(file.path)!r}; list_events shows what there is.")
    if len(identities) > 1:
        lines = [f"{_line(entry, zone)} [uid {entry.uid}]" for entry in matching[:5]]
        raise ToolArgumentError(f"{len(identities)} events fit; give the date, or the uid as title: {'; '.join(lines)}")
    only = matching[0]
    series = [entry for entry in file.entries if only.uid and entry.uid == only.uid] or [only]
    if day and any(is_repeating(entry.event) for entry in series):
        raise ToolArgumentError(
            f"{_line(only, zone)!r} repeats, and a single day of it cannot be removed; leave the date out "
            "to remove all of it."
        )
    return series


def remove(ctx: ToolContext, file: IcsFile, entries: list[Entry]) -> None:
    """Cut the entries out, keeping their bytes for undo. The file's lock must be held."""
    blocks = sorted(entry.block for entry in entries)
    content = file.without(blocks)
    cut = [[block.start, base64.b64encode(file.content[block.start : block.end]).decode()] for block in blocks]
    ctx.save_for_undo({"path": str(file.path), "after": hashlib.sha256(content).hexdigest(), "cut": cut})
    replace_content(file, content)


def undo_remove(ctx: ToolContext, saved: Any) -> str:
    """Put the cut bytes back: where they were if nothing else changed since, else at the end of the calendar."""
    path = Path(saved["path"])
    cut = [(int(start), base64.b64decode(text)) for start, text in saved["cut"]]
    with locked(path, lock_path(ctx, path)) as file:
        if file.digest == saved["after"]:
            content = file.content
            for start, block in cut:
                content = content[:start] + block + content[start:]
        elif all(block in file.content for _, block in cut):
            return "The event is in the calendar already."
        else:
            content = file.with_block(b"".join(block for _, block in cut))
        replace_content(file, content)
    restored = read_ics(path)
    if len(restored.entries) < len(cut):
        raise ToolError(f"The event could not be put back into {str(path)!r}.")
    return "Put the event back into the calendar."


def _titled(file: IcsFile, title: str) -> list[Entry]:
    """Events with exactly that title, else those whose title has all the words that name it."""
    titles = [(entry, str(entry.event.get("SUMMARY", ""))) for entry in file.entries]
    exact = [entry for entry, summary in titles if summary.casefold() == title.casefold()]
    wanted = subject_words(title) or words_of(title)
    return exact or [entry for entry, summary in titles if wanted and wanted <= words_of(summary)]


def _may_be_on(entry: Entry, day: date, zone: tzinfo) -> bool:
    """Whether it is on that day; a series counts, as a single day of one cannot be removed anyway."""
    span = span_of(entry.event, zone)
    on_it = span is not None and span.first.date() <= day <= (span.last - timedelta(microseconds=1)).date()
    return on_it or is_repeating(entry.event)


def _line(entry: Entry, zone: tzinfo) -> str:
    span = span_of(entry.event, zone)
    return (
        describe(entry.event, span, repeats=is_repeating(entry.event)).text if span else str(entry.event.get("SUMMARY"))
    )
