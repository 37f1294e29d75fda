"""The sentences that could answer a question, each with measures of how well it does; what they weigh is learned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from agent_plugin_graph.index.names import spans as names
from agent_plugin_graph.index.terms import STOP_WORDS, terms
from agent_plugin_graph.passage import Hit
from agent_plugin_graph.retrieve.kinds import asked_kind, holds_kind
from agent_plugin_graph.retrieve.matching import Matcher, strongest
from agent_plugin_graph.retrieve.sentences import Span, leads, sentences
from agent_questions.words import stem, words

_NEAR = 0.5
"""What a term counts that only a neighbouring sentence holds."""
_LONG = 40
"""Words from which on a sentence counts as long."""


@dataclass(frozen=True)
class Asked:
    """A question, made ready to be held against many sentences."""

    text: str
    matcher: Matcher
    kind: str
    names: Sequence[frozenset[str]]
    """The terms of each name and figure that it gives."""

    @staticmethod
    def of(question: str, weights: Mapping[str, float], related: Mapping[str, float] | None = None) -> Asked:
        """Read a question; `weights` are its terms by rarity, `related` the same of words that may stand for them."""
        named = [frozenset(terms(name)) & weights.keys() for name in names(question)]
        named += [frozenset({term}) for term in weights if any(letter.isdigit() for letter in term)]
        return Asked(question, Matcher(weights, related), asked_kind(question), [one for one in named if one])

    @cached_property
    def said(self) -> frozenset[str]:
        """The stems of all its words."""
        return frozenset(map(stem, words(self.text)))

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Terms that stand next to each other in it."""
        return frozenset(pairwise(self.matcher.wanted))


@dataclass(frozen=True)
class Candidate:
    """A sentence of a passage that was found, with its measures."""

    hit: Hit
    rank: int
    """Of the passage, from 0."""
    place: int
    """Of the sentence in it, from 0."""
    spans: Sequence[Span]
    """All sentences of the passage."""
    leads: Sequence[int | None]
    held: Mapping[str, float]
    """Terms of the question that it holds, or what it is read with, to how surely."""
    around: Mapping[str, float]
    """Those that its whole passage and its titles hold."""
    measures: Mapping[str, float]

    @property
    def text(self) -> str:
        """The sentence."""
        start, end = self.spans[self.place]
        return self.hit.text[start:end]


def candidates(asked: Asked, hits: Sequence[Hit]) -> list[Candidate]:
    """Every sentence of the passages that were found, the best passage first."""
    highest = max((hit.score for hit in hits), default=1.0) or 1.0
    found = [one for rank, hit in enumerate(hits) for one in _of_passage(asked, hit, rank, hit.score / highest)]
    return _beside_others(asked, found)


def _beside_others(asked: Asked, found: Sequence[Candidate]) -> list[Candidate]:
    """The same with what their documents hold together: the right sentence stands in a document on the matter."""
    documents: dict[str, dict[str, float]] = {}
    for one in found:
        documents[one.hit.source] = strongest(documents.get(one.hit.source, {}), one.around)
    shares = {source: asked.matcher.share(held) for source, held in documents.items()}
    most = max(shares.values(), default=1.0) or 1.0
    return [replace(one, measures={**one.measures, "document": shares[one.hit.source] / most}) for one in found]


def _of_passage(asked: Asked, hit: Hit, rank: int, score: float) -> Iterator[Candidate]:
    matcher = asked.matcher
    spans = list(sentences(hit.text))
    with_lead = leads(hit.text, spans)
    folded = [words(hit.text[start:end]) for start, end in spans]
    own = [matcher.held(one) for one in folded]
    title = matcher.held(f"{hit.title} {hit.context}")
    source = matcher.held(re.sub(r"\W|_", " ", hit.source.rsplit("/", 1)[-1]))
    whole = strongest(title, source, *own)
    of_passage = {
        "title": matcher.share(title),
        "source": matcher.share(source),
        "passage": matcher.share(whole),
        "score": score,
        "first": float(rank == 0),
        "rank": 1 / (1 + rank),
        "names": _missing(asked.names, whole),
    }
    for place, (start, end) in enumerate(spans):
        lead = with_lead[place]
        held = own[place] if lead is None else strongest(own[place], own[lead])
        nearby = {
            term: _NEAR * strength
            for beside in (place - 1, place + 1)
            if 0 <= beside < len(spans)
            for term, strength in own[beside].items()
        }
        measures = of_passage | _of_sentence(asked, hit.text[start:end], folded[place], own[place])
        measures["lead"] = matcher.share(held) - measures["held"]
        measures["near"] = matcher.share(strongest(held, nearby))
        measures["headed"] = matcher.share(strongest(held, title, source))
        measures["opening"] = float(place == 0)
        yield Candidate(hit, rank, place, spans, with_lead, held, whole, measures)


def _of_sentence(asked: Asked, text: str, folded: Sequence[str], held: Mapping[str, float]) -> dict[str, float]:
    matcher = asked.matcher
    rarest = max(matcher.wanted, key=lambda term: matcher.wanted[term], default="")
    fresh = [word for word in folded if word not in STOP_WORDS and stem(word) not in asked.said]
    stems = [stem(word) for word in folded if word not in STOP_WORDS]
    ordered = sum(pair in asked.pairs for pair in pairwise(stems)) / max(1, len(asked.pairs))
    measures = {
        "named": float(sum(name <= held.keys() for name in asked.names)),
        "held": matcher.share(held),
        "exact": matcher.share({term: 1.0 for term, strength in held.items() if strength == 1.0}),
        "rarest": held.get(rarest, 0.0),
        "several": float(len(held) > 1),
        "ordered": ordered,
        "close": _closeness(folded, matcher),
        "short": float(len(folded) < 4),
        "long": min(1.0, len(folded) / _LONG),
        "fresh": min(1.0, len(fresh) / 6),
        "asks": float(text.rstrip().endswith("?")),
        "heading": float(not re.search(r"[.!?:;|]\s*$", text) and len(folded) < 8),
    }
    if asked.kind:
        fits = holds_kind(asked.kind, asked.text, text)
        measures[f"is {asked.kind}" if fits else f"no {asked.kind}"] = 1.0
        measures["fits"] = float(fits)
    return measures


def _closeness(folded: Sequence[str], matcher: Matcher) -> float:
    """How close together the terms stand: 1 for side by side, 0 where there are fewer than two."""
    places = [(place, term) for place, word in enumerate(folded) for term in matcher.held([word])]
    apart = [later - before for (before, one), (later, other) in pairwise(places) if one != other and later > before]
    return 1 / min(apart) if apart else 0.0


def _missing(given: Sequence[frozenset[str]], held: Mapping[str, float]) -> float:
    """How many of the names and figures that the question gives are not there, at most two."""
    return float(min(2, sum(not name & held.keys() for name in given)))
