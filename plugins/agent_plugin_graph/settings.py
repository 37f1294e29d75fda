"""Where the user's graph is kept: the values under `plugins.graph` in the config file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GraphSettings:
    """Empty: a file of the plugin's own. The password of a server is no setting: `agent-core keys set graph`."""

    address: str = ""
    """A Neo4j server (`neo4j://localhost:7687`), or another file (`sqlite:////data/graph.db`)."""
    user: str = "neo4j"
    """Who to be on a server; one who may write, to add documents."""
    cypher_timeout_s: float = 10.0
    """How long a query of `run_cypher` may take."""
    cypher_rows: int = 200
    """How many rows it may return."""
