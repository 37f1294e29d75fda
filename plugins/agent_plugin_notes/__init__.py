"""The `notes` plugin."""
