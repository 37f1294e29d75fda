"""How words are compared: folded, cut, and without the endings of number and tense."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_CJK = re.compile(r"[぀-ヿ㐀-䶿一-鿿가-힯]+")
_LONGEST = 40


def fold(text: str) -> str:
    """`text` as it is compared: lower case, without accents, compatibility forms made plain."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", plain).casefold()


def words(text: str) -> list[str]:
    """The words of `text`, folded, in order; scripts without spaces give overlapping pairs."""
    found: list[str] = []
    for word in _WORD.findall(fold(text)):
        if not word.isascii() and (runs := _CJK.findall(word)):
            found += [run[i : i + 2] for run in runs for i in range(max(1, len(run) - 1))]
        else:
            found.append(word[:_LONGEST])
    return found


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """`word` without the endings of number, possession and tense, as far as rules can tell them."""
    for possessive in ("'s", "’s"):
        word = word.removesuffix(possessive)
    word = word.replace("'", "").replace("’", "")
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    word = _singular(word)
    for ending in ("ational", "ization", "fulness", "ousness", "iveness"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + {"ational": "ate", "ization": "ize"}.get(ending, ending[:-4])
    for ending in ("ing", "ed"):
        if word.endswith(ending) and _has_vowel(word[: -len(ending)]) and len(word) - len(ending) >= 3:
            return _mended(word[: -len(ending)])
    if word.endswith("ly") and len(word) > 5:
        return word[:-2]
    return word.removesuffix("e") if len(word) > 4 else word


def _singular(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("ie"):
        return word[:-2] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _mended(root: str) -> str:
    """A root as its other forms end: "hopp" is "hop", "creat" stays what "create" becomes too."""
    if len(root) > 3 and root[-1] == root[-2] and root[-1] not in "lsz":
        return root[:-1]
    if root.endswith("i"):
        return root[:-1] + "y"
    return root.removesuffix("e") if len(root) > 4 else root


def _has_vowel(text: str) -> bool:
    return any(letter in "aeiouy" for letter in text)
