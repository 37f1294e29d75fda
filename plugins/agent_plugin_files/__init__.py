"""The `files` plugin."""
