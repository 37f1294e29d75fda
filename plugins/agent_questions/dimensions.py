"""Adjectives and verbs that speak of a dimension, and what properties of that dimension are called.

"Oldest" speaks of an age or a birthday, "costs" of a price. Who asks need not know what a property is called; only one
that is the only candidate counts, the likeliest name first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent_questions.words import stem, words


@dataclass(frozen=True)
class Dimension:
    """What can be more or less, in the words of English."""

    more: frozenset[str]
    """Superlatives and comparatives that mean a greater value: "tallest", "taller"."""
    less: frozenset[str]
    plain: frozenset[str]
    """Verbs and adjectives that name it: "tall", "costs"."""
    names: tuple[str, ...]
    """Stems of the names of its properties, the likeliest first."""


def _dimension(more: str, less: str, plain: str, names: str) -> Dimension:
    return Dimension(
        frozenset(words(more)), frozenset(words(less)), frozenset(words(plain)), tuple(map(stem, words(names)))
    )


_PRICE = "price cost fee fare charge rent amount total value spend expense expenditure bill billing paid"
DIMENSIONS = (
    _dimension(
        "dearest dearer priciest pricier costliest costlier",
        "cheapest cheaper",
        "cost costs costing expensive cheap",
        _PRICE,
    ),
    _dimension("", "", "spend spends spending spent pay pays paid paying", f"amount total {_PRICE}"),
    _dimension("", "", "earn earns earned earning", "salary wage pay income earnings compensation revenue sales"),
    _dimension("", "", "donate donates donated give gave given raise raised", "donation gift amount total sum"),
    _dimension(
        "oldest older eldest elder", "youngest younger", "old young aged born", "age birth birthday birthdate dob born"
    ),
    _dimension(
        "heaviest heavier", "lightest lighter", "heavy weigh weighs weighed", "weight mass kg kilo kilogram gram lbs"
    ),
    _dimension("tallest taller", "", "tall", "height"),
    _dimension("highest higher", "lowest lower", "high", "height elevation altitude"),
    _dimension("deepest deeper", "shallowest shallower", "deep", "depth"),
    _dimension("widest wider broadest", "narrowest narrower", "wide", "width"),
    _dimension("fastest faster quickest quicker", "slowest slower", "fast", "speed velocity"),
    _dimension("hottest hotter warmest warmer", "coldest colder coolest cooler", "hot warm cold", "temperature temp"),
    _dimension("biggest bigger largest larger", "smallest smaller", "big large", "size area population"),
    _dimension("best better", "worst worse", "good", "rating score grade stars points mark"),
    _dimension(
        "farthest farther furthest further",
        "nearest closest",
        "far travel travelled traveled drive drove driven ride rode walk walked run ran fly flew",
        "distance km kilometre kilometer mile metre meter length",
    ),
    _dimension(
        "longest longer",
        "shortest shorter",
        "long last lasts lasted lasting take takes took",
        "duration length distance minutes hours runtime time days pages",
    ),
    _dimension("", "", "work worked works", "hours"),
    _dimension("", "", "published released issued", "publication release published released year"),
    _dimension("", "", "founded established built opened", "foundation founded established built opened year"),
    _dimension("", "", "joined hired employed", "joined join hire hired start started since"),
    _dimension("", "", "sell sells sold selling", "sold sales quantity units revenue"),
    _dimension("richest richer wealthiest", "poorest poorer", "rich wealthy", "wealth income gdp"),
    _dimension("busiest busier", "quietest quieter", "busy", "passengers visitors visits traffic"),
)
"""Words may speak of several."""
AS_NOUNS = frozenset({"cost", "costs", "pay", "spending", "work", "works", "run", "drive", "ride", "walk", "travel"})
"""Verbs that name something else, where they stand as a noun: "the total cost" is no sum of prices."""
_DOERS = {
    "author": "write writes wrote written",
    "writer": "write writes wrote written",
    "teacher": "teach teaches taught",
    "singer": "sing sings sang sung",
    "artist": "sing sings sang sung paint painted",
    "driver": "drive drives drove driven",
    "winner": "win wins won",
    "maker": "make makes made",
    "manufacturer": "make makes made",
    "buyer": "buy buys bought",
    "doctor": "treat treats treated",
    "physician": "treat treats treated",
}
_TOWNS = "town city village country state region province county district area place location address"
_TEAMS = "department dept team division office branch site company employer unit section location city town shop store"


def _sited(verbs: str, names: str) -> dict[str, frozenset[str]]:
    return dict.fromkeys(words(verbs), frozenset(map(stem, words(names))))


SITED = {
    **_sited("live lives living lived reside resides", f"{_TOWNS} residence home neighbourhood neighborhood"),
    **_sited("based located situated stationed", f"{_TOWNS} office site"),
    **_sited("work works working worked employed", f"{_TEAMS} plant group"),
}
"""Verbs of being somewhere, and what properties say where."""


def doers_of(verb: str) -> set[str]:
    """What somebody who does it is called: a director directs, an author writes."""
    base = stem(verb)
    nouns = {noun for noun, verbs in _DOERS.items() if verb in verbs.split()}
    return {stem(noun) for noun in (f"{base}er", f"{base}or", f"{base}r", *nouns)}


def dimensions_of(word: str) -> Sequence[Dimension]:
    """The dimensions that a word speaks of."""
    return [one for one in DIMENSIONS if word in one.more or word in one.less or word in one.plain]
