"""How a request falls into stretches that each hold a call: sentences, brackets, repeated words, rows of numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.parameters import Parameter

MAX_CALLS = 12
_MOST_REPEATED = 6
"""A word that stands more often than this opens no calls; it is just frequent."""
_LONGEST = 120
"""In a longer text (something pasted) every other word is repeated: not worth the time."""
_BRACKETS = re.compile(r"\([^()]*\)")
_NUMERIC = ("integer", "number")
Stretch = tuple[int, int]
"""Start and end in the text of the request."""


def stretches(request: Request, parameters: Sequence[Parameter]) -> Iterator[tuple[str, list[Stretch]]]:
    """Every way to divide the request into 2 to `MAX_CALLS` stretches, with what it goes by; each division once."""
    seen: set[tuple[Stretch, ...]] = set()
    ways = [("sentence", _sentences(request)), ("brackets", _brackets(request))]
    ways += [("row", rows) for rows in _rows(request, parameters)]
    ways += [("word", found) for found in _repeated(request)]
    for name, found in ways:
        if 2 <= len(found) <= MAX_CALLS and tuple(found) not in seen:
            seen.add(tuple(found))
            yield name, found


def salient(request: Request) -> list[Span]:
    """Spans that somebody writes for a reason: numbers, names, quotations, dates, addresses."""
    found: list[Span] = [*request.numbers, *request.quoted]
    kinds = {"name", "place", "email", "path", "date"}
    for span in request.spans:
        if span.kinds & kinds and span.first > 0 and not any(span.overlaps(other) for other in found):
            found.append(span)
    return sorted(found, key=lambda s: s.start)


def _sentences(request: Request) -> list[Stretch]:
    ends = [t.end for t in request.tokens if t.ends_sentence and len(t.text) > 2]
    worth = salient(request)
    segments = zip([0, *ends], [*ends, len(request.text)], strict=True)
    return [(a, b) for a, b in segments if any(a <= s.start < b for s in worth)]


def _brackets(request: Request) -> list[Stretch]:
    found = (m.span() for m in _BRACKETS.finditer(request.text))
    return [(a, b) for a, b in found if sum(a <= n.start < b for n in request.numbers) > 1]


def _rows(request: Request, parameters: Sequence[Parameter]) -> Iterator[list[Stretch]]:
    """As many numbers to a call as it takes: "36 and 48, and then 60 and 96" for a tool of two numbers."""
    written = [n for n in request.numbers if n.number and not n.number.words and not n.number.ordinal]
    required = sum(p.kind in _NUMERIC for p in parameters if p.required)
    every = sum(p.kind in _NUMERIC for p in parameters)
    for width in {required, every} - {0, 1}:
        if len(written) > width and len(written) % width == 0:
            starts = [written[i].start for i in range(0, len(written), width)]
            ends = [written[i].end for i in range(width - 1, len(written), width)]
            yield list(zip(starts, ends, strict=True))
            yield list(zip(starts, [*starts[1:], len(request.text)], strict=True))
            yield list(zip([0, *ends[:-1]], ends, strict=True))


def _repeated(request: Request) -> Iterator[list[Stretch]]:
    """From each occurrence of a word to the next: "between A and B, and between C and D"."""
    if len(request.tokens) > _LONGEST:
        return
    places: dict[str, list[int]] = defaultdict(list)
    for token in request.tokens:
        if token.text[0].isalpha():
            places[token.stem].append(token.start)
    worth = [span.start for span in salient(request)]
    for starts in places.values():
        if not 2 <= len(starts) <= _MOST_REPEATED:
            continue
        found = list(zip(starts, [*starts[1:], len(request.text)], strict=True))
        held = [sum(a <= start < b for start in worth) for a, b in found]
        if min(held) > 0:
            yield found
