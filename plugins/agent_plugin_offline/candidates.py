"""Candidate spans: everything in a request that could be the value of a parameter, with what kind of thing it is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from agent_plugin_offline.grammar import asked_for, verbal
from agent_plugin_offline.lexicon import UNIT_CLASS
from agent_plugin_offline.moments import MomentSpan, find_moments
from agent_plugin_offline.numbers import NumberSpan, find_numbers
from agent_plugin_offline.places import PLACES
from agent_plugin_offline.text import MAX_REQUEST_CHARS, Token, identifier_words, stem, tokenize, words

MAX_PHRASE_TOKENS = 8
MAX_NUMBERS, MAX_SPANS = 150, 2500
"""What one request can offer at most: bounds the time that a pasted table takes."""
MAX_CONTENT_TOKENS = 150
CONTENT_MARKERS = words("that saying says say telling tell reading text message words content titled named called")
MAX_TOKENS_FOR_ALL_PHRASES = 60
"""Longer requests get only the phrases that begin and end at a boundary."""

MAX_LITERAL_CHARS = 2000
_BRACKET = re.compile(r"[()\[\]{}]")
_QUOTES = re.compile(
    r"(?<!\w)'([^'\n]{1,400}(?:'(?=\w)[^'\n]{1,200})*)'(?!\w)|\"([^\"\n]{1,1000})\"|“([^”]{1,1000})”|‘([^’]{1,400})’|`([^`]{1,1000})`"
)
_PATTERNS = {
    "email": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w"),
    "phone": re.compile(r"(?<![\w.])\+?\(?\d[\d().-]*(?:[\s-][\d().-]+)*\d(?![\w%]|\.\d)"),
    "url": re.compile(r"\b(?:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)]"),
    "path": re.compile(
        r"(?<![\w@/])(?:[A-Za-z]:)?(?:[~.]{0,2}[/\\])?(?:[\w.-]+[/\\])*[\w-]+\.[A-Za-z]\w{0,4}\b(?![@/])"
        r"|(?<![\w:/])(?:[~.]{0,2}/)(?:[\w.-]+/?)+"
    ),
    "code": re.compile(
        r"\b(?=\w*\d)(?=\w*[A-Za-z])[\w-]{2,40}(?:/[\w-]{1,20})?\b|\b\d{2,4}/[A-Z][\w-]*\b|(?<!\w)#\w+|\b[A-Z]{2,6}\b(?:[-/]\w+)*"
    ),
    "identifier": re.compile(r"\b[a-zA-Z]+(?:_[a-zA-Z0-9]+)+\b|\b[a-z]+[A-Z]\w*\b"),
    "state": re.compile(r"\b[A-Z][\w.'-]+(?:\s[A-Z][\w.'-]+){0,3},\s[A-Z][\w.]+(?:\s[A-Z]\w+)?"),
}
_OPERAND = (
    r"(?:\d+(?:\.\d+)?[a-z]?(?:\([^()]{1,30}\))?|[a-z](?![a-z])"
    r"|(?:sin|cos|tan|exp|log|ln|sqrt|e|pi)\b(?:\^?\(?[^\s()]{1,12}\)?)?|\((?:[^()]|\([^()]*\)){1,60}\))"
)
_POWER = rf"{_OPERAND}(?:\s?(?:\^|\*\*|²|³)\s?\(?-?[\w./]*\)?)?"
_EXPRESSION = re.compile(
    rf"(?<![\w.])-?{_POWER}(?:\s?(?:[-+*/×÷=−]|\*\*)\s?-?{_POWER}|{_POWER})*(?:\s?=\s?-?[\w.]+)?(?![\w])", re.IGNORECASE
)
_PERCENTAGE = re.compile(r"\d[\d.,]*\s?(?:%|percent)\s+of\s+[$€£]?\d(?:[\d.,]*\d)?", re.IGNORECASE)
_LOOKS_LIKE_MATHS = re.compile(r"[\^*+/=²³]|\w\s-\s\w|(?:sin|cos|tan|exp|log|ln|sqrt)\b|\d[a-z]\b", re.IGNORECASE)


@dataclass(frozen=True)
class Span:
    """`request.text[start:end]`, with the kinds of thing it may be."""

    start: int
    end: int
    text: str
    kinds: frozenset[str]
    number: NumberSpan | None = None
    moment: MomentSpan | None = None
    first: int = 0
    """Index of its first token."""
    last: int = 0
    """Index of its last token."""

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a character."""
        return self.start < other.end and other.start < self.end


