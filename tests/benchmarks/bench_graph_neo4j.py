"""On one Neo4j: our search beside neo4j-graphrag's HybridRetriever, its full-text index alone, and a plain BM25.

    AGENT_CORE_EMBEDDER=path:FOLDER uv run --group bench --extra sentence-transformers \
        python -m tests.benchmarks graph_neo4j

All are given the same passages (titled), and those with vectors the same embedder. Servers are started for it (Java and
Maven, as for the tests; 384 MB of heap). Without `AGENT_CORE_EMBEDDER` only what needs no vectors is compared.

Then what indexing costs there, with vectors that cost nothing to make: the time, the CPU of this process and of the
server, and by how much the database's folder grows (its log of transactions apart, which is recycled).
"""

from __future__ import annotations

import os
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
from tests.benchmarks.bench_graph_search import RandomVectors, generated
from tests.benchmarks.measure import table
from tests.servers.neo4j import Neo4jServer, download

Search = Callable[[str], Sequence[int]]
"""From a question to the places of five passages."""
_K = 5
_SETTLED = 4
"""Seconds without a change after which the files are taken to be written."""


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
    """Print the tables."""
    download()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    rows: list[Sequence[object]] = []
    corpora = [read_corpus(DATA / "multihop" / f"{name}.json") for name in SETS]
    with tempfile.TemporaryDirectory() as folder:
        with Neo4jServer(Path(folder) / "searched") as server, _driver(server) as driver:
            for name, corpus in list(zip(SETS, corpora, strict=True))[: 1 if quick else None]:
                driver.execute_query("MATCH (n) DETACH DELETE n")
                rows += [(f"{name}: {called}", *measured) for called, *measured in _compared(corpus, server, driver)]
        header = ("", "recall@2", "recall@5", "p50, ms", "p95", "CPU here, ms", "of the server")
        table(f"Recall and time of a search, one server (load {load})", header, rows)
        often = {"db_checkpoint_interval_time": "1s"}  # so that what is kept is soon in the files
        with Neo4jServer(Path(folder) / "indexed", **often) as server, _driver(server) as driver:
            costs = _costs(list(generated(corpora, 1_000 if quick else 5_000)), server, driver)
    header = ("", "s per 1,000", "CPU s here", "of the server", "bytes each")
    table("To index", header, costs)


def _driver(server: Neo4jServer) -> neo4j.Driver:
    return neo4j.GraphDatabase.driver(server.url, auth=server.auth, notifications_min_severity="OFF")


def _compared(corpus: Corpus, server: Neo4jServer, driver: neo4j.Driver) -> list[Sequence[object]]:
    passages = [Passage(str(n), title, text, "corpus") for n, (title, text) in enumerate(corpus.passages)]
    embedder = Remembering(embedder_called(EMBEDDER)) if EMBEDDER else None
    with (
        Graph.open(server.url, server.auth) as words,
        Graph.open(server.url, server.auth, embedder=embedder) as graph,
    ):
        words.add_passages(passages)
        searches: dict[str, Search] = {"BM25 (bm25s)": _bm25(passages), "ours, words and graph": _ours(words)}
        if embedder:
            graph.refresh()
            searches["ours, and vectors"] = _ours(graph)
        searches |= _of_neo4j_graphrag(passages, embedder, driver)
        return [(name, *_measured(search, corpus, driver)) for name, search in searches.items()]


