"""Free Cypher against a real server that protects nothing by itself: only what is read of the graph comes back."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neo4j as bolt
import pytest

from agent_core import ToolError, TransientToolError
from agent_plugin_graph.cypher.guard import LONGEST, CypherRefusedError, check_reads_only
from agent_plugin_graph.cypher.reading import ReadLimits, read
from tests.plugins.graph.hostile_cypher import hostile
from tests.servers.counting import CountingSite, counting_site
from tests.servers.neo4j import Neo4jServer

pytestmark = pytest.mark.timeout(300, func_only=True)
SECRET = "canary-5521"
DATA = Path(os.environ.get("AGENT_CORE_DATA") or Path(__file__).parents[4] / "shared" / "data") / "text2cypher"
_STATE = """
MATCH (n) OPTIONAL MATCH (n)-[r]->(m)
RETURN elementId(n) AS id, labels(n) AS labels, properties(n) AS properties, type(r) AS type, elementId(m) AS other
ORDER BY id, other
"""


@pytest.fixture(scope="module")
def site() -> Iterator[CountingSite]:
    with counting_site(SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def open_server(neo4j: Neo4jServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """One that lets queries read files and addresses, so that nothing but our own care stands in between."""
    folder = tmp_path_factory.mktemp("open")
    (folder / "secret.csv").write_text(f"{SECRET}\n")
    neo4j.stop()  # two at a time take more memory than a small machine has
    try:
        with Neo4jServer(
            folder,
            dbms_security_allow__csv__import__from__file__urls="true",
            internal_dbms_cypher__ip__blocklist="203.0.113.0/24",
        ) as server:
            yield server
    finally:
        neo4j.start()


@pytest.fixture(scope="module")
def secret_file(open_server: Neo4jServer) -> str:
    return f"file://{open_server.folder}/secret.csv"


@pytest.fixture(scope="module")
def driver(open_server: Neo4jServer) -> Iterator[bolt.Driver]:
    with bolt.GraphDatabase.driver(open_server.url, auth=open_server.auth) as connected:
        connected.execute_query("CREATE INDEX known FOR (p:Person) ON (p.name)")
        ada = "(:Person {name: 'Ada', call: 7, born: date('1815-12-10')})"
        connected.execute_query(f"CREATE {ada}-[:KNOWS {{since: 1833}}]->(:Call {{name: 'Bo'}})")
        yield connected


def state(driver: bolt.Driver) -> list[Any]:
    """Everything that a statement could change."""
    graph = [record.data() for record in driver.execute_query(_STATE).records]
    shown = ("SHOW INDEXES YIELD name", "SHOW CONSTRAINTS YIELD name", "SHOW USERS YIELD user", "CALL db.labels()")
    return [graph, *([record.values() for record in driver.execute_query(text).records] for text in shown)]


def test_this_server_would_do_it(driver: bolt.Driver, site: CountingSite, secret_file: str) -> None:
    """A session that only reads is no protection: otherwise the cases below would prove nothing."""
    with driver.session(default_access_mode=bolt.READ_ACCESS) as session:
        assert SECRET in str(session.run(f"LOAD CSV FROM '{secret_file}' AS line RETURN line").data())
        assert SECRET in str(session.run(f"LOAD CSV FROM '{site.url}' AS line RETURN line").data())
    assert site.asked == ["/page"]
    site.asked.clear()


def test_nothing_but_reading_happens(driver: bolt.Driver, site: CountingSite, secret_file: str) -> None:
    before = state(driver)
    statements = list(hostile(secret_file, site.url))
    assert len(statements) > 600
    got_through: list[str] = []
    for name, text in statements:
        try:
            rows = read(driver, text, {"file": secret_file}, limits=ReadLimits(timeout_s=5))
        except ToolError as error:
            answer = str(error)
        else:
            answer = f"{rows.columns} {rows.rows}"
        if SECRET in answer or site.asked or state(driver) != before:
            got_through.append(f"{name}: {text!r}: {answer[:200]}")
            site.asked.clear()
            before = state(driver)
    assert got_through == []


def test_commands_tell_nothing(driver: bolt.Driver) -> None:
    for text in (
        "SHOW USERS",
        "USE system SHOW USERS",
        "CALL dbms.listConfig() YIELD name RETURN name",
        "SHOW SETTINGS",
    ):
        with pytest.raises(CypherRefusedError):
            read(driver, text)


def test_a_parameter_is_a_value_whatever_it_says(driver: bolt.Driver) -> None:
    before = state(driver)
    for value in ("x' CREATE (n:Intruder) //", "$file", "`", "\\u0027 LOAD CSV", {"a": "MATCH (n) DELETE n"}):
        assert read(driver, "RETURN $value AS value", {"value": value}).rows == [[value]]
    assert state(driver) == before


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("MATCH (p:Person) RETURN p.name", [["Ada"]]),
        ("MATCH (p:Person) RETURN p.call AS call ORDER BY call", [[7]]),
        ("MATCH (c:Call) WHERE c.name = 'Bo' RETURN c.name", [["Bo"]]),
        ("RETURN {call: 1, union: 2} AS map", [[{"call": 1, "union": 2}]]),
        ("RETURN 'LOAD CSV FROM; CREATE' AS text // it's a comment; CALL it that", [["LOAD CSV FROM; CREATE"]]),
        ("MATCH (p:Person) /* who's that? */ RETURN count(p);", [[1]]),
        ("MATCH (p:Person) RETURN p.name AS name UNION ALL MATCH (c:Call) RETURN c.name AS name", [["Ada"], ["Bo"]]),
        ("MATCH (p:Person) CALL (p) { MATCH (p)-[:KNOWS]->(c) RETURN count(c) AS n } RETURN n", [[1]]),
        ("CALL db.labels() YIELD label RETURN label ORDER BY label", [["Call"], ["Person"]]),
        ("RETURN date.truncate('year', date('2026-11-21')) AS year", [["2026-01-01"]]),
        ("OPTIONAL MATCH (n:Nobody) RETURN n", [[None]]),
        (
            "MATCH (p:Person) RETURN p",
            [[{"labels": ["Person"], "properties": {"name": "Ada", "call": 7, "born": "1815-12-10"}}]],
        ),
        (
            "MATCH w = (:Person)-[:KNOWS]->(:Call) RETURN [n IN nodes(w) | n.name] AS names, relationships(w) AS way",
            [[["Ada", "Bo"], [{"type": "KNOWS", "properties": {"since": 1833}}]]],
        ),
        (
            "RETURN point({x: 1.5, y: 2}) AS place, 0.0/0.0 AS nothing",
            [[{"srid": 7203, "coordinates": [1.5, 2.0]}, "nan"]],
        ),
        ("RETURN duration({months: 14}) AS time", [["P1Y2M"]]),
        ("RETURN 'naïve \U0001f468\u200d\U0001f469' AS text", [["naïve \U0001f468\u200d\U0001f469"]]),
    ],
)
def test_what_reads_the_graph_is_answered(driver: bolt.Driver, text: str, rows: list[list[Any]]) -> None:
    assert read(driver, text).rows == rows


def test_rows_are_counted_out(driver: bolt.Driver) -> None:
    rows = read(driver, "UNWIND range(1, 1000) AS n RETURN n", limits=ReadLimits(rows=10))
    assert [row[0] for row in rows.rows] == list(range(1, 11))
    assert rows.cut == "10 rows"
    assert read(driver, "UNWIND range(1, 10) AS n RETURN n", limits=ReadLimits(rows=10)).cut is None


def test_a_large_result_is_cut(driver: bolt.Driver) -> None:
    text = "UNWIND range(1, 100) AS n RETURN reduce(t = '', i IN range(1, 1000) | t + 'x') AS text"
    rows = read(driver, text, limits=ReadLimits(result_bytes=5_500))
    assert len(rows.rows) == 5
    assert rows.cut == "5500 bytes"


def test_a_query_without_end_is_stopped(driver: bolt.Driver) -> None:
    endless = "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b WITH a, b WHERE a + b < 0 RETURN count(*)"
    with pytest.raises(ToolError, match="took longer than 1 s and was stopped"):
        read(driver, endless, limits=ReadLimits(timeout_s=1))


def test_a_query_that_eats_memory_harms_nobody(driver: bolt.Driver) -> None:
    with pytest.raises(ToolError):
        read(driver, "RETURN reduce(t = 'x', i IN range(1, 31) | t + t) AS text")
    assert read(driver, "RETURN 1").rows == [[1]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        (" ; ", "it is empty"),
        ("x" * (LONGEST + 1), f"may have {LONGEST} characters"),
        ("RETURN 'open", "what begins with ' has no end"),
        ("RETURN 1 /* open", "what begins with /\\* has no end"),
        ("RETURN 1\x00", "U\\+0000"),
        ("CALL apoc.load.json('x')", "the procedure apoc.load.json is not one that only reads the graph"),
        ("RETURN apoc.load.json('x')", "the function apoc.load.json is not one that only computes"),
        ("SHOW USERS", "it must begin with one of CALL, MATCH, OPTIONAL, RETURN, UNWIND, WITH"),
    ],
)
def test_a_refusal_says_why(text: str, says: str) -> None:
    with pytest.raises(CypherRefusedError, match=says):
        check_reads_only(text)


def test_mistakes_are_told_in_a_line(driver: bolt.Driver) -> None:
    with pytest.raises(ToolError, match=r"Neo4j refused the query: .*nmae"):
        read(driver, "MATCH (p:Person) RETURN nmae")


def test_a_server_that_is_gone_is_told_in_a_line() -> None:
    with (
        bolt.GraphDatabase.driver("bolt://127.0.0.1:9", auth=("neo4j", "not-to-be-seen")) as nobody,
        pytest.raises(TransientToolError) as told,
    ):
        read(nobody, "RETURN 1")
    assert "not-to-be-seen" not in str(told.value)


@pytest.mark.skipif(not DATA.exists(), reason="the text2cypher questions are not here")
def test_no_query_that_reads_is_refused() -> None:
    with (DATA / "text2cypher_claudeopus.csv").open(newline="") as file:
        queries = [row["cypher"] for row in csv.DictReader(file) if row["syntax_error"] == "False"]
    refused = []
    for query in queries:
        try:
            check_reads_only(query)
        except CypherRefusedError as error:
            refused.append((query, str(error)))
    assert len(queries) > 4000
    assert refused == []
