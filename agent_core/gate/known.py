"""Values that are known to be secret, found wherever they stand, also encoded."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote, quote_plus

_SHORTEST = 4
_SHORTEST_WORD = 8
"""Shorter values, and shorter plain words or numbers, are not looked for: they stand everywhere."""
_UNMISTAKABLE = 12
"""From this length on a value is also found inside longer words."""

_BREAK = re.compile(r"[ \t]*(?:\r?\n|\\r\\n|\\n)[ \t>]*")
"""The end of a line, also as JSON writes it, and how the next one is indented or quoted."""


class KnownSecrets:
    """Exact values to look for, each also as URL, JSON, hex and base64 write it."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        """Start with `values` by name; a name becomes the kind that tokens show."""
        self._kinds: dict[str, str] = {}
        self.replace(values or {})

    def replace(self, values: Mapping[str, str]) -> None:
        """Look for `values` from now on, and for nothing else."""
        self._kinds = {}
        for name, value in values.items():
            self.add(value, name)

    def add(self, value: str, kind: str) -> None:
        """Look for `value` from now on."""
        if len(value) >= (_SHORTEST_WORD if value.isalpha() or value.isdigit() else _SHORTEST):
            for form in encoded_forms(value):
                self._kinds.setdefault(form, kind)

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and kind of every known value in `text`; those of different values may overlap."""
        for form, kind in list(self._kinds.items()):  # another thread may add one meanwhile
            if form in text:  # much faster than one pattern of all forms, which nearly always are not there
                for match in re.finditer(_exactly(form), text):
                    yield match.start(), match.end(), kind
        if _BREAK.search(text):
            yield from self._find_broken(text)

    def _find_broken(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Values that are written over several lines."""
        breaks = [match.span() for match in _BREAK.finditer(text)]
        joined = _BREAK.sub("", text)

        def place(at: int) -> int:
            """Where a character of `joined` stands in `text`."""
            for start, end in breaks:
                if start > at:
                    break
                at += end - start
            return at

        for form, kind in list(self._kinds.items()):
            if len(form) >= _UNMISTAKABLE and form in joined:
                for match in re.finditer(re.escape(form), joined):
                    start, end = place(match.start()), place(match.end() - 1) + 1
                    if end - start > len(form):
                        yield start, end, kind

    def unfinished(self, text: str) -> int:
        """How many characters at the end of `text` could be the beginning of a known value."""
        longest = 0
        for form in list(self._kinds):
            for size in range(min(len(form) - 1, len(text)), longest, -1):
                if text.endswith(form[:size]):
                    longest = size
                    break
        return longest


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


def _base64_core(data: bytes, shift: int) -> str:
    """The characters that depend on `data` alone when `shift` bytes of a group of three stand before it."""
    text = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
    mixed_at_start = (0, 2, 3)[shift]
    mixed_at_end = 1 if (len(data) + shift) % 3 else 0
    return text[mixed_at_start : len(text) - mixed_at_end]


def _exactly(form: str) -> str:
    escaped = re.escape(form)
    return escaped if len(form) >= _UNMISTAKABLE else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
