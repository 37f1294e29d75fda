"""Names in text, without a model: capitalised spans, quoted titles, and titles that the graph knows already.

A passage *defines* the entities that its title and headings name; it *mentions* those that stand in its text. Without
a title, the subject of its first sentence is taken for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from agent_plugin_graph.index.terms import STOP_WORDS
from agent_plugin_graph.passage import Passage
from agent_questions.words import fold, words

LONGEST_NAME = 12
"""Words in the longest name that is looked up."""
_TOKEN = re.compile(r"\w+(?:[.'’&-]\w+)*\.?|[^\w\s]", re.UNICODE)
_SENTENCE_END = frozenset(".!?\n:;")
_JOINING = frozenset(("&", *words("of the and de la le du des da di van von der den al el for in on at to a y und zu")))
_QUOTED = re.compile(r"[\"“«]([^\"“”«»\n]{2,60})[\"”»]|``\s*([^`'\n]{2,60}?)\s*''")
_BRACKETED = re.compile(r"\s*[(\[][^)\]]*[)\]]\s*$")
_NOT_A_WORD = re.compile(r"[\W_]+")
_NO_NAMES = STOP_WORDS | frozenset(
    words("""
    january february march april may june july august september october november december monday tuesday wednesday
    thursday friday saturday sunday however although since according despite many several most today later first
    second new old mr mrs ms dr sir
    """)
)


@dataclass(frozen=True)
class Names:
    """The entities of one passage, by key."""

    defined: dict[str, str]
    """Key to the name as it was written."""
    mentioned: Counter[str]
    """Key to how often; what is defined is counted here too."""
    written: dict[str, str]
    """Key to the name as it was first written."""


def key_of(name: str) -> str:
    """What names are compared by: folded, without punctuation and a leading article."""
    plain = _NOT_A_WORD.sub(" ", fold(name)).strip()
    first, _, rest = plain.partition(" ")
    return rest if first in ("the", "a", "an") and rest else plain


def aliases(title: str) -> list[str]:
    """Names that a title stands for: itself, without what is in brackets, and before a comma."""
    found = [title]
    if (bare := _BRACKETED.sub("", title)) and bare != title:
        found.append(bare)
    head, comma, _ = found[-1].partition(", ")
    if comma and len(head.split()) <= LONGEST_NAME:
        found.append(head)
    return [name for name in found if key_of(name)]


def names_of(passage: Passage, known: Container[str], starts: Container[str]) -> Names:
    """The names in a passage.

    Args:
        passage: What is read.
        known: Keys of titles that the graph knows, in which lower-case mentions are looked up.
        starts: The first words of those keys.
    """
    written: dict[str, str] = {}
    mentioned: Counter[str] = Counter()
    for name in (*spans(passage.text), *known_titles(passage.text, known, starts)):
        key = key_of(name)
        if key:
            mentioned[key] += 1
            written.setdefault(key, name)
    defined: dict[str, str] = {}
    titles = [title for title in (passage.title, *passage.names) if title.strip()] or lead_subject(passage.text)
    for title in titles:
        for name in aliases(title):
            defined.setdefault(key_of(name), name)
    for key, name in defined.items():
        mentioned[key] += 1
        written[key] = name
    return Names(defined, mentioned, written)


def spans(text: str) -> Iterator[str]:
    """Capitalised spans and quoted titles, each as it is written, as often as it is."""
    for match in _QUOTED.finditer(text):
        yield (match[1] or match[2]).strip()
    yield from (name for name, starts_sentence in _capitalised(text) if not starts_sentence or " " in name)


def lead_subject(text: str) -> list[str]:
    """What the first sentence is about: its first name, else nothing."""
    for name, _ in _capitalised(text[:400]):
        return [name]
    return []


def _capitalised(text: str) -> Iterator[tuple[str, bool]]:
    """(span, whether it begins a sentence) of capitalised words, joined over "of", "the" and the like."""
    span: list[str] = []
    joining: list[str] = []
    begins, at_start = False, True
    for match in _TOKEN.finditer(text):
        token = match.group()
        sentence_over = token in _SENTENCE_END or (token[-1] == "." and len(token) > 3 and "." not in token[:-1])
        word = token.rstrip(".") if sentence_over else token
        if word[:1].isupper() and word[:1].isalpha() and not (not span and fold(word) in _NO_NAMES):
            if not span:
                begins = at_start
            span += [*joining, word]
            joining = []
        elif span and word.isdigit() and len(word) <= 4 and not joining:
            span.append(word)
        elif span and fold(word) in _JOINING and len(joining) < 2 and token.isalpha():
            joining.append(word)
        elif span:
            yield from _name(span, begins)
            span, joining = [], []
        if sentence_over and span:
            yield from _name(span, begins)
            span, joining = [], []
        at_start = sentence_over or (at_start and not word[:1].isalnum())
    if span:
        yield from _name(span, begins)


def _name(span: Sequence[str], begins: bool) -> Iterator[tuple[str, bool]]:
    """A span, and the names on both sides of an "and" or "in" within it: "Tom and Jerry" may be one or two."""
    name = " ".join(span).removesuffix("'s").removesuffix("’s")
    yield name, begins
    for joint in ("and", "in", "on", "at", "for", "to", "&"):
        if joint in span[1:-1]:
            place = span.index(joint, 1)
            yield " ".join(span[:place]), begins
            yield " ".join(span[place + 1 :]), False
            return


def known_titles(text: str, known: Container[str], starts: Container[str]) -> Iterator[str]:
    """Titles of two or more words that the graph knows, found in `text` whatever their case, the longest first."""
    tokens = _NOT_A_WORD.sub(" ", fold(text)).split()
    place = 0
    while place < len(tokens):
        length = 1
        if tokens[place] in starts:
            for size in range(min(LONGEST_NAME, len(tokens) - place), 1, -1):
                if (key := " ".join(tokens[place : place + size])) in known:
                    yield key
                    length = size
                    break
        place += length
