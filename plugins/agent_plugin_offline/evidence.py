"""How close the words that speak for a parameter stand to a span of the request."""

from __future__ import annotations

from functools import cached_property

from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.lexicon import SYNONYMS
from agent_plugin_offline.tools import ToolView

REACH_BEFORE = 7
REACH_AFTER = 4
_SYNONYM_WEIGHT = 0.5
_TELLING = 0.3


class Evidence:
    """One request read against one tool."""

    def __init__(self, request: Request, tool: ToolView) -> None:
        self.request = request
        self.tool = tool
        self._tells: dict[int, bool] = {}
        self._closeness: dict[tuple[int, int, int], tuple[float, float]] = {}

    @cached_property
    def mentions(self) -> list[list[float]]:
        """`mentions[parameter][token]`: how much the token speaks for the parameter, 0 to 1."""
        expanded = [_with_synonyms(weights) for weights in self.tool.word_weights]
        return [[max((w.get(s, 0.0) for s in stems), default=0.0) for stems in self.request.stems] for w in expanded]

    @cached_property
    def tool_words(self) -> list[bool]:
        """Per token, whether the tool's name explains it."""
        names = self.tool.name_stems
        return [bool(stems & names) for stems in self.request.stems]

    @cached_property
    def described(self) -> list[bool]:
        """Per token, whether the tool's description or name holds it."""
        words = self.tool.name_stems | self.tool.description_stems
        return [bool(stems & words) for stems in self.request.stems]

    @cached_property
    def explained(self) -> list[bool]:
        """Per token, whether it says something without being a value: a function word, a verb, a word of the tool."""
        return [
            token.is_stop or self.described[i] or self.request.verbal[i] or any(m[i] > 0 for m in self.mentions)
            for i, token in enumerate(self.request.tokens)
        ]

    def closeness(self, parameter: int, span: Span) -> tuple[float, float]:
        """Evidence before and after the span, 0 to 1 each, less with every word between."""
        key = (parameter, span.first, span.last)
        if key not in self._closeness:
            mentions = self.mentions[parameter]
            self._closeness[key] = self._before(mentions, span.first), self._after(mentions, span.last)
        return self._closeness[key]

    def best_sibling(self, parameter: int, span: Span) -> float:
        """The strongest evidence that any other parameter has for this span."""
        others = (sum(self.closeness(i, span)) for i in range(len(self.tool.parameters)) if i != parameter)
        return max(others, default=0.0)

    def tells(self, parameter: int) -> bool:
        """Whether the words around any number say that it is meant for this parameter."""
        if parameter not in self._tells:
            numbers = self.request.numbers
            self._tells[parameter] = any(sum(self.closeness(parameter, n)) > _TELLING for n in numbers)
        return self._tells[parameter]

    def _before(self, mentions: list[float], first: int) -> float:
        best, tokens, fade = 0.0, self.request.tokens, 1.0
        for index in range(first - 1, max(-1, first - 1 - REACH_BEFORE), -1):
            if tokens[index].ends_sentence and len(tokens[index].text) > 2:
                break
            fade *= 0.55 if "," in tokens[index].after or tokens[index].lower == "and" else 0.9
            fade *= 0.5 if tokens[index].text[0].isdigit() else 1.0
            best = max(best, mentions[index] * fade)
        return best

    def _after(self, mentions: list[float], last: int) -> float:
        best, tokens, fade = 0.0, self.request.tokens, 1.0
        if last < len(tokens) and tokens[last].ends_clause:
            return 0.0
        for index in range(last + 1, min(len(tokens), last + 1 + REACH_AFTER)):
            fade *= 0.4 if tokens[index].lower in ("and", "or", "with", "for") else 0.85
            best = max(best, mentions[index] * fade)
            if tokens[index].ends_clause:
                break
        return best


def _with_synonyms(weights: dict[str, float]) -> dict[str, float]:
    expanded = dict(weights)
    for word, weight in weights.items():
        for other in SYNONYMS.get(word, ()):
            expanded[other] = max(expanded.get(other, 0.0), weight * _SYNONYM_WEIGHT)
    return expanded
