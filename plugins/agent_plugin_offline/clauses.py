"""Where a request may be cut into clauses. Whether a cut is right is decided by what the clauses turn out to mean.

A cut never falls inside quotes, brackets, code, an address or a number, and at a mere "and" or comma only before a
word that starts a call of its own: a verb or a question word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from agent_plugin_offline.courtesies import content_start, is_courtesy, without_courtesies
from agent_plugin_offline.numbers import find_numbers
from agent_plugin_offline.openings import keeps_it
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.remarks import is_remark
from agent_plugin_offline.text import STOP_WORDS, identifier_words, stem, words

MAX_CUTS = 12
"""Further cuts of one request are ignored: nobody asks for more steps in one breath, and a pasted text would."""

_PROTECTED = re.compile(
    r"```.*?```|`[^`\n]*`|\"[^\"\n]*\"|“[^”]*”|«[^»]*»|(?<![\w'])'(?:[^'\n]|'(?=\w))*'(?!\w)|‘[^’]*’"
    r"|\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|https?://\S+|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    re.DOTALL,
)
_THEN = (
    r"(?:then|afterwards|after\s+(?:that|this|which)|finally|lastly|subsequently|once\s+(?:that|it)(?:'s|\s+is)\s+done)"
)
_JOINT = re.compile(
    rf"(?P<strong>(?<=[.!?])\s+|\s*;\s*|\s*\n+\s*|:\s+(?=(?:what|which|who|how)\b)|,?\s+(?:and|but)\s+{_THEN}\b,?\s*|,?\s+{_THEN}\b,?\s+|,?\s+and\s+also\s+)"
    r"|(?P<weak>,?\s+(?:and|plus|but|as\s+well\s+as)\s+|\s+&\s+|,\s+|\s+[-–—]+\s+(?=[a-z]{2}))",
    re.IGNORECASE,
)
_PAUSE = re.compile(r",\s+|\s+[-–—]+\s+")
"""Where a remark may follow; after a mere "and" it would be a second part of what is said."""
_BETWEEN = re.compile(r",?\s+(?:and|&|as\s+well\s+as)\s+(?:also\s+)?|,\s+", re.IGNORECASE)
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|dr|mr|mrs|ms|prof|st|vs|no|approx|[ap]\.m)|\b[A-Z])\.$", re.IGNORECASE
)
_FRONTED = re.compile(
    r"(?P<phrase>(?:in|from|with|using|under|on|at|to|for)\s+(?!which\b|what\b|whom\b)[^,]+?|(?:if|when|given|where)\s[^,]*=[^,]*?)\s*,\s+(?P<rest>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)
_FRONTED_FILE = re.compile(
    r"(?P<phrase>(?:in|from|to|into|with)\s+(?:the\s+)?(?:file\s+)?\S+\.\w{1,5})\s+(?P<rest>[a-z]\S*\s.*)$",
    re.IGNORECASE | re.DOTALL,
)
"""The same without a comma, where a file is named."""
_NEW = re.compile(r"new\s+[a-z]", re.IGNORECASE)
"""What is to be made, without a verb: "new event: ..."."""
_FORBIDS = re.compile(r"(?:do\s+not|don't|don’t|never)\b", re.IGNORECASE)
_QUESTIONS = words("what what's whats how how's which who who's where where's when when's is are was were does do did")
_MODALS = words("should shall may might must can could will would am have has")
"""They open a question too, unless it is a polite order ("could you ..."), which has lost them by then."""
_VERBS = words(
    "add append answer arrange ask attach block book buy calculate call cancel change check clear close compute "
    "convert copy count create decrease delete derive determine differentiate display divide double draft draw "
    "edit email erase estimate evaluate expand factor fetch figure find forget forward generate get give inform "
    "go halve increase insert integrate invite let list load look mail make message move multiply note notify "
    "open order pause pay play plot post print put raise read recall record remember remind remove rename "
    "replace reply report reserve retrieve round run save say schedule search select sell send set share "
    "show simplify solve sort speak square start stop store subtract sum switch take tell text translate "
    "turn update upload use work write"
)


ORDERS = _VERBS - words("find get show give tell look check call fetch report sort")
"""Verbs that order something to be done, rather than only to be found."""


@dataclass(frozen=True)
class Joint:
    """The words between two pieces of a request, `request[start:end]`."""

    start: int
    end: int
    strong: bool
    """A sentence end, a semicolon, "then": not just an "and" or a comma."""


def starting_words(tools: Iterable[ToolSpec]) -> frozenset[str]:
    """Stems of the words that a call may start with: common verbs, and what these tools' own words start with."""
    found: set[str] = set(_VERBS)
    for tool in tools:
        found.update(identifier_words(tool.name)[:1])
        found.update(
            phrase.split(None, 1)[0].lower() for phrase in (tool.description, *tool.examples) if phrase.strip()
        )
    return frozenset(stem(word) for word in found if word not in STOP_WORDS)


