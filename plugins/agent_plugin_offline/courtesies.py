"""What people say around a request and ask for nothing by: greetings, "could you", "when you have a minute"."""

from __future__ import annotations

import re

from agent_plugin_offline.grammar import COMMON_VERBS

_OPENS_CONTENT = re.compile(
    r"\b(?:saying|says|telling|asking|reading|remind(?:ing)?\s+(?:me|us|him|her|them)\s+to|to\s+say|body|message|text)\b"
    r"(?!\s+(?:to|it)\b)|\bthat\s+(?!to\b|with\b|in\b|by\b|as\b|$)|:\s",
    re.IGNORECASE,
)
_ASKING_WORD = r"(?=(?:what|where|when|who|whose|which|how|whether|if)\b)"
_COULD_YOU = r"you\s+(?:can|could|would|might|may)\s+"
_OPENINGS = (
    r"(?:and|also|then|next|finally|now|please|pls|plz|kindly|first|second|after\s+that|afterwards|so|ok(?:ay)?|right|alright)\b[,\s]*",
    r"(?:hi|hello|hey|good\s+(?:morning|afternoon|evening))\b(?:\s+(?:there|again|all))?[,!.\s]+",
    r"(?:sorry|excuse\s+me)(?:\s+to\s+bother\s+you)?(?:\s+but\b)?[,\s]+",
    r"(?:just\s+)?(?:a\s+)?(?:quick\s+(?:one|question|thing)|one\s+more\s+thing|question)\s*[:,-]\s*",
    r"(?:can|could|would|will)\s+you\s+(?:(?:also|then|please|quickly|maybe|possibly|perhaps|kindly|just)\s+)*",
    r"(?:can|could|may)\s+i\s+(?:please\s+)?(?:see|have|get)\s+",
    r"let\s+me\s+(?=see\b|know\b|have\s+a\s+look\b|take\s+a\s+look\b|look\b|read\b)",
    rf"(?:i\s+(?:was|am)|i['’]m)\s+(?:just\s+)?wondering\s+(?:if|whether)\s+{_COULD_YOU}",
    rf"(?:i\s+(?:was|am)|i['’]m)\s+(?:just\s+)?(?:wondering|curious)\s+(?:to\s+know\s+)?{_ASKING_WORD}|i\s+wonder\s+{_ASKING_WORD}",
    rf"(?:i['’]d|i\s+would)\s+(?:really\s+)?(?:appreciate\s+it|be\s+(?:glad|grateful|happy))\s+if\s+{_COULD_YOU}",
    rf"it\s+would\s+be\s+(?:great|nice|good|lovely|helpful)\s+if\s+{_COULD_YOU}",
    rf"(?:is\s+there\s+)?any\s+(?:chance|way)\s+(?:that\s+)?{_COULD_YOU}",
    r"(?:is|would)\s+it\s+(?:be\s+)?possible\s+(?:for\s+you\s+)?to\s+",
    r"(?:do\s+me\s+a\s+favou?r|be\s+so\s+kind|be\s+a\s+dear)\s*(?:and\b|as\s+to\b|[:,-])\s*",
    r"(?:i\s+(?:just\s+)?(?:want|need)|i['’]d\s+like|i\s+would\s+like)\s+you\s+to\s+",
    r"(?:i\s+(?:just\s+)?(?:want|need)|i['’]d\s+like|i\s+would\s+like|i['’]d\s+love)\s+to\s+(?:(?:know|see|find\s+out)\s+)?",
    rf"(?:do\s+you\s+(?:happen\s+to\s+)?know\s+|(?:have\s+you\s+)?(?:got\s+)?any\s+idea\s+{_ASKING_WORD})",
    r"i\s+(?:have|need|ought)\s+to\s+|i\s+must\s+",
    r"(?:my|the|our)\s+\w+\s+(?:says|wants|asks|tells|told|asked)\s+(?:me\s+|us\s+)?to\s+|i(?:['’]m|\s+am)\s+(?:supposed|asked)\s+to\s+",
    r"what\s+do\s+(?:you|i|we)\s+get\s+(?:when|if)\s+(?:you|i|we)\s+",
    rf"(?:please\s+)?(?:tell|show|give|let)\s+me\s+(?:know\s+)?{_ASKING_WORD}",
    r"help\s+me\s+(?:to\s+)?(?=(?:find|work|calculate|compute|solve|write|send|add|delete|move|rename|remember)\b)",
    r"let['’]s\s+|let\s+us\s+|use\s+(?:that|it|this)\s+to\s+",
)
_OPENING = re.compile(rf"(?:{'|'.join(f'(?:{one})' for one in _OPENINGS)})+", re.IGNORECASE)
_GERUND = re.compile(
    r"(?:please\s+)?(?:would|do)\s+you\s+mind\s+(?=\w+ing\b)|(?:how|what)\s+about\s+(?=\w+ing\b)|any\s+chance\s+of\s+(?=\w+ing\b)",
    re.IGNORECASE,
)
"""Openings that go on with "-ing": "would you mind deleting old.txt"."""
_CLOSINGS = (
    r"please|too|as\s+well|cheers|thanks(?:\s+(?:a\s+lot|so\s+much|very\s+much|in\s+advance))?|thank\s+you(?:\s+(?:so|very)\s+much)?|for\s+me",
    r"(?:would|will|could|can)\s+you|if\s+you(?:(?:['’]d|\s+would)\s+be\s+so\s+kind|\s+(?:can|could|would|please|like|don['’]t\s+mind|have\s+(?:a\s+)?(?:moment|second|minute|time)))",
    r"if\s+(?:possible|that['’]s\s+(?:ok(?:ay)?|possible|alright))|when(?:ever)?\s+you\s+(?:have|get|can|find)(?:\s+(?:an?\s+)?(?:chance|moment|minute|second|time))?",
    r"as\s+soon\s+as\s+(?:possible|you\s+can)|asap|right\s+(?:now|away)|straight\s+away",
)
_CLOSING = re.compile(rf"(?:,?\s+(?:{'|'.join(_CLOSINGS)}))+(?=[\s.!?]*$)", re.IGNORECASE)
_PURPOSE = re.compile(
    r",?\s+so(?:\s+that)?\s+(?:i|we|they|he|she|it)\s+(?:can|could|know|don['’]t|have|will|may|might|won['’]t|do\s+not)\b.*$",
    re.IGNORECASE,
)
"""What somebody wants it for: "so I can compare"."""
_ASKED_POLITELY = re.compile(r"(?:\w+[,\s]+){0,4}?(?:can|could|would|will)\s+you\b", re.IGNORECASE)
_PASSIVE = re.compile(
    r"(?P<thing>(?:the|my|our|an?|this)\s+.+?|\S+\.\w{1,5})\s+(?:should|must|needs?\s+to|has\s+to|have\s+to|ought\s+to|can|is\s+to)\s+be\s+(?P<done>\w+)\b(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_PARTICIPLES = {
    "sent": "send",
    "written": "write",
    "put": "put",
    "made": "make",
    "found": "find",
    "read": "read",
    "taken": "take",
}
_NO_APOSTROPHE = re.compile(r"\b(what|where|when|who|how)s\s", re.IGNORECASE)
_WANTED = re.compile(
    r"^(?:i['’]d\s+like|i\s+would\s+like|i\s+(?:want|need)|(?:can|could|may)\s+i\s+have)\s+(?=an?\s+new\s)",
    re.IGNORECASE,
)
_PHRASAL = {
    ("call", "off"): "cancel",
    ("throw", "away"): "delete",
    ("throw", "out"): "delete",
    ("chuck", "out"): "delete",
    ("cross", "out"): "remove",
    ("cross", "off"): "remove",
    ("write", "down"): "note",
    ("note", "down"): "note",
    ("jot", "down"): "note",
    ("bring", "up"): "show",
    ("pull", "up"): "show",
    ("fire", "off"): "send",
    ("tot", "up"): "add",
    ("find", "out"): "find",
}
"""Verbs of two words, which say together what neither says alone."""
_TAKE_OUT = re.compile(
    r"take\s+(?P<thing>.+?)\s+(?:out\s+of|off)\s+(?P<place>(?:my|the|our)\s+\w+|\S+\.[a-z]\w{0,4})(?=[\s.!?]*$)",
    re.IGNORECASE | re.DOTALL,
)
_NOTE_IN = re.compile(
    r"(?:note|write|jot)\s+(?P<thing>.+?)\s+down\s+(?P<where>(?:in|into|to|on)\s+\S+\.[a-z]\w{0,4}\b.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NEEDED = re.compile(
    r"(?P<thing>an?\s+.+?)\s+(?:is|are)\s+(?:needed|wanted|required)\b(?P<rest>.*)$", re.IGNORECASE | re.DOTALL
)
_DO_NOT_FORGET = re.compile(r"^(?:please\s+)?(?:do\s+not|don't|don’t|never)\s+(?:let\s+me\s+)?forget\s+", re.IGNORECASE)


