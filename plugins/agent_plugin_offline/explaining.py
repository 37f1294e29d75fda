"""Explains a clause by one tool: every word is an argument, the tool's own wording, or grammar - or it is left over.

Typed arguments come first (quotes, addresses, files, dates), then labelled ones ("with subject Lunch"), then numbers,
choices and switches with a word for them, and at last the free text that remains. What is left over at the end speaks
against the tool; a reading that leaves nothing over needs no statistics.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_plugin_offline.candidates import Request, read_request
from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.labelled import take_dictated, take_labelled
from agent_plugin_offline.plausible import is_plausible
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.tabular import take_table_question
from agent_plugin_offline.typed import (
    take_bindings,
    take_folders,
    take_matrices,
    take_moments,
    take_number_lists,
    take_patterns,
    take_places,
    take_typed,
)


def explain(text: str, slots: Sequence[Slot]) -> Explanation:
    """Find the typed and labelled arguments of a tool in a clause; free text is left for `remainder`."""
    found = Explanation(text, slots)
    request = read_request(text)
    quotes = [(span.start - 1, span.end + 1) for span in request.quoted]
    take_dictated(found, request)
    take_typed(found, request, quotes)
    take_table_question(found)
    take_bindings(found)
    take_matrices(found, request)
    take_labelled(found, request)
    take_number_lists(found)
    take_moments(found, request)
    take_places(found, request)
    take_folders(found)
    take_patterns(found)
    _quoted(found, request)
    return found


_KIND_OF_TEXT = re.compile(
    r"(?:\b(?:the|a)\s+)?\b(?:words?|text|line|phrase|sentence|message|string|item|term)\s*:?\s*$", re.IGNORECASE
)


def _quoted(found: Explanation, request: Request) -> None:
    text = found.text
    for span in request.quoted:
        if not found.is_free(span.start, span.end):
            continue
        for slot in sorted(found.open("content", "query", "label", "expression"), key=lambda slot: not slot.required)[
            :1
        ]:
            if slot.role == "label" and not is_plausible(slot, span.text):
                continue
            kind = _KIND_OF_TEXT.search(text[: span.start - 1])
            found.take(slot, span.text, kind.start() if kind else span.start - 1, span.end + 1)
