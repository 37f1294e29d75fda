"""Sentences beside a request that ask for nothing themselves: a reason, or where the things stand that it is about.

"Delete old.txt, I don't need it any more" is one order and a reason. "The data is in sales.csv. What is the total?"
is one question; the statement says of what. What a statement names goes to the request that lacks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent_plugin_offline.candidates import Span, read_request
from agent_plugin_offline.grammar import COMMON_VERBS
from agent_plugin_offline.numbers import find_numbers
from agent_plugin_offline.text import words

_STATES = (
    r"(?:is|are|was|were|has|have|had|contains?|holds?|lives?|sits?|stands?|says?|does|did|will|won['’]t|can['’]?t|cannot"
    r"|should(?:n['’]t)?|(?:is|are|was|were|do|does|did|has|have)n['’]t|lists?|shows?|keeps?|comes?|goes|lasts?|starts?|ends?|takes?)"
)
_CLAUSE = r"(?:when|if|where|that|which|who|whose)"
"""What follows is said of the subject: "the remainder when 17 is divided by 5" states nothing."""
_STATEMENT = re.compile(
    r"(?:(?:because|since|as|so|and|but|well|anyway|sorry)[,\s]+)*"
    r"(?:(?:i|it|they|we|he|she|that|this|these|those|there|you|everything)(?:['’](?:s|m|ve|re|ll|d))?(?=\s)"
    rf"|(?:my|our|his|her|its|their|the|all|today['’]s|this)\s+(?:(?!{_CLAUSE}\b)[\w'’-]+\s+){{1,4}}?{_STATES}\b)",
    re.IGNORECASE,
)
_PLAIN_STATEMENT = re.compile(
    r"(?P<first>[\w'’.-]+)\s+(?:(?!to\b|and\b|with\b)[A-Za-z][\w'’-]*\s+){0,3}?(?:is|are|was|were|belongs?|has|have|(?:is|are|was|were|do|does|did|has|have)n['’]t)\b(?!\s*[=<>])",
    re.IGNORECASE,
)
_ASKING = words(
    "what which who whom whose when where why how is are was were do does did can could would will should "
    "shall may has have any"
)
_ORDERING = COMMON_VERBS | words(
    "text mail google append insert delete erase rename jot summarise remind schedule cancel"
)
_WISHES = re.compile(
    r"(?<!n['’]t )(?<!not )(?<!never )(?<!no longer )\b(?:need|want|wish|wonder|wondering|would\s+(?:like"
    r"|love)|have\s+to|must|forgot(?:ten)?|forget|please|let['’]s)\b"
    r"|['’]d\s+(?:like|love)\b",
    re.IGNORECASE,
)
_INTO_PLACE = re.compile(
    r"\b(?:it|them|these|those|this|that|they)\b|\bthe\s+(?:numbers|values|figures|file|table|data|list)\b",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"(?:(?:make|set|use)\s+)?(?:the\s+|its\s+|a\s+|as\s+)?(?P<label>subject|title|text|body|message|location|name|description)(?:\s+line)?\s*"
    r"(?:\s+(?:is|should\s+(?:be|say|read)|shall\s+be|must\s+be|will\s+be|to|as)\s+|\s*:\s*|\s+(?=['\"“]))(?P<value>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_SUBJECT = re.compile(
    rf"(?P<subject>(?:my|our|his|her|their|the|this)\s+(?:[\w'’-]+\s+){{1,4}}?){_STATES}\b", re.IGNORECASE
)
_EQUATION = r"(?<![A-Za-z])[a-z\d(][\w+*/^().-]*(?:\s*[-+*/^]\s*[\w^().]+)*\s*=\s*-?[\w^().]+(?:\s*[-+*/]\s*[\w^().]+)*"
_EQUATIONS = re.compile(rf"{_EQUATION}(?:\s*(?:,|and|,\s*and)\s+{_EQUATION})*")
_COLUMN_OF = re.compile(r"\bthe\s+\w+\s+column\s+(?:of|in|from)\s+\S+\.\w{1,5}\b", re.IGNORECASE)
_LIST = re.compile(r"-?\d[\d.]*(?:\s*(?:,\s*and|,|;|and|&)\s+-?\d[\d.]*)+", re.IGNORECASE)


def is_remark(piece: str) -> bool:
    """Whether `piece` states something and asks for nothing."""
    piece = piece.strip()
    if piece.endswith("?") or _WISHES.search(piece):
        return False
    if _STATEMENT.match(piece) is not None:
        return True
    plain = _PLAIN_STATEMENT.match(piece)
    first = plain["first"].lower() if plain else ""
    asks = first.partition("'")[0].partition("’")[0] in _ASKING | _ORDERING
    return plain is not None and not asks


def names_nothing(remark: str, *, moments: bool = True) -> bool:
    """Whether a remark holds nothing that a call could take, so that leaving it out loses nothing.

    Args:
        remark: A sentence beside a request.
        moments: Whether a day or a number counts as such; nobody looks up less for knowing that tonight is a party.
    """
    read = read_request(remark)
    return not (
        read.addresses
        or read.quoted
        or (moments and (read.moments or any("number-word" not in one.kinds for one in read.numbers)))
    )


def with_remark(request: str, remark: str) -> Iterator[tuple[str, str]]:
    """`request` with what `remark` names put where it lacks it, and that value: most telling first."""
    request = request.strip().rstrip(".!?")
    if labelled := _LABELLED.fullmatch(remark.strip()):
        value = labelled["value"].strip().rstrip(".")
        yield f"{request} with {labelled['label'].lower()} {value}", value.strip("'\"“”")
        return
    if (equations := _EQUATIONS.search(remark)) and re.match(
        r"(?:what|which|find|solve|determine|work)\b", request, re.IGNORECASE
    ):
        yield f"solve {equations[0].strip()}", equations[0].strip()
    if told := _SUBJECT.match(remark.strip()):
        pronoun = re.search(r"\b(?:it|them)\b", request)
        if pronoun is not None:
            subject = told["subject"].strip()
            yield request[: pronoun.start()] + subject + request[pronoun.end() :], _bare(subject)
    for value, preposition in _named(remark):
        place = _INTO_PLACE.search(request)
        if place is not None:
            yield request[: place.start()] + value + request[place.end() :], value
        yield f"{request} {preposition} {value}", value


def was_taken(value: str, args: Mapping[str, Any]) -> bool:
    """Whether a call takes the value as it is, and not as a piece of some other text."""
    numbers = [number.value for number in find_numbers(value)]
    value = value.rpartition(" ")[2] if _COLUMN_OF.fullmatch(value) else value
    return any(value in (given if isinstance(given, list) else [given]) or given == numbers for given in args.values())


def _bare(subject: str) -> str:
    return re.sub(r"^(?:the|my|our|this|that)\s+", "", subject, flags=re.IGNORECASE)


def _named(remark: str) -> Iterator[tuple[str, str]]:
    """What a remark names, with the preposition that it would follow in a request."""
    read = read_request(remark)
    if column := _COLUMN_OF.search(remark):
        yield column[0], "in"
    for span in read.addresses:
        if "path" in span.kinds and not span.kinds & {"email", "url"}:
            yield span.text, "in"
        elif "email" in span.kinds:
            yield span.text, "to"
    listed = _LIST.search(remark)
    if listed is not None and not read.addresses and len(find_numbers(listed[0])) > 1:
        yield listed[0], "of"
    if not read.addresses and listed is None:
        yield from ((span.text, _before(remark, span)) for span in _outermost(read.moments))


def _before(remark: str, span: Span) -> str:
    before = remark[: span.start].split()
    return before[-1].lower() if before and before[-1].lower() in ("at", "on", "from", "in", "for") else "on"


def _outermost(spans: list[Span]) -> list[Span]:
    longest = sorted(spans, key=lambda span: span.start - span.end)
    return [span for n, span in enumerate(longest) if not any(span.overlaps(other) for other in longest[:n])]
