"""Figures as they are compared: a value in a base unit, what it measures, and whether it is a bound."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from agent_core.loop.support.words import FUNCTION_WORDS, listed, stem

_UNITS: dict[str, tuple[str, float]] = {
    stem(name): (dimension, factor)
    for dimension, units in {
        "days": {
            "second": 1 / 86400, "sec": 1 / 86400, "minute": 1 / 1440, "min": 1 / 1440, "hour": 1 / 24, "hr": 1 / 24,
            "h": 1 / 24, "day": 1, "night": 1, "week": 7, "fortnight": 14,
        },
        "months": {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200},
        "metres": {
            "mm": 0.001, "millimetre": 0.001, "millimeter": 0.001, "cm": 0.01, "centimetre": 0.01, "centimeter": 0.01,
            "m": 1, "metre": 1, "meter": 1, "km": 1000, "kilometre": 1000, "kilometer": 1000, "mile": 1609.344,
            "ft": 0.3048, "foot": 0.3048, "inch": 0.0254, "yard": 0.9144,
        },
        "grams": {
            "mg": 0.001, "milligram": 0.001, "g": 1, "gram": 1, "kg": 1000, "kilogram": 1000, "kilo": 1000,
            "tonne": 1e6, "ton": 1e6, "ounce": 28.35,
        },
        "litres": {"ml": 0.001, "millilitre": 0.001, "milliliter": 0.001, "l": 1, "litre": 1, "liter": 1},
        "share": {"%": 0.01, "percent": 0.01, "per_cent": 0.01, "pct": 0.01},
        "bytes": {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kilobyte": 1e3, "megabyte": 1e6, "gigabyte": 1e9},
        "watts": {"w": 1, "watt": 1, "kw": 1000, "kilowatt": 1000, "mw": 1e6, "megawatt": 1e6},
        "eur": {"€": 1, "euro": 1, "eur": 1}, "usd": {"$": 1, "dollar": 1, "usd": 1},
        "gbp": {"£": 1, "pound": 1, "gbp": 1}, "degrees": {"°": 1, "degree": 1, "°c": 1, "celsius": 1},
    }.items()
    for name, factor in units.items()
}  # fmt: skip
_SCALES = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "k": 1e3, "bn": 1e9, "dozen": 12.0}
_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: float(n) for n, word in enumerate(_ONES.split())} | {
    word: 10.0 * n for n, word in enumerate(_TENS.split(), start=2)
}
_SHARES = {"half": 0.5, "third": 1 / 3, "quarter": 0.25, "fifth": 0.2, "tenth": 0.1}
_MONTHS = """january february march april may june july august september october november december
    jan feb mar apr may jun jul aug sep oct nov dec"""
MONTHS = tuple(_MONTHS.split())
"""Twelve names, then their short forms."""
_HALF_DAYS = ("am", "pm", "a.m", "p.m", "o'clock")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DATE = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")
_BOUNDS = {
    ">=": "at_least minimum no_less_than not_less_than no_fewer_than not_fewer_than from or_more "
    "or_longer or_over or_older or_above or_larger "
    "lower_limit",
    "<=": "at_most maximum up_to no_more_than not_more_than not_exceed within no_longer_than no_later_than by until "
    "not_over or_less or_fewer or_under or_younger or_below or_smaller limit_of upper as_many_as",
    ">": "more_than over exceed above greater_than longer_than upwards_of in_excess_of older_than later_than",
    "<": "less_than under below fewer_than shorter_than just_under close_to nearly almost younger_than",
    "~": "about around approximately roughly circa some estimated",
}
BOUNDS = {"_".join(stem(w) for w in name.split("_")): bound for bound, names in _BOUNDS.items()
             for name in names.split()}  # fmt: skip
_COMPARED = dict.fromkeys(listed("taller higher heavier bigger larger wider deeper faster hotter warmer"), ">") | (
    dict.fromkeys(listed("lower smaller lighter colder cooler slower narrower"), "<")
)
_LONGEST_BOUND = max(name.count("_") + 1 for name in BOUNDS)
_DENIED = {">": "<=", "<": ">="}
_LOOSELY = 0.08
"""How far "about" reaches, as a share."""
_LONGEST = 18
"""Digits of a figure that is calculated with; longer ones are compared as they are written."""


_PHYSICAL = listed("metres grams litres bytes watts eur usd gbp degrees")


@dataclass(frozen=True)
class Figure:
    """A number in a text."""

    value: float
    dimension: str
    """What its unit measures ("days", "eur", "share", "clock", "year", "day"), or ""."""
    bound: str
    """">=", ">", "<=", "<", "~", or "" for a figure as it is."""
    step: float
    """By how much its last digit counts: a figure may be a rounding of another one to this."""
    number: float
    """As it is written, without its unit."""
    written: str
    of: str = ""
    """The stem of the word after it: what it counts, where it has no unit."""

    def agrees(self, other: Figure) -> bool:
        """Whether this may be said where the other is written."""
        if self.dimension != other.dimension:
            if "clock" in (self.dimension, other.dimension):
                return self._clock_number == other._clock_number
            if (self.counts and other.dimension in _PHYSICAL) or (other.counts and self.dimension in _PHYSICAL):
                return False
            return (self._open or other._open) and self.number == other.number
        if self.dimension == "share" and abs(self.value - other.value) < 0.005:
            return True
        if abs(self.value - other.value) <= (_LOOSELY if self.bound == "~" else 1e-9) * abs(other.value):
            return True
        if self.dimension == "clock":
            told = all(any(half in one.written.lower() for half in ("am", "pm", "a.m", "p.m")) for one in (self, other))
            return not told and abs(self.value - other.value) == 720
        return self.step > other.step and abs(self.value - other.value) * 2 <= self.step

    def rivals(self, other: Figure) -> bool:
        """Whether the other could be put in its place: it measures the same."""
        same = self.of == other.of if not self.dimension else True
        return same and self.dimension == other.dimension and not self.agrees(other)

    @property
    def _clock_number(self) -> float:
        """The hour as a number, with "10.30" read as a time; one that cannot be a time is itself."""
        if self.dimension == "clock":
            return round(self.value / 60 % 12, 4)
        hours, minutes = divmod(self.number, 1)
        return round((hours + minutes / 0.6) % 12, 4) if not self.dimension and hours <= 24 else -1.0

    @property
    def counts(self) -> bool:
        """Whether it is a number of something that is named behind it."""
        return not self.dimension and len(self.of) > 2 and self.of.isalpha() and self.of not in FUNCTION_WORDS

    @property
    def _open(self) -> bool:
        return self.dimension in ("", "year")


def figures(words: Sequence[str]) -> dict[int, tuple[Figure, int]]:
    """The figures among the words of a sentence: place to (figure, the place after it and its unit)."""
    found: dict[int, tuple[Figure, int]] = {}
    place = 0
    while place < len(words):
        read = _read(words, place)
        if read is None:
            place += 1
            continue
        figure, after = read
        found[place] = figure, after
        place = max(after, place + 1)
    return found


def _read(words: Sequence[str], place: int) -> tuple[Figure, int] | None:
    word = words[place].lower()
    if match := _CLOCK.fullmatch(word):
        return _clock(words, place, int(match[1]), int(match[2]))
    if word in _NAMED_HOURS:
        return Figure(_NAMED_HOURS[word], "clock", "", 0, _NAMED_HOURS[word] / 60, words[place]), place + 1
    if past := _past(words, place):
        return past
    if (rate := _RATES.get(word)) is not None:
        dimension, factor = _UNITS[stem(rate)]
        return Figure(factor, dimension, "", 0, 1.0, words[place]), place + 1
    number = _number(words, place)
    if number is None:
        return None
    value, step, after = number
    if _at(words, after) in _HALF_DAYS and value <= 12:
        return _clock(words, place, int(value), round(value % 1 * 60), after)
    if _at(words, after) in ("st", "nd", "rd", "th"):
        after += 1
    bound = _bound(words, place, after)
    written = " ".join(words[place:after])
    unit, end = _unit(words, place, after)
    if unit is not None:
        if end > after and [_at(words, n) for n in range(end, end + 3)] == ["and", "a", "half"]:
            value, end = value + 0.5, end + 3  # "an hour and a half"
        told = " ".join(words[place:end]) if end > after else written
        return Figure(value * unit[1], unit[0], bound, step * unit[1], value, told), end
    return _without_unit(words, place, after, Figure(value, "", bound, step, value, written))


_WHOLE = listed("the of its their this that his her")
"""Words behind "half" that name what it is half of."""


def _without_unit(words: Sequence[str], place: int, after: int, figure: Figure) -> tuple[Figure, int]:
    """What a number without a unit is: a share, a day of a month, a year, one in ten, or a number of things."""
    value, word = figure.value, words[place].lower()
    if word == "half" and _at(words, after) in _WHOLE:
        return replace(figure, dimension="share"), after
    if _is_month(words, after) or (_is_month(words, place - 1) and value <= 31) or _of_month(words, after):
        return replace(figure, dimension="day", step=0), after
    if value == int(value) and 1000 <= value <= 2100 and word.isdigit():
        return replace(figure, dimension="year", step=0), after
    if _at(words, after) == "in" and (whole := _number(words, after + 1)) and 0 < value < whole[0] <= 100:
        told = f"{figure.written} in {words[after + 1]}"
        return replace(figure, value=value / whole[0], dimension="share", bound="~", step=0.05, written=told), whole[2]
    return replace(figure, of=stem(_at(words, after))), after


_NAMED_HOURS = {"noon": 720.0, "midday": 720.0, "midnight": 0.0}
_PARTS_OF_HOUR = {"half": 30.0, "quarter": 15.0}


def _past(words: Sequence[str], place: int) -> tuple[Figure, int] | None:
    """A time told from the hour: "a quarter past two", "half past 9", "ten to six"."""
    start = place + (_at(words, place) == "a")
    minutes = _PARTS_OF_HOUR.get(_at(words, start), _WORDS.get(_at(words, start), 0.0))
    sign = {"past": 1, "to": -1}.get(_at(words, start + 1), 0)
    if not 0 < minutes <= 30 or not sign:
        return None
    hour = _number(words, start + 2)
    if hour is None or not 1 <= hour[0] <= 12 or (sign < 0 and _at(words, start) != "quarter"):
        return None
    value = hour[0] % 12 * 60 + sign * minutes
    return Figure(value, "clock", "", 0, value / 60, " ".join(words[place : hour[2]])), hour[2]


def _at(words: Sequence[str], place: int) -> str:
    return words[place].lower() if 0 <= place < len(words) else ""


def _unit(words: Sequence[str], place: int, after: int) -> tuple[tuple[str, float] | None, int]:
    """The unit of a figure and the place after it; in "10 to 15 km" and "4 or 5 days" the first has the second's."""
    if (before := _at(words, place - 1)) and before in "€$£":
        return _UNITS[before], after
    follows = _at(words, after)
    if follows in ("°", "degrees", "degree"):
        return _UNITS["°"], after + 1 + (_at(words, after + 1) in ("c", "celsius", "centigrade"))
    if (share := _SHARES.get(stem(follows))) is not None and follows not in ("quarter", "quarters"):
        return ("share", share), after + 1
    skipped = after
    while _at(words, skipped) in ("a", "an", "of", "-", "full", "square", "cubic", "whole"):
        skipped += 1
    if (unit := _UNITS.get(stem(_at(words, skipped)))) is not None:
        return unit, skipped + 1
    if follows == "times":
        return ("share", 1.0), after + 1
    if follows in ("to", "and", "or", "x", "by") and (second := _number(words, after + 1)):
        return _unit(words, after + 1, second[2])[0], after
    return None, after


