"""The `notes` plugin: facts that the user asks to have remembered, across conversations, kept apart per user."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from agent_core import FinishedCall, Preview, Tool, ToolArgumentError, ToolContext, ToolError, hookimpl, tool

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from agent_plugin_notes.store import Note, NoteStore

_MAX_TEXT = 4000
_MAX_LISTED = 200
_SPOKEN_THAT = re.compile(r"^that\s+(?=(?:my|our|the|i|we|he|she|it|they|there|\w+['’]s)\b)", re.IGNORECASE)
_NOTE_NUMBER = re.compile(r"(?:note\s*)?(?:number\s*|#)?(\d{1,18})", re.IGNORECASE | re.ASCII)
_SURE = 0.99
"""From which share of the question's words on a note is surely about it."""


@dataclass(frozen=True)
class RememberedNote:
    """A fact that is noted now."""

    id: int
    note: str
    text: str
    """What happened, in one line."""


@dataclass(frozen=True)
class FoundNote:
    """A note as it was written."""

    id: int
    note: str
    noted_at: str
    """When, as an ISO time in UTC."""
    labels: list[str]
    """What it was written under (untrusted, private)."""


@dataclass(frozen=True)
class FoundNotes:
    """Notes, the best first."""

    notes: list[FoundNote]
    count: int
    text: str
    """The notes in one line."""


@dataclass(frozen=True)
class ForgottenNotes:
    """Notes that are gone."""

    count: int
    text: str
    """What happened, in one line."""


def _open(ctx: ToolContext) -> AbstractContextManager[NoteStore]:
    from agent_plugin_notes.store import open_notes

    return open_notes(ctx.own_file("notes.db"), ctx.user)


def _undo_remember(ctx: ToolContext, call: FinishedCall) -> str:
    saved: Any = call.saved
    if saved is None:
        return "Nothing was noted."
    with _open(ctx) as store, store.changing():
        note = store.by_fact(saved["fact"])
        if note is None:
            return "The note is gone already."
        if note.noted_at != saved["noted_at"]:
            raise ToolError(f'"{note.text}" was noted again since; use forget to remove it.')
        before = saved["before"]
        if before is None:
            store.remove([note])
            return f'Forgot "{note.text}".'
        store.date(note, before["noted_at"], before["labels"])
        return f'"{note.text}" counts as noted before again.'


@tool(
    internal=True,
    idempotent=True,
    examples=[
        "Remember that my locker code is 7731",
        "Note that Anna's lease ends in June",
        "Keep in mind that I am allergic to nuts",
        "Please remember my car is parked on level 3",
        "Make a note: the plumber comes on Tuesday",
    ],
    undo=_undo_remember,
)
def remember(ctx: ToolContext, text: str) -> RememberedNote:
    """Remember a fact for later: note something that the user says, to recall it in any conversation.

    Args:
        text: The fact to remember, as a sentence.
    """
    from agent_plugin_notes.store import fact_of, now

    fact_text = _checked(text)
    moment = now()
    with _open(ctx) as store, store.changing():
        known = store.by_fact(fact_of(fact_text))
        before = {"noted_at": known.noted_at, "labels": known.labels} if known else None
        ctx.save_for_undo({"fact": fact_of(fact_text), "noted_at": moment, "before": before})
        if known:
            # Said again it is the latest word on its subject; a label, once there, stays.
            store.date(known, moment, ctx.labels | set(known.labels))
        else:
            store.add(fact_text, moment, ctx.labels)
        note = store.by_fact(fact_of(fact_text))
    assert note is not None
    shown = " ".join(note.text.split())
    return RememberedNote(note.id, note.text, f'Already noted: "{shown}".' if known else f'Noted: "{shown}".')


@tool(
    read_only=True,
    idempotent=True,
    private_data=True,
    examples=[
        "What is my locker code?",
        "When does Anna's lease end?",
        "Where did I park my car?",
        "What did I tell you about the plumber?",
        "What am I allergic to?",
    ],
)
def recall(ctx: ToolContext, query: str, limit: int = 5) -> FoundNotes:
    """Recall what the user asked to have remembered: find the notes that answer a question about the user's own facts.

    Args:
        query: The question, or the words that the note is about.
        limit: How many notes at most.
    """
    from agent_plugin_notes.finding import find_notes

    with _open(ctx) as store:
        found = [match.note for match in find_notes(store, query)]
    return _found(ctx, found[: max(1, min(limit, _MAX_LISTED))], f"No note about {query.strip()[:100]!r} was found.")


