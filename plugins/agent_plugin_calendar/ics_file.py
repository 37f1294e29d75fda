"""The .ics file: events are spliced into its bytes and cut out of them.

The file may belong to other programs too. So it is never written out again from a parsed form, which would lose what
a library does not know and reorder the rest: all bytes outside the event in question stay as they are.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agent_core import ToolError, TransientToolError

if TYPE_CHECKING:
    from icalendar import Calendar, Component

_EMPTY = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//agent-core//calendar//EN\r\nEND:VCALENDAR\r\n"
_MAX_BYTES = 50 * 1024**2
_LOCK_WAIT_S = 10.0
_BOM = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Where a component stands in the file: byte offsets from its BEGIN line up to after its END line."""

    start: int
    end: int


@dataclass(frozen=True)
class Entry:
    """One VEVENT: what it says, and where it stands."""

    event: Component
    block: Block

    @property
    def uid(self) -> str:
        """The event's identity; the same for a series and its exceptions."""
        return str(self.event.get("UID", ""))


@dataclass(frozen=True)
class IcsFile:
    """The content of a calendar file at one moment. A file that does not exist is an empty calendar."""

    path: Path
    content: bytes
    """As read; empty when there is no file."""
    calendars: list[Calendar]
    entries: list[Entry]
    end: int
    """Offset of the last END:VCALENDAR line: where new components go."""

    def with_block(self, block: bytes) -> bytes:
        """The file with a component added, in the file's own line ends."""
        content = self.content or _EMPTY
        if b"\r\n" not in content:
            block = block.replace(b"\r\n", b"\n")
        return content[: self.end] + block + content[self.end :]

    def without(self, blocks: list[Block]) -> bytes:
        """The file with some components cut out."""
        kept, position = bytearray(), 0
        for block in sorted(blocks):
            kept += self.content[position : block.start]
            position = block.end
        return bytes(kept + self.content[position:])

    def has_zone(self, name: str) -> bool:
        """Whether the file defines the time zone that an event is about to refer to."""
        return any(str(zone.get("TZID", "")) == name for cal in self.calendars for zone in cal.walk("VTIMEZONE"))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.content).hexdigest()


def read_ics(path: Path) -> IcsFile:
    """Read and check the whole file.

    Raises:
        ToolError: it cannot be read, or is not a calendar; the message says how to go on.
    """
    from icalendar import Calendar

    content = _read_bytes(path)
    if not content:
        return IcsFile(path, content, [], [], _EMPTY.index(b"END:VCALENDAR"))
    try:
        blocks, end = _scan(content)
        calendars = Calendar.from_ical(content.removeprefix(_BOM), multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
        entries = [Entry(event, block) for event, block in zip(events, blocks, strict=True)]
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ToolError(
            f"The calendar {str(path)!r} is not a readable iCalendar file ({' '.join(str(error).split())[:120]}). "
            "It is left as it is; repair it or move it away, or set plugins.calendar.path to another file."
        ) from None
    return IcsFile(path, content, list(calendars), entries, end)


@contextlib.contextmanager
def locked(path: Path, lock_path: Path) -> Generator[IcsFile]:
    """The file, with every other call that changes it kept out until the end of the block."""
    from filelock import FileLock, Timeout

    try:
        with FileLock(lock_path, timeout=_LOCK_WAIT_S):
            yield read_ics(path)
    except Timeout:
        raise TransientToolError(f"The calendar {str(path)!r} is being changed by another run; try again.") from None


def replace_content(file: IcsFile, content: bytes) -> None:
    """Write the file whole or not at all, with the mode that it had.

    Raises:
        TransientToolError: another program changed it since it was read.
        ToolError: it cannot be written.
    """
    try:
        target = file.path.resolve()
        mode = target.stat().st_mode & 0o7777 if target.exists() else 0o600
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".calendar-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            os.chmod(temporary, mode)
            if _read_bytes(file.path) != file.content:
                raise TransientToolError(f"The calendar {str(file.path)!r} was changed by another program; try again.")
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ToolError(f"The calendar {str(file.path)!r} cannot be written: {error.strerror}.") from None


def _read_bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ToolError(f"The calendar {str(path)!r} is larger than {_MAX_BYTES // 1024**2} MB.")
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise ToolError(f"The calendar {str(path)!r} cannot be read: {error.strerror}.") from None


def _scan(content: bytes) -> tuple[list[Block], int]:
    """The VEVENTs' places and that of the last END:VCALENDAR; ValueError where the nesting is broken."""
    open_components: list[tuple[bytes, int]] = []
    blocks: list[Block] = []
    end, position = -1, 0
    for line in content.splitlines(keepends=True):
        word = line.removeprefix(_BOM).strip().upper() if position == 0 else line.rstrip().upper()
        if word.startswith(b"BEGIN:"):
            open_components.append((word[6:], position))
        elif word.startswith(b"END:"):
            name, start = open_components.pop() if open_components else (b"", 0)
            if name != word[4:]:
                raise ValueError(f"{word[:40].decode('ascii', 'replace')} closes nothing")
            if name == b"VEVENT":
                blocks.append(Block(start, position + len(line)))
            elif name == b"VCALENDAR":
                end = position
        position += len(line)
    if open_components:
        raise ValueError(f"{open_components[-1][0].decode('ascii', 'replace')} has no end")
    if end < 0:
        raise ValueError("it holds no VCALENDAR")
    return blocks, end
