"""`GraphQuery` on tables: what it refuses, what a mapping may say, and answers that were computed another way."""

from __future__ import annotations

import csv
import datetime
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent_core import ToolArgumentError
from agent_core.errors import UsageError
from agent_plugin_graph import Column, Condition, Graph, GraphQuery, Hop, Order, Value

MAPPING = """
nodes:
  Author: {file: authors.csv, key: author_id, properties: {name: name, born: born}}
  Book: {file: books.csv, key: book_id, properties: {title: title, pages: pages, price: price, out: published}}
  Shop: {file: shops.csv, key: shop_id, properties: [city]}
relationships:
  WROTE: {file: books.csv, from: {Author: author_id}, to: {Book: book_id}}
  SELLS: {file: stock.csv, from: {Shop: shop_id}, to: {Book: book_id}}
"""
Table = list[dict[str, str]]


def write_csv(path: Path, rows: Table) -> None:
    with path.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def library(any_graph: Graph, tmp_path: Path) -> tuple[Graph, dict[str, Table]]:
    """A generated library in a graph, and its tables as they are in the files."""
    chance = random.Random(11)
    day = datetime.date(2000, 1, 1)
    tables: dict[str, Table] = {
        "authors": [
            {
                "author_id": f"a{n}",
                "name": f"Author {n % 17}",
                "born": str(day - datetime.timedelta(chance.randrange(20000))),
            }
            for n in range(20)
        ],
        "books": [
            {
                "book_id": str(n),
                "title": f"Book {n}",
                "pages": str(chance.randrange(50, 900)) if chance.random() < 0.9 else "",
                "price": f"{chance.uniform(3, 60):.2f}",
                "published": str(day + datetime.timedelta(chance.randrange(9000))),
                "author_id": f"a{chance.randrange(20)}",
            }
            for n in range(150)
        ],
        "shops": [{"shop_id": str(n), "city": chance.choice(["Graz", "Lisbon", "Ålesund"])} for n in range(9)],
    }
    pairs = sorted({(chance.randrange(9), chance.randrange(150)) for _ in range(400)})
    tables["stock"] = [{"shop_id": str(shop), "book_id": str(book)} for shop, book in pairs]
    for name, rows in tables.items():
        write_csv(tmp_path / f"{name}.csv", rows)
    loaded = any_graph.load_tables(MAPPING, tmp_path)
    assert (loaded.nodes, loaded.edges, loaded.dangling) == (179, 150 + len(pairs), 0)
    return any_graph, tables


def test_pages_per_author(library: tuple[Graph, dict[str, Table]]) -> None:
    graph, tables = library
    expected: dict[str, list[int]] = defaultdict(list)
    names = {row["author_id"]: row["name"] for row in tables["authors"]}
    for row in tables["books"]:
        expected[names[row["author_id"]]] += [int(row["pages"])] if row["pages"] else []
    found = graph.query(
        GraphQuery(
            "Author",
            [
                Column("name", Value("Author.name")),
                Column("pages", Value("Book.pages"), "sum"),
                Column("longest", Value("Book.pages"), "max"),
            ],
            [Hop("WROTE", "Book")],
        )
    )
    assert {row["name"]: (row["pages"], row["longest"]) for row in found} == {
        name: (sum(pages), max(pages, default=None)) for name, pages in expected.items()
    }


def test_distinct_authors_per_city_over_three_nodes(library: tuple[Graph, dict[str, Table]]) -> None:
    graph, tables = library
    author = {row["book_id"]: row["author_id"] for row in tables["books"]}
    recent = {row["book_id"] for row in tables["books"] if row["published"] >= "2010-01-01"}
    city = {row["shop_id"]: row["city"] for row in tables["shops"]}
    expected: dict[str, set[str]] = defaultdict(set)
    for row in tables["stock"]:
        if row["book_id"] in recent:
            expected[city[row["shop_id"]]].add(author[row["book_id"]])
    found = graph.query(
        GraphQuery(
            "Shop",
            [Column("city", Value("Shop.city")), Column("n", Value("Author"), "count distinct")],
            [Hop("SELLS", "Book"), Hop("WROTE", "Author", backwards=True)],
            [Condition(Value("Book.out"), ">=", "2010-01-01")],
            [Order("n", descending=True)],
        )
    )
    ordered = sorted(expected.items(), key=lambda item: (-len(item[1]), item[0]))
    assert [(row["city"], row["n"]) for row in found] == [(name, len(authors)) for name, authors in ordered]


