"""Files and pages into a graph: what changed is read anew, what is gone is removed, one bad one stops nothing."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent_core.errors import ToolArgumentError, TransientToolError, UsageError
from agent_core.web.access import WebAccess
from agent_core.web.download import Validators
from agent_plugin_graph.index.indexing import Indexer
from agent_plugin_graph.ingest.document import UnreadableError
from agent_plugin_graph.ingest.extraction import Extractor, hash_of, mentions, put_relations
from agent_plugin_graph.ingest.folder import files_in
from agent_plugin_graph.ingest.memo import Facts, Memo
from agent_plugin_graph.ingest.passages import is_address
from agent_plugin_graph.ingest.reader import Reader
from agent_plugin_graph.ingest.reading import Content, check_size
from agent_plugin_graph.ingest.section import Bounds
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.protocol import GraphStore, Source

Progress = Callable[[str, float], None]
"""Called with a file's path or a page's address, and the share that is done."""
PATIENCE_S = 90.0
_PAUSE_S = 1.0
_BATCH = 32
_BATCH_BYTES = 512 * 1024
"""Of files that one process reads: small ones together, for a process takes longer than most of them."""
_MOST_AT_ONCE = 1_000
"""Passages of a source that become durable together on every kind of store."""
_AHEAD = 1
"""Batches that are read while another one is indexed."""


@dataclass
class Added:
    """What an ingest did."""

    files: int = 0
    """Read and indexed now."""
    pages: int = 0
    """Of the web, likewise."""
    unchanged: int = 0
    removed: int = 0
    """Sources whose files or pages are gone."""
    passages: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """(file or address, reason) of what could not be read. What the graph held of such a file is gone; of a page it
    stays until the server says that there is none."""
    cut: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """(file or address, what was left out) of what is too large to be taken in whole."""


@dataclass(frozen=True)
class PageReading:
    """How pages are reached."""

    access: WebAccess = field(default_factory=lambda: WebAccess(max_bytes=20_000_000))
    pause_s: float = 1.0
    """Between two pages of a site; longer where its robots.txt asks for that."""


class Ingest:
    """One ingest into a store. A context manager: it holds the processes that read, and cleans up in the end."""

    def __init__(
        self, store: GraphStore, indexer: Indexer, progress: Progress, extractor: Extractor | None = None
    ) -> None:
        self.added = Added()
        self._extractor = extractor
        self._store = store
        self._indexer = indexer
        self._progress = progress
        self._reader = Reader()

    def __enter__(self) -> Ingest:
        self._reader.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._extractor:
            self._reader.wait_for(self._extractor.aclose)
        self._reader.__exit__()
        if self._extractor and self._extractor.broken:
            self.added.problems.append((self._extractor.name, self._extractor.broken.rstrip(".")))
        if self.added.removed:
            self._store.purge()

    def files(self, paths: Iterable[Path]) -> None:
        """Add files and folders. Each file is one transaction, so a run that was killed goes on where it ended.

        Raises:
            UsageError: there is nothing at one of the paths.
        """
        roots = [path.expanduser().absolute() for path in paths]
        for root in roots:
            if not root.exists():
                raise UsageError(f"There is no file or folder {str(root)!r}.")
        files = {file: root for root in roots for file in (files_in(root) if root.is_dir() else [root])}
        known = {source.uri: source for source in self._store.sources()}
        with closing(self._contents(files, known)) as contents:
            for done, (file, content) in enumerate(contents):
                self._progress(str(file), done / len(files))
                self._file(str(file), content, str(files[file]), known.get(str(file)))
        named = set(map(str, roots))
        self.remove(s.uri for s in known.values() if s.root in named and Path(s.uri) not in files)

    def page(self, address: str, bounds: Bounds | None, reading: PageReading) -> None:
        """Add a page, and as much of its site as the bounds hold; the same as the last time where there are none.

        Raises:
            UsageError: this is no address of a page.
        """
        from agent_plugin_graph.ingest.crawl import Crawl
        from agent_plugin_graph.ingest.section import plain_address

        try:
            start = plain_address(address)
        except ToolArgumentError as error:
            raise UsageError(str(error)) from error
        sources = {source.uri: source for source in self._store.sources()}
        known = {uri: Memo.read(source.memo) for uri, source in sources.items() if source.root == start}
        # What is to be extracted from has to be sent, changed or not.
        known = {uri: replace(m, validators=Validators()) if self._is_due(m) else m for uri, m in known.items()}
        widest = max((memo.bounds for memo in known.values()), key=lambda b: (b.depth, b.pages), default=Bounds())
        crawl = Crawl(start, bounds or widest, reading.access, reading.pause_s, self._reader, known, self._progress)
        for visit in crawl.visits():
            self.remove(uri for uri in visit.gone if uri in sources and uri != visit.url)
            source = sources.get(visit.url)
            if visit.url in visit.gone:
                self.remove([visit.url] if source else [])
            elif visit.problem:
                self.added.problems.append((visit.url, visit.problem))
                continue
            before = Memo.read(source.memo) if source else Memo()
            if visit.content is None or self._is_as_it_was(source, visit.content.digest):
                self.added.unchanged += 1
                if source:
                    memo = replace(visit.memo, model=before.model, complete=before.complete, facts=before.facts)
                    self._store.put_source(replace(source, root=start, memo=memo.to_json()))
            else:
                fresh = Source(visit.url, visit.content.digest, start)
                self._put(fresh, visit.content.passages, visit.content.left_out, source, visit.memo)
                self.added.pages += 1
        self.added.cut += [(start, left_out) for left_out in crawl.left_out]

    def _contents(
        self, files: Iterable[Path], known: Mapping[str, Source]
    ) -> Generator[tuple[Path, Content | str], None, None]:
        """Each file with what it holds, or why it cannot be read; "" where it is as it was. Some are read ahead."""
        begun: deque[tuple[list[Path], Future[list[Content | str]]]] = deque()
        batch: list[Path] = []
        size = 0
        try:
            for file in files:
                bytes_, known_already = self._looked_at(file, known.get(str(file)))
                if known_already is not None:
                    yield file, known_already
                    continue
                if batch and (len(batch) == _BATCH or size + bytes_ > _BATCH_BYTES):
                    begun.append((batch, self._reader.files(batch)))
                    batch, size = [], 0
                batch.append(file)
                size += bytes_
                if len(begun) > _AHEAD:
                    yield from _ended(*begun.popleft())
            if batch:
                begun.append((batch, self._reader.files(batch)))
            while begun:
                yield from _ended(*begun.popleft())
        finally:
            for _, reading in begun:
                reading.cancel()

    def _looked_at(self, file: Path, known: Source | None) -> tuple[int, str | None]:
        """A file's size; and "" where it is as it was, or why it cannot be read. None: it has to be read."""
        try:
            check_size(file)
            if known:
                with file.open("rb") as opened:
                    if self._is_as_it_was(known, hashlib.file_digest(opened, "sha256").hexdigest()):
                        return 0, ""
            return file.stat().st_size, None
        except UnreadableError as error:
            return 0, str(error)
        except OSError as error:
            return 0, error.strerror or "it cannot be read"

    def _file(self, uri: str, content: Content | str, root: str, known: Source | None) -> None:
        if content == "":
            self.added.unchanged += 1
        elif isinstance(content, str):
            self.added.problems.append((uri, content))
            self.remove([uri] if known else [])
        else:
            self._put(Source(uri, content.digest, root), content.passages, content.left_out, known, Memo())
            self.added.files += 1

    def _put(
        self, source: Source, passages: Sequence[Passage], left_out: str, known: Source | None, memo: Memo
    ) -> None:
        memo = self._with_facts(memo, passages, Memo.read(known.memo) if known else Memo())
        source = replace(source, memo=memo.to_json())
        self._patiently(lambda again: self._write(source, passages, memo.facts, again or known is not None))
        if left_out:
            self.added.cut.append((source.uri, left_out))
        self.added.passages += len(passages)

    def _is_due(self, memo: Memo) -> bool:
        """Whether a model is to be asked about a source that it has not seen, or not seen all of."""
        return self._extractor is not None and not (memo.model == self._extractor.name and memo.complete)

    def _is_as_it_was(self, known: Source | None, digest: str) -> bool:
        return bool(known) and known.content_hash == digest and not self._is_due(Memo.read(known.memo))

    def _with_facts(self, memo: Memo, passages: Sequence[Passage], before: Memo) -> Memo:
        """With what a language model found in the passages, now or before."""
        if self._extractor is None:
            hashes = set(map(hash_of, passages)) if before.facts else set[str]()
            facts = {known: found for known, found in before.facts.items() if known in hashes}
            return replace(
                memo, model=before.model, complete=not before.model or len(facts) == len(hashes), facts=facts
            )
        known = before.facts if before.model == self._extractor.name else {}
        found = self._reader.wait_for(self._extractor.extract, passages, known)
        return replace(memo, model=self._extractor.name, complete=found.complete, facts=found.facts)

    def _write(self, source: Source, passages: Sequence[Passage], facts: Mapping[str, Facts], known: bool) -> None:
        large = len(passages) > _MOST_AT_ONCE
        with self._store.bulk() if large else self._store.transaction():
            if known:
                self._store.forget(source.uri)
                self._indexer.reset()
            if large:  # in parts: what is cut off before the hash is there will be read again
                self._store.put_source(replace(source, content_hash=""))
            self._indexer.add(passages, mentions(passages, facts))
            put_relations(self._store, source.uri, facts.values())
            self._store.put_source(source)

    def remove(self, uris: Iterable[str]) -> None:
        """Remove sources that are gone."""
        for uri in list(uris):
            self._patiently(lambda again, uri=uri: self._store.forget(uri))
            self._indexer.reset()
            self.added.removed += 1

    def _patiently(self, write: Callable[[bool], object]) -> None:
        """Write to the store; and `again`, for as long as a server takes to start anew, where it does not answer.

        Raises:
            TransientToolError: it does not come back; another ingest goes on from here.
        """
        until = time.monotonic() + PATIENCE_S
        again = False
        while True:
            try:
                write(again)
                return
            except TransientToolError as error:
                self._indexer.reset()  # what it learned of the store was not written
                if time.monotonic() > until:
                    done = f"{self.added.files + self.added.pages} were added before"
                    raise TransientToolError(f"{error} {done}; the same command goes on from there.") from error
                again = True
                time.sleep(_PAUSE_S)


