"""Quantities in a story: a number with what it counts or measures, and what it is for each of ("3.75 each", "a day").

Units are exponents of names, as physicists write them: "14 rows an evening" is 14 of {row: 1, evening: -1}. Measures
come with the factor to the first unit of their kind, so that grams and kilos may meet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod

from agent_plugin_offline.numbers import NumberSpan, find_numbers
from agent_plugin_offline.text import STOP_WORDS, stem, words

MONEY, EACH = "money", "each"
"""Units of prices, and of what is counted where only "each" says what: it meets any one thing that is counted."""
_MEASURES: Mapping[str, Mapping[str, float]] = {
    "gram": {
        "g": 1,
        "gram": 1,
        "grams": 1,
        "kg": 1000,
        "kilo": 1000,
        "kilos": 1000,
        "kilogram": 1000,
        "kilograms": 1000,
    }
    | {"mg": 0.001, "tonne": 10**6, "tonnes": 10**6},
    "metre": {"m": 1, "metre": 1, "metres": 1, "meter": 1, "meters": 1, "cm": 0.01, "mm": 0.001}
    | dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), 1000),
    "mile": {"mile": 1, "miles": 1},
    "litre": {"l": 1, "litre": 1, "litres": 1, "liter": 1, "liters": 1, "ml": 0.001, "cl": 0.01},
    "hour": {"h": 1, "hour": 1, "hours": 1, "hr": 1, "hrs": 1, "min": 1 / 60, "minute": 1 / 60, "minutes": 1 / 60}
    | {"second": 1 / 3600, "seconds": 1 / 3600, "day": 24, "days": 24, "week": 168, "weeks": 168},
    "month": {"month": 1, "months": 1, "monthly": 1, "year": 12, "years": 12, "yearly": 12},
    MONEY: dict.fromkeys(("€", "$", "£", "euro", "euros", "dollar", "dollars", "pound", "pounds", "quid"), 1)
    | {"cent": 0.01, "cents": 0.01, "pence": 0.01, "p": 0.01},
}
_KNOWN = {word: (kind, factor) for kind, own in _MEASURES.items() for word, factor in own.items()}
_PER = re.compile(
    r"(?:\s+of\s+[a-z]+(?:\s+[a-z]+)?)??\s*(?:\b(?P<each>each|apiece|a\s+piece|per\s+(?:head|person|piece|item|unit))\b"
    r"|(?:\b(?:per|an?|for\s+(?:every|each|an?)|every|each|to\s+the)\s+|/\s?)(?P<many>\d+(?:\.\d+)?\s+)?(?P<unit>[a-z]+)\b)",
    re.IGNORECASE,
)
_EACH_BEFORE = re.compile(
    r"\b(?:each|every|per|one)\s+(?:of\s+(?:the|my|our)\s+)?(?P<unit>[a-z]+)(?:\s+[a-z-]+){0,2}?\s+$"
    r"|\beach\s+of\s+(?:(?:the|my|our)\s+)?(?:\d+|[a-z]+)\s+(?P<many>[a-z]+)(?:\s+[a-z-]+){0,2}?\s+$",
    re.IGNORECASE,
)
_HOLDS = re.compile(r"\b(?P<unit>[a-z]+s)\s+(?:of|with|holding|containing)\s+$", re.IGNORECASE)
_REGULAR = re.compile(r"\b(?P<unit>hour|dai|week|month|year)ly\s+(?:[a-z]+\s+){0,2}?(?:of|is|at)?\s*$", re.IGNORECASE)
_PRICED = re.compile(
    r"(?:\b(?:at|for|costs?|costing|price[ds]?(?:\s+at|\s+is|\s+of)?|paid|pays?|bill(?:\s+is|\s+was|\s+of|\s+comes\s+to|\s+came\s+to)?|worth|charges?)"
    r"(?:\s+(?:me|us|is|are|was))?\s*|[$€£]\s?)$",
    re.IGNORECASE,
)
_NOUNS = re.compile(r"\s*(?:of\s+)?(?P<words>[a-z€$£]+(?:\s+[a-z-]+){0,2})", re.IGNORECASE)
_PLURALS = {"people": "person", "children": "child", "men": "man", "women": "woman", "sheep": "sheep", "kids": "child"}
_UNCOUNTED = words("times percent plus minus less more others as is was has does this thanks please")
Units = dict[str, int]


@dataclass(frozen=True)
class Quantity:
    """A number of a story with its units, each with the factor that takes it to the first of its kind."""

    start: int
    end: int
    number: str
    units: Units = field(default_factory=Units)
    factors: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def factor(self) -> float:
        """What takes the number to the first units."""
        return prod(self.factors.get(name, 1.0) ** n for name, n in self.units.items())


def unit_of(word: str) -> tuple[str, float]:
    """The unit that a word is, with its factor: ("gram", 1000) of "kilos"; things that are counted by their stem."""
    lower = word.lower()
    if lower.endswith("ves"):
        lower = f"{lower[:-3]}f"
    return _KNOWN.get(lower) or (_PLURALS.get(lower) or stem(lower).removesuffix("e"), 1.0)


def quantities_of(text: str) -> list[Quantity]:
    """All quantities of a text in their order; percentages are none."""
    numbers = [
        number
        for number in find_numbers(text)
        if not number.percent and not number.ordinal and not (number.words and number.value == 1)
    ]
    found: list[Quantity] = []
    for place, number in enumerate(numbers):
        if not found or number.start >= found[-1].end:  # not the 100 of "per 100 km"
            later = numbers[place + 1].start if place + 1 < len(numbers) else len(text)
            found.append(_quantity(text, number, later))
    return found


def _quantity(text: str, number: NumberSpan, stop: int) -> Quantity:
    before = re.split(r"[.,;?!]\s", text[: number.start])[-1]
    units: Units = {MONEY: 1} if number.money else {}
    factors: dict[str, float] = {}
    end = number.end
    clause = re.split(r"[.,;?!]\s|[.,;?!]$", text[end:stop], maxsplit=1)[0]
    if (noun := _noun(clause)) is not None and not units:
        name, times = unit_of(noun[0])
        units, factors, end = {name: 1}, {name: times}, number.end + noun[1]
    elif _PRICED.search(text[: number.start]):
        units[MONEY] = 1
    per, many = "", 1.0
    if rate := _PER.match(re.split(r"[.,;?!]\s|[.,;?!]$", text[end : end + 50])[0]):
        per = EACH if rate["each"] else str(rate["unit"])
        many = float(rate["many"] or 1)
        end += rate.end()
    elif found := _EACH_BEFORE.search(before) or _HOLDS.search(before) or _REGULAR.search(before):
        per = (found.groupdict().get("unit") or found.groupdict().get("many") or "").replace("dai", "day")
    figure = _figure(number.value)
    if per == EACH or (per and per.lower() not in STOP_WORDS):
        name, times = (EACH, 1.0) if per == EACH else unit_of(per)
        units = units or {MONEY: 1}
        if name not in units:
            units[name], factors[name] = -1, times
            figure += f" / {many:g}" if many != 1 else ""
    return Quantity(number.start, end, figure, units, factors)


def _figure(value: float) -> str:
    return f"{value:.12g}"


def _noun(clause: str) -> tuple[str, int] | None:
    """What a number counts, with where that ends: a measure or the first plural."""
    match = _NOUNS.match(clause)
    for word in re.finditer(r"[a-z€$£-]+", match["words"], re.IGNORECASE) if match else ():
        lower = word[0].lower()
        if lower in STOP_WORDS | _UNCOUNTED:
            return None
        if lower in _KNOWN or lower in _PLURALS or (lower.endswith("s") and not lower.endswith("ss")):
            return lower, match.start("words") + word.end() if match else 0
    return None
