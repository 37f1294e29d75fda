"""Sums that are told as a little story: "46 folders at 3.75 each, what does that come to?".

A story is read as quantities and what relates them: a share of a whole, a change, a percentage of an amount, rates
whose units cancel to what is asked. Every number must have its place in exactly one sum; else it is no such story,
since a wrong number is worse than a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product

from agent_plugin_offline.numbers import PARTS, NumberSpan, find_numbers
from agent_plugin_offline.percentages import percentage_of
from agent_plugin_offline.quantities import EACH, MONEY, Quantity, Units, quantities_of, unit_of

_ASKS = re.compile(
    r"\b(?:how\s+(?:much|many|long|far|fast)|what(?:['’]s|\s+\w+)|which\s+(?:is|price)|total|altogether|in\s+all|price|speed|"
    r"per\s+(?:head|person|kilo|litre|unit)|each\s+(?:one\s+)?(?:get|pay|owe)s?|percent\w*|per\s+cent|share|split|divide)\b|\?",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"[@/\\]\S*[@/\\.]|\S@\S|\.[a-z]{2,4}\b|[-+*^=×]\s*\d|\d\s*[-+*^=×/]|\d:\d|\band\s+an?\s+\w+\b(?=\s+\w*s\b)|\d\s+by\s+\d[\d.,]*(?![\d.,]|\s*(?:%|per))",
    re.IGNORECASE,
)
"""Mails, files, formulas and dates: no story."""
_FRACTIONS = re.compile(
    rf"\b(?:{'|'.join(part for part in PARTS if part.endswith('s'))}|half|quarter)\b", re.IGNORECASE
)
_MOST = 5
"""So many numbers a story may have."""


def told_sum(request: str) -> str | None:
    """The sum that a story asks for, as a request for it; None where it is no such story."""
    if not _ASKS.search(request) or _ELSEWHERE.search(request) or len(request.split()) < 5:
        return None
    if _FRACTIONS.search(request):
        return None
    numbers = [one for one in find_numbers(request) if not (one.words and one.value == 1)]  # a pronoun
    if not 2 <= len(numbers) <= _MOST:
        return None
    told = percentage_of(request, numbers) or (None if _speaks_of_percent(request, numbers) else _by_units(request))
    return f"calculate {told}" if told else None


def _speaks_of_percent(request: str, numbers: Sequence[NumberSpan]) -> bool:
    return any(number.percent for number in numbers) or re.search(r"\bper\s?cent|%", request) is not None


_SHARED = re.compile(
    r"\b(?:split(?:ting)?|shared?|sharing|divided?|going\s+halves|distributed?)\b.*?\b(?:between|among|amongst|by|into|with)\b",
    re.I,
)
_MANY = re.compile(r"\bhow\s+many\s+(?:[a-z]+\s+)??(?P<unit>[a-z]+)\b", re.IGNORECASE)
_RATE = re.compile(
    r"\b(?P<what>price|cost|speed|rate|consumption|pay)\b.*?\b(?:per|an?|for\s+(?:one|a|an))\s+(?P<unit>[a-z]+)\b", re.I
)
_PER_HEAD = re.compile(
    r"\b(?:per\s+(?:head|person|piece)|each\s+of\s+(?:us|them|you)|(?:does|do|will|would|should)\s+(?:each|everyone|everybody)|"
    r"each\s+(?:one\s+)?(?:pays?|gets?|owes?)|(?:pays?|gets?|owes?)\s+each|one\s+get|(?:unit|single)\s+price|price\s+(?:each|of\s+one))\b",
    re.IGNORECASE,
)
_SPEED = re.compile(r"\b(?:speed|how\s+fast)\b", re.IGNORECASE)
_PER_UNIT = re.compile(
    r"(?:\bwhat|\bwhich|\bhow\s+much)\b[^.?!]*?\b(?:per|for\s+(?:one|a))\s+(?P<unit>[a-z]+)\b", re.IGNORECASE
)
_LONG = re.compile(r"\b(?:how\s+long|what\s+time\s+does)\b", re.IGNORECASE)
_INVERSE = re.compile(r"\b(?:need|take)s?\b.*\bhow\s+long\b.*\b(?:need|take)\b", re.IGNORECASE)
_LEAVES = re.compile(r"\b(?:left|remain\w*|change|profit|more\s+than|fewer|less\s+than|difference|and\s+then)\b", re.I)


def _by_units(request: str) -> str | None:
    """Products and quotients whose units cancel to what is asked for."""
    if _LEAVES.search(request) and not _SPEED.search(request):
        return None
    told = quantities_of(request)
    counted = {name for one in told for name in one.units if name not in (MONEY, EACH)}
    if len(told) == 2 and _SHARED.search(request):
        return f"{told[0].number} / {told[1].number}" if told[0].end < told[1].start else None
    asked = _asked(request, told)
    if len(told) == 2 and _PER_HEAD.search(request):
        heads = [one for one in told if not one.units and one.number.isdigit()]
        paid = [one for one in told if one.units == {MONEY: 1}]
        if heads and paid:
            return f"{paid[0].number} / {heads[0].number}"
    if len(told) < 2 or not all(one.units for one in told) or _INVERSE.search(request):
        return None
    question = _last_question(request)
    fitting: dict[tuple[int, ...], int] = {}
    for signs in product((1, -1), repeat=len(told)):
        units = _joined(told, signs, counted)
        if units is not None and _answers(units, asked):
            fitting[signs] = sum(sign for one, sign in zip(told, signs, strict=True) if one.start >= question)
    best = [signs for signs, asked_for in fitting.items() if asked_for == max(fitting.values())]
    return _written(told, best[0], asked) if len(best) == 1 else None


def _asked(request: str, told: Sequence[Quantity]) -> tuple[Units, float] | None:
    """The units of what is asked for, and the factor to the first of their kind; None where any single one may be."""
    money = any(MONEY in one.units for one in told)
    if many := _MANY.search(request):
        name, factor = unit_of(many["unit"])
        return {name: 1}, factor
    if _SPEED.search(request):
        parts = [
            (name, one.factor)
            for kind in ("metre", "mile", "hour")
            for one in told
            for name in one.units
            if name == kind
        ]
        return ({parts[0][0]: 1, parts[1][0]: -1}, parts[0][1] / parts[1][1]) if len(parts) == 2 else None
    if per := _PER_UNIT.search(request):
        name, factor = unit_of(per["unit"])
        counted = [one for one in told if one.units == {name: 1}]
        if len(told) == 2 and len(counted) == 1 and money:
            return {MONEY: 1, name: -1}, 1 / factor
    if rate := _RATE.search(request[_last_question(request) :]) or (
        None if _PER_HEAD.search(request) else _RATE.search(request)
    ):
        name, factor = unit_of(rate["unit"])
        if (
            money
            and any(one.units.get(name) == 1 for one in told)
            and not any(one.units.get(name) == -1 for one in told)
        ):
            return {MONEY: 1, name: -1}, 1 / factor
    if _PER_HEAD.search(request) and not any(-1 in one.units.values() for one in told):
        heads = [one for one in told if MONEY not in one.units and one.number.isdigit()]
        if len(told) == 2 and len(heads) == 1:
            return {MONEY: 1, **dict.fromkeys(heads[0].units, -1)}, 1.0
    if _LONG.search(request):
        timed = [one for one in told for name, n in one.units.items() if name in ("hour", "month") and n == -1]
        name = next((name for one in timed for name, n in one.units.items() if n == -1), "hour")
        return {name: 1}, 1 / timed[0].factor if timed else 1.0
    return ({MONEY: 1}, 1.0) if money else None


def _last_question(request: str) -> int:
    found = [match.start() for match in re.finditer(r"\b(?:how|what|which)\b", request, re.IGNORECASE)]
    return found[-1] if found else len(request)


def _joined(told: Sequence[Quantity], signs: Sequence[int], counted: set[str]) -> Units | None:
    """The units of a product; None where units do not meet, or some quantity would stand alone in it."""
    total: dict[str, int] = {}
    for one, sign in zip(told, signs, strict=True):
        for name, n in one.units.items():
            total[name] = total.get(name, 0) + sign * n
    if total.get(EACH):
        heads = [name for name, n in total.items() if n == -total[EACH] and name in counted]
        if len(heads) != 1:
            return None
        total.pop(heads[0])
    total.pop(EACH, None)
    return {name: n for name, n in total.items() if n}


def _answers(units: Units, asked: tuple[Units, float] | None) -> bool:
    if asked is not None:
        return units == asked[0]
    return len(units) == 1 and all(n == 1 for n in units.values())


def _written(told: Sequence[Quantity], signs: Sequence[int], asked: tuple[Units, float] | None) -> str | None:
    if all(sign == -1 for sign in signs) or len(told) < 2:
        return None
    factor = 1.0 if asked is None else 1 / asked[1]
    for one, sign in zip(told, signs, strict=True):
        factor *= one.factor**sign
    if asked is None:
        factor = _in_own_units(told, signs, factor)
    ordered = sorted(zip(told, signs, strict=True), key=lambda one: -one[1])
    written = "".join(f"{' * ' if sign == 1 else ' / '}{one.number}" for one, sign in ordered)[3:]
    return written + "".join(_scale(factor))


def _in_own_units(told: Sequence[Quantity], signs: Sequence[int], factor: float) -> float:
    """What is asked for without its unit is told in the one that stands in the story."""
    units = _joined(told, signs, {name for one in told for name in one.units}) or {}
    for name in units:
        factor /= next(
            (one.factors.get(name, 1.0) for one, sign in zip(told, signs, strict=True) if one.units.get(name) == sign),
            1.0,
        )
    return factor


def _scale(factor: float) -> Iterator[str]:
    for value, sign in ((factor, " * "), (1 / factor, " / ")):
        if abs(value - round(value)) < 1e-9 * abs(value) and round(value) != 0:
            if round(value) != 1:
                yield f"{sign}{round(value)}"
            return
    yield f" * {factor:.12g}"
