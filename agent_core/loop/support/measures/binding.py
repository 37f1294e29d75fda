"""Figures and names that the passages tell of something else."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.loop.support.alignment import Alignment, Link, likeness
from agent_core.loop.support.lexicon import lexicon
from agent_core.loop.support.measures.measured import Measured, instead, quoted
from agent_core.loop.support.quantities import MONTHS
from agent_core.loop.support.reading import Token
from agent_core.loop.support.words import listed, stemmed

_BESIDE = 5
"""So near to a figure stands what it is told of."""
_POINTING = listed("it he she they this these that those its his her their which who both there such")
_ORDER = stemmed("before after until since")
_MORE = stemmed("more less fewer")
_CLEARLY = 0.35


def binding(found: Alignment, measured: Measured) -> None:
    """Compare what figures and names are told of."""
    _figures(found, measured)
    _exchanged(found, measured)
    _told_of_another(found, measured)
    _other_subject(found, measured)


def _figures(found: Alignment, measured: Measured) -> None:
    """A figure with a change in the other direction, or another word that excludes the one beside it."""
    for link in found.links.values():
        if link.token.figure is None or link.said.figure is None:
            continue
        if turned := _other_direction(found, link):
            measured.add("figure-opposed", 1, instead(*turned))


def _other_direction(found: Alignment, link: Link) -> tuple[Token, Token] | None:
    """A word beside the figure, and the one beside it in the passages that excludes it."""
    ours = [t for t in found.tokens if t.weight >= 1 and abs(t.place - link.token.place) <= _BESIDE and not t.figure]
    theirs = [
        said for said in found.evidence
        if said.sentence == link.said.sentence and abs(said.place - link.said.place) <= _BESIDE and not said.figure
    ]  # fmt: skip
    ours = [token for token in ours if token.stem not in _ORDER]
    beside = [token for token in found.tokens if token.stem in _MORE and 0 < token.place - link.token.place <= 2]
    after = [said for said in theirs if said.stem in _MORE and 0 < said.place - link.said.place <= 2]
    if beside and after and lexicon().are_opposed(beside[0].stem, after[0].stem):
        return beside[0], after[0]
    words = lexicon()
    for token in ours:
        if any(said.stem == token.stem or words.are_same(token.stem, said.stem) for said in theirs):
            continue
        for said in theirs:
            if (
                words.are_opposed(token.stem, said.stem)
                and token.negated == said.negated
                and said.stem not in {t.stem for t in found.tokens}
            ):
                return token, said
    return None


def _exchanged(found: Alignment, measured: Measured) -> None:
    """Two figures, names or opposites of which each is told what the passages tell of the other."""
    linked = [found.links[at] for at in sorted(found.links) if found.tokens[at].weight >= 1]
    for n, one in enumerate(linked):
        for other in linked[n + 1 :]:
            if not _exchangeable(one, other):
                continue
            sides: tuple[list[tuple[Link, int]], list[tuple[Link, int]]] = ([], [])
            for link in linked:
                if link is one or link is other or link.said.sentence != one.said.sentence:
                    continue
                near = [_apart(link.token, end.token) for end in (one, other)]
                if abs(near[0] - near[1]) > 1:
                    side = 0 if near[0] < near[1] else 1
                    sides[side].append((link, near[side]))
            if not (sides[0] and sides[1]):
                continue
            straight = _bound_to(one.said, sides[0]) + _bound_to(other.said, sides[1])
            crossed = _bound_to(one.said, sides[1]) + _bound_to(other.said, sides[0])
            if crossed > straight + _CLEARLY:
                reason = f"{quoted(one.token)} and {quoted(other.token)} (the other way round)"
                measured.add("exchanged", 1.0, reason)


def _apart(one: Token, other: Token) -> int:
    return abs(one.place - other.place) + 6 * abs(one.clause - other.clause)


def _exchangeable(one: Link, other: Link) -> bool:
    """Whether two tokens could stand in each other's place: they are of a kind, and in one sentence of the passages."""
    if one.said.sentence != other.said.sentence or one.said.stem == other.said.stem:
        return False
    if one.token.figure and other.token.figure:
        return one.token.figure.dimension == other.token.figure.dimension
    if one.token.kind == "name" and other.token.kind == "name":
        return abs(one.token.place - other.token.place) > 2 and one.token.text.lower() not in MONTHS
    if one.token.text.endswith("er") or other.token.text.endswith("er"):
        return False  # "older than" and "younger than" are told from both ends
    return abs(one.token.place - other.token.place) > 3 and lexicon().are_opposed(one.token.stem, other.token.stem)


def _bound_to(said: Token, context: Sequence[tuple[Link, int]]) -> float:
    """How near a token of the passages stands to what the sentence says around it."""
    score = weights = 0.0
    for other, distance in context:
        weight = 1 / (1 + distance)
        weights += weight
        if other.said.sentence == said.sentence:
            score += weight / (1 + _apart(other.said, said) / 4)
    return score / weights if weights else 0.0


def _told_of_another(found: Alignment, measured: Measured) -> None:
    """A name from another sentence than the one that carries most, which tells it of another name."""
    best = found.best()
    ours = {token.stem for token in found.tokens}
    others = [token for token in best if token.kind == "name" and token.stem not in ours]
    named = [token for token in found.tokens if token.kind == "name"]
    if not others or any(likeness(token, said)[0] for token in named for said in best):
        return
    for at, link in found.links.items():
        token = found.tokens[at]
        if token.kind != "name" or any(likeness(token, said)[0] for said in best):
            continue
        beside = [
            one for one in found.links.values()
            if one.said.sentence == link.said.sentence and one.token.weight >= 1 and one.token.kind != "name"
        ]  # fmt: skip
        measured.add(
            "told-of-another" if not beside else "told-elsewhere",
            1,
            f"{quoted(token)} (the source tells this of {quoted(others[0])})",
        )


def _other_subject(found: Alignment, measured: Measured) -> None:
    """A clause whose words stand in one clause of the passages, which begins with something else of the same kind."""
    for clause in {token.clause for token in found.tokens}:
        places = [at for at, token in enumerate(found.tokens) if token.clause == clause and token.weight >= 1]
        if len(places) < 2 or places[0] not in found.links:
            continue
        subject = found.links[places[0]]
        told = [found.links[at].said for at in places[1:] if at in found.links]
        homes = {(said.sentence, said.clause) for said in told}
        if len(homes) != 1 or len(told) < (len(places) - 1) * 0.6:
            continue
        (home,) = homes
        if (subject.said.sentence, subject.said.clause) == home:
            continue
        row = [said for said in found.evidence if (said.sentence, said.clause) == home]
        if any(likeness(subject.token, said)[0] for said in row) or any(said.stem in _POINTING for said in row[:4]):
            continue
        theirs = next((said for said in row if said.weight >= 1), None)
        if theirs is None or any(likeness(token, theirs)[0] for token in found.tokens):
            continue
        if theirs.kind == subject.token.kind == "name" and theirs.place < min(said.place for said in told):
            reason = f"{quoted(subject.token)} (the source tells this of {quoted(theirs)})"
            measured.add("told-of-another", 1, reason)
