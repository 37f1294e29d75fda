"""How many tokens a prompt will have, before a model that cannot say so beforehand is asked to read it.

Deliberately too high rather than too low: a prompt that is too long is cut silently by some servers. What the
server then reports corrects the estimate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil

_LETTERS_PER_TOKEN = 3.0
"""English prose has about four, other Latin languages and code about three, spaces included."""
_PER_DIGIT = 1.0
"""Many vocabularies have a token for each digit; tables, hashes and base64 are full of them."""
_PER_SIGN = 0.6
_PER_OTHER_CHARACTER = 1.0
"""Chinese, Japanese, Arabic, emoji: about one token per character with the vocabularies of small models."""
_DIGITS = re.compile(r"[0-9]+")
_SIGNS = re.compile(r"[!-/:-@\[-`{-~]+")
MESSAGE_TOKENS = 8
"""What a chat template adds around each message and tool."""
IMAGE_TOKENS = 1024

_LOWEST, _HIGHEST = 0.75, 3.0
_MARGIN = 1.05


def text_tokens(text: str) -> float:
    """Tokens of `text` before calibration."""
    other = 0 if text.isascii() else sum(1 for character in text if character > "\x7f")
    digits = sum(map(len, _DIGITS.findall(text)))
    signs = sum(map(len, _SIGNS.findall(text)))
    letters = len(text) - other - digits - signs
    return letters / _LETTERS_PER_TOKEN + digits * _PER_DIGIT + signs * _PER_SIGN + other * _PER_OTHER_CHARACTER


def whole_text_tokens(text: str) -> int:
    """The same as a whole number, which is what a tokenizer returns."""
    return ceil(text_tokens(text))


@dataclass
class Calibration:
    """The factor between our estimate and what one model's tokenizer really counts."""

    factor: float = 1.0

    def apply(self, estimated: float) -> int:
        """The calibrated estimate."""
        return round(estimated * self.factor)

    def learn(self, estimated: float, counted: int) -> None:
        """Take in a count that the server reported for a prompt that we had estimated (uncalibrated).

        The factor rises at once and falls slowly. A count far below the estimate is ignored: servers leave out what
        they had cached, and believing that would let the next prompt be cut.
        """
        if estimated <= 0 or counted < estimated * 0.4:
            return
        seen = counted / estimated * _MARGIN
        lowered = self.factor * 0.8 + seen * 0.2
        self.factor = min(max(seen if seen > self.factor else lowered, _LOWEST), _HIGHEST)
