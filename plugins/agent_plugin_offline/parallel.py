"""Several calls of one tool in one request: "in Paris and in Rome", "for 3, 5 and 9", one sentence per call.

Hypotheses are made from the same score tables as a single call: the values of one parameter that stand alike (in a
list, or after the same word) each begin a call, and the other parameters take what stands nearest or is shared.
Learned weights decide between them and the single call.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.choosing import Attempt
from agent_plugin_offline.features import Features
from agent_plugin_offline.filling import Filling, best_filling
from agent_plugin_offline.lexicon import UNIT_CLASS
from agent_plugin_offline.places import STATES
from agent_plugin_offline.scoring import Scored
from agent_plugin_offline.stretches import MAX_CALLS, salient, stretches
from agent_plugin_offline.text import words

_SLACK = 4.0
"""How much less likely (in logarithm) than the best value another value of the same parameter may be."""
_FARTHEST = 14.0
"""The same for members of a list, which vouch for each other."""
_FROM_ELSEWHERE = 2.5
_ANOTHERS = 7.0
_COORDINATED = re.compile(
    r"[\s\w%°$€£.'\"’”/²³^()-]{0,24}?(?:,|;|\band\b|\bor\b|&|\bthen\b|\bversus\b|\bvs\.?)[\s\w$€£'\"“‘(]{0,12}",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[.!?]\s(?=\W*(?-i:[A-Z]))|;|\b(?:and|then|also|while|plus)\b|,", re.IGNORECASE)
"""A full stop before a small letter ends an abbreviation ("3000 sq ft. in Oslo"), no sentence."""
_CUES = words(
    "respectively each both also another then finally additionally separately different second two three four"
)
_COUNTS = {"two": 2, "both": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_STATE_NAMES = frozenset(name.lower() for pair in STATES.items() for name in pair)
_SIGNATURES = ("quoted", "email", "date", "time", "month", "state", "path", "expression", "choice")


@dataclass(frozen=True)
class Hypothesis:
    """One reading of the request as calls of one tool."""

    fillings: tuple[Filling, ...]
    features: Features


def hypotheses(found: Attempt) -> list[Hypothesis]:
    """The single call first, then the readings as several calls."""
    readings = [("single", (found.filling,)), *(("values", f) for f in _by_values(found)), *_by_stretches(found)]
    return [Hypothesis(fillings, _features(found, fillings) | {f"by={way}": 1.0}) for way, fillings in readings]


def _by_values(found: Attempt) -> Iterator[tuple[Filling, ...]]:
    parameters, request = found.evidence.tool.parameters, found.evidence.request
    groups = [
        _alike(request, table) if p.kind not in ("boolean", "array", "object") else []
        for p, table in zip(parameters, found.tables, strict=True)
    ]
    several = [index for index, group in enumerate(groups) if 2 <= len(group) <= MAX_CALLS]
    for index in several:
        segments = _segments(request, _spans(groups[index]))
        calls = range(len(groups[index]))
        yield tuple(best_filling(parameters, _tables_of_call(found, segments, groups, (index, c))) for c in calls)
    if any(token.lower == "respectively" for token in request.tokens):
        return  # the items go together one by one
    for one, other in combinations(several, 2):
        if len(groups[one]) * len(groups[other]) <= MAX_CALLS and _apart(groups[one], groups[other]):
            yield tuple(
                best_filling(parameters, _fixed(found.tables, {one: first, other: second}))
                for first in groups[one]
                for second in groups[other]
            )


def _apart(one: Sequence[Scored], other: Sequence[Scored]) -> bool:
    """Whether all of one group stands before all of the other: "Rome and Oslo for 2 and 3 days"."""
    first, second = _spans(one), _spans(other)
    return first[-1].end <= second[0].start or second[-1].end <= first[0].start


def _fixed(tables: Sequence[list[Scored]], chosen: Mapping[int, Scored]) -> list[list[Scored]]:
    return [[chosen[index]] if index in chosen else table for index, table in enumerate(tables)]


def _by_stretches(found: Attempt) -> Iterator[tuple[str, tuple[Filling, ...]]]:
    """A call per sentence, per pair of brackets, per row of numbers, or from one word to the same word again."""
    parameters = found.evidence.tool.parameters
    empty: list[list[Scored]] = [[] for _ in found.tables]
    for way, segments in stretches(found.evidence.request, parameters):
        tables = [_tables_of_call(found, segments, empty, (-1, call)) for call in range(len(segments))]
        yield way, tuple(best_filling(parameters, t) for t in tables)


def _spans(group: Sequence[Scored]) -> list[Span]:
    return [span for span in map(_span, group) if span is not None]


def _span(scored: Scored) -> Span | None:
    return scored.option.span if scored.option else None


def _alike(request: Request, table: Sequence[Scored]) -> list[Scored]:
    """Values of one parameter that could each begin a call: like the best one in kind and in what stands around."""
    table = [scored for scored in table if not _is_list(_span(scored))]
    best = next((s for s in table if _span(s)), None)
    if best is None:
        return []
    group = [best]
    for scored in table:
        span = _span(scored)
        if span is None or scored.score < best.score - _FARTHEST or not _same_kind(span, _span(best)):
            continue
        if all(not span.overlaps(other) for other in map(_span, group) if other):
            group.append(scored)
    group.sort(key=_start)
    return _linked(request, group, best, best.score - _SLACK)


def _is_list(span: Span | None) -> bool:
    """Whether the span runs over a comma or an "and" that is no part of a name, so that it is several values."""
    if span is None or span.kinds & {"quoted", "state", "date", "datetime", "expression", "number"}:
        return False
    return "," in span.text or " and " in span.text


def _start(scored: Scored) -> int:
    span = _span(scored)
    return span.start if span else -1


def _linked(request: Request, group: list[Scored], best: Scored, floor: float) -> list[Scored]:
    """The members that hang together with the best one: neighbours in a list, or after the same word."""
    middle = group.index(best)
    linked = [best]
    for side in (range(middle - 1, -1, -1), range(middle + 1, len(group))):
        last = best
        for index in side:
            first, second = sorted((last, group[index]), key=_start)
            coordinated = _coordinated(request, first, second)
            if coordinated or (_same_left(request, first, second) and group[index].score >= floor):
                linked.append(group[index])
                last = group[index]
    return sorted(linked, key=_start)


def _coordinated(request: Request, first: Scored, second: Scored) -> bool:
    one, other = _span(first), _span(second)
    return bool(one and other and _in_a_list(request, one, other))


def _in_a_list(request: Request, one: Span, other: Span) -> bool:
    """Whether only a comma or a conjunction parts them; the state after a city ("Boston, MA") is no second item."""
    between = request.text[one.end : other.start]
    if between.strip() == "," and other.text.strip(".").lower() in _STATE_NAMES:
        return False
    return bool(_COORDINATED.fullmatch(between))


def _same_left(request: Request, first: Scored, second: Scored) -> bool:
    one, other = _span(first), _span(second)
    if not one or not other or not one.first or not other.first:
        return False
    if one.number and other.number:
        return _word_before(request, one) == _word_before(request, other) or _unit(request, one) == _unit(
            request, other
        )
    return request.tokens[one.first - 1].stem == request.tokens[other.first - 1].stem


def _word_before(request: Request, span: Span) -> str:
    """The last word with a meaning before a number: what it is a number of."""
    words_before = (request.tokens[i] for i in range(span.first - 1, max(-1, span.first - 5), -1))
    return next((t.stem for t in words_before if not t.is_stop), "")


def _unit(request: Request, span: Span) -> str | None:
    """What a number counts: a class of unit, or the word after it; something of its own where nothing follows."""
    following = request.tokens[span.last + 1 : span.last + 2]
    if not following or following[0].is_stop or request.tokens[span.last].after:
        return f"none at {span.start}"
    return UNIT_CLASS.get(following[0].lower) or following[0].stem


def _same_kind(one: Span, other: Span | None) -> bool:
    return other is not None and _signature(one) == _signature(other)


def _signature(span: Span) -> str:
    if span.number:
        if span.number.words or span.number.ordinal:
            return "word"
        return "percent" if span.number.percent else "money" if span.number.money else "number"
    return next((kind for kind in _SIGNATURES if kind in span.kinds), "name" if span.text[:1].isupper() else "phrase")


def _segments(request: Request, anchors: Sequence[Span]) -> list[tuple[int, int]]:
    """A stretch of text per anchor; it ends at the last separator before the next anchor."""
    cuts = [0]
    for left, right in pairwise(anchors):
        between = list(_SEPARATOR.finditer(request.text, left.end, max(left.end, right.start)))
        sentence = [m for m in between if m.group()[0] in ".!?;"]
        chosen = (sentence or between)[-1:] or None
        cuts.append(chosen[0].start() if chosen else right.start)
    return list(zip(cuts, [*cuts[1:], len(request.text)], strict=True))


def _tables_of_call(
    found: Attempt, segments: Sequence[tuple[int, int]], groups: Sequence[list[Scored]], place: tuple[int, int]
) -> list[list[Scored]]:
    """The score tables as one call sees them: its own stretch of text first, other calls' values hardly at all."""
    anchor, call = place
    tables: list[list[Scored]] = []
    for index, table in enumerate(found.tables):
        group = groups[index]
        if index == anchor:
            tables.append([group[call]])
        elif len(group) == len(segments):
            tables.append(_preferring(table, group[call], group))
        else:
            tables.append(_nearest(_without_count(table, len(segments)), segments, call))
    return tables


