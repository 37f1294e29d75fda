"""The labelled requests that the offline model learns from, as cases for each of its three models.

A line is a request with its actions and their values marked; see the head of tests/plugins/data/offline_corpus.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent_plugin_offline.text import words
from agent_plugin_offline.trained import choice, cuts, tagging
from agent_plugin_offline.trained.pieces import PLAIN, Piece, pieces_of

CORPUS = Path(__file__).parents[1] / "plugins" / "data" / "offline_corpus"
_SPAN = re.compile(r"\{(\w+)(?:=\$(\d+))?\|([^{}]*)\}")
_TOOLS = {"append": "write_file+append"}
_PARTS = {
    ("search_files", "text"): "query",
    ("search_documents", "question"): "query",
    ("list_events", "words"): "query",
    ("list_events", "period"): "start",
    ("remove_event", "period"): "start",
    ("send_mail", "body"): "content",
    ("draft_mail", "body"): "content",
    ("write_file", "text"): "content",
    ("append", "text"): "content",
    ("remember", "text"): "content",
}
"""What the corpus calls a parameter, as the part that it is of a request."""
_SWAPPED = words(
    "title content query subject location where column path destination folder find replace group_by start to url"
)
_OFTEN = 3
NONE = "none"


@dataclass(frozen=True)
class Mark:
    """A value in a request: `text[start:end]`; `refers` where the words stand for a result."""

    part: str
    start: int
    end: int
    refers: bool = False


@dataclass
class Action:
    """One action of a request, for one tool."""

    tool: str
    start: int
    end: int
    marks: list[Mark] = field(default_factory=list[Mark])
    incomplete: bool = False
    unmarked: bool = False
    """Whether only the tool is known, and no value is marked."""


@dataclass
class Labelled:
    """A request and what it means."""

    text: str
    actions: list[Action]


def parse(line: str) -> Labelled:
    """One line of the corpus."""
    text = ""
    actions: list[Action] = []
    for piece in line.rstrip("\n").split(" || "):
        head, _, body = piece.partition(": ")
        name = head.removeprefix("ask ").removeprefix("like ").strip()
        text += " " if text and not text.endswith(" ") else ""
        action = Action(_TOOLS.get(name, name), len(text), 0, [], head.startswith("ask "), head.startswith("like "))
        position = 0
        for found in _SPAN.finditer(body):
            text += body[position : found.start()]
            if found[3]:
                part = _PARTS.get((name, found[1]), found[1])
                action.marks.append(Mark(part, len(text), len(text) + len(found[3]), bool(found[2])))
            text += found[3]
            position = found.end()
        text += body[position:]
        action.end = len(text)
        actions.append(action)
    return Labelled(text, actions)


def load(paths: Iterable[Path]) -> list[Labelled]:
    """All requests of some files."""
    lines = (line for path in paths for line in path.read_text("utf-8").splitlines())
    return [parse(line) for line in lines if line.strip() and not line.startswith("#")]


def parts_seen(requests: Iterable[Labelled]) -> dict[str, frozenset[str]]:
    """Per tool, the parts that were marked with it at least twice."""
    counts: dict[str, Counter[str]] = {}
    for action in (one for request in requests for one in request.actions):
        own = counts.setdefault(action.tool, Counter())
        own.update({_label(mark) for mark in action.marks})
    return {tool: frozenset(part for part, n in own.items() if n > 1) for tool, own in counts.items()}


def _label(mark: Mark) -> str:
    return f"{mark.part}=" if mark.refers else mark.part


def _own(pieces: Sequence[Piece], action: Action) -> list[Piece]:
    return [piece for piece in pieces if action.start <= piece.start < action.end]


def choice_cases(requests: Iterable[Labelled]) -> Iterator[tuple[list[str], str]]:
    """Cases for the choice of a tool."""
    for request in requests:
        pieces = pieces_of(request.text)
        before = ""
        for action in request.actions:
            earlier = [piece for piece in pieces if piece.start < action.start]
            yield choice.features_of(_own(pieces, action), earlier, before), action.tool
            before = action.tool


def cut_cases(requests: Iterable[Labelled]) -> Iterator[tuple[list[str], str]]:
    """Cases for where an action begins."""
    for request in requests:
        pieces = pieces_of(request.text)
        begins = {next((n for n, p in enumerate(pieces) if p.start >= a.start), 0) for a in request.actions[1:]}
        for at, features in cuts.features_of(pieces).items():
            yield features, "cut" if at in begins else "whole"


def wording_counts(requests: Iterable[Labelled]) -> Counter[str]:
    """In how many requests each word stands outside of every value."""
    counts: Counter[str] = Counter()
    for request in requests:
        if any(action.unmarked for action in request.actions):
            continue
        marks = [mark for action in request.actions for mark in action.marks if not mark.refers]
        counts.update(
            {
                piece.known
                for piece in pieces_of(request.text)
                if piece.form in PLAIN and not any(mark.start <= piece.start < mark.end for mark in marks)
            }
        )
    return counts


def often(counts: Mapping[str, int], without: Mapping[str, int] | None = None) -> frozenset[str]:
    """The words that requests are often worded with."""
    own = without or {}
    return frozenset(word for word, n in counts.items() if n - own.get(word, 0) >= _OFTEN)


def tag_cases(
    requests: Iterable[Labelled], counts: Mapping[str, int], seen: Mapping[str, frozenset[str]]
) -> Iterator[tuple[tagging.View, tuple[tagging.Stretch, ...], frozenset[str]]]:
    """Cases for the parts of a clause; a request's own words do not count as those that are often used."""
    for request in requests:
        pieces = pieces_of(request.text)
        own = wording_counts([request])
        wording = frozenset(p.known for p in pieces if counts.get(p.known, 0) - own.get(p.known, 0) >= _OFTEN)
        for place, action in enumerate(request.actions):
            parts = seen.get(action.tool, frozenset())
            mine = _own(pieces, action)
            if action.tool != NONE and not action.unmarked and parts and mine:
                stretches = _stretches(action, mine, parts)
                yield tagging.View(mine, action.tool, place, wording), stretches, parts


