"""Where the user's graph is kept: the values under `plugins.graph` in the config file."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent_core.errors import ConfigurationError
from agent_core.web.access import WebAccess


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
    page_timeout_s: float = 20.0
    """For a whole page of the web, redirects and all."""
    page_max_bytes: int = 20_000_000
    """What is read of a page or of a file on the web, after decompression."""
    page_pause_s: float = 1.0
    """Between two pages of a site; longer where its robots.txt asks for that."""
    ca_file: str = ""
    """A PEM file of certificate authorities to trust in place of the public ones."""
    allow_private_hosts: list[str] = field(default_factory=list[str])
    """`host:port` pairs whose pages may be added although they are private or on an unusual port."""

    def __post_init__(self) -> None:
        for name in ("page_timeout_s", "page_max_bytes"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"plugins.graph.{name} is {getattr(self, name)!r}; it must be above 0.")

    @property
    def web_access(self) -> WebAccess:
        """What a page may take, and where it may be."""
        return WebAccess(
            self.page_timeout_s, self.page_max_bytes, self.ca_file, self.allow_private_hosts, "plugins.graph"
        )
