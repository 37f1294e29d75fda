"""A real browser without a window: what a page becomes in it, and what it asks the network for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class ChromiumMissingError(Exception):
    """There is no Chromium on the path."""


def program() -> str:
    """Where it is.

    Raises:
        ChromiumMissingError: it is not.
    """
    found = next((where for name in _NAMES if (where := shutil.which(name))), None)
    if found is None:
        raise ChromiumMissingError(f"none of {', '.join(_NAMES)} is on the path; Debian: apt-get install chromium")
    return found


def page_after_load(page: Path, fragment: str, folder: Path, *more: str) -> str:
    """The page's markup after its scripts ran. No name is resolved, so that nothing but this machine can be reached."""
    command = [
        program(),
        "--headless",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={folder / 'profile'}",
        "--virtual-time-budget=2000",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        *more,
        "--dump-dom",
        f"{page.as_uri()}#{fragment}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
    return done.stdout
