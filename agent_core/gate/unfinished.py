"""What of a text that is still being written has to wait, because it could become part of a secret.

A word is shown before it has ended only if it is plain: letters as a sentence has them, with which no known value and
no vendor's key begins, in a place where no secret was announced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from agent_core.gate.detect import in_context, shapes
from agent_core.gate.known import KnownSecrets
from agent_core.gate.secret_patterns import LOUD, OPEN

_PRIVATE_KEY, _PRIVATE_KEY_END = "-----BEGIN", "-----END"
_AS_A_SECRET = "Aa9xK2" * 7
"""Stands for any: long enough and mixed as all that context gives away."""
_ENDS_A_KEY = re.compile(r"[^!-~]|[,;!?()\"'`<>{}\[\]|*^#]")
"""Vendors' keys are written in ASCII, without these; a secret that is announced may hold them all."""
_PLAIN = re.compile(r"[A-Za-z][a-z]{0,13}[.:]*")


def unfinished(text: str, known: KnownSecrets, *, quiet: bool = False) -> int:
    """How many characters at the end of `text` could become part of a secret when more text follows.

    Args:
        text: What was written so far, or the end of it.
        known: Exact values to look for.
        quiet: Whether nothing in `text` announces a secret (see `LOUD`).
    """
    waiting = max(_word(text, quiet), known.unfinished(text))
    if quiet:
        return waiting
    opened = OPEN.search(text)
    key = text.find(_PRIVATE_KEY, text.rfind(_PRIVATE_KEY_END) + 1)
    return max(waiting, len(text) - opened.start() if opened else 0, len(text) - key if key >= 0 else 0)


def is_loud(text: str) -> bool:
    """Whether anything in `text` could announce, or be, a secret that is not known."""
    return LOUD.search(text) is not None


def _word(text: str, quiet: bool) -> int:
    """How much of the last word has to wait."""
    if not text or text[-1].isspace():
        return 0
    word = text.rsplit(None, 1)[-1]
    if "://" in word:
        return len(word)
    part = _ENDS_A_KEY.split(word)[-1]
    plain = not part or (_PLAIN.fullmatch(part) is not None and not _begins_a_key(part))
    waiting = 0 if plain else len(part)
    return len(word) if waiting < len(word) and not quiet and _is_announced(text) else waiting


def _is_announced(text: str) -> bool:
    """Whether what stands before the last word makes a secret of it, if it goes on as one would."""
    probe = f"{text}{_AS_A_SECRET}"
    return any(found.end == len(probe) for found in in_context(probe))


def _begins_a_key(word: str) -> bool:
    letters = word.rstrip(".:")
    return any(word.startswith(begins) or begins.startswith(letters) for begins in _beginnings())


@cache
def _beginnings() -> tuple[str, ...]:
    """What vendors' keys begin with, as far as it never differs."""
    return tuple(begins for _, pattern in shapes() for begins in _fixed(pattern.pattern) if len(begins) > 1)


_ANCHORS = re.compile(r"(?:\\b|\(\?<![^)]*\))*")
_CHOICE = re.compile(r"\(\?:([\w|-]+)\)")
_LITERAL = re.compile(r"(?:[A-Za-z0-9_-]|\\[.-])*(?![?*{])")


def _fixed(pattern: str) -> Iterable[str]:
    """The literal texts that a pattern begins with."""
    rest = pattern[_at_end(_ANCHORS, pattern, 0) :]
    choice = _CHOICE.match(rest)
    literal = _LITERAL.match(rest, choice.end() if choice else 0)
    after = literal.group().replace("\\", "") if literal else ""
    return [begins + after for begins in (choice[1].split("|") if choice else [""])]


def _at_end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at
