"""The later half of explaining a clause: numbers, choices and switches that have a word for them, then free text."""

from __future__ import annotations

import re

from agent_plugin_offline.candidates import Span, read_request
from agent_plugin_offline.choices import take_choices
from agent_plugin_offline.clauses import ORDERS
from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.formulas import as_equations, as_formula, has_unknowns, is_formula
from agent_plugin_offline.plausible import NOTHING_NAMED, PLACEHOLDERS, UNTOLD, is_plausible
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import (
    NOISE,
    REQUESTING,
    STOP_WORDS,
    Token,
    content_stems,
    identifier_words,
    stem,
    tokenize,
    words,
)
from agent_plugin_offline.wording import Wording, kin

_COUNT_NAMES = words("limit max maximum count top number results n size")
_LEAD_INS: dict[str, re.Pattern[str]] = {
    "expression": re.compile(
        r"(?:for\s+(?:which|what)\s+(?:values?\s+of\s+)?[a-z]\s+(?:is|does|are)|(?:(?:find|determine|work\s+out|solve\s+for|what(?:'s|\s+is|\s+are))\s+)?(?:for\s+)?[a-z](?:\s*(?:,|\band\b)\s*[a-z]\b)*\s*(?::|\s(?:if|when|where|such\s+that|given(?:\s+that)?)\b)|what(?:'s|\s+is|\s+are|\s+do(?:es)?|(?!\s+(?:per|fraction|%)))|take|how\s+much(?:\s+is)?|calculate|compute|work\s+out|evaluate|figure\s+out|find|determine|tell\s+me|give\s+me|get"
        r"|the\s+(?:exact\s+)?(?:value|result|answer)\s+(?:of|to))\s+",
        re.IGNORECASE,
    ),
    "content": re.compile(
        r"(?:\w+(?:\s+(?:down|up|in|into))?\s*:?(?:\s+|$))(?:me\s+|us\s+)?(?:that\s+|to\s+(?=\w+@)|the\s+fact\s+that\s+|:\s*)?",
        re.IGNORECASE,
    ),
}
_TITLES = frozenset({"title", "summary"})
_AS_VARIABLE = re.compile(
    r"\s+(?:as|when|where)\s+[a-z]$|\s+(?:comes?\s+(?:out\s+)?to|equals?|makes?|amounts?\s+to|is|are)$"
)
_ASIDES = words(
    "please thanks kindly now again out up down away off back over me us myself it comes equals got quick quickly "
    "really whole entire new look go following later self more anymore just simply below any currently one "
    "ones next upcoming"
)
_PATH_WORDS = words("file files folder")


def complete(found: Explanation, wording: Wording) -> None:
    """Give numbers, choices, switches and the free text of a clause to the parameters that have none yet."""
    _numbers(found)
    _only_one(found)
    take_choices(found, wording)
    _flags(found, wording)
    _free_text(found, wording)


def _numbers(found: Explanation) -> None:
    request = read_request(found.text)
    for slot in found.open("number"):
        free = [span for span in request.numbers if found.is_free(span.start, span.end) and span.number]
        chosen = next((span for span in free if _labels_number(found, slot, span)), None)
        if chosen is None and slot.required and len(free) == 1 and len(found.open("number")) == 1:
            chosen = free[0]
        if chosen is not None and chosen.number is not None:
            value = chosen.number.value
            if opening := _FIRST.search(found.text, 0, chosen.start):
                found.explain(*opening.span(), cue=False)
            found.take(
                slot, int(value) if float(value).is_integer() else value, chosen.start, chosen.end, cue=slot.required
            )


_FIRST = re.compile(r"\b(?:first|top)\s+$", re.IGNORECASE)
_ONE_OF_MANY = re.compile(
    r"\b(?:largest|smallest|newest|oldest|biggest|latest|most\s+recent|longest|shortest|last|first|top)\s+"
    r"(?:[a-z]+\s+)?(?:file|document|folder|note|event|row|entry|item|result|record)\b"
    r"|\bwhich\s+(?:file|document)\b(?=.*\b(?:last|most\s+recently|newest|oldest|largest|biggest|smallest)\b)",
    re.IGNORECASE,
)


