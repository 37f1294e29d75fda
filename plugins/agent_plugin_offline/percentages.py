"""Percentages in a story: a share of a whole, a change from one amount to another, so much off or on top.

Which of these is meant follows from the words that relate the figures: "34 out of 40", "from 780 to 845", "20 percent
VAT was added". What stands before a discount or a tax is asked for with "original", "net" or "before".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_plugin_offline.numbers import NumberSpan
from agent_plugin_offline.quantities import quantities_of

_PERCENT = r"(?:percent(?:age)?|per\s*cent|%)"
_ASKS_PERCENT = re.compile(
    rf"\b(?:what|which|how\s+(?:big|large|many)|by\s+how)\b.*?(?:{_PERCENT}|(?<!per\s)\bshare\s+(?:is|are|was|of|did|do|does)\b)|\b(?:as\s+an?|in|the)\s+{_PERCENT}|"
    rf"{_PERCENT}\s+(?:change|increase|rise|drop|decrease|difference|growth|fall|gain|loss|is|was)|[,;.]\s*(?:what\s+)?{_PERCENT}",
    re.IGNORECASE,
)
_DOWN = re.compile(
    r"\b(?:off|discount\w*|less|minus|reduc\w+|drop\w*|fell|falls?|decreas\w+|cheaper|knock\w*|down|lower\w*|cuts?|markdown|"
    r"rebate|loses?|lost|shrunk|shrank|shrinks?|deduct\w*|sale|loss)\b",
    re.IGNORECASE,
)
_UP = re.compile(
    r"\b(?:plus|tip|vat|tax\w*|gst|service|rais\w+|increas\w+|rise|rises|rose|risen|up|grew|grows?|growth|grown|gain\w*|adds?|added|"
    r"adding|on\s+top|surcharge|mark-?up|more|extra|commission|interest|charge|went|changed?)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(?:original\w*|before|net|without|excluding|used\s+to\s+cost|at\s+first|initial\w*)\b", re.IGNORECASE
)
_INCLUDED = re.compile(r"\b(?:includ\w+|incl|after|gross|already|is\s+now|now|with)\b", re.IGNORECASE)
_OF_WHAT = re.compile(rf"{_PERCENT}\s+of\s+(?:what|which|some\w*|a\s+number|the\s+total)\b", re.IGNORECASE)
_PART = re.compile(
    r"\b(?:how\s+(?:much|big|large)|what)(?:['’]s|\s+(?:is|would|will|was|are|do|does|did))\s+(?:(?:the|my|a|an|that|his|her|i)\s+)?"
    r"(?:\w+\s+){0,2}?(?:tip|vat|tax|gst|commission|service\s+charge|charge|discount|deposit|interest|saving\w*|save|raise|reduction|bonus|fee)\b"
    r"|\bin\s+(?:money|euros|dollars|pounds)\b",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\b(?:total|altogether|in\s+all|all\s+in|full|final|gross|pay|come\s+to|comes\s+to|new|cost|price|worth|now|then|after|including)\b",
    re.I,
)
_SPLIT = re.compile(
    r"\b(?:split|shared?|divided?|halves)\b.*?\b(?:between|among|amongst|by|with)\b|\beach\b", re.IGNORECASE
)
_CHANGE = re.compile(
    r"\b(?:increas\w+|decreas\w+|change\w*|rise|rose|risen|grew|grown?|growth|drop\w*|fell|fallen?|went|gone|going|goes|"
    r"cut|up|down|rais\w+|reduc\w+|lost|gain\w*|climb\w*|jump\w*|mark-?up|profit|shrank|shrunk|higher|lower|more|less|difference)\b",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"\b(?:of|out\s+of|on)\b", re.IGNORECASE)


def percentage_of(request: str, numbers: Sequence[NumberSpan]) -> str | None:
    """The formula that a story of percentages asks for; None where it is none, or none that is sure."""
    percents = _told_once(request, [number for number in numbers if number.percent])
    amounts = _told_once(request, [number for number in numbers if not number.percent])
    if any(number.ordinal for number in numbers):
        return None
    if not percents:
        return _share_or_change(request, amounts) if len(amounts) == 2 and _ASKS_PERCENT.search(request) else None
    if len(amounts) == 2 and len(percents) == 1 and _SPLIT.search(request) and "$" not in request:
        whole, heads = amounts
        total = _with_percents(request, percents, whole)
        return f"({total}) / {_plain(heads)}" if total and heads.start > whole.start and _is_count(heads) else None
    if len(amounts) != 1:
        return None
    if any(re.fullmatch(r"\s+of\s+\W?", request[one.end : amounts[0].start]) for one in percents):
        return None  # the calculator reads "40% of 65" as it stands
    if len(percents) == 1 and (before := _what_it_was(request, percents[0], amounts[0])):
        return before
    return _with_percents(request, percents, amounts[0])


def _told_once(request: str, numbers: Sequence[NumberSpan]) -> list[NumberSpan]:
    """Numbers without those that are only said again; "another 5%" is one more."""
    if re.search(r"\b(?:another|again|then|twice|further)\b", request, re.IGNORECASE):
        return list(numbers)
    return list({number.value: number for number in reversed(numbers)}.values())[::-1]


def _is_count(number: NumberSpan) -> bool:
    return float(number.value).is_integer() and 1 < number.value < 100


def _plain(number: NumberSpan) -> str:
    return f"{number.value:.12g}"


def _share_or_change(request: str, amounts: Sequence[NumberSpan]) -> str | None:
    first, second = amounts
    units = [set(one.units) for one in quantities_of(request) if one.start in (first.start, second.start)]
    if len(units) == 2 and all(units) and units[0] != units[1]:
        return None  # members and euros
    before = request[: first.start]
    between = request[first.end : second.start]
    around = f"{before} {between} {request[second.end :]}"
    if _CHANGE.search(around) and (
        re.search(r"\bfrom\W*(?:\w+\W+){0,2}$", before, re.I) or re.search(r"\b(?:to|now|and)\b", between, re.I)
    ):
        old, new = first, second
        if re.search(r"\bto\W*(?:\w+\W+)?$", before, re.I) and re.search(r"\bfrom\b", between, re.I):
            old, new = second, first
        if old.value == 0:
            return None
        return f"({_plain(new)} - {_plain(old)}) / {_plain(old)} * 100"
    if re.search(rf"{_PERCENT}\s+(?:of|out\s+of)\W*(?:\w+\W+){{0,2}}$", before, re.IGNORECASE):
        return f"{_plain(second)} / {_plain(first)} * 100"  # "what percent of 40 is 34"
    if _WHOLE.search(between):
        return f"{_plain(first)} / {_plain(second)} * 100" if second.value else None
    if re.search(r"\b(?:of|had|there\s+(?:are|were))\b", before, re.IGNORECASE) and second.value < first.value:
        return f"{_plain(second)} / {_plain(first)} * 100"
    return None


def _what_it_was(request: str, percent: NumberSpan, amount: NumberSpan) -> str | None:
    share, whole = _plain(percent), _plain(amount)
    if _OF_WHAT.search(request):
        return f"{whole} / {share}%"
    said = re.match(r"\s*(?:\w+\s+)?(?:net|before|without|excluding|plus)\b", request[amount.end :], re.IGNORECASE)
    if said or not _BEFORE.search(request) or not _INCLUDED.search(request):
        return None
    if re.search(r"\b(?:off|discount|reduction|reduced|sale|down)\b", request, re.IGNORECASE):
        return f"{whole} / (100% - {share}%)"
    if re.search(r"\b(?:vat|tax|gst|tip|service|incl\w*|rais\w+|increase\w*)\b", request, re.IGNORECASE):
        return f"{whole} / (100% + {share}%)"
    return None


def _with_percents(request: str, percents: Sequence[NumberSpan], amount: NumberSpan) -> str | None:
    """An amount with every percentage taken off or added, or only what one of them is in money."""
    directions = [direction for one in percents if (direction := _direction(request, one, amount)) is not None]
    if len(directions) != len(percents) or (len(set(directions)) > 1 and len(percents) != 2):
        return None
    if len(percents) == 1 and (_PART.search(request) or _only_part(request, percents[0], amount)):
        return f"{_plain(percents[0])}% of {_plain(amount)}"
    if directions == [True]:
        return f"{_plain(percents[0])}% off {_plain(amount)}"
    signs = ("minus" if down else "plus" for down in directions)
    return " ".join([_plain(amount), *(f"{sign} {_plain(one)}%" for sign, one in zip(signs, percents, strict=True))])


def _only_part(request: str, percent: NumberSpan, amount: NumberSpan) -> bool:
    """Whether what is asked for is a share that has a name: "18% tip on 64.20"."""
    between = request[percent.end : amount.start]
    named = re.fullmatch(
        r"\s*(?:[a-z]+\s+){1,3}(?:on|of|for)\s+(?:an?\s+)?(?:[a-z]+\s+){0,2}(?:of\s+)?[$€£]?", between, re.IGNORECASE
    )
    return named is not None and not _TOTAL.search(request)


def _direction(request: str, percent: NumberSpan, amount: NumberSpan) -> bool | None:
    """Whether a percentage is taken off; None where nothing says so, or both do."""
    near = request[max(0, min(percent.start, amount.start) - 60) : max(percent.end, amount.end) + 40]
    own = re.split(r"[.;?!]\s", request[percent.end : percent.end + 30])[0]
    for piece in (own, request[max(0, percent.start - 25) : percent.start], near):
        down, up = _DOWN.search(piece) is not None, _UP.search(piece) is not None
        if down != up:
            return down
    return None
