"""Explains a clause by one tool: every word is an argument, the tool's own wording, or grammar - or it is left over.

Typed arguments come first (quotes, addresses, files, dates), then labelled ones ("with subject Lunch"), then numbers,
choices and switches with a word for them, and at last the free text that remains. What is left over at the end speaks
against the tool; a reading that leaves nothing over needs no statistics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_plugin_offline.candidates import Request, Span, read_request
from agent_plugin_offline.slots import Role, Slot
from agent_plugin_offline.text import identifier_words

_TYPED: tuple[tuple[str, tuple[Role, ...]], ...] = (
    ("url", ("url",)),
    ("email", ("email",)),
    ("path", ("file", "folder")),
)
_PHONE = re.compile(r"(?<![\w.])\+?\d[\d\s()-]{5,}\d(?!\w)")
_FOLDER = re.compile(
    r"(?<!^)\b(?:the\s+|my\s+|folder\s+|directory\s+)?(?P<before>(?!(?:the|my|an?|this|new|which|what|called|each|every)\b)[\w.][\w./-]*)"
    r"\s+(?:sub)?(?:folder|directory)\b"
    r"|\b(?:folder|directory)\s+(?:called\s+|named\s+)?(?P<after>[\w./-]+)",
    re.IGNORECASE,
)
_HERE = re.compile(r"\b(?:in\s+)?(?:this|the\s+current|my)\s+(?:folder|directory|workspace)\b|\bhere\b", re.IGNORECASE)
_IN_PLACE = re.compile(
    r"\b(?:in|inside|into|under|from)\s+(?P<place>[\w.-]*[a-z][\w.-]*(?:/[\w.-]+)*)/?(?=[\s.?!]*$|\s+(?:and|with|by)\b)",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"[\w-]+\.[A-Za-z][A-Za-z0-9]{0,4}\b")
_DURATION = re.compile(
    r"\bfor\s+(?P<text>(?:an?|one|half\s+an|[\d.]+)\s*(?P<unit>h(?:ours?|rs?)?|min(?:ute)?s?|m|days?))\b", re.IGNORECASE
)
_CONTENT_LABEL = r"\b(?:that(?=\s+\w)|containing|saying|says|that\s+says|that\s+reads|reading|to\s+say|(?:with\s+)?(?:the\s+|a\s+)?(?:text|body|message|content|contents)(?:\s+(?:is|of))?)\s*:?\s+(?:that\s+)?"
_LABEL = (
    r"\b(?:(?:with|under|using|and|has|have)\s+)?(?:(?:the|a|an)\s+)?(?:{words})\b\s*(?:of\s+|is\s+|line\s+|:\s*|=\s*)?"
    r"(?:called\s+|named\s+)?(?=\S)"
)
_LIST_GAP = re.compile(r"^\s*(?:,|and|&|,\s*and)\s*$", re.IGNORECASE)
_CUE_BEFORE = re.compile(
    r"(?:\b(?:to|from|in|at|on|for|of|by|with|into|as|inside|under|cc|bcc|copy|copying|until|till|through|called|named)\s*:?\s*)+$"
)
_PERSON = re.compile(r"\b[A-Z]\w+\s+(?:at|on|under)\s+$")


@dataclass
class Explanation:
    """What a clause says to one tool."""

    text: str
    slots: Sequence[Slot]
    args: dict[str, Any] = field(default_factory=dict[str, Any])
    taken: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Places of the clause that are explained as arguments, with the words that introduce them."""
    certain: int = 0
    """How many arguments were typed, labelled or quoted, rather than what was left."""
    foreign: int = 0
    """Typed things (an address, a file) that this tool has no place for."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Required parameters that the clause says nothing for."""
        return tuple(slot.name for slot in self.slots if slot.required and slot.name not in self.args)

    def open(self, *roles: Role) -> list[Slot]:
        """Parameters of these roles that have no value yet, required ones first."""
        found = [slot for slot in self.slots if slot.role in roles and slot.name not in self.args]
        return sorted(found, key=lambda slot: not slot.required)

    def is_free(self, start: int, end: int) -> bool:
        """Whether no argument was taken from that place."""
        return all(end <= low or high <= start for low, high in self.taken)

    def take(self, slot: Slot, value: Any, start: int, end: int, *, cue: bool = True) -> None:
        """Make `value` the argument of `slot`; the words that introduce it are explained with it."""
        self.args[slot.name] = value
        self.explain(start, end, cue=cue)
        self.certain += 1

    def explain(self, start: int, end: int, *, cue: bool = True) -> None:
        """Mark a place as explained, with the preposition before it."""
        before = (
            _PERSON.search(self.text[:start]) if "@" in self.text[start:end] or "+" in self.text[start:end] else None
        ) or (_CUE_BEFORE.search(self.text[:start]) if cue else None)
        self.taken.append((before.start() if before else start, end))

    def leftovers(self) -> Iterator[tuple[int, int]]:
        """The stretches of the clause that nothing was taken from."""
        position = 0
        for low, high in sorted(self.taken):
            if low > position:
                yield position, low
            position = max(position, high)
        if position < len(self.text):
            yield position, len(self.text)


