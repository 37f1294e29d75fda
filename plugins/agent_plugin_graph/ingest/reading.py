"""Documents as passages: which reader takes which suffix, and the bounds of what is read.

What stands here runs in a child process (`reader.py`), for a reader of hostile files may hang or fill the memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib import import_module
from pathlib import Path

from agent_plugin_graph.ingest.document import Document, UnreadableError
from agent_plugin_graph.ingest.passages import passages_of
from agent_plugin_graph.passage import Passage

MOST_BYTES = 100 * 1024**2
_PLAIN: Mapping[str, str] = {
    ".md": "plain:read_markdown",
    ".markdown": "plain:read_markdown",
    ".txt": "plain:read_text",
    ".rst": "plain:read_text",
    ".csv": "records:read_csv",
    ".tsv": "records:read_csv",
    ".json": "records:read_json",
    ".jsonl": "records:read_json",
}
_BY_LIBRARIES: Mapping[str, str] = {
    ".html": "markup:read_html",
    ".htm": "markup:read_html",
    ".pdf": "pdf:read_pdf",
    ".docx": "office:read_docx",
    ".xlsx": "office:read_xlsx",
}
_READERS = {**_PLAIN, **_BY_LIBRARIES}
AGENT_CORE_PRELOAD = ("agent_plugin_graph.ingest.plain", "agent_plugin_graph.ingest.records")
SUFFIXES = frozenset(_READERS)
PLAIN_SUFFIXES = tuple(_PLAIN)


@dataclass(frozen=True)
class Content:
    """What a source holds."""

    digest: str
    """Of the bytes that were read."""
    passages: tuple[Passage, ...]
    left_out: str = ""
    """What of it is not among them, where that is so."""


def read_files(paths: list[str]) -> list[Content | str]:
    """The passages of each file, or why it cannot be read."""
    found: list[Content | str] = []
    for path in paths:
        try:
            found.append(read_file(path))
        except UnreadableError as error:
            found.append(str(error))
    return found


def read_file(path: str) -> Content:
    """The passages of a file.

    Raises:
        UnreadableError: what `read_bytes` and `parse` raise.
    """
    raw = read_bytes(Path(path))
    document = parse(Path(path), raw)
    day = date.fromtimestamp(Path(path).stat().st_mtime).isoformat()
    passages = tuple(replace(passage, date=day) for passage in passages_of(document, path))
    return Content(hashlib.sha256(raw).hexdigest(), passages, document.left_out)


def read_bytes(path: Path) -> bytes:
    """A document's bytes.

    Raises:
        UnreadableError: it cannot be opened, is empty, or is too large.
    """
    check_size(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableError(error.strerror or "it cannot be read") from error
    if not raw.strip():
        raise UnreadableError("it is empty")
    return raw


def check_size(path: Path) -> int:
    """How many bytes a file has.

    Raises:
        UnreadableError: it is no file, or too large a one.
    """
    try:
        if not path.is_file():
            raise UnreadableError("it is no regular file")
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise UnreadableError(f"it is larger than {MOST_BYTES // 1024**2} MB")
        return size
    except OSError as error:
        raise UnreadableError(error.strerror or "it cannot be read") from error


def parse(path: Path, raw: bytes) -> Document:
    """A document's text with its structure; the reader is imported when its kind of file is met.

    Raises:
        UnreadableError: it is damaged, protected, of an unknown kind, or holds no text.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UnreadableError(f"there is no reader for {path.suffix or 'files without a suffix'!r}")
    module, _, name = reader.partition(":")
    function: Callable[[Path, bytes], Document] = getattr(import_module(f"agent_plugin_graph.ingest.{module}"), name)
    try:
        document = function(path, raw)
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # parsers of damaged files raise whatever comes of them
        raise UnreadableError(f"it is damaged ({type(error).__name__})") from error
    if not document.blocks:
        raise UnreadableError("it holds no text")
    return document