def without_courtesies(piece: str) -> str:
    """`piece` as the plain order or question that it is, without what surrounds it out of politeness or habit."""
    piece = _DO_NOT_FORGET.sub("remember ", piece.strip())
    if piece.endswith("?") and _ASKED_POLITELY.match(piece):
        piece = piece.rstrip("? ")  # an order in the form of a question
    piece = _NO_APOSTROPHE.sub(r"\1's ", piece)
    if (gerund := _GERUND.match(piece)) is not None:
        piece = _ordered(piece[gerund.end() :])
    piece = _WANTED.sub("create ", piece)
    match = _OPENING.match(piece)
    piece = piece[match.end() :] if match and match.end() < len(piece) else piece
    if not opens_content(piece):
        piece = _in_the_active(_PURPOSE.sub("", _CLOSING.sub("", piece)))
    return _in_one_word(piece)


def _in_the_active(piece: str) -> str:
    """An order of a wish in the passive: "old.txt should be deleted" is "delete old.txt"."""
    if needed := _NEEDED.match(piece):
        return f"create {needed['thing']}{needed['rest']}"
    passive = _PASSIVE.match(piece)
    if passive is None:
        return piece
    done = passive["done"].lower()
    trunk = done.removesuffix("ed")
    forms = (_PARTICIPLES.get(done, ""), f"{trunk}e", trunk, trunk[:-1])
    verb = next((form for form in forms if form in COMMON_VERBS), None)
    return f"{verb} {passive['thing']}{passive['rest']}" if verb else piece