class Request:
    """A request, read once: what all tools and parameters share."""

    def __init__(self, text: str) -> None:
        self.text = text[:MAX_REQUEST_CHARS]
        self.tokens: list[Token] = tokenize(self.text)
        self._starts = [token.start for token in self.tokens]

    @cached_property
    def stems(self) -> list[frozenset[str]]:
        """Per token, the stems of its parts ("car_price" has two)."""
        return [frozenset(stem(w) for w in identifier_words(t.text)) | {t.stem} for t in self.tokens]

    @cached_property
    def verbal(self) -> list[bool]:
        """Per token, whether it is used as a verb."""
        return verbal(self.tokens)

    @cached_property
    def asked_for(self) -> tuple[int, int]:
        """First and last token of the thing that is asked for."""
        return asked_for(self.tokens)

    @cached_property
    def numbers(self) -> list[Span]:
        """Numbers, with their values."""
        found = find_numbers(self.text)[:MAX_NUMBERS]
        return [self._span(n.start, n.end, _number_kinds(n), number=n) for n in found]

    @cached_property
    def moments(self) -> list[Span]:
        """Dates and times, with their ISO form."""
        return [self._span(m.start, m.end, {m.kind, "moment"}, moment=m) for m in find_moments(self.text)]

    @cached_property
    def quoted(self) -> list[Span]:
        """What stands in quotation marks, without them; quotes around the whole request do not count."""
        spans = ((m.start(m.lastindex or 0), m.end(m.lastindex or 0)) for m in _QUOTES.finditer(self.text))
        whole = (0, len(self.text))
        return [self._span(a, b, {"quoted"}) for a, b in spans if (a - 1, b + 1) != whole and b > a]

    @cached_property
    def spans(self) -> list[Span]:
        """Spans of text, each once, with all kinds that were found for it."""
        found: dict[tuple[int, int], Span] = {}
        for span in [*self.numbers, *self.moments, *self.quoted, *self._patterns(), *self._phrases()]:
            key = (span.start, span.end)
            known = found.get(key)
            found[key] = _merged(known, span) if known else span
        return sorted(found.values(), key=lambda s: (s.start, s.end))[:MAX_SPANS]

    @cached_property
    def names(self) -> list[Span]:
        """Capitalised names in full, and known places."""
        return [span for span in self.spans if span.kinds & {"name", "place"}]

    @cached_property
    def addresses(self) -> list[Span]:
        """What is written in a form of its own: mail addresses, web pages, files, telephone numbers."""
        return [span for span in self.spans if span.kinds & {"email", "url", "path", "phone"}]

    @cached_property
    def expressions(self) -> list[Span]:
        """Formulas and equations."""
        return [span for span in self.spans if "expression" in span.kinds]

    def token_at(self, position: int) -> int:
        """Index of the token at or before a character position."""
        return max(0, bisect_right(self._starts, position) - 1)

    def span(self, start: int, end: int, kind: str) -> Span:
        """A span of this request that no pattern found: a list, something in brackets."""
        return self._span(start, end, {kind})

    @cached_property
    def lists(self) -> list[tuple[int, int, list[str]]]:
        """Coordinated items ("rock, jazz and blues"), as (start, end, items)."""
        return find_lists(self)

    @cached_property
    def brackets(self) -> list[tuple[int, int]]:
        """Outermost balanced brackets of all three kinds, as (start, end)."""
        found: list[tuple[int, int]] = []
        depth = start = 0
        for match in _BRACKET.finditer(self.text):
            if match.group() in "([{":
                start = match.start() if not depth else start
                depth += 1
            elif depth:
                depth -= 1
                if not depth and match.end() - start < MAX_LITERAL_CHARS:
                    found.append((start, match.end()))
        return found

    def _span(
        self,
        start: int,
        end: int,
        kinds: set[str],
        number: NumberSpan | None = None,
        moment: MomentSpan | None = None,
    ) -> Span:
        text = self.text[start:end]
        if text.lower().rstrip(".") in PLACES:
            kinds = kinds | {"place"}
        first, last = self.token_at(start), self.token_at(max(start, end - 1))
        return Span(start, end, text, frozenset(kinds), number, moment, first, last)

    def _patterns(self) -> Iterator[Span]:
        for kind, pattern in _PATTERNS.items():
            for match in pattern.finditer(self.text):
                if kind == "phone" and not 7 <= sum(c.isdigit() for c in match.group()) <= 15:
                    continue
                yield self._span(match.start(), match.end(), {kind})
        yield from self._units()
        for match in _PERCENTAGE.finditer(self.text):
            yield self._span(match.start(), match.end(), {"expression"})
        for match in _EXPRESSION.finditer(self.text):
            if _LOOKS_LIKE_MATHS.search(match.group()) and len(match.group()) > 2:
                yield self._span(match.start(), match.end(), {"expression"})

    def _units(self) -> Iterator[Span]:
        """Units of measure behind a number: "4 inches", "5cm"."""
        for number in self.numbers:
            token = self.tokens[number.last]
            if number.end < token.end and self.text[number.end : token.end].lower() in UNIT_CLASS:
                yield self._span(number.end, token.end, {"unit"})
            elif number.last + 1 < len(self.tokens) and not token.ends_clause:
                following = self.tokens[number.last + 1]
                if following.lower in UNIT_CLASS or following.stem in UNIT_CLASS:
                    yield self._span(following.start, following.end, {"unit"})

    def _phrases(self) -> Iterator[Span]:
        tokens = self.tokens
        everywhere = len(tokens) <= MAX_TOKENS_FOR_ALL_PHRASES
        for first, token in enumerate(tokens):
            if token.is_stop and not token.capitalised and first and not tokens[first].before:
                continue
            if not everywhere and not self.boundary_before(first):
                continue
            for last in range(first, min(first + MAX_PHRASE_TOKENS, len(tokens))):
                if last > first and tokens[last - 1].ends_sentence and len(tokens[last - 1].text) > 3:
                    break
                if self._may_end(first, last) and (everywhere or self.boundary_after(last)):
                    yield self._phrase(first, last)
        yield from self._rests()
        yield from self._contents()

    def _may_end(self, first: int, last: int) -> bool:
        """Whether a phrase may end here: at no function word ("product A" holds none), with no bracket open."""
        token = self.tokens[last]
        letter = len(token.text) == 1 and token.capitalised and last > first and token.text != "I"
        if token.is_stop and not letter:
            return False
        inside = self.text[self.tokens[first].start : token.end]
        return inside.count("(") == inside.count(")")

    def _contents(self) -> Iterator[Span]:
        """What somebody dictates: from "that", "saying" or a colon to the end of the sentence or of the request."""
        ends = [i for i, t in enumerate(self.tokens) if t.ends_sentence] or [len(self.tokens) - 1]
        for index, token in enumerate(self.tokens[:-1]):
            if token.lower in CONTENT_MARKERS or ":" in token.after:
                first = index + 1
                if self.tokens[first].lower in ("him", "her", "them", "me", "that") and first + 1 < len(self.tokens):
                    first += 1
                end = next((e for e in ends if e >= first), len(self.tokens) - 1)
                for last in sorted({end, len(self.tokens) - 1}):
                    if last - first < MAX_CONTENT_TOKENS:
                        yield self._span(self.tokens[first].start, self.tokens[last].end, {"content"})

    def _rests(self) -> Iterator[Span]:
        """Free text to the end of its sentence or of the request, after a verb, a preposition or a colon."""
        if not self.tokens:
            return
        ends = [i for i, t in enumerate(self.tokens) if t.ends_sentence] or [len(self.tokens) - 1]
        for first in range(1, min(len(self.tokens), 80)):
            if self.boundary_before(first):
                end = next((e for e in ends if e >= first), len(self.tokens) - 1)
                for last in sorted({end, len(self.tokens) - 1}):
                    if last - first >= MAX_PHRASE_TOKENS and last - first < 120:
                        yield self._span(self.tokens[first].start, self.tokens[last].end, {"rest"})

    def _phrase(self, first: int, last: int) -> Span:
        kinds = {"phrase"}
        inside = self.tokens[first : last + 1]
        if all(t.capitalised or t.is_stop or t.text[0].isdigit() for t in inside) and inside[0].capitalised:
            complete = (first == 0 or not self._joins(first - 1)) and (
                last + 1 == len(self.tokens) or not self._joins(last)
            )
            kinds.add("name" if complete and (first or last) else "part-name")
        return self._span(self.tokens[first].start, self.tokens[last].end, kinds)

    def _joins(self, index: int) -> bool:
        """Whether two neighbouring words are both capitalised, with nothing between them."""
        left, right = self.tokens[index], self.tokens[index + 1]
        if index > 0 and "of" in (left.lower, right.lower) and 0 < index + 1 < len(self.tokens) - 1:
            around = (self.tokens[index - 1], right) if left.lower == "of" else (left, self.tokens[index + 2])
            return all(t.capitalised for t in around) and not (left.after or around[0].after) and index > 1
        return left.capitalised and right.capitalised and not left.after and not right.before and index > 0

    def boundary_before(self, index: int) -> bool:
        """Whether a phrase may begin at this token: after punctuation, a function word, or at the start."""
        if index == 0:
            return True
        previous = self.tokens[index - 1]
        return bool(previous.is_stop or previous.after or self.tokens[index].before)

    def boundary_after(self, index: int) -> bool:
        """Whether a phrase may end at this token: before punctuation, a function word, or at the end."""
        if index + 1 >= len(self.tokens):
            return True
        return bool(self.tokens[index].after or self.tokens[index + 1].is_stop or self.tokens[index + 1].before)


