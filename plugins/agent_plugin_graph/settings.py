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
    embedder: str = ""
    """What makes vectors, so that passages are found by meaning too: `ollama:MODEL`, `openai:MODEL`, `path:FOLDER`,
    `sentence-transformers:NAME`. Empty: words and names alone."""
    embedder_address: str = ""
    """Where that server is, for `ollama:` and `openai:`, if it is not the usual one."""
    embed_remotely: bool = False
    """Whether the text of every passage, and every question, may be sent to an embedder on another machine."""
    reranker: str = ""
    """A cross-encoder that orders what was found once more: `path:FOLDER` or `sentence-transformers:NAME`."""
    cypher_timeout_s: float = 10.0
    """How long a query of `run_cypher` may take."""
    cypher_rows: int = 200
    """How many rows it may return."""