@tool(
    read_only=True,
    idempotent=True,
    private_data=True,
    examples=["List my notes", "What do you know about me?", "Show everything you remember", "Which notes are there?"],
)
def list_notes(ctx: ToolContext, limit: int = 50) -> FoundNotes:
    """Show all notes: everything that the user asked to have remembered, the newest first.

    Args:
        limit: How many notes at most.
    """
    with _open(ctx) as store:
        notes = store.all()
    return _found(ctx, notes[: max(1, min(limit, _MAX_LISTED))], "There are no notes.", len(notes))


def _preview_forget(ctx: ToolContext, query: str) -> Preview:
    with _open(ctx) as store:
        doomed = _doomed(store, query)
    return Preview("Forget " + "; ".join(note.quoted() for note in doomed))


def _undo_forget(ctx: ToolContext, call: FinishedCall) -> str:
    saved: Any = call.saved
    if not saved:
        return "Nothing was forgotten."
    with _open(ctx) as store, store.changing():
        for note in saved:
            store.add(note["text"], note["noted_at"], note["labels"], note_id=note["id"])
    return "Noted again: " + "; ".join(f'"{note["text"]}"' for note in saved) + "."


@tool(
    internal=True,
    destructive=True,
    examples=[
        "Forget my locker code",
        "Delete the note about the plumber",
        "Forget what I said about Anna's lease",
        "Remove note 12",
    ],
    preview=_preview_forget,
    undo=_undo_forget,
)
def forget(ctx: ToolContext, query: str) -> ForgottenNotes:
    """Forget something that was remembered: delete the notes about it.

    Args:
        query: What the notes are about, or the number of one note.
    """
    with _open(ctx) as store, store.changing():
        doomed = _doomed(store, query)
        ctx.save_for_undo([asdict(note) for note in doomed])
        store.remove(doomed)
    return ForgottenNotes(len(doomed), "Forgot " + "; ".join(note.quoted() for note in doomed) + ".")


def _doomed(store: NoteStore, query: str) -> list[Note]:
    """All notes that are surely about `query`, or the only one that may be."""
    from agent_plugin_notes.finding import find_notes

    number = _NOTE_NUMBER.fullmatch(query.strip())
    numbered = store.by_id(int(number[1])) if number else None
    if numbered:
        return [numbered]
    found = find_notes(store, query)
    sure = [match.note for match in found if match.score >= _SURE]
    if sure or len(found) == 1:
        return sure or [found[0].note]
    if not found:
        raise ToolArgumentError(f"There is no note about {query.strip()[:100]!r}; list_notes shows what there is.")
    listed = "; ".join(f"{match.note.id}: {match.note.quoted()}" for match in found[:5])
    raise ToolArgumentError(f"Several notes may be meant; give the number of one: {listed}")


def _found(ctx: ToolContext, notes: list[Note], otherwise: str, count: int | None = None) -> FoundNotes:
    ctx.mark_result(label for note in notes for label in note.labels)
    shown = "; ".join(note.quoted() for note in notes) if notes else otherwise
    listed = [FoundNote(note.id, note.text, note.noted_at, note.labels) for note in notes]
    return FoundNotes(listed, len(notes) if count is None else count, shown)


def _checked(text: str) -> str:
    text = _SPOKEN_THAT.sub("", text.replace("\r\n", "\n").strip())
    if not text.strip(" .!"):
        raise ToolArgumentError("text is empty; say what to remember.")
    if len(text) > _MAX_TEXT:
        raise ToolArgumentError(f"text is {len(text)} characters long; {_MAX_TEXT} is the most for one note.")
    for character in text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t":
            raise ToolArgumentError(f"text holds the control character U+{ord(character):04X}; leave it out.")
    return text


@hookimpl
def agent_core_tools() -> Iterable[Tool]:
    """Remembering, recalling, listing and forgetting."""
    return [remember, recall, list_notes, forget]