def _number_kinds(number: NumberSpan) -> set[str]:
    flags = {"percent": number.percent, "money": number.money, "ordinal": number.ordinal, "number-word": number.words}
    return {"number"} | {name for name, on in flags.items() if on}


def _merged(one: Span, other: Span) -> Span:
    return Span(
        one.start,
        one.end,
        one.text,
        one.kinds | other.kinds,
        one.number or other.number,
        one.moment or other.moment,
        one.first,
        one.last,
    )


def find_lists(request: Request) -> list[tuple[int, int, list[str]]]:
    """Runs of short items that commas and a conjunction hold together; the outer items end at function words."""
    found: list[tuple[int, int, list[str]]] = []
    items: list[tuple[int, int]] = []
    first = 0
    for index, token in enumerate(request.tokens):
        conjunction = token.lower in ("and", "or", "&")
        if not conjunction and token.is_stop and not token.capitalised:
            _close_list(request, items, found)
            items, first = [], index + 1
            continue
        if conjunction:
            if index > first:
                items.append((first, index - 1))
            first = index + 1
        elif "," in token.after or ";" in token.after:
            items.append((first, index))
            first = index + 1
        elif token.ends_clause or index + 1 == len(request.tokens) or _list_ends(request, index):
            items.append((first, index))
            _close_list(request, items, found)
            items, first = [], index + 1
    return found


def _list_ends(request: Request, index: int) -> bool:
    following = request.tokens[index + 1]
    return following.is_stop and following.lower not in ("and", "or", "&") and not following.capitalised


def _close_list(request: Request, items: list[tuple[int, int]], found: list[tuple[int, int, list[str]]]) -> None:
    tokens = request.tokens
    items = [(first, last) for first, last in items if first <= last]
    if len(items) < 2 or any(last - first > 4 for first, last in items[1:]):
        return
    head_first, head_last = items[0]
    for begin in range(head_first, head_last + 1):
        pairs = [(begin, head_last), *items[1:]]
        values = [request.text[tokens[a].start : tokens[b].end] for a, b in pairs]
        found.append((tokens[begin].start, tokens[items[-1][1]].end, values))


@lru_cache(maxsize=64)
def read_request(text: str) -> Request:
    """The request, analysed; the same text is analysed once."""
    return Request(text)
