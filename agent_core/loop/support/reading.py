"""Text as it is compared: sentences of tokens, each with its stem, its clause, and whether it is negated there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from agent_core.loop.support.lexicon import lexicon
from agent_core.loop.support.quantities import MONTHS, Figure, dates, figures
from agent_core.loop.support.words import FUNCTION_WORDS, LIGHT, NEGATIONS, TOKEN, listed, stem

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])|\n\s*\n|\n(?=\s*(?:[-*+•|#]|\d+[.)]\s))")
_ABBREVIATED = re.compile(
    r"\b(?:(?-i:[A-Z])|Dr|Mr|Mrs|Ms|Prof|St|No|vs|etc|e\.g|i\.e|approx|Inc|Ltd|Co|Fig|Sec|Art)\.$", re.IGNORECASE
)
_CLAUSE_MARK = re.compile(r"[,;:()\u2013\u2014|]| - ")
_CLAUSE_WORDS = listed(
    "but while whereas although though because if unless which who when where and or after before until"
)
_WRITTEN_NUMBER = re.compile(r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty-\w+", re.IGNORECASE)
_HALF_DAY = re.compile(r"\b([ap])\.\s?m\b\.?", re.IGNORECASE)
_REACH = 7
"""So many words after it a negation still negates."""


@dataclass(frozen=True)
class Token:
    """A word, name or figure of a sentence, or an expression of several words that the lexicon knows."""

    text: str
    stem: str
    kind: str
    """"name", "figure", "word", or "function" for small words."""
    sentence: int
    clause: int
    place: int
    """Among the tokens of the whole text; sentences lie far apart."""
    negated: bool
    figure: Figure | None = None

    @property
    def weight(self) -> float:
        """How much it matters that the passage has it."""
        if self.kind == "function":
            return 0.0
        if self.kind != "word":
            return 1.5
        return 0.4 if self.stem in LIGHT else 1.0


def sentences(text: str) -> Iterator[str]:
    """The sentences, list items and rows of a text."""
    start = 0
    for gap in _SENTENCE_END.finditer(text):
        if "\n" in gap.group() or not _ABBREVIATED.search(text[start : gap.start()]):
            if text[start : gap.start()].strip():
                yield text[start : gap.start()].strip()
            start = gap.end()
    if text[start:].strip():
        yield text[start:].strip()


def read(text: str, first_sentence: int = 0, first_place: int = 0, names: Collection[str] = ()) -> list[Token]:
    """The tokens of a text.

    Args:
        text: What is read.
        first_sentence: The number of its first sentence.
        first_place: The place of its first token.
        names: Stems that are known to be names, so that they are one at the start of a sentence too.
    """
    found: list[Token] = []
    place = first_place
    for number, sentence in enumerate(sentences(text), start=first_sentence):
        tokens = _tokens(sentence, number, place, names)
        found += tokens
        place = (tokens[-1].place if tokens else place) + 20
    return found


def named(text: str) -> set[str]:
    """Stems of the words that stand capitalised within a sentence."""
    found: set[str] = set()
    for sentence in sentences(text):
        words = [match[0] for match in TOKEN.finditer(sentence)]
        found.update(stem(word) for word in words[1:] if word[0].isupper() and stem(word) not in FUNCTION_WORDS)
    return found


def _tokens(sentence: str, number: int, place: int, names: Collection[str]) -> list[Token]:
    words, clauses = _words(sentence)
    numbers = figures(words)
    lowered = [_stem(word) for word in words]
    found: list[Token] = []
    at = 0
    while at < len(words):
        here = Token(words[at], lowered[at], "word", number, clauses[at], place + at, False)
        if at in numbers:
            figure, after = numbers[at]
            found.append(replace(here, text=figure.written, stem=figure.written.lower(), kind="figure", figure=figure))
        elif size := _phrase(lowered, at):
            after = at + size
            found.append(
                replace(
                    here, text=" ".join(words[at:after]), stem="_".join(lowered[at:after]), kind=_sort(words[at:after])
                )
            )
        else:
            after = at + 1
            found.append(replace(here, kind=_kind(words, lowered, at, names)))
        at = max(after, at + 1)
    return _negated(found)


def _words(sentence: str) -> tuple[list[str], list[int]]:
    """The words of a sentence and the clause of each; dates in digits are spelt out, "isn't" is two words."""
    sentence = _HALF_DAY.sub(r"\1m", sentence)
    words: list[str] = []
    clauses: list[int] = []
    clause, end = 0, 0
    for match in TOKEN.finditer(sentence):
        marked = end and _CLAUSE_MARK.search(sentence[end : match.start()])
        if marked or (match[0].lower() in _CLAUSE_WORDS and words):
            clause += 1
        spelt = [match[0]]
        if (day := dates(match[0])) is not None:
            spelt = [str(day[2]), MONTHS[day[1] - 1].capitalize(), str(day[0])]
        elif match[0].lower().endswith(("n't", "n’t")) or match[0].lower() == "cannot":
            spelt = [match[0][:-3] if match[0].lower() != "cannot" else "can", "not"]
        elif "-" in match[0] and stem(match[0]) not in lexicon().same and not _WRITTEN_NUMBER.fullmatch(match[0]):
            spelt = match[0].split("-")
        words += spelt
        clauses += [clause] * len(spelt)
        end = match.end()
    return words, clauses


def _stem(word: str) -> str:
    lowered = word.lower()
    return stem(MONTHS[MONTHS.index(lowered) % 12]) if lowered in MONTHS and word[0].isupper() else stem(word)


def _phrase(stems: Sequence[str], at: int) -> int:
    """How many words from here are one expression."""
    for phrase in lexicon().phrases.get(stems[at], ()):
        if tuple(stems[at : at + len(phrase)]) == phrase:
            return len(phrase)
    return 0


def _sort(words: Sequence[str]) -> str:
    """The kind of an expression: it is one of small words where all of its words are."""
    return "function" if all(word.lower() in FUNCTION_WORDS or word.lower() in _BOUNDING for word in words) else "word"


_BOUNDING = listed("need required obliged least most fewer less later than limit times number longer")


def _kind(words: Sequence[str], stems: Sequence[str], at: int, names: Collection[str]) -> str:
    word, stemmed = words[at], stems[at]
    if word.lower() in MONTHS and word[0].isupper() and (at or (len(words) > 1 and words[1][0].isdigit())):
        return "name"
    if word[0].isupper():
        if word.isupper() and len(word) > 1 and word.isalpha():
            return "name"
        if word.lower() in FUNCTION_WORDS:
            return "function"
        if at or stemmed in names:
            return "name"
        follows = words[1] if len(words) > 1 else ""
        return "name" if follows[:1].isupper() and follows.lower() not in FUNCTION_WORDS else "word"
    return "function" if word.lower() in FUNCTION_WORDS or not word[0].isalnum() else "word"


def _negated(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, those that a negation reaches marked: what follows in its clause."""
    found: list[Token] = []
    since, clause = _REACH, -1
    for token in tokens:
        if token.clause != clause:
            since, clause = _REACH, token.clause
        if token.stem in NEGATIONS or token.stem in ("not", "no"):
            since = 0
            found.append(token)
            continue
        since += 1
        found.append(replace(token, negated=since < _REACH))
    return found
