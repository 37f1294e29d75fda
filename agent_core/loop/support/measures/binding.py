"""Figures and names that the passages tell of something else."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.loop.support.alignment import Alignment, Link, likeness
from agent_core.loop.support.lexicon import lexicon
from agent_core.loop.support.measures.measured import Measured, quoted
from agent_core.loop.support.reading import Token

_BESIDE = 5
"""So near to a figure stands what it is told of."""
_CLEARLY = 0.35


def binding(found: Alignment, measured: Measured) -> None:
    """Compare what figures and names are told of."""
    _figures(found, measured)
    _exchanged(found, measured)
    _told_of_another(found, measured)


def _figures(found: Alignment, measured: Measured) -> None:
    """A figure beside something that has another one of its kind in the passages, while this one stands beside another."""
    for link in found.links.values():
        figure = link.token.figure
        if figure is None or link.said.figure is None:
            continue
        for other in found.links.values():
            if other.token.figure or other.token.weight < 1 or abs(other.token.place - link.token.place) > _BESIDE:
                continue
            if rival := _instead_beside(found.evidence, other, link):
                kind = "years" if figure.dimension in ("year", "day", "clock") else "figure"
                measured.add(
                    f"bound-{kind}", 1, f"{quoted(link.token)} (the source says {quoted(rival)} of {quoted(other.token)})"
                )
                break


def _instead_beside(evidence: Sequence[Token], beside: Link, link: Link) -> Token | None:
    """The figure that the passages have beside this word, wherever it stands, if it never is the linked one."""
    assert link.said.figure is not None
    found: Token | None = None
    for place in (said for said in evidence if said.stem == beside.said.stem):
        held = [
            said for said in evidence
            if said.figure and said.sentence == place.sentence and said.figure.dimension == link.said.figure.dimension
            and (said.figure.dimension or said.figure.of == link.said.figure.of)
        ]  # fmt: skip
        if not held:
            continue
        nearest = min(held, key=lambda said: abs(said.place - place.place) + 3 * abs(said.clause - place.clause))
        if any(said.figure and link.token.figure and link.token.figure.agrees(said.figure) for said in (nearest,)):
            return None
        found = found or nearest
    return found


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
        return abs(one.token.place - other.token.place) > 2
    return lexicon().are_opposed(one.token.stem, other.token.stem)


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
    """A name that stands only in another sentence than the one that carries most, where that tells it of another name."""
    best = found.best()
    ours = {token.stem for token in found.tokens}
    others = [token for token in best if token.kind == "name" and token.stem not in ours]
    if not others or not found.chosen:
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
            "told-of-another" if not beside else "told-elsewhere", 1, f"{quoted(token)} (the source tells this of {quoted(others[0])})"
        )
