"""Free Cypher against a real server with APOC, all of it allowed: extensions that reach out are refused, one by one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import neo4j as bolt
import pytest

from agent_core import ToolError
from agent_plugin_graph.cypher.guard import CypherRefusedError, check_reads_only
from agent_plugin_graph.cypher.reading import ReadLimits, read
from tests.servers.counting import CountingSite, counting_site
from tests.servers.neo4j import Neo4jMissingError, Neo4jServer, download_apoc

pytestmark = pytest.mark.timeout(300, func_only=True)
SECRET = "canary-7741"


@pytest.fixture(scope="module")
def site() -> Iterator[CountingSite]:
    with counting_site(SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def secret_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("secrets") / "secret.csv"
    file.write_text(SECRET)
    return file


@pytest.fixture(scope="module")
def driver(neo4j: Neo4jServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[bolt.Driver]:
    """A server that lets APOC do all it can, and queries read files and addresses."""
    try:
        plugins = download_apoc()
    except Neo4jMissingError as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))
    folder = tmp_path_factory.mktemp("apoc")
    (folder / "conf").mkdir()
    (folder / "conf" / "apoc.conf").write_text("apoc.import.file.enabled=true\napoc.export.file.enabled=true\n")
    neo4j.stop()  # two at a time take more memory than a small machine has
    try:
        with (
            Neo4jServer(
                folder,
                plugins,
                dbms_security_procedures_unrestricted="apoc.*",
                dbms_security_allow__csv__import__from__file__urls="true",
                internal_dbms_cypher__ip__blocklist="203.0.113.0/24",
            ) as server,
            bolt.GraphDatabase.driver(server.url, auth=server.auth) as connected,
        ):
            connected.execute_query("CREATE (:Person {name: 'Ada'})")
            yield connected
    finally:
        neo4j.start()


def names(driver: bolt.Driver, what: str) -> dict[str, str]:
    """APOC's procedures or functions, by name, with their signatures."""
    found = driver.execute_query(f"SHOW {what} YIELD name, signature WHERE name STARTS WITH 'apoc.'").records  # pyright: ignore[reportArgumentType]
    return {record["name"]: record["signature"] for record in found}


def loads(place: str) -> str:
    """A query that reads a file or an address by a query that is a text."""
    return f"CALL apoc.cypher.run('LOAD CSV FROM \"{place}\" AS line RETURN line', {{}}) YIELD value RETURN value"


def test_apoc_would_do_it(driver: bolt.Driver, site: CountingSite, secret_file: Path) -> None:
    address = site.url
    with driver.session(default_access_mode=bolt.READ_ACCESS) as session:
        for place in (secret_file.as_uri(), address):
            assert SECRET in str(session.run(loads(place)).data())  # pyright: ignore[reportArgumentType]
    assert site.asked == ["/page"]
    site.asked.clear()
    for place in (secret_file.as_uri(), address):
        with pytest.raises(CypherRefusedError):
            read(driver, loads(place))
    assert site.asked == []


def test_no_procedure_of_apoc_is_called(driver: bolt.Driver) -> None:
    procedures = names(driver, "PROCEDURES")
    assert len(procedures) > 150
    for name in procedures:
        quoted = ".".join(f"`{part}`" for part in name.split("."))
        by_number = f"{name[:-1]}\\u{ord(name[-1]):04x}"
        for written in (name, name.upper(), quoted, by_number, name.replace(".", " . ")):
            for text in (f"CALL {written}('x')", f"MATCH (n) CALL {written}(n) YIELD value RETURN value"):
                with pytest.raises(CypherRefusedError):
                    check_reads_only(text)


def test_functions_of_apoc_that_are_called_only_compute(
    driver: bolt.Driver, site: CountingSite, secret_file: Path
) -> None:
    functions = names(driver, "FUNCTIONS")
    assert len(functions) > 200
    allowed = set[str]()
    for name, signature in functions.items():
        try:
            check_reads_only(f"RETURN {name}('x') AS x")
        except CypherRefusedError:
            continue
        allowed.add(name)
        most = len(re.findall(r"\w+(?: = .*?)? :: ", signature.rpartition(") ::")[0]))
        for place in (secret_file.as_uri(), str(secret_file), site.url):
            for arguments in {1, most} - {0}:
                text = f"RETURN {name}({', '.join([repr(place)] * arguments)}) AS x"
                try:
                    answer = str(read(driver, text, limits=ReadLimits(timeout_s=5)).rows)
                except ToolError as error:
                    answer = str(error)
                assert SECRET not in answer, text
    assert site.asked == []
    assert 50 < len(allowed) < len(functions)
    assert {name.split(".")[1] for name in allowed} == {
        "agg", "coll", "convert", "date", "map", "math", "number", "temporal", "text",
    }  # fmt: skip
    assert driver.execute_query("MATCH (n) RETURN count(n) AS n").records[0]["n"] == 1
