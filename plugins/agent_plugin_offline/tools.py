"""A tool as the engine reads it: its words and its parameters, prepared once."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from agent_plugin_offline.calls import ToolSpec
from agent_plugin_offline.domains import fields_of
from agent_plugin_offline.grammar import asked_for
from agent_plugin_offline.parameters import Parameter, parameters_of
from agent_plugin_offline.text import STOP_WORDS, content_stems, identifier_words, stem, tokenize


@dataclass(frozen=True, eq=False)
class ToolView:
    """What is precomputed for one tool."""

    spec: ToolSpec

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its parameters, those of nested objects in their place."""
        return parameters_of(self.spec.parameters)

    @cached_property
    def name_stems(self) -> frozenset[str]:
        """Stems of its name."""
        return frozenset(stem(w) for w in identifier_words(self.spec.name) if w not in STOP_WORDS and len(w) > 1)

    @cached_property
    def description_stems(self) -> frozenset[str]:
        """Stems of its description."""
        return content_stems(self.spec.description[:1500])

    @cached_property
    def _object(self) -> tuple[str, ...]:
        """Stems of what its description says that it gives: "Calculate the boiling point of ..."."""
        tokens = tokenize(self.spec.description[:300])
        first, last = asked_for(tokens)
        return tuple(token.stem for token in tokens[first : last + 1] if not token.is_stop)

    @cached_property
    def object_stems(self) -> frozenset[str]:
        """Stems of what it gives, as its description begins."""
        return frozenset(self._object)

    @cached_property
    def object_head(self) -> str:
        """The last noun of that, as a stem; empty where there is none."""
        return self._object[-1] if self._object else ""

    @cached_property
    def example_stems(self) -> tuple[frozenset[str], ...]:
        """Stems of each example request."""
        return tuple(content_stems(example) for example in self.spec.examples)

    @cached_property
    def parameter_stems(self) -> frozenset[str]:
        """Stems of all that is said of its parameters."""
        stems = [
            p.name_stems | p.description_stems | content_stems(" ".join(map(str, p.enum))) for p in self.parameters
        ]
        return frozenset().union(*stems)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Fields of life that its name and description belong to."""
        return fields_of(self.name_stems | self.description_stems)

    @cached_property
    def wider_fields(self) -> frozenset[str]:
        """The same with the words of its parameters."""
        return self.fields | fields_of(self.parameter_stems)

    @cached_property
    def word_weights(self) -> tuple[dict[str, float], ...]:
        """Per parameter, how much each word speaks for it: its name's words most, shared words little."""
        counts = Counter(s for p in self.parameters for s in p.name_stems | p.description_stems)
        total = len(self.parameters)
        return tuple(_weights(parameter, counts, total) for parameter in self.parameters)


def _weights(parameter: Parameter, counts: Counter[str], total: int) -> dict[str, float]:
    def rarity(word: str) -> float:
        return 1.0 if total < 2 else 0.15 + 0.85 * math.log(total / counts[word]) / math.log(total)

    weights = {word: 0.5 * rarity(word) for word in parameter.description_stems}
    return weights | {word: rarity(word) for word in parameter.name_stems}


def view_tools(tools: Sequence[ToolSpec]) -> list[ToolView]:
    """Views of the tools; the same schema is prepared once per process."""
    return [_view(t.name, t.description, json.dumps(t.parameters, default=str), tuple(t.examples)) for t in tools]


@lru_cache(maxsize=2048)
def _view(name: str, description: str, parameters: str, examples: tuple[str, ...]) -> ToolView:
    return ToolView(ToolSpec(name, description, json.loads(parameters), examples))
