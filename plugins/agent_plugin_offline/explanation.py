"""What a clause says to one tool, as it is found out piece by piece."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_plugin_offline.candidates import read_request
from agent_plugin_offline.slots import Role, Slot
from agent_plugin_offline.text import STOP_WORDS, Token

_CUE_BEFORE = re.compile(
    r"(?:\b(?:to|from|in|at|on|for|of|by|with|into|as|inside|under|cc|bcc|copy|copying|until|till|through|called|named)\s*:?\s*)+$"
)
_PERSON = re.compile(r"\b(?:[A-Z]\w+|(?:the|my|our)\s+(?:[a-z]+\s+)?[a-z]+)\s+(?:(?:at|on|under)\s+|\()$")


@dataclass
class Explanation:
    """What a clause says to one tool."""

    text: str
    slots: Sequence[Slot]
    args: dict[str, Any] = field(default_factory=dict[str, Any])
    taken: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Places of the clause that are explained as arguments, with the words that introduce them."""
    certain: int = 0
    """How many arguments were typed, labelled or quoted, rather than what was left."""
    here: bool = False
    """Whether it speaks of the folder that the user works in, for a tool that looks into folders."""
    guessed: set[str] = field(default_factory=set[str])
    """Parameters that were given the words that were left."""
    foreign: int = 0
    """Typed things (an address, a file) that this tool has no place for."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Required parameters that the clause says nothing for."""
        return tuple(slot.name for slot in self.slots if slot.required and slot.name not in self.args)

    def open(self, *roles: Role) -> list[Slot]:
        """Parameters of these roles that have no value yet, required ones first."""
        found = [slot for slot in self.slots if slot.role in roles and slot.name not in self.args]
        return sorted(found, key=lambda slot: not slot.required)

    def is_free(self, start: int, end: int) -> bool:
        """Whether no argument was taken from that place."""
        return all(end <= low or high <= start for low, high in self.taken)

    def free_tokens(self) -> Iterator[Token]:
        """The words that no argument was taken from."""
        for token in read_request(self.text).tokens:
            if self.is_free(token.start, token.end):
                yield token

    def take(self, slot: Slot, value: Any, start: int, end: int, *, cue: bool = True) -> None:
        """Make `value` the argument of `slot`; the words that introduce it are explained with it.

        A word that stands for something else ("it", "the") is no value.
        """
        if slot.role in ("file", "folder") and str(value).lower() in STOP_WORDS:
            return
        self.args[slot.name] = value
        self.explain(start, end, cue=cue)
        self.certain += 1

    def explain(self, start: int, end: int, *, cue: bool = True) -> None:
        """Mark a place as explained, with the preposition before it."""
        before = (
            _PERSON.search(self.text[:start]) if "@" in self.text[start:end] or "+" in self.text[start:end] else None
        ) or (_CUE_BEFORE.search(self.text[:start]) if cue else None)
        self.taken.append((before.start() if before else start, end))

    def leftovers(self) -> Iterator[tuple[int, int]]:
        """The stretches of the clause that nothing was taken from."""
        position = 0
        for low, high in sorted(self.taken):
            if low > position:
                yield position, low
            position = max(position, high)
        if position < len(self.text):
            yield position, len(self.text)
