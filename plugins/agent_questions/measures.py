"""What a question computes: counts, sums, means, shares."""

from __future__ import annotations

from agent_questions import language
from agent_questions.meanings import Field
from agent_questions.places import Places
from agent_questions.request import Function, Measure, Quantity
from agent_questions.tokens import name_stems


class Measures(Places):
    """The step that makes measures."""

    def measured(self) -> None:
        """Everything that is computed, where nothing is put in order by it."""
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
            self.made.outputs.append(self.duration_near(at))
        if not self.made.measures and not self.made.kept and not self.made.outputs:
            self._implied()

    def _implied(self) -> None:
        """“Visits per ward” counts, “hours per client” adds up, unless it is a rate."""
        for at in self.all("group", *(("by",) if self.known.rows else ())):
            grouped = self.kind(at + 1) in ("field", "part", "dated part")
            if grouped and self.kind(at - 1) == "thing" and at - 1 in self.left and self.kind(at) == "group":
                self.made.measures.append(Measure("count distinct", self.quantity(at - 1)))
                self.use(at - 1)
                return
            before = self.before(at, "thing")
            if not self.known.rows:
                continue
            if grouped and self.is_number(before) and not self.stems(self.words[before or 0].detail) & language.RATES:
                self.made.measures.append(Measure("sum", self.quantity(before or 0)))
                self.use(before, *(n for n in self.all("thing", "which") if n < at))
                return

    def _shared(self, at: int) -> None:
        """“What percentage of visits were emergencies”: what stands after the verb is the share's alone."""
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
        elif after is not None and (
            self.kind(after) == "thing" or (self.kind(after) == "field" and not self.is_date(after))
        ):
            of = self.quantity(after)
            self.use(at, after)
        elif self.known.rows:
            of = Quantity(self.known.rows.label)  # "how many are open"
            self.use(at)
        else:
            raise self.fail("It does not say what is counted.")
        if self.made.kept:
            self.made.groups.insert(0, of)
            self.made.counted = True
            return
        self.made.measures.append(Measure("count distinct", of))

    def _number_of(self, at: int, before: int | None, after: int) -> None:
        """“How many pages”: a number that something has already, not a count."""
        of = self.quantity(after)
        if self.kind(before) == "aggregate" and before is not None:
            self.made.measures.append(Measure(self.function_of(before), of))
            self.use(at, before, after)
            return
        name = self.known.name_of(of.label).name
        if self.known.rows:
            self.made.measures.append(Measure("sum", of))
            self.use(at, after)
            return
        if not any(one.of == Quantity(of.label, name) and one.is_ == "=" for one in self.made.filters):
            raise self.fail(f"It does not say whether {of.label}.{of.name} is added up, or counted where it differs.")
        self.made.outputs.append(of)
        self.use(at, after)

    def _mean_of_counts(self, at: int | None) -> None:
        """“The average number of visits per patient”; "total number of" is the number."""
        function = self.function_of(at or 0)
        if function == "avg":
            self.made.mean_of_groups = True
        elif function != "sum":
            raise self.fail("It computes from what is counted.")
        self.use(at)

    def _aggregated(self, at: int) -> None:
        function = self.function_of(at)
        near = [n for n in (self.after(at, "which", "set"), *self.all("field", "duration")) if n is not None]
        of = next((n for n in near if self.is_number(n) or self.kind(n) == "duration"), None)
        after = self.after(at)
        counts = self.kind(after) == "thing" and self.words[at].detail != "much" and (function == "sum" or of is None)
        if counts and after is not None and not self._is_measured_thing(after):
            self.made.mean_of_groups = function == "avg"
            self.made.measures.append(Measure("count distinct", self.quantity(after)))
            self.use(at, after)
            return
        if of is None and self.known.rows and (own := self.known.names.get(name_stems(self.words[at].text))):
            self.use(at)  # "the total", of a column that is called so
            fields = [one for one in own if isinstance(one, Field)]
            self.made.measures += [Measure(function, Quantity(field.label, field.name)) for field in fields]
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
            self.made.measures.append(Measure(function, self.duration_near(of)))
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
