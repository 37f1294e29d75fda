"""Text from strangers as plain text: nothing that moves a cursor, reorders a line or hides from the reader.

A terminal boundary of its own cleans what is printed; here it is cleaned because it is also stored, cited and
shown to models, where invisible characters carry instructions that no person sees.
"""

from __future__ import annotations

import re
import unicodedata

_TERMINAL_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor movement
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC
    r"|\x1b[ -/]*[0-~]"
)
_JOINERS = "\u200c\u200d"
"""Invisible, but spelling needs them: Persian words and emoji fall apart without."""


def plain_text(text: str) -> str:
    """Text without terminal sequences, control, bidirectional and invisible characters; lines and tabs are kept."""
    text = _TERMINAL_SEQUENCES.sub("", text)
    text = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", text)
    return "".join(c for c in text if c.isprintable() or c in "\n\t" or _is_harmless(c))


def plain_line(text: str, max_chars: int) -> str:
    """Plain text on one line, cut with an ellipsis at `max_chars`."""
    # Cut first, generously: a value of many megabytes is not worth cleaning whole.
    line = " ".join(plain_text(text[: max_chars * 8]).split())
    return line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"


def _is_harmless(character: str) -> bool:
    # `isprintable` is false for spaces other than U+0020 too; those (category Zs) are ordinary text.
    return unicodedata.category(character) == "Zs" or character in _JOINERS
