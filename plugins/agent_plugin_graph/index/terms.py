"""Terms: how text and questions become the words that are compared. One analysis, whatever store keeps them.

Stores index the terms as they are given, so that every backend counts the same words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_questions.words import stem, words

if TYPE_CHECKING:
    from agent_plugin_graph.passage import Passage


STOP_WORDS = frozenset(
    words("""
    a about above after again against all also am an and any are as at be because been before being below between
    both but by can could did do does doing down during each either else ever few for from further get had has have
    having he her here hers him himself his how i if in into is it its itself just let many may me might more most
    much must my no nor not of off on once one only or other our out over own please same shall she should so some
    such than that the their theirs them then there these they this those through to too under until up upon us very
    was we were what when where whether which while who whom whose why will with within without would you your
    """)
)
"""Words that say nothing about what a text is about."""


def terms(text: str) -> list[str]:
    """The terms of `text` in order: stemmed words, stop words left out."""
    return [stem(word) for word in words(text) if word not in STOP_WORDS]


def indexed_terms(passage: Passage) -> tuple[str, str]:
    """What every store's index holds of a passage: the terms of its titles, and of its text, with spaces between."""
    titles = " ".join((passage.title, *passage.names, passage.context))
    return " ".join(terms(titles)), " ".join(terms(passage.text))
