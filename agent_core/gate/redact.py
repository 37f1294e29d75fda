"""Secrets kept out of text that arrives in pieces, and personal data kept out of logs and telemetry.

Neither is the vault: a stream can use its tokens or a fixed mask, and what is masked for a log cannot be brought back.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from agent_core.gate.detect import find_secrets
from agent_core.gate.known import KnownSecrets
from agent_core.gate.secret_patterns import LOUDEST
from agent_core.gate.unfinished import is_loud, unfinished

_CONTEXT_CHARS = 96
"""How much of what has left is kept to look at: "password is" makes a secret of the word that comes next."""
_MOST_HELD_CHARS = 16_384
"""More is never held back; no secret that is looked for is longer."""
_ALWAYS_LOOKED_AT = 128
_LOOKS_PER_CHAR = 4
"""Held text of up to so many characters is looked at with each piece; more, so often for each character that comes."""


def masked(kind: str, value: str) -> str:
    """What stands for a secret where nobody will need its value again."""
    return f"[redacted:{kind}]"


class StreamRedactor:
    """Takes a text in pieces and gives it back, later, without its secrets.

    Text is held back while it could still turn out to be part of a secret (see `unfinished`). What has to wait long is
    looked at again only when enough has been added to it: the work grows as the text does.
    """

    def __init__(self, known: KnownSecrets | None = None, replace: Callable[[str, str], str] = masked) -> None:
        """Start a text; `replace` gets kind and value of each secret and returns what stands in its place."""
        self._known = known or KnownSecrets()
        self._replace = replace
        self._seen = ""
        self._held = ""
        self._quiet_chars = 0
        """How much of the end of the text announces no secret."""
        self._credit = 0
        """How many characters may be looked at before more text comes."""
        self._one_word = False
        """Whether all that is held is a word that has not ended."""

    def feed(self, chunk: str) -> str:
        """The text that has become safe to show."""
        fresh = f"{self._seen}{self._held}"[-LOUDEST:] + chunk
        self._quiet_chars = 0 if is_loud(fresh) else self._quiet_chars + len(chunk)
        self._held += chunk
        if not self._is_worth_a_look(chunk):
            return ""
        return self._release(len(self._held) - self._unfinished())

    def close(self) -> str:
        """The rest, once the text has ended."""
        return self._release(len(self._held))

    def _is_worth_a_look(self, chunk: str) -> bool:
        enough = 2 * max(len(self._held), _MOST_HELD_CHARS)
        self._credit = min(self._credit + _LOOKS_PER_CHAR * len(chunk), enough)
        if len(self._held) <= _ALWAYS_LOOKED_AT or (self._one_word and any(map(str.isspace, chunk))):
            return True
        if len(self._held) > self._credit:
            return False
        self._credit -= len(self._held)
        return True

    def _context(self) -> tuple[str, bool]:
        """What has left and still matters, and whether nothing in it or in what is held announces a secret."""
        quiet = self._quiet_chars >= len(self._seen) + len(self._held)
        return (self._seen[-1:] if quiet else self._seen), quiet  # a known value never begins in what has left

    def _release(self, end: int) -> str:
        """Let go of the held text up to `end`, or to where a secret begins that reaches beyond it."""
        if end <= 0:
            return ""
        seen, quiet = self._context()
        context = len(seen)
        text = seen + self._held
        whole = end == len(self._held)
        # Of one that began with letters which have left already, the rest is kept back.
        found_ones = [found for found in find_secrets(text, self._known, quiet=quiet) if found.end > context]
        secrets = [replace(found, start=max(found.start, context)) for found in found_ones]
        limit = context + end
        for found in secrets:
            if found.start < limit < found.end or (found.end == limit and not whole):
                limit = found.start
        parts: list[str] = []
        done = context
        for found in secrets:
            if found.end <= limit:
                parts += text[done : found.start], self._replace(found.kind, text[found.start : found.end])
                done = found.end
        parts.append(text[done:limit])
        left, self._held = text[context:limit], text[limit:]
        self._seen = f"{self._seen}{left}"[-_CONTEXT_CHARS:]
        return "".join(parts)

    def _unfinished(self) -> int:
        """How many characters at the end have to wait for what follows."""
        seen, quiet = self._context()
        waiting = min(unfinished(seen + self._held, self._known, quiet=quiet), len(self._held))
        self._one_word = waiting == len(self._held) and not any(map(str.isspace, self._held))
        return waiting if waiting <= _MOST_HELD_CHARS else _MOST_HELD_CHARS // 2


_PERSONAL = re.compile(r"@|\d(?:[ ./()-]{0,2}\d){5}|[A-Za-z]{2}\d{2}")
"""What every kind of personal data that is masked holds; other text need not load the patterns."""
_EXTRA_PATTERNS = {
    "address": r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}\w{2,24}",
    "phone": (
        r"(?<![\w.+-])(?:(?:\+|00)\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{1,4}(?:[ .-]?\d{2,4}){1,4}"
        r"|\(\d{2,4}\) ?\d{3,4}[ -]?\d{3,4}|\d{3}-\d{3}-\d{4}|0\d{2,4}[ /-]\d{3,4}[ -]?\d{3,4})(?![\w-])"
    ),
}


def mask_personal(text: str) -> str:
    """`text` for a log: e-mail addresses, phone, card and account numbers replaced by what they are, in brackets.

    Cards must pass the Luhn check and accounts (IBAN) theirs, so order numbers stay readable.
    """
    if not _PERSONAL.search(text):
        return text
    result = _detector()(text)
    return result.replacement if result.action == "replace" else text


@cache
def _detector() -> Any:
    from pydantic_ai_harness.guardrails.detectors import personal_data

    return personal_data(extra=_EXTRA_PATTERNS, placeholder="[{name}]")
