"""Files read a few at a time in one child process, and the next few while those are indexed."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

from agent_plugin_graph.ingest.document import UnreadableError
from agent_plugin_graph.ingest.reader import Reader
from agent_plugin_graph.ingest.reading import Content, check_size

_MOST_FILES = 32
_MOST_BYTES = 512 * 1024
"""Of files that one process reads: small ones together, for a process takes longer than most of them."""
_AHEAD = 1
"""Batches that are read while another one is indexed."""


def contents(
    files: Iterable[Path], is_as_it_was: Callable[[Path, Callable[[], str]], bool], reader: Reader
) -> Generator[tuple[Path, Content | str], None, None]:
    """Each file with what it holds, or why it cannot be read; "" where it is as it was.

    Args:
        files: In the order in which they are looked at.
        is_as_it_was: Given a file, and a function that computes the hash of what it holds.
        reader: What reads the others.
    """
    begun: deque[tuple[list[Path], Future[list[Content | str]]]] = deque()
    batch: list[Path] = []
    left = _MOST_BYTES
    try:
        for file in files:
            try:
                size = check_size(file)
                if is_as_it_was(file, lambda file=file: _hash(file)):
                    yield file, ""
                    continue
            except UnreadableError as error:
                yield file, str(error)
                continue
            except OSError as error:
                yield file, error.strerror or "it cannot be read"
                continue
            if batch and (len(batch) == _MOST_FILES or size > left):
                begun.append((batch, reader.files(batch)))
                batch, left = [], _MOST_BYTES
            batch.append(file)
            left -= size
            if len(begun) > _AHEAD:
                yield from _ended(*begun.popleft())
        if batch:
            begun.append((batch, reader.files(batch)))
        while begun:
            yield from _ended(*begun.popleft())
    finally:
        for _, reading in begun:
            reading.cancel()


def _hash(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _ended(files: Sequence[Path], reading: Future[list[Content | str]]) -> Iterator[tuple[Path, Content | str]]:
    return zip(files, reading.result(), strict=True)
