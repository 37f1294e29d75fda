"""How well passages are found for questions over several of them, against floors that plain BM25 does not reach."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import pytest

from agent_core.errors import UsageError
from agent_plugin_graph import Graph, Passage
from tests.benchmarks.bench_graph_retrieval import Corpus, filled, read_corpus, recall


@pytest.mark.parametrize(
    ("name", "titled", "floor"),
    [
        ("musique", True, (58.0, 74.0)),
        ("musique", False, (48.0, 63.0)),
        ("hotpotqa", True, (84.0, 96.0)),
        ("hotpotqa", False, (70.0, 88.0)),
    ],
)
def test_recall_stays_where_it_was_measured(
    tmp_path: Path, given: Callable[[str], Path], name: str, titled: bool, floor: tuple[float, float]
) -> None:
    corpus = read_corpus(given(f"multihop/{name}.json"))
    with filled(corpus, tmp_path / "graph.db", titled) as graph:
        assert recall(graph, corpus) >= floor


SMALL = Corpus(
    passages=[
        ("Kiln Street", "Kiln Street is a lane in the old town of Varnholm. It has about 40 houses."),
        ("Varnholm", "The old town of Varnholm was rebuilt by the architect Ida Sellgren after the fire."),
        ("Ida Sellgren", "Ida Sellgren studied in Uppsala and drew more than ninety bridges."),
        ("Street", "A street is a way between houses. In a town, a street has a name."),
        ("Architect", "An architect draws houses. Few architects rebuild a town after a fire."),
        ("Uppsala", "Uppsala is known for its cathedral."),
    ],
    questions=[("Where did the architect study who rebuilt the town in which Kiln Street lies?", {0, 1, 2})],
)


@pytest.mark.parametrize("titled", [True, False])
def test_a_chain_is_found_over_names_that_the_question_does_not_hold(tmp_path: Path, titled: bool) -> None:
    with filled(SMALL, tmp_path / "graph.db", titled) as graph:
        assert recall(graph, SMALL)[1] == 100.0
        hits = graph.search(SMALL.questions[0][0], k=2)
        assert {hit.passage_id for hit in hits} <= {"0", "1", "2"}
        why = {hit.passage_id: hit.why for hit in graph.search(SMALL.questions[0][0])}
    if titled:
        assert '"Kiln Street", which the question names' in why["0"]
        assert '"Ida Sellgren", which "Varnholm" names too' in why["2"]


def test_the_path_to_a_passage_is_told(tmp_path: Path) -> None:
    with filled(SMALL, tmp_path / "graph.db", titled=True) as graph:
        paths = {hit.title: hit.path for hit in graph.search(SMALL.questions[0][0])}
    assert paths["Kiln Street"] == ("Kiln Street", "[Kiln Street]")
    assert paths["Ida Sellgren"][-3:] == ("[Varnholm]", "Ida Sellgren", "[Ida Sellgren]")
    assert paths["Ida Sellgren"][0] == "Kiln Street"


def test_a_search_within_a_part_is_as_if_there_were_nothing_else(any_graph: Graph) -> None:
    crowd = [Passage(f"c{n}", f"Kiln Street {n}", "Kiln Street was rebuilt.", "crowd.txt") for n in range(60)]
    dates = ("2024-05-01", "2025-05-01", "2026-05-01")
    some = [
        Passage(str(n), title, text, f"/town/{title}.md", date=dates[n % 3])
        for n, (title, text) in enumerate(SMALL.passages)
    ]
    any_graph.add_passages([*crowd, *some])
    question = SMALL.questions[0][0]

    def found(**only: str) -> set[str]:
        return {hit.passage_id for hit in any_graph.search(question, k=9, **only)}  # pyright: ignore[reportArgumentType]

    assert {"0", "1", "2"} <= found(source="/town") <= {str(n) for n in range(6)}
    assert found(source="Kiln Street.md") == {"0"}
    assert found(type="MD", since="2026-01-01") == {"2", "5"}
    assert found(type="txt", since="2020-01-01") == set()
    assert found(until="2024-12-31") == {"0", "3"}
    narrow = any_graph.within(source="/town").within(since="2025-05-01", until="2025-05-01")
    assert {hit.passage_id for hit in narrow.search(question, k=9)} == {"1", "4"}
    with pytest.raises(UsageError, match="'soon' is no day"):
        found(since="soon")
    with pytest.raises(UsageError, match="'2026-02-30' is no day"):
        any_graph.add_passages([Passage("x", "X", "x", date="2026-02-30")])


def test_a_file_is_of_the_day_on_which_it_was_changed(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name, day in (("old.md", date(2020, 5, 17)), ("new.txt", date(2025, 5, 17))):
        (tmp_path / "docs" / name).write_text("The pump is serviced in spring.\n")
        noon = datetime.combine(day, time(12)).timestamp()
        os.utime(tmp_path / "docs" / name, (noon, noon))
    with Graph.open(f"sqlite:///{tmp_path / 'graph.db'}") as graph:
        graph.add_files([tmp_path / "docs"])
        assert len(graph.search("the pump in spring")) == 2
        (hit,) = graph.search("the pump in spring", since=date(2020, 5, 18))
        assert hit.source.endswith("new.txt")
        (hit,) = graph.search("the pump in spring", until="2020-05-17", type="md")
        assert hit.source.endswith("old.md")


def test_how_long_searches_took_is_remembered(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'graph.db'}"
    filled(SMALL, tmp_path / "graph.db", titled=True).close()
    with Graph.open(address) as graph:
        assert graph.stats().search_p50_ms is None
        graph.search("Kiln Street")
    with Graph.open(address) as graph, Graph.open(address) as writer:
        stats = graph.stats()
        assert stats.search_p50_ms is not None
        assert stats.search_p95_ms is not None
        assert 0 < stats.search_p50_ms <= stats.search_p95_ms
        graph.search("Kiln Street")
        with writer.store.transaction():
            graph.close()  # does not wait for the other one


def test_the_order_of_adding_does_not_matter(tmp_path: Path) -> None:
    found: list[list[str]] = []
    for number, passages in enumerate((SMALL.passages, SMALL.passages[::-1])):
        graph: Graph
        with filled(Corpus(passages, ()), tmp_path / f"{number}.db", titled=True) as graph:
            found.append([hit.title for hit in graph.search(SMALL.questions[0][0], k=3)])
    assert found[0] == found[1]
