"""Cypher text as tokens, without comments: just enough to tell words from what is quoted."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

_TOKEN = re.compile(
    r"""
      (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<string>  '(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" )
    | (?P<quoted>  `(?:[^`]|``)*` )
    | (?P<word>    [^\W\d]\w* )
    | (?P<space>   \s+ )
    | (?P<open>    ['"`] | /\* )
    | (?P<other>   \d+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u+([0-9a-fA-F]{4})")
_PAIR_OR_ESCAPE = re.compile(r"(\\\\)|\\u+([0-9a-fA-F]{4})")


class UnreadableError(Exception):
    """The text cannot be told apart into tokens in the one way in which every server does; the message says why."""


@dataclass(frozen=True)
class Token:
    """`text` of a word is folded, so that no spelling of a keyword differs from it; of a quoted name it is the name."""

    kind: Literal["word", "quoted", "string", "other"]
    text: str


def readings(text: str) -> list[list[Token]]:
    r"""The tokens of the text, once for each way in which servers read its escapes.

    Cypher 5 replaces `\u0041` everywhere before it looks at the text, even where that ends a string; later versions do
    so only inside of strings and names. What is refused in one reading is refused.

    Raises:
        UnreadableError: a string, name or comment has no end, or it holds characters that end lines for some only.
    """
    everywhere = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    unescaped = _PAIR_OR_ESCAPE.sub(lambda match: match[1] or chr(int(match[2], 16)), text)
    return [_tokens(version) for version in dict.fromkeys((text, everywhere, unescaped))]


def _tokens(text: str) -> list[Token]:
    if odd := next((c for c in text.replace("\r\n", "\n") if c not in "\t\n" and _is_control(c)), None):
        raise UnreadableError(f"the character U+{ord(odd):04X} has no place in it")
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind, raw = match.lastgroup, match[0]
        if kind == "open":
            raise UnreadableError(f"what begins with {raw} has no end")
        if kind == "word":
            found.append(Token("word", unicodedata.normalize("NFKC", raw).casefold()))
        elif kind == "quoted":
            found.append(Token("quoted", raw[1:-1].replace("``", "`")))
        elif kind == "string":
            found.append(Token("string", raw))
        elif kind == "other":
            found.append(Token("other", raw))
    return found


def _is_control(character: str) -> bool:
    """Controls, separators of lines and halves of characters: what ends a line, or a text, for some readers only."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
