"""What a question says of what it asks for: values, comparisons, dates, texts, and what is lacking."""

from __future__ import annotations

from datetime import date

from agent_questions import language
from agent_questions.meanings import Field, Known, Thing
from agent_questions.moments import Span
from agent_questions.places import NUMERIC, Places, Word
from agent_questions.reading import Comparison
from agent_questions.request import Filter, Measure, Quantity, Sign

_OLDEST = 130


class Conditions(Places):
    """The steps that make filters."""

    def searched(self) -> None:
        """Texts that something mentions."""
        for at in self.all("about"):
            if self.kind(at + 1) == "known":
                self.use(at)
        for at in self.all("mentions"):
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

    def equalled(self) -> None:
        """Numbers that follow what they are the number of: "room 12", "visit 4711"."""
        for at in self.all("number"):
            before = at - 1 if at - 1 in self.left else None
            if self.kind(before) not in ("field", "thing") or before is None:
                continue
            if self.kind(self.before(before)) in ("count", "superlative") or self.kind(self.after(at)) == "thing":
                continue
            detail = self.words[before].detail
            key = self.known.schema.keys.get(detail.label)
            if not key and not isinstance(detail, Field):
                continue
            field = detail if isinstance(detail, Field) else Field(detail.label, key or "")
            kind = self.known.type_of(field)
            if kind in NUMERIC or (kind == "text" and self.known.schema.keys.get(field.label) == field.name):
                value = self.words[at].detail if kind in NUMERIC else self.words[at].text
                self.made.filters.append(Filter(Quantity(field.label, field.name), "=", value))
                self.use(before, at)

    def named(self) -> None:
        """Values, with the names of what they are values of beside them."""
        told: dict[Field, list[int]] = {}
        for at in self.all("known"):
            known: Known = self.words[at].detail
            beside = [n for n in (self.before(at, "by", "equals", "not"), self.after(at)) if n is not None]
            fields = [n for n in beside if self.kind(n) == "field" and self.words[n].detail == known.field]
            if known.part and len(known.values) > 1 and (not fields or self.known.is_name(known.field)):
                listed = ", ".join(known.values[:4]) + (", ..." if len(known.values) > 4 else "")
                raise self.fail(f"“{known.part}” can be {listed} ({known.field.path}).")
            self.use(*fields)
            sited = self.before(at, "set", "by", "which")
            if self.kind(sited) == "sited" and self.words[sited or 0].detail & self.stems(known.field):
                self.use(sited)
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
                self.made.filters.append(Filter(of, "=", next(iter(only.values)), at=where))
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
        between = [
            n for n in range(places[0] - 1, places[-1]) if n in self.left and self.kind(n) in ("or", "and", "either")
        ]
        self.use(*between)
        return {self.kind(n) for n in between} - {"either"}

    def parts_of_dates(self) -> None:
        """“graduation year”: a property that is followed by a part of a date is that part of it."""
        for at in self.all("part"):
            if self.is_date(at - 1) and at - 1 in self.left:
                field = self.words[at - 1].detail
                self.words[at - 1] = Word("dated part", Quantity(field.label, field.name, self.words[at].detail), "")
                self.use(at)

    def compared(self) -> None:
        """Numbers that something has to be more or less than."""
        for at in self.all("compare"):
            comparison: Comparison = self.words[at].detail
            measure = self._compared_measure(at)
            if measure:
                if comparison.upper is not None:
                    self.made.kept.append((measure, "<=", comparison.upper))
                self.made.kept.append((measure, comparison.sign, comparison.number))
                continue
            of = self._compared_quantity(at, comparison)
            if comparison.upper is not None:
                self.made.filters.append(Filter(of, "<=", comparison.upper, at=self.words[at].at))
            self.made.filters.append(Filter(of, comparison.sign, comparison.number, at=self.words[at].at))

    def _compared_measure(self, at: int) -> Measure | None:
        """What a group is kept by: "more than 3 visits", "a total billing above 1000"."""
        after, before = self.after(at), self.before(at, "set", "which")
        if self.kind(at + 1) == "thing" and after == at + 1 and not self.words[at].detail.days:
            measure = Measure("count distinct", self.quantity(at + 1))
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
        by = self._compared_by(comparison.by)
        if by and comparison.by not in language.GENERAL:
            self.use(at)
            return by
        if comparison.days:
            for near in (before, after):
                if self.kind(near) == "duration":
                    self.use(near)
            self.use(at)
            return self.duration_near(at)
        for near in (before, after):
            if near is not None and self.is_number(near):
                self.use(at, near)
                return self.quantity(near)
        numbers = [n for n in self.all("field") if self.is_number(n)]
        if len(numbers) == 1 and not self.all("aggregate", "superlative"):
            self.use(at, numbers[0])
            return self.quantity(numbers[0])
        age = self._compared_by("older")
        of_rows = before is not None and self.kind(before) == "thing" and self.known.rows is not None
        if by is None and age and of_rows and comparison.number < _OLDEST and not self._says_row(before):
            by = age  # "members under 30"
        only = self.known.only_measure(self.known.rows.label) if by is None and self.known.rows else None
        by = Quantity(only.label, only.name) if only else by
        if by:
            self.use(at)
            return by
        raise self.fail(f"It does not say what is “{self.words[at].text}”.")

    def _compared_by(self, word: str) -> Quantity | None:
        """What a comparative speaks of, where it is a number."""
        field = self.known.spoken_of(word) if word else None
        return Quantity(field.label, field.name) if field and self.known.type_of(field) in NUMERIC else None

    def _says_row(self, at: int | None) -> bool:
        return self.words[at or 0].text.lower() in language.ROWS

    def flagged(self) -> None:
        """Properties that are yes or no: "insured patients", "who have no car", "paid = no"."""
        for at in self.all("field"):
            if not self.is_boolean(at) or self.kind(self.before(at)) in ("group", "by", "superlative"):
                continue
            after, before = self.after(at, "equals"), self.before(at, "set")
            value = True
            if self.kind(after) == "truth" or (
                self.kind(after) == "empty" and self.kind(self.after(after or 0)) != "field"
            ):
                value = self.words[after or 0].text.lower() in ("yes", "true")
                self.use(after)
            elif self.kind(before) in ("empty", "not"):
                value = False
                self.use(before)
            elif self.kind(before) == "which" and self.words[before or 0].text.lower() in ("what", "show", "list"):
                continue
            field = self.words[at].detail
            self.made.filters.append(Filter(Quantity(field.label, field.name), "=", value, at=self.words[at].at))
            self.use(at)

    def dated(self) -> None:
        """Stretches of time, with the property that they are of, where one is named."""
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
        life = self.is_life(self.words[field].detail)
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
        bounds: list[tuple[date | None, Sign]] = [(span.first, ">="), (span.last, "<=")]
        for day, sign in bounds:
            if day is not None:
                edge = (1, 1) if sign == ">=" else (12, 31)
                if (day.month, day.day) != edge:
                    raise self.fail(f"{of.label}.{of.name} is a year: it has no months and days.")
                self.made.filters.append(Filter(of, sign, day.year))

    def lacking(self) -> None:
        """What has no value."""
        for at in self.all("empty"):
            after = self.after(at)
            if after is None or self.kind(after) != "field":
                raise self.fail(f"I can tell what has no value of its own, but not “{self.words[at].text}” here.")
            of = self.quantity(after)
            if self.known.rows and self.is_number(after):
                raise self.fail(f"“{self.words[at].text} {self.words[after].text}” may be 0 or empty: say which.")
            self.made.filters.append(Filter(of, "is empty", at=self.words[at].at))
            self.use(at, after)
        for at in self.all("not"):
            after = self.after(at)
            if after is not None and self.is_date(after):
                self.made.filters.append(Filter(self.quantity(after), "is empty", at=self.words[at].at))
                self.use(at, after)
            else:
                raise self.fail(f"I do not understand what “{self.words[at].text}” excludes.")