def _without_count(table: Sequence[Scored], calls: int) -> list[Scored]:
    """The "two" of "two triangles" and the "first" of "the first one" count the calls; they are no call's value."""
    return [scored for scored in table if not _counts_calls(_span(scored), calls)]


def _counts_calls(span: Span | None, calls: int) -> bool:
    if span is None or span.number is None or not span.number.words:
        return False
    return span.number.value <= calls if span.number.ordinal else span.number.value == calls


def _preferring(table: Sequence[Scored], own: Scored, group: Sequence[Scored]) -> list[Scored]:
    return [own] + [Scored(s.option, s.score - _ANOTHERS) for s in table if s is not own and s not in group]


def _nearest(table: Sequence[Scored], segments: Sequence[tuple[int, int]], call: int) -> list[Scored]:
    start, end = segments[call]
    adjusted: list[Scored] = []
    for scored in table:
        span = _span(scored)
        inside = span is None or (start <= span.start and span.end <= end)
        later = span is not None and span.start >= end and call + 1 < len(segments)
        cost = 0.0 if inside else _FROM_ELSEWHERE + (1.0 if later else 0.0)
        adjusted.append(Scored(scored.option, scored.score - cost))
    return sorted(adjusted, key=lambda s: -s.score)


def _spans_twice(filling: Filling) -> bool:
    spans = [o.span for o in filling.chosen if o is not None and o.span is not None]
    return any(one.overlaps(other) for one, other in combinations(spans, 2))