def _is_month(words: Sequence[str], place: int) -> bool:
    """Whether a month stands there; "one may" is none."""
    return _at(words, place) in MONTHS and words[place][0].isupper()


def _of_month(words: Sequence[str], after: int) -> bool:
    return after + 1 < len(words) and words[after].lower() == "of" and words[after + 1].lower() in MONTHS


def _number(words: Sequence[str], place: int) -> tuple[float, float, int] | None:
    """(value, step, place after) of digits or number words, with "hundred", "million" and the like."""
    word = _at(words, place)
    if not word:
        return None
    if word[0].isdecimal():
        if len(word) > _LONGEST or _DATE.fullmatch(word) or not _NUMERAL.fullmatch(word):
            return None
        value, step = _digits(word)
        after = place + 1
    else:
        head, _, tail = word.partition("-")
        follows = _at(words, place + 1)
        if word == "half" or (word == "a" and follows == "half"):
            return 0.5, 0.0, place + (1 if word == "half" else 2)
        if word in ("a", "every", "each") and follows == "quarter" and _at(words, place + 2) == "of":
            return 0.25, 0.0, place + 2
        if word in ("a", "an", "per", "each", "every") and (
            stem(follows) in _SCALES or _counts(follows) or follows in ("third", "fifth", "tenth")
        ):
            value = 1.0
        elif head in _WORDS:
            value = _WORDS[head] + _WORDS.get(tail, 0.0)
        else:
            return None
        step, after = 0.0, place + 1
        if not tail and value in range(20, 100, 10) and _WORDS.get(follows, 99) < 10:
            value, after = value + _WORDS[follows], place + 2
    while after < len(words) and (scale := _SCALES.get(stem(words[after]))):
        value, step, after = value * scale, step * scale, after + 1
    if [_at(words, at) for at in range(after, after + 3)] == ["and", "a", "half"]:
        return value + 0.5, 0.0, after + 3
    return value, step, after


