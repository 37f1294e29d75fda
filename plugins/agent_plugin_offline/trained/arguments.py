"""From the stretches of a clause to a call's arguments: a value is the words of a stretch, as a tool takes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent_plugin_offline.choices import take_choices
from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.numbers import find_numbers
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import words
from agent_plugin_offline.trained.kindred import groups_of, size_of
from agent_plugin_offline.trained.parts import parts_of
from agent_plugin_offline.trained.pieces import pieces_of
from agent_plugin_offline.trained.spoken_times import spoken_times
from agent_plugin_offline.trained.when import day_and_clock, told
from agent_plugin_offline.typed import KINDS_OF_FILE, minutes_of
from agent_plugin_offline.wording import Wording

_MARKS = ' \t\n,;:"“”‘«»`'
_RELATIVE = re.compile(
    r"^(?:(?:but\s+)?only\s+)?(?:(?:for|of|where|whose|which|that|who|with|when|if|in\s+which|on\s+which)\s+)*(?:(?:the|a|an)\s+)?"
    r"(?:rows?\s+|entries\s+|those\s+|ones\s+)?(?:(?:where|which|that|who|with|have|has|had|are|were|was)\s+)*",
    re.IGNORECASE,
)
_FEWEST = re.compile(
    r"cheap|short|young|earl|light|slow|cold|small|low|least|few|worst|minim|alphabet|a\s*(?:-|to)\s*z|asc|up",
    re.IGNORECASE,
)
_OLD = re.compile(r"old|young|new|recent|late", re.IGNORECASE)
_KINDS = {
    "text": "txt",
    "markdown": "md",
    "python": "py",
    "excel": "xlsx",
    "javascript": "js",
    "word": "docx",
    "jpeg": "jpg",
}


@dataclass
class Filled:
    """What a clause gives a tool."""

    args: dict[str, Any] = field(default_factory=dict[str, Any])
    referring: dict[str, str] = field(default_factory=dict[str, str])
    """Parameters whose value is the result of another action, with the words that say so."""
    vague: set[str] = field(default_factory=set[str])
    """Parameters of which is said that they have a value, and not which: "the other folder"."""


def filled(wording: Wording, clause: str, said: Sequence[tuple[str, str]], flag: str = "") -> Filled:
    """The arguments of one tool.

    Args:
        wording: The tool.
        clause: The clause.
        said: Its stretches as (part, words), in their order; a part that ends in "=" refers to a result.
        flag: A parameter that the wording sets.
    """
    parts = parts_of(wording.tool)
    found = Filled()
    texts: dict[str, list[str]] = {}
    for part, text in said:
        plain = part.removesuffix("=")
        if plain != part or (plain in _NAMED and text.lower().strip(" .,'\"") in _POINTING):
            found.referring.update({slot.name: text for slot in parts.get(plain, ())[:1]})
        else:
            texts.setdefault(part, []).append(text)
    if "bcc" in parts and (unseen := [one for one in texts.get("cc", ()) if _is_unseen(one, clause)]):
        texts["bcc"], texts["cc"] = unseen, [one for one in texts["cc"] if one not in unseen]
    _complete(texts, clause, parts)
    for part, values in texts.items():
        for slot in parts.get(part, ()):
            value = _value(wording, clause, slot, part, values) if values else None
            if slot.name not in found.referring and value not in (None, "", []):
                found.args[slot.name] = value
    if flag:
        found.args.update({slot.name: True for slot in wording.slots if slot.name == flag and slot.role == "flag"})
    _matrices(found, wording, clause)
    _table(found, wording, clause, texts)
    return found


def _is_unseen(address: str, clause: str) -> bool:
    return re.search(rf"\b(?:bcc|blind\s+copy)\b[^@]*?{re.escape(address)}", clause, re.IGNORECASE) is not None


def _complete(texts: dict[str, list[str]], clause: str, parts: Mapping[str, Sequence[Slot]]) -> None:
    """Take apart what says two things: "between 10 and 17 March", "the newest file"."""
    if "start" in texts and "end" not in texts and "end" in parts and (both := _from_to(" ".join(texts["start"]))):
        texts["start"], texts["end"] = [both[0]], [both[1]]
    if "start" in texts and "end" in texts:
        _on_one_day(texts)
    if "order" in texts and "count" not in texts and _is_one(clause, texts["order"][0]):
        texts["count"] = ["one"]


def _on_one_day(texts: dict[str, list[str]]) -> None:
    """A day that is said behind the end holds for both: "13:00 to 14:00 on 5 April"."""
    (no_day, clock), (day, end) = day_and_clock(texts["start"]), day_and_clock(texts["end"])
    if clock and end and day and not no_day:
        texts["start"], texts["end"] = [f"{day} at {clock}"], [end]


def _matrices(found: Filled, wording: Wording, clause: str) -> None:
    """Matrices go where they are taken, with the operation that the clause names."""
    matrices = [piece.text for piece in pieces_of(clause) if piece.form == "matrix"]
    taking = [slot for slot in wording.slots if "such as [" in slot.described]
    if not matrices or not taking:
        return
    found.args.update({slot.name: written for slot, written in zip(taking, matrices, strict=False)})
    for other in wording.slots:
        if other.role == "choice" and other.required and (chosen := _choice(wording, other, clause)):
            found.args[other.name] = chosen


_NAMED = frozenset({"path", "destination", "folder", "title", "to"})
_POINTING = words("it them there that this these those one ones both here")
"""They name nothing by themselves."""
_RANGE = re.compile(
    r"^(?:between\s+|from\s+)?(?P<first>.+?)\s*(?:\band\b|\bto\b|\buntil\b|\btill\b|\bthrough\b|[-–])\s*(?P<last>.+)$",
    re.IGNORECASE,
)
_MONTH_OF = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b.*$", re.IGNORECASE)


def _from_to(said: str) -> tuple[str, str] | None:
    """Both ends of "between 10 and 17 March 2027"; None where there is one day only."""
    match = _RANGE.match(re.sub(r"^on\s+", "", said.strip(), flags=re.IGNORECASE))
    if match is None or re.search(r"\d{4}-\d", said):
        return None
    first, last = match["first"].strip(" ,"), match["last"].strip(" ,")
    if not all(
        any(True for _ in spoken_times(f"on {one}")) or re.fullmatch(r"(?:the\s+)?\d{1,2}(?:st|nd|rd|th)?", one)
        for one in (first, last)
    ):
        return None
    if re.fullmatch(r"(?:the\s+)?\d{1,2}(?:st|nd|rd|th)?", first) and (month := _MONTH_OF.search(last)):
        first = f"{first} {month[0]}"
    return first, last


def _is_one(clause: str, order: str) -> bool:
    """Whether the first in an order is meant, and not all in that order: "the newest file"."""
    at = clause.find(order)
    match = re.match(
        r"\s+(?:\w+\s+)??(?P<noun>file|one|document|photo|picture|image|entry|row|record|pdf|csv)\b",
        clause[at + len(order) :],
        re.IGNORECASE,
    )
    return match is not None or (
        at > 0 and re.search(r"\b(?:what|which)\b.*\bfile\b[^.]*$", clause[:at], re.IGNORECASE) is not None
    )


def _value(wording: Wording, clause: str, slot: Slot, part: str, values: Sequence[str]) -> Any:
    match slot.role:
        case "email":
            return list(dict.fromkeys(values)) if slot.many else values[0]
        case "moment":
            return told(values)
        case "duration":
            minutes = minutes_of(values[0])
            return minutes if "hour" not in slot.name else minutes / 60
        case "number" if part == "lines":
            return _lines(slot, values[0])
        case "number":
            return _number(slot, values[0])
        case "numbers":
            plain = re.sub(r"(?<=\d),(?=\d{3}\b)(?!\d{3},)", "", values[0])
            return [_plain(number) for number in re.findall(r"-?\d+(?:\.\d+)?", plain)]
        case "choice":
            return _choice(wording, slot, values[0])
        case "flag":
            return True
        case "folder" if not _is_placed(values[0], clause):
            return None
        case "file" | "folder":
            return _place(slot, values[0])
        case _:
            return _words(part, values[0], clause)


_THERE = words(
    "in under of from inside within at into to through on over across folder directory search scan list show ls"
)


def _is_placed(said: str, clause: str) -> bool:
    """Whether a folder stands where one is named: a mere word in some other place is a word of the sentence."""
    if re.search(r"[^A-Za-z\s]", said) or (said != said.lower() and len(said.split()) == 1):
        return True
    before = [word for word in re.findall(r"[\w']+", clause[: clause.find(said)].lower()) if word not in _DETERMINERS]
    after = clause[clause.find(said) + len(said) :].lower()
    return not before or before[-1] in _THERE or re.match(r"\s*(?::|folder|directory)", after) is not None


_DETERMINERS = words("the my this that our your a")
_KIND = re.compile(
    r"^(?:the|my|our)\s+(?=\S+(?:\s+(?:folder|directory))?$)|(?<=\S)\s+(?:folder|directory)$", re.IGNORECASE
)
"""What stands around the name of a folder: "the Choir folder"."""


def _place(slot: Slot, said: str) -> str | None:
    """A file or a folder; a folder is never called like a file."""
    path = _KIND.sub("", said.strip(_MARKS + "'’")).rstrip("/")
    is_file = "." in path and path.rpartition(".")[2].lower() in KINDS_OF_FILE
    if not re.search(r"[^\W\d]|\d/|\.", path):
        return None  # a number
    return None if slot.role == "folder" and is_file else path


def _words(part: str, said: str, clause: str) -> str:
    value = _text(said)
    if part == "pattern":
        return _pattern(value)
    if part != "where":
        return value
    value = _RELATIVE.sub("", value) or value
    rest = clause[clause.find(said) + len(said) :]
    if (more := _OPERAND.match(rest)) and re.search(r"(?:[=<>]|\bis|\bthan|\bequals)\s*$", value):
        value += f" {more[0].strip()}"
    return value


_OPERAND = re.compile(r"\s*(?:'[^']+'|\"[^\"]+\"|[\w.-]+)")


def _text(said: str) -> str:
    text = said.strip(_MARKS)
    for mark in "'’":
        if text[:1] in "'‘’" and text[-1:] == mark and len(text) > 2:
            text = text[1:-1]
    return text.strip()


def _plain(number: str) -> int | float:
    value = float(number)
    return int(value) if value.is_integer() else value


def _number(slot: Slot, said: str) -> int | None:
    found = [number for number in find_numbers(said) if not number.ordinal]  # "first" may begin the request
    return int(found[0].value) if found and float(found[0].value).is_integer() else None


def _lines(slot: Slot, said: str) -> int | None:
    """Where to begin, or how many lines: of "lines 40 to 55", "line 12", "the first five lines", "from line 9 on"."""
    first = slot.name.startswith(("start", "first"))
    numbers = [int(number.value) for number in find_numbers(said)]
    if re.search(r"\b(?:last|final|bottom|end)\b", said, re.IGNORECASE) or not numbers:
        return None
    if re.search(r"\b(?:first|top|opening)\b", said, re.IGNORECASE):
        counted = [int(number.value) for number in find_numbers(said) if not number.ordinal]
        return None if first else counted[0] if counted else 1
    if len(numbers) > 1 and numbers[1] >= numbers[0]:
        return numbers[0] if first else numbers[1] - numbers[0] + 1
    if re.search(r"\bline\b|\d(?:st|nd|rd|th)\b", said, re.IGNORECASE):
        onwards = re.search(r"\b(?:from|onwards?|on)\b", said, re.IGNORECASE)
        return numbers[0] if first else None if onwards else 1
    return None if first else numbers[0]


def _pattern(said: str) -> str:
    if "*" in said:
        return said
    kind = (
        re.sub(
            r"(?:\s+(?:files?|documents?|scripts?|photos?|pictures?|images?))+$", "", said.strip(), flags=re.IGNORECASE
        )
        .lower()
        .lstrip(".")
    )
    kind = (
        kind.removesuffix("s")
        if kind.removesuffix("s") in ("pdf", "csv", "mp3", "jpg", "png", "txt", "doc", "docx", "gif")
        else kind
    )
    return f"*.{_KINDS.get(kind, kind)}" if re.fullmatch(r"[a-z0-9]{1,8}", kind) else said


_DEGREE = re.compile(r"\b(?:the\s+)?(?:most|least)\s+(?!recent)", re.IGNORECASE)
"""How much of it, before what is compared: "the most space"."""


def _choice(wording: Wording, slot: Slot, said: str) -> str | None:
    if set(slot.choices) == {"ascending", "descending"}:
        if _OLD.search(said) or not said:
            return (
                "ascending"
                if re.search(r"oldest|earliest", said, re.IGNORECASE)
                else "descending"
                if re.search(r"newest|latest|recent", said, re.IGNORECASE)
                else None
            )
        return "ascending" if _FEWEST.search(said) else "descending"
    only = Explanation(f"show {_DEGREE.sub('', said)}", [slot])
    take_choices(only, wording)
    if slot.name in only.args:
        return str(only.args[slot.name])
    meant = {group for word in re.findall(r"\w+", said.lower()) for group in groups_of(word)}
    alike = {
        one: max((1 / size_of(group) for group in meant & set(groups_of(one))), default=0.0) for one in slot.choices
    }
    best = max(alike, key=lambda one: alike[one], default=None)
    return best if best is not None and alike[best] > 0 else None


_EXTREMES = words(
    "best biggest bottom greatest highest largest least lowest max maximum min minimum most peak smallest top worst"
)
"""They say which end is meant, and not of what: "the oldest person" is the one of the highest age."""
_EACH = re.compile(r"\b(?:by|each|every|per)\s+(?:the\s+)?$", re.IGNORECASE)


def _table(found: Filled, wording: Wording, clause: str, texts: Mapping[str, Sequence[str]]) -> None:
    """What follows from the rest of a question about a table: without a figure its rows are listed."""
    operation = next((slot for slot in wording.slots if slot.role == "choice" and "list" in slot.choices), None)
    if operation is None:
        return
    sort = next((slot for slot in wording.slots if slot.name.startswith("sort")), None)
    column, group, order = (texts.get(part, [""])[0] for part in ("column", "group_by", "order"))
    if operation.name not in found.args:
        found.args[operation.name] = ("sum" if column else "count") if group else "list"
    if found.args[operation.name] in ("min", "max"):
        if compared := _compared(clause, texts.get("measure", [""])[0], column):
            found.args["column"] = compared
        if group and not _EACH.search(clause[: clause.find(group)]):
            found.args.pop("group_by", None)  # "which town has the lowest price": its row says which
    if found.args[operation.name] == "count":
        found.args.pop("column", None)
    if sort is not None and order:
        found.args[sort.name] = _compared(clause, order, column) or _text(order)
    if found.args[operation.name] == "list" and order:
        found.args.pop("column", None)


def _compared(clause: str, extreme: str, column: str) -> str:
    """What rows are compared by: a column, unless the extreme says of what it is one, as "cheapest" does."""
    if not extreme or words(extreme.lower()) <= _EXTREMES:
        return _text(column)
    both = f"{extreme} {column}".strip()
    return _text(both if both in clause else extreme)
