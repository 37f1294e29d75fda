"""Sums that are told as a little story: "46 folders at 3.75 each, what does that come to?".

Only stories of a form that leaves one sum possible are read; any number beside those makes it another story.
"""

from __future__ import annotations

import re

from agent_plugin_offline.numbers import find_numbers

_N = r"[$€£]?(?P<{}>\d[\d,]*(?:\.\d+)?)"
_UNIT = r"(?:\s*(?:euros?|dollars?|pounds?|cents?|kg|km|[a-z]+))?"
_A, _B = _N.format("a"), _N.format("b")
_STORIES = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), written)
    for pattern, written in (
        (
            rf"{_A}\s+(?:[\w-]+\s+){{1,4}}?(?:at|for|costing|that\s+cost|which\s+cost|cost|of|with)\s+{_B}{_UNIT}\s+(?:each|apiece|a\s+piece|per\s+\w+|an?\s+\w+)\b",
            "{a} * {b}",
        ),
        (
            rf"(?:each|every|per|an?)\b[^.?!]*?{_B}\b[^?]*?\b(?:how\s+much|what)\b[^?]*?\b{_A}\s+(?:of\s+them\b|[a-z]+)",
            "{a} * {b}",
        ),
        (
            rf"(?:split|share|divide|shared|divided)\s+{_A}{_UNIT}\s+(?:\w+\s+)?(?:evenly\s+|equally\s+|fairly\s+)?(?:between|among|amongst|by|into)\s+{_B}\b",
            "{a} / {b}",
        ),
        (
            rf"(?:marked(?:\s+at)?|costs?|costing|priced\s+at|price\s+(?:is|of)|is|was|at|for)\s+{_A}{_UNIT}\b[^?]*?\b{_B}\s?(?:%|percent|per\s+cent)\s+(?:off|discount|reduction|less|cheaper|reduced)",
            "{b}% off {a}",
        ),
        (rf"{_B}\s?(?:%|percent|per\s+cent)\s+(?:off|discount|reduction)\b[^?]*?\b{_A}\b", "{b}% off {a}"),
    )
)
_ASKS = re.compile(
    r"\b(?:how\s+(?:much|many)|what(?:['’]s|\s+(?:is|do|does|would|will|did|are))|total|altogether|in\s+total|each\s+(?:one\s+)?get)\b",
    re.IGNORECASE,
)


def told_sum(request: str) -> str | None:
    """The sum that a story asks for, as a request for it; None where it is no such story."""
    if (
        not _ASKS.search(request)
        or re.search(r"[@/\\]|\.\w{2,4}\b(?<!\d)", request)
        or re.search(r"[-+*^=]\s*\d", request)
    ):
        return None
    if sum(not number.words for number in find_numbers(request)) != 2 or len(request.split()) < 7:
        return None
    for pattern, written in _STORIES:
        if match := pattern.search(request):
            return f"calculate {written.format(a=match['a'].replace(',', ''), b=match['b'].replace(',', ''))}"
    return None