def test_mean_price_by_year_of_publication(library: tuple[Graph, dict[str, Table]]) -> None:
    graph, tables = library
    by_year: dict[int, list[float]] = defaultdict(list)
    for row in tables["books"]:
        by_year[int(row["published"][:4])].append(float(row["price"]))
    found = graph.query(
        GraphQuery("Book", [Column("y", Value("Book.out", "year")), Column("p", Value("Book.price"), "avg")])
    )
    assert {row["y"]: pytest.approx(row["p"]) for row in found} == {y: sum(p) / len(p) for y, p in by_year.items()}


GOOD = GraphQuery("Author", [Column("n", Value("Book.pages"), "avg")], [Hop("WROTE", "Book")])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (replace(GOOD, start="Autor"), "Did you mean 'Author'"),
        (replace(GOOD, start="Author) DETACH DELETE (x"), "no label"),
        (replace(GOOD, hops=[Hop("WRITES", "Book")]), "Did you mean 'WROTE'"),
        (replace(GOOD, hops=[Hop("WROTE", "Book", backwards=True)]), "does not lead Author <- Book"),
        (replace(GOOD, hops=[Hop("WROTE", "Book")] * 5), "at most 4"),
        (replace(GOOD, hops=[Hop("WROTE", "Book", name="Author")]), "name of its own"),
        (replace(GOOD, columns=[]), "one or more columns"),
        (replace(GOOD, columns=[Column("n", Value("Book.sides"))]), "no property of Book 'sides'"),
        (replace(GOOD, columns=[Column("n", Value("Book.pages') --"))]), "no property of Book"),
        (replace(GOOD, columns=[Column("n", Value("Shop.city"))]), "no node 'Shop'"),
        (replace(GOOD, columns=[Column("n", Value("Author.name"), "sum")]), "needs a number"),
        (replace(GOOD, columns=[Column("n", Value("Author"))]), "whole node"),
        (replace(GOOD, columns=[Column("n", Value("Author.name", "year"))]), "not a date"),
        (replace(GOOD, columns=[Column("n", Value("Book.out", "year", since="Book.out"))]), "not both"),
        (replace(GOOD, where=[Condition(Value("Book.pages"), "=", "many")]), "compared to integer"),
        (replace(GOOD, where=[Condition(Value("Book.pages"), "=", float("nan"))]), "compared to integer"),
        (replace(GOOD, where=[Condition(Value("Book.pages"), "=", True)]), "compared to integer"),
        (replace(GOOD, where=[Condition(Value("Book.out"), ">", "last May")]), "a date like"),
        (replace(GOOD, where=[Condition(Value("Book.pages"), "in", [])]), "needs a list"),
        (replace(GOOD, where=[Condition(Value("Book.pages"), "contains", "1")]), "compares text"),
        (replace(GOOD, where=[Condition(Value("Book.pages"), "is set", 1)]), "compares to nothing"),
        (replace(GOOD, order=[Order("m")]), "no column 'm'"),
        (replace(GOOD, limit=0), "1 to 1000"),
        (replace(GOOD, limit=10**9), "1 to 1000"),
    ],
)
def test_a_query_that_does_not_fit_says_why(
    library: tuple[Graph, dict[str, Table]], wrong: GraphQuery, message: str
) -> None:
    with pytest.raises(ToolArgumentError, match=message):
        library[0].query(wrong)


def test_values_are_never_part_of_the_statement(library: tuple[Graph, dict[str, Table]]) -> None:
    graph, before = library[0], library[0].stats()
    for text in ("'", "x' OR '1'='1", "'; DELETE FROM node; --", '"', "\\", "%", "_"):
        name = Value("Author.name")
        rows = graph.query(GraphQuery("Author", [Column("n", name)], where=[Condition(name, "=", text)]))
        rows += graph.query(GraphQuery("Author", [Column(text, name)], where=[Condition(name, "contains", text)]))
        assert rows == []
    assert graph.stats() == before


