"""What a request means to the trained models: its clauses, each with a tool and the words of its arguments."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations, pairwise
from typing import Any

from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.trained import choice, cuts, tagging
from agent_plugin_offline.trained.linear import probabilities, scores
from agent_plugin_offline.trained.parts import allowed
from agent_plugin_offline.trained.pieces import Piece, pieces_of

NONE = "none"
"""The class of clauses that no tool fits."""
_MOST_PIECES = 160
_MOST_CUTS = 4
_PERHAPS = 0.06
"""How likely a cut must be to be tried."""
_RIVALS = 5
_RIVAL = 0.02
"""How likely, against the likeliest, another tool must be to be tried."""
_ADDRESSES = frozenset({"email", "url", "file", "table"})


@dataclass(frozen=True)
class Meaning:
    """One tool that a clause may be for."""

    tool: str
    flag: str
    """A parameter that the wording sets: to append rather than to write."""
    probability: float
    said: tuple[tuple[str, str], ...] = ()
    """The parts of the clause, each with its words."""
    foreign: int = 0
    """Addresses, pages and files in the clause that this tool has no place for."""


@dataclass(frozen=True)
class Clause:
    """A stretch of the request with what it may mean, the likeliest first."""

    text: str
    meanings: tuple[Meaning, ...]


@cache
def _shipped() -> Mapping[str, Any]:
    packed = files("agent_plugin_offline.trained").joinpath("weights.json.gz").read_bytes()
    return json.loads(gzip.decompress(packed))


_OTHER: ContextVar[Mapping[str, Any] | None] = ContextVar("_OTHER", default=None)


def _weights() -> Mapping[str, Any]:
    return _OTHER.get() or _shipped()


@contextmanager
def reading_with(weights: Mapping[str, Any]) -> Generator[None]:
    """Read requests with other weights than those that are shipped: to judge what some requests teach of others."""
    token = _OTHER.set(weights)
    _KNOWN.clear()
    try:
        yield
    finally:
        _OTHER.reset(token)
        _KNOWN.clear()


class Understanding:
    """Reads requests for some tools."""

    def __init__(self, tools: Sequence[ToolSpec], alike: frozenset[str] = frozenset()) -> None:
        """`alike` are tools between which more than the wording decides: as one they are told from the others."""
        self._alike = alike
        self._tools = {tool.name: tool for tool in tools}
        self._learned: Mapping[str, Any] = _weights()
        known = sorted(self._learned["seen"])
        self._labels = [label for label in known if label.partition("+")[0] in self._tools] + [NONE]
        self._wording = frozenset(self._learned["wording"])
        self._parts = {
            label: allowed(self._tools[label.partition("+")[0]], self._learned["seen"].get(label, ()))
            for label in self._labels
            if label != NONE
        }

    @property
    def knows(self) -> bool:
        """Whether anything was learned of the tools at hand."""
        return len(self._labels) > 1

    def readings(self, request: str) -> list[tuple[float, tuple[tuple[int, int], ...]]]:
        """Ways to cut the request into clauses (as pieces), each with its logarithmic probability; likeliest first."""
        pieces = pieces_of(request)[:_MOST_PIECES]
        told = {
            at: probabilities(scores(self._learned["cuts"], features, ("cut", "whole")))["cut"]
            for at, features in cuts.features_of(pieces).items()
        }
        likely = sorted((at for at, p in told.items() if p > _PERHAPS), key=lambda at: -told[at])[:_MOST_CUTS]
        certain = sum(math.log(max(1 - told[at], 1e-6)) for at in likely)
        found: list[tuple[float, tuple[tuple[int, int], ...]]] = []
        for count in range(len(likely) + 1):
            for chosen in combinations(likely, count):
                gain = sum(math.log(max(told[at], 1e-6)) - math.log(max(1 - told[at], 1e-6)) for at in chosen)
                clauses = tuple(pairwise([0, *sorted(chosen), len(pieces)]))
                if not chosen or all(cuts.asks(pieces[start:end]) for start, end in clauses):
                    found.append((certain + gain, clauses))
        return sorted(found, reverse=True)

    def clause(self, request: str, place: tuple[int, int], number: int, after_tool: str) -> Clause:
        """What a stretch of the request may mean.

        Args:
            request: All of it.
            place: The pieces that the clause is made of.
            number: How many clauses come before.
            after_tool: The tool of the clause before.
        """
        pieces = pieces_of(request)[:_MOST_PIECES]
        mine = pieces[place[0] : place[1]]
        features = choice.features_of(mine, pieces[: place[0]] if number else (), after_tool)
        told = probabilities(scores(self._learned["choice"], features, self._labels))
        together = sum(probability for label, probability in told.items() if label in self._alike)
        weighed = {label: together if label in self._alike else p for label, p in told.items()}
        ranked = sorted(weighed.items(), key=lambda one: (-one[1], -told[one[0]]))
        first = next((label for label, _ in ranked if label in self._alike), "")
        ranked = [one for one in ranked if one[0] not in self._alike or one[0] == first][:_RIVALS]
        meanings = tuple(
            self._meaning(request, mine, number, label, probability)
            for label, probability in ranked
            if probability >= _RIVAL * ranked[0][1]
        )
        return Clause(request[mine[0].start : mine[-1].end] if mine else "", meanings)

    def _meaning(self, request: str, mine: Sequence[Piece], number: int, label: str, probability: float) -> Meaning:
        tool, _, flag = label.partition("+")
        if label == NONE:
            return Meaning(NONE, "", probability)
        view = tagging.View(mine, label, number, self._wording)
        stretches = tagging.read(view, self._learned["parts"], self._parts[label])[0][1]
        said = tuple((one.part, _words(request, mine, one)) for one in stretches)
        covered = {at for one in stretches for at in range(one.first, one.last)}
        foreign = sum(piece.form in _ADDRESSES and at not in covered for at, piece in enumerate(mine))
        return Meaning(tool, flag, probability, said, foreign)


def _words(request: str, mine: Sequence[Piece], one: tagging.Stretch) -> str:
    return request[mine[one.first].start : mine[one.last - 1].end]


def knows(tool: ToolSpec) -> bool:
    """Whether something was learned of a tool."""
    return tool.name in _weights()["seen"]


_KNOWN: dict[tuple[object, ...], Understanding] = {}
_SETS = 32


def understanding_of(tools: Sequence[ToolSpec], alike: frozenset[str]) -> Understanding:
    """What is known for some tools, prepared once per set of them."""
    key = tuple((tool.name, repr(tool.parameters)) for tool in tools)
    known = _KNOWN.pop(key, None) or Understanding(tools, alike)
    _KNOWN[key] = known
    while len(_KNOWN) > _SETS:
        _KNOWN.pop(next(iter(_KNOWN)), None)
    return known
