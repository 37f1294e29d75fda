"""Who did it to whom: two that changed places around the same verb."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.loop.support.alignment import Alignment
from agent_core.loop.support.lexicon import lexicon
from agent_core.loop.support.measures.measured import Measured, quoted
from agent_core.loop.support.reading import Token
from agent_core.loop.support.words import listed, stemmed

_REACH = 9
_BEING = listed("be get")
_TOWARDS = listed("to for with from against of on in at into over")


def roles(found: Alignment, measured: Measured) -> None:
    """Compare who stands on which side of a verb, passive or not."""
    if any(token.stem == "than" for token in found.tokens):
        return  # what is compared is told from both ends
    linked = [found.links[at] for at in sorted(found.links) if found.links[at].token.weight >= 1]
    for verb in linked:
        if verb.token.kind != "word" or verb.strength < 0.8 or verb.flipped:
            continue
        around = [link for link in linked if link is not verb and link.said.sentence == verb.said.sentence]
        ours = {id(link): role(found.tokens, verb.token, link.token) for link in around}
        theirs = {id(link): role(found.evidence, verb.said, link.said) for link in around}
        for n, one in enumerate(around):
            for other in around[n + 1 :]:
                if not (_acts(one.token) and _acts(other.token)) or lexicon().are_opposed(
                    one.token.stem, other.token.stem
                ):
                    continue
                if _exchanged((ours[id(one)], ours[id(other)]), (theirs[id(one)], theirs[id(other)])):
                    reason = f"{quoted(one.token)} and {quoted(other.token)} (the other way round)"
                    measured.add("roles-turned", 1, reason)
                    return


_ACTING = ("er", "or", "ist", "ee", "ian", "ant", "man", "woman")
_ACTORS = stemmed(
    """board committee council company court party team staff parent customer client guest patient student pupil tenant
    child worker union bank state government ministry police school university hospital firm fund agency city church
    army club group association member nurse doctor judge king queen landlord mother father son daughter brother
    sister"""
)


_LEADING = stemmed("before after following during")


def _acts(token: Token) -> bool:
    """Whether it may be somebody who does something."""
    if token.kind == "name":
        return token.stem not in _LEADING
    return token.kind == "word" and (
        token.stem in _ACTORS or (len(token.stem) > 3 and token.text.lower().removesuffix("s").endswith(_ACTING))
    )


def _exchanged(ours: tuple[str, str], theirs: tuple[str, str]) -> bool:
    """Whether the one that acts is the one acted on there, and the other way round."""
    if "" in ours or "" in theirs or "agent" not in ours or "agent" not in theirs:
        return False
    return ours[0] != ours[1] and theirs[0] != theirs[1] and (ours[0] == "agent") != (theirs[0] == "agent")


def role(tokens: Sequence[Token], verb: Token, one: Token) -> str:
    """The part that a token plays around a verb: "agent", "patient", or the preposition before it; "" if unclear."""
    if abs(one.place - verb.place) > _REACH or one.sentence != verb.sentence:
        return ""
    row = [token for token in tokens if token.sentence == verb.sentence]
    at = next(n for n, token in enumerate(row) if token.place == verb.place)
    place = next(n for n, token in enumerate(row) if token.place == one.place)
    leads = [token.stem for token in row[max(0, place - 3) : place] if token.kind == "function"]
    preposition = next((word for word in reversed(leads) if word in _TOWARDS or word == "by"), "")
    passive = _passive(row, at)
    if place < at:
        if preposition in _TOWARDS:
            return ""
        return "patient" if passive else "agent"
    if preposition == "by":
        return "agent" if passive else ""
    return preposition or "patient"


def _passive(row: Sequence[Token], at: int) -> bool:
    verb = row[at].text.lower()
    if not verb.endswith(("ed", "en", "n", "t", "d", "ght")):
        return False
    before = row[max(0, at - 3) : at]
    behind = row[at + 1 : at + 5]
    return any(token.stem in _BEING for token in before) or any(token.stem == "by" for token in behind)
