"""Words in a clause that stand for what an earlier step returned: "the result", "it", "their names", "each of them"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent_plugin_offline.text import stem, words

_RESULT_NOUNS = frozenset(
    stem(word)
    for word in words(
        "result answer output outcome value number figure response finding solution information info detail "
        "list data content text total sum one item name path link price amount cost count average mean"
    )
)
_DETERMINED = re.compile(
    r"\b(?P<each>each\s+of\s+|every\s+one\s+of\s+|all\s+(?:of\s+)?|both\s+(?:of\s+)?)?(?P<determiner>the|this|that|these|those|its|their)\s+"
    r"(?:(?P<first>first|top)\s+|(?:final|same|whole|full|resulting|exact|new|reduced|two|three|four|five)\s+)*(?P<noun>[a-z]+)\b"
    r"(?P<of>\s+of\s+(?:it|them|these|those|the\s+(?:results?|files?|pages?|items?|answers?))\b)?",
    re.IGNORECASE,
)
_EACH_NOUN = re.compile(r"\b(?:each|every)\s+(?P<noun>[a-z]+)(?=\W|$)", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(?P<each>each\s+of\s+|every\s+one\s+of\s+|all\s+of\s+|both\s+of\s+)?(?P<pronoun>it|them|they|these|those|this|that|both)\b"
    r"(?=\s*(?:[.,;:!?)]|$)|\s+(?:to|with|in|into|as|by|at|from|on|for|and|using|under|over|via|through|times|plus|minus|up)\b)",
    re.IGNORECASE,
)
_WHAT_IT_SAYS = re.compile(
    r"\bwhat\s+(?:(?:it|they)\s+(?:says?|contains?|is|are)|(?:you|i|we)\s+(?:find|found|get|got))\b", re.IGNORECASE
)
_COMPLEMENT = re.compile(
    r"\b(?:remember|note|know|says?|saying|think|tell\s+\w+|email\s+\S+|text\s+\S+)\s+$", re.IGNORECASE
)
_PLURAL_PRONOUNS = frozenset({"them", "they", "these", "those", "both"})


_COURTESIES = words(
    "hi hello hey thanks thank you please good morning afternoon evening there so much very in advance "
    "cheers ok okay now dear assistant and then a lot"
)
_SHOWING = words("show tell give display print let report return me us know see back to what is says say")


@dataclass(frozen=True)
class Mention:
    """A phrase that refers back; `clause[start:end]`."""

    start: int
    end: int
    noun: str = ""
    """The word that says which part is meant ("names", "price"); empty for a mere "it" or "the result"."""
    specific: bool = False
    """The noun is one of the earlier clause's own words, not a general word for any result."""
    plural: bool = False
    each: bool = False
    """One step per item."""
    first: bool = False
    """The first of many items."""


def mentions(clause: str, known: frozenset[str]) -> list[Mention]:
    """All phrases that may refer back, the most telling first.

    Args:
        clause: A clause that is not the first of its request.
        known: Stems of the words of the earlier clauses and of the results' fields: "the price" refers back if
            a price was asked for.
    """
    found = [*_determined(clause, known), *_each(clause, known), *_pronouns(clause)]
    found += [Mention(match.start(), match.end()) for match in _WHAT_IT_SAYS.finditer(clause)]
    return sorted(found, key=lambda mention: (not mention.each, not mention.noun, mention.start))


def _determined(clause: str, known: frozenset[str]) -> Iterator[Mention]:
    for match in _DETERMINED.finditer(clause):
        noun = match["noun"].lower()
        possessive = match["determiner"].lower() in ("its", "their")
        general = stem(noun) in _RESULT_NOUNS
        if not (general or possessive or stem(noun) in known) or _names_something_new(clause, match):
            continue
        plain = stem(noun) in {stem(word) for word in ("result", "answer", "output", "outcome", "response", "one")}
        yield Mention(
            match.start(),
            match.end(),
            noun="" if plain else noun,
            specific=not general,
            plural=match["determiner"].lower() == "their" or (_plural(noun) and match["determiner"].lower() != "its"),
            each=(match["each"] or "").lower().startswith(("each", "every")),
            first=bool(match["first"]),
        )


def _names_something_new(clause: str, match: re.Match[str]) -> bool:
    """Whether the next words say which one is meant, as in "the price of gold" or "the file notes.txt"."""
    if match["of"]:
        return False
    rest = clause[match.end() :]
    if re.match(r"\s+(?:of|for|called|named|titled|that|which|between|about|column)\b", rest, re.IGNORECASE):
        return True
    if re.match(r"\s+(?:[\"'“‘`]|\w+\.\w{1,5}\b)", rest):
        return True
    return match["determiner"].lower() == "that" and _COMPLEMENT.search(clause[: match.start()]) is not None


def _each(clause: str, known: frozenset[str]) -> Iterator[Mention]:
    for match in _EACH_NOUN.finditer(clause):
        noun = match["noun"].lower()
        if noun in ("of", "other"):
            continue
        if noun in ("one", "file", "item", "result", "page") or stem(noun) in known:
            yield Mention(match.start(), match.end(), "" if noun == "one" else noun, plural=True, each=True)


def _pronouns(clause: str) -> Iterator[Mention]:
    for match in _PRONOUN.finditer(clause):
        pronoun = match["pronoun"].lower()
        at_end = not clause[match.end() :].strip(" .!?")
        if pronoun == "that" and not at_end and _COMPLEMENT.search(clause[: match.start()]):
            continue
        each = (match["each"] or "").lower().startswith(("each", "every"))
        yield Mention(match.start(), match.end(), plural=pronoun in _PLURAL_PRONOUNS or bool(match["each"]), each=each)


def _plural(noun: str) -> bool:
    return noun.endswith("s") and not noun.endswith("ss")


def asks_for_nothing(clause: str, known: frozenset[str]) -> bool:
    """Whether a clause is only polite ("thanks!") or asks to see what an earlier one gives ("show me the text")."""
    words = {word.strip(".,!?").lower() for word in clause.split()}
    if words <= _COURTESIES or re.match(r"how\s+(?:are|is|do)\s+(?:you|things|it\s+going)\b", clause, re.IGNORECASE):
        return True
    if known and _ONLY_THE_RESULT.fullmatch(clause.strip()):
        return True
    for mention in mentions(clause, known) if known else ():
        if stem(mention.noun) == stem("content") and stem("content") not in known:
            continue  # what a listed file holds must be read first
        rest = f"{clause[: mention.start]} {clause[mention.end :]}".split()
        if {word.strip(".,!?").lower() for word in rest} <= _SHOWING | _COURTESIES:
            return True
    return False


_ONLY_THE_RESULT = re.compile(
    r"(?:so\s+)?(?:what|how\s+much|how\s+many)\s*(?:['’]s|do|does|did|is|are|would|will)?\s*(?:i|we|you|it|that|they|the\s+(?:answer|result|total))"
    r"(?:\s+(?:get|be|come\s+(?:out\s+)?to|make|amount\s+to))?(?:\s+(?:then|in\s+total|altogether))?[\s?.!]*",
    re.IGNORECASE,
)
"""A question for what the clauses before have asked already."""


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Stems of the longer words of `texts`."""
    return frozenset(stem(word) for text in texts for word in re.findall(r"[A-Za-z]{4,}", text))
