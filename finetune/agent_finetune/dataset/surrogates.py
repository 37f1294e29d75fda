"""Secrets and personal data replaced by others of the same type: the same for the same value, wherever it stands.

What an example teaches is often to copy a value from the request into an argument. A value that was blanked out, or
replaced differently in the two places, would teach to copy wrongly. So first everything in an example is looked
through, then every occurrence of what was found anywhere is replaced, also where nothing beside it would give it away.
"""

from __future__ import annotations

import hmac
import re
import string
from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

from agent_core import KnownSecrets, find_secrets
from agent_finetune.dataset.personal import find_personal, is_iban, names

_TOKEN = re.compile(r"secret_([a-z0-9]{1,24})_[a-z2-7]{12}")
"""How the journal writes a secret."""
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_BETWEEN = r"[ ./()-]{0,3}"
"""What may stand between the digits of a number."""
_STREETS = (
    "Ahorn", "Birken", "Buchen", "Eichen", "Erlen", "Feld", "Garten", "Hasel", "Kastanien", "Kirsch", "Linden",
    "Mühlen", "Pappel", "Rosen", "Tannen", "Ulmen", "Wald", "Weiden", "Wiesen", "Zedern",
)  # fmt: skip
_ROADS = (
    "Alder", "Ash", "Beech", "Birch", "Cedar", "Chestnut", "Elm", "Garden", "Hawthorn", "Hazel", "Laurel", "Maple",
    "Meadow", "Mill", "Oak", "Orchard", "Poplar", "Rowan", "Spruce", "Willow",
)  # fmt: skip
_NO_KNOWN = KnownSecrets()
_ATTEMPTS = 100


