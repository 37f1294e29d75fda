"""From a request to the one query of a table that answers it, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from agent_plugin_tables.asking.words import FALSE, ROW, TRUE
from agent_plugin_tables.cells import shown
from agent_plugin_tables.conditions import Comparison, Group, Node, columns_of, compile_test
from agent_plugin_tables.table import Table
from agent_questions.language import LIFE
from agent_questions.moments import Span
from agent_questions.reading import NotUnderstoodError
from agent_questions.request import Filter, Function, Measure, Part, Quantity, Request, Sign
from agent_questions.tokens import name_stems
from agent_questions.vocabulary import Vocabulary

if TYPE_CHECKING:
    from agent_plugin_tables.question import Operation

_OPERATIONS: dict[Function, Operation] = {
    "count": "count",
    "count distinct": "distinct",
    "sum": "sum",
    "avg": "mean",
    "median": "median",
    "min": "min",
    "max": "max",
}


_Groups: TypeAlias = tuple[tuple[int, Part | None], ...]
_Having: TypeAlias = tuple[tuple[Sign, float | int], ...]


@dataclass(frozen=True)
class Asked:
    """A query with its columns by position, before any row is read."""

    operation: Operation
    column: int | None = None
    group: _Groups = ()
    """Columns, and of dates the part by which they are grouped."""
    where: tuple[Node, ...] = ()
    """All of them have to hold."""
    sort: int | None = None
    descending: bool | None = None
    limit: int | None = None
    """With one, rows or groups that are equal to the last belong to the list."""
    shown: tuple[int, ...] = ()
    """The columns that are listed; all, where none is named."""
    having: _Having = ()
    """Which groups are kept, by their result."""
    of_groups: Literal["", "count", "mean"] = ""
    """Whether the groups are counted, or the mean of their results taken."""
    whole: tuple[Node, ...] | None = None
    """The conditions of what the result is a share of."""


def compiled(request: Request, table: Table, vocabulary: Vocabulary) -> Asked:
    """The query of a request.

    Raises:
        NotUnderstoodError: the table cannot answer it, or something in it can be meant in several ways.
    """
    return _Compiling(request, table, vocabulary).result()


class _Compiling:
    def __init__(self, request: Request, table: Table, vocabulary: Vocabulary) -> None:
        self.request = request
        self.table = table
        self.known = vocabulary

    def result(self) -> Asked:
        request = self.request
        where = self._where(request.filters)
        asked = replace(self._shape(), where=where)
        if request.share_from is None:
            return asked
        within = [one for one in request.filters if one.at < (request.share_from or 0)]
        if asked.group or asked.having or len(within) == len(request.filters):
            raise NotUnderstoodError("It does not say which share is meant.")
        return replace(asked, whole=self._where(within))

    def _shape(self) -> Asked:
        request = self.request
        groups = [self._group(one) for one in request.groups]
        groups += [self._by_part(self._date(path), part) for part, path in request.parts]
        measures = request.measures or [measure for measure, _, _ in request.kept[:1]]
        ranking = request.ranking
        if ranking and isinstance(ranking.by, Measure):
            measures = [*measures, ranking.by]
        if len(set(measures)) > 1:
            raise NotUnderstoodError("It asks for several numbers at once: ask for one after the other.")
        having: _Having = tuple((sign, number) for _, sign, number in request.kept)
        if measures:
            asked = self._measure(measures[0], tuple(groups), having)
            if ranking:
                return replace(asked, descending=ranking.descending, limit=ranking.most)
            return asked
        if groups or having:
            raise NotUnderstoodError("It does not say what is computed of each.")
        return self._listed()

    def _measure(self, measure: Measure, groups: _Groups, having: _Having) -> Asked:
        operation = _OPERATIONS[measure.function]
        column = self._column(measure.of) if measure.of.name else None
        if column is None:
            if operation not in ("count", "distinct"):
                raise NotUnderstoodError("It does not say what number is computed.")
            operation = "count"
        of_groups = "count" if self.request.counted else "mean" if self.request.mean_of_groups else ""
        if (of_groups or having) and not groups:
            raise NotUnderstoodError("It does not say of what there are several.")
        return Asked(operation, column, groups, having=having, of_groups=of_groups)

    def _listed(self) -> Asked:
        request = self.request
        outputs = [self._column(one) for one in request.outputs if one.name]
        whole = any(not one.name for one in request.outputs)
        ranking = request.ranking
        if ranking and isinstance(ranking.by, Quantity):
            sort = self._column(ranking.by)
            if ranking.each and self._is_repeated(self._column(ranking.each)):
                name = self.table.columns[sort]
                raise NotUnderstoodError(f"It does not say whether the total, the average or a single {name} is meant.")
            listed = () if whole else tuple(outputs)
            return Asked("list", sort=sort, descending=ranking.descending, limit=ranking.most, shown=listed)
        if not request.filters and whole and not request.moments:
            raise NotUnderstoodError("It does not say which of the rows are meant.")
        return Asked("list", shown=() if whole else tuple(dict.fromkeys(outputs)))

    def _is_repeated(self, column: int) -> bool:
        """Whether several of the rows that are meant have the same value."""
        node = Group("and", self._where(self.request.filters))
        readers = self.table.readers(sorted({column} | columns_of(node)))
        test = compile_test(node, readers)
        seen: set[str] = set()
        for row in filter(test, self.table.rows()):
            text = shown(row.cell(column)).casefold()
            if text in seen:
                return True
            seen.add(text)
        return False

    def _group(self, of: Quantity) -> tuple[int, Part | None]:
        if not of.name:
            raise NotUnderstoodError("Each row is one: name the column by which they are grouped.")
        return self._column(of, parts=True), of.part

    def _by_part(self, column: int, part: Part) -> tuple[int, Part | None]:
        if self.table.kinds[column].kind == "number" and part != "year":
            raise NotUnderstoodError(f"{self.table.columns[column]} is a year: it has no months and days.")
        if self.request.ranking and part != "year" and len(self._years(column)) > 1:
            within = any(span.within_a_year for span, _ in self.request.moments)
            if not within:
                raise NotUnderstoodError(f"The same {part} of all years, or that of one year? Name a year.")
        return column, part

    def _column(self, of: Quantity, parts: bool = False) -> int:
        if of.since:
            raise NotUnderstoodError("Times between two dates are not computed here.")
        if of.part and not parts:
            raise NotUnderstoodError("Parts of dates are computed only for groups.")
        return self.table.columns.index(of.name)

    # -- conditions

    def _where(self, filters: Sequence[Filter]) -> tuple[Node, ...]:
        nodes = [self._node(one) for one in filters]
        for span, path in self.request.moments:
            nodes += self._within(self._date(path), span)
        return tuple(dict.fromkeys(nodes))

    def _node(self, one: Filter) -> Node:
        column = self._column(one.of)
        if one.is_ in ("is empty", "is set"):
            return _is_set(column) if one.is_ == "is set" else Comparison(column, "is empty", ())
        values = one.to if isinstance(one.to, tuple) else (one.to,)
        if isinstance(values[0], bool):
            return Comparison(column, "in", tuple(sorted(TRUE if values[0] else FALSE)))
        literals = tuple(value if isinstance(value, str) else Decimal(str(value)) for value in values)
        return Comparison(column, one.is_, literals)

    def _date(self, path: str) -> int:
        """The date that is meant: the one that is named, else the only one that is when something took place."""
        if path:
            return self.table.columns.index(path.partition(".")[2])
        fields = self.known.fields(ROW, "date")
        single = [field for field in fields if not set(name_stems(field.name)) & LIFE] if len(fields) > 1 else fields
        years = [field for field in self.known.fields(ROW, "integer") if "year" in name_stems(field.name)]
        found = single or years
        if len(found) != 1:
            named = f": {', '.join(field.name for field in fields)}" if fields else ""
            raise NotUnderstoodError(f"It does not say which date is meant{named}.")
        return self.table.columns.index(found[0].name)

    def _within(self, column: int, span: Span) -> list[Node]:
        if self.table.kinds[column].kind == "number":
            return self._in_years(column, span)
        if span.month:
            return [self._any_year(column, f"-{span.month:02}")]
        if span.first and span.first == span.last:
            return [Comparison(column, "=", (span.first.isoformat(),))]
        bounds: list[Node] = [Comparison(column, ">=", (span.first.isoformat(),))] if span.first else []
        return bounds + ([Comparison(column, "<=", (span.last.isoformat(),))] if span.last else [])

    def _in_years(self, column: int, span: Span) -> list[Node]:
        """A stretch of time in a column of years: only whole years fit."""
        name = self.table.columns[column]
        whole = (span.first is None or (span.first.month, span.first.day) == (1, 1)) and (
            span.last is None or (span.last.month, span.last.day) == (12, 31)
        )
        if not whole or span.month:
            raise NotUnderstoodError(f"{name} is a year: it has no months and days.")
        nodes: list[Node] = [Comparison(column, ">=", (Decimal(span.first.year),))] if span.first else []
        return nodes + ([Comparison(column, "<=", (Decimal(span.last.year),))] if span.last else [])

    def _any_year(self, column: int, month: str) -> Node:
        return Group("or", tuple(Comparison(column, "=", (f"{year}{month}",)) for year in self._years(column)))

    def _years(self, column: int) -> list[int]:
        reader = self.table.kinds[column]
        moments = (reader.date(row.cell(column)) for row in self.table.rows())
        return sorted({moment.year for moment in moments if moment})


def _is_set(column: int) -> Node:
    return Group("not", (Comparison(column, "is empty", ()),))
