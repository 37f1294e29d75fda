"""What is denied on one side only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_core.loop.support.alignment import Alignment, Link, orientation
from agent_core.loop.support.measures.measured import Measured, quoted
from agent_core.loop.support.reading import Token
from agent_core.loop.support.words import listed, stemmed, without_negation

_DENIALS = listed("not no never neither nor none nobody nothing without n't cannot")
_DENYING = _DENIALS | stemmed(
    """unable fail lack hardly barely scarcely rarely seldom except excluding exclude exempt forbid prohibit ban bar
    prevent refuse reject deny decline avoid stop cease end drop lose miss absent free off out away without only few
    little impossible instead rather other otherwise unless until before too closed lost waive omit remove abolish
    refrain oppose less fewer unlike cut"""
)
"""Words that may say what a negation says, in other words."""
_AFTER = 4
_PLAINLY = listed("not never n't")
_IN_PLACE = 0.6
"""So much of its surroundings has to stand around a word in the passages."""
_REACH = 8
_BOUNDING = listed("mor less fewer later long only longer earlier high low but")
"""Behind a negation, these make a limit or a turn of speech."""

_PREPOSITIONS = listed("on in at by for from to with among of during under over about into")
"""Between "not" and one of these stands what was said before: "on the verb and not on the noun"."""


def polarity(found: Alignment, measured: Measured) -> None:
    """Words that are denied in the sentence and told in the passages, and the other way round."""
    for at, cue in _denied(found.tokens):
        if cue.stem == "neither":
            continue  # "neither has more than the other" tells of both
        link = found.links.get(at)
        if link is None or link.flipped or not _in_place(found, at, link):
            continue
        around = [said for said in found.evidence if said.sentence == link.said.sentence]
        if not any(_denies(said) for said in around if said is not link.said):
            measured.add("denied", 1, f"“{cue.text} … {found.tokens[at].text}” (the source does not deny it)")
    linked = {link.said.place: (at, link) for at, link in found.links.items()}
    for number in found.chosen:
        theirs = [token for token in found.evidence if token.sentence == number]
        for place, cue in _denied(theirs):
            at, link = linked.get(theirs[place].place, (0, None))
            if link is None or link.flipped or not _in_place(found, at, link):
                continue
            around = [
                t for t in found.tokens if t is not link.token and -_REACH - 4 <= t.place - link.token.place <= _REACH
            ]
            if not any(_denies(token) for token in around):
                measured.add("affirmed", 1, f"{quoted(link.token)} (the source denies it: “{cue.text}”)")
    _clauses(found, measured)
    _moved(found, measured)


def _moved(found: Alignment, measured: Measured) -> None:
    """A denial that belongs to another word: what the passages deny is told, and what they tell is denied."""
    ours = {at for at, cue in _denied(found.tokens) if cue.stem in _PLAINLY}
    theirs = {
        row[place].place
        for row in (found.said_in(number) for number in found.chosen)
        for place, cue in _denied(row)
        if cue.stem in _PLAINLY
    }  # fmt: skip
    denied = [link for at, link in found.links.items() if at in ours and link.said.place not in theirs]
    told = [link for at, link in found.links.items() if at not in ours and link.said.place in theirs]
    for one in denied:
        if any(one.said.sentence == other.said.sentence for other in told):
            measured.add("denied", 1, f"{quoted(one.token)} and {quoted(told[0].token)} (the other way round)")
            return


def _clauses(found: Alignment, measured: Measured) -> None:
    """A clause of the passages that denies something of which the sentence tells the most, and denies nothing."""
    if any(_denies(token) for token in found.tokens):
        return
    linked = {link.said.place: link for link in found.links.values()}
    for number in found.chosen:
        row = found.said_in(number)
        for clause in {token.clause for token in row}:
            held = [token for token in row if token.clause == clause]
            cue = next((at for at, token in enumerate(held) if token.stem in _DENIALS), None)
            if cue is None or (held[cue + 1 : cue + 2] and held[cue + 1].stem in _BOUNDING):
                continue
            weighty = [token for token in held if token.weight >= 1]
            told = [token for token in weighty if token.place in linked]
            if len(told) >= 2 and len(told) > len(weighty) / 2:
                measured.add("affirmed", 1, f"{quoted(told[0])} (the source denies it: “{held[cue].text}”)")


def _in_place(found: Alignment, at: int, link: Link) -> bool:
    """Whether the surroundings of a word stand around it in the passages, too."""
    return sum(orientation(found, at, link.said)) >= _IN_PLACE


def _denied(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    """Places of the tokens that a negation denies, with the negation: the first weighty word after it."""
    for at, cue in enumerate(tokens):
        if cue.stem not in _DENIALS:
            continue
        follows = tokens[at + 1 : at + 1 + _AFTER]
        if follows and (follows[0].stem in _BOUNDING or (cue.stem == "not" and follows[0].stem in _PREPOSITIONS)):
            continue
        target = next((ahead for ahead, token in enumerate(follows, start=at + 1) if token.weight >= 1), None)
        if target is None and all(token.clause != cue.clause for token in follows):
            # "files are handled, links are not": what is denied stands before it.
            before = range(at - 1, max(-1, at - 1 - _AFTER), -1)
            target = next((n for n in before if tokens[n].weight >= 1 and tokens[n].clause == cue.clause), None)
        if target is not None and not tokens[target].figure:
            yield target, cue


def _denies(token: Token) -> bool:
    return any(part in _DENYING for part in (token.stem, *token.stem.split("_"))) or (
        token.kind == "word" and without_negation(token.stem) is not None
    )