def explain(text: str, slots: Sequence[Slot]) -> Explanation:
    """Find the typed and labelled arguments of a tool in a clause; free text is left for `remainder`."""
    found = Explanation(text, slots)
    request = read_request(text)
    quotes = [(span.start - 1, span.end + 1) for span in request.quoted]
    _dictated(found, request)
    _typed(found, request, quotes)
    _labelled(found, request)
    _moments(found, request)
    _folders(found)
    _patterns(found)
    _quoted(found, request)
    return found


def _dictated(found: Explanation, request: Request) -> None:
    """ "Saying see you at noon": what is dictated may hold addresses and dates, which are not arguments then."""
    for slot in found.slots:
        if slot.role == "content":
            _take_labelled(found, request, slot, _CONTENT_LABEL)


_RANGE = re.compile(
    r"\b(?:from|between)\s+(?P<low>\S+)\s+(?:to|and|until)\s+(?P<high>\S+?)(?=[.?!,]?(?:\s|$))", re.IGNORECASE
)
_LOW, _HIGH = frozenset({"lower", "min", "minimum", "low"}), frozenset({"upper", "max", "maximum", "high"})


def _range(found: Explanation) -> None:
    """ "From 0 to pi", where a tool takes two bounds."""
    low = [slot for slot in found.open("label", "number") if set(identifier_words(slot.name)) & _LOW]
    high = [slot for slot in found.open("label", "number") if set(identifier_words(slot.name)) & _HIGH]
    match = _RANGE.search(found.text)
    if match and low and high and low[0].role == high[0].role == "label":
        found.take(low[0], match["low"], *match.span())
        found.args[high[0].name] = match["high"]


def _labelled(found: Explanation, request: Request) -> None:
    """ "With subject Lunch", "titled 'Check it'", "the amount column"."""
    _range(found)
    for slot in found.slots:
        if slot.role != "label" or slot.name in found.args:
            continue
        words = "|".join(re.escape(label) for label in slot.labels)
        before = re.search(
            rf"\bthe\s+(?P<value>[\w-]+)\s+(?:{words})\b(?=\s+(?:of|in|from)\b|[\s.?!]*$)", found.text, re.IGNORECASE
        )
        if before and found.is_free(*before.span()):
            found.take(slot, before["value"], *before.span())
            continue
        _take_labelled(found, request, slot, _LABEL.format(words=words))


