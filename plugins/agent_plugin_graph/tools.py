"""The graph's tools: search with quotes, names and how they are joined, and questions to the tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from agent_core import Tool, ToolContext, ToolError, tool
from agent_core.errors import AgentCoreError, ToolArgumentError, UsageError
from agent_plugin_graph.query.model import GraphQuery
from agent_plugin_graph.results import FoundEntities, FoundPassages, FoundThemes, GraphPath, Neighbours, Rows
from agent_plugin_graph.settings import GraphSettings

if TYPE_CHECKING:
    from agent_plugin_graph.graph import Graph

_R = TypeVar("_R")


@dataclass(frozen=True)
class Only:
    """Which documents are searched; what is left empty leaves all."""

    source: str = ""
    """A document, or the folder or site that holds it."""
    type: str = ""
    """By the ending of its name: pdf, docx, xlsx, csv, html, md, txt, json."""
    since: str = ""
    """Changed on this day or later, as 2026-11-21."""
    until: str = ""
    """Changed on this day or earlier."""


@contextmanager
def open_graph(ctx: ToolContext) -> Generator[Graph]:
    """The user's graph: at the address in the settings, else in a file of the plugin's own for each user.

    In an assistant its store stays open for the next call, as long as it is the same file, or server and password.
    What the settings name to embed and to order by, and cannot be had, is done without, and that is said.
    """
    from agent_plugin_graph.graph import Graph, open_store
    from agent_plugin_graph.index.embedders import embedder_called
    from agent_plugin_graph.retrieve.reranking import reranker_called

    def notify(text: str) -> None:
        ctx.progress(text, None)

    settings = _settings(ctx)
    if _has_address(ctx):
        auth = None if settings.address.startswith("sqlite:") else (settings.user, ctx.secret("graph"))
        address = settings.address
    else:
        address, auth = f"sqlite:///{ctx.own_file(_own_name(ctx))}", None
    embedder = _or_without(
        settings.embedder,
        lambda name: embedder_called(name, settings.embedder_address, settings.embed_remotely),
        notify,
    )
    reranker = _or_without(settings.reranker, reranker_called, notify)
    state = auth or _file_behind(address)
    with ctx.keep_open(address, lambda: open_store(address, auth), state) as store:
        graph = Graph(store, embedder, reranker, notify)
        yield graph
        graph.note_times()


def _file_behind(address: str) -> tuple[int, int] | None:
    """Which file stands there now: one that was put in its place is another."""
    try:
        found = os.stat(address.removeprefix("sqlite:///"))
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _or_without(name: str, find: Callable[[str], _R], notify: Callable[[str], None]) -> _R | None:
    try:
        return find(name) if name else None
    except AgentCoreError as error:
        notify(str(error))
        return None


def _is_filled(ctx: ToolContext) -> bool:
    """Whether anything was ever added."""
    return _has_address(ctx) or (ctx.data_dir / _own_name(ctx)).exists()


def _has_address(ctx: ToolContext) -> bool:
    """An address is one graph. What an app keeps for its users stays apart, in a file for each."""
    return bool(_settings(ctx).address) and ctx.user == "local"


def _own_name(ctx: ToolContext) -> str:
    return "graph.db" if ctx.user == "local" else f"graph-{sha256(ctx.user.encode()).hexdigest()[:16]}.db"


def _settings(ctx: ToolContext) -> GraphSettings:
    return ctx.settings if isinstance(ctx.settings, GraphSettings) else GraphSettings()


def _reads_graph(examples: Sequence[str], *, idempotent: bool = True) -> Callable[[Callable[..., Any]], Tool]:
    """A tool over the user's own graph, which holds what others wrote."""
    return tool(
        read_only=True,
        idempotent=idempotent,
        private_data=True,
        untrusted_content=True,
        ready=_is_filled,
        examples=examples,
    )


@_reads_graph(
    [
        "What do my documents say about parental leave?",
        "According to the handbook, how many days of notice are needed?",
        "Search my documents for the warranty period of the pump",
        "Look up in the contract who pays for repairs",
        "Which of our files mention the Lisbon office?",
        "Find the passage about data retention in the policies",
    ]
)
def search_documents(ctx: ToolContext, question: str, limit: int = 5, only: Only | None = None) -> FoundPassages:
    """Search the user's own documents and answer a question from them: quotes of the passages with their source.

    Args:
        question: The question, or what to look for, in whole words.
        limit: Passages to consider, 1 to 20.
        only: Which documents to search, where it is not all of them.
    """
    from agent_plugin_graph.answers import passages
    from agent_plugin_graph.asking.result import TableAnswer

    wanted = only or Only()
    with open_graph(ctx) as graph:
        told = graph.ask(question) if only is None else None
        if isinstance(told, TableAnswer):
            return FoundPassages([], len(told.rows) or 1, told.text, told.rows, told.read_as)
        try:
            narrowed = graph.within(wanted.source, wanted.type, wanted.since, wanted.until)
        except UsageError as error:
            raise ToolArgumentError(str(error)) from error
        found = passages(narrowed, question, limit, ctx.workspace, ctx.progress)
        if told and not found.count and told.concerned:
            raise ToolError(f"The tables do not answer this as it is put. {told.why}")
        return found