def _stretches(action: Action, mine: Sequence[Piece], parts: frozenset[str]) -> tuple[tagging.Stretch, ...]:
    found: list[tagging.Stretch] = []
    for mark in sorted(action.marks, key=lambda one: one.start):
        inside = [n for n, piece in enumerate(mine) if piece.end > mark.start and piece.start < mark.end]
        if not inside or _label(mark) not in parts:
            continue
        first, last = inside[0], inside[-1] + 1
        if not found or found[-1].last <= first:
            found.append(tagging.Stretch(_label(mark), first, last))
    return tuple(found)


def varied(requests: Sequence[Labelled], times: int) -> list[Labelled]:
    """The requests with other values in the same wording: any title may stand where a title stands."""
    dice = random.Random(1)
    pool: dict[str, list[str]] = {}
    for request in requests:
        for mark in (mark for action in request.actions for mark in action.marks if not mark.refers):
            pool.setdefault(mark.part, []).append(request.text[mark.start : mark.end])
    return [_varied(request, pool, dice) for _ in range(times) for request in requests if _has_marks(request)]


def _has_marks(request: Labelled) -> bool:
    return any(action.marks for action in request.actions)


def _varied(request: Labelled, pool: Mapping[str, Sequence[str]], dice: random.Random) -> Labelled:
    text = ""
    actions: list[Action] = []
    position = 0
    for action in request.actions:
        text += request.text[position : action.start]
        position = action.start
        other = Action(action.tool, len(text), 0, [], action.incomplete, action.unmarked)
        for mark in sorted(action.marks, key=lambda one: one.start):
            text += request.text[position : mark.start]
            value = request.text[mark.start : mark.end]
            if mark.part in _SWAPPED and not mark.refers and dice.random() < 0.8:
                value = dice.choice(pool[mark.part])
            other.marks.append(Mark(mark.part, len(text), len(text) + len(value), mark.refers))
            text += value
            position = mark.end
        text += request.text[position : action.end]
        position = action.end
        other.end = len(text)
        actions.append(other)
    return Labelled(text, actions)
