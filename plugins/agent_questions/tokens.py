"""A question as tokens, cut the same way as the names and values that it is compared to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from agent_questions.words import fold, stem

_TOKEN = re.compile(
    r"""
    \d{4}-\d{2}-\d{2}(?!\d)                             # a date
    | \d{1,2}(?:st|nd|rd|th)\b | [qQ][1-4]\b            # 3rd, Q2
    | [12]\d\d0s\b                                       # a decade
    | (?:(?<![\w).])-)?[$€£]?\d+(?:,\d{3})*(?:\.\d+)?(?:[kKmM]\b|%)?     # a number
    | (?<![^\W_])[A-Za-z]{1,2}[+-](?![\w+-])            # a code such as AB+
    | [^\W\d_]+(?:['’](?![sS]\b)[^\W\d_]+)*             # a word; 's is none
    """,
    re.VERBOSE,
)
_IN_QUESTIONS = re.compile(rf"[<>]=?|!=|[=≤≥≠] | {_TOKEN.pattern}", re.VERBOSE)
_IDENTIFIER = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_QUOTED = re.compile(r"[\"“”„](?P<text>[^\"“”„]{1,200})[\"“”]")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?[kKmM]?")
_SCALE = {"k": 1_000, "m": 1_000_000}


@dataclass(frozen=True)
class Token:
    """A word, number, date or code."""

    text: str
    quoted: bool = False
    """Whether it is a whole text that stands in quotes."""

    @cached_property
    def word(self) -> str:
        """As values are compared."""
        return fold(self.text)

    @cached_property
    def stem(self) -> str:
        """As names are compared."""
        return stem(self.word)

    @cached_property
    def number(self) -> float | int | None:
        """Its value; None for what is no number."""
        text = re.sub(r"[$€£,]", "", self.text)
        if not _NUMBER.fullmatch(text):
            return None
        scale = _SCALE.get(text[-1].lower(), 1)
        value = float(text[:-1] if scale > 1 else text) * scale
        return int(value) if value == int(value) else value


def tokens(text: str) -> list[Token]:
    """The tokens of a question, in order; what stands in quotes is one."""
    found: list[Token] = []
    at = 0
    for quote in _QUOTED.finditer(text):
        found += [Token(match.group()) for match in _IN_QUESTIONS.finditer(text[at : quote.start()])]
        found.append(Token(quote["text"].strip(), quoted=True))
        at = quote.end()
    return found + [Token(match.group()) for match in _IN_QUESTIONS.finditer(text[at:])]


def value_words(value: str) -> tuple[str, ...]:
    """The words of a value of a table."""
    return tuple(Token(match.group()).word for match in _TOKEN.finditer(value))


def name_stems(name: str) -> tuple[str, ...]:
    """The stems of an identifier or phrase: blood_type, BloodType and "blood type" are the same."""
    return tuple(stem(word) for word in name_words(name))


def name_words(name: str) -> tuple[str, ...]:
    """The words of an identifier or phrase."""
    return tuple(fold(part) for part in _IDENTIFIER.findall(name)) if name.isascii() else value_words(name)
