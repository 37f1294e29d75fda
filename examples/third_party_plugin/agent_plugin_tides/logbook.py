"""The sailing log: a line per sailing, each with a signature that only the holder of the key can make."""

from __future__ import annotations

import hashlib
import hmac
import os
import tempfile
from datetime import datetime
from pathlib import Path

from agent_core import ToolArgumentError, ToolError


def entry_of(boat: str, departure: datetime, harbour: str, key: str) -> str:
    """The line for a sailing; the same for the same sailing, so that a preview shows what will be written.

    Raises:
        ToolArgumentError: a name would break the line.
    """
    for name in (boat, harbour):
        if not name.strip() or not name.isprintable() or "," in name:
            raise ToolArgumentError(f"{name!r} is not a name for the log; leave out commas and line breaks.")
    line = f"{departure:%Y-%m-%d %H:%M},{boat.strip()},{harbour.strip()}"
    return f"{line},{hmac.new(key.encode(), line.encode(), hashlib.sha256).hexdigest()[:16]}"


def add_entry(path: Path, entry: str) -> None:
    """Append a line to the log, which is made if need be."""
    lines = _read(path)
    if entry in lines:
        raise ToolError("This sailing is in the log already.")
    _replace(path, [*lines, entry])


def remove_entry(path: Path, entry: str) -> None:
    """Take a line out of the log.

    Raises:
        ToolError: it is not in there, so somebody has changed the log since.
    """
    lines = _read(path)
    if entry not in lines:
        raise ToolError(f"{path.name} has no such entry any more; nothing was changed.")
    lines.remove(entry)
    _replace(path, lines)


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        raise ToolError(f"{path.name} is not UTF-8 text, so it is not a sailing log.") from None


def _replace(path: Path, lines: list[str]) -> None:
    """Write the whole log beside the old one and put it in its place: a crash leaves one or the other."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