def joints(request: str, starts: Collection[str]) -> list[Joint]:
    """The places where a new call may begin, in order."""
    protected = [match.span() for match in _PROTECTED.finditer(request)]
    found: list[Joint] = []
    for match in _JOINT.finditer(request):
        begin, end = match.span()
        if any(low < end and begin < high for low, high in protected) or not request[end:].strip():
            continue
        strong = match.group("strong") is not None
        if strong and _ABBREVIATED.search(request[:begin]):
            continue
        if found and is_courtesy(request[found[-1].end : begin]):
            continue  # "after that, ..." is no clause of its own
        after = without_courtesies(request[end:])
        if not strong and _is_fronted(request[found[-1].end if found else 0 : begin], request[begin:end]):
            continue
        if begin > 0 and (
            strong
            or starts_a_call(after, starts)
            or (_PAUSE.fullmatch(match.group()) and (is_remark(after) or keeps_it(after)))
        ):
            found.append(Joint(begin, end, strong or after != request[end:].lstrip()))
    return found[:MAX_CUTS]


def _is_fronted(piece: str, joint: str) -> bool:
    """Whether `piece` is only a phrase before a verb, as in "In sales.csv, sum ..."."""
    return "," in joint and _FRONTED.match(f"{without_courtesies(piece)}, x") is not None


def and_joints(clause: str) -> list[tuple[int, int]]:
    """Where an "and" or a comma stands between items of `clause`, as (start, end); not inside quotes or brackets."""
    protected = [match.span() for match in _PROTECTED.finditer(clause)]
    places = [match.span() for match in _BETWEEN.finditer(clause)]
    protected += [(number.start, number.end) for number in find_numbers(clause) if number.words]
    free = [(a, b) for a, b in places if not any(low < b and a < high for low, high in protected)]
    return free if any(clause[a:b].strip(" ,") for a, b in free) else []


def starts_a_call(piece: str, starts: Collection[str]) -> bool:
    """Whether the first word of `piece` is a verb or a question word."""
    first = piece.split(None, 1)[0].lower().strip(",:") if piece.strip() else ""
    return first in _QUESTIONS or (stem(first) in starts and not first.endswith("ing"))


def is_question(piece: str) -> bool:
    """Whether `piece` begins with a question word."""
    return piece.split(None, 1)[0].lower().strip(",:") in _QUESTIONS | _MODALS if piece.strip() else False


def verb_first(piece: str, starts: Collection[str]) -> str:
    """`piece` with what stands before its verb moved behind it: "in a.csv, sum the cost" is "sum the cost in a.csv"."""
    if _NEW.match(piece):
        return f"create a {piece[:1].lower()}{piece[1:]}"
    match = _FRONTED.match(piece) or _FRONTED_FILE.match(piece)
    if match is None or not starts_a_call(match["rest"], starts):
        return piece
    rest = match["rest"].rstrip(" .!?")
    dictated = content_start(rest)
    place = len(rest) if dictated is None else dictated
    phrase = match["phrase"][0].lower() + match["phrase"][1:]
    return " ".join(part for part in (rest[:place].rstrip(" ,"), phrase, rest[place:]) if part)


def forbids(piece: str) -> bool:
    """Whether `piece` says what not to do."""
    return _FORBIDS.match(piece) is not None