def test_no_tables_is_said(graph: Graph) -> None:
    with pytest.raises(ToolArgumentError, match="no tables yet"):
        graph.query(GOOD)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("file: books.csv, key: book_id", "file: no.csv, key: book_id"), "cannot be read"),
        (("file: books.csv, key: book_id", "file: books.csv, key: isbn"), "no column 'isbn'"),
        (("pages: pages", "pages: sides"), "no column 'sides'"),
        (("{Author: author_id}", "{Autor: author_id}"), "LABEL: COLUMN"),
        (("{Author: author_id}", "{Author: writer}"), "no column 'writer'"),
        (("  Shop:", "  Shop Window:"), "is no name"),
        (("properties: [city]", "property: [city]"), "unknown key 'property'"),
        (("nodes:", "nodes: ["), "not valid YAML"),
        (("file: stock.csv", "file: ../outside.csv"), "lies outside"),
        (("file: stock.csv", "file: /etc/passwd"), "lies outside"),
        (("title: title", '"t\'] --": title'), "is no name"),
    ],
)
def test_a_mapping_that_does_not_fit_changes_nothing(
    library: tuple[Graph, dict[str, Table]], tmp_path: Path, changed: tuple[str, str], message: str
) -> None:
    graph, before = library[0], library[0].stats()
    with pytest.raises(UsageError, match=message):
        graph.load_tables(MAPPING.replace(*changed), tmp_path)
    assert graph.stats() == before


def test_loading_again_follows_the_files(library: tuple[Graph, dict[str, Table]], tmp_path: Path) -> None:
    graph, tables = library
    write_csv(tmp_path / "shops.csv", [{"shop_id": "0", "city": "Porto"}, {"shop_id": "77", "city": "Graz"}])
    loaded = graph.load_tables(MAPPING, tmp_path)
    assert loaded.dangling == sum(row["shop_id"] != "0" for row in tables["stock"])
    assert graph.stats().labels == {"Author": 20, "Book": 150, "Shop": 2}
    found = graph.query(GraphQuery("Shop", [Column("c", Value("Shop.city"))]))
    assert [row["c"] for row in found] == ["Graz", "Porto"]


def test_numbers_with_leading_zeros_are_names(graph: Graph, tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [{"id": "007", "x": "1"}, {"id": "7", "x": "2.5"}])
    graph.load_tables("nodes:\n  T: {file: t.csv, key: id, properties: [x]}\n", tmp_path)
    found = graph.query(GraphQuery("T", [Column("id", Value("T.id")), Column("x", Value("T.x"))]))
    assert [(row["id"], row["x"]) for row in found] == [("007", 1.0), ("7", 2.5)]


HOSPITAL = Path(__file__).parents[3] / "examples" / "hospital" / "mapping.yaml"


def test_the_hospital_answers_as_its_gold_does(graph: Graph, given: Callable[[str], Any]) -> None:
    import json

    counts, stay, billed, medicaid, treated = json.loads(given("hospital/gold.json").read_text())
    graph.load_tables(HOSPITAL, given("hospital"))

    def answer(start: str, column: Column, *hops: Hop, where: list[Condition], by: list[Column] | None = None) -> Any:
        return graph.query(GraphQuery(start, [*(by or []), column], hops, where))

    def label(name: str) -> str:
        return {"hospitals": "Hospital", "physicians": "Physician", "patients": "Patient", "payers": "Payer",
                "visits": "Visit", "reviews": "Review"}[name]  # fmt: skip

    held = graph.stats().labels
    assert {name: held[label(name)] for name in counts["answer"]} == counts["answer"]
    closed = [
        Condition(Value("Visit.admission_type"), "=", "Emergency"),
        Condition(Value("Visit.discharged"), "is set"),
    ]
    days = Column("days", Value("Visit.discharged", since="Visit.admitted"), "avg")
    assert round(answer("Visit", days, where=closed)[0]["days"], 4) == stay["answer"]
    billing, payer = Column("x", Value("Visit.billing"), "sum"), Column("payer", Value("Payer.name"))
    in_2023 = [Condition(Value("Visit.admitted", "year"), "=", 2023)]
    rows = answer("Visit", billing, Hop("COVERED_BY", "Payer"), where=in_2023, by=[payer])
    assert {row["payer"]: round(row["x"], 2) for row in rows} == billed["answer"]
    mean, of_medicaid = replace(billing, function="avg"), [Condition(Value("Payer.name"), "=", "Medicaid")]
    rows = answer("Visit", mean, Hop("COVERED_BY", "Payer"), where=of_medicaid)
    assert round(rows[0]["x"], 2) == medicaid["answer"]
    patients, ryan = (
        Column("n", Value("Patient"), "count distinct"),
        [Condition(Value("Physician.name"), "=", "Ryan Brown")],
    )
    hops = (Hop("TREATS", "Visit"), Hop("HAS", "Patient", backwards=True))
    assert answer("Physician", patients, *hops, where=ryan)[0]["n"] == treated["answer"]
