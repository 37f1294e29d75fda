"""Which expressions mean the same, and which exclude each other: read from `lexicon.txt`, which is ours."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agent_core.loop.support.words import stem

_NO_GROUPS: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Lexicon:
    """Expressions by the stems of their words."""

    same: dict[str, frozenset[int]]
    """Expression to the groups of which it is a member; two that share one mean the same."""
    excludes: dict[int, frozenset[int]]
    """Group to the groups that exclude it."""
    phrases: dict[str, tuple[tuple[str, ...], ...]]
    """First word to the expressions of several words that begin with it, the longest first."""

    def _groups(self, word: str) -> frozenset[int]:
        """The groups of an expression; of an adjective in another degree, those of the adjective."""
        if word in self.same:
            return self.same[word]
        for ending in ("iest", "ier", "est", "er"):
            if word.endswith(ending):
                base = word.removesuffix(ending)
                forms = (base + "y",) if ending.startswith("i") else (base, base + "e", base[:-1])
                return next((self.same[form] for form in forms if len(form) > 2 and form in self.same), _NO_GROUPS)
        return _NO_GROUPS

    def are_same(self, one: str, other: str) -> bool:
        """Whether two expressions may mean the same."""
        return bool(self._groups(one) & self._groups(other))

    def are_opposed(self, one: str, other: str) -> bool:
        """Whether one excludes the other, and they do not mean the same in another sense."""
        groups = self._groups(other)
        return any(self.excludes[group] & groups for group in self._groups(one)) and not self.are_same(one, other)


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once."""
    same: dict[str, set[int]] = defaultdict(set)
    excludes: dict[int, set[int]] = defaultdict(set)
    phrases: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    number = 0
    text = files("agent_core.loop.support").joinpath("lexicon.txt").read_text("utf-8")
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        groups: list[int] = []
        for alternative in line.split("|"):
            groups.append(number)
            for entry in alternative.split():
                stems = tuple(stem(word) for word in entry.split("_"))
                same["_".join(stems)].add(number)
                if len(stems) > 1:
                    phrases[stems[0]].add(stems)
            number += 1
        for group in groups:
            excludes[group].update(set(groups) - {group})
    return Lexicon(
        {name: frozenset(found) for name, found in same.items()},
        defaultdict(frozenset, {group: frozenset(others) for group, others in excludes.items()}),
        {first: tuple(sorted(found, key=len, reverse=True)) for first, found in phrases.items()},
    )
