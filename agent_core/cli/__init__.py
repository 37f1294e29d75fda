"""The command line: one file per group of commands. stdout is the answer, stderr is everything else.

Nothing here imports pydantic, pydantic-ai or rich at module level: `--help` and shell completion run all of it.
"""
