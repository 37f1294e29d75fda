"""A graph of documents and tables: the library's door. Every method has an async twin that begins with `a`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from agent_core.errors import UsageError
from agent_plugin_graph.passage import Hit, Passage, Stats

if TYPE_CHECKING:
    from agent_plugin_graph.asking.result import NotUnderstood, TableAnswer
    from agent_plugin_graph.ingest.adding import Added, Progress
    from agent_plugin_graph.ingest.tables import Loaded
    from agent_plugin_graph.query.model import GraphQuery
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


def _unheard(file: str, done: float) -> None:
    """Progress that nobody listens to."""


class Graph:
    """Passages, their entities, and typed nodes of tables, in one store."""

    def __init__(self, store: GraphStore) -> None:
        """Take a store that is open; `Graph.open` makes one from an address."""
        from agent_plugin_graph.index.indexing import Indexer

        self.store = store
        self._indexer = Indexer(store)

    @classmethod
    def open(cls, address: str, auth: tuple[str, str] | None = None) -> Self:
        """Open the graph at an address, and make it if there is none.

        Args:
            address: `sqlite:///file.db` (relative to the current folder; four slashes for an absolute path), or
                `neo4j://host:port`.
            auth: User and password, for servers.

        Raises:
            UsageError: an address of another kind.
            ToolError: the file cannot be opened, or is no graph.
        """
        if address.startswith(_SQLITE) and len(address) > len(_SQLITE):
            if auth is not None:
                raise UsageError("A graph in a file takes no user and password: leave auth out.")
            from agent_plugin_graph.store.sqlite import SqliteStore

            return cls(SqliteStore(Path(address.removeprefix(_SQLITE))))
        scheme = address.split("://", 1)[0]
        if scheme not in _BOLT:
            raise UsageError(f"There is no kind of graph {scheme!r}; write sqlite:///FILE or neo4j://HOST:PORT.")
        if find_spec("neo4j") is None:
            raise UsageError("A graph on Neo4j needs the extra: pip install 'agent-core[neo4j]'.")
        from agent_plugin_graph.store.neo4j.store import Neo4jStore

        return cls(Neo4jStore(address, auth))

    def add_passages(self, passages: Sequence[Passage]) -> None:
        """Add passages; one of an id that is there replaces it.

        Raises:
            UsageError: a passage without an id, without any text, or with half a character in it.
        """
        for passage in passages:
            if not passage.id or not (passage.title + passage.text).strip():
                raise UsageError(f"The passage {passage.id!r} needs an id, and a title or text.")
            try:
                "".join(map(str, astuple(passage))).encode()
            except UnicodeEncodeError as error:
                raise UsageError(f"The passage {passage.id!r} holds half of a character: {error.reason}.") from error
        self._indexer.add(passages)

    def add_files(self, paths: Sequence[str | Path], progress: Progress = _unheard) -> Added:
        """Add documents: files, and folders with all in them that .gitignore does not name.

        What is unchanged since it was added is not read again; what cannot be read is reported, and the rest goes on.

        Raises:
            UsageError: there is nothing at one of the paths.
        """
        from agent_plugin_graph.ingest.adding import add_paths

        return add_paths(self.store, self._indexer, [Path(path) for path in paths], progress)

    def refresh(self, progress: Progress = _unheard) -> Added:
        """Follow edits, new files and deletions in everything that `add_files` was given."""
        from agent_plugin_graph.ingest.adding import sync

        return sync(self.store, self._indexer, progress)

    def search(self, question: str, k: int = 5) -> list[Hit]:
        """The `k` passages that best help to answer a question, the best first; fewer where little fits."""
        from agent_plugin_graph.retrieve.explain import why
        from agent_plugin_graph.retrieve.search import rank

        if k < 1:
            raise UsageError(f"k is {k}; ask for 1 or more passages.")
        ranking = rank(question, self.store)
        best = list(ranking.scores)[:k]
        firsts = {ranking.chains[number].first for number in best if number in ranking.chains}
        passages = self.store.passages(firsts.union(best))
        return [_hit(passages[n], ranking.scores[n], why(n, ranking, passages)) for n in best]

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

        return ask_tables(self.store, question)

    def forget(self, source: str) -> int:
        """Remove a source and all that came from it alone, unreadably; how many passages and nodes that were."""
        removed = self.store.forget(source)
        self.store.purge()
        self._indexer.reset()
        return removed

    def stats(self) -> Stats:
        """How much the graph holds, and whether it is healthy."""
        return self.store.stats()

    def close(self) -> None:
        """Let go of the store; may be called twice."""
        self.store.close()

    aadd_passages = _twin(add_passages)
    aadd_files = _twin(add_files)
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


def _hit(passage: Passage, score: float, reason: str) -> Hit:
    return Hit(
        passage.id, passage.title, passage.text, passage.source, passage.locator, passage.link, round(score, 4), reason
    )
