"""Numbers in a request: digits, words, fractions, percentages, magnitudes ("half a million", "2.5k", "a dozen")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_UNITS = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen",
)
_TENS = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
_SMALL = (
    {"once": 1, "twice": 2, "thrice": 3}
    | {word: value for value, word in enumerate(_UNITS)}
    | {w: 10 * (i + 2) for i, w in enumerate(_TENS)}
)
_MAGNITUDES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_SUFFIXES = {"k": 1000, "m": 10**6, "mm": 10**6, "b": 10**9, "bn": 10**9, "mil": 10**6} | _MAGNITUDES
_ORDINALS = {
    word: value
    for value, word in enumerate(
        re.findall(r"\w+", "first second third fourth fifth sixth seventh eighth ninth tenth"), start=1
    )
}
_FACTORS = {"half": 0.5, "quarter": 0.25, "half a": 0.5, "a": 1, "an": 1, "quarter of a": 0.25, "half of a": 0.5}

PARTS = [f"{word}{ending}" for word in _ORDINALS for ending in ("", "s")] + re.findall(
    r"\w+",
    "eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twentieths "
    "thirtieth fortieth fiftieth sixtieth hundredth hundredths thousandth half halves quarter quarters",
)
"""Words that count places, and parts of a whole."""
NUMBER_WORDS = frozenset((*_SMALL, *_MAGNITUDES, *PARTS))
"""Every word that is, or is part of, a number."""
MAX_EXPONENT = 300
"""Beyond it a number is not one that a tool could take."""
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_NUMBER = re.compile(
    rf"(?<![\w.])(?<![A-Za-z]\w-)(?<![A-Za-z]\^)"  # the 2 of "m/s^2" is part of a unit
    rf"(?P<money>[$€£¥₹])?\s?(?P<sign>[-−+])?(?P<money2>[$€£¥₹])?(?P<digits>{_DIGITS})"
    rf"(?P<exponent>e[-+]?\d+|\s?[x×*]\s?10\s?\^\s?(?P<power>[-−]?\d+))?"
    rf"(?:(?P<ordinal>st|nd|rd|th)\b|\s?(?P<percent>%|percent\b|per cent\b)"
    rf"|\s?(?P<suffix>k|m|bn|b|mm)(?![\w/²^])|\s(?P<magnitude>hundred|thousand|million|billion|trillion|dozen)\b)?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_FACTOR = re.compile(
    rf"\b(?P<factor>half of a|half a|quarter of a|a|an)\s+(?P<scale>{'|'.join(_MAGNITUDES)})\b", re.IGNORECASE
)
_HALF = re.compile(r"\bhalf\s+an?(?=\s+(?:hour|minute|day|year|mile|kilo\w*|pound|litre|liter|cup)\b)", re.IGNORECASE)
_PERCENT_AFTER = re.compile(r"\s?(?:percent|per cent|%)", re.IGNORECASE)
_PRONOUN = re.compile(r"\s+(?:of|that|with|more|another|who|which)\b", re.IGNORECASE)
_ORDINAL_WORD = re.compile(rf"\b({'|'.join(_ORDINALS)})\b", re.IGNORECASE)


@dataclass(frozen=True)
class NumberSpan:
    """A number that stands in the text; a percentage has the number before the sign as its value."""

    start: int
    end: int
    value: int | float
    percent: bool = False
    money: bool = False
    ordinal: bool = False
    words: bool = False
    scaled: int | float | None = None
    """The other reading of an ambiguous suffix: "300K" may be 300 kelvin or 300,000."""


def find_numbers(text: str) -> list[NumberSpan]:
    """All numbers of `text` in order; where two readings overlap, the longer one."""
    found = sorted([*_digit_numbers(text), *_word_numbers(text)], key=lambda n: (n.start, -n.end))
    kept: list[NumberSpan] = []
    for number in found:
        if not kept or number.start >= kept[-1].end:
            kept.append(number)
    return kept


def _digit_numbers(text: str) -> Iterator[NumberSpan]:
    for match in _NUMBER.finditer(text):
        end = match.end()
        if end < len(text) and text[end].isalpha() and not _glued_unit(text, end):
            continue
        value = _plain(match["digits"])
        if match["exponent"]:
            power = int((match["power"] or match["exponent"][1:])[:12].replace("−", "-"))
            if abs(power) > MAX_EXPONENT:
                continue
            value *= 10**power
        if match["sign"] and match["sign"] in "-−":
            value = -value
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        money = bool(match["money"] or match["money2"])
        suffix = match["suffix"] or ""
        scale = _SUFFIXES.get((suffix or match["magnitude"] or "").lower(), 1)
        scaled = None
        if suffix.lower() in ("k", "m", "mm", "b") and not money:  # kelvin, metres, million, bits
            end, scaled, scale = match.start("suffix"), _whole(value * scale), 1
            end = len(text[:end].rstrip())
        percent, ordinal = bool(match["percent"]), bool(match["ordinal"])
        yield NumberSpan(start, end, _whole(value * scale), percent, money, ordinal, scaled=scaled)


def _glued_unit(text: str, end: int) -> bool:
    """Whether the letters that follow directly are a unit ("5kg", "10am") and not part of a code ("4B7")."""
    match = re.match(r"[a-zA-Z°µ]{1,5}[²³]?(?![\w-])", text[end:])
    return match is not None


def _plain(digits: str) -> int | float:
    digits = digits.replace(",", "")
    if "." in digits:
        return float(digits)
    return int(digits) if len(digits) < 400 else 0


def _whole(value: float) -> int | float:
    """3000000.0 from "3 million" is a whole number; 2.0 that somebody wrote with its point stays one too."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return round(value, 12) if isinstance(value, float) else value


