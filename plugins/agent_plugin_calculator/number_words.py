"""Numbers in words, as tokens: "two hundred and five", "twenty-one", "three point one four", "two thirds", "10th".

Words are joined only where they make one number: "two, three" stays two numbers, and "a" is a number only before a
word such as "dozen" or "third".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeAlias

from agent_plugin_calculator.tokens import Token


def _counted(words: str, start: int = 0, step: int = 1) -> dict[str, int]:
    return {word: start + step * place for place, word in enumerate(words.split())}


_SMALL = _counted(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = _counted("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10)
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_ORDINALS = {
    **_counted(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth",
        1,
    ),
    **{word[:-1] + "ieth": value for word, value in _TENS.items()},
    "hundredth": 100,
    "thousandth": 1000,
}
_PARTS = {word: value for word, value in _ORDINALS.items() if value > 2} | {"half": 2, "quarter": 4, "fourth": 4}
_PLURAL_PARTS = {f"{word}s": value for word, value in _PARTS.items()} | {"halves": 2}
_ENDINGS = ("st", "nd", "rd", "th")
_ONE = ("a", "an", "one")

_Found: TypeAlias = "tuple[Fraction, int] | None"
"""A value, and the position after its words."""


def with_numbers(words: Sequence[Token]) -> list[Token]:
    """The tokens with number words joined to number tokens, and ordinals to tokens of the kind `ordinal`."""
    result: list[Token] = []
    position = 0
    while position < len(words):
        first = words[position]
        for kind, read in _READERS:
            if found := read(words, position):
                value, end = found
                text = " ".join(word.text for word in words[position:end])
                token = replace(first, kind=kind, text=text, end=words[end - 1].end, value=value)
                result.append(first if end == position + 1 and first.kind == "number" else token)
                position = end
                break
        else:
            result.append(first)
            position += 1
    return result


def _number(words: Sequence[Token], start: int) -> _Found:
    """A number with its fraction: "three", "2.5 million", "two thirds", "two and a half", "half a dozen"."""
    word = _word(words, start)
    if word in ("half", "quarter") and (scale := _scale_of_a(words, start + 1)):
        return scale[0] / _PARTS[word], scale[1]
    if word in ("half", "quarter"):
        return Fraction(1, _PARTS[word]), start + 1
    if part := _part(words, start):
        return part
    found = _whole(words, start) or _digits(words, start)
    if found is None:
        return None
    value, end = found
    if (mixed := _mixed(words, value, end)) is not None:
        value, end = mixed
    while (scale := _SCALES.get(_word(words, end))) and (value.denominator > 1 or words[start].kind == "number"):
        value, end = value * scale, end + 1
    return value, end


def _part(words: Sequence[Token], start: int) -> _Found:
    """A share: "a third", "two thirds", "2 fifths", "three-quarters"."""
    if _word(words, start) in _ONE and _word(words, start + 1) in _PARTS:
        return Fraction(1, _PARTS[_word(words, start + 1)]), start + 2
    count = _whole(words, start) or _digits(words, start)
    if count is None or count[0].denominator != 1:
        return None
    value, end = count
    end += _hyphen(words, end)
    part = _PLURAL_PARTS.get(_word(words, end)) or (_PARTS.get(_word(words, end)) if value == 1 else None)
    return (value / part, end + 1) if part else None


def _mixed(words: Sequence[Token], value: Fraction, end: int) -> _Found:
    """The "and a half" after a whole number."""
    if value.denominator != 1 or _word(words, end) != "and":
        return None
    part = _part(words, end + 1)
    return (value + part[0], part[1]) if part else None


def _scale_of_a(words: Sequence[Token], start: int) -> _Found:
    """What follows half: "a million", "of a million"; "a percent" is one of a hundred, which stays to be read."""
    start += _word(words, start) == "of"
    if _word(words, start) not in ("a", "an"):
        return None
    following = _word(words, start + 1)
    if following in _SCALES:
        return Fraction(_SCALES[following]), start + 2
    return (Fraction(1), start + 1) if following in ("percent", "per") else None


def _digits(words: Sequence[Token], start: int) -> _Found:
    found = words[start] if start < len(words) else None
    return (found.value, start + 1) if found is not None and found.kind == "number" else None


def _whole(words: Sequence[Token], start: int) -> _Found:
    """A number all in words, with its decimals: "two hundred and five", "zero point two five"."""
    total, current, position = 0, None, start
    if _word(words, start) in ("a", "an") and _word(words, start + 1) in _SCALES:
        current, position = 1, start + 1
    elif _word(words, start) in _SCALES:
        current = 1
    limit = 10**15
    while (word := _word(words, position)) in _SMALL or word in _TENS or word in _SCALES:
        if word in _SCALES:
            if current is None or _SCALES[word] >= limit:
                break
            if word == "hundred":
                if current > 99:
                    break
                current *= 100
            else:
                limit = _SCALES[word]
                total, current = total + current * limit, None
        else:
            joined = _joined(current, _SMALL.get(word) or _TENS.get(word) or 0, limit)
            if joined is None:
                break
            current = joined
        position += 1
        position += _hyphen(words, position) if word in _TENS and _SMALL.get(_word(words, position + 1), 0) else 0
        if word in _SCALES and word != "dozen" and _word(words, position) == "and":
            following = _word(words, position + 1)
            position += (following in _SMALL or following in _TENS) and not _part(words, position + 1)
    if position == start and _word(words, start) != "point":
        return None
    return _with_decimals(words, Fraction(total + (current or 0)), position)


def _joined(current: int | None, value: int, limit: int) -> int | None:
    """`value` said after `current`: "twenty" "one", "three hundred" "five"; None where a new number begins."""
    if current is None:
        return value if value < limit else None
    room = (current % 100 == 0 and current > 0) or (current % 10 == 0 and current % 100 >= 20 and value < 10)
    return current + value if room and value else None


def _with_decimals(words: Sequence[Token], value: Fraction, position: int) -> _Found:
    if _word(words, position) != "point":
        return (value, position)
    digits, end = "", position + 1
    while (word := _word(words, end)) in _SMALL or word in _TENS or word == "oh":
        said = _SMALL.get(word, _TENS.get(word, 0))
        if word in _TENS and _SMALL.get(_word(words, end + 1), 10) < 10:
            said, end = said + _SMALL[_word(words, end + 1)], end + 1
        digits, end = digits + str(said), end + 1
    return (value + Fraction(f"0.{digits}"), end) if digits else None


def _ordinal(words: Sequence[Token], start: int) -> _Found:
    """A place: "third", "twenty-first", "10th"."""
    first = words[start]
    ending = words[start + 1] if start + 1 < len(words) else None
    if first.kind == "number" and ending is not None and ending.text in _ENDINGS and not ending.spaced:
        return first.value, start + 2
    value, position = 0, start
    if _word(words, start) in _TENS:
        value, position = _TENS[_word(words, start)], start + 1
        position += _hyphen(words, position)
    last = _ORDINALS.get(_word(words, position))
    if last is None or (value and last > 9):
        return None
    return Fraction(value + last), position + 1


_READERS: tuple[tuple[str, Callable[[Sequence[Token], int], _Found]], ...] = (
    ("ordinal", _ordinal),
    ("number", _number),
)


def _word(words: Sequence[Token], position: int) -> str:
    """The word here in lower case; empty for anything else."""
    if position >= len(words) or words[position].kind != "name":
        return ""
    return words[position].text.lower()


def _hyphen(words: Sequence[Token], position: int) -> int:
    """1 if a hyphen stands here, as between the words of "twenty-one"."""
    if position + 1 >= len(words) or words[position].text != "-":
        return 0
    return int(not words[position].spaced and not words[position + 1].spaced)
