"""The words of a question while they are used up, one after the other, and what stands beside what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agent_questions import language
from agent_questions.meanings import Field, Thing
from agent_questions.reading import NotUnderstoodError
from agent_questions.request import Function, Quantity, Request
from agent_questions.vocabulary import Vocabulary

NUMERIC = ("integer", "number")
"""The types that are computed with."""


@dataclass(frozen=True)
class Word:
    """An item in one of its readings."""

    kind: str
    detail: Any
    text: str
    at: int = -1
    """Where it begins in the question."""


class Places:
    """The words, what of them is left, and the request that is made of them."""

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

    def kind(self, at: int | None) -> str:
        """The kind of the word at a place; empty where there is none."""
        return self.words[at].kind if at is not None and 0 <= at < len(self.words) else ""

    def after(self, at: int, *skip: str) -> int | None:
        """The next place that is not used up, over words of these kinds."""
        return next((n for n in range(at + 1, len(self.words)) if n in self.left and self.kind(n) not in skip), None)

    def before(self, at: int, *skip: str) -> int | None:
        """The place before it that is not used up, over words of these kinds."""
        return next((n for n in range(at - 1, -1, -1) if n in self.left and self.kind(n) not in skip), None)

    def all(self, *kinds: str) -> list[int]:
        """The places of these kinds that are left, in order."""
        return [at for at in sorted(self.left) if self.kind(at) in kinds]

    def use(self, *places: int | None) -> None:
        """Take these as accounted for."""
        self.left.difference_update(place for place in places if place is not None)

    def is_number(self, at: int | None) -> bool:
        """Whether a property of numbers stands there."""
        return self.kind(at) == "field" and self.known.type_of(self.words[at or 0].detail) in NUMERIC

    def is_date(self, at: int | None) -> bool:
        """Whether a property of dates stands there."""
        return self.kind(at) == "field" and self.known.type_of(self.words[at or 0].detail) == "date"

    def is_boolean(self, at: int | None) -> bool:
        """Whether a property that says yes or no stands there."""
        return self.kind(at) == "field" and self.known.type_of(self.words[at or 0].detail) == "boolean"

    def quantity(self, at: int) -> Quantity:
        """What a label or property is, as requests say it."""
        detail = self.words[at].detail
        return Quantity(detail.label, detail.name) if isinstance(detail, Field) else Quantity(detail.label)

    def fail(self, why: str) -> NotUnderstoodError:
        """The error to raise."""
        return NotUnderstoodError(why)

    def label_of(self, at: int) -> str:
        """The label of what stands there."""
        detail = self.words[at].detail
        return detail.label if isinstance(detail, Thing | Field | Quantity) else ""

    def is_life(self, field: Field) -> bool:
        """Whether a date is somebody's, and not when something took place."""
        return bool(self.stems(field) & language.LIFE)

    def stems(self, field: Field) -> set[str]:
        """The stems of all words for a property."""
        return self.known.stems(field)

    def function_of(self, at: int) -> Function:
        """What an aggregate computes."""
        detail = self.words[at].detail
        return "sum" if detail == "much" else detail

    def duration_near(self, at: int) -> Quantity:
        """The days between two dates: of the nearest label that has two, or of the only one."""
        things = sorted(self.all("thing"), key=lambda n: abs(n - at))
        for label in dict.fromkeys(self.words[n].detail.label for n in things):
            if of := self.duration(label):
                return of
        labels = [of for label in self.known.schema.properties if (of := self.duration(label))]
        if len(labels) != 1:
            raise self.fail("It does not say between which dates the time is meant.")
        return labels[0]

    def date_left(self) -> str:
        """The one date that is named and not used: "in which year were most discharged"."""
        dates = [n for n in self.all("field") if self.is_date(n)]
        if len(dates) > 1:
            raise self.fail("It names several dates.")
        self.use(*dates)
        return self.words[dates[0]].detail.path if dates else ""
