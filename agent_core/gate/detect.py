"""Where secrets stand in a text: credentials by their shape, values by the name beside them, and values known exactly.

The shapes of vendors' keys are the harness's; added here are those it leaves out and what only context gives away.
Nothing is judged by its randomness alone: git hashes, UUIDs and order numbers are random too, and an assistant that
hides those from its own tools is broken.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from agent_core.gate.encodings import decoded_parts
from agent_core.gate.known import KnownSecrets
from agent_core.gate.secret_patterns import (
    CODE,
    IN_CONTEXT,
    LONG_RUN,
    LOUD,
    MORE_SHAPES,
    NEEDED,
    PLACEHOLDER,
    SECRET_FIELD,
)

TOKEN = re.compile(r"secret_[a-z0-9]{1,24}_[a-z2-7]{12}")
"""The form of the vault's tokens: letters, digits and underscores: JSON, URLs, Markdown and models leave it alone."""


@dataclass(frozen=True, order=True)
class Found:
    """A secret in a text: `text[start:end]`, and what kind it is."""

    start: int
    end: int
    kind: str
    decoded: tuple[str, ...] = ()
    """What was found there, where the text holds it encoded."""


def find_secrets(text: str, known: KnownSecrets, *, quiet: bool = False) -> list[Found]:
    """All secrets in `text`, in order, none overlapping. What has the form of a vault token is not one.

    Args:
        text: Any text.
        known: Exact values to look for.
        quiet: Whether nothing in `text` announces a secret (see `LOUD`): then only known ones are looked for.
    """
    tokens = [match.span() for match in TOKEN.finditer(text)]
    ends = [end for _, end in tokens]
    found = [Found(start, end, kind) for start, end, kind in known.find(text)]
    if not quiet:
        found += (*_by_shape(text), *in_context(text), *_in_encoded(text, known))
    found.sort(key=lambda f: (f.start, -f.end))
    merged: list[Found] = []
    for secret in found:
        nearest = bisect_right(ends, secret.start)  # the first token that does not end before the secret begins
        if nearest < len(tokens) and tokens[nearest][0] < secret.end:
            continue
        if merged and secret.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Found(last.start, max(last.end, secret.end), last.kind, last.decoded + secret.decoded)
        else:
            merged.append(secret)
    return merged


def is_secret_field(name: str, value: str) -> bool:
    """Whether a JSON field of this name holds a secret, whatever its value looks like."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)  # camelCase
    return bool(SECRET_FIELD.fullmatch(words)) and len(value) >= 4 and not PLACEHOLDER.fullmatch(value)


def known_from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The credentials among environment variables, by name."""
    telling = ("_API_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_SECRET_KEY", "_ACCESS_KEY")
    return {
        name: value
        for name, value in environ.items()
        if name.upper().endswith(telling) and len(value) >= 8 and not PLACEHOLDER.fullmatch(value)
    }


def _in_encoded(text: str, known: KnownSecrets) -> Iterator[Found]:
    if LONG_RUN.search(text) or any(sign in text for sign in ("%", "\\", "&#")):
        for part in decoded_parts(text):
            known_ones = (Found(start, end, kind) for start, end, kind in known.find(part.text))
            for found in (*known_ones, *_by_shape(part.text), *in_context(part.text)):
                yield Found(*part.span(found.start, found.end), found.kind, (part.text[found.start : found.end],))


def _by_shape(text: str) -> Iterator[Found]:
    if not LONG_RUN.search(text):
        return
    for kind, pattern in shapes():
        for match in pattern.finditer(text):
            start, end = _value_span(match)
            if _SHAPE_JUDGES.get(kind, bool)(text[start:end]):
                yield Found(start, end, kind)


def in_context(text: str) -> Iterator[Found]:
    """What only the words beside it give away."""
    if not LOUD.search(text):
        return
    for kind, pattern in _contexts():
        if NEEDED.get(kind, "") not in text:
            continue
        for match in pattern.finditer(text):
            start, end = _value_span(match)
            if kind in _ENDS_IN_PROSE and match.lastgroup == "value":
                end = start + len(text[start:end].rstrip(".,!?:"))  # the end of the sentence, more likely
            value = text[start:end]
            if not PLACEHOLDER.fullmatch(value) and _JUDGES.get(kind, bool)(value):
                yield Found(start, end, kind)


@cache
def shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """What gives itself away: kinds and patterns."""
    from pydantic_ai_harness.guardrails.detectors import DEFAULT_SECRET_PATTERNS

    return tuple((kind, re.compile(shape)) for kind, shape in {**DEFAULT_SECRET_PATTERNS, **MORE_SHAPES}.items())


@cache
def _contexts() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(shape)) for kind, shape in IN_CONTEXT.items())


def _value_span(match: re.Match[str]) -> tuple[int, int]:
    """The span of the group that holds the value; the whole match where the pattern names none."""
    groups = match.groupdict()
    named = "value" if groups.get("value") is not None else next((n for n in _QUOTED if groups.get(n)), None)
    return match.span(named) if named else match.span()


def _is_key(text: str) -> bool:
    """Whether it is no series of words joined by hyphens ("sk-loading-spinner-container") that begins like a key."""
    return not all(part.isalpha() and part.islower() and len(part) <= 14 for part in text.split("-"))


def _is_mixed(value: str) -> bool:
    """Capitals, small letters and digits: as no word, number or hash has them all."""
    return any(c.isupper() for c in value) and any(c.islower() for c in value) and any(c.isdigit() for c in value)


def _is_card(value: str) -> bool:
    """Whether the last digit is the check digit of a payment card (ISO/IEC 7812, Luhn)."""
    digits = [int(c) for c in reversed(value) if c.isdigit()]
    doubled = (d if i % 2 == 0 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(digits))
    return len(set(digits)) > 1 and sum(doubled) % 10 == 0


def _is_password(value: str) -> bool:
    """Whether what stands where a password would is one, and not a word of the sentence or a piece of code."""
    if len(value) < 6 or CODE.fullmatch(value):
        return False
    if value.isalpha() and value == value.lower():
        return len(value) >= 18  # several words run together
    marks = any(not c.isalpha() and c not in "-_'’ " for c in value)
    mixed = value not in (value.lower(), value.upper(), value.title(), value.capitalize())
    return marks or mixed


def _is_spoken_password(value: str) -> bool:
    """The same where only a space stands between: small letters and digits, as no word has them."""
    return _is_password(value) and any(c.islower() for c in value) and any(c.isdigit() for c in value)


def _is_exported(value: str) -> bool:
    """The same for `SOME_KEY=value`, which may well be the key of a table or a cache."""
    return bool(re.fullmatch(r"[\w+/=.~-]{12,}", value)) and _is_spoken_password(value)


def _is_random(value: str) -> bool:
    """The same for the value of a parameter or a cookie: letters and digits, and no name in code."""
    return not CODE.fullmatch(value) and any(c.isalpha() for c in value) and any(c.isdigit() for c in value)


_QUOTED = ("double", "single", "back")
_ENDS_IN_PROSE = frozenset({"password", "spoken_password", "exported", "login"})
_SHAPE_JUDGES: Mapping[str, Callable[[str], bool]] = {
    "openai_key": _is_key,
    "prefixed_key": _is_mixed,
    "card_number": _is_card,
}
_JUDGES: Mapping[str, Callable[[str], bool]] = {
    "password": _is_password,
    "spoken_password": _is_spoken_password,
    "login": _is_password,
    "exported": _is_exported,
    "session": _is_random,
    "signature": _is_random,
    "card_by_name": _is_card,
}
"""What else must hold of a value that only its context gives away."""