def _only_one(found: Explanation) -> None:
    """Take "the largest file" as a limit of one, where a tool has a limit and sorts."""
    match = _ONE_OF_MANY.search(found.text)
    sorts = any({"sort", "order"} & set(identifier_words(slot.name)) for slot in found.slots)
    for slot in [slot for slot in found.open("number") if "limit" in identifier_words(slot.name)][:1]:
        if match and sorts and found.is_free(*match.span()):
            found.args[slot.name] = 1


def _labels_number(found: Explanation, slot: Slot, span: Span) -> bool:
    """Whether the words around a number say that it is this parameter: "line 100", "the three largest", "top 5"."""
    before = [token.lower for token in tokenize(found.text[: span.start])][-2:]
    after = [token.lower for token in tokenize(found.text[span.end :])][:2]
    words = set(identifier_words(slot.name))
    if words & _COUNT_NAMES:
        counted = after and "ordinal" not in span.kinds and not (set(before[-1:]) & {"than", "over", "above", "below"})
        return bool(counted) and bool(
            {"top", "first", "last"} & set(before)
            or {"largest", "newest", "smallest", "oldest", "results", "most", "latest", "lines", "biggest", "files"}
            & set(after)
        )
    named = {stem(word) for word in words}
    counted = bool(after) and after[0].endswith("s")  # "2 lines" are not line 2
    return bool(before and stem(before[-1]) in named) or (bool(after) and not counted and stem(after[0]) in named)


_PLACE_SAID = re.compile(r"\bat\s+the\s+(\w+)")
"""Where something is put, as a switch describes it, is said nowhere else: "at the end"."""


def _flags(found: Explanation, wording: Wording) -> None:
    """A switch is on when one of its own words is said; it is never switched without."""
    for slot in found.open("flag"):
        own = {stem(word) for word in identifier_words(slot.name) if word not in STOP_WORDS}
        own |= {
            word
            for word in content_stems(slot.described)
            if wording.weights.get(word, 0.0) == 0.0 and word not in NOISE
        }
        own |= {stem(word) for word in _PLACE_SAID.findall(slot.described)}
        if stem(found.text.split(None, 1)[0]) in kin(frozenset(map(stem, identifier_words(slot.name)))):
            found.args[slot.name] = True  # "add ... to todo.md" appends
        for token in list(found.free_tokens()):
            if own & {stem(token.text), *map(stem, identifier_words(token.text))}:
                found.take(slot, True, token.start, token.end, cue=False)


def _free_text(found: Explanation, wording: Wording) -> None:
    slots = [slot for slot in found.open("content", "query", "expression", "label") if slot.required]
    titles = [slot for slot in slots if slot.role == "label" and _TITLES & set(identifier_words(slot.name))]
    slots = titles if titles and len(slots) > len(titles) == 1 else slots
    if not slots and any(token for token in unexplained(found, wording)):
        slots = found.open("query")
    if len(slots) != 1:
        return
    slot = slots[0]
    if slot.role != "expression" and _is_order_for_another(found.text, wording):
        return
    if not slot.required and not _is_about(found, wording):
        return
    if elsewhere := _looked_up(found.text, slot, wording):
        found.take(slot, found.text[slice(*elsewhere)], *elsewhere, cue=False)
        return
    if slot.role == "content" and stem(found.text.split(None, 1)[0].strip(",:")) not in wording.leads:
        return  # "in a.ini change x to y" dictates nothing to a tool that writes
    places = _titles(found, wording) if slot in titles else _stretches(found, slot, wording)
    best = max((place for place in places if place[1] > place[0]), key=lambda place: place[1] - place[0], default=None)
    if best is not None and _may_be(slot, found.text, best, wording):
        value = found.text[slice(*best)]
        found.take(slot, _written(slot, value), *best)
        if slot.role != "expression":
            found.certain -= 1
            found.guessed.add(slot.name)


