"""From a request to the one `GraphQuery` that answers it, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent_plugin_graph.asking.joins import joined
from agent_plugin_graph.asking.tables import Tables
from agent_plugin_graph.query.model import (
    MOST_ROWS,
    Column,
    Condition,
    GraphQuery,
    Having,
    Order,
    Part,
    Value,
)
from agent_questions.moments import Span
from agent_questions.reading import NotUnderstoodError
from agent_questions.request import Filter, Measure, Quantity, Request


@dataclass(frozen=True)
class Compiled:
    """A query, and what is done with its rows."""

    query: GraphQuery
    counted: bool = False
    """Whether the answer is how many rows there are."""
    ranked: str = ""
    """The column by which the first are chosen; others that are equal to the last of them belong to them."""
    whole: GraphQuery | None = None
    """What the query's number is a share of."""
    divided: bool = False
    """Whether the first number is divided by the second."""


def compiled(request: Request, tables: Tables) -> Compiled:
    """The query of a request.

    Raises:
        NotUnderstoodError: its labels are not joined, or something in it can be meant in several ways.
    """
    if request.share_from is None:
        return _Compiling(request, tables).result()
    if request.groups or request.parts or request.kept or len(request.measures) != 1:
        raise NotUnderstoodError("Shares are computed of one number, not of groups.")
    within = [one for one in request.filters if one.at < request.share_from]
    if len(within) == len(request.filters):
        raise NotUnderstoodError("It does not say which share is meant.")
    part = _Compiling(request, tables).result()
    whole = _Compiling(replace(request, filters=within, labels=[], links=set[str]()), tables).result()
    return replace(part, whole=whole.query)


