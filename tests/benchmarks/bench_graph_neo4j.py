"""On one Neo4j: our search beside neo4j-graphrag's HybridRetriever, its full-text index alone, and a plain BM25.

    AGENT_CORE_EMBEDDER=path:FOLDER uv run --group bench --extra sentence-transformers \
        python -m tests.benchmarks graph_neo4j

All are given the same passages (titled), and those with vectors the same embedder. A server is started for it (Java and
Maven, as for the tests). Without `AGENT_CORE_EMBEDDER` only what needs no vectors is compared.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import neo4j

from agent_plugin_graph import Graph, Passage
from agent_plugin_graph.index.embedders import embedder_called
from agent_plugin_graph.index.embedding import Embedder, content_of
from tests.benchmarks.bench_graph_retrieval import DATA, EMBEDDER, SETS, Corpus, read_corpus, recall_of
from tests.benchmarks.measure import table
from tests.servers.neo4j import Neo4jServer, download

Search = Callable[[str], Sequence[int]]
"""From a question to the places of five passages."""
_K = 5


class Remembering:
    """An embedder that is asked once for each text, whoever wants its vector; every question is asked anew."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self.question = embedder.question
        self._embedder = embedder
        self._known: dict[str, Sequence[float]] = {}

    def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Vectors of passages."""
        fresh = [text for text in texts if text not in self._known]
        self._known |= zip(fresh, self._embedder.documents(fresh) if fresh else (), strict=True)
        return [self._known[text] for text in texts]


def main(quick: bool = False) -> None:
    """Print the table."""
    download()
    rows: list[Sequence[object]] = []
    with tempfile.TemporaryDirectory() as folder, Neo4jServer(Path(folder)) as server:
        for name in SETS[:1] if quick else SETS:
            corpus = read_corpus(DATA / "multihop" / f"{name}.json")
            with neo4j.GraphDatabase.driver(server.url, auth=server.auth, notifications_min_severity="OFF") as driver:
                driver.execute_query("MATCH (n) DETACH DELETE n")
                rows += [(f"{name}: {called}", *measured) for called, *measured in _compared(corpus, server, driver)]
    table("Recall and time of a search, one server", ("", "recall@2", "recall@5", "p50, ms", "p95"), rows)


def _compared(corpus: Corpus, server: Neo4jServer, driver: neo4j.Driver) -> list[Sequence[object]]:
    passages = [Passage(str(n), title, text, "corpus") for n, (title, text) in enumerate(corpus.passages)]
    embedder = Remembering(embedder_called(EMBEDDER)) if EMBEDDER else None
    with (
        Graph.open(server.url, server.auth) as words,
        Graph.open(server.url, server.auth, embedder=embedder) as graph,
    ):
        began = time.perf_counter(), time.process_time()
        words.add_passages(passages)
        took = [1000 * (after - before) / len(passages) for after, before in zip(
            (time.perf_counter(), time.process_time()), began, strict=True)]  # fmt: skip
        print(
            f"Ours, to index 1,000 passages without vectors: {took[0]:.1f} s, of them {took[1]:.1f} s CPU of the client"
        )
        searches: dict[str, Search] = {"BM25 (bm25s)": _bm25(passages), "ours, words and graph": _ours(words)}
        if embedder:
            graph.refresh()
            searches["ours, and vectors"] = _ours(graph)
        searches |= _of_neo4j_graphrag(passages, embedder, driver)
        return [(name, *_measured(search, corpus)) for name, search in searches.items()]


def _measured(search: Search, corpus: Corpus) -> Sequence[object]:
    for question, _ in corpus.questions[:10]:
        search(question)
    found: list[Sequence[int]] = []
    times: list[float] = []
    for question, _ in corpus.questions:
        began = time.perf_counter()
        found.append(search(question))
        times.append(1000 * (time.perf_counter() - began))
    two, five = recall_of(found, corpus)
    return f"{two:.1f}", f"{five:.1f}", statistics.median(times), statistics.quantiles(times, n=20)[-1]


def _ours(graph: Graph) -> Search:
    return lambda question: [int(hit.passage_id) for hit in graph.search(question, _K)]


def _bm25(passages: Sequence[Passage]) -> Search:
    import bm25s

    index = bm25s.BM25()
    index.index(bm25s.tokenize([content_of(passage) for passage in passages], show_progress=False), show_progress=False)

    def search(question: str) -> list[int]:
        found, _ = index.retrieve(bm25s.tokenize(question, show_progress=False), k=_K, show_progress=False)
        return [int(place) for place in found[0]]

    return search


def _of_neo4j_graphrag(
    passages: Sequence[Passage], embedder: Remembering | None, driver: neo4j.Driver
) -> dict[str, Search]:
    """Its retriever over chunks with a full-text and a vector index, as its documentation sets them up."""
    from neo4j_graphrag.embeddings.base import Embedder as TheirEmbedder
    from neo4j_graphrag.indexes import create_fulltext_index, create_vector_index
    from neo4j_graphrag.retrievers import HybridRetriever

    contents = [content_of(passage) for passage in passages]
    vectors = embedder.documents(contents) if embedder else [None] * len(contents)
    driver.execute_query(
        "UNWIND $rows AS row CREATE (:Chunk {place: row[0], text: row[1], vector: row[2]})",
        rows=[[place, text, vector] for place, (text, vector) in enumerate(zip(contents, vectors, strict=True))],
    )
    create_fulltext_index(driver, "chunk_text", label="Chunk", node_properties=["text"])
    searches: dict[str, Search] = {}
    if embedder and vectors[0] is not None:
        create_vector_index(driver, "chunk_vectors", "Chunk", "vector", len(vectors[0]), "cosine")

        class Same(TheirEmbedder):
            def embed_query(self, text: str, **_: Any) -> list[float]:
                return list(embedder.question(text))

        retriever = HybridRetriever(driver, "chunk_vectors", "chunk_text", Same(), return_properties=["place"])
        searches["neo4j-graphrag, HybridRetriever"] = lambda question: [
            int(record["node"]["place"])
            for record in retriever.get_search_results(query_text=_plain(question), top_k=_K).records
        ]
    driver.execute_query("CALL db.awaitIndexes(120)")
    searches["its full-text index alone"] = lambda question: [
        place
        for (place,) in driver.execute_query(
            "CALL db.index.fulltext.queryNodes('chunk_text', $query, {limit: $k}) YIELD node RETURN node.place",
            query=_plain(question),
            k=_K,
        ).records
    ]
    return searches


def _plain(question: str) -> str:
    """Without the signs that a full-text query gives a meaning."""
    return "".join(sign if sign.isalnum() else " " for sign in question)


if __name__ == "__main__":
    main()
