"""How much a sentence claims: all or some, must or may, certain or supposed."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.loop.support.alignment import Alignment
from agent_core.loop.support.measures.measured import Measured
from agent_core.loop.support.quantities import BOUNDS
from agent_core.loop.support.reading import Token
from agent_core.loop.support.words import CLASSES, listed, stem, stemmed

_PAIRS = (
    ("m-may", "m-must"), ("m-must", "m-may"), ("m-should", "m-must"), ("m-must", "m-should"), ("q-some", "q-all"),
    ("q-most", "q-all"), ("q-all", "q-some"), ("q-some", "q-most"), ("q-few", "q-most"), ("q-most", "q-few"),
    ("q-most", "q-none"), ("q-some", "q-none"), ("q-none", "q-some"), ("q-none", "q-most"),
)  # fmt: skip
"""What the passages say, and what the sentence makes of it."""
_ONE_SIDED = ("q-all", "q-none", "q-only", "m-must")
_WHATEVER = stemmed("whatever whichever regardless irrespective throughout anytime anywhere everywhere always")
_WHOLE = CLASSES["q-all"] | _WHATEVER | {"any"}
_LIMITING = CLASSES["q-all"] | _WHATEVER | listed("any no not none never without neither nor either per")
_RESTRICTING = stemmed("restrict reserve limit other except exclusive confine up_to before until")
_NONE = listed("none nobody no-one nothing never")
_MUST = stemmed("must shall mandatory compulsory obligatory obliged have_to")
_PLAIN = {"q-none": _NONE, "m-must": _MUST}
"""Of the words of a class, those that say it without doubt."""
_COUNTING = stemmed("every each only some just")
"""Before a figure, these count or say about how many."""
_TELLING = _MUST | stemmed("should be to ought need")
_BEFORE = 4
_OBLIGING = CLASSES["m-must"] | stemmed(
    "requirement duty obligation rule have_to only prohibit forbid allow permit condition"
)


def strength(found: Alignment, measured: Measured) -> None:
    """Quantifiers and modal words that stand on one side only, or have become stronger or weaker."""
    here = _parts(_steering(found.tokens))
    held = {link.said.sentence for link in found.links.values()} | set(found.chosen)
    near = _parts(_steering([token for token in found.evidence if token.sentence in held]))
    clause = _parts(_steering(_clauses(found)))
    ours, theirs = {name: _members(name, here) for name in _NAMES}, {name: _members(name, near) for name in _NAMES}
    around = {name: _members(name, clause) for name in _NAMES}
    for said, told in _PAIRS:
        if (told == "m-may" and ours["q-only"]) or (said == "m-may" and around["q-only"]):
            continue  # "may only after" is "must before"
        if around[said] - {"no"} and ours[told] and not (ours[said] or around[told]):
            measured.add(
                "claim-changed",
                1,
                f"“{_shown(found.tokens, ours[told])}” (the source says “{_shown(found.evidence, around[said])}”)",
            )
    for name in _ONE_SIDED:
        if ours[name] & _PLAIN.get(name, ours[name]) and not theirs[name] and not _explained(name, found, near):
            measured.add(f"{name[2:]}-added", 1, f"“{_shown(found.tokens, ours[name])}” (not in the source)")


_NAMES = tuple({name for pair in _PAIRS for name in pair} | set(_ONE_SIDED) | {"q-except"})


def _steering(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without "every 5", which counts, "may not", which forbids, "not required", and "the only"."""
    found: list[Token] = []
    for at, token in enumerate(tokens):
        follows = tokens[at + 1] if at + 1 < len(tokens) else None
        counts = token.stem in _COUNTING and any(one.figure for one in tokens[at + 1 : at + 3])
        forbids = token.stem in ("may", "can", "could") and follows is not None and follows.stem in ("not", "only")
        waived = token.negated and token.stem in CLASSES["m-must"] | CLASSES["m-may"]
        single = (
            token.stem == stem("only") and at > 0 and tokens[at - 1].stem in ("the", "an", "their", "his", "her", "its")
        )
        if not counts and not forbids and not waived and not single:
            found.append(token)
    return found


def _members(name: str, words: set[str]) -> set[str]:
    if name == "q-all":
        return words & _WHOLE if not words & listed("not no without") else words & (_WHOLE - {"any"})
    if name == "q-none":
        return words & (_NONE | {"no"})
    return words & CLASSES[name] - {"just"}


def _explained(name: str, found: Alignment, near: set[str]) -> bool:
    """Whether the passages say it in another way."""
    if name == "q-all":
        return (bool(near & _LIMITING) and not _part_of(found)) or _all_but(found.tokens)
    if name == "q-none":
        return bool(near & _LIMITING)
    if name == "q-only":
        return bool(near & (_LIMITING | _RESTRICTING | CLASSES["m-must"]))
    if name.startswith("m-"):
        return bool(near & _OBLIGING) or _told_to(found)
    return False


def _all_but(tokens: Sequence[Token]) -> bool:
    """Whether it is "all but one"."""
    return any(token.stem == "all" and tokens[at + 1].stem == "but" for at, token in enumerate(tokens[:-1]))


def _part_of(found: Alignment) -> bool:
    """Whether it is "all 17" where the passages tell it of fewer."""
    for token, link in ((link.token, link) for link in found.links.values() if link.token.figure and link.said.figure):
        before = [one.stem for one in found.tokens if 0 < token.place - one.place <= 2]
        value = token.figure.value if token.figure else 0.0
        if "all" in before and any(
            said.figure and not said.figure.dimension and said.figure.value < value
            for said in found.said_in(link.said.sentence)
        ):
            return True
    return False


def _told_to(found: Alignment) -> bool:
    """Whether a sentence of the passages begins with one of the words: it tells the reader to do it."""
    if any(said.stem in ("do", "never") and said.text[0].isupper() for said in found.near()):
        return True
    first = {said.sentence: said.place for said in reversed(found.near())}
    told = [found.tokens[at - 1 - back].stem for at in found.links for back in range(min(at, _BEFORE))
            if found.links[at].said.place == first.get(found.links[at].said.sentence)]  # fmt: skip
    return any(word in _TELLING for word in told)


def _clauses(found: Alignment) -> list[Token]:
    """The clauses of the two best sentences in which something of the sentence stands."""
    clauses = {(link.said.sentence, link.said.clause) for link in found.links.values()}
    return [
        token
        for token in found.evidence
        if token.sentence in found.chosen[:2] and (token.sentence, token.clause) in clauses
    ]


def _parts(tokens: Sequence[Token]) -> set[str]:
    """The words of tokens and of expressions; the month of May is none of them."""
    return {
        part
        for token in tokens
        if token.kind in ("word", "function") and token.stem not in BOUNDS
        for part in (token.stem, *token.stem.split("_"))
    }


def _shown(tokens: Sequence[Token], stems: set[str]) -> str:
    """The first of the tokens that holds one of the words, as it is written."""
    return next((token.text for token in tokens if stems & {token.stem, *token.stem.split("_")}), "")
