"""What reading a question needs to find out from the tables themselves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from agent_plugin_graph.query.check import check
from agent_plugin_graph.query.model import Column, Condition, GraphQuery, Hop, Order, Value
from agent_plugin_graph.store.protocol import GraphStore
from agent_questions import language
from agent_questions.meanings import Field
from agent_questions.request import Quantity
from agent_questions.schema import MOST_LISTED
from agent_questions.tokens import name_stems
from agent_questions.vocabulary import Vocabulary


class _Texts:
    """The texts of a store's properties."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store

    def of(self, field: Field, holding: str = "") -> list[str | None]:
        """The different ones, in order."""
        query = GraphQuery(
            field.label,
            [Column("value", Value(field.path))],
            where=[Condition(Value(field.path), "contains", holding)] if holding else (),
            order=[Order("value")],
            limit=MOST_LISTED,
            distinct=True,
        )
        return [row["value"] for row in self._store.query(check(query, self._store.schema()))]


class Tables:
    """A store's tables as they are when a question is asked."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._state = store.state()
        self._durations: dict[str, Quantity | None] = {}

    def are_of_now(self) -> bool:
        """Whether nothing was written since, so that what is known of them still holds."""
        return self._state is not None and self._state == self._store.state()

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What words can mean."""
        return Vocabulary(self._store.schema(), _Texts(self._store))

    def rows(self, query: GraphQuery) -> list[dict[str, Any]]:
        """The rows of a query."""
        return self._store.query(check(query, self.vocabulary.schema))

    def called(self, field: Field, value: str) -> int:
        """How many nodes have this value."""
        query = GraphQuery(
            field.label,
            [Column("n", Value(field.label), "count")],
            where=[Condition(Value(field.path), "=", value)],
        )
        return int(self.rows(query)[0]["n"])

    def are_unique(self, field: Field) -> bool:
        """Whether no two nodes have the same value."""
        counts = [Column("all", Value(field.path), "count"), Column("one", Value(field.path), "count distinct")]
        row = self.rows(GraphQuery(field.label, counts))[0]
        return bool(row["all"] == row["one"])

    def has_one(self, label: str, hops: Sequence[Hop]) -> bool:
        """Whether these hops lead from each node of a label to one other at most."""
        key = self.vocabulary.schema.keys[label]
        columns = [Column("key", Value(f"{label}.{key}")), Column("n", Value(hops[-1].to), "count distinct")]
        rows = self.rows(GraphQuery(label, columns, hops, order=[Order("n", descending=True)], limit=1))
        return not rows or rows[0]["n"] <= 1

    def is_life(self, field: Field) -> bool:
        """Whether a date says when somebody was born and the like, not when something took place."""
        said = {stem for word in self.vocabulary.schema.words.get(field.path, ()) for stem in name_stems(word)}
        return bool((said | set(name_stems(field.name))) & language.LIFE)

    def duration(self, label: str) -> Quantity | None:
        """The days between the two dates of a label, from the one that is earlier; None without two."""
        if label not in self._durations:
            self._durations[label] = self._duration(label)
        return self._durations[label]

    def _duration(self, label: str) -> Quantity | None:
        dates = [field for field in self.vocabulary.fields(label, "date") if not self.is_life(field)]
        if len(dates) != 2:
            return None
        first, second = dates
        between = Value(second.path, since=first.path)
        row = self.rows(GraphQuery(label, [Column("least", between, "min"), Column("most", between, "max")]))[0]
        if row["least"] is None:
            return None
        if row["least"] >= 0:
            return Quantity(label, second.name, since=first.name)
        return Quantity(label, first.name, since=second.name) if row["most"] <= 0 else None
