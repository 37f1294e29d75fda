"""Names and words that no passage has, and words where the passages have what excludes them."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.loop.support.alignment import Alignment, orientation
from agent_core.loop.support.lexicon import lexicon
from agent_core.loop.support.measures.measured import Measured, instead, quoted
from agent_core.loop.support.reading import Token
from agent_core.loop.support.words import CLASSES, LIGHT, listed, stemmed

_CONVERSE = 0.3
"""By how much better it fits when the sides change places, before two opposites are read as one told from both ends."""
_RELATIVE = stemmed("year month week day previous following next last later earlier compare against")
"""Words that place a thing relative to another one."""
_EXCEPT = CLASSES["q-except"] | stemmed("outside beyond")
_ONLY = CLASSES["q-only"]
"""What is allowed only here is prohibited except here."""
_RUN = 2
_SHOWN = 4
_ROOM = 4
"""So near to the last word that is told, what the passages say may be what the end says in other words."""
_PREFIXES = listed("non ex pre post co anti")
"""So many words in a row that nothing stands for are an addition, not another wording."""


def presence(found: Alignment, measured: Measured) -> None:
    """Measure what of a sentence stands nowhere in its passages."""
    near = found.near()
    used = {link.said.place for link in found.links.values()}
    ours = {token.stem for token in found.tokens}
    free = [token for token in near if token.place not in used and token.stem not in ours]
    for at, token in enumerate(found.tokens):
        if at in found.links or token.figure or not token.weight:
            continue
        rival = next((said for said in free if _excludes(token, said)), None)
        if rival is not None:
            _opposed(found, at, rival, measured)
        elif token.kind == "name" and token.stem not in _PREFIXES and not _abbreviates(token, found.evidence):
            measured.add("name-missing", 1, f"{quoted(token)} (not in the source)")
    _small_words(found, near, measured)
    _added(found, free, measured)


def _excludes(token: Token, said: Token) -> bool:
    return not said.figure and token.stem not in LIGHT and lexicon().are_opposed(token.stem, said.stem)


def _opposed(found: Alignment, at: int, rival: Token, measured: Measured) -> None:
    """Two words that exclude each other; denied on one side, or told from the other end, they may agree."""
    token = found.tokens[at]
    ours = {one.stem for one in found.tokens}
    theirs = {said.stem for said in found.said_in(rival.sentence)}
    if rival.negated != token.negated or (ours & _EXCEPT and theirs & _ONLY) or (ours & _ONLY and theirs & _EXCEPT):
        return
    straight, crossed = orientation(found, at, rival)
    if crossed <= straight + _CONVERSE and not _told_from_other_end(found, at, rival):
        here = _beside(found, at, rival)
        measured.add("opposed" if here else "opposed-apart", 1, instead(token, rival))


_ADJACENT = 5


_CONVERSES = stemmed(
    "buy purchase sell lend borrow rent let give receive win beat lose teach learn import export succeed"
)


def _told_from_other_end(found: Alignment, at: int, rival: Token) -> bool:
    """Whether who stands before a word stands behind its opposite: the one bought what the other sold."""
    if found.tokens[at].stem not in _CONVERSES and rival.stem not in _CONVERSES:
        return False
    names = [
        link for link in found.links.values() if link.token.kind == "name" and link.said.sentence == rival.sentence
    ]
    before = [link for link in names if link.token.place < found.tokens[at].place]
    return bool(before) and all(link.said.place > rival.place for link in before)


def _beside(found: Alignment, at: int, rival: Token) -> bool:
    """Whether what stands next to a word in the sentence is told next to its opposite."""
    row = sorted(other for other, link in found.links.items() if link.token.weight >= 1)
    near = [other for other in row if other < at][-2:] + [other for other in row if other > at][:2]
    sides = [found.links[other].said for other in near]
    return any(abs(said.place - rival.place) <= _ADJACENT and said.clause == rival.clause for said in sides)


def _small_words(found: Alignment, near: Sequence[Token], measured: Measured) -> None:
    """Small words of place, time and comparison where the passages have the opposite."""
    words = lexicon()
    here = [(at, token) for at, token in enumerate(found.tokens) if token.kind == "function"]
    theirs = {token.stem for token in near}
    ours = {token.stem for token in found.tokens}
    for at, token in here:
        if token.stem in theirs or any(words.are_same(token.stem, stem) for stem in theirs):
            continue
        for said in near:
            if said.kind != "function" or said.stem in ours or not words.are_opposed(token.stem, said.stem):
                continue
            straight, crossed = orientation(found, at, said)
            if straight > crossed + _CONVERSE:
                measured.add("steered", 1, instead(token, said))
                break


def _abbreviates(token: Token, evidence: Sequence[Token]) -> bool:
    """Whether a name in capitals is made of the first letters of words that stand side by side."""
    if not (token.text.isupper() and len(token.text) > 1):
        return False
    initials = "".join(said.text[0].upper() if said.text else " " for said in evidence)
    return token.text in initials


def _added(found: Alignment, free: Sequence[Token], measured: Measured) -> None:
    """An end of the sentence that stands nowhere; worse where the passages have nothing else to say there."""
    run: list[Token] = []
    last: Token | None = None
    for at in range(len(found.tokens) - 1, -1, -1):
        token = found.tokens[at]
        if at in found.links and token.weight:
            last = found.links[at].said
            break
        if token.weight >= 1 and not token.figure and token.stem not in _RELATIVE:
            run.append(token)
    if len(run) < _RUN:
        return
    reason = f"“{' '.join(token.text for token in reversed(run[-_SHOWN:]))}” (not in the source)"
    measured.add("end-missing", len(run) - 1, reason)
    if last is None or not any(said.weight >= 1 and abs(said.place - last.place) <= _ROOM for said in free):
        measured.add("end-added", 1, reason)
