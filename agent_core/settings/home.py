"""The state folder: where it is, that it is private, and how a file in it is replaced in one step."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from agent_core.errors import ConfigurationError

HOME_VARIABLE = "AGENT_CORE_HOME"
_ELSEWHERE = f"point {HOME_VARIABLE} at a folder that you can write to"


def find_home(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The state folder as an absolute path: `home`, else AGENT_CORE_HOME, else the platform's; makes nothing."""
    if home is None:
        named = (os.environ if environ is None else environ).get(HOME_VARIABLE)
        if named:
            home = Path(named)
        else:
            import platformdirs

            home = Path(platformdirs.user_data_dir("agent-core", appauthor=False))
    try:
        return Path(os.path.abspath(home.expanduser()))
    except (RuntimeError, OSError) as error:  # "~nobody", or a current folder that was deleted
        raise ConfigurationError(f"The state folder {str(home)!r} cannot be resolved: {error}.") from None


def open_home(home: Path) -> Path:
    """Make the state folder if need be (mode 0700) and check that it can be used.

    Raises:
        ConfigurationError: it cannot be made, is no folder, or is read-only.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except (OSError, ValueError) as error:
        reason = "it is a file" if home.is_file() else _reason(error)
        raise ConfigurationError(f"The state folder {str(home)!r} cannot be made ({reason}); {_ELSEWHERE}.") from None
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigurationError(f"The state folder {str(home)!r} cannot be written to; {_ELSEWHERE}.")
    return home


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data` in one step: a crash leaves the old file or the new one.

    A new file gets mode 0600, an existing one keeps its own; a symbolic link stays one, its target is replaced.

    Raises:
        ConfigurationError: the disk is full or the folder read-only; the old file is untouched.
    """
    target = Path(os.path.realpath(path))
    draft: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            os.chmod(draft, stat.S_IMODE(target.stat().st_mode))
        os.replace(draft, target)
    except OSError as error:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
        raise ConfigurationError(f"{str(path)!r} cannot be written ({_reason(error)}); {_ELSEWHERE}.") from None


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
