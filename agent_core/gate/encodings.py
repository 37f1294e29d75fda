"""What a text says once its encoded parts are undone: base64, hex, percent signs, escapes; each with the way back."""

from __future__ import annotations

import base64
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

_LINE = r"\r?\n[ \t]{0,8}[A-Za-z0-9+/_-]"
_BASE64 = re.compile(rf"[A-Za-z0-9+/_-]{{20,}}(?:{_LINE}{{20,}})*(?:{_LINE}{{1,80}})?")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){16,}")
_PERCENT = re.compile(r"[^\s\"'<>]{0,4096}%[0-9a-fA-F]{2}[^\s\"'<>]{0,4096}")
_ESCAPE = re.compile(
    r"\\+(?P<code>u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[nrtbf\"'/])|&#(?:[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<number>\d{1,7}));"
)
"""An escape of JSON or of a programming language (more backslashes where one was written inside another), or HTML's."""
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_READABLE = re.compile(rb"(?:[\x20-\x7e\r\n\t]|[\xc3-\xdf][\x80-\xbf]|[\xe1-\xef][\x80-\xbf]{2}){12,}")
"""What was not encoded text decodes to bytes among which so many readable ones in a row do not occur."""
_URL_SAFE = str.maketrans("-_", "+/")
_MOST_TIMES = 3
"""How often one encoding may stand inside another."""


@dataclass(frozen=True)
class Decoded:
    """A part of a text, decoded."""

    text: str
    span: Callable[[int, int], tuple[int, int]]
    """Where the characters `start:end` of `text` stand in the text that was decoded, rounded outwards."""


def decoded_parts(text: str, times: int = _MOST_TIMES) -> Iterator[Decoded]:
    """The parts of `text` that are readable text, encoded up to so many times."""
    for part in _decoded_once(text):
        yield part
        if times > 1 and part.text != text:
            for inner in decoded_parts(part.text, times - 1):
                yield Decoded(inner.text, _through(inner, part))


def _through(inner: Decoded, outer: Decoded) -> Callable[[int, int], tuple[int, int]]:
    return lambda start, end: outer.span(*inner.span(start, end))


def _decoded_once(text: str) -> Iterator[Decoded]:
    for match in _BASE64.finditer(text):
        yield from _from_base64(match)
    for match in _HEX.finditer(text):
        yield from _readable(bytes.fromhex(match.group()), _HexDigits(match))
    if "%" in text:
        for match in _PERCENT.finditer(text):
            yield _from_percent(match)
    if _ESCAPE.search(text):
        yield _from_escapes(text)


class _HexDigits:
    """Where the bytes of a hex text stand."""

    def __init__(self, match: re.Match[str]) -> None:
        self._start = match.start()

    def span(self, first: int, last: int) -> tuple[int, int]:
        return self._start + 2 * first, self._start + 2 * last + 2


class _Base64Digits:
    """Where the bytes of a base64 text stand that begins `shift` digits into a match, line ends not counted."""

    def __init__(self, match: re.Match[str], shift: int) -> None:
        self._match = match
        self._shift = shift

    def span(self, first: int, last: int) -> tuple[int, int]:
        return self._place(first * 8 // 6), self._place((last * 8 + 7) // 6) + 1

    def _place(self, digit: int) -> int:
        return self._places[min(self._shift + digit, len(self._places) - 1)]

    @cached_property
    def _places(self) -> Sequence[int]:
        text, start = self._match.group(), self._match.start()
        return [start + at for at, char in enumerate(text) if not char.isspace()]


def _from_base64(match: re.Match[str]) -> Iterator[Decoded]:
    digits = "".join(match.group().split()).translate(_URL_SAFE)
    for shift in range(4):  # what stands before may belong to something else
        usable = digits[shift:]
        if len(usable) % 4 == 1:  # no number of bytes is written so
            usable = usable[:-1]
        yield from _readable(base64.b64decode(usable + "=" * (-len(usable) % 4)), _Base64Digits(match, shift))


def _readable(data: bytes, digits: _HexDigits | _Base64Digits) -> Iterator[Decoded]:
    for match in _READABLE.finditer(data):
        text = match.group().decode("utf-8", "replace")  # U+FFFD takes three bytes, as what it replaces

        def span(start: int, end: int, text: str = text, offset: int = match.start()) -> tuple[int, int]:
            first = offset + len(text[:start].encode())
            return digits.span(first, first + len(text[start:end].encode()) - 1)

        yield Decoded(text, span)


def _from_percent(match: re.Match[str]) -> Decoded:
    chars: list[str] = []
    places: list[int] = []
    for piece in re.finditer(r"(?:%[0-9a-fA-F]{2})+|.", match.group()):
        start = match.start() + piece.start()
        if len(piece.group()) == 1:
            chars.append(piece.group())
            places.append(start)
            continue
        at = 0
        for char in unquote(piece.group(), errors="surrogateescape"):
            chars.append(char)
            places.append(start + 3 * at)
            at += len(char.encode("utf-8", "surrogateescape"))
    places.append(match.end())
    return Decoded("".join(chars), lambda start, end: (places[start], places[end]))


def _from_escapes(text: str) -> Decoded:
    """The whole text, with a character for each escape."""
    pieces: list[str] = []
    decoded_at, stands_at = [0], [0]
    """Where the text goes on after an escape: in what was decoded, and in the text."""
    length = done = 0
    for match in _ESCAPE.finditer(text):
        pieces += text[done : match.start()], _unescaped(match)
        length += match.start() - done
        decoded_at += length, length + 1
        stands_at += match.start(), match.end()
        length, done = length + 1, match.end()
    pieces.append(text[done:])

    def place(at: int) -> int:
        nearest = bisect_right(decoded_at, at) - 1
        return stands_at[nearest] + at - decoded_at[nearest]

    return Decoded("".join(pieces), lambda start, end: (place(start), place(end)))


def _unescaped(match: re.Match[str]) -> str:
    """The one character that an escape stands for."""
    if code := match["code"]:
        return chr(int(code[1:], 16)) if code[0] in "ux" else _ESCAPED.get(code, code)
    number = int(match["hex"], 16) if match["hex"] else int(match["number"])
    return chr(number) if number <= sys.maxunicode else "\ufffd"
