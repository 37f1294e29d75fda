"""Questions about the user's own life: what notes are for, unless another tool is named in the question.

"When does my lease end?" asks for something that only the user can have told. A tool that keeps such facts shows it by
its examples: most of them are questions of that kind.
"""

from __future__ import annotations

import re

from agent_plugin_offline.places import PLACES
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.slots import Slot, slots_of
from agent_plugin_offline.text import STOP_WORDS, VERBS, identifier_words, stem, tokenize
from agent_plugin_offline.wording import kin

_REMINDING = re.compile(
    r"(?:(?:please|and|so|can\s+you|could\s+you|would\s+you)\s+)*"
    r"(?:(?:tell|give|show|remind)\s+me(?:\s+of|\s+about)?(?:\s+again)?|recall|do\s+you\s+(?:still\s+)?(?:know|remember|recall)"
    r"|i(?:['’]ve|\s+have)?\s+(?:forgot|forgotten|forget)|i\s+need(?:\s+to\s+know)?|look\s+up)\s+"
    r"(?=(?:what|where|when|who|whose|which|how|my|our|[A-Z][\w-]+['’]s)\b|the\b.*\b[iI]\s+(?:told|gave)\s+you\b)"
    r"|i(?:['’]ve|\s+have)?\s+(?:forgotten|forgot)\s+(?=the\b)",
)
"""What may stand before such a question, and make one of a mere "my badge number"."""
_QUESTION = re.compile(
    r"(?:and\s+)?(?:(?:in|on|at|for|to|with|under)\s+)?(?P<word>what|where|when|who|whom|whose|which|how\s+(?:much|many|old|tall|long|far|big|often))\b"
    r"(?:['’]s\b)?",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:my|our|mine)\b|\b(?:did|was|were|am|have|had|do)\s+(?:i|we)\b|\b[A-Z][\w-]+['’]s\s+(?=[a-z])"
    r"|\b(?:grandma|grandpa|gran|granny|mum|mom|dad|mummy|daddy|auntie)['’]?s\s+(?=[a-z])|\b[A-Z][a-z]+s\s+(?=(?:extension|number|phone|birthday|address|email)\b)|\bi\s+(?:told|gave)\s+you\b"
    r"|\byou\s+(?:know|remember|have)\s+about\s+(?=[A-Z]|my\b|our\b)"
    r"|\bi\s+(?:said|told|asked|left|parked|put|have|like|prefer|keep|kept|need|use|work|live)\b"
)
_NAMED_ONE = re.compile(r"\s*(?:is|does|did|was|has)\s+(?P<name>[A-Z][a-z]+)\s+(?=[a-z])")
"""Somebody who is known by one name is known to the user: "What is Leo allergic to?"."""
_KEPT = re.compile(
    r"\s*(?:is|are|was|were)?\s*the\s+(?:[\w-]+\s+){0,3}?(?:password|passcode|pin|code|combination|number|serial|key|address|extension|plate|login|username)s?\b"
    r"(?!\s+(?:of|for|to)\s+(?:an?\s|[A-Z]))(?!\s+of\s+\w+s\b)"
)
"""What people have told to them and write down: "What's the wifi password?"."""
_THING = (
    r"the\s+(?!(?:\w+est|best|worst|most|least|next|first|last|other|same)\b)[a-z][\w'’-]*(?:\s+(?!of\b)[a-z]"
    r"[\w'’-]*){0,4}[\s.?!]*$"
)
_AT_HAND = {
    "where": re.compile(rf"\s*(?:is|are|do\s+(?:we|i)\s+keep)?\s*{_THING}"),
    "when": re.compile(rf"\s*(?:is|are|does|do)?\s*{_THING}"),
    "who": re.compile(
        rf"\s*(?:has|has\s+got|got)\s+{_THING}|\s*(?:is\s+)?(?!the\b|an?\b|your?\b|my\b)[a-z]+\s+(?:to|for|with)\s+[a-z]"
    ),
    "what": re.compile(r"\s*(?:is|are)?\s*the\s+(?:[a-z][\w'’-]*\s+){1,3}called\b"),
}
"""What is asked of a thing that needs no further name is asked of one at hand: "Where is the spare key?"."""
_ADVICE = re.compile(r"\b(?:should|shall|can|could|would|will|might|must|how\s+(?:do|to))\b", re.IGNORECASE)
_PLACES = frozenset(map(stem, ("web", "internet", "online")))
"""Where to look; "my internet contract" is not looked up there."""
_AUXILIARY = re.compile(r"\s*(?:(?:day|date|time)\s+)?(?:is|are|was|were|does|do|did|has|have|had|am)\b", re.IGNORECASE)
_YOU_KNOW = re.compile(r"^\s*(?:do|did)\s+you\s+(?:know|remember|have)\s+about\b", re.IGNORECASE)
_FORGOTTEN = re.compile(r"i(?:['’]ve|\s+have)?\s+(?:forgot|forgotten)\b", re.IGNORECASE)
_ASIDE = re.compile(
    r",?\s+what\s+(?:is|was)\s+it(?=[\s.?!]*$)|\s+(?:(?:that\s+)?i\s+(?:told|gave)\s+you(?:\s+about)?|again|exactly|actually)(?=[\s.?!]*$)",
    re.IGNORECASE,
)
_OWNER = re.compile(r"\s*(?:(?:my|our|the|an?|i|we|me)\b\s*)+", re.IGNORECASE)


