"""Which of many tools fit a request: BM25 over names, descriptions, parameters and examples.

A model is shown few tools: it chooses better among them, and every one of them costs tokens and time.

Pieces of words count a little beside the words, so that somebody who asks for a "calculator" finds what "calculates".
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from agent_core.tools.tool import Tool

SHOWN = 16
"""How many tools a model is shown at first; it can look for others."""

_K1, _B = 1.2, 0.75
"""Saturation and length normalisation of BM25, at their customary values."""
_WEIGHTS = {"name": 3.0, "examples": 2.0, "description": 2.0, "parameters": 1.0}
_PIECE_LENGTH, _PIECE_WEIGHT, _SHORTEST_CUT = 4, 0.2, 5
"""Words of five letters and more also count by their pieces of four letters, each a fifth of a word."""


class Catalogue:
    """An index over the tools of one assistant, made when it is first needed."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self.tools = tools

    def find(self, request: str, limit: int = SHOWN, only: Iterable[str] | None = None) -> list[Tool]:
        """The tools that fit best, best first; all of them where there are no more than `limit`.

        Those that any question may be put to are always among them: no word of a question tells what documents hold.
        """
        allowed = self.tools.keys() if only is None else [name for name in only if name in self.tools]
        if len(allowed) <= limit:
            return [self.tools[name] for name in allowed]
        asked = {term: weight for word in set(_words(request)) for term, weight in _cut(word)}
        scores: defaultdict[str, float] = defaultdict(float)
        for term, weight in asked.items():
            for name, score in self._postings.get(term, ()):
                scores[name] += weight * score
        ranked = sorted(set(allowed), key=lambda name: (-scores[name], name))
        asked_anything = [name for name in ranked[limit:] if self.tools[name].answers_questions][:limit]
        return [self.tools[name] for name in [*ranked[: limit - len(asked_anything)], *asked_anything]]

    @cached_property
    def _postings(self) -> dict[str, list[tuple[str, float]]]:
        """What each term adds to the score of each tool that has it: only the sum depends on the request."""
        counts = {name: _terms(tool) for name, tool in self.tools.items()}
        lengths = {name: sum(terms.values()) for name, terms in counts.items()}
        mean_length = sum(lengths.values()) / max(1, len(lengths))
        holders: defaultdict[str, list[str]] = defaultdict(list)
        for name, terms in counts.items():
            for term in terms:
                holders[term].append(name)
        norms = {name: _K1 * (1 - _B + _B * length / mean_length) for name, length in lengths.items()}
        postings: dict[str, list[tuple[str, float]]] = {}
        for term, names in holders.items():
            rarity = math.log(1 + (len(counts) - len(names) + 0.5) / (len(names) + 0.5)) * (_K1 + 1)
            postings[term] = [(name, rarity * (count := counts[name][term]) / (count + norms[name])) for name in names]
        return postings


def _terms(tool: Tool) -> dict[str, float]:
    """What each term of a tool counts, over all its fields."""
    fields = {
        "name": [tool.name],
        "description": [tool.description],
        "examples": tool.examples,
        "parameters": list(_parameter_texts(tool)),
    }
    terms: defaultdict[str, float] = defaultdict(float)
    for field, texts in fields.items():
        for word in (word for text in texts for word in _words(text)):
            for term, weight in _cut(word):
                terms[term] += _WEIGHTS[field] * weight
    return terms


def _parameter_texts(tool: Tool) -> Iterator[str]:
    """Names of parameters, what they are for, and the choices that they offer."""
    for name, declared in tool.parameters.get("properties", {}).items():
        yield name
        yield str(declared.get("description", ""))
        choices: Sequence[object] = declared.get("enum") or ()
        yield from map(str, choices)


def _cut(word: str) -> Iterator[tuple[str, float]]:
    """A word, and its pieces with the word's edges marked, each with what it counts."""
    yield word, 1.0
    if len(word) >= _SHORTEST_CUT:
        edged = f"^{word}$"
        for start in range(len(edged) - _PIECE_LENGTH + 1):
            yield "#" + edged[start : start + _PIECE_LENGTH], _PIECE_WEIGHT


def _words(text: str) -> list[str]:
    """Lower-case words, identifiers split, with the commonest English endings taken off."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text[:20_000])
    return [_stem(word) for word in re.findall(r"[^\W_]+", spaced.lower())]


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
