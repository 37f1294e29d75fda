"""Slips of the pen: a word that nobody knows and that is one letter away from one that tools are asked for with.

Only words in small letters are looked at, outside quotes, addresses and files, and what the user dictates stays as it
was written: a correction helps to see what is asked, it is no argument.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from agent_plugin_offline.candidates import read_request
from agent_plugin_offline.grammar import COMMON_VERBS
from agent_plugin_offline.lexicon import SYNONYM_WORDS
from agent_plugin_offline.linking import Step
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.slots import slots_of
from agent_plugin_offline.text import NOISE, STOP_WORDS, Token

_WORD = re.compile(r"[a-z]+")
_SHORTEST = 4
_GRAMMAR = frozenset(["the", "and", "for", "with", "that", "what", "from", "please"])
_COMPUTED = frozenset(["choice", "expression"])
"""Roles whose arguments are no words of the user's own."""


@dataclass(frozen=True)
class Corrected:
    """A request with slips corrected."""

    text: str
    written: Mapping[str, str]
    """The correction to what was written."""


def corrected(request: str, tools: Sequence[ToolSpec]) -> Corrected:
    """`request` with the slips that can be seen."""
    known = _vocabulary(tuple((tool.name, *_texts(tool)) for tool in tools))
    read = read_request(request)
    untouched = [*read.quoted, *read.addresses]
    text, written = request, dict[str, str]()
    for token in reversed(read.tokens):
        word = token.text
        if any(span.start <= token.start < span.end for span in untouched) or not _may_be_a_slip(token, known):
            continue
        found = _meant(word.lower(), known)
        if found is not None:
            text = text[: token.start] + found + text[token.end :]
            written[found] = word
    return Corrected(text, written)


def _texts(tool: ToolSpec) -> tuple[str, ...]:
    properties: Mapping[str, Any] = tool.parameters.get("properties") or {}
    return (tool.description, *tool.examples, *(str(one.get("description") or "") for one in properties.values()))


def free_text(step: Step) -> list[Any]:
    """The arguments of `step` that name something in words, neither a file nor anything else with a form of its own."""
    named = {slot.name for slot in slots_of(step.spec) if slot.role in ("label", "query")}
    return [value for name, value in step.args.items() if name in named]


def as_written(step: Step, fixed: Corrected) -> Step:
    """`step` with the user's own words as they were written."""
    roles = {slot.name: slot.role for slot in slots_of(step.spec)}
    args = {
        name: value if roles.get(name) in _COMPUTED else _as_written(value, fixed) for name, value in step.args.items()
    }
    return replace(step, args=args)


def _as_written(value: Any, fixed: Corrected) -> Any:
    if not isinstance(value, str):
        return value
    for correction, written in fixed.written.items():
        value = re.sub(rf"\b{correction}\b", written, value)
    return value


def _may_be_a_slip(token: Token, known: Vocabulary) -> bool:
    word = token.text
    if not (_WORD.fullmatch(word) or (token.start == 0 and _WORD.fullmatch(word.lower()))):
        return False
    return word.lower() not in known.words and len(word) >= 3


def _meant(word: str, known: Vocabulary) -> str | None:
    """The one known word that is a letter away: dropped, added, changed or exchanged with its neighbour."""
    near = {other for key in _keys(word) for other in known.by_key.get(key, ()) if _is_near(word, other)}
    near = {other for other in near if other not in _GRAMMAR or sorted(other) == sorted(word)}
    if len(word) < _SHORTEST:
        near &= _GRAMMAR
    likeliest = max(map(len, near), default=0)  # a letter is dropped more often than added
    candidates = {other for other in near if sorted(other) == sorted(word)} or {o for o in near if len(o) == likeliest}
    return candidates.pop() if len(candidates) == 1 else None


def _is_near(word: str, other: str) -> bool:
    if abs(len(word) - len(other)) > 1 or word == other or word.rstrip("s") == other.rstrip("s"):
        return False
    start = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    one, two = word[start:], other[start:]
    return one[1:] == two[1:] or one[1:] == two or one == two[1:] or (one[:2] == two[:2][::-1] and one[2:] == two[2:])


@dataclass(frozen=True)
class Vocabulary:
    """Words that are known, and those of them that have a letter dropped in common."""

    words: frozenset[str]
    by_key: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=8)
def _vocabulary(tools: tuple[tuple[str, ...], ...]) -> Vocabulary:
    texts = (text.replace("_", " ").lower() for texts in tools for text in texts)
    asked = frozenset(word for text in texts for word in re.findall(r"(?<![\w.@/])[a-z]{3,}(?![\w@/])", text))
    by_key: dict[str, list[str]] = defaultdict(list)
    for word in asked | COMMON_VERBS | _GRAMMAR:
        if len(word) >= _SHORTEST or word in _GRAMMAR:
            for key in _keys(word):
                by_key[key].append(word)
    words = asked | COMMON_VERBS | STOP_WORDS | NOISE | SYNONYM_WORDS
    return Vocabulary(words | frozenset(_inflected(words)), {key: tuple(found) for key, found in by_key.items()})


def _inflected(words: Iterable[str]) -> Iterable[str]:
    return (
        form
        for word in words
        for form in (f"{word}s", f"{word}ed", f"{word}d", f"{word}ing", f"{word[:-1]}ing", f"{word[:-1]}ies")
    )


def _keys(word: str) -> set[str]:
    """The word, and it with each letter dropped: words a letter apart share one of these."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}