def _word_numbers(text: str) -> Iterator[NumberSpan]:
    for match in _FACTOR.finditer(text):
        value = _FACTORS[match["factor"].lower()] * _MAGNITUDES[match["scale"].lower()]
        yield NumberSpan(match.start(), match.end(), _whole(value), words=True)
    for match in _HALF.finditer(text):
        yield NumberSpan(match.start(), match.end(), 0.5, words=True)
    for match in _ORDINAL_WORD.finditer(text):
        yield NumberSpan(match.start(), match.end(), _ORDINALS[match.group().lower()], ordinal=True, words=True)
    for run in _word_runs(text):
        start, end = run[0].start(), run[-1].end()
        if len(run) == 1 and run[0].group().lower() == "one" and _PRONOUN.match(text, end):
            continue  # "one of them"
        percent = _PERCENT_AFTER.match(text, end)
        value = _whole(_from_words([match.group().lower() for match in run]))
        yield NumberSpan(start, percent.end() if percent else end, value, bool(percent), words=True)


def _word_runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Number words that make one number: "two hundred and five", but "two" and "three" of "two, three"."""
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if word not in _SMALL and word not in _MAGNITUDES:
            continue
        if run and not _continues(run[-1], word, text[run[-1].end() : match.start()].lower()):
            yield from _complete(run)
            run = []
        run.append(match)
    yield from _complete(run)


def _complete(run: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    if run and run[0].group().lower() in _SMALL:
        yield run


def _continues(last: re.Match[str], word: str, between: str) -> bool:
    previous = last.group().lower()
    if word in _MAGNITUDES:
        return between in (" ", "-")
    if previous in _MAGNITUDES:
        return between.strip() in ("", "and", ",")
    return previous in _TENS and _SMALL[word] < 10 and between in (" ", "-")


def _from_words(words: list[str]) -> float:
    total, current = 0, 0
    for word in words:
        if word in _SMALL:
            current += _SMALL[word]
        elif word == "hundred":
            current = (current or 1) * 100
        elif word in _MAGNITUDES:
            total, current = total + (current or 1) * _MAGNITUDES[word], 0
    return total + current
