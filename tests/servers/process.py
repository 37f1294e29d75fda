"""The process of a server that tests start: ended as a service manager would, or as a crash would."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any


class ServerProcess:
    """Started by whoever extends it, in a session of its own, so that what it starts ends with it."""

    stops_within_s = 10.0

    def __init__(self) -> None:
        self._process: subprocess.Popen[Any] | None = None

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it as a service manager would; what it started ends with it."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(self.stops_within_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()

    def kill(self) -> None:
        """End it and what it started at once, as a crash of the machine would."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(self.stops_within_s)
        self._close()

    def _close(self) -> None:
        """Let go of the process and of what was opened for it; may be called twice."""
        self._process = None
