"""Which of many tools fit a request: BM25 over names, descriptions, parameters and examples.

A model is shown few tools: it chooses better among them, and every one of them costs tokens and time.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from agent_core.tools.tool import Tool

SHOWN = 16
"""How many tools a model is shown at first; it can look for others."""

_K1, _B = 1.2, 0.75
_WEIGHTS = {"name": 3, "examples": 2, "description": 2, "parameters": 1}


class Catalogue:
    """An index over the tools of one assistant."""

    def __init__(self, tools: Mapping[str, Tool]) -> None:
        self.tools = tools
        self._terms: dict[str, Counter[str]] = {name: _terms(tool) for name, tool in tools.items()}
        self._lengths = {name: sum(terms.values()) for name, terms in self._terms.items()}
        self._mean_length = sum(self._lengths.values()) / max(1, len(self._lengths))
        self._postings: dict[str, list[str]] = {}
        for name, terms in self._terms.items():
            for term in terms:
                self._postings.setdefault(term, []).append(name)

    def find(self, request: str, limit: int = SHOWN, only: Iterable[str] | None = None) -> list[Tool]:
        """The tools that fit best, best first; all of them where there are no more than `limit`."""
        allowed = self.tools.keys() if only is None else [name for name in only if name in self.tools]
        if len(allowed) <= limit:
            return [self.tools[name] for name in allowed]
        scores: Counter[str] = Counter()
        total = len(self.tools)
        for term in set(_words(request)):
            postings = self._postings.get(term, ())
            rarity = math.log(1 + (total - len(postings) + 0.5) / (len(postings) + 0.5))
            for name in postings:
                count = self._terms[name][term]
                norm = 1 - _B + _B * self._lengths[name] / self._mean_length
                scores[name] += rarity * count * (_K1 + 1) / (count + _K1 * norm)  # type: ignore[assignment]
        ranked = sorted(set(allowed), key=lambda name: (-scores[name], name))
        return [self.tools[name] for name in ranked[:limit]]


def _terms(tool: Tool) -> Counter[str]:
    properties = tool.parameters.get("properties", {})
    fields: dict[str, Sequence[str]] = {
        "name": [tool.name],
        "description": [tool.description],
        "examples": tool.examples,
        "parameters": [*properties, *(str(p.get("description", "")) for p in properties.values())],
    }
    terms: Counter[str] = Counter()
    for field, texts in fields.items():
        for word in (word for text in texts for word in _words(text)):
            terms[word] += _WEIGHTS[field]
    return terms


def _words(text: str) -> list[str]:
    """Lower-case words, identifiers split, with the commonest English endings taken off."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text[:20_000])
    return [_stem(word) for word in re.findall(r"[^\W_]+", spaced.lower())]


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
