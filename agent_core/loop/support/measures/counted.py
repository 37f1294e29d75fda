"""Figures that the passages do not have, have with another unit, or have as another limit."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.loop.support.alignment import Alignment, Link
from agent_core.loop.support.measures.measured import Measured, instead, quoted
from agent_core.loop.support.quantities import Figure
from agent_core.loop.support.reading import Token
from agent_core.loop.support.words import stemmed

_OPPOSED_BOUNDS = {frozenset(pair) for pair in ((">=", "<="), (">", "<"), (">=", "<"), (">", "<="))}
_MOST_FIGURES = 60
_ABOVE = stemmed("above over more exceed beyond")
_BELOW = stemmed("below under less fewer")
_REST = stemmed("rest remain remaining other others not no without half")
_BACK = stemmed("before ahead_of prior_to in_advance maximum minimum limit ceiling cap")
_UNSPECIFIC = frozenset(("one", "a half", "half", "a"))
"""Written so, a number is as often a turn of speech."""


def counted(found: Alignment, measured: Measured) -> None:
    """Compare the figures of a sentence with those of its passages."""
    near = found.near()
    for at, token in enumerate(found.tokens):
        if token.figure is None:
            continue
        link = found.links.get(at)
        if link is None:
            _missing(found, token, near, measured)
        elif (
            link.said.figure and _opposed(token.figure, link.said.figure) and not _told_from_both_ends(found, at, link)
        ):
            measured.add("bound-opposed", 1, f"{quoted(token)} (the source says it as another limit)")


def _opposed(one: Figure, other: Figure) -> bool:
    return frozenset((one.bound, other.bound)) in _OPPOSED_BOUNDS


def _missing(found: Alignment, token: Token, near: Sequence[Token], measured: Measured) -> None:
    assert token.figure is not None
    figure = token.figure
    if figure.written.lower() in _UNSPECIFIC and not figure.dimension:
        return
    held = [said for said in found.evidence if said.figure and _is_rate(said) == _is_rate(token)]
    if _is_rate(token) and not held:
        return
    unit = next((said for said in held if said.figure and _other_unit(figure, said.figure)), None)
    rival = next((said for said in near if said in held and said.figure and figure.rivals(said.figure)), None)
    counts = rival is not None and figure.counts
    if unit is None and not counts and derived(figure, found):
        return
    if unit is not None:
        measured.add("unit-other", 1, instead(token, unit))
    elif rival is not None:
        measured.add("figure-other", 1, instead(token, rival))
    elif figure.dimension or not token.text.isalpha():
        measured.add("figure-missing", 1, f"{quoted(token)} (not in the source)")


def _other_unit(figure: Figure, other: Figure) -> bool:
    return bool(figure.dimension or other.dimension) and figure.number == other.number and not figure.agrees(other)


def _is_rate(token: Token) -> bool:
    """Whether it is "per hour" or "every day" rather than a number of them."""
    words = token.text.lower().split()
    return words[0] in ("per", "each", "every") or (len(words) == 1 and words[0].endswith("ly"))


def _told_from_both_ends(found: Alignment, at: int, link: Link) -> bool:
    """Whether the passages have the other limit, too: "up to 100 euros, and anything above that"."""
    ours = link.token.figure.bound if link.token.figure else ""
    words = {token.stem for token in found.said_in(link.said.sentence)}
    denied = [
        any(token.stem == "not" and token.clause == figure.clause for token in side)
        for side, figure in ((found.tokens, link.token), (found.said_in(link.said.sentence), link.said))
    ]
    if denied[0] != denied[1]:
        return True
    both = words & (_ABOVE if ours in (">", ">=") else _BELOW)
    return bool(both) or _counted_back(found.tokens, at)


def _counted_back(tokens: Sequence[Token], at: int) -> bool:
    """Whether a limit is told from its other side: "no later than a day before", "above the 6 % limit"."""
    return any(token.stem in _BACK for token in tokens[at + 1 : at + 4])


def derived(figure: Figure, found: Alignment) -> bool:
    """Whether a figure follows from two in the passages: a sum, a difference, the rest of a whole, years between."""
    value, dimension, evidence = figure.value, figure.dimension, found.evidence
    held = [said.figure for said in evidence if said.figure][:_MOST_FIGURES]
    same = [one.value for one in held if one.dimension == dimension]
    if dimension and figure.number:
        # "52 minutes instead of 71": what has no unit of its own may have this one.
        same += [one.number * value / figure.number for one in held if not one.dimension and not one.of]
    years = [one.value for one in held if one.dimension == "year"]
    pairs = [(one, other) for n, one in enumerate(same) for other in same[n + 1 :]]
    made = [abs(one - other) for one, other in pairs] + [one + other for one, other in pairs]
    if dimension == "share" and _REST & {token.stem for token in [*found.tokens, *found.near()]}:
        made += [1 - one for one in same]
    elif dimension == "months":
        made += [12 * abs(one - other) for n, one in enumerate(years) for other in years[n + 1 :]]
    elif dimension == "year":
        spans = [one.value / 12 for one in held if one.dimension == "months"]
        spans += [1.0] if any(token.stem == "year" and not token.figure for token in evidence) else []
        made += [year + sign * span for year in years for span in spans for sign in (1, -1)]
    loose = 0.05 if figure.bound == "~" else 1e-6
    return any(abs(one - value) <= loose * abs(value) for one in made if one)