def _counts(word: str) -> bool:
    """Whether "a" before this word is one of a unit: "a year", and not "a second"."""
    unit = _UNITS.get(stem(word))
    return unit is not None and unit[0] in ("days", "months", "litres", "grams", "metres") and word in _WHOLE_UNITS


_WHOLE_UNITS = listed(
    "minute hour day night week fortnight month quarter year decade century litre liter kilogram kilo metre meter "
    "kilometre kilometer mile"
)
_RATES = {
    "hourly": "hour", "daily": "day", "nightly": "night", "weekly": "week", "fortnightly": "fortnight",
    "monthly": "month", "quarterly": "quarter", "yearly": "year", "annually": "year", "annual": "year",
}  # fmt: skip


_NUMERAL = re.compile(r"\d+(?:[.,]\d+)*[.,]?")
"""A word such as "16s" or "3rd" begins with a digit and is no number."""


def _digits(word: str) -> tuple[float, float]:
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", word):
        digits = re.sub(r"[.,]", "", word)
        return float(digits), 10.0 ** (len(digits) - len(digits.rstrip("0")))
    plain = word.replace(",", ".") if word.count(",") + word.count(".") == 1 else re.sub(r"[.,]", "", word)
    decimals = len(plain.partition(".")[2])
    zeros = len(plain) - len(plain.rstrip("0")) if not decimals else 0
    return float(plain), 10.0**-decimals if decimals else 10.0**zeros


