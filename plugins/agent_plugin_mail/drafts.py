"""Drafts: .eml files in the plugin's own folder, one folder per user, that any mail program opens."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

from agent_core import ToolContext, ToolError


def draft_path(ctx: ToolContext) -> Path:
    """Where this call's draft goes: the same file when a crashed run repeats the call."""
    name = hashlib.sha256(ctx.call_key.encode()).hexdigest()[:16] if ctx.call_key else os.urandom(8).hex()
    owner = "local" if ctx.user == "local" else hashlib.sha256(ctx.user.encode()).hexdigest()[:24]
    return ctx.own_file("drafts") / owner / f"draft-{name}.eml"


def write_draft(path: Path, content: bytes) -> None:
    """Write the file whole or not at all, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def draft_record(path: Path, content: bytes) -> dict[str, str]:
    """What undo needs to take back exactly this draft."""
    return {"path": str(path), "sha256": hashlib.sha256(content).hexdigest()}


def remove_draft(record: Any) -> str:
    """Delete the draft that `draft_record` describes, unless somebody has worked on it since.

    Raises:
        ToolError: it was changed, and deleting it would lose that work.
    """
    path = Path(record["path"])
    if not path.exists():
        return f"The draft {path.name} is gone already."
    if hashlib.sha256(path.read_bytes()).hexdigest() != record["sha256"]:
        raise ToolError(f"The draft {str(path)!r} was changed since; delete it yourself if it is not needed.")
    path.unlink()
    return f"Deleted the draft {path.name}."
