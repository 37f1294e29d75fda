"""The `search` plugin."""
