"""A Neo4j server without Docker: needs Java 17 or newer and Maven, and downloads the server (123 MB) once.

    NEO4J_PASSWORD=... python examples/neo4j/serve.py --folder graph-data

Prints the address once it answers, and runs until it is interrupted; a second interrupt ends it at once, and so does
half a minute. It listens on this machine only, reads no file and no address for anybody's query, and keeps its data in
the folder. The password counts when the folder is new.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

VERSION = "5.26.30"
STARTS_WITHIN_S = 120.0
STOPS_WITHIN_S = 30.0

_POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>neo4j-server</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{version}</version></dependency>
  </dependencies>
</project>
"""

SETTINGS = {
    "server.default_listen_address": "127.0.0.1",
    "server.http.enabled": "false",
    "server.https.enabled": "false",
    "server.memory.pagecache.size": "64m",
    "dbms.memory.transaction.total.max": "256m",
    "dbms.usage_report.enabled": "false",
    # A query that only reads could otherwise load files of this machine, and fetch addresses.
    "dbms.security.allow_csv_import_from_file_urls": "false",
    "internal.dbms.cypher_ip_blocklist": "0.0.0.0/0,::/0",
    # Told to stop, a server waits this long for transactions, and twice this long for connections, to end by
    # themselves: 20 seconds by default, for clients that may be dead.
    "db.shutdown_transaction_end_timeout": "1s",
    "internal.server.bolt.thread_pool_shutdown_wait_time": "1s",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("neo4j-data"), help="where the data is kept")
    parser.add_argument("--port", type=int, default=7687, help="for Bolt; 0: one that is free")
    parser.add_argument("--heap", default="512m", help="most memory for Java's objects")
    parser.add_argument("--version", default=VERSION, help="of the server; 2025 and later need Java 21")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the server")
    parser.add_argument("--plugins", type=Path, help="a folder with jars of plugins, such as APOC")
    parser.add_argument("--until-stdin-ends", action="store_true", help="stop when whoever started it is gone")
    parser.add_argument("--download-only", action="store_true", help="download the server and print where it is")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and with it what it waits for, Maven or Java
    if options.until_stdin_ends:
        threading.Thread(target=_stop_with_stdin, daemon=True).start()
    if missing := [program for program in ("java", "mvn") if not shutil.which(program)]:
        return _fail(f"{' and '.join(missing)} must be installed: Java 17 or newer, and Maven")
    try:
        jars = download(options.version)
    except subprocess.CalledProcessError as error:
        return _fail(f"Maven could not download Neo4j {options.version}:\n{error.stdout[-2000:]}")
    if options.download_only:
        print(jars)
        return 0
    password = os.environ.get("NEO4J_PASSWORD", "")
    if len(password) < 8:
        return _fail("set NEO4J_PASSWORD to a password of at least 8 characters")
    folder, port = options.folder.resolve(), options.port or free_port()
    address = {f"server.bolt.{kind}_address": f"127.0.0.1:{port}" for kind in ("listen", "advertised")}
    if options.plugins:
        address["server.directories.plugins"] = str(options.plugins.resolve())
    configure(folder, {**SETTINGS, **address, **dict(setting.split("=", 1) for setting in options.set)})
    if not (folder / "data" / "databases").exists():
        set_password(jars, folder, password)
    entry = "CommunityEntryPoint" if options.version.startswith(("4.", "5.")) else "Neo4jCommunity"
    path = f"{jars}/*:{options.plugins.resolve()}/*" if options.plugins else f"{jars}/*"
    return serve(path, folder, port, options.heap, entry)


def download(version: str) -> Path:
    """The folder with the server's jars, in the user's cache; several processes may ask at once.

    Raises:
        subprocess.CalledProcessError: Maven failed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "agent-core"
    cache.mkdir(parents=True, exist_ok=True)
    jars = cache / f"neo4j-{version}"
    with (cache / f"neo4j-{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jars.exists():
            print(f"Downloading Neo4j {version} ...", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(dir=cache) as folder:
                (Path(folder) / "pom.xml").write_text(_POM.format(version=version))
                copy = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"]
                subprocess.run(
                    [*copy, "-DoutputDirectory=jars"],
                    cwd=folder,
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
                (Path(folder) / "jars").rename(jars)  # so that it is there whole, or not at all
    return jars


def configure(folder: Path, settings: Mapping[str, str]) -> None:
    """Write the server's settings."""
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    (folder / "conf" / "neo4j.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))


def serve(classes: str, folder: Path, port: int, heap: str, entry: str) -> int:
    """Run the server until it ends or this process is told to."""
    logs = folder / "logs"
    logs.mkdir(exist_ok=True)
    log, console = logs / "neo4j.log", logs / "console.log"
    log.unlink(missing_ok=True)
    running: list[subprocess.Popen[bytes]] = []
    told: list[int] = []

    def stop(sign: int, _: object) -> None:
        for process in running:
            # The second time at once: it recovers from its log, and nothing that it has said is lost.
            (process.kill if told else process.terminate)()
        told.append(sign)
        signal.setitimer(signal.ITIMER_REAL, STOPS_WITHIN_S)

    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(sign, stop)
    with console.open("wb") as output:
        server = subprocess.Popen(
            [
                *("java", "-Xms128m", f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                *("-cp", classes, f"org.neo4j.server.{entry}"),
                *(f"--home-dir={folder}", f"--config-dir={folder / 'conf'}"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    running.append(server)
    if told:
        server.terminate()
    if answers(server, log):
        print(f"neo4j://127.0.0.1:{port}", flush=True)
        return 0 if server.wait() in (0, 143, -signal.SIGTERM) else 1
    if told:
        server.wait()
        return 128 + told[0]
    stop(signal.SIGTERM, None)
    server.wait()
    said = console.read_text(errors="replace") + (log.read_text(errors="replace") if log.exists() else "")
    return _fail(f"Neo4j did not start; its logs are in {logs}\n{said[-2000:]}")


def _stop_with_stdin() -> None:
    """Nobody writes there: it ends when the process that holds the other end does, however that ends."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def answers(server: subprocess.Popen[bytes], log: Path) -> bool:
    """Wait until it takes connections; whether it does."""
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and server.poll() is None:
        if log.exists() and re.search(r"INFO +Started\.$", log.read_text(errors="replace"), re.MULTILINE):
            return True
        time.sleep(0.1)
    return False


def set_password(jars: Path, folder: Path, password: str) -> None:
    """Before the first start; by a private file, because anybody on the machine may read arguments."""
    quoted = password.replace("\\", "\\\\").replace('"', '\\"')
    command = f'-cp "{jars}/*" org.neo4j.server.startup.Neo4jAdminCommand dbms set-initial-password -- "{quoted}"'
    with tempfile.NamedTemporaryFile("w", suffix=".args") as arguments:
        arguments.write(command)
        arguments.flush()
        environ = {**os.environ, "NEO4J_HOME": str(folder), "NEO4J_CONF": str(folder / "conf")}
        subprocess.run(["java", f"@{arguments.name}"], env=environ, check=True, capture_output=True)


def free_port() -> int:
    """One that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _fail(why: str) -> int:
    print(why, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
