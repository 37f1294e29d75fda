"""What came before what, and what is more than what: sides that were exchanged, or a word that was turned round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_core.loop.support.alignment import Alignment
from agent_core.loop.support.lexicon import lexicon
from agent_core.loop.support.measures.measured import Measured, instead, quoted
from agent_core.loop.support.reading import Token
from agent_core.loop.support.words import listed, stemmed

_BEFORE = stemmed("before prior_to ahead_of earlier_than in_advance_of")
_AFTER = stemmed("after following once since later_than subsequent_to")
_INSTEAD = frozenset(("instead_of", "rather_than", "rather", "instead"))
_SUBJECTS = listed("the it they he she this these a an his her their its")
_DEGREES = stemmed("more less fewer")
_REACH = 12
_CLEARLY = 0.6
_COMPARED = 6
"""So many words before "than" the word stands that compares."""


def ordering(found: Alignment, measured: Measured) -> None:
    """Compare the two sides of before, after and than with the sides that they have in the passages."""
    for at, direction, word in _relations(found.tokens):
        ours = _sides(found.tokens, at)
        best: tuple[float, bool, Token] | None = None
        for number in found.chosen:
            theirs = found.said_in(number)
            for place, other, said in _relations(theirs):
                same = _same_direction(direction, other, word, said)
                if same is None:
                    continue
                left, right = _sides(theirs, place)
                there = [{theirs[n].place for n in side} for side in (left, right)]
                straight = [_shared(found, ours[side], there[side]) for side in (0, 1)]
                crossed = [_shared(found, ours[side], there[1 - side]) for side in (0, 1)]
                wrong, fits = (crossed, straight) if same else (straight, crossed)
                turned = min(wrong) > 0 and sum(wrong) > sum(fits) + _CLEARLY
                if best is None or sum(wrong) + sum(fits) > best[0]:
                    best = sum(wrong) + sum(fits), turned, said
        if best and best[1]:
            same = f"{quoted(word)} (the other way round)"
            measured.add("order-turned", 1, same if word.stem == best[2].stem else instead(word, best[2]))


def _shared(found: Alignment, side: Sequence[int], places: set[int]) -> float:
    """How much of one side of the sentence stands in these places of the passages."""
    links = (found.links[at] for at in side if at in found.links)
    return sum(link.token.weight for link in links if link.said.place in places)


def _relations(tokens: Sequence[Token]) -> Iterator[tuple[int, str, Token]]:
    """Where two things are put in an order: (place of the word between them, which order, the word that says it)."""
    for at, token in enumerate(tokens):
        if token.stem == "onc" and (at + 1 == len(tokens) or tokens[at + 1].stem not in _SUBJECTS):
            continue  # "once a year"
        if token.stem in _BEFORE:
            yield at, "before", token
        elif token.stem in _AFTER:
            yield at, "after", token
        elif token.stem in _INSTEAD:
            yield at, "instead", token
        elif token.stem == "than" or token.stem.endswith("_than"):
            row = [one for one in reversed(tokens[max(0, at - _COMPARED) : at + 1]) if _compares(one)]
            word = next((one for one in row if one.stem in _DEGREES), row[0] if row else None)
            if word is not None:
                yield at, "than", word


def _compares(token: Token) -> bool:
    return (
        token.stem in _DEGREES
        or token.stem in ("wors", "better")
        or (token.text.endswith("er") and token.kind in ("word", "function") and token.stem not in ("other", "rather"))
    )


def _same_direction(one: str, other: str, word: Token, said: Token) -> bool | None:
    if "than" in (one, other):
        if one != other:
            return None
        if word.stem == said.stem or lexicon().are_same(word.stem, said.stem):
            return True
        return False if lexicon().are_opposed(word.stem, said.stem) else None
    if "instead" in (one, other):
        return True if one == other else None
    return one == other


def _sides(tokens: Sequence[Token], at: int) -> tuple[list[int], list[int]]:
    """The places before and behind a word; at the start, those of what follows its clause, and of the clause."""
    first = at <= 1
    behind = list(range(at + 1, min(len(tokens), at + 1 + _REACH)))
    if not first:
        return list(range(max(0, at - _REACH), at)), behind
    clause = [n for n in behind if tokens[n].clause == tokens[at].clause]
    return [n for n in behind if n not in clause], clause