def _left(found: Explanation) -> list[tuple[int, int]]:
    return [(start, end) for start, end in found.leftovers() if found.text[start:end].strip(" ,.;:?!")]


def _titles(found: Explanation, wording: Wording) -> list[tuple[int, int]]:
    """The stretches that may be what something is called."""
    places = [_titled(found.text, start, end, wording) for start, end in _left(found)]
    return [place for place in places if not _is_generic(found.text[slice(*place)], wording)]


def _stretches(found: Explanation, slot: Slot, wording: Wording) -> list[tuple[int, int]]:
    """The stretches that nothing was taken from, without the words that only ask."""
    trimmed = [_trimmed(found.text, start, end, slot, wording) for start, end in _left(found)]
    if slot.role == "label":
        return [place for place in trimmed if place[0] > 0 and _is_name(found, place, wording)]
    if slot.role == "expression" and not any(_may_be(slot, found.text, place, wording) for place in trimmed):
        trimmed = [(n.start, n.end) for n in read_request(found.text).numbers if found.is_free(n.start, n.end)]
        return trimmed if len(trimmed) == 1 else []  # "break 84 down into primes"
    return trimmed


def _written(slot: Slot, value: str) -> str:
    if slot.role != "expression":
        return value
    return as_equations(as_formula(value)) if "equation" in slot.name else as_formula(value)


def _may_be(slot: Slot, text: str, place: tuple[int, int], wording: Wording) -> bool:
    """Whether a stretch says something, names something that is there, and has the form that its parameter takes."""
    value = text[slice(*place)]
    if slot.role == "expression" and wording.is_general_arithmetic and has_unknowns(_written(slot, value)):
        return False
    if slot.role != "content" and names_none(text, place[0], wording):
        return False
    return (slot.role != "label" or is_plausible(slot, value)) and _means_something(value, slot)


_REFERRING = frozenset(map(stem, words("delete remove erase cancel forget discard edit move rename read open")))
_INDEFINITE = re.compile(r"\b(?:an?|some|another|any)\s+$|\b(?:some|any)(?=thing\b|one\b)|\bone\s+of\b", re.IGNORECASE)


def names_none(text: str, start: int, wording: Wording) -> bool:
    """Whether a tool that acts on what is there is only told of what kind: "delete a file" says not which."""
    acts = stem(identifier_words(wording.tool.name)[0]) in _REFERRING
    return acts and (_INDEFINITE.search(text[:start]) or _INDEFINITE.match(text[start:])) is not None


def _is_about(found: Explanation, wording: Wording) -> bool:
    """Whether what is left of a clause may narrow down what this tool shows: "what should I cook tonight" does not."""
    said = {stem(token.text) for token in tokenize(found.text)}
    named = not wording.objects.isdisjoint(said) or _ASKS_WHEN.match(found.text) is not None
    own = not said.isdisjoint(_OWN) or _ASKS_WHEN.match(found.text) is not None
    return named or (found.certain > 0 and own and not _ADVICE.search(found.text))


_OWN = frozenset(map(stem, words("i i'm my me we our us")))
_ASKS_WHEN = re.compile(r"(?:(?:at|on)\s+)?(?:when|what\s+(?:time|day|date))\b", re.IGNORECASE)


_ADVICE = re.compile(
    r"^(?:what|which|where|who|how|should|shall)\b.*\b(?:should|shall|could|would|might)\b", re.IGNORECASE
)


def _is_order_for_another(text: str, wording: Wording) -> bool:
    """Whether a clause begins with a verb that asks for something else than this tool does."""
    first = text.split(None, 1)[0].lower().strip(",:")
    return first in ORDERS and stem(first) not in wording.leads and not wording.weight(first)


_TITLE_LEAD = re.compile(
    r"(?:up\s+|in\s+|out\s+|down\s+)?(?:an?\s+|the\s+|my\s+|new\s+)*(?:(?:calendar\s+)?(?:event|entry|item|ticket|task|appointment)(?:\s*:\s*|\s+))?(?:(?:called|named|titled|for|about)\s+)?",
    re.IGNORECASE,
)


