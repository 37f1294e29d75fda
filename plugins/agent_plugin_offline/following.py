"""A request that goes on with the one before: "and 20%?" asks the same of something else."""

from __future__ import annotations

import re

from agent_plugin_offline.candidates import Request, Span, read_request

_FRAGMENT = re.compile(
    r"(?:(?:and|or|now|then|so|ok(?:ay)?)[\s,]+)*(?:(?:what|how)\s+about\s+|(?:the\s+)?same\s+(?:for|with|thing\s+for)\s+|(?:do|try)\s+)?"
    r"(?:(?:for|of|with|on|in|to|from|at)\s+)?(?P<other>\S.*?)(?:\s+(?:instead|then|too|as\s+well))?[\s?.!]*$",
    re.IGNORECASE,
)
_CONTINUES = re.compile(r"(?:and|or|now|then|same|the\s+same|what\s+about|how\s+about)\b|.*\binstead\b", re.IGNORECASE)
_KINDS = ("email", "url", "path", "datetime", "date", "time", "percent", "money", "number")
"""Of what can be exchanged, the most telling first."""
_MOST_WORDS = 6
_OWNER = re.compile(r"\b(?:my|our|[A-Z][\w-]+['’]s)(?:\s+\w+['’]s)?\s+(?=\w)")
_OWNED = re.compile(r"(?P<owner>(?:my|our|[A-Z][\w-]+['’]s)(?:\s+\w+['’]s)?)(?:\s+(?P<thing>\w[\w\s]*))?$")


def completed_by(request: str, previous: str) -> str | None:
    """`previous` with what `request` names in place of what it named; None where the request is more than that."""
    fragment = _FRAGMENT.match(request.strip())
    if not previous or fragment is None or not _CONTINUES.match(request.strip()):
        return None
    other = fragment["other"]
    if len(other.split()) > _MOST_WORDS:
        return None
    named = _OWNED.fullmatch(other)
    if named and (before := _OWNER.search(previous)):
        if named["thing"]:
            return f"{previous[: before.start()]}{other}?"
        return f"{previous[: before.start()]}{named['owner']} {previous[before.end() :]}"
    return _exchanged(read_request(other), read_request(previous))


_OPERATOR = re.compile(r"\s*(?:plus|minus|times|[-+*/×÷])\s*\d", re.IGNORECASE)


def goes_on_computing(request: str) -> bool:
    """Whether a request is only the rest of a sum: "plus 4"."""
    return _OPERATOR.match(request) is not None


def _exchanged(other: Request, previous: Request) -> str | None:
    for kind in _KINDS:
        new = [span for span in _of_kind(other, kind) if span.end - span.start == len(other.text.strip())]
        old = _of_kind(previous, kind)
        if new and old:
            place = old[0]
            return f"{previous.text[: place.start]}{other.text.strip()}{previous.text[place.end :]}"
    return None


def _of_kind(request: Request, kind: str) -> list[Span]:
    if kind in ("datetime", "date", "time"):
        return [span for span in request.moments if span.moment and span.moment.kind == kind]
    if kind in ("percent", "money", "number"):
        found = [span for span in request.numbers if kind in span.kinds]
        return found if kind != "number" else [span for span in found if not span.kinds & {"percent", "money"}]
    return [span for span in request.spans if kind in span.kinds]
