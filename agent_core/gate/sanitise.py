"""The one boundary that text of unknown origin passes on its way to a terminal.

A terminal obeys what it is sent: an escape sequence in a web page writes to the clipboard, retitles the window or
repaints an approval; a bidirectional override shows `gpj.exe` as `exe.jpg`; a zero-width character hides a word from
the eye and not from the shell. All of that goes. Letters, marks, emoji and wide characters stay.

What comes out of `sanitise` contains no control character but newline and tab, and passing it again changes nothing. It
may still look like markup: show it as a rich `Text` or a textual `Content`, never as a markup string. No escaping is
exact for both: rich's leaves `[1]` to textual, and doubles a backslash at the end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

_PLAIN = re.compile(r"[\n\t\x20-\x7e]*")

_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]"  # CSI: colours, cursor, modes
    # Strings to the terminal (OSC, DCS, SOS, PM, APC). One that spans lines is not removed whole: a document could hide
    # itself from the reader between a first and a last byte; without its introducer it is text like any other.
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c\r\n]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[\x20-\x2f]+[\x30-\x7e]"  # character sets and the like
    r"|\x1b[\x30-\x5a\x5c-\x7e]"  # single commands: reset, save cursor
)
_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")  # a lone CR would let the next words overwrite these

_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Characters that count as letters or marks and show nothing."""
_JOINERS = "\u200c\u200d"
_ZWJ = "\u200d"
_EMOJI_OR_TEXT = "\ufe0e\ufe0f"
_KEYCAP = "\u20e3"
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")  # visible, though format
_MOST_MARKS = 8
"""Combining marks on one character; no script needs more, and a tower of them paints over the lines above."""

_CUT = "…"


def sanitise(text: str) -> str:
    """`text` without anything that steers a terminal or hides from a reader; line ends become newlines."""
    if _PLAIN.fullmatch(text):
        return text
    text = _LINE_ENDS.sub("\n", _SEQUENCE.sub("", text))
    if _PLAIN.fullmatch(text):
        return text
    kept: list[str] = []
    marks = 0
    for position, char in enumerate(text):
        category = unicodedata.category(char)
        is_mark = category[0] == "M"
        if category == "Cs":
            kept.append("\ufffd")
        elif category in ("Cc", "Cf") or char in _INVISIBLE or _is_reserved_format(char):
            if char in "\n\t" or char in _PREPENDED or _joins(char, kept, text[position + 1 : position + 2]):
                kept.append(char)
        elif _is_selector(char):
            if kept and _chooses(char, kept[-1], text[position + 1 : position + 2]):
                kept.append(char)
        elif not is_mark or marks < _MOST_MARKS:
            kept.append(char)
        marks = marks + 1 if is_mark else 0
    return "".join(kept)


def sanitise_line(text: str, limit: int = 200) -> str:
    """`text` as one line of at most `limit` characters; what is longer is cut and ends in an ellipsis."""
    # Cutting first bounds the work; escape sequences and the like can only make the rest shorter.
    line = " ".join(sanitise(text[: limit * 20]).split())
    if len(line) <= limit and len(text) <= limit * 20:
        return line
    end = max(0, limit - len(_CUT))
    while 0 < end < len(line) and _belongs_to_previous(line[end]):
        end -= 1
    return line[:end].rstrip(f"{_JOINERS} ") + _CUT


_WEB = re.compile(r"https?://[!-~]{1,2000}")
_PLACE = re.compile(r"(?s)(.+?)(?::\d{1,9}|#page=\d{1,9})?")


def linked(text: str, sources: Iterable[str], folder: Path) -> str:
    """Sanitised text in which the sources that it names are links, for a terminal: the only sequences that we write.

    A source becomes a link to itself and to nothing else: an http(s) address in plain characters, or a file that exists
    in the folder or in the user's own. Whatever else it is stays text.

    Args:
        text: What `sanitise` returned.
        sources: Addresses, and paths that may end in a line or page ("guide.md:12").
        folder: What relative paths start from.
    """
    targets = {sanitise_line(source, 4000): _target(source, folder) for source in sources}
    known = {name: target for name, target in targets.items() if name and target}
    if not known:
        return text
    names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
    return re.sub(
        rf"(?<![\w/])(?:{names})(?!\w)",
        lambda match: f"\x1b]8;;{known[match[0]]}\x1b\\{match[0]}\x1b]8;;\x1b\\",
        text,
    )


def _target(source: str, folder: Path) -> str:
    """The address that a source opens at; empty where it is none that may be a link."""
    if _WEB.fullmatch(source):
        return source
    if "://" in source or "\0" in source or (match := _PLACE.fullmatch(source)) is None:
        return ""
    try:
        file = (folder / match[1]).resolve()
        own = any(file.is_relative_to(place.resolve()) for place in (folder, Path.home()))
        return file.as_uri() if own and file.is_file() else ""
    except (OSError, RuntimeError, ValueError):
        return ""


def _chooses(selector: str, before: str, after: str) -> bool:
    """Whether a variation selector has a choice to make: between an emoji and its plain form, as ❤️ or 7️⃣.

    No other pair is kept: each selector is one of 256 values that nobody sees, behind any letter that one likes.
    """
    if selector not in _EMOJI_OR_TEXT:
        return False
    if before in "#*0123456789":
        return after == _KEYCAP
    return unicodedata.category(before) in ("So", "Sm", "Sk") or before in "\u203c\u2049\u3030\u303d"


def _belongs_to_previous(char: str) -> bool:
    return char in _JOINERS or _is_selector(char) or unicodedata.category(char)[0] == "M"


def _is_reserved_format(char: str) -> bool:
    """Not assigned yet, and by Unicode's word never to be shown: the neighbours of tags and selectors."""
    return "\U000e0000" <= char <= "\U000e0fff" and not _is_selector(char)


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _joins(char: str, before: list[str], after: str) -> bool:
    """Whether a zero-width joiner stands where writing needs it: inside an emoji or an Arabic or Indic word.

    What comes before is taken from the text as kept, and what comes after must be a character that is always kept: so
    a second pass sees the same neighbours.
    """
    if char not in _JOINERS or not before or not after:
        return False
    if char == _ZWJ and _is_pictograph(after):
        return _is_pictograph(before[-1]) or before[-1] == "\ufe0f"
    return _is_joining(before[-1]) and _is_joining(after) and unicodedata.category(after) == "Lo"


def _is_pictograph(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk") and char > "\u2000"


def _is_joining(char: str) -> bool:
    return "\u0600" <= char <= "\u0dff" and unicodedata.category(char)[0] in "LM"
