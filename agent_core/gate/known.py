"""Values that are known to be secret, found wherever they stand: encoded, in parts, and with anything between."""

from __future__ import annotations

import base64
import html
import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

from agent_core.gate.encodings import decoded_parts
from agent_core.gate.prefix_index import SHORTEST, PrefixIndex

_SHORTEST_WORD = 8
"""Shorter values, and shorter plain words or numbers, are not looked for: they stand everywhere."""
_UNMISTAKABLE = 12
"""From this length on a value is also found inside longer words, and over line ends and other separators."""
_WHOLE_BY_ITSELF = 20
"""From this length on a part of a value (a line of a key, an identifier in a cookie) is a secret of its own."""

_SEPARATORS = re.compile(r"(?:\\+[nrt]|[\W_])+")
"""What may stand between the characters of a value that is written in groups or over lines, also as JSON writes it."""
_PARTS = re.compile(rf"[A-Za-z0-9+/_-]{{{_WHOLE_BY_ITSELF},}}")


class KnownSecrets:
    """Exact values to look for, each also as URL, JSON, hex and base64 write it."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        """Start with `values` by name; a name becomes the kind that tokens show."""
        self.replace(values or {})

    def replace(self, values: Mapping[str, str]) -> None:
        """Look for `values` from now on, and for nothing else."""
        self._exact = PrefixIndex()
        self._squeezed = PrefixIndex()
        for name, value in values.items():
            self.add(value, name)

    def add(self, value: str, kind: str) -> None:
        """Look for `value` from now on, and for the parts of it that would be secrets by themselves."""
        for part in (value, *_parts(value)):
            self._add(part, kind)

    def _add(self, value: str, kind: str) -> None:
        if len(value) < (_SHORTEST_WORD if value.isalpha() or value.isdigit() else SHORTEST):
            return
        for form in encoded_forms(value):
            self._exact.add(form, kind)
            squeezed = _SEPARATORS.sub("", form)
            if len(squeezed) >= _UNMISTAKABLE:
                self._squeezed.add(squeezed, kind)

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and kind of every known value in `text`; those of different values may overlap."""
        for start, end, kind in self._exact.find(text):
            if end - start >= _UNMISTAKABLE or _stands_alone(text, start, end):
                yield start, end, kind
        squeezed = _SEPARATORS.sub("", text)
        if len(squeezed) < len(text) and (found := list(self._squeezed.find(squeezed))):
            place = _Places(text)
            for start, end, kind in found:
                yield place.of(start), place.of(end - 1) + 1, kind

    def unfinished(self, text: str) -> int:
        """How many characters at the end of `text` could be the beginning of a known value."""
        begun = self._exact.begun_at(text)
        squeezed = _SEPARATORS.sub("", text)
        at = self._squeezed.begun_at(squeezed)
        if at < len(squeezed):
            begun = min(begun, _Places(text).of(at))
        return len(text) - begun


def encoded_forms(value: str) -> set[str]:
    """`value` and what it looks like in a URL, in JSON, in hex, and inside a longer base64 text."""
    forms = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    data = value.encode("utf-8", "surrogatepass")
    forms |= {quote(data, safe=""), quote(data), quote_plus(data), html.escape(value)}
    if len(data) >= 6:  # what a shorter value leaves in another encoding is too short to be told apart
        forms |= {data.hex(), data.hex().upper()}
        for shift in range(3):
            core = _base64_core(data, shift)
            forms |= {core, core.replace("+", "-").replace("/", "_")}
    return forms


def _parts(value: str) -> Iterator[str]:
    """What `value` is once its own escapes are undone, and the long random parts of it."""
    plain = [value, *(part.text for part in decoded_parts(value) if part.text != value)]
    yield from plain[1:]
    for text in plain:
        for part in _PARTS.findall(text):
            # The head of a JSON Web Token says how it is signed, and is the same in all of them.
            if part != value and not part.startswith("eyJ") and any(map(str.isdigit, part)) and not part.isdigit():
                yield part


class _Places:
    """Where the characters of a text without its separators stand in the text."""

    def __init__(self, text: str) -> None:
        self._kept_at, self._stands_at = [0], [0]
        removed = 0
        for match in _SEPARATORS.finditer(text):
            self._kept_at.append(match.start() - removed)
            self._stands_at.append(match.end())
            removed += match.end() - match.start()

    def of(self, at: int) -> int:
        nearest = bisect_right(self._kept_at, at) - 1
        return self._stands_at[nearest] + at - self._kept_at[nearest]


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no ASCII letter or digit stands right beside the span."""
    return not any(c.isascii() and c.isalnum() for c in (text[start - 1 : start], text[end : end + 1]))


def _base64_core(data: bytes, shift: int) -> str:
    """The characters that depend on `data` alone when `shift` bytes of a group of three stand before it."""
    text = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
    mixed_at_start = (0, 2, 3)[shift]
    mixed_at_end = 1 if (len(data) + shift) % 3 else 0
    return text[mixed_at_start : len(text) - mixed_at_end]
