"""What of the passages that were found is quoted: the sentences that answer best, with what they are read with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from agent_plugin_graph.passage import Hit
from agent_plugin_graph.retrieve.bearing import bears, measured, rarity, weights
from agent_plugin_graph.retrieve.candidates import Asked, Candidate, candidates
from agent_plugin_graph.retrieve.learned import Learned, shipped, weighed
from agent_plugin_graph.retrieve.matching import strongest
from agent_plugin_graph.retrieve.sentences import joined

_LINE = re.compile(r"(.+):(\d+)")
_LINES = re.compile(r"(.*\b)lines? (\d+)(?:-\d+)?")
_LONGEST = 320
"""Characters of a quote, but for a sentence that is longer by itself."""
_WORST = 4.0
"""A quote whose score is this much below the best is left out."""
_OMITTED = " [...] "


@dataclass(frozen=True)
class Quote:
    """Words of a passage, as they stand there."""

    hit: Hit
    text: str
    start: int
    """Where they begin in the passage, apart from what stands further above."""
    end: int
    answers: int
    """Where the sentence begins that answers best."""

    @staticmethod
    def of(hit: Hit, text: str) -> Quote:
        """A quote of a text that stands in the passage."""
        start = max(0, hit.text.find(text[:40]))
        return Quote(hit, text, start, start + len(text), start)

    @property
    def link(self) -> str:
        """The hit's link; where that names a line, the line that the best sentence begins in."""
        match = _LINE.fullmatch(self.hit.link)
        if match is None:
            return self.hit.link or self.hit.source or self.hit.passage_id
        return f"{match[1]}:{int(match[2]) + self._lines_before(self.answers)}"

    @property
    def locator(self) -> str:
        """The hit's place in words; where that is of lines, those of the quote."""
        match = _LINES.fullmatch(self.hit.locator)
        if match is None:
            return self.hit.locator
        first, last = (int(match[2]) + self._lines_before(place) for place in (self.start, self.end))
        return f"{match[1]}line {first}" if first == last else f"{match[1]}lines {first}-{last}"

    def _lines_before(self, place: int) -> int:
        return self.hit.text.count("\n", 0, place)


def read(
    question: str, hits: Sequence[Hit], frequencies: Mapping[str, int], passages: int
) -> tuple[Asked, list[Candidate]]:
    """(the question, the sentences that could answer it).

    Args:
        question: What was asked.
        hits: What was found, the best first.
        frequencies: In how many passages each of the question's terms stands, and each word related to them.
        passages: How many there are.
    """
    related = {term: rarity(frequency, passages) for term, frequency in frequencies.items()}
    asked = Asked.of(question, weights(question, frequencies, passages), related)
    return asked, candidates(asked, hits)


def choose(
    asked: Asked, found: Sequence[Candidate], most: int, learned: Learned | None = None
) -> tuple[float, list[Quote]]:
    """(how probable it is that they answer, the best quotes), each of another passage.

    Args:
        asked: The question.
        found: The sentences that could answer it.
        most: Quotes at most.
        learned: What the measures weigh; what ships, unless given.
    """
    weight = learned or shipped()
    ranked, chosen = chosen_of(asked, found, most, weight)
    if not chosen:
        return 0.0, []
    scores = {(one.hit.passage_id, one.place): score for score, one in ranked}
    return bears(measured(asked, ranked, chosen), weight), [_widened(one, scores) for _, one in chosen]


Scored = list[tuple[float, Candidate]]


def chosen_of(asked: Asked, found: Sequence[Candidate], most: int, learned: Learned) -> tuple[Scored, Scored]:
    """(all sentences with their scores, the best of different passages), the best first.

    What holds terms that those before it lack is preferred: a question may take two documents.
    """
    ranked = sorted(((weighed(one.measures, learned.choice), one) for one in found), key=lambda pair: -pair[0])
    by_passage: dict[str, tuple[float, Candidate]] = {}
    for score, one in ranked:
        by_passage.setdefault(one.hit.passage_id, (score, one))
    chosen: Scored = []
    held: dict[str, float] = {}
    while by_passage and len(chosen) < most:
        with_gain = {
            passage: score + (asked.matcher.share(strongest(one.around, held)) if chosen else 0.0)
            for passage, (score, one) in by_passage.items()
        }
        best = max(with_gain, key=lambda passage: with_gain[passage])
        score, one = by_passage.pop(best)
        if chosen and score < chosen[0][0] - _WORST:
            break
        chosen.append((score, one))
        held = strongest(held, one.around)
    return ranked, chosen


def _widened(one: Candidate, scores: Mapping[tuple[str, int], float]) -> Quote:
    """A sentence with those of its paragraph that answer best, as far as a quote reaches, and what it is read with."""
    text, spans = one.hit.text, one.spans
    first = last = one.place
    while True:
        wider = [(first - 1, first - 1, last, first - 1), (last + 1, first, last + 1, last)]
        fitting = [
            (scores[one.hit.passage_id, added], low, high)
            for added, low, high, edge in wider
            if 0 <= added < len(spans)
            and spans[high][1] - spans[low][0] <= _LONGEST
            and joined(text, spans[edge], spans[edge + 1])
        ]
        if not fitting:
            break
        _, first, last = max(fitting)
    start, end = spans[first][0], min(spans[last][1], spans[first][0] + 2 * _LONGEST)
    quote = Quote(one.hit, text[start:end].rstrip(), start, end, spans[one.place][0])
    lead = one.leads[one.place]
    if lead is None or lead >= first:
        return quote
    if lead == first - 1:
        return replace(quote, text=text[spans[lead][0] : end].rstrip(), start=spans[lead][0])
    return replace(quote, text=f"{text[spans[lead][0] : spans[lead][1]][:_LONGEST]}{_OMITTED}{quote.text}")
