"""A question cut into items, each with all that it can mean; what no rule knows is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent_questions import language
from agent_questions.dimensions import AS_NOUNS, SITED, dimensions_of
from agent_questions.meanings import Field, Known, Link, Thing
from agent_questions.moments import MONTHS, spans
from agent_questions.request import Sign
from agent_questions.tokens import Token, name_stems, tokens
from agent_questions.vocabulary import Vocabulary
from agent_questions.words import stem

_LONGEST_PHRASE = 4
_LONGEST_NAME = 6
_LONGEST_VALUE = 12
_MOST_TOKENS = 60
_SIGNS: dict[str, Sign] = {">": ">", ">=": ">=", "<": "<", "<=": "<=", "=": "="}
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}


class NotUnderstoodError(Exception):
    """The question cannot be read as one to the tables; the message says why, for the person who asked."""


class AmbiguousError(NotUnderstoodError):
    """It can be read in several ways that are as likely as each other; the message says both."""


@dataclass(frozen=True)
class Reading:
    """One thing that an item can mean."""

    kind: str
    detail: Any = None


@dataclass(frozen=True)
class Item:
    """A stretch of the question."""

    start: int
    end: int
    text: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Comparison:
    """A number, or two, that something is compared to."""

    sign: Sign
    number: float | int
    days: bool = False
    """Whether it is a number of days."""
    upper: float | int | None = None
    """With it, both bounds are included."""
    by: str = ""
    """The comparative, which may say what is compared: "older"."""


def read(question: str, vocabulary: Vocabulary) -> list[Item]:
    """The items of a question, in order, fillers among them.

    Raises:
        NotUnderstoodError: it has words that mean nothing here.
    """
    given = tokens(question)
    if not given or len(given) > _MOST_TOKENS:
        raise NotUnderstoodError("It is empty." if not given else f"It has more than {_MOST_TOKENS} words.")
    found = _candidates(given, vocabulary)
    _add_dimensions(given, found, vocabulary)
    unknown = set(range(len(given))) - {at for start, end in found for at in range(start, end)}
    if unknown:
        _add_parts(given, unknown, found, vocabulary)
    _prefer_ends(given, found)
    _prefer_numbers(given, found, vocabulary)
    items = _chosen(given, found)
    covered = {at for item in items for at in range(item.start, item.end)}
    if lost := [token.text for at, token in enumerate(given) if at not in covered]:
        words = ", ".join(f"“{word}”" for word in lost)
        raise NotUnderstoodError(f"The tables say nothing that I could take for {words}.")
    return items


def names_something(question: str, vocabulary: Vocabulary) -> bool:
    """Whether a question says a name or a whole value of the tables."""
    found = _candidates(tokens(question)[:_MOST_TOKENS], vocabulary)
    return any(reading.kind in ("thing", "field", "known") for readings in found.values() for reading in readings)


_Candidates = dict[tuple[int, int], dict[Reading, None]]


def _candidates(given: Sequence[Token], vocabulary: Vocabulary) -> _Candidates:  # noqa: C901 - all kinds of words
    found: _Candidates = {}

    def add(start: int, end: int, reading: Reading) -> None:
        found.setdefault((start, end), {})[reading] = None

    for start in range(len(given)):
        if given[start].quoted:
            for known in vocabulary.whole_values([Token(given[start].text)]) or _quoted(given[start], vocabulary):
                add(start, start + 1, Reading("known", known))
            add(start, start + 1, Reading("text", given[start].text))
            continue
        for end in range(start + 1, min(len(given), start + _LONGEST_VALUE) + 1):
            part = given[start:end]
            if end - start <= _LONGEST_NAME:
                for meaning in sorted(vocabulary.names.get(tuple(token.stem for token in part), ()), key=_order):
                    add(start, end, Reading(_KINDS[type(meaning)], meaning))
            for known in vocabulary.whole_values(part):
                add(start, end, Reading("known", known))
            if end - start <= _LONGEST_PHRASE:
                phrase = " ".join(token.word for token in part)
                if phrase in language.PHRASES:
                    add(start, end, Reading(*language.PHRASES[phrase]))
        if given[start].word in language.FILLER and given[start].word not in language.PHRASES:
            add(start, start + 1, Reading("filler"))
    for start, end, span in spans(given) if vocabulary.dated else ():
        named = any(one.kind == "thing" for one in found.get((start - 1, start), ()))
        if vocabulary.rows and named and given[start].word.isdigit():
            continue  # "order 2024"
        add(start, end, Reading("date", span))
    for start, end, reading in _numbers(given):
        add(start, end, reading)
    return found


def _quoted(token: Token, vocabulary: Vocabulary) -> list[Known]:
    inner = tokens(token.text)
    return (vocabulary.whole_values(inner) or vocabulary.parts_of_open(inner)) if inner else []


_KINDS = {Thing: "thing", Field: "field", Link: "link"}


def _order(meaning: Thing | Field | Link) -> tuple[int, str]:
    return [Thing, Field, Link].index(type(meaning)), str(meaning)


def _numbers(given: Sequence[Token]) -> list[tuple[int, int, Reading]]:
    """Numbers, alone and in comparisons."""
    found: list[tuple[int, int, Reading]] = []
    for start in range(len(given)):
        value, end = _number(given, start)
        if value is not None:
            found.append((start, end, Reading("number", value)))
            after = " ".join(token.word for token in given[end : end + 2])
            unit, unit_end = _unit(given, end)
            for place, phrase in ((end, after), (unit_end, " ".join(t.word for t in given[unit_end : unit_end + 2]))):
                if phrase in language.AFTERWARDS:
                    days = unit is not None and place == unit_end
                    number = value * (unit or 1) if days else value
                    sign = _SIGNS[language.AFTERWARDS[phrase]]
                    found.append((start, place + 2, Reading("compare", Comparison(sign, number, days))))
            continue
        for length in range(min(3, len(given) - start), 0, -1):
            phrase = " ".join(token.word for token in given[start : start + length])
            if phrase in language.COMPARISONS:
                value, end = _number(given, start + length)
                if value is not None:
                    unit, end = _unit(given, end)
                    sign = _SIGNS[language.COMPARISONS[phrase]]
                    comparison = Comparison(sign, value * (unit or 1), unit is not None, by=given[start].word)
                    found.append((start, end, Reading("compare", comparison)))
                break
        found += _than(given, start)
        if given[start].word == "between":
            value, end = _number(given, start + 1)
            if value is not None and end < len(given) and given[end].word == "and":
                upper, end = _number(given, end + 1)
                if upper is not None:
                    unit, end = _unit(given, end)
                    scale = unit or 1
                    comparison = Comparison(">=", value * scale, unit is not None, upper * scale)
                    found.append((start, end, Reading("compare", comparison)))
    return found


def _than(given: Sequence[Token], start: int) -> list[tuple[int, int, Reading]]:
    """“Older than 40”, “less expensive than 20”."""
    words = [token.word for token in given[start : start + 3]]
    if words[1:2] == ["than"] and words[0] in language.COMPARATIVES:
        sign, by, at = language.COMPARATIVES[words[0]], words[0], start + 2
    elif words[2:] == ["than"] and words[0] in ("more", "less") and dimensions_of(words[1]):
        sign, by, at = ">" if words[0] == "more" else "<", words[1], start + 3
    else:
        return []
    value, end = _number(given, at)
    if value is None:
        return []
    if end < len(given) and given[end].stem == "year" and by in ("older", "younger"):
        end += 1 + (end + 1 < len(given) and given[end + 1].word == "old")
    return [(start, end, Reading("compare", Comparison(_SIGNS[sign], value, by=by)))]


def _number(given: Sequence[Token], at: int) -> tuple[float | int | None, int]:
    """The number at a place, and where it ends."""
    if at >= len(given) or given[at].quoted:
        return None, at
    if given[at].word == "a" and at + 1 < len(given) and given[at + 1].word in _SCALES:
        at += 1
    value = 1 if given[at].word in _SCALES else given[at].number
    if value is None:
        value = language.NUMBERS.get(given[at].word)
        if value is None:
            return None, at
    end = at if given[at].word in _SCALES else at + 1
    if end < len(given) and given[end].word in _SCALES:
        value *= _SCALES[given[end].word]
        end += 1
    if end < len(given) and language.PHRASES.get(given[end].word, ("",))[0] == "currency":
        end += 1
    return value, end


def _unit(given: Sequence[Token], at: int) -> tuple[int | None, int]:
    if at < len(given) and (days := language.UNITS.get(given[at].stem)):
        return days, at + 1
    return None, at


def _prefer_numbers(given: Sequence[Token], found: _Candidates, vocabulary: Vocabulary) -> None:
    """“A salary of 2000”: behind a number that is no year, a year is a number."""
    ends: set[int] = set()
    for (_, end), readings in found.items():
        fields = [one.detail for one in readings if one.kind == "field"]
        if any(vocabulary.type_of(f) in ("integer", "number") and not vocabulary.is_year(f) for f in fields):
            ends.add(end)
    for start, end in list(found):
        before = start
        while before > 0 and before not in ends and given[before - 1].word in _BEFORE_NUMBERS:
            before -= 1
        if before in ends and not any(token.word in _MONTHS_OR_DAYS or "-" in token.text for token in given[start:end]):
            found[start, end] = {one: None for one in found[start, end] if one.kind != "date"}
            if not found[start, end]:
                del found[start, end]


_BEFORE_NUMBERS = frozenset({"of", "is", "was", "are", "were", "equals", "equal", "to", "="})
_MONTHS_OR_DAYS = frozenset({name for name in MONTHS} | {"q1", "q2", "q3", "q4", "quarter", "half", "year"})


_ENDS = {
    "from": frozenset(map(stem, ("origin", "source", "from", "start", "departure", "sender"))),
    "to": frozenset(map(stem, ("destination", "to", "target", "end", "arrival", "recipient"))),
}
"""What properties are called that say where something comes from, and where it goes."""


def _prefer_ends(given: Sequence[Token], found: _Candidates) -> None:
    """Of a value that several properties have, the preposition says whose it is: "from Oslo to Paris"."""
    for (start, _), readings in found.items():
        ends = _ENDS.get(given[start - 1].word, frozenset[str]()) if start else frozenset[str]()
        known = [one for one in readings if one.kind == "known"]
        fitting = [one for one in known if ends & set(name_stems(one.detail.field.name))]
        if fitting:
            for one in set(known) - set(fitting):
                del readings[one]


_BEFORE_NOUNS = frozenset(
    """
    the a an of by per with total average mean median sum highest lowest largest smallest greatest maximum minimum max
    min overall each every what which whose and or
    """.split()  # noqa: SIM905
)
"""What stands before a noun, and not before a verb."""


def _add_dimensions(given: Sequence[Token], found: _Candidates, vocabulary: Vocabulary) -> None:
    """Adjectives and verbs that speak of a property: "how tall", "costs"."""
    for at, token in enumerate(given):
        known = [reading for reading in found.get((at, at + 1), ()) if reading.kind != "filler"]
        if known or token.quoted:
            continue
        noun = token.word in AS_NOUNS and (not at or given[at - 1].word in _BEFORE_NOUNS)
        spoken = None if noun else vocabulary.spoken_of(token.word)
        if field := spoken or vocabulary.done_by(token.word):
            found[at, at + 1] = {Reading("field", field): None}
            if at and given[at - 1].word == "how":
                found[at - 1, at] = {Reading("which"): None}
        elif token.word in SITED:
            found[at, at + 1] = {Reading("sited", SITED[token.word]): None}
        elif token.word not in language.FILLER and (field := vocabulary.abbreviated(token.word)):
            found[at, at + 1] = {Reading("field", field): None}


def _add_parts(given: Sequence[Token], unknown: set[int], found: _Candidates, vocabulary: Vocabulary) -> None:
    """Values of which the question says a part, where it has words that mean nothing else."""
    for start in range(len(given)):
        for end in range(min(len(given), start + _LONGEST_VALUE), start, -1):
            within = unknown.intersection(range(start, end))
            edges = (given[start].word, given[end - 1].word)
            if not within or any(word in language.FILLER for word in edges):
                continue
            part = given[start:end]
            known = vocabulary.parts_of_listed(part)
            if len(within) == end - start:
                opened = vocabulary.parts_of_open(part)
                whole = [one for one in opened if not one.part]
                known = whole or [*known, *opened]
            proper = any(token.text[:1].isupper() for token in part)
            for one in known:
                if proper or not one.part or not vocabulary.is_name(one.field):  # "the best" is nobody's name
                    found.setdefault((start, end), {})[Reading("known", one)] = None
    _add_searched(given, unknown, found)


def _add_searched(given: Sequence[Token], unknown: set[int], found: _Candidates) -> None:
    """What is not known, directly after "mention" and the like, is a text to look for."""
    at = 0
    while at < len(given):
        if language.PHRASES.get(given[at].word, ("",))[0] == "mentions":
            start = at + 1
            while start < len(given) and given[start].word in ("a", "an", "the", "any"):
                start += 1
            end = start
            while end < len(given) and end in unknown:
                end += 1
            if end > start:
                found[start, end] = {Reading("text", " ".join(token.text for token in given[start:end])): None}
            at = max(end, at + 1)
        else:
            at += 1


def _chosen(given: Sequence[Token], found: _Candidates) -> list[Item]:
    """Stretches that do not overlap: the longest first, then the earlier."""
    taken: set[int] = set()
    items: list[Item] = []
    for start, end in sorted(found, key=lambda place: (place[0] - place[1], place[0])):
        if not taken.intersection(range(start, end)):
            taken.update(range(start, end))
            text = " ".join(token.text for token in given[start:end])
            items.append(Item(start, end, text, tuple(found[start, end])))
    return sorted(items, key=lambda item: item.start)
