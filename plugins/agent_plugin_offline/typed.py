"""Arguments with a form of their own: addresses, telephone numbers, files, folders, dates and durations."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.formulas import BINDINGS, bindings
from agent_plugin_offline.numbers import find_numbers
from agent_plugin_offline.slots import Role, Slot
from agent_plugin_offline.text import words

_TYPED: tuple[tuple[str, tuple[Role, ...]], ...] = (
    ("url", ("url",)),
    ("email", ("email",)),
    ("path", ("file", "folder")),
)
_PHONE = re.compile(r"(?<![\w.])\+?\d[\d\s()-]{5,}\d(?!\w)")
_FOLDER = re.compile(
    r"(?<!^)\b(?:the\s+|my\s+|folder\s+|directory\s+)?(?P<before>(?!(?:the|my|an?|this|new|which|what|called|each|every)\b)[\w.][\w./-]*)"
    r"\s+(?:sub)?(?:folder|directory)\b"
    r"|\b(?:folder|directory)\s+(?:called\s+|named\s+|for\s+(?:my\s+|the\s+|our\s+)?)?(?P<quote>['\"]?)(?P<after>[\w./-]+)(?P=quote)",
    re.IGNORECASE,
)
_HERE = re.compile(r"\b(?:in\s+)?(?:this|the\s+current|my)\s+(?:folder|directory|workspace)\b|\bhere\b", re.IGNORECASE)
_IN_PLACE = re.compile(
    r"\b(?:in|inside|into|under|from)\s+(?P<place>(?-i:[a-z_.][\w.-]*)(?:/[\w.-]+)*)/?(?=[\s.?!]*$|,|\s+(?:and|with|by)\b)",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(r"[\w-]+\.[A-Za-z][A-Za-z0-9]{0,4}\b")
_AMOUNT = (
    r"(?:an?|one|two|three|four|five|six|seven|eight|ten|twelve|fifteen|twenty|thirty|forty(?:[-\s]five)?|sixty"
    r"|ninety|half\s+an|[\d.]+)"
)
_LENGTH = (
    rf"{_AMOUNT}(?:\s+and\s+a\s+half)?[\s-]*(?:h(?:ours?|rs?)?|min(?:ute)?s?|m|days?)(?:\s+and\s+(?:a\s+half"
    rf"|{_AMOUNT}\s+min(?:ute)?s?))?"
)
_DURATION = re.compile(
    rf"(?:\b(?:for|lasting(?:\s+for)?|(?:it\s+)?(?:will\s+)?lasts?(?:\s+for)?|takes?|taking|duration(?:\s+of)?:?)\s+(?P<text>{_LENGTH})"
    rf"|(?:,\s*|\()(?P<bare>{_LENGTH})(?:\s+long)?\)?|\b(?P<long>{_LENGTH})\s+(?:long|in\s+length|of(?=\s+[a-z])|for(?=\s+(?!the\b)[a-z]))"
    rf"|(?<=\ba\s)(?P<kind>[\d.]+-(?:minute|min|hour)))(?=\W|$)",
    re.IGNORECASE,
)
_AT_HOUR = re.compile(r"\s+(?:at|from)\s+\d{1,2}(?:\s*[ap]\.?m\b\.?)?(?![\w:.]\S)", re.IGNORECASE)
_NUMBER = r"-?(?<![\w.])\d+(?:\.\d+)?(?![\w%^*/(]|\s*[-+*/^=]|\.\d)"
_NUMBER_LIST = re.compile(
    rf"{_NUMBER}(?:\s*(?:,\s*and|,|;|and|&)\s+{_NUMBER})+|{_NUMBER}(?:,{_NUMBER})+|{_NUMBER}(?:\s+{_NUMBER}){{2,}}",
    re.IGNORECASE,
)
_LIST_GAP = re.compile(r"^\s*(?:,|and|&|,\s*and)\s*$", re.IGNORECASE)


def take_typed(found: Explanation, request: Request, quotes: Sequence[tuple[int, int]]) -> None:
    """Take addresses, pages, files and telephone numbers; those that the tool has no place for are foreign."""
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
    slots = [slot for slot in found.slots if slot.role in roles and _may_hold(slot, span.text)]
    cued = [slot for slot in slots if slot.name in ({"copy": "cc", "copying": "cc"}.get(word, word),)]
    previous = next((slot for slot in slots if _continues(found, slot, span)), None)
    slot = (cued or [previous] if cued or previous else [one for one in found.open(*roles) if one in slots])[:1]
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


def _may_hold(slot: Slot, path: str) -> bool:
    """Whether a parameter may take a path: one that only speaks of folders takes no "total.txt"."""
    only_folders = re.search(r"\bfolder", slot.described) and not re.search(r"\bfile|\bname", slot.described)
    return not (only_folders and path.rpartition(".")[2].lower() in KINDS_OF_FILE)


def _continues(found: Explanation, slot: Slot, span: Span) -> bool:
    """Whether this address goes on with the list that `slot` has begun ("a@x.org and b@x.org")."""
    if not slot.many or slot.name not in found.args:
        return False
    last = str(found.args[slot.name][-1])
    end = found.text.rfind(last, 0, span.start) + len(last)
    return _LIST_GAP.match(found.text[end : span.start]) is not None


def take_moments(found: Explanation, request: Request) -> None:
    """Take dates, times and durations, in the order of the parameters that hold them."""
    for match in _DURATION.finditer(found.text):
        for slot in found.open("duration")[:1]:
            minutes = minutes_of(match["text"] or match["bare"] or match["long"] or match["kind"])
            found.take(slot, minutes if "hour" not in slot.name else minutes / 60, *match.span())
    slots = found.open("moment")
    spans = sorted(request.moments, key=lambda span: (-(span.end - span.start), span.start))
    for span in sorted(_outermost(spans), key=lambda span: span.start):
        if any(
            quote.start <= span.start and span.end <= quote.end and quote.text != span.text for quote in request.quoted
        ):
            continue  # a day that is only mentioned in a text
        if slots and found.is_free(span.start, span.end):
            value = span.moment.iso if span.moment and span.moment.iso else span.text
            hour = _AT_HOUR.match(found.text, span.end)
            if hour and "T" not in value and ":" not in value and found.is_free(*hour.span()):
                found.take(slots.pop(0), value + hour[0].replace("from", "at"), span.start, hour.end())
            else:
                found.take(slots.pop(0), value, span.start, span.end)


_SITE = (
    r"room|hall|studio|office|building|gate|floor|kitchen|lobby|clinic|library|gym|park|restaurant|caf[eé]|pub|bar|station"
    r"|school|church|hospital|hotel|theatre|theater|cinema|museum|centre|center|garage|canteen|garden|lounge|suite"
)
_AT_PLACE = re.compile(
    rf"\b(?:in|at)\s+(?P<place>(?:the\s+|our\s+)?(?:(?!my\b)[a-z'’-]+\s+){{0,2}}?(?:{_SITE})\b(?:\s+(?-i:[A-Z]?\d[\w.-]*|[A-Z][\w-]*))*"
    r"|(?-i:(?:the\s+)?[A-Z][\w'’]+(?:\s+(?:of\s+|the\s+)*[A-Z][\w'’]+)*))(?=[\s.,!?]*$|\s+(?:on|at|from|for|tomorrow|next|this|to|with)\b|,)",
    re.IGNORECASE,
)


def take_places(found: Explanation, request: Request) -> None:
    """Take "in room 12B" where a tool takes a place where something happens."""
    for slot in [slot for slot in found.open("label") if slot.name in ("location", "place", "venue")][:1]:
        for match in _AT_PLACE.finditer(found.text):
            when = any(span.start < match.end() and match.start("place") < span.end for span in request.moments)
            if not when and found.is_free(*match.span()):
                found.take(slot, match["place"], *match.span())
                return


def _outermost(spans: Sequence[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in spans:
        if not any(span.overlaps(other) for other in kept):
            kept.append(span)
    return kept


_PART = re.compile(
    rf"(?P<amount>{_AMOUNT})(?P<half>\s+and\s+a\s+half)?[\s-]*(?P<unit>h|m|d)\w*(?P<after>\s+and\s+a\s+half)?",
    re.IGNORECASE,
)


def minutes_of(text: str) -> float | int:
    """Minutes of "an hour and a half", "1 hour and 15 minutes", "two days"."""
    total = 0.0
    for part in _PART.finditer(text):
        factor = {"h": 60, "d": 1440, "m": 1}[part["unit"].lower()]
        total += (_amount(part["amount"]) + (0.5 if part["half"] or part["after"] else 0.0)) * factor
    return int(total) if total.is_integer() else total


def _amount(text: str) -> float:
    if text[0].isdigit() or text[0] == ".":
        return float(text)
    if text.lower().startswith("half"):
        return 0.5
    numbers = find_numbers(text)
    return float(numbers[0].value) if numbers else 1.0


def take_number_lists(found: Explanation) -> None:
    """Take "3, 8 and 22" where a tool takes a list of numbers."""
    for slot in found.open("numbers"):
        match = next((m for m in _NUMBER_LIST.finditer(found.text) if found.is_free(*m.span())), None)
        if match:
            numbers = [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", match[0])]
            found.take(slot, [int(n) if n.is_integer() else n for n in numbers], *match.span())


def take_bindings(found: Explanation) -> None:
    """Take "when t is 2" where a tool takes values for unknowns."""
    for slot in found.open("bindings")[:1]:
        match = BINDINGS.search(found.text)
        if match and found.is_free(*match.span()):
            found.take(slot, bindings(match), *match.span())


def take_matrices(found: Explanation, request: Request) -> None:
    """Take "[[1, 2], [3, 4]]" where a tool takes something in such brackets."""
    slots = [slot for slot in found.open("label") if "such as [" in slot.described]
    for start, end in request.brackets:
        if slots and request.text[start] == "[" and found.is_free(start, end):
            found.take(slots.pop(0), request.text[start:end], start, end)


def take_folders(found: Explanation) -> None:
    """Take the folders that a clause names; "here" is the folder that the user works in."""
    if not any(slot.role in ("folder", "file") for slot in found.slots):
        return
    for match in _HERE.finditer(found.text):
        if found.is_free(*match.span()):
            for slot in found.open("folder")[:1]:
                found.here = True
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
    _into_folder(found)


_INTO = re.compile(
    r"\b(?:to|into|in|inside|under)\s+(?:the\s+|my\s+)?(?P<place>[a-z_][\w-]*(?:/[\w-]+)*)/?(?=[\s.?!]*$)",
    re.IGNORECASE,
)


def _into_folder(found: Explanation) -> None:
    """Take "into docs" where a tool takes a file and a place that may be a folder."""
    files = [slot for slot in found.slots if slot.role == "file" and slot.required]
    places = [slot for slot in files if slot.name not in found.args and re.search(r"\bfolder to\b", slot.described)]
    match = _INTO.search(found.text)
    if places and len(files) > len(places) == 1 and match and found.is_free(*match.span("place")):
        found.take(places[0], match["place"], *match.span())


_KIND_OF_FILE = re.compile(r"\b(?P<kind>[a-z]{2,8})\s+(?:files|documents|scripts)\b", re.IGNORECASE)
_SUFFIXES = {"text": "txt", "markdown": "md", "python": "py", "excel": "xlsx", "javascript": "js", "jpeg": "jpg"}
KINDS_OF_FILE = words("csv tsv txt md pdf json yaml toml xml html log py js xlsx docx png jpg svg zip ini")


def take_patterns(found: Explanation) -> None:
    """Take "all pdf files" as the pattern *.pdf, where a tool has one."""
    slots = [slot for slot in found.open("label") if slot.name in ("pattern", "glob") and "*." in slot.described]
    for match in _KIND_OF_FILE.finditer(found.text):
        suffix = _SUFFIXES.get(match["kind"].lower(), match["kind"].lower())
        if slots and suffix in {*KINDS_OF_FILE, *_SUFFIXES.values()}:
            found.take(slots[0], f"*.{suffix}", match.start("kind"), match.end("kind"), cue=False)
            return


def _within(span: Span, places: Sequence[tuple[int, int]]) -> bool:
    return any(low <= span.start and span.end <= high for low, high in places)