def _measured(search: Search, corpus: Corpus, driver: neo4j.Driver) -> Sequence[object]:
    for question, _ in corpus.questions[: len(corpus.questions) // 2]:
        search(question)
    found: list[Sequence[int]] = []
    times: list[float] = []
    spent = _cpu_s(driver)
    for question, _ in corpus.questions:
        began = time.perf_counter()
        found.append(search(question))
        times.append(1000 * (time.perf_counter() - began))
    cpu = [1000 * (after - before) / len(times) for after, before in zip(_cpu_s(driver), spent, strict=True)]
    two, five = recall_of(found, corpus)
    return f"{two:.1f}", f"{five:.1f}", statistics.median(times), statistics.quantiles(times, n=20)[-1], *cpu


def _costs(passages: Sequence[Passage], server: Neo4jServer, driver: neo4j.Driver) -> list[Sequence[object]]:
    """Each on top of those before: what is deleted would leave room in the files, and what follows look smaller."""
    random = RandomVectors()
    warm = [Passage(f"warm {n}", one.title, one.text, "warm") for n, one in enumerate(passages[:500])]
    with (
        Graph.open(server.url, server.auth) as words,
        Graph.open(server.url, server.auth, embedder=random) as graph,
    ):
        words.add_passages(warm)
        graph.refresh()
        _chunks(warm, random.documents([""] * len(warm)), driver)
        vectors = random.documents([""] * len(passages))
        steps: dict[str, Callable[[], object]] = {
            "ours: words and names": lambda: words.add_passages(passages),
            "ours: vectors": graph.refresh,
            "as neo4j-graphrag: chunks, text and vector index": lambda: _chunks(passages, vectors, driver),
        }
        return [(name, *_cost(step, len(passages), server, driver)) for name, step in steps.items()]


def _cost(step: Callable[[], object], count: int, server: Neo4jServer, driver: neo4j.Driver) -> Sequence[object]:
    held, spent, began = _bytes(server), _cpu_s(driver), time.perf_counter()
    step()
    driver.execute_query("CALL db.awaitIndexes(120)")
    took = [time.perf_counter() - began, *(b - a for a, b in zip(spent, _cpu_s(driver), strict=True))]
    return *(1000 * seconds / count for seconds in took), (_bytes(server) - held) // count


def _cpu_s(driver: neo4j.Driver) -> tuple[float, float]:
    """What this process and the server have spent."""
    asked = (
        "CALL dbms.queryJmx('java.lang:type=OperatingSystem') YIELD attributes RETURN attributes.ProcessCpuTime.value"
    )
    ((nanoseconds,),) = driver.execute_query(asked).records
    return time.process_time(), nanoseconds / 1e9


def _bytes(server: Neo4jServer) -> int:
    """What the database takes on the disk, once it takes no more."""
    folder, sizes = server.folder / "data" / "databases" / "neo4j", list[int]()
    while len(sizes) < _SETTLED or len(set(sizes[-_SETTLED:])) > 1:
        time.sleep(1)
        sizes.append(sum(512 * file.stat().st_blocks for file in folder.rglob("*") if file.is_file()))
    return sizes[-1]


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
    from neo4j_graphrag.retrievers import HybridRetriever

    contents = [content_of(passage) for passage in passages]
    vectors = embedder.documents(contents) if embedder else [None] * len(contents)
    _chunks(passages, vectors, driver)
    searches: dict[str, Search] = {}
    if embedder:

        class Same(TheirEmbedder):
            def embed_query(self, text: str, **_: Any) -> list[float]:
                return list(embedder.question(text))

        retriever = HybridRetriever(driver, "chunk_vectors", "chunk_text", Same(), return_properties=["place"])
        searches["neo4j-graphrag, HybridRetriever"] = lambda question: [
            int(record["node"]["place"])
            for record in retriever.get_search_results(query_text=_plain(question), top_k=_K).records
        ]
    searches["its full-text index alone"] = lambda question: [
        place
        for (place,) in driver.execute_query(
            "CALL db.index.fulltext.queryNodes('chunk_text', $query, {limit: $k}) YIELD node RETURN node.place",
            query=_plain(question),
            k=_K,
        ).records
    ]
    return searches


def _chunks(passages: Sequence[Passage], vectors: Sequence[Sequence[float] | None], driver: neo4j.Driver) -> None:
    """Chunks under a full-text and a vector index, as neo4j-graphrag's documentation sets them up."""
    from neo4j_graphrag.indexes import create_fulltext_index, create_vector_index

    create_fulltext_index(driver, "chunk_text", label="Chunk", node_properties=["text"])
    if vectors[0] is not None:
        create_vector_index(driver, "chunk_vectors", "Chunk", "vector", len(vectors[0]), "cosine")
    rows = [
        [place, content_of(passage), vector]
        for place, (passage, vector) in enumerate(zip(passages, vectors, strict=True))
    ]
    for start in range(0, len(rows), 1_000):
        driver.execute_query(
            "UNWIND $rows AS row CREATE (:Chunk {place: row[0], text: row[1], vector: row[2]})",
            rows=rows[start : start + 1_000],
        )
    driver.execute_query("CALL db.awaitIndexes(120)")


def _plain(question: str) -> str:
    """Without the signs that a full-text query gives a meaning."""
    return "".join(sign if sign.isalnum() else " " for sign in question)


if __name__ == "__main__":
    main()
