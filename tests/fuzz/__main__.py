"""Fuzz a target with atheris: `python -m tests.fuzz TARGET [SECONDS]` (needs `uv sync --group fuzz`).

What it finds is written to the folder `fuzz-findings/`; a finding that was a defect becomes a seed, so that the tests
try it for ever after.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["agent_core", "agent_plugin_calculator", "yaml"]):
    from tests.fuzz.targets import SEEDS, TARGETS

SLOWEST_S = 10


def main(name: str, seconds: str = "60") -> None:
    """Run until the time is over, or the first finding."""
    corpus = Path("fuzz-findings") / name
    corpus.mkdir(parents=True, exist_ok=True)
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={int(seconds)}",
            f"-timeout={SLOWEST_S}",
            "-max_len=2000",
            "-rss_limit_mb=2048",
            f"-artifact_prefix={corpus}/finding-",
            *([f"-dict={SEEDS / name}.dict"] if (SEEDS / f"{name}.dict").exists() else []),
            str(corpus),
            str(SEEDS / name),
        ],
        TARGETS[name],
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
