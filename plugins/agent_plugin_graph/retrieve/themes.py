"""Themes of many passages: those on a topic are gathered, their sentences grouped by what they share, and counted.

A theme is a word or two that many of the gathered sentences have and few other passages do. Each passage counts once,
in the theme that fits it best, and what fits none is counted too: the numbers add up to what was read.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from agent_plugin_graph.index.terms import STOP_WORDS, terms
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.retrieve.bearing import LIGHT, weights
from agent_plugin_graph.retrieve.sentences import sentences
from agent_plugin_graph.store.protocol import GraphStore
from agent_questions.words import stem, words

MOST_GATHERED = 2_000
"""Passages that are read for one question."""
_BATCH = 100
_FORMS = ("ion", "ation", "iv", "or", "er", "ment", "ing", "al", "ful", "nes", "abl")
"""What a stem may end in besides: "communicat" is "communication" too."""
_FOCUS = 0.45
"""Share of the topic's weight that a sentence has to hold, unless it holds what the topic ends with: "about how nurses
communicate" is about communicating."""
_FEWEST = 3
_SMALLEST = 0.02
_FEWEST_WORDS = 4
_FIELD = re.compile(r"(?:^|; )[^\W\d][\w .-]{0,40}: ")
"""The name of a column, as rows of tables are written."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_BROAD = re.compile(
    r"\b(?:themes?|topics?|trends?|opinions?|impressions?|complaints?|complain|feedback|summar\w+|overview|in general|"
    r"overall|commonly?|most often|(?:have|has|did|do|does|are|were)\s+(?:[\w-]+\s+){1,4}?"
    r"(?:said|say|saying|think|thinking|feel|feeling|report|reported|mention|mentioned|describe|described|like|dislike|"
    r"praise|praised|criticise|criticised|criticize|criticized))\b",
    re.IGNORECASE,
)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Theme:
    """What several passages say alike."""

    label: str
    """The word or words that they share, as they are mostly written."""
    passages: Sequence[int]
    """Their numbers, the most typical first."""
    quote: str
    """The most typical sentence, from the first of them."""


@dataclass(frozen=True)
class Gathered:
    """What was read for a topic, and the themes in it."""

    read: int
    """Passages on the topic."""
    themes: Sequence[Theme]
    other: int
    """Passages that fit none of the themes."""
    passages: Mapping[int, Passage]


@dataclass(frozen=True)
class _Sentence:
    passage: int
    text: str
    found: frozenset[str]
    """Its terms, and pairs of neighbouring ones."""


def is_broad(question: str) -> bool:
    """Whether a question asks what many passages say, and not for one place that says it."""
    return _BROAD.search(question) is not None


def themes(topic: str, store: GraphStore, most: int, progress: Progress = lambda text, done: None) -> Gathered:
    """The themes of what the passages say on a topic, the largest first."""
    wanted, last = _topic(topic, store)
    ranked = [number for number, _ in store.lexical(list(wanted), MOST_GATHERED)]
    passages: dict[int, Passage] = {}
    found: list[_Sentence] = []
    for start in range(0, len(ranked), _BATCH):
        held = store.passages(ranked[start : start + _BATCH])
        for number in ranked[start : start + _BATCH]:
            if on_topic := _on_topic(number, held[number], wanted, last):
                passages[number] = held[number]
                found += on_topic
        progress(f"{min(start + _BATCH, len(ranked))} of {len(ranked)} passages read", (start + _BATCH) / len(ranked))
    grouped = _grouped(found, wanted, store, most)
    return Gathered(len(passages), grouped, len(passages) - len({n for one in grouped for n in one.passages}), passages)


def _topic(topic: str, store: GraphStore) -> tuple[dict[str, float], set[str]]:
    """(the topic's terms by weight, each in the forms of it that the documents have; the forms of the last)."""
    asked = list(dict.fromkeys(terms(topic)))
    forms = {term: [term, *(term + ending for ending in _FORMS)] for term in asked}
    frequencies = store.frequencies([form for found in forms.values() for form in found])
    together = {term: sum(frequencies.get(form, 0) for form in found) for term, found in forms.items()}
    weighed = weights(topic, together, store.passage_count())
    known = [term for term in asked if together[term] and term in weighed]
    lasting = next((term for term in reversed(known) if term not in LIGHT), known[-1] if known else "")
    wanted = {form: weighed[term] for term in known for form in forms[term] if form in frequencies}
    return wanted, {form for form in forms.get(lasting, ()) if form in frequencies}


def _on_topic(number: int, passage: Passage, wanted: Mapping[str, float], last: set[str]) -> list[_Sentence]:
    """The sentences of a passage that are on the topic."""
    enough = _FOCUS * sum(set(wanted.values()))  # the forms of a term weigh the same, and count once
    found: list[_Sentence] = []
    for text in _statements(passage.text):
        held = wanted.keys() & terms(text)
        if held & last or (held and sum({wanted[term] for term in held}) >= enough):
            found.append(_Sentence(number, text, frozenset(_features(text))))
    return found


def _statements(text: str) -> Iterable[str]:
    """The sentences of a passage; of a table's row, those in its values."""
    values = _FIELD.split(text) if len(_FIELD.findall(text)) > 1 else [text]
    for value in values:
        for start, end in sentences(value):
            if len(value[start:end].split()) >= _FEWEST_WORDS:
                yield " ".join(value[start:end].split())


def _features(text: str) -> Iterable[str]:
    """Terms, and pairs of them that stand together with nothing but small words between."""
    kept = [stem(word) for word in words(text) if word not in STOP_WORDS and not word[0].isdigit() and len(word) > 2]
    yield from kept
    yield from (f"{one} {other}" for one, other in pairwise(kept) if one != other)


def _grouped(found: Sequence[_Sentence], wanted: Mapping[str, float], store: GraphStore, most: int) -> list[Theme]:
    """Themes one by one: the feature that covers most of what is left, weighed by how far it is this topic's own."""
    holding: dict[str, set[int]] = defaultdict(set)
    for sentence in found:
        for feature in sentence.found:
            if not set(feature.split()) <= wanted.keys():
                holding[feature].add(sentence.passage)
    everywhere = store.frequencies({part for feature in holding for part in feature.split()})
    count, read = store.passage_count(), len({sentence.passage for sentence in found})
    fewest = max(_FEWEST, math.ceil(_SMALLEST * read))

    def own(feature: str, size: int) -> float:
        there = min(everywhere.get(part, 0) for part in feature.split()) or size
        lift = (size / max(1, read)) / (there / max(1, count))
        return max(0.0, math.log(lift)) * (1.3 if " " in feature else 1.0)

    left = {sentence.passage for sentence in found}
    chosen: list[Theme] = []
    while left and len(chosen) < most:
        sizes = {feature: len(holding[feature] & left) for feature in holding}
        best = max(
            (feature for feature, size in sizes.items() if size >= fewest),
            key=lambda feature: (sizes[feature] * own(feature, len(holding[feature])), feature),
            default=None,
        )
        if best is None or not own(best, len(holding[best])):
            break
        chosen.append(_theme(best, holding[best] & left, found))
        left -= holding[best]
    return sorted(chosen, key=lambda theme: -len(theme.passages))


def _theme(feature: str, members: set[int], found: Sequence[_Sentence]) -> Theme:
    theirs = [one for one in found if one.passage in members and feature in one.found]
    common = Counter(term for one in theirs for term in one.found)

    def typical(one: _Sentence) -> float:
        """How much of what the theme's sentences share it has, for its length."""
        return sum(common[term] for term in one.found) / (5 + len(one.found))

    ordered = sorted(theirs, key=lambda one: (-typical(one), one.passage))
    return Theme(_label(feature, theirs), list(dict.fromkeys(one.passage for one in ordered)), ordered[0].text[:400])


def _label(feature: str, theirs: Sequence[_Sentence]) -> str:
    """The feature as its sentences mostly write it."""
    parts = feature.split()
    written: Counter[str] = Counter()
    for one in theirs:
        spelt = _WORD.findall(one.text)
        stems = [stem(word.lower()) for word in spelt]
        for start in range(len(stems)):
            if stems[start] == parts[0]:
                end = next((n for n in range(start, min(start + 4, len(stems))) if stems[n] == parts[-1]), None)
                if end is not None:
                    written[" ".join(spelt[start : end + 1]).lower()] += 1
    return max(written, key=lambda name: (written[name], name), default=feature)
