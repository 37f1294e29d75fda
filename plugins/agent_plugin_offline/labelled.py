"""Arguments that a word introduces: "with subject Lunch", "saying see you at noon", "from 0 to pi"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.plausible import is_plausible
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import identifier_words, words

_CONTENT_LABEL = (
    r"\b(?:that(?=\s+\w)(?!\s+(?:to|with|as|by)\b)|containing|saying|says|that\s+says|that\s+reads|reading|to\s+say"
    r"|(?:telling|informing|reminding|to\s+(?:tell|inform|remind))\s+(?:him|her|them|us|everyone|everybody|[A-Z]\w+)(?:\s+that)?"
    r"|(?:asking|to\s+ask)(?:\s+(?:him|her|them|everyone|everybody|[A-Z]\w+))?(?=\s+(?:if|whether|to|for|when|where|what|who|how|why)\b)"
    r"|(?:to\s+let|letting)\s+(?:him|her|them|everyone|everybody|[A-Z]\w+)\s+know(?:\s+that)?"
    r"|with\s+the\s+(?:words|line|lines|sentence|contents)(?!\s+(?:of|from|in)\b)"
    r"|(?:with\s+)?(?:the\s+|a\s+)?(?:text|body|message|content)(?:\s+is)?(?!\s+(?:to|for|from|of|in|files?)\b))\s*:?\s+(?:that\s+)?"
)
_LABEL = (
    r"\b(?:(?:with|under|using|and|has|have)\s+)?(?:(?:the|a|an)\s+)?(?:{words})\b\s*(?:of\s+|is\s+|line\s+|:\s*|=\s*)?"
    r"(?:called\s+|named\s+)?(?=\S)"
)


_DICTATING = words(
    "note add append put write save store send forward email mail text message draft make take jot "
    "create keep post tell"
)
"""Orders that what follows a colon is the text of."""


def take_dictated(found: Explanation, request: Request) -> None:
    """Take dictated text ("saying see you at noon"); addresses and dates in it are not arguments then."""
    for slot in found.slots:
        if slot.role == "content":
            _take_labelled(found, request, slot, _CONTENT_LABEL)
            _take_after_colon(found, slot)


_COLON = re.compile(r"(?P<head>[^:\n]{3,90}?)\s*:\s+(?P<said>\S.*)$", re.DOTALL)


def _take_after_colon(found: Explanation, slot: Slot) -> None:
    """Take what an order puts behind a colon: "make a note of this: the plumber comes on Tuesday"."""
    match = _COLON.match(found.text) if slot.required and slot.name not in found.args else None
    if match is None or found.text.split(None, 1)[0].lower().strip(",:") not in _DICTATING:
        return
    others = {label for other in found.slots if other is not slot for label in other.labels}
    if any(match["head"].lower().endswith(label) for label in others) or "=" in match["said"]:
        return
    said = match["said"].strip().rstrip(".") if match["said"].count(".") == 1 else match["said"].strip()
    found.take(slot, said.strip("\"'“”"), *match.span("said"), cue=False)


_RANGE = re.compile(
    r"\b(?:from|between)\s+(?:[a-z]\s*=\s*)?(?P<low>\S+)\s+(?:to|and|until)\s+(?:[a-z]\s*=\s*)?(?P<high>\S+?)(?=[.?!,]?(?:\s|$))",
    re.IGNORECASE,
)
_LOW, _HIGH = frozenset({"lower", "min", "minimum", "low"}), frozenset({"upper", "max", "maximum", "high"})


def _range(found: Explanation) -> None:
    """Take both bounds of "from 0 to pi", where a tool has two."""
    low = [slot for slot in found.open("label", "number") if set(identifier_words(slot.name)) & _LOW]
    high = [slot for slot in found.open("label", "number") if set(identifier_words(slot.name)) & _HIGH]
    match = _RANGE.search(found.text)
    if match and low and high and low[0].role == high[0].role == "label":
        found.take(low[0], match["low"], *match.span())
        found.args[high[0].name] = match["high"]


_CONDITION = re.compile(
    r"\b(?:have|has|having|with|whose)\s+(?:an?\s+|the\s+)?(?P<column>[\w-]+)\s+(?P<sign>=|!=|<=?|>=?|is\s+|of\s+)?\s*"
    r"(?P<value>'[^']*'|\"[^\"]*\"|[\w.-]+)(?=\s+in\b|[\s.?!]*$)",
    re.IGNORECASE,
)


def _condition(found: Explanation) -> None:
    """Take "have status shipped" as the condition on rows that it is."""
    slots = [slot for slot in found.open("label") if "where" in identifier_words(slot.name)]
    match = _CONDITION.search(found.text) if slots else None
    if match and found.is_free(*match.span()):
        sign = (match["sign"] or "").strip()
        written = f"{match['column']} {sign if sign[:1] in '=!<>' and sign else '='} {match['value']}"
        found.take(slots[0], written, *match.span())


_PIECE = r"(?:'[^']+'|\"[^\"]+\"|\S+)"
_REPLACED = (
    re.compile(
        rf"\b(?:put|set|use|write|have)\s+(?P<new>{_PIECE})\s+(?:instead\s+of|in\s+place\s+of)\s+(?P<old>{_PIECE})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:change|replace|swap|turn|correct|alter|update)\s+(?P<all>(?:every|each|all)\s+(?:(?:the\s+)?(?:occurrences?|instances?|mentions?)\s+of\s+)?)?(?:the\s+)?(?:(?:word|line|value|port|text|name)\s+)?(?:\w+\s+from\s+)?(?P<old>{_PIECE})\s+(?:to|with|by|for|into)\s+(?P<new>{_PIECE})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"^(?:remove|delete|erase|drop|cut|strike|take\s+out)\s+(?:the\s+)?(?:word|line|phrase|text|sentence|string)\s+(?P<old>{_PIECE}(?:\s+{_PIECE}){{0,4}}?)(?=\s+(?:from|in|of|out)\b)",
        re.IGNORECASE,
    ),
)


def _replacement(found: Explanation) -> None:
    """Take the old and the new text of "put x instead of y", or the old one of "remove the word y"."""
    slots = {slot.name: slot for slot in found.slots if slot.role == "label" and slot.name in ("old", "new")}
    if len(slots) < 2:
        return
    for pattern in _REPLACED:
        match = pattern.search(found.text)
        if match and found.is_free(*match.span("old")):
            start = match.start("old") if match.groupdict().get("all") else match.start()
            found.take(slots["old"], match["old"].strip("'\""), start, match.end(), cue=False)
            found.args["new"] = (match.groupdict().get("new") or "").strip("'\"")
            return


def take_labelled(found: Explanation, request: Request) -> None:
    """Take what a parameter's own word introduces or follows: "with subject Lunch", "the amount column"."""
    _range(found)
    _replacement(found)
    _condition(found)
    for slot in found.slots:
        if slot.role not in ("label", "bindings") or slot.name in found.args:
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
        if slot.role == "bindings" and not is_plausible(slot, value):
            continue
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
    if slot.role in ("label", "bindings"):
        stops += [r"\s*[,;:]\s", r"\s+(?:to|saying|that\s+says|and|on|at|from|for|with)\s", r"[.?!]*$"]
    if any(other.role == "content" for other in found.slots) and slot.role != "content":
        stops.append(rf"\s*,?\s+(?:and\s+)?{_CONTENT_LABEL}")
    if any(other.role == "email" for other in found.slots):
        stops.append(r"\s*,?\s+(?:and\s+)?(?:to|cc|bcc|copy)\s+\S+@")
    if any(other.role == "file" and other.name not in found.args for other in found.slots):
        stops.append(r"\s+(?:to|in|into|onto)\s+(?:(?:the|a)\s+)?(?:file\s+)?[\w./-]+\.\w{1,5}[.?!]*$")
    ends = [match.start() + start for stop in stops if (match := re.search(stop, found.text[start:], re.IGNORECASE))]
    return min([len(found.text), *ends, *(low for low, _ in found.taken if low >= start)])


def _inside(position: int, spans: Sequence[Span]) -> bool:
    return any(span.start <= position < span.end for span in spans)
