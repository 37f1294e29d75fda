"""The `tables` plugin."""
