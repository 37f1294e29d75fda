"""The `mail` plugin."""
