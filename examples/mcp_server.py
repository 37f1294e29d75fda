"""A small MCP server, made with the official SDK: a library's catalogue. Needs the extra `mcp`.

agent-core mcp add library -- python examples/mcp_server.py
"""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

BOOKS = {"Emma": 2, "Middlemarch": 0, "Ulysses": 1}

server = MCPServer("library")


@server.tool(annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False))
def copies_left(title: str) -> int:
    """Look up how many copies of a book the library has left to borrow."""
    return BOOKS.get(title, 0)


@server.tool(annotations=ToolAnnotations(destructive_hint=False, open_world_hint=True))
def reserve_book(title: str) -> str:
    """Reserve a copy of a book at the library."""
    if not BOOKS.get(title):
        raise ValueError(f"no copy of {title} is left")
    BOOKS[title] -= 1
    return f"reserved: {title}"


if __name__ == "__main__":
    server.run("stdio")
