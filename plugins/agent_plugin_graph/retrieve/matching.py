"""How far words of a text stand for those of a question: the same, another form, or one that people use for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files

from agent_plugin_graph.index.terms import STOP_WORDS
from agent_questions.words import stem, words

_FORM, _RELATED = 0.85, 0.6
"""What another form of a word counts, and a related word, where the word itself counts 1."""
_ENDINGS = (
    "ational", "ation", "ition", "ement", "ment", "ance", "ence", "ency", "ancy", "ably", "able", "ible", "ness",
    "ship", "ship", "tion", "sion", "ion", "ive", "ity", "ist", "ism", "ant", "ent", "age", "ure", "ful", "ous",
    "ary", "ery", "ory", "al", "er", "or", "ee", "en", "th", "ic", "y", "e",
)  # fmt: skip
"""Endings that make one kind of word of another, the longest first."""
_SHORTEST_ROOT = 4
_SHORTEST_PART = 4


class Matcher:
    """What of the terms of one question a text holds, and how surely."""

    def __init__(self, wanted: Mapping[str, float], common: Mapping[str, float] | None = None) -> None:
        """Take what is looked for.

        Args:
            wanted: The question's terms with their weights.
            common: What related words weigh by their own rarity: one that is everywhere stands for little.
        """
        self.wanted = wanted
        self._common = common or {}
        self._by_root = defaultdict[str, list[str]](list)
        self._by_group = defaultdict[int, list[str]](list)
        for term in wanted:
            self._by_root[root(term)].append(term)
            for group in groups().get(term, ()):
                self._by_group[group].append(term)
        self._known: dict[str, tuple[tuple[str, float], ...]] = {}

    def held(self, text: str | Sequence[str]) -> dict[str, float]:
        """Terms of the question to how surely the text, or its words, hold them: above 0, up to 1."""
        found: dict[str, float] = {}
        before = ""
        for word in words(text) if isinstance(text, str) else text:
            stemmed = stem(word)
            for expression in (stemmed, f"{before} {stemmed}") if before else (stemmed,):
                for term, strength in self._stands_for(expression):
                    if strength > found.get(term, 0.0):
                        found[term] = strength
            before = stemmed
        return found

    def share(self, held: Mapping[str, float]) -> float:
        """How much of the question's weight is held, 0 to 1."""
        total = sum(self.wanted.values())
        return sum(self.wanted[term] * strength for term, strength in held.items()) / total if total else 0.0

    def _stands_for(self, expression: str) -> tuple[tuple[str, float], ...]:
        if expression not in self._known:
            self._known[expression] = tuple(self._compared(expression))
        return self._known[expression]

    def _compared(self, expression: str) -> Iterable[tuple[str, float]]:
        found: dict[str, float] = {}
        if " " not in expression and expression not in _STOPPED:
            if expression in self.wanted:
                found[expression] = 1.0
            for term in self._by_root.get(root(expression), ()):
                found.setdefault(term, _FORM)
            for term in self.wanted:
                if term not in found and _is_part(term, expression):
                    found[term] = _RELATED
        for group in groups().get(expression, ()):
            for term in self._by_group.get(group, ()):
                share = self._common.get(expression, self.wanted[term]) / self.wanted[term]
                found.setdefault(term, _RELATED * min(1.0, share))
        return found.items()


def strongest(*found: Mapping[str, float]) -> dict[str, float]:
    """Terms to the best that is known of each."""
    best: dict[str, float] = {}
    for held in found:
        for term, strength in held.items():
            best[term] = max(strength, best.get(term, 0.0))
    return best


@cache
def root(term: str) -> str:
    """A stem without the ending that made it a noun, a verb or an adjective, as far as rules can tell."""
    if not term.isascii() or not term.isalpha():
        return term
    for ending in _ENDINGS:
        if term.endswith(ending) and len(term) - len(ending) >= _SHORTEST_ROOT:
            bare = term[: -len(ending)]
            return root(bare) if bare[-1] in "it" and len(bare) > _SHORTEST_ROOT else bare
    return term


def _is_part(term: str, other: str) -> bool:
    """Whether one is a compound that begins or ends with the other: "workplace" is said of work."""
    short, long = sorted((term, other), key=len)
    if len(short) < _SHORTEST_PART or len(long) - len(short) < 3 or not long.isalpha():
        return False
    return long.startswith(short) or long.endswith(short)


@cache
def groups() -> Mapping[str, frozenset[int]]:
    """Stems, and pairs of them, to the lines of `related_words.txt` that hold them."""
    found = defaultdict[str, set[int]](set)
    text = files("agent_plugin_graph.retrieve").joinpath("related_words.txt").read_text("utf-8")
    for number, line in enumerate(text.splitlines()):
        if line.strip() and not line.startswith("#"):
            for entry in line.split():
                found[" ".join(map(stem, words(entry.replace("_", " "))))].add(number)
    return {expression: frozenset(numbers) for expression, numbers in found.items()}


@cache
def _members() -> Mapping[int, frozenset[str]]:
    found = defaultdict[int, set[str]](set)
    for expression, numbers in groups().items():
        for number in numbers:
            found[number].add(expression)
    return {number: frozenset(held) for number, held in found.items()}


def related(terms: Iterable[str]) -> set[str]:
    """Terms that may stand for these, and these themselves; words alone."""
    found = set(terms)
    lines = {number for term in found for number in groups().get(term, ())}
    return found.union(term for number in lines for term in _members()[number] if " " not in term)


_STOPPED = frozenset(map(stem, STOP_WORDS))
