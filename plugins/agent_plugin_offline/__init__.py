"""The `offline` plugin."""
