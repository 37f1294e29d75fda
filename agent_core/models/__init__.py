"""Language models by name: roles, settings, routing, and one turn of a conversation."""
