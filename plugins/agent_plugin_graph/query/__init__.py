"""Questions about typed nodes: a pattern that is checked against the schema, then compiled for the store."""
