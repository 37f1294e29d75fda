"""MCP servers as sources of tools: what they say is checked and pinned, and their calls pass the gate."""