def _in_one_word(piece: str) -> str:
    """`piece` with a verb of two words at its start as one: "call off the lunch" and "call the lunch off"."""
    if taken := _TAKE_OUT.match(piece):
        return f"remove {taken['thing']} from {taken['place']}"
    if noted := _NOTE_IN.match(piece):
        return f"write {noted['thing']} {noted['where']}"
    words = piece.split()
    for (verb, particle), plain in _PHRASAL.items():
        if len(words) < 3 or words[0].lower() != verb:
            continue
        if words[1].lower() == particle:
            return f"{plain} {' '.join(words[2:])}"
        if particle != "down" and words[-1].lower().rstrip(".!?") == particle:
            return f"{plain} {' '.join(words[1:-1])}"
    return piece


def is_courtesy(piece: str) -> bool:
    """Whether `piece` is nothing but an opening ("after that,")."""
    return _OPENING.fullmatch(piece) is not None


def opens_content(piece: str) -> bool:
    """Whether what follows `piece` may still be dictated text ("... saying", "remember that")."""
    return _OPENS_CONTENT.search(piece) is not None


def content_start(piece: str) -> int | None:
    """Where dictated text begins to be announced; None where nothing is dictated."""
    found = _OPENS_CONTENT.search(piece)
    return found.start() if found else None


def _ordered(piece: str) -> str:
    """An order of a piece that begins with a gerund: "deleting old.txt" is "delete old.txt"."""
    gerund, _, rest = piece.partition(" ")
    trunk = gerund.lower().removesuffix("ing")
    forms = (trunk, f"{trunk}e", trunk[:-1])  # send(ing), writ(ing), putt(ing)
    verb = next((form for form in forms if form in COMMON_VERBS), f"{trunk}e" if trunk.endswith("at") else trunk)
    return f"{verb} {rest}"
