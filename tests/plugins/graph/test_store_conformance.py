"""What every store does, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent_plugin_graph.index.indexing import Indexer
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.query.check import check
from agent_plugin_graph.query.model import Column, Condition, GraphQuery, Hop, Order, Value
from agent_plugin_graph.store.protocol import Edge, GraphStore, Node, Source, VectorModel
from agent_plugin_graph.store.scope import Scope
from agent_questions.schema import Schema

HARBOUR = Passage(
    "h1", "Blue Harbour", "Blue Harbour was founded in Lisbon by Marta Kovacs.", "a.md", "line 1", "a.md:1"
)
KOVACS = Passage("k1", "Marta Kovacs", "Marta Kovacs studied chemistry in Graz.", "b.md", names=("The founder",))
GRAZ = Passage("g1", "Graz", "Graz has an old clock tower.", "b.md", context="Cities > Austria", date="2026-11-21")

SHOPS = Schema(
    {
        "Shop": {"id": "integer", "name": "text", "opened": "date", "open": "boolean"},
        "Sale": {"id": "integer", "amount": "number", "day": "date", "note": "text"},
    },
    {"SOLD": frozenset({("Shop", "Sale")}), "AFTER": frozenset({("Sale", "Sale")})},
    {"Shop": "id", "Sale": "id"},
)


def keys(store: GraphStore, numbers: Sequence[int]) -> list[str]:
    held = store.passages(numbers)
    return [held[number].id for number in numbers]


def filled(store: GraphStore) -> GraphStore:
    Indexer(store).add([HARBOUR, KOVACS, GRAZ])
    return store


def shops(store: GraphStore) -> GraphStore:
    store.put_schema(SHOPS)
    names = [("Nørrebro", "2020-02-29", True), ("Ånd", "2021-01-01", False), ("Empty", "2022-12-31", True)]
    store.put_nodes(
        [
            Node("Shop", str(n), {"id": n, "name": name, "opened": day, "open": o})
            for n, (name, day, o) in enumerate(names)
        ],
        "shops.csv",
    )
    sales = [
        (10.5, "2023-01-31", "gift"),
        (2.0, "2023-03-01", None),
        (None, "2024-02-29", "GIFT card"),
        (4.0, None, ""),
    ]
    store.put_nodes(
        [Node("Sale", str(n), {"id": n, "amount": a, "day": d, "note": t}) for n, (a, d, t) in enumerate(sales)],
        "sales.csv",
    )
    assert store.put_edges([Edge("SOLD", ("Shop", str(n // 2)), ("Sale", str(n))) for n in range(4)], "sales.csv") == 0
    return store


def rows(store: GraphStore, start: str, columns: Sequence[Column], **options: object) -> list[tuple[object, ...]]:
    query = GraphQuery(start, columns, **options)  # pyright: ignore[reportArgumentType]
    return [tuple(row.values()) for row in store.query(check(query, store.schema()))]


def test_passages_come_back_as_they_were_given(store: GraphStore) -> None:
    filled(store)
    assert {passage.id: passage for _, passage in store.all_passages()} == {"h1": HARBOUR, "k1": KOVACS, "g1": GRAZ}
    assert store.passage_count() == 3


def test_words_find_passages_by_title_text_and_context(store: GraphStore) -> None:
    filled(store)
    assert keys(store, [n for n, _ in store.lexical(["clock"], 5)]) == ["g1"]
    assert keys(store, [n for n, _ in store.lexical(["austria"], 5)]) == ["g1"]
    graz = [n for n, _ in store.lexical(["graz"], 5)]
    assert keys(store, graz) == ["g1", "k1"]  # the title counts more
    assert all(score > 0 for _, score in store.lexical(["graz"], 5))
    assert store.lexical(["nowhere"], 5) == []
    assert len(store.lexical(["graz", "lisbon"], 1)) == 1


def test_frequencies_count_passages(store: GraphStore) -> None:
    filled(store)
    assert store.frequencies(["graz", "lisbon", "nowhere"]) == {"graz": 2, "lisbon": 1}


def test_which_terms_a_passage_holds(store: GraphStore) -> None:
    filled(store)
    numbers = {passage.id: number for number, passage in store.all_passages()}
    held = store.holding([numbers["h1"], numbers["k1"]], ["lisbon", "graz", "nowhere"])
    assert held == {numbers["h1"]: {"lisbon"}, numbers["k1"]: {"graz"}}


def test_entities_and_their_mentions_both_ways(store: GraphStore) -> None:
    filled(store)
    numbers = {passage.id: number for number, passage in store.all_passages()}
    (kovacs,) = store.entities(["marta kovacs"])
    assert (kovacs.name, kovacs.mentions) == ("Marta Kovacs", 2)
    mentions = {(passage, bool(defining)) for _, passage, defining in store.mentions_of([kovacs], 10)}
    assert mentions == {(numbers["k1"], True), (numbers["h1"], False)}
    assert [p for _, p, _ in store.mentions_of([kovacs], 1)] == [numbers["k1"]]  # the definition first
    assert (kovacs.number, numbers["h1"], False) in {(e, p, bool(d)) for e, p, d in store.mentions_in([numbers["h1"]])}
    assert store.entities_by_number([kovacs.number]) == {kovacs.number: kovacs}
    assert {"marta kovacs", "blue harbour"} <= set(store.titles())


def test_a_question_is_looked_up_in_one_go(store: GraphStore) -> None:
    filled(store)
    met = store.lookup(["graz", "nowhere"], ["marta kovacs", "nobody"])
    assert (met.passages, met.frequencies) == (3, {"graz": 2})
    assert [entity.name for entity in met.entities] == ["Marta Kovacs"]


def test_a_step_leads_over_entities_to_other_passages(store: GraphStore) -> None:
    filled(store)
    numbers = {passage.id: number for number, passage in store.all_passages()}
    (kovacs,), (graz,) = store.entities(["marta kovacs"]), store.entities(["graz"])
    step = store.surroundings([numbers["h1"]], [], (), common=50, most=10)
    assert {entity.key for entity in step.entities.values()} == {"blue harbour", "lisbon", "marta kovacs"}
    assert (kovacs.number, numbers["h1"], False) in {(e, p, bool(d)) for e, p, d in step.mentioned}
    # What only this passage mentions leads nowhere.
    assert {(e, p, bool(d)) for e, p, d in step.places} == {
        (kovacs.number, numbers["k1"], True),
        (kovacs.number, numbers["h1"], False),
    }
    assert not store.surroundings([numbers["h1"]], [], [kovacs.number], common=50, most=10).places
    assert not store.surroundings([numbers["h1"]], [], (), common=1, most=10).places
    asked = store.surroundings([], [graz], (), common=1, most=1)
    assert [(e, p) for e, p, _ in asked.places] == [(graz.number, numbers["g1"])]  # the definition first
    narrowed = store.surroundings([numbers["h1"]], [graz], (), common=50, most=10, scope=Scope(source="a.md"))
    assert [(e, p) for e, p, _ in narrowed.places] == [(kovacs.number, numbers["h1"])]


SCOPED = [
    Passage("1", "Pump", "The pump is serviced in spring.", "/docs/2024/pump.pdf", date="2024-03-01"),
    Passage("2", "Pump", "The pump is serviced in autumn.", "/docs/2025/pump.PDF", date="2025-10-01"),
    Passage("3", "Pump", "The pump has a warranty.", "/docs/2025/notes.md", date="2025-11-30"),
    Passage("4", "Pump", "The pump is blue.", "https://example.org/guide/pumps"),
]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(), "1234"),
        (Scope(source="/docs/2024/pump.pdf"), "1"),
        (Scope(source="/docs/2025"), "23"),
        (Scope(source="/docs/2025/"), "23"),
        (Scope(source="/docs/20"), ""),
        (Scope(source="notes.md"), "3"),
        (Scope(source="2025/notes.md"), "3"),
        (Scope(source="tes.md"), ""),
        (Scope(source="https://example.org/guide"), "4"),
        (Scope(source="%"), ""),
        (Scope(type="pdf"), "12"),
        (Scope(type="html"), "4"),
        (Scope(since="2025-10-01"), "23"),
        (Scope(until="2025-10-01"), "12"),
        (Scope(since="2025-10-01", until="2025-10-31"), "2"),
        (Scope(source="/docs", type="pdf", since="2025-01-01"), "2"),
    ],
)
def test_a_scope_narrows_what_is_found(store: GraphStore, scope: Scope, expected: str) -> None:
    Indexer(store).add(SCOPED)
    model = VectorModel("test", 2)
    store.begin_vectors(model)
    store.put_vectors({"h": [1.0, 0.0]}, {number: "h" for number, _ in store.all_passages()})
    assert "".join(sorted(keys(store, [n for n, _ in store.lexical(["pump"], 9, scope)]))) == expected
    assert "".join(sorted(keys(store, [n for n, _ in store.similar([1.0, 0.0], 9, scope)]))) == expected
    step = store.surroundings([], store.entities(["pump"]), (), common=50, most=9, scope=scope)
    assert "".join(sorted(keys(store, [passage for _, passage, _ in step.places]))) == expected


def test_a_bound_on_places_counts_only_those_in_the_scope(store: GraphStore) -> None:
    Indexer(store).add(SCOPED)
    step = store.surroundings([], store.entities(["pump"]), (), common=50, most=1, scope=Scope(source="notes.md"))
    assert keys(store, [passage for _, passage, _ in step.places]) == ["3"]


def test_vectors_are_kept_by_their_content(store: GraphStore) -> None:
    filled(store)
    numbers = {passage.id: number for number, passage in store.all_passages()}
    assert store.vector_model() is None
    assert store.similar([1.0, 0.0, 0.0], 5) == []
    assert store.unembedded_count() == 3
    model = VectorModel("tiny", 3)
    store.begin_vectors(model)
    assert store.vector_model() == model
    assert [passage.id for _, passage in store.unembedded(2)] == ["h1", "k1"]
    store.put_vectors({"x": [2.0, 0.0, 0.0], "y": [0.6, 0.8, 0.0]}, {numbers["h1"]: "x", numbers["k1"]: "y"})
    assert store.known_vectors(["x", "y", "z"]) == {"x", "y"}
    assert [passage.id for _, passage in store.unembedded(9)] == ["g1"]
    store.put_vectors({}, {numbers["g1"]: "x"})  # the same content again
    assert store.unembedded_count() == 0
    nearest = store.similar([1.0, 0.0, 0.0], 5)
    assert keys(store, [n for n, _ in nearest]) == ["h1", "g1", "k1"]
    assert [score for _, score in nearest] == pytest.approx([1.0, 1.0, 0.6], abs=0.01)
    assert len(store.similar([1.0, 0.0, 0.0], 1)) == 1
    assert store.similar([1.0, 0.0], 5) == []


def test_vectors_outlive_an_edit_and_go_with_what_is_forgotten(store: GraphStore) -> None:
    filled(store)
    store.begin_vectors(VectorModel("tiny", 2))
    numbers = {passage.id: number for number, passage in store.all_passages()}
    store.put_vectors({"x": [1.0, 0.0], "y": [0.0, 1.0]}, {numbers["h1"]: "x", numbers["k1"]: "y", numbers["g1"]: "y"})
    with store.transaction():  # as an edited document is read again
        store.forget("a.md")
        Indexer(store).add([HARBOUR])
    assert store.known_vectors(["x"]) == {"x"}
    assert store.unembedded_count() == 1
    assert [n for n, _ in store.similar([1.0, 0.0], 1)] != [numbers["h1"]]
    store.forget("b.md")
    store.purge()
    assert store.known_vectors(["x", "y"]) == frozenset()
    assert store.similar([0.0, 1.0], 5) == []


def test_another_model_begins_anew(store: GraphStore) -> None:
    filled(store)
    numbers = [number for number, _ in store.all_passages()]
    store.begin_vectors(VectorModel("one", 2))
    store.put_vectors({"x": [1.0, 0.0]}, dict.fromkeys(numbers, "x"))
    store.begin_vectors(VectorModel("one", 2))
    assert store.unembedded_count() == 0
    store.begin_vectors(VectorModel("other", 3))
    assert store.unembedded_count() == 3
    assert store.known_vectors(["x"]) == frozenset()
    store.put_vectors({"x": [0.0, 0.0, 1.0]}, dict.fromkeys(numbers, "x"))
    assert len(store.similar([0.0, 0.0, 1.0], 9)) == 3


def test_a_passage_of_the_same_id_replaces_the_first(store: GraphStore) -> None:
    filled(store)
    Indexer(store).add([Passage("h1", "Blue Harbour", "It moved to Porto.", "a.md")])
    assert store.passage_count() == 3
    assert store.lexical(["lisbon"], 5) == []
    (kovacs,) = store.entities(["marta kovacs"])
    assert kovacs.mentions == 1
    assert store.entities(["lisbon"]) == []


def test_a_title_that_comes_later_is_found_in_what_was_there(store: GraphStore) -> None:
    indexer = Indexer(store)
    indexer.add([Passage("1", "Tools", "We bought a reverse osmosis filter for the lab.", "a")])
    indexer.add([Passage("2", "Reverse osmosis", "A membrane holds back salt.", "b")])
    (entity,) = store.entities(["reverse osmosis"])
    assert entity.mentions == 2


def test_forgetting_a_source_takes_what_came_from_it_alone(store: GraphStore) -> None:
    filled(store)
    store.put_source(Source("b.md", "hash", "/root"))
    assert store.forget("b.md") == 2
    assert [passage.id for _, passage in store.all_passages()] == ["h1"]
    assert [source.uri for source in store.sources()] == ["a.md"]
    assert store.entities(["graz"]) == []
    assert store.entities(["marta kovacs"])[0].mentions == 1
    assert store.forget("b.md") == 0


def test_a_transaction_that_fails_leaves_nothing(store: GraphStore) -> None:
    def fail() -> None:
        with store.transaction():
            filled(store)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert store.passage_count() == 0
    assert store.stats().entities == 0


def test_sources_keep_their_hash_and_root(store: GraphStore) -> None:
    store.put_source(Source("a.md", "1", "/docs"))
    store.put_source(Source("a.md", "2", "/docs"))
    assert list(store.sources()) == [Source("a.md", "2", "/docs")]


def test_statistics(store: GraphStore) -> None:
    filled(shops(store))
    stats = store.stats()
    assert (stats.passages, stats.nodes, stats.edges) == (3, 7, 4)
    assert stats.labels == {"Sale": 4, "Shop": 3}
    assert stats.relationships == {"SOLD": 4}
    assert stats.orphan_entities == stats.duplicate_passages == 0
    assert stats.size_bytes is None or stats.size_bytes > 0


def test_the_last_searches_are_remembered(store: GraphStore) -> None:
    store.note_searches([900.0] * 50)
    store.note_searches([float(n) for n in range(1, 101)])
    stats = store.stats()
    assert (stats.search_p50_ms, stats.search_p95_ms) == (50.0, 95.0)


def test_nodes_that_are_joined_to_nothing_are_counted(store: GraphStore) -> None:
    assert shops(store).stats().orphan_nodes == 1  # the shop without a sale


def test_the_schema_is_what_was_declared(store: GraphStore) -> None:
    assert shops(store).schema() == SHOPS


def test_nodes_are_found_by_any_text_of_theirs(store: GraphStore) -> None:
    assert [node.key for node in shops(store).nodes_called("ånd", 5)] == ["1"]
    assert store.nodes_called("%", 5) == []


def test_an_edge_to_a_node_that_is_missing_is_counted_and_left_out(store: GraphStore) -> None:
    shops(store)
    assert store.put_edges([Edge("SOLD", ("Shop", "9"), ("Sale", "0"))], "x.csv") == 1
    assert store.stats().edges == 4


def test_forgetting_a_table_keeps_what_another_says_of_the_same_node(store: GraphStore) -> None:
    store.put_schema(SHOPS)
    store.put_nodes([Node("Shop", "1", {"id": 1, "name": "One"})], "a.csv")
    store.put_nodes([Node("Shop", "1", {"open": True})], "b.csv")
    assert store.forget("a.csv") == 0
    assert [tuple(n.properties.items()) for n in store.nodes_called("One", 5)] == []
    assert rows(store, "Shop", [Column("o", Value("Shop.open")), Column("n", Value("Shop.name"))]) == [(True, None)]
    assert store.forget("b.csv") == 1
    assert store.stats().nodes == 0


SALES = [Hop("SOLD", "Sale")]
AMOUNT = Value("Sale.amount")


@pytest.mark.parametrize(
    ("function", "expected"),
    [("count", 3), ("count distinct", 3), ("sum", 16.5), ("avg", 5.5), ("min", 2.0), ("max", 10.5)],
)
def test_aggregates_leave_empty_values_out(store: GraphStore, function: str, expected: float) -> None:
    column = Column("x", AMOUNT, function)  # pyright: ignore[reportArgumentType]
    assert rows(shops(store), "Shop", [column], hops=SALES) == [(expected,)]


def test_groups_are_the_columns_without_a_function(store: GraphStore) -> None:
    columns = [Column("shop", Value("Shop.name")), Column("n", Value("Sale"), "count"), Column("sum", AMOUNT, "sum")]
    assert rows(shops(store), "Shop", columns, hops=SALES) == [("Nørrebro", 2, 12.5), ("Ånd", 2, 4.0)]


def test_sums_and_counts_of_nothing_are_zero(store: GraphStore) -> None:
    columns = [Column("n", AMOUNT, "count"), Column("s", AMOUNT, "sum"), Column("a", AMOUNT, "avg")]
    where = [Condition(Value("Shop.name"), "=", "nobody")]
    assert rows(shops(store), "Shop", columns, hops=SALES, where=where) == [(0, 0, None)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(AMOUNT, "=", 2), [1]),
        (Condition(AMOUNT, "!=", 2), [0, 3]),
        (Condition(AMOUNT, ">=", 4.0), [0, 3]),
        (Condition(AMOUNT, "<", 4.0), [1]),
        (Condition(AMOUNT, "in", [2, 4]), [1, 3]),
        (Condition(AMOUNT, "is empty"), [2]),
        (Condition(AMOUNT, "is set"), [0, 1, 3]),
        (Condition(Value("Sale.note"), "contains", "gift"), [0, 2]),
        (Condition(Value("Sale.note"), "starts with", "GIFT C"), [2]),
        (Condition(Value("Sale.note"), "contains", "%"), []),
        (Condition(Value("Sale.day"), ">", "2023-02-01"), [1, 2]),
        (Condition(Value("Sale.day", "year"), "=", 2023), [0, 1]),
        (Condition(Value("Sale.day", "quarter"), "=", 1), [0, 1, 2]),
        (Condition(Value("Sale.day", "month"), "in", [1, 2]), [0, 2]),
        (Condition(Value("Sale.day", "day"), "=", 29), [2]),
    ],
)
def test_conditions(store: GraphStore, condition: Condition, expected: list[int]) -> None:
    found = rows(shops(store), "Sale", [Column("id", Value("Sale.id"))], where=[condition])
    assert [row[0] for row in found] == expected


def test_hops_are_followed_in_either_direction(store: GraphStore) -> None:
    columns = [Column("shop", Value("Shop.name")), Column("id", Value("Sale.id"))]
    back = rows(shops(store), "Sale", columns, hops=[Hop("SOLD", "Shop", backwards=True)])
    assert sorted(back, key=str) == sorted(rows(store, "Shop", columns, hops=SALES), key=str)


def test_the_same_label_twice_in_a_pattern(store: GraphStore) -> None:
    shops(store)
    store.put_edges(
        [Edge("AFTER", ("Sale", "0"), ("Sale", "1")), Edge("AFTER", ("Sale", "1"), ("Sale", "3"))], "sales.csv"
    )
    hops = [Hop("AFTER", "Sale", name="second"), Hop("AFTER", "Sale", name="third")]
    columns = [Column(name, Value(f"{name}.id")) for name in ("Sale", "second", "third")]
    assert rows(store, "Sale", columns, hops=hops) == [(0, 1, 3)]


def test_days_between_dates(store: GraphStore) -> None:
    days = Value("Sale.day", since="Shop.opened")
    assert rows(shops(store), "Shop", [Column("d", days, "max")], hops=SALES) == [(1154,)]


def test_order_limit_and_empty_values_last(store: GraphStore) -> None:
    columns = [Column("id", Value("Sale.id")), Column("a", AMOUNT)]
    up = rows(shops(store), "Sale", columns, order=[Order("a")])
    down = rows(store, "Sale", columns, order=[Order("a", descending=True)], limit=2)
    assert [row[0] for row in up] == [1, 3, 0, 2]
    assert [row[0] for row in down] == [0, 3]


def test_booleans_stay_booleans(store: GraphStore) -> None:
    found = rows(shops(store), "Shop", [Column("open", Value("Shop.open"))], distinct=True)
    assert found == [(False,), (True,)]
    assert rows(
        store, "Shop", [Column("n", Value("Shop"), "count")], where=[Condition(Value("Shop.open"), "=", True)]
    ) == [(2,)]
