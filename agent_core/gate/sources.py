"""Where what a call has seen came from: the reads and attachments of the conversation, for whoever is asked."""

from __future__ import annotations

import json

from agent_core.gate.labels import ATTACHED, PRIVATE, UNTRUSTED, Labels
from agent_core.gate.pending import Source
from agent_core.journal.calls import Calls
from agent_core.journal.store import Journal

_MOST = 20
"""Sources per label that are named: the latest, since a question has to be readable."""


def sources_of(journal: Journal, conversation_id: str, labels: Labels) -> tuple[Source, ...]:
    """What brought these labels into the conversation so far, oldest first.

    All of the conversation counts, not only what this call refers to: a model has read all of it.
    """
    found: list[Source] = []
    for label in (UNTRUSTED, PRIVATE, ATTACHED):
        if label in labels:
            attached = _attachments(journal, conversation_id, label) if label != PRIVATE else []
            read = Calls(journal).that_brought(conversation_id, label)
            found += [*attached, *(Source(label, tool, args) for tool, args in read)][-_MOST:]
    return tuple(found)


def _attachments(journal: Journal, conversation_id: str, label: str) -> list[Source]:
    rows = journal.rows("SELECT options FROM runs WHERE conversation_id = ? ORDER BY created_at", conversation_id)
    names = [attached["name"] for row in rows for attached in json.loads(row["options"]).get("attachments", ())]
    return [Source(label, "attachment", {"name": name}) for name in dict.fromkeys(names)]
