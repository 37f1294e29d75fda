"""From the items of a question, each read in one way, to a request. Every item is used, or the reading fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent_questions import language
from agent_questions.conditions import Conditions
from agent_questions.extremes import Extremes
from agent_questions.meanings import Field, Thing
from agent_questions.measures import Measures
from agent_questions.places import Word
from agent_questions.request import Filter, Measure, Quantity, Request
from agent_questions.tokens import name_stems
from agent_questions.vocabulary import Vocabulary

_SOFT = ("set", "by", "and", "which", "days", "currency", "equals", "either")
"""What may be left over: it joins or introduces."""
_NAMED = ("thing", "field", "part", "dated part")
"""What may be asked for, and grouped by."""


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


class _Assembly(Conditions, Extremes, Measures):
    """All steps, in their order."""

    def request(self) -> Request:
        self.searched()
        self.equalled()
        self.named()
        self._singular()
        self.parts_of_dates()
        self.compared()
        self.dated()
        self.flagged()
        self.lacking()
        self._asked_for()
        self.sorted()
        self.ranked()
        self.measured()
        self._grouped()
        self._averaged()
        self._listed()
        self._rest()
        return self.made

    def _asked_for(self) -> None:
        """The label or property right after "which" and the like."""
        for at in self.all("which", "when", "where"):
            if self.words[at].text.lower() in language.RELATIVES and self.kind(at - 1) in ("thing", "known"):
                self.use(at)  # "patients who ..."
                continue
            after = self.after(at, "set", "number")
            if self.kind(at) == "when":
                dates = [n for n in self.all("field") if self.is_date(n)]
                if not dates and self.known.rows and len(own := self.known.fields(self.known.rows.label, "date")) == 1:
                    self._virtual(Word("field", own[0], "when"))
                elif len(dates) == 1:
                    self.target = dates[0]
                elif dates or not self.all("superlative"):
                    raise self.fail("It does not say which date is asked for.")
                self.use(at)
                continue
            if self.kind(at) == "where" and at > 0 and self.known.rows:
                self.use(at)  # "rows where ..."
                continue
            if self.kind(at) == "where":
                raise self.fail("“Where” can be several properties: name the one that is meant.")
            if self.words[at].text.lower() == "who" and self.kind(at + 1) == "link" and after == at + 1:
                self._who(at + 1)
            if (
                self.words[at].text.lower() in ("who", "which")
                and self.known.rows
                and self.kind(after) == "superlative"
            ):
                self._rows()
            if self.target is None and self.kind(after) in _NAMED:
                self.target = after
            self.use(at)

    def _who(self, link: int) -> None:
        """“Who treated ...”: whatever the relationship begins at, if it has names."""
        pairs = self.known.schema.relationships[self.words[link].detail.type]
        labels = {start for start, _ in pairs if self.known.name_of(start).name != self.known.schema.keys[start]}
        if len(labels) == 1:
            self._virtual(Word("thing", Thing(labels.pop()), "who"))

    def _rows(self) -> None:
        """“Who is the oldest”: a row."""
        if self.known.rows and not self.all("thing"):
            self._virtual(Word("thing", self.known.rows, "who"))

    def _virtual(self, word: Word) -> None:
        """Ask for something that the question does not name."""
        self.words.append(word)
        self.target = len(self.words) - 1
        self.left.add(self.target)

    def _singular(self) -> None:
        """“Hospital name”, "patient's blood type": a label before its own property says whose it is."""
        for at in self.all("thing"):
            after, label = at + 1, self.words[at].detail.label
            if after not in self.left or self.kind(after) != "field" or self.words[after].detail.label != label:
                continue
            if not self.words[at].text.lower().endswith("s") and not self.words[after].text.lower().endswith("ed"):
                self.use(at)

    def _grouped(self) -> None:
        for at in self.all("group", "by"):
            after = at + 1 if at + 1 in self.left else None
            if self.kind(at) == "by" and (self.kind(at - 1) == "link" or self.kind(after) not in _NAMED):
                self.use(at)
                continue
            if self.kind(after) not in _NAMED:
                raise self.fail(f"It does not say what “{self.words[at].text}” is.")
            if self.kind(at) == "by" and not self.made.measures and not self.made.kept:
                raise self.fail(f"I do not understand “by {self.words[after or 0].text}” here.")
            self.use(at)
            while after is not None and self.kind(after) in _NAMED:
                self._group(after)
                joined = after + 1
                if self.kind(joined) == "and" and self.kind(joined + 1) in _NAMED:
                    self.use(joined)
                    after = joined + 1
                    if self.kind(after) == "group":
                        after += 1
                else:
                    break

    def _averaged(self) -> None:
        """“How many visits does a patient have on average”: what is named besides is what it is averaged over."""
        things = self.all("thing")
        if self.made.mean_of_groups and not self.made.groups and not self.made.parts and len(things) == 1:
            self._group(things[0])

    def _group(self, at: int) -> None:
        if self.kind(at) == "part":
            self.made.parts.append((self.words[at].detail, self.date_left()))
        elif self.kind(at) == "dated part":
            self.made.groups.append(self.words[at].detail)
        else:
            self.made.groups.append(self.quantity(at))
        self.use(at)

    def _listed(self) -> None:
        if self.made.measures or self.made.ranking or self.made.outputs:
            if self.target is not None and self.target in self.left and self.made.measures:
                self._target_of_measure()
            return
        if self.made.counted:
            return
        target = self.target if self.target is not None else next(iter(self.all("thing", "field")), None)
        if (target is None or target not in self.left) and self.known.rows and (self.made.filters or self.made.moments):
            self.made.outputs.append(Quantity(self.known.rows.label))  # "orders over 20" that are not called orders
            return
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
        """“Which payer's visits ..., on average”: what is asked for besides a number splits it."""
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

    def _says_it_is_set(self, at: int) -> bool:
        """“Discharged patients”: a participle that is a name of the property, not one of its dimension ("earned")."""
        text = self.words[at].text
        return text.lower().endswith("ed") and self.words[at].detail in self.known.names.get(name_stems(text), ())

    def _is_unit(self, at: int) -> bool:
        """Whether a name stands behind a number of it: "heavier than 70 kg"."""
        field = self.words[at].detail
        of = [one.of for one in self.made.filters]
        return self.kind(at - 1) in ("compare", "number") and Quantity(field.label, field.name) in of

    def _rest(self) -> None:
        measured = {(m.of.label, m.of.name) for m in self.made.measures} | {
            (o.label, o.name) for o in self.made.outputs
        }
        if self.made.ranking:
            by = self.made.ranking.by
            of = by.of if isinstance(by, Measure) else by
            measured.add((of.label, of.name))
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
            named_rows = self.known.rows and self.known.is_name(field)  # "the average price of products"
            if (field.label, field.name) in measured or named_rows or self._is_unit(at):
                self.use(at)
            elif self.is_date(at) or self.kind(at - 1) == "set" or self._says_it_is_set(at):
                self.made.filters.append(Filter(Quantity(field.label, field.name), "is set", at=self.words[at].at))
                self.use(at)
        for at in self.all("and"):
            if self.kind(at + 1) in ("superlative", "which", "when"):
                raise self.fail("It asks for several things at once.")
        if left := [self.words[at].text for at in self.all() or sorted(self.left) if self.kind(at) not in _SOFT]:
            raise self.fail(
                "I do not understand what is meant here by " + ", ".join(f"“{text}”" for text in left) + "."
            )
