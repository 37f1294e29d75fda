"""One file as a document: which reader takes which suffix, and the bounds of what is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from agent_plugin_graph.ingest.document import Document, UnreadableError

MOST_BYTES = 100 * 1024**2
_READERS: Mapping[str, str] = {
    ".md": "plain:read_markdown",
    ".markdown": "plain:read_markdown",
    ".txt": "plain:read_text",
    ".rst": "plain:read_text",
    ".html": "markup:read_html",
    ".htm": "markup:read_html",
    ".pdf": "office:read_pdf",
    ".docx": "office:read_docx",
    ".xlsx": "office:read_xlsx",
    ".csv": "records:read_csv",
    ".tsv": "records:read_csv",
    ".json": "records:read_json",
    ".jsonl": "records:read_json",
}
SUFFIXES = frozenset(_READERS)


def read_bytes(path: Path) -> bytes:
    """A document's bytes.

    Raises:
        UnreadableError: it cannot be opened, is empty, or is too large.
    """
    try:
        if not path.is_file():
            raise UnreadableError("it is no regular file")
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableError(f"it is larger than {MOST_BYTES // 1024**2} MB")
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableError(error.strerror or "it cannot be read") from error
    if not raw.strip():
        raise UnreadableError("it is empty")
    return raw


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
    except UnreadableError:
        raise
    except Exception as error:  # parsers of damaged files raise whatever comes of them
        raise UnreadableError(f"it is damaged ({type(error).__name__})") from error
    if not document.blocks:
        raise UnreadableError("it holds no text")
    return document
