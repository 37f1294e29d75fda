"""What speaks for and against a number as the value of a numeric parameter: unit, kind, order, surroundings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.lexicon import UNIT_CLASS

Features = dict[str, float]


def number_features(evidence: Evidence, index: int, span: Span) -> Features:
    """Features of a number for parameter number `index`."""
    parameter, request = evidence.tool.parameters[index], evidence.request
    found: Features = {}
    unit = _unit_of(request, span)
    if unit:
        found["unit-agrees" if unit in parameter.units else "unit-differs" if parameter.units else "unit-unasked"] = 1.0
    elif parameter.units:
        found["unit-missing"] = 1.0
    for kind in span.kinds & {"percent", "money", "ordinal", "number-word", "year"}:
        found[f"kind={kind}"] = 1.0
        for role in parameter.roles & {"rate", "money", "count", "year", "duration", "date"}:
            found[f"kind={kind}&{role}"] = 1.0
    number = span.number
    if number and isinstance(number.value, int) and 1500 <= number.value <= 2100 and not unit:
        found["yearish&year" if "year" in parameter.roles else "yearish"] = 1.0
    if number and isinstance(number.value, float) and parameter.kind == "integer":
        found["float-for-int"] = 1.0
    if is_tally(request, span):
        found["tally"] = 1.0
    if parameter.roles & {"time", "date"} and number:
        found["clock"] = 1.0
    if _rank(request, span) == _rank_among_siblings(evidence, index):
        found["same-order-anyhow" if evidence.tells(index) else "same-order"] = 1.0
    if not parameter.required:
        found["optional&described"] = sum(evidence.closeness(index, span))
        found |= {f"optional&{name}": 1.0 for name in ("unit-agrees", "yearish&year", "closest") if name in found}
    return found | dict.fromkeys(_enclosures(request, span), 1.0)


def _enclosures(request: Request, span: Span) -> Iterator[str]:
    """Larger things that the number is only a part of."""
    if any(e.overlaps(span) and e.end - e.start > span.end - span.start for e in request.expressions):
        yield "inside-expression"
    if any(moment.overlaps(span) and "year" not in moment.kinds for moment in request.moments):
        yield "inside-moment"
    if any(quote.overlaps(span) for quote in request.quoted):
        yield "inside-quotes"


def _unit_of(request: Request, span: Span) -> str | None:
    if span.number and span.number.percent:
        return "percent"
    if span.number and span.number.money:
        return "money"
    token = request.tokens[span.last] if span.last < len(request.tokens) else None
    if token and span.end < token.end:
        glued = request.text[span.end : token.end].strip("-").lower()
        return UNIT_CLASS.get(glued)
    following = request.tokens[span.last + 1 : span.last + 3]
    if not following or (token and token.ends_clause):
        return None
    first = following[0]
    unit = UNIT_CLASS.get(first.lower) or (UNIT_CLASS.get(first.stem) if len(first.stem) > 2 else None)
    if first.lower in ("a", "in", "and"):
        return None
    return unit or (UNIT_CLASS.get(following[1].stem) if len(following) > 1 and first.lower == "of" else None)


def is_tally(request: Request, span: Span) -> bool:
    """Whether a number in words only says how many numbers come: the "three" of "three sides: 3, 4 and 5"."""
    number = span.number
    if number is None or not number.words or number.ordinal or number.value not in range(2, 13):
        return False
    later = [n for n in request.numbers if n.start > span.end and n.number is not None and not n.number.words]
    return len(later) > 0 and (len(later) % number.value == 0 or _told_together(request, later[: int(number.value)]))


_BETWEEN_TOLD = re.compile(r"[\s\w°%/^²³]{0,16}?(?:,|\band\b|&)\s*(?:and\s)?[$€£(]?", re.IGNORECASE)


def _told_together(request: Request, numbers: Sequence[Span]) -> bool:
    """Whether the numbers stand in one list: "5C and 7C"."""
    return len(numbers) > 1 and all(
        _BETWEEN_TOLD.fullmatch(request.text[one.end : other.start]) for one, other in pairwise(numbers)
    )


def _rank(request: Request, span: Span) -> int:
    plain = [n for n in request.numbers if n.number and not n.number.ordinal and not is_tally(request, n)]
    return next((i for i, other in enumerate(plain) if other.start >= span.start), 0)


def _rank_among_siblings(evidence: Evidence, index: int) -> int:
    kinds = [p.kind in ("integer", "number") for p in evidence.tool.parameters]
    return sum(kinds[:index])
