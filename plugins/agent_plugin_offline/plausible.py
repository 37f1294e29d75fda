"""Whether a value can be what a parameter takes, by the form that such values have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from agent_plugin_offline.formulas import is_formula
from agent_plugin_offline.moments import find_moments
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import STOP_WORDS, identifier_words, stem, words

_PATH = re.compile(r"(?=.*[A-Za-z])(?:\w[./\\]|[/\\]\w)")
_SEVERAL = re.compile(r",\s|\s(?:and|or)\s")
_OTHER_KIND = re.compile(r"@\w|://|^\+\d|\w\.(?:csv|tsv|xlsx?|txt|md|json|pdf|docx?)$")
"""An address, a telephone number or a file: never a mere name."""

PLACEHOLDERS = words(
    "line note text message something stuff file mail email list entry sentence word words report "
    "result results answer output outcome"
)
"""They say what kind of thing is to be written, not what is to stand in it."""

NOTHING_NAMED = words("something anything someone somebody anyone anybody somewhere it them this that")
"""They name nothing that could be looked for or added."""

UNTOLD = STOP_WORDS - words("hello hi hey ok okay yes no thanks")
"""A greeting asks for nothing, and is all the same a text that somebody may want written."""


def is_plausible(slot: Slot, value: Any) -> bool:
    """Whether a value can be what its parameter takes; what has no form of its own is believed."""
    texts = [str(one) for one in (value if isinstance(value, list) else [value])]
    match slot.role:
        case "email":
            return all("@" in text for text in texts)
        case "url":
            return all("." in text for text in texts)
        case "file" | "folder":
            return all(_PATH.search(text) and not _SEVERAL.search(text) for text in texts)
        case "expression":
            return all(is_formula(text) or len(text) == 1 or text.replace(".", "").isdigit() for text in texts)
        case "bindings":
            return all(
                re.fullmatch(r"(?:[a-z]\s*=\s*)?[-−]?(?:[\d./]+|pi|e|\d*\*?pi(?:/\d+)?)", part.strip())
                for text in texts
                for part in text.split(",")
            )
        case "phone":
            return all(any(character.isdigit() for character in text) for text in texts)
        case "moment":
            return all(find_moments(text) for text in texts)
        case "content":
            told = [w for text in texts for w in re.findall(r"\w+", text.lower()) if w not in UNTOLD]
            return any(word not in PLACEHOLDERS for word in told)
        case "label":
            return all(_may_name(slot, text) for text in texts)
        case _:
            return True


def _may_name(slot: Slot, text: str) -> bool:
    """Whether a text can be a name, or whatever else a parameter without a form of its own takes."""
    if not any(map(str.isalnum, text)) or text.split()[0].lower() in ("it", "them"):
        return False
    if slot.name in ("pattern", "glob") and not re.search(r"[*?.]", text):
        return False
    bracketed = "such as [" in slot.described
    return not (_OTHER_KIND.search(text) or text.lower() in NOTHING_NAMED or (bracketed and "[" not in text))


def may_stand(slots: Sequence[Slot], name: str, value: Any, said: set[str], lead: str) -> bool:
    """Whether an argument of the engine's may stand.

    The word that leads the clause is its verb, no argument; a switch needs a word of its name among those `said`.
    """
    slot = next((slot for slot in slots if slot.name == name), None)
    if slot is None:
        return True
    if len(said) > 1 and str(value).lower() == lead:
        return False
    if slot.role == "flag":
        return slot.required or any(
            word[:6] == other[:6] for word in map(stem, identifier_words(name)) for other in said
        )
    return is_plausible(slot, value)
