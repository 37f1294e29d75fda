"""Arguments that are one of a few listed values: called by their name, or as the description explains them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import REQUESTING, STOP_WORDS, Token, identifier_words, stem, tokenize, words
from agent_plugin_offline.wording import Wording

_SAME_CHOICE = {
    "biggest": "largest",
    "latest": "newest",
    "littlest": "smallest",
    "changed": "modified",
    "change": "modified",
    "edited": "modified",
    "highest": "largest",
    "heaviest": "largest",
    "space": "size",
    "room": "size",
    "average": "mean",
    "total": "sum",
    "different": "distinct",
    "unique": "distinct",
}


_FIRST = re.compile(r"\s+first\b", re.IGNORECASE)


def take_choices(found: Explanation, wording: Wording) -> None:
    """Give each choice the value that the clause names, and an operation the column that follows it."""
    for slot in found.open("choice"):
        explained = _literal_choice(found, slot) or _explained_choice(found, slot)
        if explained is not None:
            _other_names(found, slot, explained[0])
            first = _FIRST.match(found.text, explained[2])  # "newest first"
            found.take(slot, explained[0], explained[1], first.end() if first else explained[2], cue=False)
            _operand(found, explained[2])
            continue
        for token in found.free_tokens():
            value = _chosen(slot, token, wording)
            if value is not None:
                first = _FIRST.match(found.text, token.end)  # "newest first"
                found.take(slot, value, token.start, first.end() if first else token.end, cue=False)
                _operand(found, token.end)
                break
    _direction(found, wording)


def _direction(found: Explanation, wording: Wording) -> None:
    """Take which end comes first from the word that says by what is sorted: "the smallest file"."""
    sorts = any("sort" in identifier_words(name) for name in found.args)
    for slot in found.open("choice") if sorts else ():
        if set(slot.choices) == {"ascending", "descending"}:
            values = (_chosen(slot, token, wording) for token in tokenize(found.text) if token.lower != "first")
            value = next((one for one in values if one), None)
            if value is not None:
                found.args[slot.name] = value


_ROWS = words("rows row lines line records record entries entry items values cells columns")
_OPERAND = re.compile(
    r"\s+(?:up\s+)?(?:all\s+)?(?:of\s+)?(?:the\s+)?(?P<value>[A-Za-z_][\w-]*)(?=\s+(?:in|of|from|per|by|for|where|with|are|is|were|do|does|there)\b|[\s.?!]*$)",
    re.IGNORECASE,
)


def _operand(found: Explanation, end: int) -> None:
    """Take what directly follows the name of an operation as its column: "the average price in ..."."""
    match = _OPERAND.match(found.text, end)
    slots = [slot for slot in found.open("label") if "column" in identifier_words(slot.name)]
    if not match or not slots or not found.is_free(*match.span()) or match["value"].lower() in STOP_WORDS:
        return
    if match["value"].lower() not in _ROWS:
        found.take(slots[0], match["value"], match.start("value"), match.end("value"), cue=False)


def _literal_choice(found: Explanation, slot: Slot) -> tuple[str, int, int] | None:
    """A choice called by its own name, which says more than any description; a verb at the start may mean anything."""
    for word in found.free_tokens():
        if _SAME_CHOICE.get(word.lower) == "distinct" and "distinct" in slot.choices:
            return "distinct", word.start, word.end
    for choice in sorted(slot.choices, key=len, reverse=True):
        match = re.search(rf"(?<!^)\b{re.escape(choice)}\b", found.text, re.IGNORECASE)
        if match and choice.lower() not in STOP_WORDS | _ROWS and found.is_free(*match.span()):
            return choice, *match.span()
    return None


def _explained_choice(found: Explanation, slot: Slot) -> tuple[str, int, int] | None:
    """A choice whose description gives it other names in brackets: "count (how many)"."""
    for choice in slot.choices:
        for match in _names_of(found, slot, choice):
            return choice, *match.span()
    return None


def _other_names(found: Explanation, slot: Slot, choice: str) -> None:
    """Explain all that a clause calls a choice: "most recently changed, newest first" says it twice."""
    for match in list(_names_of(found, slot, choice)):
        found.explain(*match.span(), cue=False)


def _names_of(found: Explanation, slot: Slot, choice: str) -> Iterator[re.Match[str]]:
    """Where a clause holds what the description puts in brackets behind a choice."""
    for inside in re.findall(rf"\b{re.escape(choice)}\W{{0,2}}\s*\(([^)]*)\)", slot.described, re.IGNORECASE):
        for phrase in re.split(r"\s*(?:,|;|\bor\b)\s*", inside):
            match = (
                re.search(rf"\b{re.escape(' '.join(phrase.split()))}\b", found.text, re.IGNORECASE) if phrase else None
            )
            if match and found.is_free(*match.span()):
                yield match


def _chosen(slot: Slot, token: Token, wording: Wording) -> str | None:
    """The choice that a word names, by itself or as the description explains it ("sum (add up, total), mean")."""
    word = stem(_SAME_CHOICE.get(token.lower, token.text) if token.lower not in slot.described else token.text)
    for choice in slot.choices:
        if (
            word == stem(choice)
            or token.lower == f"{choice}imum"
            or word in {stem(part) for part in identifier_words(choice)}
        ):
            return choice
    named = {stem(part) for part in identifier_words(wording.tool.name)}
    if token.lower in STOP_WORDS | REQUESTING | {"out", "up", "down"} or len(word) < 3 or word in named:
        return None
    described = slot.described
    place = next((t.start for t in tokenize(described) if stem(t.text) == word), None)
    if place is None:
        return None
    before = [(described[:place].lower().rfind(_root(choice)), choice) for choice in slot.choices]
    nearest = max(before, default=(-1, ""))
    return nearest[1] if nearest[0] >= 0 else None


def _root(choice: str) -> str:
    return choice.lower()[: max(4, len(choice) - 2)]