def _take_labelled(found: Explanation, request: Request, slot: Slot, label: str) -> None:
    for match in re.finditer(label, found.text, re.IGNORECASE):
        at_start = not found.text[: match.start()].strip()  # there, "text" and "note" are verbs
        if at_start or not found.is_free(match.start(), match.end()) or _inside(match.start(), request.quoted):
            continue
        start = match.end()
        quoted = next((span for span in request.quoted if span.start - 1 == start), None)
        if quoted:
            found.take(slot, quoted.text, match.start(), quoted.end + 1)
            return
        end = _value_end(found, start, slot)
        value = found.text[start:end].strip(" ,;.\"'")
        if value and re.match(r"\w", value):
            found.take(slot, value, match.start(), end)
            return


def _value_end(found: Explanation, start: int, slot: Slot) -> int:
    """Where an unquoted value ends: before the next label, for a short one at the next comma or preposition too."""
    labels = [
        label
        for other in found.slots
        if other is not slot and other.role in ("label", "content")
        for label in other.labels
    ]
    stops = [rf"\s*,?\s+(?:(?:and|with)\s+)*(?:the\s+|a\s+)?(?:{'|'.join(map(re.escape, labels))})\b"] if labels else []
    if slot.role == "label":
        stops += [r"\s*[,;]\s", r"\s+(?:to|saying|that\s+says|and|on|at|from|for|with)\s", r"[.?!]*$"]
    if any(other.role == "content" for other in found.slots) and slot.role != "content":
        stops.append(rf"\s*,?\s+(?:and\s+)?{_CONTENT_LABEL}")
    if any(other.role == "email" for other in found.slots):
        stops.append(r"\s*,?\s+(?:and\s+)?(?:to|cc|bcc|copy)\s+\S+@")
    ends = [match.start() + start for stop in stops if (match := re.search(stop, found.text[start:], re.IGNORECASE))]
    return min([len(found.text), *ends, *(low for low, _ in found.taken if low >= start)])


def _typed(found: Explanation, request: Request, quotes: Sequence[tuple[int, int]]) -> None:
    for kind, roles in _TYPED:
        spans = [
            s for s in request.spans if kind in s.kinds and found.is_free(s.start, s.end) and not _within(s, quotes)
        ]
        for span in spans:
            if found.is_free(span.start, span.end):
                _place_typed(found, span, roles)
    for match in _PHONE.finditer(found.text):
        if found.is_free(*match.span()):
            slots = found.open("phone")
            found.foreign += not slots and match.group().startswith("+")
            if slots:
                found.take(slots[0], match.group().strip(), *match.span())


def _place_typed(found: Explanation, span: Span, roles: tuple[Role, ...]) -> None:
    before = re.search(r"(\w+)\W*$", found.text[: span.start])
    word = before[1].lower() if before else ""
    if re.search(r"\.[A-Za-z][A-Za-z0-9]{0,4}$", span.text):
        roles = tuple(role for role in roles if role != "folder")
    slots = [slot for slot in found.slots if slot.role in roles]
    cued = [slot for slot in slots if slot.name in ({"copy": "cc", "copying": "cc"}.get(word, word),)]
    previous = next((slot for slot in slots if _continues(found, slot, span)), None)
    slot = (cued or [previous] if cued or previous else found.open(*roles))[:1]
    if not slot or slot[0] is None:
        found.foreign += "path" not in span.kinds or span.text.rpartition(".")[2].lower() in KINDS_OF_FILE
        return
    chosen = slot[0]
    value = span.text
    if chosen.many and "email" in roles:
        value = [*found.args.get(chosen.name, []), span.text]
    elif chosen.name in found.args:
        found.foreign += 1
        return
    found.take(chosen, value, span.start, span.end)


def _continues(found: Explanation, slot: Slot, span: Span) -> bool:
    """Whether this address goes on with the list that `slot` has begun ("a@x.org and b@x.org")."""
    if not slot.many or slot.name not in found.args:
        return False
    last = str(found.args[slot.name][-1])
    end = found.text.rfind(last, 0, span.start) + len(last)
    return _LIST_GAP.match(found.text[end : span.start]) is not None


