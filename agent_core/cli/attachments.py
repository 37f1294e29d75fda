"""Text that comes with a request: files, and what is piped in. All of it counts as somebody else's words."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent_core.cli.render import note
from agent_core.errors import AgentCoreError, UsageError

if TYPE_CHECKING:
    from agent_core.loop.opening import Attachment

MAX_BYTES = 40_000_000
"""More is refused before it is read: it would not fit into any model. Four bytes per character that core takes."""
_MAX_REQUEST_BYTES = 8_000_000
_NOTICE_AFTER_S = 1.0
_LOOKED_AT_BYTES = 65_536


def read_request() -> str:
    """The request from standard input.

    Raises:
        UsageError: it is not UTF-8 text, or too long.
    """
    data = sys.stdin.buffer.read(_MAX_REQUEST_BYTES + 1)
    if len(data) > _MAX_REQUEST_BYTES:
        raise UsageError(f"The request on standard input is longer than {_MAX_REQUEST_BYTES:,} bytes; attach a file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"The request on standard input is not UTF-8 text (byte {error.start} is 0x{data[error.start]:02x}); "
            "convert it, for instance with iconv."
        ) from None


def piped_text() -> list[Attachment]:
    """What was piped in beside the request, if anything was."""
    from agent_core.loop.opening import Attachment

    if sys.stdin is None or sys.stdin.isatty() or not _is_piped():
        return []
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UsageError(f"Standard input is longer than {MAX_BYTES:,} bytes; put it into a file of the workspace.")
    return [Attachment("standard input", _decoded("standard input", data))] if data.strip() else []


def _is_piped() -> bool:
    """Whether somebody redirected standard input. A pipe that stays silent is announced: it may never end."""
    try:
        descriptor = sys.stdin.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError):  # not a real file: a test's input
        return True
    if stat.S_ISREG(mode):
        return True
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return False
    if os.name == "posix" and not select.select([descriptor], [], [], _NOTICE_AFTER_S)[0]:
        note("agent-core: reading standard input, which comes with the request (</dev/null for none)")
    return True


_LOADER_S = 120.0
"""How long a plugin may take to read a document."""


def read_files(paths: Sequence[Path], loaders: Mapping[str, Callable[[Path], str]]) -> list[Attachment]:
    """The files as text: by a plugin's loader where there is one for the suffix.

    Raises:
        UsageError: a file is missing, unreadable, too large, or not text.
    """
    from agent_core.loop.opening import Attachment

    return [Attachment(str(path), _file_text(path, loaders.get(path.suffix.lower()))) for path in paths]


def _file_text(path: Path, loader: Callable[[Path], str] | None) -> str:
    named = repr(str(path))
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise UsageError(f"{named} is a folder; attach a file, or name the folder with --workspace.")
        if found.st_size > MAX_BYTES:
            raise UsageError(
                f"{named} has {found.st_size:,} bytes; an attachment may have {MAX_BYTES:,}. "
                "Put it into the workspace and let a tool read it."
            )
        if loader is not None:
            return _loaded(path, loader)
        with path.open("rb") as file:  # a named pipe has no size: reading is bounded too
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{named} cannot be attached: {error.strerror or error}.") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{named} gives more than {MAX_BYTES:,} bytes; attach a smaller part of it.")
    return _decoded(named, data)


def _loaded(path: Path, loader: Callable[[Path], Any]) -> str:
    from agent_core.tools.contained import Contained

    thread = Contained("loader")
    try:
        return thread.call(lambda: str(loader(path)), _LOADER_S)
    except AgentCoreError:
        raise
    except Exception as error:  # a plugin's loader meets a damaged document
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UsageError(f"{str(path)!r} cannot be read as a {path.suffix} document: {reason}.") from None
    finally:
        thread.close()


def _decoded(named: str, data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if _is_binary(data[:_LOOKED_AT_BYTES]):
        raise UsageError(f"{named} is not text (it looks binary); attach a text file, or a document of a known kind.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        note(f"agent-core: {named} is not all UTF-8 (first at byte {error.start}); what is not was replaced by �")
        return data.decode("utf-8-sig", errors="replace")


def _is_binary(start: bytes) -> bool:
    """A NUL, or more control bytes than any text has."""
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b\x08" for byte in start)
    return b"\0" in start or control * 10 > len(start)
