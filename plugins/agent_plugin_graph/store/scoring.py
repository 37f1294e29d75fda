"""What every store scores, and how: so that all rank alike. A passage is one text in which titles count double."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

TITLE_WEIGHT = 2.0
LAST_SEARCHES = 100
"""How many searches' times a store remembers."""
MOST_SCORED = 4_000
"""Postings that one question may cost: common words say little, and all of their passages would be scored."""
_FEWEST_TERMS = 2
_K1, _B = 1.2, 0.75
_LEAST_IDF = 1e-6


def telling(frequencies: Mapping[str, int]) -> list[str]:
    """The terms to score by, the rarest first: all of them, or in a large graph as many as may be paid for."""
    chosen: list[str] = []
    postings = 0
    for term, count in sorted(frequencies.items(), key=lambda item: (item[1], item[0])):
        postings += count
        if len(chosen) >= _FEWEST_TERMS and postings > MOST_SCORED:
            break
        chosen.append(term)
    return chosen


def percentiles(times_ms: Sequence[float]) -> tuple[float | None, float | None]:
    """(what half of them take at most, what all but a twentieth take at most); nothing of nothing."""
    ordered = sorted(times_ms)
    if not ordered:
        return None, None
    return ordered[(len(ordered) - 1) // 2], ordered[math.ceil(0.95 * len(ordered)) - 1]


@dataclass(frozen=True)
class Corpus:
    """What a score is relative to: BM25 as SQLite's FTS5 counts it, for a store that counts otherwise.

    A server's own score adds up fields that are counted apart, and rounds their lengths.
    """

    passages: int
    tokens: int
    """Terms of all passages together."""
    frequencies: Mapping[str, int]
    """In how many passages each term of the question stands."""

    def score(self, title: str, text: str, terms: Collection[str]) -> float:
        """How well a passage, given by its terms, fits those of the question."""
        titled, written = title.split(), text.split()
        length = (len(titled) + len(written)) / (self.tokens / self.passages)
        total = 0.0
        for term in terms:
            count = TITLE_WEIGHT * titled.count(term) + written.count(term)
            if count:
                total += self._idf(term) * count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * length))
        return total

    def _idf(self, term: str) -> float:
        held = self.frequencies.get(term, 0)
        return max(math.log((self.passages - held + 0.5) / (held + 0.5)), _LEAST_IDF) if held else 0.0
