"""What the words of a question can mean in these tables: labels, relationships, properties, and their values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from functools import cached_property, partial

from agent_questions.abbreviations import is_short
from agent_questions.dimensions import dimensions_of, doers_of
from agent_questions.meanings import Field, Known, Link, Thing
from agent_questions.schema import MOST_LISTED, Schema, Values
from agent_questions.tokens import Token, name_stems, name_words, value_words
from agent_questions.words import stem

_WORDY = 60
"""Values that are longer, on average, are prose: they are searched, not named."""
_LONGEST = 12
_NUMBERING = frozenset({"id", "no", "nr", "number", "code", "key", "index", "year"})
_NAMES = ("name", "title", "label", "full_name", "fullname")


class Vocabulary:
    """The words of what can be asked about. Values are looked up when a question is there to be read."""

    def __init__(
        self,
        schema: Schema,
        values: Values,
        rows: Thing | None = None,
        unique: Collection[Field] = (),
    ) -> None:
        """Know the words of a schema.

        Args:
            schema: The names.
            values: The texts.
            rows: The one label of a table: what is meant where a question names nothing ("how many are open").
            unique: Properties of which no two nodes have the same value.
        """
        self.schema = schema
        self.rows = rows
        self._values = values
        self._unique = frozenset(unique)
        self._measured: Field | None = None
        self.dated = rows is None or any(
            kind == "date" or (kind == "integer" and "year" in name_stems(name))
            for properties in schema.properties.values()
            for name, kind in properties.items()
        )
        """Whether a stretch of time can mean anything."""
        self.names: dict[tuple[str, ...], set[Thing | Field | Link]] = defaultdict(set)
        self.declared: dict[tuple[str, ...], set[Known]] = defaultdict(set)
        for label, properties in self.schema.properties.items():
            self._call(Thing(label), label)
            for name in properties:
                self._call(Field(label, name), name)
        for kind in self.schema.relationships:
            self._call(Link(kind), kind)
        for subject, words in self.schema.words.items():
            self._declare(subject, words)

    def _call(self, meaning: Thing | Field | Link, phrase: str) -> None:
        if stems := name_stems(phrase):
            self.names[stems].add(meaning)
            if self.rows and len(stems) == 1 and isinstance(meaning, Field):
                self.names[(stem(f"{stems[0].removesuffix('e')}ed"),)].add(meaning)  # "hired", of a hire date

    def _declare(self, subject: str, words: frozenset[str]) -> None:
        place, _, value = subject.partition("=")
        label, _, name = place.partition(".")
        for word in words:
            if value:
                self.declared[tuple(Token(part).stem for part in value_words(word))].add(
                    Known(Field(label, name), (value,))
                )
            elif name:
                self._call(Field(label, name), word)
            else:
                self._call(Link(label) if label in self.schema.relationships else Thing(label), word)

    def field(self, label: str, name: str) -> Field | None:
        """The property, where it holds texts."""
        return Field(label, name) if self.schema.properties[label][name] == "text" else None

    def type_of(self, field: Field) -> str:
        """The type of a property."""
        return self.schema.properties[field.label][field.name]

    def fields(self, label: str, *types: str) -> list[Field]:
        """The properties of a label that have one of these types, by name."""
        return [Field(label, name) for name, kind in sorted(self.schema.properties[label].items()) if kind in types]

    def default_date(self, field: Field) -> bool:
        """Whether the mapping says that this is when things took place."""
        return "when" in self.schema.words.get(field.path, ())

    def name_of(self, label: str) -> Field:
        """The property that says what a node is called; its key, where there is none; without a key it has no name."""
        properties = self.schema.properties[label]
        called = [name for name in (*_NAMES, f"{label.lower()}_name", f"{label.lower()}_title") if name in properties]
        if label not in self.schema.keys:
            called = called or [name for name in properties if name_stems(name)[-1:] == ("name",)][:1] or [""]
        return Field(label, called[0] if called else self.schema.keys[label])

    def is_name(self, field: Field) -> bool:
        """Whether a value of it means one node, as a name or key does."""
        return field in self._unique or field.name in (
            self.schema.keys.get(field.label),
            self.name_of(field.label).name,
        )

    def spoken_of(self, word: str, label: str = "") -> Field | None:
        """The one property of the dimension that an adjective or verb speaks of: "tall", "costs"."""
        for dimension in dimensions_of(word):
            for name in dimension.names:
                fitting = [
                    field
                    for one in self.schema.properties
                    if label in ("", one)
                    for field in self.fields(one, "integer", "number", "date")
                    if name in self.stems(field)
                ]
                if len(fitting) == 1:
                    return fitting[0]
        return None

    def done_by(self, verb: str) -> Field | None:
        """The one property that says who does something: "wrote", of an author."""
        doers = doers_of(verb)
        fitting = [
            field
            for label in self.schema.properties
            for field in self.fields(label, "text", "boolean")
            if doers & set(name_stems(field.name))
        ]
        return fitting[0] if len(fitting) == 1 else None

    def abbreviated(self, word: str) -> Field | None:
        """The one property with a word in its name that is short for this one, or that this one is short for."""
        if not word.isalpha() or len(word) < 2:
            return None
        fitting = [
            field
            for label in self.schema.properties
            for field in map(partial(Field, label), self.schema.properties[label])
            if any(is_short(part, word) or is_short(word, part) for part in name_words(field.name))
        ]
        return fitting[0] if len(fitting) == 1 else None

    def is_year(self, field: Field) -> bool:
        """Whether a whole number is a year, by its name."""
        return "year" in self.stems(field) or bool(self.stems(field) & {"publish", "founded", "born", "birth"})

    def about(self, measured: Field | None) -> Vocabulary:
        """The same words, where a number is known to be asked for: what a mere "over 90" compares."""
        if measured is None:
            return self
        other = copy(self)
        other._measured = measured
        return other

    def only_measure(self, label: str) -> Field | None:
        """The one property of numbers that measures something, rather than numbering; None if there are others."""
        if self._measured:
            return self._measured
        fields = [f for f in self.fields(label, "integer", "number") if not set(name_stems(f.name)[-1:]) & _NUMBERING]
        return fields[0] if len(fields) == 1 else None

    def stems(self, field: Field) -> set[str]:
        """The stems of all words for a property."""
        own = {stem for word in self.schema.words.get(field.path, ()) for stem in name_stems(word)}
        return own | set(name_stems(field.name))

    @cached_property
    def listed(self) -> Mapping[Field, Sequence[str]]:
        """The texts of each property that has no more than can be listed, and that are no prose."""
        found: dict[Field, Sequence[str]] = {}
        for field, values in self._distinct.items():
            texts = [value for value in values if value is not None]
            if len(values) < MOST_LISTED and not _is_prose(texts):
                found[field] = texts
        return found

    @cached_property
    def open(self) -> Sequence[Field]:
        """The properties with more texts than can be listed, which are asked for when a question has a word for one."""
        return [
            field
            for field, values in self._distinct.items()
            if len(values) == MOST_LISTED and not _is_prose([value for value in values if value is not None])
        ]

    @cached_property
    def prose(self) -> frozenset[Field]:
        """The properties that hold prose."""
        return frozenset(
            field for field, values in self._distinct.items() if _is_prose([v for v in values if v is not None])
        )

    def may_be_empty(self, field: Field) -> bool:
        """Whether some node has no value of it."""
        if field in self._distinct:
            return None in self._distinct[field] or len(self._distinct[field]) == MOST_LISTED
        return True

    @cached_property
    def _distinct(self) -> Mapping[Field, Sequence[str | None]]:
        found: dict[Field, Sequence[str | None]] = {}
        for label in self.schema.properties:
            for field in self.fields(label, "text"):
                found[field] = self._values.of(field)
        return found

    @cached_property
    def _whole(self) -> Mapping[tuple[str, ...], Sequence[Known]]:
        """Each listed value by its words, by their stems, and written as one."""
        found: dict[tuple[str, ...], dict[Known, None]] = defaultdict(dict)
        for field, values in self.listed.items():
            for value in values:
                words = value_words(value)
                known = Known(field, (value,))
                for form in {words, tuple(Token(word).stem for word in words), ("".join(words),)}:
                    if form and len(form) <= _LONGEST:
                        found[form][known] = None
        return {words: list(known) for words, known in found.items()}

    def whole_values(self, given: Sequence[Token]) -> list[Known]:
        """The values that these tokens say in full."""
        words, stems = tuple(token.word for token in given), tuple(token.stem for token in given)
        found: dict[Known, None] = dict.fromkeys(sorted(self.declared.get(stems, ()), key=str))
        for form in (words, stems, ("".join(words),)):
            if len(form) == len(words) or len(words) <= 3:
                found |= dict.fromkeys(self._whole.get(form, ()))
        return list(found)

    @cached_property
    def _by_word(self) -> Mapping[str, Sequence[tuple[Field, str, tuple[str, ...]]]]:
        found: dict[str, list[tuple[Field, str, tuple[str, ...]]]] = defaultdict(list)
        for field, values in self.listed.items():
            for value in values:
                words = value_words(value)
                for word in set(words):
                    found[word].append((field, value, words))
        return found

    def parts_of_listed(self, given: Sequence[Token]) -> list[Known]:
        """The listed values that hold these tokens in a row."""
        words = tuple(token.word for token in given)
        rarest = min(words, key=lambda word: len(self._by_word.get(word, ())))
        found: dict[Field, list[str]] = defaultdict(list)
        for field, value, whole in self._by_word.get(rarest, ()):
            if _holds(whole, words):
                found[field].append(value)
        said = " ".join(token.text for token in given)
        return [Known(field, tuple(values), said) for field, values in found.items()]

    def parts_of_open(self, given: Sequence[Token]) -> list[Known]:
        """The same among the values that are too many to be listed; whole ones, where there are any."""
        words = tuple(token.word for token in given)
        said = " ".join(token.text for token in given)
        found: list[Known] = []
        for field in self.open:
            some = self._values.of(field, max(words, key=len))
            fitting = [value for value in some if value is not None and _holds(value_words(value), words)]
            if whole := [value for value in fitting if value_words(value) == words]:
                found.append(Known(field, tuple(whole)))
            elif fitting:
                found.append(Known(field, tuple(fitting), said))
        return [known for known in found if not known.part] or found


def _holds(words: Sequence[str], part: tuple[str, ...]) -> bool:
    return any(tuple(words[at : at + len(part)]) == part for at in range(len(words) - len(part) + 1))


def _is_prose(values: Sequence[str]) -> bool:
    if not values:
        return False
    sentences = sum(value.rstrip().endswith((".", "!", "?")) and value.count(" ") > 2 for value in values)
    return sum(map(len, values)) / len(values) > _WORDY or sentences > len(values) / 2
