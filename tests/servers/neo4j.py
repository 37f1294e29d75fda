"""A real Neo4j on a free loopback port, started as the example for users without Docker starts it.

with Neo4jServer(folder) as neo4j:
    GraphDatabase.driver(neo4j.url, auth=neo4j.auth)
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

_SCRIPT = Path(__file__).parents[2] / "examples" / "neo4j" / "serve.py"
_STOPS_WITHIN_S = 40.0


class Neo4jMissingError(Exception):
    """There is no Java or Maven to start one with, or it could not be downloaded; the message says why."""


def download() -> None:
    """Put the server into the user's cache, if it is not there.

    Raises:
        Neo4jMissingError: it cannot be had.
    """
    done = subprocess.run([sys.executable, _SCRIPT, "--download-only"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Neo4jMissingError(done.stderr.strip()[-2000:])


class Neo4jServer:
    """Use it as a context manager. Its data stays in the folder, so that it can be stopped and started again."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """Nothing is started yet.

        Args:
            folder: For data and logs.
            settings: Of the server, with _ for the dots and __ for an underscore.
        """
        self.url = ""
        self.auth = ("neo4j", secrets.token_urlsafe(16))
        self.folder = folder
        self._port = 0  # a free one, and that one again after a restart
        dotted = {name.replace("__", " ").replace("_", ".").replace(" ", "_"): settings[name] for name in settings}
        self._settings = dotted
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Neo4jServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it; at the same address where it was started before.

        Raises:
            Neo4jMissingError: it does not start.
        """
        self._process = subprocess.Popen(
            [
                *(sys.executable, _SCRIPT, "--folder", self.folder, "--port", str(self._port), "--heap", "384m"),
                *(f"--set={name}={value}" for name, value in self._settings.items()),
            ],
            env={**os.environ, "NEO4J_PASSWORD": self.auth[1]},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            why = self._process.stderr.read()
            self.kill()
            raise Neo4jMissingError(why.strip()[-2000:])
        self._port = int(self.url.rpartition(":")[2])

    def stop(self) -> None:
        """End it as a service manager would."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is None:
            return
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_STOPS_WITHIN_S)
        self._close()

    def _close(self) -> None:
        if self._process is None:
            return
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._process = None


if __name__ == "__main__":
    try:
        download()
    except Neo4jMissingError as error:
        sys.exit(str(error))
