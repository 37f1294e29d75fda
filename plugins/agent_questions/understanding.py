"""The one thing that a question can mean: every way to read it is tried, and the likeliest taken, if that is plain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Generic, TypeVar

from agent_questions.assembly import assemble
from agent_questions.language import RELATIVES, VERBS
from agent_questions.meanings import Field, Known, Thing
from agent_questions.places import Word
from agent_questions.reading import AmbiguousError, Item, NotUnderstoodError, Reading, read
from agent_questions.request import Quantity, Request
from agent_questions.vocabulary import Vocabulary

Query = TypeVar("Query")
_MOST_WAYS = 96
_CLOSE = 0.1
"""Two readings are as likely as each other, if what speaks against them differs by less."""


@dataclass(frozen=True)
class Way(Generic[Query]):
    """One way to read a question, as whoever answers it compiles it."""

    query: Query
    """Of a type that can be hashed: readings that come to the same query are one."""
    cost: float
    """What speaks against it, such as the relationships that it has to follow."""
    said: str
    """The query in words."""


def understand(
    question: str,
    vocabulary: Vocabulary,
    duration: Callable[[str], Quantity | None],
    compiled: Callable[[Request], Way[Query]],
) -> Query:
    """The one query that a question can mean.

    Args:
        question: In words.
        vocabulary: Of what is asked about.
        duration: The days between the two dates of a label, if it has two of that kind.
        compiled: Makes a query of a request, or raises the error below.

    Raises:
        NotUnderstoodError: it has words that mean nothing here.
        AmbiguousError: it can be read in several ways.
    """
    items = read(question, vocabulary)
    failures: list[NotUnderstoodError] = []
    found: dict[Query, tuple[float, dict[int, Field], str]] = {}
    verbs = _verbs(items)
    for cost, words in _ways(items):
        try:
            way = compiled(assemble(words, verbs, vocabulary, duration))
        except NotUnderstoodError as error:
            failures.append(error)
            continue
        total = cost + way.cost
        fields = {word.at: word.detail.field for word in words if word.kind == "known"}
        if way.query not in found or found[way.query][0] > total:
            found[way.query] = (total, fields, way.said)
    if not found:
        raise failures[0]
    ranked = sorted(found.items(), key=lambda pair: pair[1][0])
    best, (cost, fields, said) = ranked[0]
    for _, (total, others, other) in ranked[1:]:
        # Whose name it is, no distance tells; what a word means, the simpler reading does.
        if total - cost < _CLOSE or any(others.get(at, field) != field for at, field in fields.items()):
            raise AmbiguousError(f"It can be read in two ways: {said}. Or: {other}. Say which is meant.")
    return best


def _verbs(items: Sequence[Item]) -> list[int]:
    """Where the verbs stand that say something of the whole, not in a relative clause."""
    found: list[int] = []
    within = False
    for place, item in enumerate(items):
        said = item.text.lower()
        if said in RELATIVES and place and items[place - 1].readings[0].kind in ("thing", "known"):
            within = True
        elif said in VERBS:
            if not within:
                found.append(item.start)
            within = False
    return found


def _ways(items: Sequence[Item]) -> Iterator[tuple[float, list[Word]]]:
    """Every way to read the items, with what speaks against it, likelier ones first."""
    readings = [_likely(item, place, items) for place, item in enumerate(items)]
    for chosen in islice(product(*readings), _MOST_WAYS):
        cost = 0.0
        words: list[Word] = []
        for item, options, reading in zip(items, readings, chosen, strict=True):
            cost += 0.3 * options.index(reading)
            if reading.kind != "filler":
                words.append(Word(reading.kind, reading.detail, item.text, item.start))
        yield cost, words


def _likely(item: Item, place: int, items: Sequence[Item]) -> list[Reading]:
    """The readings of an item that its neighbours, and else the rest of the question, speak for."""
    things = {reading.detail.label for reading in item.readings if reading.kind == "thing"}
    # What is the name of a label is not meant as one of its properties: "review" in the table of reviews.
    readings = [one for one in item.readings if one.kind != "field" or one.detail.label not in things]
    for kinds in (("field",), ("known",)):
        some = [reading for reading in readings if reading.kind in kinds]
        if len(some) < 2:
            continue
        near = [
            one for one in (*items[max(0, place - 3) : place], *items[place + 1 : place + 3]) if not _is_filler(one)
        ]
        beside = [one for one in items[:place] if not _is_filler(one)][-1:] + [
            one for one in items[place + 1 :] if not _is_filler(one)
        ][:1]
        for those in (beside, near, items):
            labels = {label for one in those if one is not item for label in _labels(one)}
            fitting = [reading for reading in some if _label(reading) in labels]
            if fitting and (kinds == ("field",) or those is beside):
                readings = [reading for reading in readings if reading not in some or reading in fitting]
                break
    return readings


def _is_filler(item: Item) -> bool:
    return item.readings[0].kind == "filler"


def _label(reading: Reading) -> str:
    return reading.detail.field.label if isinstance(reading.detail, Known) else reading.detail.label


def _labels(item: Item) -> set[str]:
    return {
        reading.detail.label
        for reading in item.readings
        if isinstance(reading.detail, Thing) or (isinstance(reading.detail, Field) and len(item.readings) == 1)
    } | {reading.detail.field.label for reading in item.readings if isinstance(reading.detail, Known)}
