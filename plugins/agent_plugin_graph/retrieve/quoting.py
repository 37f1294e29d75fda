"""What of the passages that were found is quoted: the sentences that hold the most of what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent_plugin_graph.index.terms import terms
from agent_plugin_graph.passage import Hit
from agent_plugin_graph.retrieve.bearing import Quoted, holds_measure, weights

_GAP = re.compile(r"(?<=[.!?])[\"'”’)*_]*\s+(?![a-z])|(?<=[。！？])|\s*\n\s*")
_MARKED = re.compile(r"[-*+|#>]|\d+[.)]\s")
_WRAPPED = 50
"""A line of this many characters that goes on in the next one was wrapped; a shorter one is a line of its own."""
_LINE = re.compile(r"(.+):(\d+)")
_LONGEST = 320
_OF_KIND = 0.15
"""What a quote gains by holding a number where one is asked for, as a share of all that is asked for."""


@dataclass(frozen=True)
class Quote:
    """Words of a passage, as they stand there."""

    hit: Hit
    text: str

    @property
    def link(self) -> str:
        """The hit's link; where that names a line, the line that the quote begins in."""
        match = _LINE.fullmatch(self.hit.link)
        place = self.hit.text.find(self.text[:40])
        if match is None or place < 0:
            return self.hit.link or self.hit.source or self.hit.passage_id
        return f"{match[1]}:{int(match[2]) + self.hit.text[:place].count(chr(10))}"


def quotes(
    question: str, hits: Sequence[Hit], frequencies: Mapping[str, int], passages: int, most: int
) -> tuple[list[Quote], Quoted]:
    """The best quotes, each of which holds something that those before it lack, and what there is to judge them by.

    Args:
        question: What was asked.
        hits: What was found, the best first.
        frequencies: In how many passages each of the question's terms stands.
        passages: How many there are.
        most: Quotes at most.
    """
    wanted = weights(question, frequencies, passages)
    total = sum(wanted.values())
    missing = dict(wanted)
    found: list[Quote] = []
    in_each: list[set[str]] = []
    for hit in hits:
        about = set(terms(f"{hit.title} {hit.link}"))
        text, held = _best(question, hit.text, missing, about)
        gained = sum(missing[term] for term in held & missing.keys())
        if not found or gained > 0.1 * total:
            found.append(Quote(hit, text))
            in_each.append((about | set(terms(text))) & wanted.keys())
            missing = {term: weight for term, weight in missing.items() if term not in held}
        if len(found) == most:
            break
    known = [term for term in wanted if frequencies.get(term)]
    return found, Quoted(question, wanted, known, in_each, [quote.text for quote in found])


def _best(question: str, text: str, weights: Mapping[str, float], about: set[str]) -> tuple[str, set[str]]:
    """The sentences in a row that hold the most weight, and the terms of the question in them and in their title."""
    spans = list(sentences(text))
    best: tuple[float, str, set[str]] = (-1.0, text[:_LONGEST].strip(), set())
    for place, (start, _) in enumerate(spans):
        for last, (_, end) in enumerate(spans[place : place + 3]):
            joined = text[start:end].strip()
            if last and len(joined) > _LONGEST:
                break
            held = (set(terms(joined)) | about) & weights.keys()
            # A sentence more has to bring something: of two quotes that hold the same, the shorter is the better.
            score = sum(weights[term] for term in held) - len(joined) / 2000
            # What its title says already, every sentence of a passage has: then the kind of thing asked for decides.
            score += _OF_KIND * sum(weights.values()) * holds_measure(question, joined)
            if score > best[0]:
                best = score, joined, held
    return best[1][: 2 * _LONGEST].rstrip(), best[2]


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence, list item and table row of `text` begins and ends."""
    start = 0
    for gap in _GAP.finditer(text):
        line = gap.start() - text.rfind("\n", 0, gap.start())
        wrapped = (
            gap.group().count("\n") == 1
            and text[gap.start() - 1 : gap.start()] not in ".!?:;|"
            and line > _WRAPPED
            and not _MARKED.match(text, gap.end())
        )
        if not wrapped and text[start : gap.start()].strip():
            yield start, gap.start()
            start = gap.end()
    if text[start:].strip():
        yield start, len(text)