def _left_behind(request: Request, span: Span, used: Sequence[Span]) -> bool:
    """Whether the span stands beside a value in a list, or counts what a value counts, and only the value was taken."""
    for value in used:
        one, other = sorted((span, value), key=lambda s: s.start)
        if not _same_kind(span, value):
            continue
        if _in_a_list(request, one, other) or (span.number and _unit(request, span) == _unit(request, value)):
            return True
    return False


def _features(found: Attempt, fillings: Sequence[Filling]) -> Features:
    request, parameters = found.evidence.request, found.evidence.tool.parameters
    used = [o.span for f in fillings for o in f.chosen if o is not None and o.span is not None]
    count = len(fillings)
    worth = [s for s in salient(request) if not (s.number and (s.number.ordinal or s.number.words))]
    open_spans = [s for s in worth if not any(s.overlaps(u) for u in used)]
    required = [i for i, p in enumerate(parameters) if p.required] or list(range(len(parameters)))
    confidences = [c for f in fillings for i, c in enumerate(f.confidences) if i in required]
    missing = sum(f.chosen[i] is None for f in fillings for i in required if parameters[i].required)
    several = "several" if count > 1 else "single"
    said = {_COUNTS[t.lower] for t in request.tokens if t.lower in _COUNTS}
    distinct = len({repr([o.value if o else None for o in f.chosen]) for f in fillings})
    found_features: Features = {
        several: 1.0,
        "open": len(open_spans) / max(1, len(worth)),
        "open-count": min(len(open_spans), 6) / 6,
        "mean": max(-8.0, sum(confidences) / max(1, len(confidences))) / 8,
        "worst": max(-12.0, min(confidences, default=0.0)) / 12,
        "missing": missing / max(1, count * len(required)),
        "repeated": 1.0 - distinct / count,
        "left-behind": min(sum(_left_behind(request, span, used) for span in open_spans), 3) / 3,
        f"{several}&mean": max(-8.0, sum(confidences) / max(1, len(confidences))) / 8,
        "span-twice": sum(map(_spans_twice, fillings)) / count,
        f"{several}&array": 1.0 if any(p.kind == "array" for p in parameters) else 0.0,
        f"{several}&numbered": 1.0 if any(p.name[-1:] in "12" for p in parameters) else 0.0,
        f"{several}&cue": 1.0 if any(t.lower in _CUES for t in request.tokens) else 0.0,
    }
    if count > 1:
        found_features["count-said"] = 1.0 if count in said else 0.0
        found_features["count-differs"] = 1.0 if said and count not in said else 0.0
        crossed = count > 2 and any(len({repr(f.chosen[i]) for f in fillings}) * 2 == count for i in required)
        found_features["crossed"] = 1.0 if crossed else 0.0
        found_features["calls"] = min(count, 6) / 6
        shared = sum(len({repr(f.chosen[i] and f.chosen[i].value) for f in fillings}) == 1 for i in required)  # type: ignore[union-attr]
        found_features["shared"] = shared / len(required) if required else 0.0
    return found_features
