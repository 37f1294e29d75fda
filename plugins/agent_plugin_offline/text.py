"""Words of a request or a schema: tokens with their places, stems, identifiers taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

MAX_REQUEST_CHARS = 6000
"""What is read of a request; the rest (a pasted document) cannot change which tool is meant, only the time it takes."""

_CHUNK = re.compile(r"\S+")
_OPENING = "\"'`“”‘’«([{<*#"
_CLOSING = "\"'`“”‘’»)]}>*.,;:!?…"
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
_IDENTIFIER_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+|\d+")


def words(text: str) -> frozenset[str]:
    """A list of words written as one string: how the vocabularies of this package are kept readable."""
    return frozenset(text.split())


PREPOSITIONS = words(
    "about above across after against along among around as at before behind below between by during for from in "
    "including inside into like near of off on onto over per regarding since through till to toward towards under "
    "until up upon using via versus vs with within without"
)
STOP_WORDS = PREPOSITIONS | words(
    "a an the this that these those my your his her its our their me you him us them i he she it we they and or but "
    "if then than so is are was were be been being am do does did done have has had having will would can could "
    "should shall may might must please kindly what which who whom whose when where why how not no there here just "
    "also any some all each every both such only own same too very let's lets hey hi hello ok okay want wants like "
    "need needs help thanks thank im i'm i'd i'll i've what's whats where's who's how's it's that's don't you've "
    "we've they've you're we're they're he's she's there's can't won't isn't aren't didn't doesn't haven't hasn't"
)
VERBS = words(
    "add analyze book buy calculate change check choose compare compute convert create delete describe determine "
    "display do draw email estimate evaluate execute fetch figure find generate get give identify is know list "
    "locate look make order perform plan play plot predict provide put query read recommend remember remind remove "
    "reserve retrieve return run save schedule search select send set show simulate solve start stop suggest switch "
    "tell translate turn update use view visit write work"
)
REQUESTING = words("take find get show give tell check look see determine figure display fetch work")
"""At the start of a clause these only say that something is wanted."""
NOISE = words(
    "about according additional again ago along already another approximate approximately available based certain "
    "considering current currently detail detailed details different exactly few first following former further "
    "given good great good high highest information instead interested involved keep keeping known last latest less "
    "least located long looking low lowest main many minimum maximum more most much named names new next obtain open "
    "opens optional other others overall particular past possible preferred previous recent regards related relevant "
    "required respect respective respectively response result results right several specific specifically suitable "
    "take taking terms things today top total type upcoming used useful various way ways well whole"
)
"""Words that fill requests and are hardly ever the value of anything."""


@dataclass(frozen=True)
class Token:
    """One word of a text, without the punctuation around it; `text[start:end]` is the word."""

    text: str
    start: int
    end: int
    before: str = ""
    """Punctuation that opened it: a quote, a bracket."""
    after: str = ""
    """Punctuation that closed it: a comma, a full stop, a possessive."""

    @cached_property
    def lower(self) -> str:
        """In lower case."""
        return self.text.lower()

    @cached_property
    def stem(self) -> str:
        """Its stem."""
        return stem(self.text)

    @property
    def is_stop(self) -> bool:
        """Whether it is a function word."""
        return self.lower in STOP_WORDS

    @property
    def capitalised(self) -> bool:
        """Whether it begins with a capital."""
        return self.text[:1].isupper()

    @property
    def ends_clause(self) -> bool:
        """Whether punctuation ends a clause after it."""
        return any(mark in self.after for mark in ".,;:!?…)]}")

    @property
    def ends_sentence(self) -> bool:
        """Whether punctuation ends a sentence after it."""
        return any(mark in self.after for mark in ".!?…")


def tokenize(text: str) -> list[Token]:
    """Whitespace-separated words with surrounding punctuation and possessives split off."""
    tokens: list[Token] = []
    for match in _CHUNK.finditer(text):
        tokens.extend(_trimmed(match.group(), match.start()))
    return tokens


def _trimmed(chunk: str, offset: int) -> list[Token]:
    core = chunk.lstrip(_OPENING)
    before = chunk[: len(chunk) - len(core)]
    stripped = core.rstrip(_CLOSING)
    possessive = _POSSESSIVE.search(stripped)
    if possessive and len(stripped) > 3 and possessive.start() > 1:
        stripped = stripped[: possessive.start()]
    if not stripped:
        return []
    start = offset + len(before)
    return [Token(stripped, start, start + len(stripped), before, core[len(stripped) :])]


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A crude English stem, the same for a word in a schema and in a request ("cities" and "city")."""
    word = word.lower().strip("'’")
    if len(word) <= 3 or not word.isascii():
        return word
    for ending, put in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: len(word) - len(ending)] + put
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] in "ey" else word


_ENDINGS = (
    ("ations", "at"),
    ("ation", "at"),
    ("ators", "at"),
    ("ator", "at"),
    ("ating", "at"),
    ("ated", "at"),
    ("ates", "at"),
    ("ions", ""),
    ("ion", ""),
    ("ments", ""),
    ("ment", ""),
    ("ness", ""),
    ("ities", ""),
    ("ity", ""),
    ("ies", "y"),
    ("ings", ""),
    ("ing", ""),
    ("ical", "ic"),
    ("ally", "al"),
    ("ers", ""),
    ("er", ""),
    ("ors", ""),
    ("or", ""),
    ("sses", "ss"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("xes", "x"),
    ("ed", ""),
    ("ly", ""),
    ("ss", "ss"),
    ("us", "us"),
    ("is", "is"),
    ("s", ""),
)


@lru_cache(maxsize=4096)
def identifier_words(name: str) -> tuple[str, ...]:
    """`getUserName`, `get_user_name` and `user.get-name` as lower-case words."""
    return tuple(part.lower() for part in _IDENTIFIER_PART.findall(name))


@lru_cache(maxsize=4096)
def content_stems(text: str) -> frozenset[str]:
    """Stems of the words of a text that carry meaning; parts of identifiers count as words."""
    words = (part for token in tokenize(text) for part in identifier_words(token.text))
    return frozenset(stem(word) for word in words if word not in STOP_WORDS and len(word) > 1 and not word.isdigit())
