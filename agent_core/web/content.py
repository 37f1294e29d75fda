"""What kind of text a server sent, and in which encoding: by its header first, then by the bytes themselves."""

from __future__ import annotations

import codecs
import re

from agent_core.errors import ToolError

TEXT_TYPES = re.compile(r"text/.+|application/(.+\+)?(json|xml|yaml)|application/(x-yaml|x-ndjson|javascript|toml)")
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})

_SIGNATURES = {
    b"%PDF-": "application/pdf",
    b"PK\x03\x04": "application/zip",
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"\x1f\x8b": "application/gzip",
}
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_AS_BROWSERS_READ_IT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""Labels that pages use for a larger encoding than they name (https://encoding.spec.whatwg.org/#names-and-labels)."""
_NOT_FOR_PAGES = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7", "mbcs"})
"""Python's codecs that no browser knows: some interpret escapes, some take quadratic time."""


def media_type(content_type: str) -> str:
    """The media type of a Content-Type header, in lower case and without parameters."""
    return content_type.partition(";")[0].strip().lower()


def refuse_binary(content_type: str, host: str, data: bytes = b"") -> None:
    """Raise if what a Content-Type names, or data that claims to be text, is not text.

    Raises:
        ToolError: naming what it is instead.
    """
    actual = next((name for signature, name in _SIGNATURES.items() if data.startswith(signature)), "")
    media = media_type(content_type)
    if not actual and media and not TEXT_TYPES.fullmatch(media):
        actual = media
    has_wide_characters = _by_mark(data) or _codec(_charset(content_type)).startswith(("utf-16", "utf-32"))
    if not actual and b"\0" in data[:4096] and not has_wide_characters:
        actual = "binary data"
    if actual:
        raise ToolError(f"What {host!r} sent is {actual}, not text; only pages, text, Markdown, JSON and XML are read.")


def looks_like_html(media: str, data: bytes) -> bool:
    """Whether to read it as HTML: by its media type, or by how it begins where no type was sent."""
    if media:
        return media in HTML_TYPES
    return bool(
        re.match(rb"\s*(<!--.{0,500}?-->\s*)*<(!doctype html|html|head|body|title)\b", data[:1000], re.I | re.S)
    )


def decode(data: bytes, content_type: str, *, html: bool) -> str:
    """Text of `data` by its byte order mark, its header, its `<meta>` (HTML), or else by what fits.

    What cannot be decoded becomes U+FFFD; nothing raises.
    """
    if mark := _by_mark(data):
        return data.decode(mark, "replace")
    labels = [_charset(content_type)]
    if html and (declared := re.search(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", data[:4096], re.I)):
        labels.append(declared[1].decode("ascii", "ignore"))
    for label in labels:
        if codec := _codec(label):
            return data.decode(codec, "replace")
    try:
        # Incremental: data that was cut may end within a character.
        return codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return data.decode(_guess(data), "replace")


def _by_mark(data: bytes) -> str:
    return next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), "")


def _charset(content_type: str) -> str:
    found = re.search(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", content_type, re.I)
    return found[1] if found else ""


def _codec(label: str) -> str:
    """Python's name of a text encoding; "" if `label` names none that pages use."""
    try:
        name = codecs.lookup(label).name if label else ""
        b"text".decode(name or "utf-8", "replace")  # raises for codecs that are no text encodings, such as base64
    except (LookupError, ValueError):
        return ""
    return "" if name in _NOT_FOR_PAGES else _AS_BROWSERS_READ_IT.get(name, name)


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(data[:20_000]).best()
    return best.encoding if best else "cp1252"