class _Compiling:
    def __init__(self, request: Request, tables: Tables) -> None:
        self.request = request
        self.tables = tables
        self.schema = tables.vocabulary.schema
        self.columns: list[Column] = []
        self.where: list[Condition] = []

    def result(self) -> Compiled:
        request = self.request
        root = self._root()
        labels = self._labels(root)
        filters = [*request.filters]
        for span, path in request.moments:
            date = self._date(path, root, labels)
            labels.append(date.label)
            filters += _within(date, span)
        groups = [*request.groups]
        for part, path in request.parts:
            date = self._date(path, root, labels)
            labels.append(date.label)
            groups += self._by_part(date, part)
        hops = joined(root, labels, request.links, self.schema)
        for one in filters:
            self._check_every(one, root)
        self.where = [Condition(self._value(one.of), one.is_, one.to) for one in filters]
        order, limit, ranked = self._shape(groups, bool(hops))
        if request.mean_of_groups:
            self._divide(groups, root)
        having = [Having(self._measure(m, bool(hops)), sign, number) for m, sign, number in request.kept]
        query = GraphQuery(
            start=root,
            columns=self.columns,
            hops=hops,
            where=list(dict.fromkeys(self.where)),
            order=order,
            limit=limit,
            distinct=not any(column.function for column in self.columns),
            having=having,
        )
        self._check_told(query)
        return Compiled(query, request.counted, ranked, divided=request.mean_of_groups)

    def _root(self) -> str:
        request = self.request
        if request.measures:
            return request.measures[0].of.label
        if request.ranking:
            by = request.ranking.by
            return by.of.label if isinstance(by, Measure) else by.label
        if request.kept:
            return request.kept[0][0].of.label
        return (request.outputs or request.groups)[0].label

    def _labels(self, root: str) -> list[str]:
        request = self.request
        named = [*request.outputs, *request.groups, *(one.of for one in request.filters)]
        named += [measure.of for measure in request.measures] + [measure.of for measure, _, _ in request.kept]
        dated = [path.partition(".")[0] for _, path in (*request.moments, *request.parts) if path]
        return list(dict.fromkeys([root, *(one.label for one in named), *request.labels, *dated]))

    def _shape(self, groups: Sequence[Quantity], joins: bool) -> tuple[list[Order], int, str]:
        """The columns, with the order and the limit of the rows."""
        request = self.request
        for group in groups:
            self._group(group)
        for output in request.outputs:
            self._group(output)
        for measure in request.measures:
            self._measure(measure, joins)
        ranking = request.ranking
        if not ranking:
            return [], MOST_ROWS, ""
        if isinstance(ranking.by, Measure):
            ranked = self._measure(ranking.by, joins)
        else:
            of = self._value(ranking.by)
            ranked = next(column.name for column in self.columns if column.value == of)
            self.where.append(Condition(of, "is set"))
        return [Order(ranked, ranking.descending)], ranking.most, ranked

    def _divide(self, groups: Sequence[Quantity], root: str) -> None:
        """Count the groups instead of listing them."""
        if len(groups) != 1 or len(self.request.measures) != 1:
            raise NotUnderstoodError("It does not say per what the average is meant.")
        of = groups[0]
        hops = joined(root, [of.label], self.request.links, self.schema)
        if hops and not self.tables.has_one(root, hops):
            return  # one counts in several groups: the mean is that of the rows
        named = f"{of.label.lower()}s" if not of.name else _called(of)
        computed = [column for column in self.columns if column.function]
        self.columns = [*computed, Column(named, self._value(of), "count distinct")]

    def _group(self, quantity: Quantity) -> None:
        """A column to list or group by; nodes are told apart by their key where their name does not do."""
        if not quantity.name:
            called = self.tables.vocabulary.name_of(quantity.label)
            self._column(quantity.label.lower(), Value(called.path))
            key = self.schema.keys[quantity.label]
            if called.name != key and not self.tables.are_unique(called):
                self._column(key.replace("_", " "), Value(f"{quantity.label}.{key}"))
            return
        value = self._value(quantity)
        self._column(_called(quantity), value)
        field = self.tables.vocabulary.field(quantity.label, quantity.name)
        told = self.request.ranking or self.request.measures or self.request.outputs
        if told and field and not quantity.since and self.tables.vocabulary.may_be_empty(field):
            self.where.append(Condition(value, "is set"))

    def _measure(self, measure: Measure, joins: bool) -> str:
        value = self._value(measure.of)
        what = _called(measure.of) if measure.of.name else f"{measure.of.label.lower()}s"
        words = {"sum": "total ", "avg": "average ", "min": "lowest ", "max": "highest ", "count": ""}
        name = f"{words.get(measure.function, 'different ' if measure.of.name else '')}{what}"
        if measure.function == "median":
            raise NotUnderstoodError("Medians are not computed here.")
        once = joins and measure.function in ("sum", "avg")
        column = Column(name, value, measure.function, once=once)
        if column not in self.columns:
            self.columns.append(column)
        return name

    def _column(self, name: str, value: Value) -> None:
        if all(column.value != value for column in self.columns):
            taken = {column.name for column in self.columns}
            self.columns.append(Column(name if name not in taken else value.field, value))

    def _value(self, of: Quantity) -> Value:
        field = f"{of.label}.{of.name}" if of.name else of.label
        return Value(field, of.part, f"{of.label}.{of.since}" if of.since else "")

    def _by_part(self, date: Quantity, part: Part) -> list[Quantity]:
        of = Quantity(date.label, date.name, part)
        within = any(span.within_a_year for span, _ in self.request.moments)
        if part == "year" or within:
            return [of]
        if self.request.ranking:
            raise NotUnderstoodError(f"The same {part} of all years, or that of one year? Name a year.")
        return [Quantity(date.label, date.name, "year"), of]

    def _date(self, path: str, root: str, labels: Sequence[str]) -> Quantity:
        """The date that is meant: the one that is named, else when what is asked about took place."""
        if path:
            label, _, name = path.partition(".")
            return Quantity(label, name)
        vocabulary = self.tables.vocabulary
        declared = {
            label: [field for field in vocabulary.fields(label, "date") if vocabulary.default_date(field)]
            for label in self.schema.properties
        }
        for label in (root, *labels):
            if len(declared[label]) == 1:
                return Quantity(label, declared[label][0].name)
        single: list[Quantity] = []
        for label in dict.fromkeys((root, *labels)):
            dates = [field for field in vocabulary.fields(label, "date") if not self.tables.is_life(field)]
            single += [Quantity(label, dates[0].name)] if len(dates) == 1 else []
        if len(single) == 1:
            return single[0]
        near: list[tuple[int, str]] = []
        for label in (label for label, fields in declared.items() if len(fields) == 1):
            try:
                near.append((len(joined(root, [*labels, label], self.request.links, self.schema)), label))
            except NotUnderstoodError:
                continue
        nearest = [label for distance, label in near if distance == min(near)[0]]
        if len(nearest) == 1:
            return Quantity(nearest[0], declared[nearest[0]][0].name)
        dates = [field.path for label in labels for field in vocabulary.fields(label, "date")]
        known = f": {', '.join(dates)}" if dates else ""
        raise NotUnderstoodError(f"It does not say which date is meant{known}.")

    def _check_every(self, one: Filter, root: str) -> None:
        if one.every and one.of.label != root:
            hops = joined(root, [one.of.label], self.request.links, self.schema)
            if not self.tables.has_one(root, hops):
                what = "not be" if one.is_ == "!=" else "be all of"
                raise NotUnderstoodError(
                    f"A {root} can have several of {one.of.label}: must one of them {what} these, or each?"
                )

    def _check_told(self, query: GraphQuery) -> None:
        """What is asked for must not be what the question itself says."""
        said = {condition.value for condition in query.where if condition.is_ == "="}
        if query.columns[0].function is None and query.columns[0].value in said and not query.having:
            raise NotUnderstoodError(f"It asks for {query.columns[0].value.field} and says what it is.")


def _called(quantity: Quantity) -> str:
    if quantity.since:
        return f"days from {quantity.since} to {quantity.name}"
    name = quantity.name.replace("_", " ")
    return f"{quantity.part} {name}" if quantity.part else name


def _within(of: Quantity, span: Span) -> list[Filter]:
    if span.month:
        return [Filter(Quantity(of.label, of.name, "month"), "=", span.month)]
    if span.year:
        return [Filter(Quantity(of.label, of.name, "year"), "=", span.year)]
    if span.first and span.first == span.last:
        return [Filter(of, "=", span.first.isoformat())]
    bounds = [Filter(of, ">=", span.first.isoformat())] if span.first else []
    return bounds + ([Filter(of, "<=", span.last.isoformat())] if span.last else [])