_KINDS_OF_EVENT = words("event events appointment meeting entry item reminder call task ticket slot thing something")


def _is_generic(title: str, wording: Wording) -> bool:
    """Whether a title says no more than what kind of thing it is: "a meeting in my calendar"."""
    told = [token for token in tokenize(title) if token.lower not in STOP_WORDS]
    return all(
        token.lower in _KINDS_OF_EVENT
        or not token.text[0].isalpha()
        or (stem(token.text) in wording.structural and not token.lower.endswith("ing"))
        for token in told
    )


_CONTAINER = re.compile(
    r"\s+(?:out\s+of|off|from|in|to|on|onto|into)\s+(?:(?P<whose>my|our)\s+|the\s+)?(?P<noun>\w+)\W*$", re.IGNORECASE
)


def _titled(text: str, start: int, end: int, wording: Wording) -> tuple[int, int]:
    """A stretch as the title of something: "call with Priya" of "schedule a call with Priya in my calendar"."""
    tokens = tokenize(text[start:end])
    if start == 0 and tokens:
        if stem(tokens[0].text) not in wording.leads:
            return end, end  # a verb that is not this tool's
        tokens = tokens[1:]
    if not tokens:
        return end, end
    begin, stop = start + tokens[0].start, start + tokens[-1].end
    begin = _TITLE_LEAD.match(text, begin, stop).end()  # pyright: ignore[reportOptionalMemberAccess] - it matches ""
    place = _CONTAINER.search(text[begin:stop])
    if place and stem(place["noun"]) in wording.structural | wording.objects:
        stop = begin + place.start()
    elif place and tokens and tokenize(text)[0].lower in ("add", "put", "insert", "enter") and place["whose"]:
        return end, end  # "add a song to my playlist": there is no such thing here
    if text[begin:stop].lower() in NOTHING_NAMED:
        return end, end
    return begin, stop


_ELSEWHERE = re.compile(
    r"(?P<lead>[\w'’ ]{0,40}?)\b"
    r"(?:(?:(?:on|in|over|across|through|search|check|browse)\s+)(?:the\s+)?(?:web|internet|net|google)"
    r"|online|^google)\b"
    r"[\s:,]*"
    r"(?:(?:for|about|to\s+(?:see|find(?:\s+out)?|learn|check)|and\s+(?:see|find(?:\s+out)?))\s+)?(?=\w)",
    re.IGNORECASE,
)


def _looked_up(text: str, slot: Slot, wording: Wording) -> tuple[int, int] | None:
    """What follows "find out on the web": the place to look says that all the rest is what to look for."""
    match = _ELSEWHERE.match(text)
    if slot.role != "query" or match is None or stem("web") not in wording.structural:
        return None
    lead = [token for token in tokenize(match["lead"]) if token.lower not in STOP_WORDS | REQUESTING | _ASIDES]
    if any(stem(token.text) not in wording.structural for token in lead):
        return None
    return match.end(), len(text.rstrip(" .?!"))


def _is_name(found: Explanation, place: tuple[int, int], wording: Wording) -> bool:
    """Whether a stretch holds nothing but words that are not the tool's own: a short name, not a sentence."""
    tokens = [token for token in read_request(found.text).tokens if place[0] <= token.start < place[1]]
    return 0 < len(tokens) <= 4 and not any(_asks(token, wording) for token in tokens)


def _means_something(value: str, slot: Slot) -> bool:
    if slot.role == "expression":
        value = _written(slot, value)
        return is_formula(value) or value.replace(".", "").isdigit() or len(value) == 1
    empty = (
        UNTOLD
        if slot.role == "content"
        else STOP_WORDS | (NOISE | words("many") if slot.role == "query" else words(""))
    )
    told = [word.lower() for word in re.findall(r"\w+", value) if word.lower() not in empty]
    return bool(told) and not (slot.role == "content" and all(word in PLACEHOLDERS for word in told))


