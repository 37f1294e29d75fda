"""Which words are short for which: dept for department, qty for quantity, temp for temperature."""

from __future__ import annotations

_VOWELS = frozenset("aeiou")
_SPARED = 3
"""How many letters an abbreviation spares at least, if it is the beginning of a word."""


def is_short(short: str, word: str) -> bool:
    """Whether `short` is an abbreviation of `word`: its beginning, perhaps with its last letter, or its consonants."""
    short, word = short.lower(), word.lower().removesuffix("s")
    if not (2 <= len(short) < len(word)) or short[0] != word[0] or not short.isalpha():
        return False
    if len(short) >= 3 and len(word) >= len(short) + _SPARED:
        if word.startswith(short):
            return True
        if len(short) >= 4 and word.startswith(short[:-1]) and word.endswith(short[-1]):
            return True
    return not set(short[1:]) & _VOWELS and len(word) >= len(short) + 2 and _is_within(short, word)


def _is_within(short: str, word: str) -> bool:
    """Whether the letters of one stand in the other in their order, the last one at the end or before it."""
    rest = iter(word)
    return all(letter in rest for letter in short) and short[-1] in word[-2:]
