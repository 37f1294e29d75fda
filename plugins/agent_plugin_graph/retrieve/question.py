"""What a question asks for: its terms with their weights, and the entities that it names."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent_plugin_graph.index.names import LONGEST_NAME, spans
from agent_plugin_graph.index.terms import STOP_WORDS, terms
from agent_plugin_graph.store.protocol import Entity, GraphStore
from agent_questions.words import fold, words

_PART = re.compile(r"[\W_]+")
_COMMON = 0.02
"""An entity in a larger share of all passages than this joins nothing."""
_FEW = 50
"""... unless that would be this many passages or fewer."""


@dataclass(frozen=True)
class Question:
    """A question as the index sees it."""

    text: str
    weights: Mapping[str, float]
    """Term to its inverse document frequency; terms that stand nowhere are left out."""
    frequencies: Mapping[str, int]
    """In how many passages each of these terms stands."""
    entities: Mapping[int, Entity]
    """The entities that it names, by number."""
    passages: int
    """How many the graph held when it was asked."""


def most_mentions(passage_count: int) -> int:
    """From how many mentions on an entity is too common to join passages."""
    return max(_FEW, int(passage_count * _COMMON))


def read_question(text: str, store: GraphStore) -> Question:
    """Look up a question's terms and names in the store, in one go."""
    folded = [word.removesuffix("'s").removesuffix("’s") for word in words(text)]
    candidates = {
        " ".join(folded[start : start + size])
        for size in range(1, LONGEST_NAME + 1)
        for start in range(len(folded) - size + 1)
    }
    asked = list(dict.fromkeys(terms(text)))
    met = store.lookup(asked, candidates)
    # In the question's order, so that ties fall the same way whatever the store.
    frequencies = {term: met.frequencies[term] for term in asked if term in met.frequencies}
    weights = {term: math.log(1 + (met.passages - n + 0.5) / (n + 0.5)) for term, n in frequencies.items()}
    found = {entity.key: entity for entity in met.entities}
    return Question(text, weights, frequencies, _named(text, folded, found, met.passages), met.passages)


def _named(text: str, folded: Sequence[str], found: Mapping[str, Entity], count: int) -> dict[int, Entity]:
    """Entities whose names stand in the question: the longest match first; of one word only where it is capitalised."""
    upper = {fold(word) for name in spans(text) for word in _PART.split(name)}
    chosen: dict[int, Entity] = {}
    place = 0
    while place < len(folded):
        step = 1
        for size in range(min(LONGEST_NAME, len(folded) - place), 0, -1):
            entity = found.get(" ".join(folded[place : place + size]))
            if entity is None or (size == 1 and (folded[place] in STOP_WORDS or folded[place] not in upper)):
                continue
            if entity.mentions <= most_mentions(count):
                chosen[entity.number] = entity
            step = size
            break
        place += step
    return chosen
