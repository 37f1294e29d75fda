"""Where passages say what a sentence says: for each of its words the place that fits best, near its neighbours'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent_core.loop.support.lexicon import lexicon
from agent_core.loop.support.reading import Token, named, read
from agent_core.loop.support.words import listed, related, without_negation

_MOST_SENTENCES = 3
"""Sentences of the passages that one sentence may be put together from."""
_WORTH = 0.7
"""Weight of words that another sentence has to bring to be taken in."""
_NEIGHBOURS = 5
_PRONOUNS = listed("it he she they this these both its his her their")
_FIRST_WORDS = 4
_SURROUNDINGS = 14
"""Tokens on either side of a word that tell what it is said of."""
_MOST_TOKENS = 6_000
"""Of the passages; what is longer is cut to the sentences that share most with the sentence."""


@dataclass(frozen=True)
class Link:
    """A token of the sentence, and the one of the passages that says it."""

    token: Token
    said: Token
    strength: float
    """1 for the same word, less for another word that means it."""
    flipped: bool = False
    """One is the other with a negating prefix."""


@dataclass(frozen=True)
class Alignment:
    """What of a sentence was found where."""

    tokens: Sequence[Token]
    """The sentence's."""
    evidence: Sequence[Token]
    """The passages'."""
    links: Mapping[int, Link]
    """By the place of the sentence's token in `tokens`."""
    chosen: Sequence[int]
    """The sentences of the passages that carry most of it, the best first."""

    def near(self) -> list[Token]:
        """The tokens of the chosen sentences."""
        return [token for token in self.evidence if token.sentence in self.chosen]

    def said_in(self, sentence: int) -> list[Token]:
        """The tokens of one sentence of the passages."""
        return [token for token in self.evidence if token.sentence == sentence]

    def best(self) -> list[Token]:
        """The sentence that carries most; where it begins with a pronoun, the one before it says whom it is about."""
        if not self.chosen:
            return []
        best = self.said_in(self.chosen[0])
        pronoun = any(token.stem in _PRONOUNS for token in best[:_FIRST_WORDS])
        return (self.said_in(self.chosen[0] - 1) if pronoun else []) + best


def align(sentence: str, passages: Sequence[str]) -> Alignment:
    """Align a sentence with the passages that it cites."""
    names = named(sentence).union(*(named(passage) for passage in passages)) if passages else set[str]()
    tokens = read(sentence, names=names)
    evidence: list[Token] = []
    for passage in passages:
        last = evidence[-1] if evidence else None
        evidence += read(passage, last.sentence + 1 if last else 0, last.place + 60 if last else 0, names)
        if len(evidence) > _MOST_TOKENS:
            break
    matches = _matches(tokens, evidence)
    by_sentence = _held(tokens, matches)
    chosen = _chosen(tokens, by_sentence)
    return Alignment(tokens, evidence, _linked(tokens, matches, chosen), chosen)


def _matches(tokens: Sequence[Token], evidence: Sequence[Token]) -> dict[int, list[Link]]:
    """For each token of the sentence that has weight, all that could be it."""
    by_stem: dict[str, list[Token]] = defaultdict(list)
    for said in evidence:
        by_stem[said.stem].append(said)
    found: dict[int, list[Link]] = {}
    for at, token in enumerate(tokens):
        if token.kind == "function":
            continue
        links: list[Link] = []
        for places in by_stem.values():
            for said in places if token.figure or places[0].figure else places[:1]:
                strength, flipped = likeness(token, said)
                if strength:
                    links += (
                        [Link(token, said, strength, flipped)]
                        if said.figure
                        else [Link(token, place, strength, flipped) for place in places if place.kind != "figure"]
                    )
        if links:
            found[at] = links
    return found


def likeness(token: Token, said: Token) -> tuple[float, bool]:
    """(how far one token says the other, whether one negates the other by a prefix)."""
    if token.figure and said.figure:
        return (1.0 if token.figure.agrees(said.figure) else 0.0), False
    if token.figure or said.figure:
        return 0.0, False
    if said.kind == "function" and token.stem != said.stem:
        return 0.0, False
    if token.stem == said.stem:
        return 1.0, False
    if token.kind == "name" and token.text.isupper() and len(token.text) > 1:
        return 0.0, False
    words = lexicon()
    if words.are_opposed(token.stem, said.stem):
        return 0.0, False
    if words.are_same(token.stem, said.stem):
        return 0.9, False
    if without_negation(token.stem) == said.stem or without_negation(said.stem) == token.stem:
        return 0.8, True
    return (0.8, False) if related(token.stem, said.stem) else (0.0, False)


def _held(tokens: Sequence[Token], matches: Mapping[int, Sequence[Link]]) -> dict[int, dict[int, float]]:
    """Sentence of the passages to the tokens that it holds, and how well."""
    held: dict[int, dict[int, float]] = defaultdict(dict)
    for at, links in matches.items():
        for link in links:
            there = held[link.said.sentence]
            there[at] = max(there.get(at, 0.0), link.strength)
    return held


def _chosen(tokens: Sequence[Token], held: Mapping[int, Mapping[int, float]]) -> list[int]:
    """The sentences that together carry the sentence, the one that carries most first."""
    chosen: list[int] = []
    covered: dict[int, float] = {}
    while len(chosen) < _MOST_SENTENCES:
        gains = {
            number: sum(tokens[at].weight * max(0.0, s - covered.get(at, 0.0)) for at, s in found.items())
            for number, found in held.items()
            if number not in chosen
        }
        best = max(gains, key=lambda number: (gains[number], -number), default=None)
        if best is None or gains[best] < (_WORTH if chosen else 1e-9):
            break
        chosen.append(best)
        for at, strength in held[best].items():
            covered[at] = max(covered.get(at, 0.0), strength)
    return chosen


def _linked(tokens: Sequence[Token], matches: Mapping[int, Sequence[Link]], chosen: Sequence[int]) -> dict[int, Link]:
    """For each token its best place: a strong match, in a chosen sentence, near the matches of its neighbours."""
    rank = {number: 0.3 - 0.1 * order for order, number in enumerate(chosen)}
    linked: dict[int, Link] = {}
    weighty = sorted(matches)
    for order, at in enumerate(weighty):
        around = [other for other in weighty[max(0, order - _NEIGHBOURS) : order + _NEIGHBOURS + 1] if other != at]
        best: tuple[float, Link] | None = None
        for link in matches[at]:
            near = 0.0
            for other in around:
                distance = min((abs(link.said.place - one.said.place) for one in matches[other]), default=99)
                if distance < 20:
                    near += tokens[other].weight / ((1 + distance) * (1 + abs(tokens[other].place - tokens[at].place)))
            score = link.strength + rank.get(link.said.sentence, 0.0) + near
            if best is None or score > best[0]:
                best = score, link
        if best:
            linked[at] = best[1]
    return linked


def orientation(found: Alignment, at: int, place: Token) -> tuple[float, float]:
    """How much around a word stands on the same side of a place in the passages, and on its other side."""
    token = found.tokens[at]
    straight = crossed = 0.0
    for other, link in found.links.items():
        if other == at or link.said.sentence != place.sentence or link.said.place == place.place:
            continue
        apart = abs(link.token.place - token.place), abs(link.said.place - place.place)
        if max(apart) > _SURROUNDINGS or not link.token.weight:
            continue
        weight = link.token.weight * link.strength / (1 + (sum(apart) / 6))
        if (link.token.place > token.place) == (link.said.place > place.place):
            straight += weight
        else:
            crossed += weight
    return straight, crossed
