"""BM25 as SQLite's FTS5 counts it, so that both stores rank alike: a passage is one text in which titles count double.

The server's own score, by which it finds candidates, adds up fields that are counted apart and rounds their lengths.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

TITLE_WEIGHT = 2.0
_K1, _B = 1.2, 0.75
_LEAST_IDF = 1e-6


@dataclass(frozen=True)
class Corpus:
    """What a score is relative to."""

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
