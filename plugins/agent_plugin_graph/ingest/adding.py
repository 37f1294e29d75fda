"""Files and pages into a graph: what changed is read anew, what is gone is removed, one bad one stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from agent_core.errors import ToolArgumentError, UsageError
from agent_core.web.access import WebAccess
from agent_core.web.download import Validators
from agent_plugin_graph.index.indexing import Indexer
from agent_plugin_graph.ingest.batches import contents
from agent_plugin_graph.ingest.extraction import Extractor, hash_of
from agent_plugin_graph.ingest.folder import files_in
from agent_plugin_graph.ingest.memo import Memo
from agent_plugin_graph.ingest.passages import is_address
from agent_plugin_graph.ingest.reader import Reader
from agent_plugin_graph.ingest.reading import Content
from agent_plugin_graph.ingest.section import Bounds, plain_address
from agent_plugin_graph.ingest.writing import Writer
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.protocol import GraphStore, Source

if TYPE_CHECKING:
    from agent_plugin_graph.ingest.crawl import Visit
    from agent_plugin_graph.ingest.web_page import PageContent

Progress = Callable[[str, float], None]
"""Called with a file's path or a page's address, and the share that is done."""


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
        self._store = store
        self._progress = progress
        self._extractor = extractor
        self._reader = Reader()
        self._writer = Writer(store, indexer, self.added)

    def __enter__(self) -> Ingest:
        self._reader.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        if self._extractor:
            self._reader.wait_for(self._extractor.aclose)
            if self._extractor.broken:
                self.added.problems.append((self._extractor.name, self._extractor.broken.rstrip(".")))
        self._reader.__exit__()
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

        def is_as_it_was(file: Path, digest: Callable[[], str]) -> bool:
            source = known.get(str(file))
            return source is not None and self._is_as_it_was(source, digest())

        with closing(contents(files, is_as_it_was, self._reader)) as read:
            for done, (file, content) in enumerate(read):
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
            self.remove(uri for uri in visit.gone if uri in sources)
            if visit.problem:
                self.added.problems.append((visit.url, visit.problem))
            elif visit.url not in visit.gone:
                self._page(visit, start, sources.get(visit.url))
        self.added.cut += [(start, left_out) for left_out in crawl.left_out]

    def remove(self, uris: Iterable[str]) -> None:
        """Remove sources that are gone."""
        self._writer.remove(uris)

    def _page(self, visit: Visit, start: str, known: Source | None) -> None:
        before = Memo.read(known.memo) if known else Memo()
        if visit.content is None or (known and self._is_as_it_was(known, visit.content.digest)):
            self.added.unchanged += 1
            if known:
                memo = replace(visit.memo, model=before.model, complete=before.complete, facts=before.facts)
                self._writer.note(replace(known, root=start, memo=memo.to_json()))
        else:
            memo = self._with_facts(visit.memo, visit.content.passages, before)
            self._put(Source(visit.url, visit.content.digest, start), visit.content, memo, known)
            self.added.pages += 1

    def _file(self, uri: str, content: Content | str, root: str, known: Source | None) -> None:
        if content == "":
            self.added.unchanged += 1
        elif isinstance(content, str):
            self.added.problems.append((uri, content))
            self.remove([uri] if known else [])
        else:
            memo = self._with_facts(Memo(), content.passages, Memo.read(known.memo) if known else Memo())
            self._put(Source(uri, content.digest, root), content, memo, known)
            self.added.files += 1

    def _put(self, source: Source, content: Content | PageContent, memo: Memo, known: Source | None) -> None:
        source = replace(source, memo=memo.to_json())
        self._writer.put(source, content.passages, memo.facts, content.left_out, known=known is not None)

    def _is_as_it_was(self, known: Source, digest: str) -> bool:
        return known.content_hash == digest and not self._is_due(Memo.read(known.memo))

    def _is_due(self, memo: Memo) -> bool:
        """Whether a model is to be asked about a source that it has not seen, or not seen all of."""
        return self._extractor is not None and not (memo.model == self._extractor.name and memo.complete)

    def _with_facts(self, memo: Memo, passages: Sequence[Passage], before: Memo) -> Memo:
        """With what a language model finds in the passages, or found in them before."""
        if self._extractor is not None:
            known = before.facts if before.model == self._extractor.name else {}
            found = self._reader.wait_for(self._extractor.extract, passages, known)
            return replace(memo, model=self._extractor.name, complete=found.complete, facts=found.facts)
        if not before.model:
            return memo
        facts = {known: before.facts[known] for known in map(hash_of, passages) if known in before.facts}
        return replace(memo, model=before.model, complete=len(facts) == len(set(map(hash_of, passages))), facts=facts)


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
