"""The Neo4j of the examples, without Docker: it listens here only, wants its password, reads no file for a query."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import neo4j as driver
import pytest
import yaml
from neo4j.exceptions import AuthError, Neo4jError

from tests.servers.neo4j import Neo4jServer

EXAMPLE = Path(__file__).parents[2] / "examples" / "neo4j"
pytestmark = pytest.mark.timeout(120, func_only=True)


@pytest.fixture
def session(neo4j: Neo4jServer) -> Iterator[driver.Session]:
    with driver.GraphDatabase.driver(neo4j.url, auth=neo4j.auth) as connected, connected.session() as session:
        yield session


def test_it_wants_its_password(neo4j: Neo4jServer) -> None:
    with (
        driver.GraphDatabase.driver(neo4j.url, auth=("neo4j", "another-one")) as connected,
        pytest.raises(AuthError),
    ):
        connected.verify_connectivity()


def test_nobody_else_on_the_machine_can_read_the_password(neo4j: Neo4jServer) -> None:
    password = neo4j.auth[1].encode()
    lines = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if _readable(file)]
    assert any(b"CommunityEntryPoint" in line for line in lines)
    assert not any(password in line for line in lines)
    assert not any(password in file.read_bytes() for file in neo4j.folder.rglob("*") if file.is_file())


def test_it_is_reached_from_this_machine_only(neo4j: Neo4jServer) -> None:
    port = int(neo4j.url.rpartition(":")[2])
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
    ]
    assert listening
    assert all(address.partition(":")[0].endswith("0100007F") for address in listening)


def test_a_query_reads_no_file(session: driver.Session, tmp_path: Path) -> None:
    (tmp_path / "private.csv").write_text("the secret\n")
    with pytest.raises(Neo4jError, match=r"(?i)not allowed|disallowed|security|config"):
        session.run("LOAD CSV FROM $file AS line RETURN line", file=f"file://{tmp_path}/private.csv").consume()


def test_a_query_fetches_no_address(session: driver.Session) -> None:
    asked: list[str] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        try:
            with pytest.raises(Neo4jError):
                session.run(f"LOAD CSV FROM 'http://127.0.0.1:{site.server_port}/' AS line RETURN line").consume()
        finally:
            site.shutdown()
    assert asked == []


def test_data_outlives_a_restart_and_a_crash(tmp_path: Path) -> None:
    server = Neo4jServer(tmp_path)
    server.start()
    first = server.url
    try:
        with driver.GraphDatabase.driver(first, auth=server.auth) as connected:
            connected.execute_query("CREATE (:Kept {name: 'before'})")
        server.kill()
        server.start()
        with driver.GraphDatabase.driver(server.url, auth=server.auth) as connected:
            found = connected.execute_query("MATCH (k:Kept) RETURN k.name AS name").records
    finally:
        server.stop()
    assert [record["name"] for record in found] == ["before"]
    assert server.url == first


_OWNER = """
import sys, time
from pathlib import Path
import neo4j
from tests.servers.neo4j import Neo4jServer
server = Neo4jServer(Path(sys.argv[1]))
server.start()
session = neo4j.GraphDatabase.driver(server.url, auth=server.auth).session()
transaction = session.begin_transaction()
transaction.run("CREATE (:Unfinished)").consume()
print(server._process.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_with_whoever_started_it_however_that_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _OWNER, tmp_path]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as owner:
        try:
            assert owner.stdout
            group = int(owner.stdout.readline())
            assert len(_alive(group)) == 2
        finally:
            owner.kill()
    _wait_until_gone(group)


def test_told_to_stop_while_it_starts_it_leaves_nothing_behind(tmp_path: Path, neo4j: Neo4jServer) -> None:
    """The other server is there so that this one need not be downloaded."""
    command = [sys.executable, EXAMPLE / "serve.py", "--folder", tmp_path, "--port", "0"]
    environment = {**os.environ, "NEO4J_PASSWORD": "long-enough"}
    for begun in (tmp_path / "conf" / "neo4j.conf", tmp_path / "logs" / "console.log"):
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True) as started:
            while not begun.exists() and started.poll() is None:
                time.sleep(0.02)
            started.terminate()
            assert started.wait(60) == 143
        _wait_until_gone(started.pid)


def _wait_until_gone(group: int) -> None:
    until = time.monotonic() + 60
    while _alive(group) and time.monotonic() < until:
        time.sleep(0.1)
    assert _alive(group) == []


def _alive(group: int) -> list[str]:
    """The processes of a group, apart from those that only wait to be reaped."""
    found = [file.read_bytes().decode() for file in Path("/proc").glob("[0-9]*/stat") if _readable(file)]
    fields = [(line, line.rpartition(")")[2].split()) for line in found]
    return [line for line, (state, _, its_group, *_) in fields if state not in "ZX" and int(its_group) == group]


@pytest.mark.parametrize("password", ["", "short"])
def test_without_a_password_it_does_not_start(tmp_path: Path, password: str, neo4j: Neo4jServer) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLE / "serve.py", "--folder", tmp_path / "data"],
        env={**os.environ, "NEO4J_PASSWORD": password},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "NEO4J_PASSWORD" in done.stderr
    assert not (tmp_path / "data").exists()


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": str(tmp_path), "NEO4J_PASSWORD": "long-enough"}
    done = subprocess.run([sys.executable, EXAMPLE / "serve.py"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "java and mvn must be installed" in done.stderr


def test_docker_starts_the_same_with_the_same_limits() -> None:
    service = yaml.safe_load((EXAMPLE / "compose.yaml").read_text())["services"]["neo4j"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    settings = {
        re.sub(r"(?<!_)_(?!_)", ".", name.removeprefix("NEO4J_")).replace("__", "_"): value
        for name, value in service["environment"].items()
    }
    script = runpy.run_path(str(EXAMPLE / "serve.py"))["SETTINGS"]
    limits = ("dbms.security.allow_csv_import_from_file_urls", "internal.dbms.cypher_ip_blocklist")
    for name in (*limits, "dbms.memory.transaction.total.max"):
        assert settings[name] == script[name]


def _readable(file: Path) -> bool:
    try:
        return bool(file.read_bytes())
    except OSError:  # it ended meanwhile
        return False
