"""The most, the highest, the oldest: what a question puts in order."""

from __future__ import annotations

from agent_questions import language
from agent_questions.places import NUMERIC, Places
from agent_questions.request import Function, Measure, Quantity, Ranking
from agent_questions.schema import MOST_LISTED


class Extremes(Places):
    """The step that makes a ranking."""

    def ranked(self) -> None:
        """The one extreme that is asked for."""
        places = self.all("superlative")
        if not places:
            return
        if len(places) > 1:
            raise self.fail("It asks for two extremes at once.")
        at = places[0]
        (sort, most), count = self.words[at].detail, self._how_many(at)
        self.use(at)
        if self.known.rows and sort == "life":
            field = self.known.spoken_of(self.words[at].text.lower())
            # Of an age the oldest is the greatest, of a birthday the earliest.
            most = most != bool(field and self.known.type_of(field) in NUMERIC)
        if sort == "common":
            self._commonest(at, most, count)
        elif sort == "most":
            self._most(at, most, count)
        else:
            self._extreme(at, sort, most, count)

    def sorted(self) -> None:
        """“Sorted by price, highest first”: everything, in order."""
        telling = ("order", "aggregate", "count", "superlative", "percent", "group")
        by = self.all("by")[:1] if self.known.rows and self.kind(0) == "which" and not self.all(*telling) else []
        for at in self.all("order") or [at for at in by if self.is_number(at + 1) or self.is_date(at + 1)]:
            after = self.after(at, "thing", "by", "which")
            if self.made.ranking or after is None or not (self.kind(after) == "field"):
                raise self.fail(f"It does not say by what “{self.words[at].text}” is meant.")
            direction = next(iter(self.all("direction")), None)
            of = self.quantity(after)
            self.made.outputs += [Quantity(of.label), of]
            descending = direction is not None and self.words[direction].detail == "down"
            self.made.ranking = Ranking(of, descending, MOST_LISTED)
            self.use(at, after, direction, *(n for n in self.all("thing", "by") if n < after), self.target)

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
            if self._is_shared(self.target):
                measure = Measure("sum", self.quantity(after))
                self.use(after)
                return self._rank_groups(measure, most, count)  # "which region sold the most units"
            return self._extreme(at, "value", most, count)  # "the most expensive"
        if (self.kind(after) == "thing" or self._names_rows(after)) and after is not None:
            if self.target == after:
                raise self.fail("It does not say of what there are most.")
            measure = Measure("count distinct", self.quantity(after))
            self.use(after)
            return self._rank_groups(measure, most, count)
        before = self.before(at)
        if before is not None and self.is_number(before):
            of = self.quantity(before)
            self.use(before)
            if self._is_shared(self.target):
                return self._rank_groups(Measure("sum", of), most, count)  # "which customer spent the most"
            if self.target is None or self.label_of(self.target) == of.label:
                return self._rank_nodes(of, most, count)
            return self._rank_groups(Measure("sum", of), most, count)
        raise self.fail(f"It does not say of what “{self.words[at].text}”.")

    def _extreme(self, at: int, sort: str, most: bool, count: int) -> None:  # noqa: C901 - one branch for each sort
        after = self.after(at)
        if after is not None and self.words[after].text == "when" and after == self.target:
            after = None  # it is asked for, and not said
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
            function = self.function_of(after)
            self.use(after)
            after = self.after(after)
            if self.kind(after) == "count" and after is not None:
                raise self.fail("It computes from what is counted.")
        of = self._extreme_of(at, sort, after)
        if function:
            return self._rank_groups(Measure(function, of), most, count)
        if self.target is None:
            thing = self._thing_of(at, of.label)
            if thing is not None and (count > 1 or (sort != "duration" and self._names_node(thing, at))):
                self.target = thing
        if self.target is None:
            if count > 1 and self.known.rows:
                return self._rank_nodes(of, most, count)
            if count > 1:
                raise self.fail("It does not say what is listed.")
            self.made.measures.append(Measure("max" if most else "min", of))
            return None
        if self.label_of(self.target) == of.label:
            each = self.quantity(self.target) if self._is_shared(self.target) else None
            return self._rank_nodes(of, most, count, each)
        if sort in ("value", "money", "wage"):
            raise self.fail(f"It does not say whether the total, the average or a single {of.name} is meant.")
        return self._rank_groups(Measure("max" if most else "min", of), most, count)

    def _names_rows(self, at: int | None) -> bool:
        """Whether the names of a table's rows stand there: "the most items"."""
        return bool(self.known.rows and self.kind(at) == "field" and self.known.is_name(self.words[at or 0].detail))

    def _is_shared(self, at: int | None) -> bool:
        """Whether what is asked for is a text that several rows of a table may have: "which customer"."""
        if not self.known.rows or self.kind(at) != "field":
            return False
        field = self.words[at or 0].detail
        return self.known.type_of(field) == "text" and not self.known.is_name(field)

    def _names_node(self, thing: int, at: int) -> bool:
        """Whether a label right after a superlative is what is asked for: "the most expensive visit"."""
        return self.kind(at) == "superlative" and self.words[at].detail[0] != "value" and thing > at

    def _thing_of(self, at: int, label: str) -> int | None:
        things = [n for n in self.all("thing") if n > at]
        same = [n for n in things if self.words[n].detail.label == label]
        return same[0] if same else (things[0] if things and self.words[at].detail[0] != "value" else None)

    def _extreme_of(self, at: int, sort: str, after: int | None) -> Quantity:
        if sort == "duration" and not self.known.rows:
            if self.kind(after) == "thing" and after is not None and not self.duration(self.label_of(after)):
                raise self.fail(f"It does not say how “{self.words[after].text}” is measured.")
            for near in (after, self.before(at)):
                if self.kind(near) in ("duration", "days"):
                    self.use(near)
            return self.duration_near(at)
        if self.kind(after) == "duration":
            self.use(after)
            return self.duration_near(at)
        orderly = after is not None and (self.is_number(after) or self.is_date(after))
        if orderly and after is not None and (after != self.target or sort in ("date", "value")):
            self.target = None if self.target == after else self.target
            self.use(after)
            return self.quantity(after)
        before = self.before(at)
        if before is not None and before != self.target and (self.is_number(before) or self.is_date(before)):
            self.use(before)
            return self.quantity(before)
        thing = self.target if self.target is not None and self.kind(self.target) == "thing" else after
        if self.known.rows:
            return self._by_dimension(sort, self.known.rows.label, at)
        if self.kind(thing) != "thing" or thing is None:
            raise self.fail(f"It does not say by what “{self.words[at].text}” is measured.")
        return self._by_nature(sort, self.words[thing].detail.label, self.words[at].text)

    def _by_dimension(self, sort: str, label: str, at: int) -> Quantity:
        """What a superlative compares in a table: the property of its dimension, else the only number that measures."""
        said = self.words[at].text
        words = said.lower().split()
        found = next((field for word in reversed(words) if (field := self.known.spoken_of(word, label))), None)
        if found is None and sort in ("value", "most", "money"):
            found = self.known.only_measure(label)
        return Quantity(label, found.name) if found else self._by_nature(sort, label, said)

    def _by_nature(self, sort: str, label: str, said: str) -> Quantity:
        """What adjectives such as "oldest" or "latest" compare."""
        wanted = {"life": ("date",), "date": ("date",), "money": NUMERIC, "wage": NUMERIC}.get(sort, ())
        stems = {"life": language.LIFE, "money": language.MONEY, "wage": language.WAGE}.get(sort, frozenset[str]())
        fields = self.known.fields(label, *wanted)
        if sort == "date":
            fitting = [f for f in fields if self.known.default_date(f)] or [f for f in fields if not self.is_life(f)]
        elif sort == "life":
            fitting = [f for f in fields if self.stems(f) & language.BIRTH]
        else:
            fitting = [f for f in fields if self.stems(f) & stems]
        if len(fitting) != 1:
            raise self.fail(f"It does not say which property of {label} “{said}” is about.")
        return Quantity(label, fitting[0].name)

    def _rank_nodes(self, of: Quantity, most: bool, count: int, each: Quantity | None = None) -> None:
        self._take_target()
        self.made.outputs.append(Quantity(of.label))
        self.made.outputs.append(of)
        self.made.ranking = Ranking(of, most, count, each)

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
            self.made.parts.append((self.words[self.target].detail, self.date_left()))
        elif self.kind(self.target) == "dated part":
            self.made.groups.append(self.words[self.target].detail)
        else:
            if self.label_of(self.target) == measure.of.label and self.kind(self.target) == "thing":
                raise self.fail(f"It asks for {measure.of.label} by itself.")
            self.made.groups.append(self.quantity(self.target))
        self.use(self.target)
        self.made.ranking = Ranking(measure, most, count)

    def _take_target(self) -> None:
        if self.target is not None:
            self.use(self.target)
