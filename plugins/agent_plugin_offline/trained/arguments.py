"""From the stretches of a clause to a call's arguments: each value is the words of a stretch, in the form that a tool takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_plugin_offline.choices import take_choices
from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.numbers import find_numbers
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.trained.parts import parts_of
from agent_plugin_offline.trained.when import told
from agent_plugin_offline.typed import minutes_of
from agent_plugin_offline.wording import Wording

_MARKS = " \t\n,;:\"“”‘«»`"
_RELATIVE = re.compile(
    r"^(?:(?:but\s+)?only\s+)?(?:(?:for|of|where|whose|which|that|who|with|when|if|in\s+which|on\s+which)\s+)*(?:(?:the|a|an)\s+)?"
    r"(?:rows?\s+|entries\s+|those\s+|ones\s+)?(?:(?:where|which|that|who|with|have|has|had|are|were|was)\s+)*",
    re.IGNORECASE,
)
_FEWEST = re.compile(r"cheap|short|young|earl|light|slow|cold|small|low|least|few|worst|minim|alphabet|a\s*(?:-|to)\s*z|asc|up", re.IGNORECASE)
_OLD = re.compile(r"old|young|new|recent|late", re.IGNORECASE)
_KINDS = {"text": "txt", "markdown": "md", "python": "py", "excel": "xlsx", "javascript": "js", "word": "docx", "jpeg": "jpg"}


@dataclass
class Filled:
    """What a clause gives a tool."""

    args: dict[str, Any] = field(default_factory=dict[str, Any])
    referring: dict[str, str] = field(default_factory=dict[str, str])
    """Parameters whose value is the result of another action, with the words that say so."""


def filled(wording: Wording, said: Sequence[tuple[str, str]], flag: str = "") -> Filled:
    """The arguments of one tool, from (part, words) in their order; a part that ends in "=" refers to a result."""
    parts = parts_of(wording.tool)
    found = Filled()
    texts: dict[str, list[str]] = {}
    for part, text in said:
        if part.endswith("="):
            for slot in parts.get(part[:-1], ())[:1]:
                found.referring[slot.name] = text
        else:
            texts.setdefault(part, []).append(text)
    for part, values in texts.items():
        for slot in parts.get(part, ()):
            if slot.name not in found.referring:
                _put(found, wording, slot, part, values)
    if flag:
        found.args.update({slot.name: True for slot in wording.slots if slot.name == flag and slot.role == "flag"})
    _table(found, wording, texts)
    return found


def _put(found: Filled, wording: Wording, slot: Slot, part: str, values: Sequence[str]) -> None:
    value: Any = None
    match slot.role:
        case "email":
            value = list(dict.fromkeys(values)) if slot.many else values[0]
        case "moment":
            value = told(values) or None
        case "duration":
            minutes = minutes_of(values[0])
            value = minutes if "hour" not in slot.name or minutes is None else minutes / 60
        case "number":
            value = _number(slot, values[0])
        case "numbers":
            value = [_plain(n) for n in re.findall(r"-?\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3}\b)(?!\d{3},)", "", values[0]))]
        case "choice":
            value = _choice(wording, slot, values[0])
        case "flag":
            value = True
        case "file" | "folder":
            value = values[0].strip(_MARKS + "'’").rstrip("/") or None
        case _:
            value = _text(values[0])
            if part == "where":
                value = _RELATIVE.sub("", value) or value
            if part == "pattern":
                value = _pattern(value)
    if value not in (None, "", []):
        found.args[slot.name] = value


def _text(words: str) -> str:
    text = words.strip(_MARKS)
    for mark in "'’":
        if text[:1] in "'‘’" and text[-1:] == mark and len(text) > 2:
            text = text[1:-1]
    return text.strip()


def _plain(number: str) -> int | float:
    value = float(number)
    return int(value) if value.is_integer() else value


def _number(slot: Slot, words: str) -> int | None:
    if slot.name.startswith(("start", "first")) and re.search(r"\b(?:first|last|top|bottom)\b", words, re.IGNORECASE):
        return None
    found = find_numbers(words)
    return int(found[0].value) if found and float(found[0].value).is_integer() else None


def _pattern(words: str) -> str:
    if "*" in words:
        return words
    kind = re.sub(r"(?:\s+(?:files?|documents?|scripts?|photos?|pictures?|images?))+$", "", words.strip(), flags=re.IGNORECASE).lower().lstrip(".")
    kind = kind.removesuffix("s") if kind.removesuffix("s") in ("pdf", "csv", "mp3", "jpg", "png", "txt", "doc", "docx", "gif") else kind
    return f"*.{_KINDS.get(kind, kind)}" if re.fullmatch(r"[a-z0-9]{1,8}", kind) else words


def _choice(wording: Wording, slot: Slot, words: str) -> str | None:
    if set(slot.choices) == {"ascending", "descending"}:
        if _OLD.search(words) or not words:
            return "ascending" if re.search(r"oldest|earliest", words, re.IGNORECASE) else "descending" if re.search(r"newest|latest|recent", words, re.IGNORECASE) else None
        return "ascending" if _FEWEST.search(words) else "descending"
    only = Explanation(f"show {words}", [slot])
    take_choices(only, wording)
    return only.args.get(slot.name)


def _table(found: Filled, wording: Wording, texts: Mapping[str, Sequence[str]]) -> None:
    """What follows from the rest of a question about a table: without a figure its rows are listed."""
    operation = next((slot for slot in wording.slots if slot.role == "choice" and "list" in slot.choices), None)
    if operation is None:
        return
    sort = next((slot for slot in wording.slots if slot.name.startswith("sort")), None)
    order = texts.get("order", [""])[0]
    if operation.name not in found.args:
        found.args[operation.name] = "list"
    if sort is not None and order:
        by = texts.get("column", [order])[0]
        found.args[sort.name] = _text(by)
    if found.args[operation.name] == "list" and order:
        found.args.pop("column", None)
