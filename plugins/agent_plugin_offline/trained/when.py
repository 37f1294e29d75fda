"""Days and times of day as people say them, in words that a tool can be given: "quarter past two" is "2:15"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_plugin_offline.moments import find_moments
from agent_plugin_offline.numbers import find_numbers

_NUMBER = r"(?:\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty(?:-five)?)"
_HALF = r"(?P<half>\s*[ap]\.?m\.?|\s+in\s+the\s+(?:morning|afternoon|evening)|\s+at\s+night)?"
_PAST = re.compile(
    rf"\b(?P<how>half(?:\s+past)?|(?:a\s+)?quarter\s+(?:past|to)|{_NUMBER}\s+(?:minutes\s+)?(?:past|to))\s+(?P<hour>{_NUMBER})\b{_HALF}",
    re.IGNORECASE,
)
_AT = re.compile(
    rf"(?:\b(?:at|from|by)\s+|^)(?P<hour>{_NUMBER})(?:\.(?P<minute>[0-5]\d))?(?P<clock>\s+o['’]?clock)?\b(?!\s*[:/.-]\d)(?!\s+(?!in\b|at\b|on\b|[ap]\.?m)[a-z]){_HALF}",
    re.IGNORECASE,
)
_DOTTED = re.compile(rf"\b(?P<hour>\d{{1,2}})\.(?P<minute>[0-5]\d)(?!\.?\d){_HALF}", re.IGNORECASE)
_PLAIN = re.compile(
    r"(?<![\w:])(?P<plain>\d{1,2}:[0-5]\d(?:\s?[ap]\.?m\b\.?|\s+in\s+the\s+(?:morning|afternoon|evening))?|\d{1,2}\s?[ap]\.?m\b\.?"
    r"|noon|midday|midnight)(?!\w)",
    re.IGNORECASE,
)
_ORDINALS = {
    word: number
    for number, word in enumerate(
        re.findall(
            r"\w+",
            "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
            "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth",
        ),
        1,
    )
}
_SHORT = {
    "tmrw": "tomorrow",
    "tmr": "tomorrow",
    "tomorow": "tomorrow",
    "tues": "tuesday",
    "weds": "wednesday",
    "thurs": "thursday",
}


def told(texts: Sequence[str]) -> str:
    """One or more stretches that together say when, as one text: the day first, then the time."""
    day, clock = day_and_clock(texts)
    if not day:
        return clock
    if clock and re.fullmatch(r"\d{4}-\d\d-\d\d", day) and re.fullmatch(r"\d{1,2}:\d\d", clock):
        return f"{day}T{clock:0>5}"
    return f"{day} at {clock}" if clock else day


def day_and_clock(texts: Sequence[str]) -> tuple[str, str]:
    """The day and the time of day that stretches say, each as text; empty where they say none."""
    said = " ".join(" ".join(text.split()) for text in texts)
    said = re.sub(r"[a-z]+", lambda m: _SHORT.get(m[0].lower(), m[0]), said, flags=re.IGNORECASE)
    clock = ""
    for pattern in (_PAST, _DOTTED, _PLAIN, _AT):
        match = next((one for one in pattern.finditer(said) if one.group().strip()), None)
        if match:
            clock = _clock(match)
            said = f"{said[: match.start()]} {said[match.end() :]}"
            break
    return _day(said), clock


def _clock(match: re.Match[str]) -> str:
    """A time of day in figures; what was said in figures stays as it was said."""
    groups = match.groupdict()
    if groups.get("plain"):
        return groups["plain"]
    hour, minute = _value(groups["hour"]), int(groups.get("minute") or 0)
    how = (groups.get("how") or "").lower()
    if how.startswith("half"):
        minute = 30
    elif how:
        minute = 15 if "quarter" in how else _value(how.split()[0])
        if how.endswith("to"):
            hour, minute = (hour - 1) or 12, 60 - minute
    half = (groups.get("half") or "").strip()
    said = f"{hour}:{minute:02}" if minute or half else f"{hour}"
    return f"{said} {half}".strip()


def _value(word: str) -> int:
    found = find_numbers(word)
    return int(found[0].value) if found else int(word)


def _day(said: str) -> str:
    """The day that is left when the time is taken out, in ISO 8601 where the words fix one."""
    said = re.sub(r"\b(?:at|from|around|about|@)\s*(?=[,\s]*$|\s+on\b)", " ", said.strip(), flags=re.IGNORECASE)
    said = re.sub(
        r"^(?:[\s,@-]|on\b|from\b|at\b|for\b|between\b)+|[\s,.;@-]+$|\s+(?:at|on|from)$", "", said, flags=re.IGNORECASE
    )
    said = re.sub(r"['’]s$", "", " ".join(said.split()))
    found = [moment for moment in find_moments(said) if moment.iso and moment.kind == "date"]
    if found:
        return found[0].iso
    said = re.sub(
        r"\b(?:the\s+)?(" + "|".join(_ORDINALS) + r")\b(?=\s+of\b|$)",
        lambda m: f"the {_ORDINALS[m[1].lower()]}th",
        said,
        flags=re.IGNORECASE,
    )
    return said
