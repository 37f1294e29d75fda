"""Which notes answer a question: by the words they share, in any form, with the question's own words left out."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from agent_plugin_notes.store import Note, NoteStore

MAX_WORDS = 32
_LEAST = 0.45
"""Share of the question's weight that a note must hold."""
_OF_BEST = 0.6
"""Share of the best note's score, below which a note is about something else."""

_STOP_WORDS = """
a about actual actually again all already also am an and any anything are as at be because been before but by can could
current currently d did do does doing don else ever exact exactly for forget from get give had has have he her here him
his how i if in into is it its just keep know latest let like ll m many may me mind mine more much my myself need new no
not note noted notes now of off on one or other our out over please put re recall remember remembered remind s said save
say shall she should show so some something still t tell than thank thanks that the their them then there these they
thing things this those through to told too up us ve very was we well were what whats when where which while who whom
whose why will with wondering would wrote yet you your
"""
"""What questions and requests are made of; it says nothing about their subject."""
_ATTRIBUTES = """
account appointment birthday color colour contact cost email end favorite favourite key mail meeting password phone pin
plan price size start
"""
_FORMS = "address code date day id name number place time type year"
"""What many facts share, and share most: a question for Bo's phone number is not about Anna's phone number, and one for
the locker number not about the badge number."""

_STOP = frozenset(_STOP_WORDS.split())
_WEIGHTS = {word: 0.5 for word in _ATTRIBUTES.split()} | {word: 0.25 for word in _FORMS.split()}


class Match(NamedTuple):
    """A note, and how much of the question it holds (0 to 1)."""

    note: Note
    score: float


def find_notes(store: NoteStore, question: str) -> list[Match]:
    """Notes about what `question` asks, the best first; where several fit as well, the newest first.

    A note must hold at least one of the question's specific words (Bo, badge), where it has any.
    """
    weights = {word: _WEIGHTS.get(word, 1.0) for word in content_words(question)}
    total, heaviest = sum(weights.values()), max(weights.values(), default=0.0)
    notes: dict[int, Note] = {}
    held: dict[int, list[float]] = {}
    for word, weight in weights.items():
        for note in store.with_word(word):
            notes[note.id] = note
            held.setdefault(note.id, []).append(weight)
    specific = [Match(notes[number], sum(held[number]) / total) for number in held if max(held[number]) == heaviest]
    least = max(_LEAST, _OF_BEST * max((match.score for match in specific), default=0.0))
    found = [match for match in specific if match.score >= least]
    found.sort(key=lambda match: (match.note.noted_at, match.note.id), reverse=True)
    return sorted(found, key=lambda match: round(match.score, 3), reverse=True)


def content_words(question: str) -> list[str]:
    """The words of a question that say what it is about, each once."""
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", question).casefold())
    kept = [word for word in words if word not in _STOP and (len(word) > 1 or word.isdigit())]
    return list(dict.fromkeys(kept))[:MAX_WORDS]
