"""Orders that no single tool serves, said as those that tools serve: a copy is read and written."""

from __future__ import annotations

import re

from agent_plugin_offline.moments import find_moments

_FILE = r"(?:'[^']+'|\"[^\"]+\"|\S+\.\w{1,5})"
_COPY = re.compile(
    rf"(?:make|create|save|take|write)\s+(?:me\s+)?an?\s+(?:\w+\s+)?copy\s+of\s+(?:the\s+)?(?:file\s+)?(?P<source>{_FILE})\s+(?:called|named|as|to|in|into|under\s+the\s+name)\s+(?P<target>{_FILE})[\s.!?]*$"
    rf"|(?:copy|duplicate)\s+(?:the\s+)?(?:file\s+)?(?P<from>{_FILE})\s+(?:to|into|as)\s+(?P<to>{_FILE})[\s.!?]*$",
    re.IGNORECASE,
)
_PUT_OFF = re.compile(
    r"(?:move|reschedule|postpone|shift|push|bring\s+forward|put\s+off|put\s+back)\s+(?:back\s+|forward\s+)?(?:the\s+|my\s+|our\s+)?(?P<what>(?!\S+\.\w{1,5}\s)[^,]+?)"
    r"(?:\s+(?:on|from|of)\s+(?P<old>[^,]+?))?\s+(?:to|until|till|for)\s+(?P<new>[^,]+?(?:,\s*[^,]{,12})?)[\s.!?]*$",
    re.IGNORECASE,
)
_WAS_PUT_OFF = re.compile(
    r"(?:the|my|our)\s+(?P<what>[^,.]+?)(?:\s+(?:on|from|of)\s+(?P<old>[^,.]+?))?\s+(?:has\s+been|was|is|got|has)\s+(?:now\s+)?(?:moved|put\s+back|put\s+off|postponed|rescheduled|shifted|changed|brought\s+forward|(?=on\b|at\b))"
    r"\s*(?:to|until|till|on|at)\s+(?P<new>[^,]+?)(?:,|\.|\s+-|\s+so|\s+and)\s+.*\b(?:update|change|correct|adjust|move|put)\b[^.]*[.!?]*$",
    re.IGNORECASE,
)
"""Somebody says that a date was put off, and orders that to be noted."""
_OPEN_ONE = re.compile(
    r"(?:open|read|print|display|show(?:\s+me)?(?:\s+(?:what(?:['’]s|\s+is)\s+in|the\s+contents?\s+of))?)\s+(?:me\s+)?(?P<which>the\s+(?:newest|latest|oldest|largest|biggest|smallest|most\s+recent)\s+file\b.*)$",
    re.IGNORECASE,
)
"""A file that must be found before it can be opened."""
_NOT_SENT = re.compile(
    r"(?:(?:write|prepare|compose|create|make|send|draft)(?:\s+up)?\s+|(?P<mail>e-?mail|mail)\s+)(?P<rest>.+?),?\s+(?:but|and)\s+(?:please\s+)?(?:don['’]t|do\s+not)\s+send\s+(?:it|them|that)(?:\s+(?:yet|off|out|just\s+yet))?[\s.!]*$",
    re.IGNORECASE | re.DOTALL,
)
_DERIVATIVE = re.compile(
    r"(?:what(?:['’]s|\s+is)\s+|find\s+|calculate\s+)?d/d(?P<variable>[a-z])\s+(?:of\s+)?(?P<what>.+?)[\s.?!]*$",
    re.IGNORECASE,
)


def reworded(request: str) -> str:
    """`request` in words that tools are asked for with; as it is where it needs none."""
    if copy := _COPY.match(request):
        return f"read {copy['source'] or copy['from']} and save its contents to {copy['target'] or copy['to']}"
    if derivative := _DERIVATIVE.match(request):
        return f"differentiate {derivative['what']} with respect to {derivative['variable']}"
    if unsent := _NOT_SENT.match(request):
        return f"draft {'an email to ' if unsent['mail'] else ''}{unsent['rest']}"
    opened = _OPEN_ONE.match(request)
    if opened and not re.match(r"show(?:\s+me)?\s+the\s+\w+\s+file", request, re.IGNORECASE):
        return f"list {opened['which'].rstrip(' .!?')} and read it"
    put_off = _PUT_OFF.match(request) or _WAS_PUT_OFF.match(request)
    if put_off and _is_moment(put_off["new"]) and (put_off["old"] is None or _is_moment(put_off["old"])):
        day = f" on {put_off['old']}" if put_off["old"] else ""
        return f"cancel the event '{put_off['what']}'{day} and add an event '{put_off['what']}' on {put_off['new']}"
    return request


def _is_moment(text: str) -> bool:
    """Whether a text begins with a day; a mere hour says no day for what has no other."""
    return any(
        moment.start == 0 and moment.kind in ("date", "datetime") for moment in find_moments(text.removeprefix("the "))
    )
