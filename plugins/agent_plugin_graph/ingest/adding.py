"""Files and folders into a graph: what changed is read anew, what is gone is removed, one bad file stops nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from agent_core.errors import UsageError
from agent_plugin_graph.index.indexing import Indexer
from agent_plugin_graph.ingest.document import UnreadableError
from agent_plugin_graph.ingest.folder import files_in
from agent_plugin_graph.ingest.passages import passages_of
from agent_plugin_graph.ingest.reading import parse, read_bytes
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.protocol import GraphStore, Source

Progress = Callable[[str, float], None]
"""Called with a file's path and the share of files that are done."""


@dataclass
class Added:
    """What an ingest did."""

    files: int = 0
    """Read and indexed now."""
    unchanged: int = 0
    removed: int = 0
    """Sources whose files are gone."""
    passages: int = 0
    problems: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """(file, reason) of what could not be read; what the graph held of it is gone."""
    cut: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """(file, what was left out) of files too large to be taken in whole."""


def add_paths(store: GraphStore, indexer: Indexer, paths: Iterable[Path], progress: Progress) -> Added:
    """Add files and folders. Each file is one transaction, so a run that was killed goes on where it ended.

    Raises:
        UsageError: there is nothing at one of the paths.
    """
    roots = [path.expanduser().absolute() for path in paths]
    for root in roots:
        if not root.exists():
            raise UsageError(f"There is no file or folder {str(root)!r}.")
    added = Added()
    files = {file: root for root in roots for file in (files_in(root) if root.is_dir() else [root])}
    known = {source.uri: source for source in store.sources()}
    for done, (file, root) in enumerate(files.items()):
        progress(str(file), done / len(files))
        _add(store, indexer, file, root, known.get(str(file)), added)
    gone = [source.uri for source in known.values() if source.root in map(str, roots) and Path(source.uri) not in files]
    _remove(store, indexer, gone, added)
    return added


def sync(store: GraphStore, indexer: Indexer, progress: Progress) -> Added:
    """Follow what happened to everything that was added: edits, new files in folders, deletions."""
    roots = {Path(source.root) for source in store.sources() if source.root}
    there = {root for root in roots if root.exists()}
    added = add_paths(store, indexer, sorted(there), progress)
    gone = [source.uri for source in store.sources() if source.root and Path(source.root) not in there]
    _remove(store, indexer, gone, added)
    return added


def _add(store: GraphStore, indexer: Indexer, file: Path, root: Path, known: Source | None, added: Added) -> None:
    uri = str(file)
    try:
        raw = read_bytes(file)
        digest = hashlib.sha256(raw).hexdigest()
        if known and known.content_hash == digest:
            added.unchanged += 1
            return
        document = parse(file, raw)
        passages = _dated(passages_of(document, uri), file)
    except UnreadableError as error:
        added.problems.append((uri, str(error)))
        if known:
            _remove(store, indexer, [uri], added)
        return
    with store.transaction():
        if known:
            store.forget(uri)
            indexer.reset()
        store.put_source(Source(uri, digest, str(root)))
        indexer.add(passages)
    if document.left_out:
        added.cut.append((uri, document.left_out))
    added.files += 1
    added.passages += len(passages)


def _dated(passages: Iterable[Passage], file: Path) -> list[Passage]:
    """Passages of the day on which their file was changed last."""
    day = date.fromtimestamp(file.stat().st_mtime).isoformat()
    return [replace(passage, date=day) for passage in passages]


def _remove(store: GraphStore, indexer: Indexer, uris: Iterable[str], added: Added) -> None:
    for uri in uris:
        store.forget(uri)
        added.removed += 1
    if added.removed:
        store.purge()
        indexer.reset()
