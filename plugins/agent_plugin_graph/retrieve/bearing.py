"""Whether quotes bear on a question, or only share words with it: documents that are silent are not to be quoted.

Three things are weighed: how much of what was asked for the quotes hold, by the rarity of its words; whether they hold
the names and figures that the question gives; and whether they hold something of the kind that it asks for - a number,
a time, a name. The weights were set by hand, over several rounds, on the questions of
tests/benchmarks/bench_graph_refusal: what it prints is no measurement on unseen ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

from agent_plugin_graph.index.names import spans
from agent_plugin_graph.index.terms import STOP_WORDS, terms
from agent_questions.words import fold, stem, words

ENOUGH = 0.5
"""From here on the quotes are shown as an answer."""
_COVERED, _RAREST, _NAMED, _KIND, _BARE, _BIAS = 9.0, 0.5, 1.5, 1.5, 3.5, -5.2
_UNSEEN = 20
"""Passages that are counted beside those that there are: in five documents, how rare a word is says little yet."""
LIGHT = frozenset(
    stem(word)
    for word in words(
        "get give take make use do go come have say tell call name find know need want happen work put keep let show "
        "start kind type sort way thing much many long often far old big possible allowed able exist people person"
    )
)
"""Words of questions that an answer does without."""
_HOW = re.compile(
    r"\bhow\s+(?!many\b|much\b|do|did|can|could|is\b|are\b|was\b|were\b|to\b|should|would|will|may\b)\w+", re.I
)
"""Asks for a measure: the passage that holds it says "three months" or "80 km", and not "long" or "far"."""
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|fifty|hundred|thousand|"
    r"million|once|twice|half|dozen|first|second|third|fourth|fifth)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\d|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:january|february|march|april|june|july|august|september|"
    r"october|november|december|may|spring|summer|autumn|winter|morning|noon|evening|night|midnight|daily|weekly|"
    r"monthly|yearly|after|before|during|until|when|as soon as|if|every|from)\b",
    re.IGNORECASE,
)
_UNITS = {
    "heavy": r"kg|g|grams?|kilos?|kilograms?|tonnes?|tons?|pounds?|weigh\w*",
    "long": r"seconds?|minutes?|hours?|days?|weeks?|months?|years?|m|cm|mm|km|miles?|met(?:re|er)s?|feet|until|till",
    "far": r"m|km|miles?|(?:kilo)?met(?:re|er)s?|feet|yards?",
    "old": r"years?|months?|weeks?|born|aged?|since|built|founded|from",
    "tall|high|deep|wide|thick|large|big": r"m|cm|mm|km|met(?:re|er)s?|feet|floors?|hectares?|square|litres?|gb|mb|%",
    "loud": r"db|decibels?",
    "bright": r"lumens?|lux|candela|watts?",
    "hot|cold|warm": r"degrees?|c|f|celsius",
    "fast": r"km/h|mph|knots|per|minutes?|hours?|seconds?|mbit|rpm",
    "often|frequently": r"once|twice|times|every|daily|weekly|monthly|yearly|annually|hourly|per|each|a",
    "soon|late|quickly": r"seconds?|minutes?|hours?|days?|weeks?|months?|years?|immediately|once|at",
    "expensive": r"euros?|dollars?|pounds?|cents?|francs?|€|[$]|£",
}
"""What a measure is told in."""
_ASKS = (
    (re.compile(r"\bhow\s+(?:many|much)\b", re.IGNORECASE), _NUMBER),
    *(
        (
            re.compile(rf"\bhow\s+(?:{asked})\b", re.IGNORECASE),
            re.compile(rf"(?<![^\W\d])(?:{units})(?!\w)", re.IGNORECASE),
        )
        for asked, units in _UNITS.items()
    ),
    (_HOW, _NUMBER),
    (re.compile(r"^\W*(?:\w+\s+){0,3}?(?:when|what (?:year|date|day|time))\b", re.IGNORECASE), _TIME),
)
_NAMES = re.compile(r"^\W*(?:who|whom|whose|where)\b", re.IGNORECASE)


def weights(question: str, frequencies: Mapping[str, int], passages: int) -> dict[str, float]:
    """The terms that an answer should hold, by rarity.

    Args:
        question: What was asked.
        frequencies: In how many passages each of its terms stands.
        passages: How many there are.
    """
    asked = dict.fromkeys(terms(_HOW.sub(" ", question)) or terms(question))
    return {
        term: math.log(1 + (passages + _UNSEEN) / (frequencies.get(term, 0) + 2)) * (0.3 if term in LIGHT else 1.0)
        for term in asked
    }


def bears(question: str, wanted: Mapping[str, float], held: set[str], quotes: Sequence[str]) -> float:
    """0 to 1: how probable it is that the quotes answer the question.

    Args:
        question: What was asked.
        wanted: Its terms with their weights.
        held: Those of them that the quotes and their titles hold.
        quotes: The words that would be shown.
    """
    total = sum(wanted.values())
    if not total or not quotes:
        return 0.0
    covered = sum(weight for term, weight in wanted.items() if term in held) / total
    rarest = max(wanted, key=lambda term: wanted[term])
    score = _BIAS + _COVERED * covered + _RAREST * (rarest in held)
    score -= _NAMED * min(2, sum(not name & held for name in _names(question, wanted)))
    score -= _KIND * (not any(_is_of_kind(question, quote) for quote in quotes))
    score -= _BARE * (not any(wanted.keys() & terms(quote) for quote in quotes))
    return 1 / (1 + math.exp(-score))


def _names(question: str, wanted: Mapping[str, float]) -> Iterator[set[str]]:
    """The terms of each name that the question gives, and of each figure."""
    for name in spans(question):
        if found := set(terms(name)) & wanted.keys():
            yield found
    yield from ({term} for term in wanted if term.isdigit())


def _is_of_kind(question: str, quote: str) -> bool:
    """Whether a quote holds something of the kind that is asked for; a question that asks for no kind is content."""
    if _asked_measure(question) is not None:
        return holds_measure(question, quote)
    if _NAMES.search(question):
        said = set(words(question))
        return any(fold(word) not in said | STOP_WORDS for name in _named(quote) for word in name.split())
    return True


def holds_measure(question: str, quote: str) -> bool:
    """Whether a quote holds the number, measure or time that is asked for; never, where none is."""
    measure = _asked_measure(question)
    return measure is not None and measure.search(quote) is not None


def _asked_measure(question: str) -> re.Pattern[str] | None:
    return next((holds for asks, holds in _ASKS if asks.search(question)), None)


def _named(quote: str) -> Iterator[str]:
    """Capitalised words; the first of a sentence counts where another follows."""
    yield from spans(quote)
    yield from re.findall(r"(?<=[a-z,;:] )[A-Z]\w+", quote)
