"""A graph of documents and tables: the library's door. Every method has an async twin that begins with `a`."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import astuple, replace
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from agent_core.errors import AgentCoreError, ToolError, UsageError
from agent_plugin_graph.passage import Hit, Passage, Stats
from agent_plugin_graph.store.scope import EVERYWHERE, Scope, normal_type

if TYPE_CHECKING:
    from agent_plugin_graph.asking.result import NotUnderstood, TableAnswer
    from agent_plugin_graph.asking.tables import Tables
    from agent_plugin_graph.index.embedding import Embedder
    from agent_plugin_graph.ingest.adding import Added, PageReading, Progress
    from agent_plugin_graph.ingest.extraction import Extractor
    from agent_plugin_graph.ingest.tables import Loaded
    from agent_plugin_graph.query.model import GraphQuery
    from agent_plugin_graph.retrieve.reranking import Reranker
    from agent_plugin_graph.store.protocol import GraphStore

_P = ParamSpec("_P")
_R = TypeVar("_R")
_SQLITE = "sqlite:///"
_BOLT = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


def _twin(method: Callable[Concatenate[Graph, _P], _R]) -> Callable[Concatenate[Graph, _P], Awaitable[_R]]:
    """The async twin of a method: the same work in a thread, so that there is one implementation."""

    async def twin(graph: Graph, /, *args: _P.args, **options: _P.kwargs) -> _R:
        import asyncio

        return await asyncio.to_thread(method, graph, *args, **options)

    twin.__name__ = twin.__qualname__ = f"a{method.__name__}"
    twin.__doc__ = f"`{method.__name__}`, without blocking the event loop."
    return twin


_warn = logging.getLogger(__name__).warning


def _unheard(file: str, done: float) -> None:
    """Progress that nobody listens to."""


class Graph:
    """Passages, their entities, and typed nodes of tables, in one store."""

    def __init__(
        self,
        store: GraphStore,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        notify: Callable[[str], None] = _warn,
    ) -> None:
        """Take a store that is open; `Graph.open` makes one from an address.

        Args:
            store: Where everything is kept.
            embedder: Makes vectors of what is added, and of questions; without one, words and names find alone.
            reranker: Orders the best of what was found once more.
            notify: Is told in a sentence what went on without its embedder or reranker, and why.
        """
        from agent_plugin_graph.index.indexing import Indexer

        self.store = store
        self._indexer = Indexer(store)
        self._embedder = embedder
        self._reranker = reranker
        self._notify = notify
        self._scope = EVERYWHERE
        self._times_ms: list[float] = []
        self._tables: Tables | None = None

    @classmethod
    def open(
        cls,
        address: str,
        auth: tuple[str, str] | None = None,
        *,
        embedder: str | Embedder | None = None,
        embed_remotely: bool = False,
        reranker: str | Reranker | None = None,
        notify: Callable[[str], None] = _warn,
    ) -> Self:
        """Open the graph at an address, and make it if there is none.

        Args:
            address: `sqlite:///file.db` (relative to the current folder; four slashes for an absolute path), or
                `neo4j://host:port`.
            auth: User and password, for servers.
            embedder: By name (`ollama:MODEL`, `openai:MODEL`, `path:FOLDER`, `sentence-transformers:NAME`), or one
                of your own.
            embed_remotely: Whether an embedder that was named may be sent passages and questions on another machine.
            reranker: By name (`path:FOLDER`, `sentence-transformers:NAME`), or a function from a question and texts to
                a score for each.
            notify: Is told in a sentence what went on without embedder or reranker, and why; a log, unless given.

        Raises:
            UsageError: an address of another kind, or no embedder of that name.
            ConfigurationError: a package or key for the embedder is missing, or it is elsewhere and was not allowed.
            ToolError: the file cannot be opened, or is no graph.
        """
        if isinstance(embedder, str):
            from agent_plugin_graph.index.embedders import embedder_called

            embedder = embedder_called(embedder, remotely=embed_remotely)
        if isinstance(reranker, str):
            from agent_plugin_graph.retrieve.reranking import reranker_called

            reranker = reranker_called(reranker)
        return cls(open_store(address, auth), embedder, reranker, notify)

    def add_passages(self, passages: Sequence[Passage]) -> None:
        """Add passages; one of an id that is there replaces it.

        Raises:
            UsageError: a passage without an id, without any text, with half a character in it, or of no real day.
        """
        for passage in passages:
            if not passage.id or not (passage.title + passage.text).strip():
                raise UsageError(f"The passage {passage.id!r} needs an id, and a title or text.")
            if passage.date:
                _day(passage.date)
            try:
                "".join(map(str, astuple(passage))).encode()
            except UnicodeEncodeError as error:
                raise UsageError(f"The passage {passage.id!r} holds half of a character: {error.reason}.") from error
        self._indexer.add(passages)
        self._embed()

    def add_files(
        self, paths: Sequence[str | Path], progress: Progress = _unheard, extractor: Extractor | None = None
    ) -> Added:
        """Add documents: files, and folders with all in them that .gitignore does not name.

        What is unchanged since it was added is not read again; what cannot be read is reported, and the rest goes on.
        With an extractor a language model names the entities and relations of each passage, once.

        Raises:
            UsageError: there is nothing at one of the paths.
        """
        from agent_plugin_graph.ingest.adding import add_paths

        added = add_paths(self.store, self._indexer, [Path(path) for path in paths], progress, extractor)
        self._embed(progress)
        return added

    def add_pages(
        self,
        addresses: Sequence[str],
        depth: int = 0,
        pages: int = 100,
        reading: PageReading | None = None,
        progress: Progress = _unheard,
        extractor: Extractor | None = None,
    ) -> Added:
        """Add pages of the web, and what they link to in their own folder and below, as its robots.txt permits.

        Args:
            addresses: URLs of pages, or of files that `add_files` could read.
            depth: How many links to follow away from each; 0 takes that page alone.
            pages: How many pages to ask for at most, for each address.
            reading: How the web is reached, and how fast; None: public addresses only, a page each second.
            progress: Called with each address.
            extractor: As for `add_files`.

        Raises:
            UsageError: one of the addresses is none, or a bound is not above 0.
        """
        from agent_plugin_graph.ingest.adding import PageReading, add_pages
        from agent_plugin_graph.ingest.section import Bounds

        if depth < 0 or pages < 1:
            raise UsageError(f"depth is {depth} and pages {pages}; give 0 or more links and 1 or more pages.")
        how = reading or PageReading()
        added = add_pages(self.store, self._indexer, addresses, Bounds(depth, pages), how, progress, extractor)
        self._embed(progress)
        return added

    def refresh(
        self, progress: Progress = _unheard, reading: PageReading | None = None, embed_anew: bool = False
    ) -> Added:
        """Follow edits, new files and pages, and deletions in everything that was added.

        Args:
            progress: Called as work is done.
            reading: How the web is reached, as for `add_pages`.
            embed_anew: Whether vectors of another embedder than the present one are made again.
        """
        from agent_plugin_graph.ingest.adding import PageReading, sync

        added = sync(self.store, self._indexer, reading or PageReading(), progress)
        self._embed(progress, embed_anew)
        return added

    def within(
        self,
        source: str | None = None,
        type: str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
    ) -> Self:
        """The same graph, of which only a part is searched; close the first one alone.

        Args:
            source: A source's address, the folder or site that holds it, or the end of its path ("lease.md").
            type: What the source is, by the ending of its name: "pdf", "md", "html".
            since: The first day; passages without a date are in no time.
            until: The last day.

        Raises:
            UsageError: a day that is none.
        """
        narrowed = copy.copy(self)
        given = {
            "source": source or "",
            "type": normal_type(type or ""),
            "since": _day(since) if since else "",
            "until": _day(until) if until else "",
        }
        narrowed._scope = replace(self._scope, **{name: value for name, value in given.items() if value})
        return narrowed

    @property
    def scope(self) -> Scope:
        """What of it is searched."""
        return self._scope

    def search(
        self,
        question: str,
        k: int = 5,
        *,
        source: str | None = None,
        type: str | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
    ) -> list[Hit]:
        """The `k` passages that best help to answer a question, the best first; fewer where little fits.

        Args:
            question: In whole words.
            k: Passages at most.
            source: As in `within`, and so the others.
            type: What the source is.
            since: The first day.
            until: The last day.

        Raises:
            UsageError: `k` is below 1, or a day is none.
        """
        if k < 1:
            raise UsageError(f"k is {k}; ask for 1 or more passages.")
        began = time.perf_counter()
        found = self.within(source, type, since, until)._found(question, k)
        self._times_ms.append(1000 * (time.perf_counter() - began))
        return found

    def _found(self, question: str, k: int) -> list[Hit]:
        from agent_plugin_graph.retrieve.explain import path, why
        from agent_plugin_graph.retrieve.reranking import CONSIDERED, reranked
        from agent_plugin_graph.retrieve.search import rank

        ranking = rank(question, self.store, self._vector(question), self._scope)
        best = dict(list(ranking.scores.items())[: max(k, CONSIDERED) if self._reranker else k])
        firsts = {ranking.chains[number].first for number in best if number in ranking.chains}
        passages = self.store.passages({*best, *firsts, *ranking.before(best)})
        if self._reranker:
            try:
                best = reranked(question, {number: passages[number] for number in best}, self._reranker)
            except ToolError as error:
                self._notify(f"{error} What was found stands in the order without it.")
        return [
            _hit(passages[n], best[n], why(n, ranking, passages), path(n, ranking, passages)) for n in list(best)[:k]
        ]

    def _vector(self, question: str) -> Sequence[float] | None:
        """The question's vector; None without an embedder that made the store's, which is said."""
        if self._embedder is None:
            return None
        from agent_plugin_graph.index.embedding import changed

        made = self.store.vector_model()
        if made is None:
            return None
        try:
            if made.name == self._embedder.name:
                vector = self._embedder.question(question)
                if len(vector) == made.dimensions:
                    return vector
            self._notify(changed(made, self._embedder.name))
        except ToolError as error:
            self._notify(f"{error} Words alone are used.")
        return None

    def _embed(self, progress: Progress = _unheard, anew: bool = False) -> None:
        """Vectors for what has none yet. Where that fails all else stays added, and the next time it is tried again."""
        if self._embedder is None:
            return
        from agent_plugin_graph.index.embedding import embed_missing

        try:
            embed_missing(self.store, self._embedder, lambda done: progress("vectors", done), anew)
        except ToolError as error:
            self._notify(str(error))

    def load_tables(self, mapping: str | Path, folder: str | Path) -> Loaded:
        """Load CSV files as typed nodes and relationships; loading them again changes what changed.

        Args:
            mapping: The mapping as YAML text, or the path of such a file.
            folder: Where the files that it names lie.

        Raises:
            UsageError: the mapping is not valid, or names a file or column that is not there.
        """
        from agent_plugin_graph.ingest.tables import load_tables

        return load_tables(self.store, mapping, Path(folder))

    def query(self, query: GraphQuery) -> list[dict[str, Any]]:
        """The rows that answer a query, each by column name.

        Raises:
            ToolArgumentError: the query names what the schema does not have, or compares what does not compare.
        """
        from agent_plugin_graph.query.check import check

        return self.store.query(check(query, self.store.schema()))

    def ask(self, question: str) -> TableAnswer | NotUnderstood:
        """The tables' answer to a question in words, with the query that it was read as; or what was not understood.

        Every word of the question has to be accounted for by the tables' own names and values, by the words that the
        mapping gives for them, or by what English says of numbers, dates, groups and order.
        """
        from agent_plugin_graph.asking.answer import ask_tables
        from agent_plugin_graph.asking.tables import Tables

        tables = self._tables
        if tables is None or not tables.are_of_now():
            self._tables = tables = Tables(self.store)
        return ask_tables(tables, question)

    def forget(self, source: str) -> int:
        """Remove a source and all that came from it alone, unreadably; how many passages and nodes that were.

        Of a folder or an address that was added, all that it brought goes.
        """
        brought = {known.uri for known in self.store.sources() if known.root and known.root == source}
        removed = sum(self.store.forget(uri) for uri in sorted({source} | brought))
        self.store.purge()
        self._indexer.reset()
        return removed

    def stats(self) -> Stats:
        """How much the graph holds, and whether it is healthy."""
        return self.store.stats()

    def close(self) -> None:
        """Let go of the store; may be called twice."""
        self.note_times()
        self.store.close()

    def note_times(self) -> None:
        """Remember in the store how long the searches took that were made since; `close` does it, too."""
        times, self._times_ms[:] = list(self._times_ms), []
        if times:
            with suppress(AgentCoreError):  # nobody waits, and nothing fails, for the sake of a statistic
                self.store.note_searches(times)

    aadd_passages = _twin(add_passages)
    aadd_files = _twin(add_files)
    aadd_pages = _twin(add_pages)
    arefresh = _twin(refresh)
    asearch = _twin(search)
    aload_tables = _twin(load_tables)
    aquery = _twin(query)
    aask = _twin(ask)
    aforget = _twin(forget)
    astats = _twin(stats)
    aclose = _twin(close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.aclose()


def open_store(address: str, auth: tuple[str, str] | None = None) -> GraphStore:
    """The store at an address, as `Graph.open` takes it.

    Raises:
        UsageError: an address of another kind.
        ToolError: the file cannot be opened, or is no graph.
    """
    if address.startswith(_SQLITE) and len(address) > len(_SQLITE):
        if auth is not None:
            raise UsageError("A graph in a file takes no user and password: leave auth out.")
        from agent_plugin_graph.store.sqlite import SqliteStore

        return SqliteStore(Path(address.removeprefix(_SQLITE)))
    scheme = address.split("://", 1)[0]
    if scheme not in _BOLT:
        raise UsageError(f"There is no kind of graph {scheme!r}; write sqlite:///FILE or neo4j://HOST:PORT.")
    if find_spec("neo4j") is None:
        raise UsageError("A graph on Neo4j needs the extra: pip install 'agent-core[neo4j]'.")
    from agent_plugin_graph.store.neo4j.store import Neo4jStore

    return Neo4jStore(address, auth)


def _day(day: str | date) -> str:
    try:
        return (day if isinstance(day, date) else date.fromisoformat(day)).isoformat()[:10]
    except ValueError:
        raise UsageError(f"{day!r} is no day; write it as 2026-11-21.") from None


def _hit(passage: Passage, score: float, reason: str, path: tuple[str, ...]) -> Hit:
    return Hit(
        passage.id,
        passage.title,
        passage.text,
        passage.source,
        passage.locator,
        passage.link,
        round(score, 4),
        reason,
        path,
        passage.context,
    )
