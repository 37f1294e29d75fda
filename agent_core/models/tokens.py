"""How many tokens a prompt will have, before a model that cannot say so beforehand is asked to read it.

Deliberately too high rather than too low: a prompt that is too long is cut silently by some servers. What the
server then reports corrects the estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

_ASCII_CHARS_PER_TOKEN = 3.0
"""English prose has about four; code, JSON and other Latin languages about three."""
_OTHER_CHARS_PER_TOKEN = 1.0
"""Chinese, Japanese, Arabic, emoji: about one token per character with the vocabularies of small models."""
MESSAGE_TOKENS = 8
"""What a chat template adds around each message and tool."""
IMAGE_TOKENS = 1024

_LOWEST, _HIGHEST = 0.75, 3.0
_MARGIN = 1.05


def text_tokens(text: str) -> float:
    """Tokens of `text` before calibration."""
    ascii_chars = len(text) if text.isascii() else sum(1 for char in text if char < "\x80")
    return ascii_chars / _ASCII_CHARS_PER_TOKEN + (len(text) - ascii_chars) / _OTHER_CHARS_PER_TOKEN


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
