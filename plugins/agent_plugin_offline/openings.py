"""A file that is opened only to be asked about: "Read sales.csv and add up the units column" is one call.

People name the file first and say what they want of it second. The second part reads best with the file in its usual
place, behind it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agent_plugin_offline.text import words

_OPENING = re.compile(
    r"\s*(?:please\s+)?(?:can you\s+|could you\s+)?"
    r"(?:read|open|take|load|use|check|inspect|consult|scan|get|(?:(?:have|take)\s+a\s+(?:quick\s+)?)?look\s+(?:at|in|into|through)|go\s+(?:through|over|into))\s+"
    r"(?:(?:the|my|this|our)\s+)?(?:(?:file|table|spreadsheet|sheet|workbook)\s+)?"
    r"(?P<file>'[^']+\.\w{1,5}'|\"[^\"]+\.\w{1,5}\"|\S+\.\w{1,5})"
    r"(?:\s+(?:in\s+(?:this|the|my)\s+(?:folder|directory|workspace)|from\s+here|here))?\s*",
    re.IGNORECASE,
)
_REFERS_BACK = re.compile(
    r"\b(?:it|its|this|that|them|they|their|each|everything|the (?:file|text|content|contents))\b", re.IGNORECASE
)
_NAMES_A_FILE = re.compile(r"\S+\.[A-Za-z]\w{1,4}\b|\S+@\S+")


def asked_of_file(first: str, second: str) -> tuple[str, str] | None:
    """(file, request) when `first` only opens a file and `second` may be about it; None otherwise."""
    opening = _OPENING.fullmatch(first)
    wanted = second.strip().rstrip(".!?")
    if opening is None or not wanted or _REFERS_BACK.search(wanted) or _NAMES_A_FILE.search(wanted):
        return None
    file = opening["file"]
    return file.strip("'\""), f"{wanted} in {file}"


_DO_WITH_IT = re.compile(
    r"(?:please\s+|and\s+|so\s+)*(?P<verb>\w+)\s+(?:it|that|this)(?:\s+down)?(?:\s+for\s+me)?(?P<rest>(?:\s+(?:in|into|to|on|for|as)\s+.*)?)"
    r"(?:[\s,]+(?:too|as\s+well|please|for\s+me|for\s+later))*[\s.!?]*$",
    re.IGNORECASE,
)
_KEEP_IT = re.compile(
    r"(?:please\s+|and\s+|so\s+)*(?:(?:make|take|keep)\s+a\s+note\s+of|hold\s+on\s+to|keep\s+hold\s+of|keep\s+in\s+mind)\s*(?:it|that|this)?(?:[\s,]+(?:too|as\s+well|please|for\s+me))*[\s.!?]*$",
    re.IGNORECASE,
)
"""Orders of several words to remember what was said."""
_ALSO = re.compile(r"^(?:and|also|oh)\b[\s,]*", re.IGNORECASE)
_KEEPING = words("remember note memorise memorize know save keep store")
_HAVING = re.compile(r"(?:i(?:['’]ve|\s+have)(?:\s+got)?|there(?:['’]s|\s+is)|i['’]m\s+having)\s+", re.IGNORECASE)


def done_with(first: str, second: str) -> str | None:
    """One order of a statement and "put it in my calendar", or "remember that"; None where these are not it."""
    order = _DO_WITH_IT.match(second.strip())
    said = _ALSO.sub("", first.strip(" ,;:.-–—"))
    if said and _KEEP_IT.match(second.strip()):
        return f"remember that {said}"
    if order is None or not said:
        return None
    if order["rest"]:
        return f"{order['verb']} {_HAVING.sub('', said, count=1)}{order['rest']}"
    return f"{order['verb']}{' that' if order['verb'].lower() in _KEEPING else ''} {said}"


def keeps_it(piece: str) -> bool:
    """Whether `piece` orders what was said before it to be remembered, in more than one word."""
    return _KEEP_IT.match(piece.strip()) is not None


def is_about(file: str, args: Mapping[str, Any]) -> bool:
    """Whether a call takes the file as it is, and not as a piece of some other text."""
    return any(value == file for value in args.values())
