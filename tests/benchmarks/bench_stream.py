"""CPU of keeping secrets out of a text that a model streams, beside passing the same pieces on as they are.

Pieces are words with the space before them, as models send them, or ten characters of a word that never ends. The last
table shows whether the work grows as the text does: each row has twice the text of the row before.
"""

from __future__ import annotations

import random
import re
import string
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from agent_core.gate.known import KnownSecrets
from agent_core.gate.redact import StreamRedactor
from tests.benchmarks.measure import table

DELTAS = 10_000
PROSE = "The answer to this is that all of them were there before it began, and nobody has said so since. "
KNOWN = (0, 10, 100, 1000)


def main(quick: bool = False) -> None:
    """Measure and print."""
    StreamRedactor().feed("sk-" + "a1" * 100 + " loads the patterns, ")
    deltas = DELTAS // 10 if quick else DELTAS
    documents = "\n".join(path.read_text() for path in sorted(Path(__file__).parents[2].glob("*.md")))
    rows: list[list[object]] = []
    for name, text in (("prose", PROSE), ("these documents", documents)):
        words = re.findall(r"\s*\S+", text)
        pieces = [words[number % len(words)] for number in range(deltas)]
        plain = _cpu_s(lambda piece: piece, pieces)
        for count in KNOWN:
            cpu = _cpu_s(StreamRedactor(_known(count)).feed, pieces)
            rows.append([f"{name}, {count} known", cpu * DELTAS / deltas, 1e6 * cpu / deltas, round(cpu / plain)])
    table(
        "Secrets kept out of a stream",
        ["", f"CPU s per {DELTAS}", "us per piece", "x passing on"],
        rows,
    )
    sizes = [2**power for power in range(13, 17 if quick else 21)]
    words_rows: list[list[object]] = []
    before = 0.0
    for size in sizes:
        word = "a1" * (size // 2)
        cpu = _cpu_s(StreamRedactor(_known(10)).feed, [word[at : at + 10] for at in range(0, size, 10)])
        words_rows.append([f"{size // 1024} KiB", cpu, cpu / before if before else "-"])
        before = cpu
    table("One word without an end, ten characters at a time (linear: x 2)", ["", "CPU s", "x"], words_rows)


def _known(count: int) -> KnownSecrets:
    rng = random.Random(count)
    return KnownSecrets(
        {f"key {n}": "".join(rng.choices(string.ascii_letters + string.digits, k=36)) for n in range(count)}
    )


def _cpu_s(feed: Callable[[str], str], pieces: Sequence[str]) -> float:
    started = time.process_time()
    for piece in pieces:
        feed(piece)
    return time.process_time() - started


if __name__ == "__main__":
    main()
