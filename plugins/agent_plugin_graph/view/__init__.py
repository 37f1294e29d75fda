"""`agent-core graph view`: what stands around a name or an answer, drawn in one HTML file that needs no network."""
