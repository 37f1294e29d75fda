"""A graph on a real Neo4j: the commands, what goes wrong, and what a second run completes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import neo4j as bolt
import pytest

from agent_core.errors import ConfigurationError, ToolError, TransientToolError
from agent_plugin_graph import Column, Graph, GraphQuery, Passage, Value
from agent_plugin_graph.store.neo4j import connection
from tests.servers.neo4j import Neo4jServer

pytestmark = pytest.mark.timeout(120, func_only=True)
LEASE = (
    "# Repairs\n\nThe landlord pays for repairs of the roof.\n\n# Notice\n\nThe tenant gives notice of three months.\n"
)
MAPPING = """
nodes:
  Shop: {file: shops.csv, key: shop_id, properties: [city]}
  Sale: {file: sales.csv, key: sale_id, properties: {amount: amount, day: day}}
relationships:
  SOLD: {file: sales.csv, from: {Shop: shop_id}, to: {Sale: sale_id}}
"""


@pytest.fixture
def empty(neo4j: Neo4jServer) -> Neo4jServer:
    with bolt.GraphDatabase.driver(neo4j.url, auth=neo4j.auth) as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
    return neo4j


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    (tmp_path / "mapping.yaml").write_text(MAPPING)
    (tmp_path / "shops.csv").write_text("shop_id,city\n1,Graz\n2,Porto\n")
    rows = [f"{n},{n % 2 + 1},{n}.5,2026-01-{n % 28 + 1:02}" for n in range(200)]
    (tmp_path / "sales.csv").write_text("sale_id,shop_id,amount,day\n" + "\n".join(rows) + "\n")
    return tmp_path


def test_from_the_command_line(empty: Neo4jServer, shops: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(f'[plugins.graph]\naddress = "{empty.url}"\n')
    (tmp_path / "lease.md").write_text(LEASE)
    environ = {**os.environ, "AGENT_CORE_HOME": str(home), "GRAPH_API_KEY": empty.auth[1]}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        program = [str(Path(sys.executable).with_name("agent-core")), *command]
        return subprocess.run(program, cwd=tmp_path, env=environ, capture_output=True, text=True)

    assert "2 passages" in run("graph", "add", "lease.md").stdout
    assert "202 nodes, 200 relationships" in run("graph", "add", "mapping.yaml").stdout
    asked = run("ask", "What do my documents say about repairs of the roof?", "--model", "offline")
    assert "The landlord pays for repairs of the roof." in asked.stdout
    assert "lease.md" in asked.stdout
    counted = run("tools", "call", "run_cypher", "cypher=MATCH (s:Sale) RETURN count(s) AS sales")
    assert "sales: 200" in counted.stdout
    refused = run("tools", "call", "run_cypher", "cypher=MATCH (s:Sale) DETACH DELETE s")
    assert refused.returncode == 1
    assert "does not only read" in refused.stderr
    assert "nodes: 202" in run("graph", "stats").stdout
    assert run("graph", "forget", "lease.md").returncode == 0
    assert "The landlord" not in run("graph", "export").stdout
    kept = [file for file in home.rglob("*") if file.is_file()]
    assert not any(empty.auth[1].encode() in file.read_bytes() for file in kept)


def test_cypher_needs_a_server(tmp_path: Path) -> None:
    program = [str(Path(sys.executable).with_name("agent-core")), "tools", "call", "run_cypher", "cypher=RETURN 1"]
    environ = {**os.environ, "AGENT_CORE_HOME": str(tmp_path / "home")}
    done = subprocess.run(program, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Cypher needs a graph on a Neo4j server" in done.stderr


def test_a_wrong_password_is_named_and_not_shown(neo4j: Neo4jServer) -> None:
    with pytest.raises(ConfigurationError, match="refuses the user or the password") as told:
        Graph.open(neo4j.url, auth=("neo4j", "not-to-be-seen"))
    assert "not-to-be-seen" not in str(told.value)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_WAITS_S", 1.0)
    with pytest.raises(TransientToolError, match=r"No Neo4j answers at bolt://127\.0\.0\.1:9"):
        Graph.open("bolt://127.0.0.1:9", auth=("neo4j", "anything"))


def test_a_graph_of_a_newer_version_is_left_alone(empty: Neo4jServer) -> None:
    with Graph.open(empty.url, auth=empty.auth) as graph:
        graph.add_passages([Passage("a", "Title", "Text", "a.md")])
    with bolt.GraphDatabase.driver(empty.url, auth=empty.auth) as driver:
        driver.execute_query("MATCH (m:_Meta {name: 'graph'}) SET m.version = 99")
    with pytest.raises(ConfigurationError, match="made by a newer agent-core"):
        Graph.open(empty.url, auth=empty.auth)


def test_what_is_cut_off_is_completed_by_a_second_run(tmp_path: Path, shops: Path) -> None:
    server = Neo4jServer(tmp_path / "server")
    server.start()
    try:
        with Graph.open(server.url, auth=server.auth) as graph:
            put_edges = graph.store.put_edges

            def cut_off(*args: object) -> int:
                server.kill()
                return put_edges(*args)  # pyright: ignore[reportArgumentType]

            graph.store.put_edges = cut_off  # type: ignore[method-assign]
            with pytest.raises(ToolError):
                graph.load_tables(shops / "mapping.yaml", shops)
        server.start()
        with Graph.open(server.url, auth=server.auth) as graph:
            loaded = graph.load_tables(shops / "mapping.yaml", shops)
            assert (loaded.nodes, loaded.edges, loaded.dangling) == (202, 200, 0)
            stats = graph.stats()
            assert (stats.nodes, stats.edges) == (202, 200)
            total = graph.query(GraphQuery("Sale", [Column("total", Value("Sale.amount"), "sum")]))
            assert total == [{"total": sum(n + 0.5 for n in range(200))}]
    finally:
        server.stop()


def test_two_writers_lose_nothing(empty: Neo4jServer) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def write(who: int) -> None:
        with Graph.open(empty.url, auth=empty.auth) as graph:
            for n in range(5):
                text = f"Marta Kovacs met Anna Berg in Graz, said writer {who}."
                graph.add_passages([Passage(f"{who}-{n}", f"Note {who} {n}", text, f"{who}.md")])

    with Graph.open(empty.url, auth=empty.auth), ThreadPoolExecutor(3) as pool:
        list(pool.map(write, range(3)))
    with Graph.open(empty.url, auth=empty.auth) as graph:
        numbers = [number for number, _ in graph.store.all_passages()]
        assert len(numbers) == len(set(numbers)) == graph.store.passage_count() == 15
        assert graph.store.frequencies(["graz"]) == {"graz": 15}
        (kovacs,) = graph.store.entities(["marta kovacs"])
        assert kovacs.mentions == 15


def test_a_users_own_data_is_left_alone(empty: Neo4jServer) -> None:
    with bolt.GraphDatabase.driver(empty.url, auth=empty.auth) as driver:
        driver.execute_query("CREATE (:Film {title: 'Stalker'})-[:BY]->(:Director {name: 'Tarkovsky'})")
        with Graph.open(empty.url, auth=empty.auth) as graph:
            graph.add_passages([Passage("a", "Title", "Text", "a.md")])
            graph.forget("a.md")
            assert graph.stats().nodes == 0
        found = driver.execute_query("MATCH (f:Film)-[:BY]->(d) RETURN f.title, d.name").records
    assert [record.values() for record in found] == [["Stalker", "Tarkovsky"]]
