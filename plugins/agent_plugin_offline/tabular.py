"""Questions about the rows of a table file, for a tool that answers them in words: found here, and handed over whole.

What the columns are called is not known here, so nothing of the question is read: the tool does that, or says which
words it does not understand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import identifier_words, words
from agent_questions.language import COMPARATIVES, COMPARISONS, PHRASES
from agent_questions.paths import without_path

_TELLING = frozenset({"aggregate", "count", "superlative", "group", "order", "percent"})
"""Kinds of words that ask for figures, groups or an order."""
_FIGURES = re.compile(
    "|".join(
        rf"(?<!\w){re.escape(phrase)}(?!\w)"
        for phrase in sorted(
            [*(p for p, (kind, _) in PHRASES.items() if kind in _TELLING), *COMPARISONS, *COMPARATIVES],
            key=len,
            reverse=True,
        )
        if phrase.isascii()
    ),
    re.IGNORECASE,
)
_LISTING = re.compile(r"^\W*(?:show|list|find|which|what|who|display)\b(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_OF_FILES = words(
    "me all the a an my our of in from what which is are was were and file files folder table spreadsheet sheet data "
    "content contents text line lines size name names column columns header headers here there does do has have look "
    "like inside first last next about structure"
)
"""What is asked of a file rather than of its rows."""
_OPENING = words("read open load take look see check use show list display print find tell give")


def in_words(slots: Sequence[Slot]) -> Slot | None:
    """The parameter of a tool that takes a question in words about a file, if it has one."""
    asked = next((slot for slot in slots if tuple(identifier_words(slot.name)) == ("question",)), None)
    return asked if any(slot.role == "file" for slot in slots) else None


def handed_over(slots: Sequence[Slot], args: Mapping[str, Any], clause: str) -> dict[str, Any] | None:
    """The arguments that leave the reading of a clause to the tool; None where it takes no question, or has no file."""
    asked = in_words(slots)
    places = {slot.name: args[slot.name] for slot in slots if slot.role == "file" and slot.name in args}
    if asked is None or not places:
        return None
    file = str(next(iter(places.values())))
    rest = without_path(clause, file)
    return {**places, asked.name: rest} if _FIGURES.search(rest) or _named_in(rest) - _OPENING else places


def take_table_question(found: Explanation) -> None:
    """Take a clause that asks something of the rows of a file that it names."""
    asked = in_words(found.slots)
    file = next((str(found.args[s.name]) for s in found.slots if s.role == "file" and s.name in found.args), "")
    if asked is not None and file and _asks_of_rows(found.text, file):
        found.take(asked, without_path(found.text, file), 0, len(found.text), cue=False)


def _asks_of_rows(text: str, file: str) -> bool:
    rest = without_path(text, file)
    if _FIGURES.search(rest):
        return True
    listing = _LISTING.match(rest)
    return listing is not None and bool(_named_in(listing["rest"]))


def _named_in(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", text.lower())) - _OF_FILES
