"""Formulas in words or signs: what can be computed, and the words that ask for arithmetic on a value."""

from __future__ import annotations

import re

_NUMBER_WORD = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty|hundred|thousand|half)"
_VALUE = rf"(?:\d|\b{_NUMBER_WORD}\b|\bpi\b|\b[a-z]\b|zqresult)"
_SIGNS = re.compile(r"[-+*/^=<>%!√²³()]|\*\*")
_WORDS = re.compile(
    r"\b(?:plus|minus|times|multipl\w+|divided?|add(?:ed)?|subtract\w*|sum|product|quotient|difference|squared?|cubed?|root|power|"
    r"percent|factorial|factor\w*|mod(?:ulo)?|double|triple|halve|half|log\w*|ln|sin|cos|tan|exp|sqrt|gcd|lcm|mean|average|median|prime|"
    r"expand|simplify|derivative|integral|differentiate|integrate|solve|evaluate|limit|determinant|inverse|of)\b",
    re.IGNORECASE,
)


def is_formula(text: str) -> bool:
    """Whether `text` has something to compute with and says what to compute: "17% of 2340", "the sum of 4 and 9"."""
    return re.search(_VALUE, text, re.IGNORECASE) is not None and bool(_SIGNS.search(text) or _WORDS.search(text))