class Surrogates:
    """What stands for the secrets and personal data of one example."""

    def __init__(self, key: bytes) -> None:
        """Start an example.

        Args:
            key: Nobody without it can find out what a surrogate stands for by trying; the same key gives the same.
        """
        self._key = key
        self._made: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()
        self._patterns: list[tuple[str, str, str]] = []
        self._compiled: re.Pattern[str] | None = None

    def replaced(self, value: Any) -> Any:
        """A JSON value with surrogates in it; keys that tools and templates give a meaning stay."""
        _each_text(value, self._look)
        self._compiled = self._pattern()
        return value if self._compiled is None else self._in(value)

    def counts(self) -> Counter[str]:
        """How many different values of each kind were replaced."""
        return Counter(kind.split(":")[0] for kind, _ in self._made)

    def _look(self, text: str) -> None:
        for start, end, kind in _found(text):
            value = text[start:end]
            if kind in ("phone", "iban"):
                value = re.sub(r"\W", "", value)
            elif kind == "mail":
                value = value.lower()
            if (kind, value) not in self._made:
                self._add(kind, value)

    def _add(self, kind: str, value: str) -> None:
        made = value
        for attempt in range(_ATTEMPTS):
            draw = _Draw(self._key, kind, value, attempt)
            made = _secret(draw, kind[7:]) if kind.startswith("secret:") else _MAKERS[kind](draw, value)
            if made not in self._taken and made != value:
                break
        self._taken.add(made)
        self._made[kind, value] = made

    def _pattern(self) -> re.Pattern[str] | None:
        """One pattern for all that was found, the longest first."""
        self._patterns = [(kind, value, made) for (kind, value), made in self._made.items()]
        self._patterns.sort(key=lambda one: (-len(one[1]), one))
        parts = [f"(?P<v{at}>{_as_pattern(kind, value)})" for at, (kind, value, _) in enumerate(self._patterns)]
        return re.compile("|".join(parts)) if parts else None

    def _in(self, value: Any) -> Any:
        if isinstance(value, str):
            assert self._compiled is not None
            return self._compiled.sub(self._substitute, value)
        if isinstance(value, dict):
            return {key: self._in(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._in(inner) for inner in value]
        if type(value) is int:
            return self._of_number(value)
        return value

    def _substitute(self, match: re.Match[str]) -> str:
        assert match.lastgroup is not None
        kind, _, made = self._patterns[int(match.lastgroup[1:])]
        if kind in ("phone", "iban"):
            return _in_form_of(match.group(), made)
        return _in_case_of(match.group(), made) if kind in ("name", "mail") else made

    def _of_number(self, value: int) -> int:
        made = self._made.get(("phone", str(value)))
        return int(made) if made is not None else value


class _Draw:
    """Choices that depend on the key and the value alone."""

    def __init__(self, key: bytes, kind: str, value: str, attempt: int) -> None:
        self._state = hmac.digest(key, f"{kind}\0{value}\0{attempt}".encode("utf-8", "surrogatepass"), "sha256")
        self._number = int.from_bytes(self._state, "big")

    def below(self, bound: int) -> int:
        if self._number < bound:
            self._state = hmac.digest(self._state, b"more", "sha256")
            self._number = int.from_bytes(self._state, "big")
        self._number, chosen = divmod(self._number, bound)
        return chosen

    def one(self, options: Any) -> str:
        return options[self.below(len(options))]

    def like(self, text: str) -> str:
        """Digits for digits and letters for letters; the rest as it is."""
        return "".join(
            self.one(string.digits) if c.isdigit() else self.one(string.ascii_uppercase) if c.isalpha() else c
            for c in text
        )


def _each_text(value: Any, look: Callable[[str], None]) -> None:
    if isinstance(value, str):
        look(value)
    elif isinstance(value, dict):
        for inner in value.values():
            _each_text(inner, look)
    elif isinstance(value, list):
        for inner in value:
            _each_text(inner, look)


@lru_cache(maxsize=512)
def _found(text: str) -> tuple[tuple[int, int, str], ...]:
    """Everything in a text that has to be replaced, none overlapping; what comes first in the list below wins."""
    found = [(*match.span(), f"secret:{match[1]}") for match in _TOKEN.finditer(text)]
    found += [(secret.start, secret.end, f"secret:{_plain(secret.kind)}") for secret in find_secrets(text, _NO_KNOWN)]
    found += find_personal(text)
    kept: list[tuple[int, int, str]] = []
    for start, end, kind in found:
        if all(end <= other[0] or start >= other[1] for other in kept):
            kept.append((start, end, kind))
    return tuple(sorted(kept))


def _plain(kind: str) -> str:
    return re.sub(r"[^a-z0-9]", "", kind.lower())[:24] or "value"


def _as_pattern(kind: str, value: str) -> str:
    if kind == "phone":
        return r"(?<!\d)\+?" + _BETWEEN.join(value.lstrip("+")) + r"(?!\d)"
    if kind == "iban":
        return r"(?<!\w)" + " ?".join(value) + r"(?!\w)"
    if kind.startswith("secret:"):
        return re.escape(value)
    whole = rf"(?<![^\W_]){re.escape(value)}(?![^\W_])"
    return f"(?i:{whole})" if kind == "mail" or (kind == "name" and len(value) > 3) else whole


def _in_form_of(text: str, made: str) -> str:
    characters = iter(made)
    return "".join(next(characters) if c.isalnum() else c for c in text)


def _in_case_of(text: str, made: str) -> str:
    if text.isupper():
        return made.upper()
    return made.lower() if text.islower() else made


@cache
def _pools() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First and last names to choose from: plain letters, so that they fit wherever a name was."""
    known = names()

    def plain(pool: frozenset[str]) -> tuple[str, ...]:
        return tuple(sorted(name for name in pool if name.isascii() and name.isalpha() and 3 <= len(name) <= 9))

    return plain(known.first - known.last), plain(known.last - known.first)


def _name(draw: _Draw, value: str) -> str:
    first, last = _pools()
    return draw.one(first if value in names().first else last)


def _mail(draw: _Draw, value: str) -> str:
    first, last = _pools()
    return f"{draw.one(first)}.{draw.one(last)}@example.{draw.one(('com', 'org', 'net'))}".lower()


def _secret(draw: _Draw, kind: str) -> str:
    """A token as the vault makes them: that is how a model meets a secret."""
    return f"secret_{kind}_{''.join(draw.one(_BASE32) for _ in range(12))}"


def _phone(draw: _Draw, value: str) -> str:
    """The first digits stay: they say which country and network, and that it is a telephone number."""
    return value[:4] + draw.like(value[4:])


def _iban(draw: _Draw, value: str) -> str:
    account = draw.like(value[4:])
    digits = "".join(str(int(c, 36)) for c in f"{account}{value[:2]}00")
    made = f"{value[:2]}{98 - int(digits) % 97:02}{account}"
    assert is_iban(made)
    return made


def _street(draw: _Draw, value: str) -> str:
    number = re.search(r"\d+", value)
    new = str(1 + draw.below(200)) if number else ""
    if re.match(r"\d", value):
        return f"{new} {draw.one(_ROADS)} {value.split()[-1]}"
    ending = re.search(r"(straße|strasse|str\.|gasse|weg|allee|platz|ring|ufer|damm|laan|straat) \S+$", value)
    if ending:
        return f"{draw.one(_STREETS)}{ending[1]} {new}"
    return f"{value.split()[0]} {draw.one(_ROADS)} {new}"


_MAKERS: dict[str, Callable[[_Draw, str], str]] = {
    "mail": _mail,
    "iban": _iban,
    "phone": _phone,
    "street": _street,
    "postcode": lambda draw, value: draw.like(value),
    "name": _name,
}
