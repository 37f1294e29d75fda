"""Values that a schema lists - as choices, or in words in its description - and where a request names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.text import STOP_WORDS, stem

_SHORTEST = 5
_LIKENESS = 0.65
"""Words are alike when they begin with the same letters: so many at least, and such a part of the shorter word."""
_WORD = re.compile(r"\w+")
_MAX_LISTED_WORDS = 4


@dataclass(frozen=True)
class Named:
    """A listed value and the words of the request that name it; `how` says how well they agree."""

    value: Any
    span: Span
    how: str


def find_words(value: str, request: Request) -> Span | None:
    """Where the words of a listed value stand in the request, stem by stem."""
    wanted = [stem(word) for word in _WORD.findall(value.replace("_", " "))]
    if not wanted:
        return None
    for index in range(len(request.tokens) - len(wanted) + 1):
        if all(w == request.tokens[index + i].stem or w in request.stems[index + i] for i, w in enumerate(wanted)):
            return _span(request, index, index + len(wanted) - 1)
    whole = (i for i, stems in enumerate(request.stems) if len(wanted) > 1 and stems.issuperset(wanted))
    return next((_span(request, i, i) for i in whole), None)


def find_listed(value: Any, request: Request) -> Named | None:
    """How the request names a listed value: in its words, in a word like it, or in some of its words."""
    span = find_words(str(value), request)
    if span is not None:
        return Named(value, span, "exact")
    wanted = [w for w in _WORD.findall(str(value).replace("_", " ").lower()) if w not in STOP_WORDS]
    if not wanted or len(wanted) > _MAX_LISTED_WORDS:
        return None
    for how, same in (("alike", _alike), ("partial", _same_stem)):
        places = [_place(word, request, same) for word in wanted]
        found = [place for place in places if place is not None]
        if found and (len(found) == len(wanted) if how == "alike" else len(wanted) > 1):
            return Named(value, _span(request, found[0], found[0]), how)
    return None


def named_lists(values: Sequence[Any], request: Request) -> Iterator[tuple[list[Any], Span, str]]:
    """Which of the listed values a request names together: all of them, and those that stand side by side."""
    named = [one for one in (find_listed(value, request) for value in values) if one]
    exact = sorted((one for one in named if one.how == "exact"), key=_start)
    every = sorted(named, key=_start)
    told = [one for one in exact if not _inside_name(one.span, request)]
    seen: list[list[Any]] = []
    for group, how in ((exact, "choices"), (told, "choices-told"), (every, "choices-alike")):
        chosen = [one.value for one in group]
        if chosen and chosen not in seen:
            seen.append(chosen)
            yield chosen, _covering([one.span for one in group], request), how
    for group in _side_by_side(every, request):
        chosen = [one.value for one in group]
        if chosen not in seen:
            seen.append(chosen)
            yield chosen, _covering([one.span for one in group], request), "choices-near"


def _start(one: Named) -> int:
    return one.span.start


def _side_by_side(named: Sequence[Named], request: Request) -> Iterator[list[Named]]:
    """Runs of values with no more than a word or two between them; a single one is a run too."""
    run = list(named[:1])
    for left, right in pairwise(named):
        if right.span.first - left.span.last > 3:
            yield run
            run = []
        run.append(right)
    if run:
        yield run


def _inside_name(span: Span, request: Request) -> bool:
    """Whether a capital letter right before or after makes the words part of a longer name."""
    tokens = request.tokens
    before = span.first > 1 and tokens[span.first - 1].capitalised and not tokens[span.first - 1].after
    after = span.last + 1 < len(tokens) and tokens[span.last + 1].capitalised and not tokens[span.last].after
    return tokens[span.first].capitalised and (before or after)


def _place(word: str, request: Request, same: Any) -> int | None:
    return next((i for i, token in enumerate(request.tokens) if same(word, token.lower)), None)


def _same_stem(one: str, other: str) -> bool:
    return stem(one) == stem(other) and one not in STOP_WORDS


def _alike(one: str, other: str) -> bool:
    if _same_stem(one, other):
        return True
    shorter = min(len(one), len(other))
    common = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    return common >= max(_SHORTEST, _LIKENESS * shorter)


def _span(request: Request, first: int, last: int) -> Span:
    start, end = request.tokens[first].start, request.tokens[last].end
    return Span(start, end, request.text[start:end], frozenset({"choice"}), first=first, last=last)


def _covering(spans: Sequence[Span], request: Request) -> Span:
    return request.span(min(s.start for s in spans), max(s.end for s in spans), "list")