def _trimmed(text: str, start: int, end: int, slot: Slot, wording: Wording) -> tuple[int, int]:
    """A stretch without the words that ask rather than say: "look up the ... on the web"."""
    while end > start and text[end - 1] in " ,;:.?" + ("!" if slot.role != "expression" else ""):
        end -= 1
    while start < end and text[start] in " ,;:":
        start += 1
    if slot.role == "expression" and (aside := _AS_VARIABLE.search(text[:end], start)):
        end = aside.start()
    pattern = _LEAD_INS.get(slot.role)
    if pattern is not None:
        at_start = not text[:start].strip()
        if slot.role == "expression" and at_start:
            start = _after_operation(text, start, end, wording)
        while at_start and (match := pattern.match(text, start, end)):
            start = match.end()
            if slot.role == "content":
                break
        if slot.role == "expression" and at_start:
            start = _first_formula(text, start, end, wording)
        return start, end
    if slot.role == "query" and (lead := _ASKED_OF.match(text, start, end)):
        start = lead.end()  # "what time is the lunch" is about the lunch
    tokens = tokenize(text[start:end])
    while tokens and (_asks(tokens[0], wording) or (slot.role == "query" and _is_verb_of(tokens[0], wording))):
        tokens.pop(0)
    while tokens and _asks(tokens[-1], wording):
        tokens.pop()
    return (start + tokens[0].start, start + tokens[-1].end) if tokens else (end, end)


_OPERATION = re.compile(
    r"(?:(?:what(?:'s|\s+is)|find|compute|calculate|give\s+me)\s+)?(?:the\s+)?(?:\w+\s+)?(?P<word>\w+)\s+of\s+",
    re.IGNORECASE,
)
_GENERAL = frozenset(stem(word) for word in words("calculate compute evaluate math calculator work"))


def _after_operation(text: str, start: int, end: int, wording: Wording) -> int:
    """The place after the words for what the tool itself does: "differentiate", "the derivative of"."""
    names = {stem(word) for word in identifier_words(wording.tool.name)}
    first = re.compile(r"(\w+)\s+").match(text, start, end)
    if first and stem(first[1]) in names - _GENERAL:
        return first.end()
    named = _OPERATION.match(text, start, end)
    if named and not names & _GENERAL and wording.weight(named["word"]) > 0 and is_formula(text[named.end() : end]):
        return named.end()
    return start


_TO_WHAT = words("of under for that")


def _first_formula(text: str, start: int, end: int, wording: Wording) -> int:
    """Where a formula begins, if only the tool's own words and grammar stand before it: "the system of equations"."""
    place = start
    for token in tokenize(text[start:end])[:6]:
        place = start + token.start - len(token.before)
        names = wording.computes_one_thing and len(token.text) > 1 and token.text.isalpha()
        if not _asks(token, wording) or (is_formula(text[place:end]) and not names and token.lower not in _TO_WHAT):
            break
    return place if is_formula(text[place:end]) else start


_ASKED_OF = re.compile(r"(?:time|day|date|hour)\s+(?:is|are|does|do|was)\s+", re.IGNORECASE)


def _is_verb_of(token: Token, wording: Wording) -> bool:
    """Whether a word means the same as one that the tool is asked for with: "contain" for "mention"."""
    return not token.before and wording.weight(token.text) > 0 and token.lower in _LINKING


_LINKING = words(
    "contain contains mention mentions include includes containing mentioning word phrase say says occur "
    "talk talks speak speaks discuss refer"
)


def _asks(token: Token, wording: Wording) -> bool:
    return not token.before and (token.lower in STOP_WORDS or stem(token.text) in wording.structural)


def unexplained(found: Explanation, wording: Wording) -> list[Token]:
    """The words that are neither arguments nor the tool's wording nor grammar."""
    takes_path = any(slot.role in ("file", "folder") for slot in found.slots)
    grammar = STOP_WORDS | _ASIDES | (_PATH_WORDS if takes_path else frozenset())
    return [
        token
        for token in found.free_tokens()
        if token.lower not in grammar
        and wording.weight(token.text) == 0.0
        and not (token.start == 0 and token.lower in REQUESTING)
    ]