def _moments(found: Explanation, request: Request) -> None:
    for match in _DURATION.finditer(found.text):
        for slot in found.open("duration")[:1]:
            minutes = _minutes(match["text"], match["unit"])
            found.take(slot, minutes if "hour" not in slot.name else minutes / 60, *match.span())
    slots = found.open("moment")
    spans = sorted(request.moments, key=lambda span: (-(span.end - span.start), span.start))
    for span in sorted(_outermost(spans), key=lambda span: span.start):
        if slots and found.is_free(span.start, span.end):
            value = span.moment.iso if span.moment and span.moment.iso else span.text
            found.take(slots.pop(0), value, span.start, span.end)


def _outermost(spans: Sequence[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in spans:
        if not any(span.overlaps(other) for other in kept):
            kept.append(span)
    return kept


def _minutes(text: str, unit: str) -> float | int:
    number = re.match(r"[\d.]+", text)
    amount = float(number.group()) if number else 0.5 if "half" in text.lower() else 1.0
    factor = 60 if unit.lower().startswith("h") else 1440 if unit.lower().startswith("d") else 1
    return int(amount * factor) if (amount * factor).is_integer() else amount * factor


def _folders(found: Explanation) -> None:
    if not any(slot.role in ("folder", "file") for slot in found.slots):
        return
    for match in _HERE.finditer(found.text):
        if found.is_free(*match.span()):
            for slot in found.open("folder")[:1]:
                if slot.required:
                    found.args[slot.name] = "."
            found.explain(*match.span())
    pattern = [_FOLDER, *([_IN_PLACE] if found.open("folder") else [])]
    for match in (match for one in pattern for match in one.finditer(found.text)):
        if any(span in match[0] for span in _FILE_NAME.findall(found.text)):
            continue
        name = match.groupdict().get("before") or match.groupdict().get("after") or match.groupdict().get("place") or ""
        if name.lower() in (
            "the",
            "a",
            "my",
            "new",
            "this",
            "which",
            "what",
            "called",
            "it",
            "them",
        ) or not found.is_free(*match.span()):
            continue
        files = [
            slot for slot in found.open("file") if re.search(r"\b(?:folder|directory)", slot.described, re.IGNORECASE)
        ]
        for slot in (found.open("folder") or files)[:1]:
            found.take(slot, name.rstrip("."), *match.span())


_KIND_OF_FILE = re.compile(r"\b(?P<kind>[a-z]{2,8})\s+(?:files|documents|scripts)\b", re.IGNORECASE)
_SUFFIXES = {"text": "txt", "markdown": "md", "python": "py", "excel": "xlsx", "javascript": "js", "jpeg": "jpg"}
KINDS_OF_FILE = frozenset("csv tsv txt md pdf json yaml toml xml html log py js xlsx docx png jpg svg zip ini".split())


def _patterns(found: Explanation) -> None:
    """ "All pdf files", where a tool takes a pattern of names."""
    slots = [slot for slot in found.open("label") if slot.name in ("pattern", "glob") and "*." in slot.described]
    for match in _KIND_OF_FILE.finditer(found.text):
        suffix = _SUFFIXES.get(match["kind"].lower(), match["kind"].lower())
        if slots and suffix in {*KINDS_OF_FILE, *_SUFFIXES.values()}:
            found.take(slots[0], f"*.{suffix}", match.start("kind"), match.end("kind"), cue=False)
            return


def _quoted(found: Explanation, request: Request) -> None:
    for span in request.quoted:
        if not found.is_free(span.start, span.end):
            continue
        for slot in sorted(found.open("content", "query", "label", "expression"), key=lambda slot: not slot.required)[
            :1
        ]:
            found.take(slot, span.text, span.start - 1, span.end + 1)


def _inside(position: int, spans: Sequence[Span]) -> bool:
    return any(span.start <= position < span.end for span in spans)


def _within(span: Span, places: Sequence[tuple[int, int]]) -> bool:
    return any(low <= span.start and span.end <= high for low, high in places)