def add_paths(
    store: GraphStore,
    indexer: Indexer,
    paths: Iterable[Path],
    progress: Progress,
    extractor: Extractor | None = None,
) -> Added:
    """Add files and folders.

    Raises:
        UsageError: there is nothing at one of the paths.
    """
    with Ingest(store, indexer, progress, extractor) as ingest:
        ingest.files(paths)
    return ingest.added


def add_pages(
    store: GraphStore,
    indexer: Indexer,
    addresses: Iterable[str],
    bounds: Bounds,
    reading: PageReading,
    progress: Progress,
    extractor: Extractor | None = None,
) -> Added:
    """Add pages of the web, each with as much of its site as the bounds hold.

    Raises:
        UsageError: one of the addresses is none.
    """
    with Ingest(store, indexer, progress, extractor) as ingest:
        for address in addresses:
            ingest.page(address, bounds, reading)
    return ingest.added


def sync(store: GraphStore, indexer: Indexer, reading: PageReading, progress: Progress) -> Added:
    """Follow what happened to everything that was added: edits, new files and pages, deletions."""
    roots = {source.root for source in store.sources() if source.root}
    pages = {root for root in roots if is_address(root)}
    there = {root for root in roots - pages if Path(root).exists()}
    with Ingest(store, indexer, progress) as ingest:
        ingest.files(map(Path, sorted(there)))
        ingest.remove(source.uri for source in store.sources() if source.root in roots - pages - there)
        for address in sorted(pages):
            ingest.page(address, None, reading)
    return ingest.added


def _ended(files: Sequence[Path], reading: Future[list[Content | str]]) -> Iterator[tuple[Path, Content | str]]:
    return zip(files, reading.result(), strict=True)
