"""The `calculator` plugin."""