def asks_for_own_fact(text: str) -> bool:
    """Whether `text` asks what, where, when or who something of the user's, or of somebody named, is."""
    original = text
    text, reminded = _without_reminding(text)
    question = _QUESTION.match(text)
    if (question is None and not reminded) or _ADVICE.search(text):
        return False
    if reminded and _FORGOTTEN.match(original):
        return True
    rest = text[question.end() if question else 0 :]
    if _OWN.search(re.sub(r"\bI\b", "i", rest)) or _KEPT.match(rest):
        return True
    at_hand = _AT_HAND.get(question["word"].lower()) if question else None
    if at_hand is not None and at_hand.match(rest):
        return True
    named = _NAMED_ONE.match(rest)
    return named is not None and named["name"].lower() not in PLACES


def _without_reminding(text: str) -> tuple[str, bool]:
    opening = _REMINDING.match(text[:1].lower() + text[1:])
    return (text[opening.end() :], True) if opening else (text, False)


def asks_when(text: str) -> bool:
    """Whether `text` asks for a day or time: then a calendar may know it as well as a note."""
    text, _ = _without_reminding(text)
    return (
        re.match(r"(?:and\s+)?(?:when|(?:on|at)?\s*(?:what|which)\s+(?:day|date|time))\b", text, re.IGNORECASE)
        is not None
    )


def subject_of(text: str) -> str:
    """What a question is about: "gym membership expire" of "When does my gym membership expire?"."""
    text, _ = _without_reminding(text)
    question = _QUESTION.match(text)
    rest = _YOU_KNOW.sub("", text[question.end() if question else 0 :])
    for pattern in (_AUXILIARY, _OWNER):
        start = pattern.match(rest)
        rest = rest[start.end() :] if start else rest
    return _ASIDE.sub("", rest).strip(" .?!,;:")


def memory_slot(tool: ToolSpec) -> Slot | None:
    """The parameter that takes the question, of a tool that keeps the user's facts; None for any other tool."""
    if not tool.examples or 2 * sum(map(asks_for_own_fact, tool.examples)) < len(tool.examples):
        return None
    required = [slot for slot in slots_of(tool) if slot.required]
    return required[0] if len(required) == 1 and required[0].role in ("query", "content") else None


def is_named(tool: ToolSpec, text: str) -> bool:
    """Whether the question says a word of the tool's name, or one that means the same: "appointment" for an event."""
    places = [slot.name for slot in slots_of(tool) if slot.role == "folder"]
    named = [word for name in (tool.name, *places) for word in identifier_words(name)]
    names = kin(frozenset(stem(word) for word in named if word not in STOP_WORDS | VERBS))
    names -= _PLACES
    tokens = tokenize(text)
    said = [
        token for place, token in enumerate(tokens) if not place or tokens[place - 1].lower not in ("i", "we", "you")
    ]
    return any(stem(token.text) in names for token in said if token.lower not in STOP_WORDS)
