"""CPU of `agent-core --help`, beside a Python that starts and one that imports the command line's library.

Budget: 0.3 s. What it must not import is the tests' business.
"""

from __future__ import annotations

import sys

from tests.benchmarks.measure import child_cpu_ms, table

BUDGET_MS = 300


def main(quick: bool = False) -> None:
    """Measure and print."""
    python = [sys.executable, "-c"]
    cli = "import sys; from agent_core.cli.main import main; sys.argv[1:] = {}; main()"
    measured = child_cpu_ms(
        {
            "python -c pass": [*python, "pass"],
            "import typer": [*python, "import typer"],
            "agent-core --version": [*python, cli.format(["--version"])],
            "agent-core --help": [*python, cli.format(["--help"])],
            "agent-core runs --help": [*python, cli.format(["runs", "--help"])],
        },
        repeats=2 if quick else 9,
    )
    rows = [[name, took, took / measured["python -c pass"]] for name, took in measured.items()]
    table(f"Start of the command line (budget {BUDGET_MS} ms)", ["command", "CPU ms", "x bare Python"], rows)
