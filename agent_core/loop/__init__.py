"""The core loop: `run.py` schedules, `steps.py` executes one step, `checker.py` looks at the answer."""
