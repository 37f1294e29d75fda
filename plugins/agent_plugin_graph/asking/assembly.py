"""From the items of a question, each read in one way, to a request. Every item is used, or the reading fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agent_plugin_graph.asking import language
from agent_plugin_graph.asking.moments import Span
from agent_plugin_graph.asking.reading import Comparison, NotUnderstoodError
from agent_plugin_graph.asking.request import Filter, Measure, Quantity, Ranking, Request
from agent_plugin_graph.asking.tokens import name_stems
from agent_plugin_graph.asking.vocabulary import Field, Known, Link, Thing, Vocabulary
from agent_plugin_graph.query.model import Function

_SOFT = ("set", "by", "and", "which", "days", "currency")
"""What may be left over: it joins or introduces."""
_NUMERIC = ("integer", "number")


@dataclass(frozen=True)
class Word:
    """An item in one of its readings."""

    kind: str
    detail: Any
    text: str
    at: int = -1
    """Where it begins in the question."""


def assemble(
    words: Sequence[Word],
    verbs: Sequence[int],
    vocabulary: Vocabulary,
    duration: Callable[[str], Quantity | None],
) -> Request:
    """What the words ask for.

    Args:
        words: The items in order, fillers left out.
        verbs: Where "is", "have", "did" and the like stand among what was left out.
        vocabulary: Of the tables.
        duration: The days between the two dates of a label, if it has two of that kind.

    Raises:
        NotUnderstoodError: something is left over, or does not fit together.
    """
    return _Assembly(words, verbs, vocabulary, duration).request()


class _Assembly:
    def __init__(
        self,
        words: Sequence[Word],
        verbs: Sequence[int],
        vocabulary: Vocabulary,
        duration: Callable[[str], Quantity | None],
    ) -> None:
        self.words = list(words)
        self.verbs = verbs
        self.known = vocabulary
        self.duration = duration
        self.left = set(range(len(words)))
        self.made = Request()
        self.target: int | None = None

    def request(self) -> Request:
        for step in (
            self._searched, self._equalled, self._named, self._singular, self._parts_of_dates, self._compared, self._dated, self._lacking,
            self._asked_for, self._ranked, self._measured, self._grouped, self._averaged, self._listed, self._rest,
        ):  # fmt: skip
            step()
        return self.made

    # -- places -------------------------------------------------------------------------------------------------

    def kind(self, at: int | None) -> str:
        return self.words[at].kind if at is not None and 0 <= at < len(self.words) else ""

    def after(self, at: int, *skip: str) -> int | None:
        """The next place that is not used up, over words of these kinds."""
        return next((n for n in range(at + 1, len(self.words)) if n in self.left and self.kind(n) not in skip), None)

    def before(self, at: int, *skip: str) -> int | None:
        return next((n for n in range(at - 1, -1, -1) if n in self.left and self.kind(n) not in skip), None)

    def all(self, *kinds: str) -> list[int]:
        return [at for at in sorted(self.left) if self.kind(at) in kinds]

    def use(self, *places: int | None) -> None:
        self.left.difference_update(place for place in places if place is not None)

    def is_number(self, at: int | None) -> bool:
        return self.kind(at) == "field" and self.known.type_of(self.words[at or 0].detail) in _NUMERIC

    def is_date(self, at: int | None) -> bool:
        return self.kind(at) == "field" and self.known.type_of(self.words[at or 0].detail) == "date"

    def quantity(self, at: int) -> Quantity:
        detail = self.words[at].detail
        return Quantity(detail.label, detail.name) if isinstance(detail, Field) else Quantity(detail.label)

    def fail(self, why: str) -> NotUnderstoodError:
        return NotUnderstoodError(why)

    # -- conditions ---------------------------------------------------------------------------------------------

    def _searched(self) -> None:
        """Texts that something mentions."""
        for at in self.all("about"):
            if self.kind(at + 1) == "known":
                self.use(at)
        for at in self.all("having to do"):
            text = self.after(at)
            if text is None or text != at + 1:
                raise self.fail(f"It does not say what “{self.words[at].text}” is about.")
            said = self.words[text].text
            before = self.before(at, "set", "and", "which")
            fields = [before] if self.kind(before) == "field" else []
            if fields and before is not None and self.known.type_of(self.words[before].detail) == "text":
                field = self.words[before].detail
                self.use(before)
            else:
                labels = [self.words[n].detail.label for n in self.all("thing") if n < at]
                prose = [f for f in sorted(self.known.prose, key=str) if f.label in labels[-1:]]
                if len(prose) != 1:
                    raise self.fail(f"It does not say which text is searched for “{said}”.")
                field = prose[0]
            self.made.filters.append(Filter(Quantity(field.label, field.name), "contains", said, at=self.words[at].at))
            self.use(at, text)

    def _equalled(self) -> None:
        """Numbers that follow what they are the number of: "room 12", "visit 4711"."""
        for at in self.all("number"):
            before = at - 1 if at - 1 in self.left else None
            if self.kind(before) not in ("field", "thing") or before is None:
                continue
            if self.kind(self.before(before)) in ("count", "superlative") or self.kind(self.after(at)) == "thing":
                continue
            detail = self.words[before].detail
            field = detail if isinstance(detail, Field) else Field(detail.label, self.known.schema.keys[detail.label])
            kind = self.known.type_of(field)
            if kind in _NUMERIC or (kind == "text" and self.known.schema.keys.get(field.label) == field.name):
                value = self.words[at].detail if kind in _NUMERIC else self.words[at].text
                self.made.filters.append(Filter(Quantity(field.label, field.name), "=", value))
                self.use(before, at)

    def _named(self) -> None:
        """Values, with the names of what they are values of beside them."""
        told: dict[Field, list[int]] = {}
        for at in self.all("known"):
            known: Known = self.words[at].detail
            beside = [n for n in (self.before(at, "by"), self.after(at)) if n is not None]
            fields = [n for n in beside if self.kind(n) == "field" and self.words[n].detail == known.field]
            if known.part and len(known.values) > 1 and (not fields or self.known.is_name(known.field)):
                listed = ", ".join(known.values[:4]) + (", ..." if len(known.values) > 4 else "")
                raise self.fail(f"“{known.part}” can be {listed} ({known.field.path}).")
            self.use(*fields)
            if self.known.is_name(known.field):
                for thing in (at - 1, at + 1):
                    if thing in self.left and self.words[thing].detail == Thing(known.field.label):
                        self.use(thing)
                        break
            told.setdefault(known.field, []).append(at)
        for field, places in told.items():
            self._valued(field, places)
            self.use(*places)

    def _valued(self, field: Field, places: list[int]) -> None:
        knowns: list[Known] = [self.words[at].detail for at in places]
        where = self.words[places[0]].at
        of = Quantity(field.label, field.name)
        nots = [self._negation(at) for at in places]
        negative = [no is not None for no in nots]
        if any(negative):
            if not all(negative) and not (negative[0] and len(places) > 1):
                raise self.fail(f"It says of {field.path} both what it is and what it is not.")
            if self.known.may_be_empty(field):
                raise self.fail(f"Some have no {field.path} at all: say whether they count as well.")
            self.use(*nots)
            self._joiners(places)
            self.made.filters += [
                Filter(of, "!=", value, every=True, at=where) for known in knowns for value in known.values
            ]
            return
        if len(places) == 1:
            only = knowns[0]
            if only.part and len(only.values) > 1:
                self.made.filters.append(Filter(of, "in", only.values, at=where))
            else:
                self.made.filters.append(Filter(of, "=", only.values[0], at=where))
            return
        values = tuple(dict.fromkeys(value for known in knowns for value in known.values))
        if len(values) == 1:
            self.made.filters.append(Filter(of, "=", values[0], at=where))
            return
        joiners = self._joiners(places)
        if not joiners:
            raise self.fail(f"It names several of {field.path} without “or” or “and”: {', '.join(values)}.")
        self.made.filters.append(Filter(of, "in", values, every="or" not in joiners, at=where))

    def _negation(self, at: int) -> int | None:
        """The "not" that a value belongs to: "not Medicaid", "not covered by Medicaid"."""
        before = at - 1
        while before in self.left and self.kind(before) in ("by", "link", "set", "field"):
            before -= 1
        return before if before in self.left and self.kind(before) == "not" else None

    def _joiners(self, places: list[int]) -> set[str]:
        between = [n for n in range(places[0] - 1, places[-1]) if n in self.left and self.kind(n) in ("or", "and", "either")]
        self.use(*between)
        return {self.kind(n) for n in between} - {"either"}

    def _parts_of_dates(self) -> None:
        """ "graduation year": a property that is followed by a part of a date is that part of it."""
        for at in self.all("part"):
            if self.is_date(at - 1) and at - 1 in self.left:
                field = self.words[at - 1].detail
                self.words[at - 1] = Word("dated part", Quantity(field.label, field.name, self.words[at].detail), "")
                self.use(at)

    def _compared(self) -> None:
        for at in self.all("compare"):
            comparison: Comparison = self.words[at].detail
            measure = self._compared_measure(at)
            if measure:
                if comparison.upper is not None:
                    self.made.kept.append((measure, "<=", comparison.upper))
                self.made.kept.append((measure, comparison.sign, comparison.number))  # type: ignore[arg-type]
                continue
            of = self._compared_quantity(at, comparison)
            if comparison.upper is not None:
                self.made.filters.append(Filter(of, "<=", comparison.upper, at=self.words[at].at))
            self.made.filters.append(Filter(of, comparison.sign, comparison.number, at=self.words[at].at))

    def _compared_measure(self, at: int) -> Measure | None:
        """What a group is kept by: "more than 3 visits", "a total billing above 1000"."""
        after, before = self.after(at), self.before(at, "set", "which")
        if self.kind(after) == "thing" and after is not None and not self.words[at].detail.days:
            if after == at + 1:
                measure = Measure("count distinct", self.quantity(after))
                self.use(at, after)
                return measure
        if self.is_number(before) and before is not None and self.kind(self.before(before)) == "aggregate":
            function = self.before(before)
            if self.kind(function) == "aggregate" and function is not None:
                if self.kind(self.before(function)) in ("superlative",):
                    return None
                if self.words[function].detail not in ("sum", "avg"):
                    return None
                # "What is the average billing above 100" asks for it; "hospitals with an average billing above" keeps.
                if not any(self.kind(n) == "thing" for n in sorted(self.left) if n < function):
                    return None
                measure = Measure(self.words[function].detail, self.quantity(before))
                self.use(at, before, function)
                return measure
        if self.kind(before) == "thing" and before is not None and self.kind(self.before(before)) == "count":
            count = self.before(before)
            if any(self.kind(n) == "thing" for n in sorted(self.left) if count is not None and n < count):
                measure = Measure("count distinct", self.quantity(before))
                self.use(at, before, count)
                return measure
        return None

    def _compared_quantity(self, at: int, comparison: Comparison) -> Quantity:
        before, after = self.before(at, "set", "which"), self.after(at)
        if comparison.days:
            for near in (before, after):
                if self.kind(near) == "duration":
                    self.use(near)
            self.use(at)
            return self._duration_near(at)
        for near in (before, after):
            if near is not None and self.is_number(near):
                self.use(at, near)
                return self.quantity(near)
        numbers = [n for n in self.all("field") if self.is_number(n)]
        if len(numbers) == 1 and not self.all("aggregate", "superlative"):
            self.use(at, numbers[0])
            return self.quantity(numbers[0])
        raise self.fail(f"It does not say what is “{self.words[at].text}”.")

    def _dated(self) -> None:
        for at in self.all("date"):
            span: Span = self.words[at].detail
            before = next((n for n in range(at - 1, -1, -1) if n in self.left and self.is_date(n)), None)
            near = before if before is not None and not self._ranked_by(before) and self._reaches(before, at) else None
            year = self._year_field(at)
            self.use(at)
            if year is not None:
                self._in_year(year, span)
            elif near is not None:
                field = self.words[near].detail
                self.use(near)
                self.made.moments.append((span, field.path))
            elif self.is_date(at + 1) and at + 1 in self.left:
                field = self.words[at + 1].detail
                self.use(at + 1)
                self.made.moments.append((span, field.path))
            else:
                self.made.moments.append((span, ""))

    def _reaches(self, field: int, at: int) -> bool:
        """Whether a date belongs to a property before it, over what stands between."""
        between = {self.kind(n) for n in range(field + 1, at)}
        life = self._is_life(self.words[field].detail)
        if "link" in between and not life:
            raise self.fail(f"It does not say whether “{self.words[at].text}” is {self.words[field].detail.path}.")
        return not (life and between & {"link", "thing"})

    def _ranked_by(self, at: int) -> bool:
        """Whether a date is what is asked for or put in order: "the latest discharge in 2022"."""
        return self.kind(self.before(at)) in ("superlative", "which", "when")

    def _year_field(self, at: int) -> int | None:
        """A whole number that is a year, right before a year."""
        before = self.before(at)
        if before is None or not self.is_number(before) or self.known.type_of(self.words[before].detail) != "integer":
            return None
        field = self.words[before].detail
        words = {stem for stems, names in self.known.names.items() if field in names for stem in stems}
        return before if "year" in words or words & language.LIFE or "publish" in words else None

    def _in_year(self, at: int, span: Span) -> None:
        of = self.quantity(at)
        self.use(at)
        if span.year:
            self.made.filters.append(Filter(of, "=", span.year))
            return
        for day, sign in ((span.first, ">="), (span.last, "<=")):
            if day is not None:
                edge = (1, 1) if sign == ">=" else (12, 31)
                if (day.month, day.day) != edge:
                    raise self.fail(f"{of.label}.{of.name} is a year: it has no months and days.")
                self.made.filters.append(Filter(of, sign, day.year))  # type: ignore[arg-type]

    def _lacking(self) -> None:
        for at in self.all("empty"):
            after = self.after(at)
            if after is None or self.kind(after) != "field":
                raise self.fail(f"I can tell what has no value of its own, but not “{self.words[at].text}” here.")
            of = self.quantity(after)
            self.made.filters.append(Filter(of, "is empty", at=self.words[at].at))
            self.use(at, after)
        for at in self.all("not"):
            after = self.after(at)
            if after is not None and self.is_date(after):
                self.made.filters.append(Filter(self.quantity(after), "is empty", at=self.words[at].at))
                self.use(at, after)
            else:
                raise self.fail(f"I do not understand what “{self.words[at].text}” excludes.")

    # -- what is asked for ----------------------------------------------------------------------------------------

    def _asked_for(self) -> None:
        """The label or property right after "which" and the like."""
        for at in self.all("which", "when", "where"):
            if self.words[at].text.lower() in language.RELATIVES and self.kind(at - 1) in ("thing", "known"):
                self.use(at)  # "patients who ..."
                continue
            after = self.after(at, "set", "number")
            if self.kind(at) == "when":
                dates = [n for n in self.all("field") if self.is_date(n)]
                if len(dates) == 1:
                    self.target = dates[0]
                elif dates or not self.all("superlative"):
                    raise self.fail("It does not say which date is asked for.")
                self.use(at)
                continue
            if self.kind(at) == "where":
                raise self.fail("“Where” can be several properties: name the one that is meant.")
            if self.words[at].text.lower() == "who" and self.kind(after) == "link" and after == at + 1:
                self._who(after)
            if self.target is None and self.kind(after) in ("thing", "field", "part", "dated part"):
                self.target = after
            self.use(at)

    def _who(self, link: int) -> None:
        """ "Who treated ...": whatever the relationship begins at, if it has names."""
        pairs = self.known.schema.relationships[self.words[link].detail.type]
        labels = {start for start, _ in pairs if self.known.name_of(start).name != self.known.schema.keys[start]}
        if len(labels) == 1:
            self.words.append(Word("thing", Thing(labels.pop()), "who"))
            self.target = len(self.words) - 1
            self.left.add(self.target)

    def _singular(self) -> None:
        """ "Hospital name", "patient's blood type": a label before its own property says whose it is."""
        for at in self.all("thing"):
            after, label = at + 1, self.words[at].detail.label
            if after in self.left and self.kind(after) == "field" and self.words[after].detail.label == label:
                if not self.words[at].text.lower().endswith("s") and not self.words[after].text.lower().endswith("ed"):
                    self.use(at)

    def _ranked(self) -> None:
        places = self.all("superlative")
        if not places:
            return
        if len(places) > 1:
            raise self.fail("It asks for two extremes at once.")
        at = places[0]
        (sort, most), count = self.words[at].detail, self._how_many(at)
        self.use(at)
        if sort == "common":
            self._commonest(at, most, count)
        elif sort == "most":
            self._most(at, most, count)
        else:
            self._extreme(at, sort, most, count)

    def _how_many(self, at: int) -> int:
        """The number beside a superlative: "top 5", "the three oldest", "5 hospitals with the most"."""
        numbers = self.all("number")
        near = [n for n in numbers if n in (at - 1, at + 1)]
        near = near or [n for n in numbers if self.target is None and self.kind(n + 1) == "thing" and n < at]
        near = near or [n for n in numbers if n == 0 or self.kind(n - 1) == "which"]
        if not near:
            return 1
        value = self.words[near[0]].detail
        if not isinstance(value, int) or not 1 <= value <= 1000:
            raise self.fail(f"“{self.words[near[0]].text}” is no number of results.")
        self.use(near[0])
        return value

    def _commonest(self, at: int, most: bool, count: int) -> None:
        after = self.after(at)
        of = self.target if self.target is not None or self.kind(after) not in ("field", "thing") else after
        if of is None or self.kind(of) not in ("field", "thing"):
            raise self.fail("It does not say what is the most common.")
        counted = next((n for n in self.all("thing") if n != of), None) if self.kind(of) == "thing" else None
        label = self.words[counted].detail.label if counted is not None else self.words[of].detail.label
        if counted is None and self.kind(of) == "thing":
            raise self.fail(f"It does not say by what {self.words[of].text} is counted.")
        self.made.groups.append(self.quantity(of))
        self.made.ranking = Ranking(Measure("count distinct", Quantity(label)), most, count)
        self.use(of, counted, self.target)

    def _most(self, at: int, most: bool, count: int) -> None:
        after = self.after(at)
        if self.kind(after) == "field" and after is not None and self.is_number(after):
            return self._extreme(at, "value", most, count)  # "the most expensive"
        if self.kind(after) == "thing" and after is not None:
            if self.target == after:
                raise self.fail("It does not say of what there are most.")
            measure = Measure("count distinct", self.quantity(after))
            self.use(after)
            return self._rank_groups(measure, most, count)
        before = self.before(at)
        if before is not None and self.is_number(before):
            of = self.quantity(before)
            self.use(before)
            if self.target is None or self._label(self.target) == of.label:
                return self._rank_nodes(of, most, count)
            return self._rank_groups(Measure("sum", of), most, count)
        raise self.fail(f"It does not say of what “{self.words[at].text}”.")

    def _extreme(self, at: int, sort: str, most: bool, count: int) -> None:  # noqa: C901 - one branch for each sort
        after = self.after(at)
        if self.target is None and sort == "value" and self.kind(after) == "thing" and after is not None:
            # "top 3 hospitals by ..."
            by = self.after(after)
            if self.kind(by) in ("by", "set"):
                self.target = after
                self.use(by)
                after = self.after(after)
        if sort == "value" and self.target == after and after is not None:
            by = self.after(after)
            if self.kind(by) in ("by", "set"):
                self.use(by)
                after = by + 1 if by is not None and by + 1 in self.left else self.after(after)
        if self.kind(after) == "superlative":
            raise self.fail("It asks for two extremes at once.")
        if self.kind(after) == "count" and after is not None:
            thing = self.after(after)
            if self.kind(thing) != "thing" or thing is None:
                raise self.fail("It does not say what is counted.")
            measure = Measure("count distinct", self.quantity(thing))
            self.use(after, thing)
            return self._rank_groups(measure, most, count)
        function: Function | None = None
        if self.kind(after) == "aggregate" and after is not None:
            function = self._function(after)
            self.use(after)
            after = self.after(after)
            if self.kind(after) == "count" and after is not None:
                raise self.fail("It computes from what is counted.")
        of = self._extreme_of(at, sort, after)
        if sort == "life":
            most = most  # the youngest were born last
        if function:
            return self._rank_groups(Measure(function, of), most, count)
        if self.target is None:
            thing = self._thing_of(at, of.label)
            if thing is not None and (count > 1 or (sort != "duration" and self._names_node(thing, at))):
                self.target = thing
        if self.target is None:
            if count > 1:
                raise self.fail("It does not say what is listed.")
            self.made.measures.append(Measure("max" if most else "min", of))
            return None
        if self._label(self.target) == of.label:
            return self._rank_nodes(of, most, count)
        if sort in ("value", "money", "wage"):
            raise self.fail(f"It does not say whether the total, the average or a single {of.name} is meant.")
        return self._rank_groups(Measure("max" if most else "min", of), most, count)

    def _names_node(self, thing: int, at: int) -> bool:
        """Whether a label right after a superlative is what is asked for: "the most expensive visit"."""
        return self.kind(at) == "superlative" and self.words[at].detail[0] != "value" and thing > at

    def _thing_of(self, at: int, label: str) -> int | None:
        things = [n for n in self.all("thing") if n > at]
        same = [n for n in things if self.words[n].detail.label == label]
        return same[0] if same else (things[0] if things and self.words[at].detail[0] != "value" else None)

    def _extreme_of(self, at: int, sort: str, after: int | None) -> Quantity:
        if sort == "duration":
            if self.kind(after) == "thing" and after is not None and not self.duration(self._label(after)):
                raise self.fail(f"It does not say how “{self.words[after].text}” is measured.")
            for near in (after, self.before(at)):
                if self.kind(near) in ("duration", "days"):
                    self.use(near)
            return self._duration_near(at)
        if self.kind(after) == "duration":
            self.use(after)
            return self._duration_near(at)
        if self.kind(after) == "field" and after is not None and after != self.target:
            if self.known.type_of(self.words[after].detail) in (*_NUMERIC, "date"):
                self.use(after)
                return self.quantity(after)
        if self.kind(after) == "field" and after is not None and self.target == after and sort in ("date", "value"):
            if self.known.type_of(self.words[after].detail) in (*_NUMERIC, "date"):
                self.target = None
                self.use(after)
                return self.quantity(after)
        before = self.before(at)
        if before is not None and before != self.target and (self.is_number(before) or self.is_date(before)):
            self.use(before)
            return self.quantity(before)
        thing = self.target if self.target is not None and self.kind(self.target) == "thing" else after
        if self.kind(thing) != "thing" or thing is None:
            raise self.fail(f"It does not say by what “{self.words[at].text}” is measured.")
        return self._by_nature(sort, self.words[thing].detail.label, self.words[at].text)

    def _by_nature(self, sort: str, label: str, said: str) -> Quantity:
        """What adjectives such as "oldest" or "latest" compare."""
        wanted = {"life": ("date",), "date": ("date",), "money": _NUMERIC, "wage": _NUMERIC}.get(sort, ())
        stems = {"life": language.LIFE, "money": language.MONEY, "wage": language.WAGE}.get(sort, frozenset[str]())
        fields = self.known.fields(label, *wanted)
        if sort == "date":
            fitting = [f for f in fields if self.known.default_date(f)] or [f for f in fields if not self._is_life(f)]
        elif sort == "life":
            fitting = [f for f in fields if self._stems(f) & {"born", "birth", "birthday", "dob", "birthdat"}]
        else:
            fitting = [f for f in fields if self._stems(f) & stems]
        if len(fitting) != 1:
            raise self.fail(f"It does not say which property of {label} “{said}” is about.")
        return Quantity(label, fitting[0].name)

    def _stems(self, field: Field) -> set[str]:
        own = {stem for word in self.known.schema.words.get(field.path, ()) for stem in name_stems(word)}
        return own | set(name_stems(field.name))

    def _is_life(self, field: Field) -> bool:
        return bool(self._stems(field) & language.LIFE)

    def _rank_nodes(self, of: Quantity, most: bool, count: int) -> None:
        self._take_target()
        self.made.outputs.append(Quantity(of.label))
        self.made.outputs.append(of)
        self.made.ranking = Ranking(of, most, count)

    def _rank_groups(self, measure: Measure, most: bool, count: int) -> None:
        if self.target is None:
            things = self.all("thing")
            self.target = things[0] if things else None
        if self.target is None:
            parts = self.all("part")
            self.target = parts[0] if parts else None
        if self.target is None:
            raise self.fail("It does not say what is put in order.")
        if self.kind(self.target) == "part":
            self.made.parts.append((self.words[self.target].detail, self._date_left()))
        elif self.kind(self.target) == "dated part":
            self.made.groups.append(self.words[self.target].detail)
        else:
            if self._label(self.target) == measure.of.label and self.kind(self.target) == "thing":
                raise self.fail(f"It asks for {measure.of.label} by itself.")
            self.made.groups.append(self.quantity(self.target))
        self.use(self.target)
        self.made.ranking = Ranking(measure, most, count)

    def _take_target(self) -> None:
        if self.target is not None:
            self.use(self.target)

    def _label(self, at: int) -> str:
        detail = self.words[at].detail
        return detail.label if isinstance(detail, Thing | Field | Quantity) else ""

    # -- measures ---------------------------------------------------------------------------------------------------

    def _function(self, at: int) -> Function:
        detail = self.words[at].detail
        return "sum" if detail == "how much" else detail

    def _measured(self) -> None:
        if self.made.ranking:
            if self.all("aggregate", "count"):
                raise self.fail("It asks for a number and for an extreme at once.")
            return
        for at in self.all("percent"):
            self._shared(at)
        for at in self.all("count"):
            self._counted(at)
        for at in self.all("aggregate"):
            self._aggregated(at)
        for at in self.all("duration"):
            self.use(at)
            self.made.outputs.append(self._duration_near(at))

    def _shared(self, at: int) -> None:
        """ "What percentage of visits were emergencies": what stands after the verb is the share's alone."""
        after = self.after(at, "aggregate")
        if after is None or not (self.kind(after) == "thing" or self.is_number(after)):
            raise self.fail("It does not say of what it is a share.")
        function: Function = "count distinct" if self.kind(after) == "thing" else "sum"
        self.made.measures.append(Measure(function, self.quantity(after)))
        said = [self.words[n].detail for n in self.all("aggregate")]
        if any(one != "sum" for one in said):
            raise self.fail("It asks for two numbers at once.")
        after_that = [verb for verb in self.verbs if verb > self.words[after].at]
        self.made.share_from = after_that[0] if after_that else self.words[after].at + 1
        self.use(at, after, *self.all("aggregate"))

    def _counted(self, at: int) -> None:
        before, after = self.before(at), self.after(at, "which")
        if after is not None and self.is_number(after):
            return self._number_of(at, before, after)
        if self.kind(before) == "aggregate":
            self._mean_of_counts(before)
        if self.is_date(after) and after is not None and after + 1 in self.left and self.kind(after + 1) == "thing":
            after += 1  # "how many discharged visits"
        if self.kind(at + 1) == "known" and at + 1 not in self.left and after != at + 2:
            of = Quantity(self.words[at + 1].detail.field.label)  # "how many women"
            self.use(at)
        elif after is not None and (self.kind(after) == "thing" or (self.kind(after) == "field" and not self.is_date(after))):
            of = self.quantity(after)
            self.use(at, after)
        else:
            raise self.fail("It does not say what is counted.")
        if self.made.kept:
            self.made.groups.insert(0, of)
            self.made.counted = True
            return
        self.made.measures.append(Measure("count distinct", of))

    def _number_of(self, at: int, before: int | None, after: int) -> None:
        """ "How many pages": a number that something has already, not a count."""
        of = self.quantity(after)
        if self.kind(before) == "aggregate" and before is not None:
            self.made.measures.append(Measure(self._function(before), of))
            self.use(at, before, after)
            return
        name = self.known.name_of(of.label).name
        if not any(one.of == Quantity(of.label, name) and one.is_ == "=" for one in self.made.filters):
            raise self.fail(f"It does not say whether {of.label}.{of.name} is added up, or counted where it differs.")
        self.made.outputs.append(of)
        self.use(at, after)

    def _mean_of_counts(self, at: int | None) -> None:
        """ "The average number of visits per patient"; "total number of" is the number."""
        function = self._function(at or 0)
        if function == "avg":
            self.made.mean_of_groups = True
        elif function != "sum":
            raise self.fail("It computes from what is counted.")
        self.use(at)

    def _aggregated(self, at: int) -> None:
        function = self._function(at)
        near = [n for n in (self.after(at, "which", "set"), *self.all("field", "duration")) if n is not None]
        of = next((n for n in near if self.is_number(n) or self.kind(n) == "duration"), None)
        after = self.after(at)
        if self.kind(after) == "thing" and self.words[at].detail != "how much" and of != after:
            if not self._is_measured_thing(after) and (function == "sum" or of is None):
                self.made.mean_of_groups = function == "avg"
                self.made.measures.append(Measure("count distinct", self.quantity(after or 0)))
                self.use(at, after)
                return
        if of is None:
            if function == "avg" and [m.function for m in self.made.measures] == ["count distinct"]:
                self.made.mean_of_groups = True
                self.use(at)
                return
            if self.made.measures and self.words[at].text.lower() in ("in total", "total", "combined"):
                self.use(at)
                return
            raise self.fail(f"It does not say of what number “{self.words[at].text}” is.")
        self.use(at, of)
        if self.kind(of) == "duration":
            self.made.measures.append(Measure(function, self._duration_near(of)))
        else:
            self.made.measures.append(Measure(function, self.quantity(of)))
        field = self.words[of].detail
        for again in self.all("field"):
            if self.words[again].detail == field:
                self.use(again)

    def _is_measured_thing(self, at: int | None) -> bool:
        """Whether a number belongs to a label that stands after "total": "total visit billing"."""
        after = self.after(at) if at is not None else None
        return self.is_number(after) or self.kind(after) == "duration"

    def _duration_near(self, at: int) -> Quantity:
        things = sorted(self.all("thing"), key=lambda n: abs(n - at))
        for label in dict.fromkeys(self.words[n].detail.label for n in things):
            if of := self.duration(label):
                return of
        labels = [of for label in self.known.schema.properties if (of := self.duration(label))]
        if len(labels) != 1:
            raise self.fail("It does not say between which dates the time is meant.")
        return labels[0]

    # -- groups and lists -------------------------------------------------------------------------------------------

    def _grouped(self) -> None:
        for at in self.all("group", "by"):
            after = at + 1 if at + 1 in self.left else None
            if self.kind(at) == "by" and (self.kind(at - 1) == "link" or self.kind(after) not in ("thing", "field", "part", "dated part")):
                self.use(at)
                continue
            if self.kind(after) not in ("thing", "field", "part", "dated part"):
                raise self.fail(f"It does not say what “{self.words[at].text}” is.")
            if self.kind(at) == "by" and not self.made.measures and not self.made.kept:
                raise self.fail(f"I do not understand “by {self.words[after or 0].text}” here.")
            self.use(at)
            while after is not None and self.kind(after) in ("thing", "field", "part", "dated part"):
                self._group(after)
                joined = after + 1
                if self.kind(joined) == "and" and self.kind(joined + 1) in ("thing", "field", "part", "dated part"):
                    self.use(joined)
                    after = joined + 1
                    if self.kind(after) == "group":
                        after += 1
                else:
                    break

    def _averaged(self) -> None:
        """ "How many visits does a patient have on average": what is named besides is what it is averaged over."""
        things = self.all("thing")
        if self.made.mean_of_groups and not self.made.groups and not self.made.parts and len(things) == 1:
            self._group(things[0])

    def _group(self, at: int) -> None:
        if self.kind(at) == "part":
            self.made.parts.append((self.words[at].detail, self._date_left()))
        elif self.kind(at) == "dated part":
            self.made.groups.append(self.words[at].detail)
        else:
            self.made.groups.append(self.quantity(at))
        self.use(at)

    def _date_left(self) -> str:
        """The one date that is named and not used: "in which year were most discharged"."""
        dates = [n for n in self.all("field") if self.is_date(n)]
        if len(dates) > 1:
            raise self.fail("It names several dates.")
        self.use(*dates)
        return self.words[dates[0]].detail.path if dates else ""

    def _listed(self) -> None:
        if self.made.measures or self.made.ranking or self.made.outputs:
            if self.target is not None and self.target in self.left and self.made.measures:
                self._target_of_measure()
            return
        if self.made.counted:
            return
        target = self.target if self.target is not None else next(iter(self.all("thing", "field")), None)
        if target is None or target not in self.left:
            raise self.fail("It does not say what is asked for.")
        if self.kind(target) == "part":
            dates = [n for n in self.all("field") if self.is_date(n)]
            if len(dates) != 1:
                raise self.fail("It does not say of which date.")
            field = self.words[dates[0]].detail
            self.made.outputs.append(Quantity(field.label, field.name, self.words[target].detail))
            self.use(target, dates[0])
        elif self.made.kept:
            self.made.groups.insert(0, self.quantity(target))
            self.use(target)
        else:
            self._output(target)

    def _target_of_measure(self) -> None:
        """ "Which payer's visits ..., on average": what is asked for besides a number splits it."""
        raise self.fail("It asks for a number and for a list at once.")

    def _output(self, at: int) -> None:
        while at in self.left:
            kind, detail = self.kind(at), self.words[at].detail
            if kind == "dated part":
                self.made.outputs.append(detail)
            else:
                self.made.outputs.append(self.quantity(at))
            self.use(at)
            of = at + 1
            if self.kind(of) == "thing" and kind == "field" and self.words[of].detail.label == detail.label:
                self.use(of)  # "the names of the hospitals"
                of += 1
            if self.kind(of) == "and" and self.kind(of + 1) in ("field", "dated part") and kind != "thing":
                self.use(of)
                at = of + 1
            else:
                return

    # -- what is left -------------------------------------------------------------------------------------------------

    def _rest(self) -> None:
        measured = {(m.of.label, m.of.name) for m in self.made.measures} | {
            (o.label, o.name) for o in self.made.outputs
        }
        things = self.all("thing")
        for at in things:
            if self.kind(at - 1) == "and" and self.kind(at - 2) == "thing":
                raise self.fail("It asks for several things at once.")
            self.made.labels.append(self.words[at].detail.label)
            self.use(at)
        for at in self.all("link"):
            self.made.links.add(self.words[at].detail.type)
            self.use(at)
        for at in self.all("field"):
            field: Field = self.words[at].detail
            if (field.label, field.name) in measured:
                self.use(at)
            elif self.is_date(at) or self.kind(at - 1) == "set" or self.words[at].text.lower().endswith("ed"):
                self.made.filters.append(Filter(Quantity(field.label, field.name), "is set", at=self.words[at].at))
                self.use(at)
        for at in self.all("and"):
            if self.kind(at + 1) in ("superlative", "which", "when"):
                raise self.fail("It asks for several things at once.")
        if left := [self.words[at].text for at in self.all() or sorted(self.left) if self.kind(at) not in _SOFT]:
            raise self.fail("I do not understand what is meant here by " + ", ".join(f"“{text}”" for text in left) + ".")
