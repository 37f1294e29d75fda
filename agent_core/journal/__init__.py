"""One durable file for what happened: runs, plans, steps, calls, grants, events and feedback."""
