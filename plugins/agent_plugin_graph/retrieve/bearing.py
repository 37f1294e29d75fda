"""Whether quotes answer a question, only come near it, or share no more than words with it.

Measured is how much of what was asked for the quotes and their passages hold, by the rarity of its words; whether they
hold the names and figures that the question gives, and something of the kind that it asks for; and how far the best
stands out. What each measure weighs is learned. Words alone cannot tell all: `tests.benchmarks graph_refusal` says how
often this is wrong on sets of documents that it did not learn from.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Literal

from agent_plugin_graph.index.terms import terms
from agent_plugin_graph.retrieve.candidates import Asked, Candidate
from agent_plugin_graph.retrieve.learned import Learned, weighed
from agent_plugin_graph.retrieve.matching import strongest
from agent_questions.words import stem, words

Outcome = Literal["answered", "nearest", "nothing"]
"""What is quoted answers the question; nothing says it outright, and what is quoted comes nearest; there is nothing."""
ANSWERS = 0.6
"""From here on quotes are shown as an answer."""
NEAR = 0.25
"""From here on they are shown as what comes nearest."""
_UNSEEN = 20
"""Passages that are counted beside those that there are: in five documents, how rare a word is says little yet."""
_ON_TOP = 10
"""The best sentences, which are asked whether they stand in one document."""
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
_OF_BEST = frozenset(
    ("passage", "headed", "source", "title", "rank", "held", "fits", "near", "document", "score", "names", "exact",
     "ordered")
)  # fmt: skip
"""Measures of the best sentence that say something of the answer."""


def rarity(frequency: int, passages: int) -> float:
    """What a term weighs that stands in so many of all passages."""
    return math.log(1 + (passages + _UNSEEN) / (frequency + 2))


def weights(question: str, frequencies: Mapping[str, int], passages: int) -> dict[str, float]:
    """The terms that an answer should hold, by rarity.

    Args:
        question: What was asked.
        frequencies: In how many passages each of its terms stands.
        passages: How many there are.
    """
    return {
        term: rarity(frequencies.get(term, 0), passages) * (0.3 if term in LIGHT else 1.0)
        for term in dict.fromkeys(terms(_HOW.sub(" ", question)) or terms(question))
    }


def measured(
    asked: Asked, ranked: Sequence[tuple[float, Candidate]], chosen: Sequence[tuple[float, Candidate]]
) -> dict[str, float]:
    """Measures of whether what was chosen answers.

    Args:
        asked: The question.
        ranked: All that was found, with scores, the best first.
        chosen: The best sentences of different passages, with scores; at least one.
    """
    score, best = chosen[0]
    wanted = asked.matcher.wanted
    heaviest = max(wanted.values(), default=1.0)
    lacking = sorted((weight * (1 - best.around.get(term, 0.0)) / heaviest for term, weight in wanted.items()))
    lacking = [0.0, 0.0, *lacking]
    top = [one for _, one in ranked[:_ON_TOP]]
    return {
        **{name: value for name, value in best.measures.items() if name in _OF_BEST or name[:3] in ("is ", "no ")},
        "best": score,
        "ahead": score - chosen[1][0] if len(chosen) > 1 else 0.0,
        "lacks": lacking[-1],
        "lacks more": lacking[-2],
        "together": asked.matcher.share(strongest(*(one.around for _, one in chosen))),
        "terms": len(wanted) / 10,
        "documents": len({one.hit.source for _, one in chosen}) / 3,
        "agree": sum(one.hit.source == best.hit.source for one in top) / len(top),
    }


def bears(measures: Mapping[str, float], learned: Learned) -> float:
    """0 to 1: how probable it is that the quotes answer the question."""
    return 1 / (1 + math.exp(-weighed({**measures, "bias": 1.0}, learned.bearing)))


def outcome(probability: float) -> Outcome:
    """What is said of quotes of which this is known."""
    return "answered" if probability >= ANSWERS else "nearest" if probability >= NEAR else "nothing"