@_reads_graph(
    [
        "Summarise the main themes in the reviews about billing",
        "Which themes are there in the customer feedback on delivery, and how many mention each?",
        "Group what the interviews say about working from home into themes",
    ]
)
def summarise_themes(ctx: ToolContext, topic: str, most: int = 6) -> FoundThemes:
    """Summarise what many documents or reviews say about a topic: themes, each with a count and a quote.

    Args:
        topic: The topic or question, in whole words.
        most: Themes at most, 1 to 20.
    """
    from agent_plugin_graph.answers import found_themes

    with open_graph(ctx) as graph:
        return found_themes(graph, topic, most, ctx.workspace, ctx.progress)


@_reads_graph(
    [
        "Is there anything about Marta Kovacs in my graph?",
        "Look up the entity Blue Harbour Ltd",
        "Find the node called Wallace-Hamilton",
    ]
)
def find_entity(ctx: ToolContext, name: str) -> FoundEntities:
    """Find an entity by its name: in how many passages of the documents it is mentioned, or the node of a table.

    Args:
        name: The name of a person, place, organisation or thing.
    """
    from agent_plugin_graph.answers import entities

    with open_graph(ctx) as graph:
        return entities(graph, name)


@_reads_graph(
    [
        "What is connected to Blue Harbour Ltd in my documents?",
        "Show the neighbours of Marta Kovacs in the graph",
        "Which names stand together with Project Heron?",
    ]
)
def neighbours(ctx: ToolContext, name: str, limit: int = 20) -> Neighbours:
    """List the neighbours of an entity in the graph: the names that stand together with it in documents.

    Args:
        name: The entity's name.
        limit: How many at most.
    """
    from agent_plugin_graph.answers import neighbours as found

    with open_graph(ctx) as graph:
        return found(graph, name, limit)


@_reads_graph(
    [
        "How is Marta Kovacs connected to the Lisbon office?",
        "Find a path between Anna Berg and Blue Harbour Ltd in the graph",
        "What links Project Heron with Dr. Osei in my documents?",
    ]
)
def path_between(ctx: ToolContext, start: str, end: str) -> GraphPath:
    """Find how two entities are connected in the documents: the path between them, with the passages on the way.

    Args:
        start: The name of the first entity.
        end: The name of the second entity.
    """
    from agent_plugin_graph.answers import path

    with open_graph(ctx) as graph:
        return path(graph, start, end)


@_reads_graph(
    [
        "Query the graph: how many visits did each physician treat?",
        "Use the graph's tables to sum the billing by payer for 2023",
        "Ask the typed graph which hospitals had emergency visits",
    ]
)
def query_graph(ctx: ToolContext, query: GraphQuery) -> Rows:
    """Query the typed graph of loaded tables: a pattern of nodes and relationships with filters, groups and totals.

    Args:
        query: Where the pattern starts, its hops, conditions, columns (values and aggregates), order and limit.
    """
    from agent_plugin_graph.answers import rows

    with open_graph(ctx) as graph:
        return rows(graph.query(query))


@_reads_graph(
    [
        "Run the Cypher query MATCH (v:Visit) RETURN count(v)",
        "Run this Cypher on the graph database: MATCH (p:Payer) RETURN p.name ORDER BY p.name",
        "Execute in Neo4j: MATCH (a)-[r]->(b) RETURN type(r), count(*)",
    ],
    idempotent=False,
)
def run_cypher(ctx: ToolContext, cypher: str) -> Rows:
    """Run a Cypher query that only reads on the graph database, for experts; the graph has to be on a Neo4j server.

    Args:
        cypher: The query, as one statement that begins with MATCH, CALL, UNWIND, WITH or RETURN.
    """
    from agent_plugin_graph.answers import rows
    from agent_plugin_graph.cypher.reading import ReadLimits, read
    from agent_plugin_graph.store.neo4j.store import Neo4jStore

    settings = _settings(ctx)
    with open_graph(ctx) as graph:
        if not isinstance(graph.store, Neo4jStore):
            raise ToolError(
                "Cypher needs a graph on a Neo4j server, and this one is a file; set plugins.graph.address, or use "
                "query_graph."
            )
        limits = ReadLimits(timeout_s=settings.cypher_timeout_s, rows=settings.cypher_rows)
        found = read(graph.store.driver, cypher, limits=limits)
    answer = rows([dict(zip(found.columns, row, strict=True)) for row in found.rows])
    return replace(answer, text=f"{answer.text}\n(cut after {found.cut})") if found.cut else answer


TOOLS = (search_documents, summarise_themes, find_entity, neighbours, path_between, query_graph, run_cypher)
