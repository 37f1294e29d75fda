"""Where a graph is kept: what every store does (`protocol`), and the one-file SQLite store."""