def _clock(words: Sequence[str], place: int, hour: int, minute: int, after: int | None = None) -> tuple[Figure, int]:
    after = place + 1 if after is None else after
    half = _at(words, after)
    number = hour + minute / 60
    if half in _HALF_DAYS:
        hour = hour % 12 + (12 if half.startswith("p") else 0) if half != "o'clock" else hour
        after += 1
    value = hour * 60.0 + minute
    return Figure(value, "clock", _bound(words, place, after), 0, number, " ".join(words[place:after])), after


def _bound(words: Sequence[str], place: int, after: int) -> str:
    """The bound that the words before a figure, or "or more" after it, make of it."""
    before = [stem(word) for word in words[max(0, place - 4) : place] if word not in "€$£"]
    for skipped in (0, 1):
        end = len(before) - skipped
        for size in range(min(_LONGEST_BOUND, end), 0, -1):
            if bound := BOUNDS.get("_".join(before[end - size : end])):
                denied = any(
                    word.lower() in ("no", "not", "nobody", "never") for word in words[max(0, place - 9) : place]
                )
                return _DENIED.get(bound, bound) if denied else bound
    if before[-1:] == ["than"] and len(before) > 1 and (compared := _COMPARED.get(words[place - 2].lower())):
        return _DENIED.get(compared, compared) if before[-3:-2] in (["no"], ["not"]) else compared
    behind = [stem(word) for word in words[after : after + 3]]
    for start in (0, 1):
        if behind[start : start + 1] in (["or"], ["at"]):
            return BOUNDS.get("_".join(behind[start : start + 2]), "")
    return ""


def dates(word: str) -> tuple[int, int, int] | None:
    """(year, month, day) of a date in digits, the year first or last."""
    match = _DATE.fullmatch(word)
    if match is None:
        return None
    one, two, three = (int(part) for part in match.groups())
    for year, month, day in ((one, two, three), (three, two, one), (three, one, two)):
        if year > 999:
            try:
                date(year, month, day)
            except ValueError:
                continue
            return year, month, day
    return None
