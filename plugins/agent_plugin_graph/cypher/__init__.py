"""Cypher that somebody else wrote: read before a server sees it, then run as a query that only reads."""
