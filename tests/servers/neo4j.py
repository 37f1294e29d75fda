"""A real Neo4j on a free loopback port, started as the example for users without Docker starts it.

with Neo4jServer(folder) as neo4j:
    GraphDatabase.driver(neo4j.url, auth=neo4j.auth)
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.servers.process import ServerProcess

_APOC = (
    "org.neo4j.procedure:apoc-core:5.26.0:jar:core",
    "com.fasterxml.woodstox:woodstox-core:6.7.0",
    "org.codehaus.woodstox:stax2-api:4.2.2",
    "org.apache.commons:commons-collections4:4.4",
    "org.apache.hadoop.thirdparty:hadoop-shaded-guava:1.2.0",
)
_SCRIPT = Path(__file__).parents[2] / "examples" / "neo4j" / "serve.py"


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


def download_apoc() -> Path:
    """A folder with the jars of APOC, Neo4j's library of extensions, and of what it loads with; in the user's cache.

    Raises:
        Neo4jMissingError: it cannot be had.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agent-core"
    jars = cache / "apoc-5.26.0"
    if not jars.exists():
        if not shutil.which("mvn"):
            raise Neo4jMissingError("Maven must be installed to download APOC")
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            for artifact in _APOC:
                copy = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", "-DoutputDirectory=jars"]
                done = subprocess.run(copy, capture_output=True, text=True, cwd=folder)
                if done.returncode != 0:
                    raise Neo4jMissingError(done.stdout.strip()[-2000:])
            with contextlib.suppress(OSError):  # another process was first
                (Path(folder) / "jars").rename(jars)
    return jars


class Neo4jServer(ServerProcess):
    """Use it as a context manager. Its data stays in the folder, so that it can be stopped and started again."""

    stops_within_s = 40.0

    def __init__(self, folder: Path, plugins: Path | None = None, **settings: str) -> None:
        """Nothing is started yet.

        Args:
            folder: For data and logs.
            plugins: A folder with jars of plugins.
            settings: Of the server, with _ for the dots and __ for an underscore.
        """
        super().__init__()
        self.url = ""
        self.auth = ("neo4j", f"-{secrets.token_urlsafe(16)}")  # as one of 64 made so begins
        self.folder = folder
        self._port = 0  # a free one, and that one again after a restart
        dotted = {name.replace("__", " ").replace("_", ".").replace(" ", "_"): settings[name] for name in settings}
        self._settings = dotted
        self._plugins = ["--plugins", plugins] if plugins else []

    def __enter__(self) -> Neo4jServer:
        self.start()
        return self

    def start(self) -> None:
        """Start it; at the same address where it was started before.

        Raises:
            Neo4jMissingError: it does not start.
        """
        self._process = subprocess.Popen(
            [
                *(sys.executable, _SCRIPT, "--folder", self.folder, "--port", str(self._port), "--heap", "384m"),
                "--until-stdin-ends",  # and with it this process, however it ends
                *self._plugins,
                *(f"--set={name}={value}" for name, value in self._settings.items()),
            ],
            env={**os.environ, "NEO4J_PASSWORD": self.auth[1]},
            stdin=subprocess.PIPE,
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

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr) if self._process else ():
            if stream is not None:
                stream.close()
        super()._close()


if __name__ == "__main__":
    try:
        download()
        download_apoc()
    except Neo4jMissingError as error:
        sys.exit(str(error))
