"""Bytes to text and back without losing a byte: encodings, line ends, and what is not text at all."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace

from agent_core.errors import ToolArgumentError, ToolError

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SIGNATURES = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"\x7fELF", "a program"),
)


@dataclass(frozen=True)
class Text:
    """The content of a text file, and what is needed to write it back as it was.

    Bytes that are not valid in the encoding stand in `content` as lone surrogates (`surrogateescape`),
    so that writing the text back restores them.
    """

    content: str
    encoding: str = "utf-8"
    mark: bytes = b""
    """The byte order mark that the file began with."""

    def encode(self) -> bytes:
        """The bytes of the file."""
        return self.mark + self.content.encode(self.encoding, "surrogateescape")

    def having(self, content: str) -> Text:
        """Another content in the same encoding."""
        return replace(self, content=content)

    @property
    def newline(self) -> str:
        r"""The line end used throughout: "\r\n" where every line has it, else "\n"."""
        ends = self.content.count("\n")
        return "\r\n" if ends and ends == self.content.count("\r\n") else "\n"

    def with_newlines(self, text: str) -> str:
        """`text` with the line ends that this file uses."""
        return text.replace("\r\n", "\n").replace("\n", "\r\n") if self.newline == "\r\n" else text


def byte_order_mark(head: bytes) -> tuple[bytes, str]:
    """The mark at the start of a file and the encoding that it announces; no mark means UTF-8."""
    return next(((mark, name) for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), (b"", "utf-8"))


def binary_kind(head: bytes) -> str | None:
    """What a file that begins with these bytes is, if it is not text."""
    known = next((kind for signature, kind in _SIGNATURES if head.startswith(signature)), None)
    if known or byte_order_mark(head)[0]:
        return known
    controls = sum(byte < 9 or 13 < byte < 27 for byte in head)
    return "binary data" if b"\0" in head or controls * 10 > len(head) else None


def decode(path: str, data: bytes) -> Text:
    """The text in `data`.

    Raises:
        ToolError: it is not text; the message says what it is.
    """
    refuse_binary(path, data[:8192], len(data))
    mark, encoding = byte_order_mark(data)
    if encoding != "utf-8":
        try:
            return Text(data[len(mark) :].decode(encoding), encoding, mark)
        except UnicodeDecodeError as error:
            raise ToolError(f"{path!r} is marked as {encoding} but is not valid: {error.reason}.") from None
    return Text(data[len(mark) :].decode("utf-8", "surrogateescape"), "utf-8", mark)


def refuse_binary(path: str, head: bytes, size: int) -> None:
    """Raise if a file that begins with `head` is not text."""
    if kind := binary_kind(head):
        hint = " query_table reads spreadsheets." if path.lower().endswith((".xlsx", ".xlsm")) else ""
        raise ToolError(f"{path!r} is {kind} ({human_size(size)}), not text, and cannot be read as text.{hint}")


def encodable(what: str, text: str) -> str:
    """`text`, if UTF-8 can hold it: JSON can carry lone surrogates, which no file can."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise ToolArgumentError(f"{what} holds half a character at position {error.start}; send whole ones.") from None
    return text


def printable(text: str) -> str:
    """`text` with bytes that were not valid shown as the replacement character."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def human_size(size: int) -> str:
    """A size in bytes, as people say it."""
    if size < 1000:
        return f"{size} byte{'' if size == 1 else 's'}"
    value = float(size)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:.1f} TB"


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number and its noun: "1 line", "2 lines"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
