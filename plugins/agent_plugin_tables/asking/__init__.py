"""Questions in words about a table: what `agent_questions` reads, as a `Query` and its answer."""
