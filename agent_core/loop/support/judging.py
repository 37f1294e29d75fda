"""The judgement on a sentence: measures, weighed with what was learned from sentences written for it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from agent_core.loop.support.alignment import align
from agent_core.loop.support.language import can_be_judged
from agent_core.loop.support.measures import Measured, measure

CAP = 3.0
"""No measure counts for more than this."""
_MOST_REASONS = 2
_ABSENT = ("name-missing", "figure-missing", "figure-other", "unit-other")


@dataclass(frozen=True)
class Judgement:
    """Whether passages carry a sentence."""

    doubt: float
    """0 to 1: how probable it is that they do not."""
    reasons: tuple[str, ...]
    """What of the sentence they do not carry, what counted most first."""
    absent: int = 0
    """How many of its names and figures stand in none of them."""
    judged: bool = True
    """False for a language that is not known here: nothing is said of such a sentence."""

    @property
    def supported(self) -> bool:
        """Whether the doubt stays below what is marked."""
        return self.doubt < model().threshold


@dataclass(frozen=True)
class Model:
    """A logistic model over the measures."""

    weights: Mapping[str, float]
    bias: float
    threshold: float
    """From this doubt on a sentence is marked."""

    def doubt(self, measured: Measured) -> float:
        """The probability that the sentence is not carried."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.bias + sum(self.parts(measured).values())))))

    def parts(self, measured: Measured) -> dict[str, float]:
        """What each measure adds to the doubt."""
        return {name: self.weights.get(name, 0.0) * min(value, CAP) for name, value in measured.values.items()}


@cache
def model() -> Model:
    """The weights that are shipped."""
    held = json.loads(files("agent_core.loop.support").joinpath("weights.json").read_text("utf-8"))
    return Model(held["weights"], held["bias"], held["threshold"])


def judge(sentence: str, passages: Sequence[str]) -> Judgement:
    """Judge whether the passages carry the sentence."""
    if _stands_there(sentence, passages):
        return Judgement(0.0, ())
    if not can_be_judged(sentence, passages):
        return Judgement(0.0, (), judged=False)
    measured = measure(align(sentence, passages))
    parts = model().parts(measured)
    said = sorted((name for name in measured.reasons if parts[name] > 0), key=lambda name: -parts[name])
    reasons = list(dict.fromkeys(reason for name in said for reason in measured.reasons[name]))
    absent = sum(measured.values.get(name, 0.0) for name in _ABSENT)
    return Judgement(model().doubt(measured), tuple(reasons[:_MOST_REASONS]), int(absent))


_BEFORE = r"(?:^|[.!?:;\n\"“‘(\[•*-]\s*)"
_BEHIND = r"(?=\s*(?:$|[.!?;\n\"”’)\]]))"


def _stands_there(sentence: str, passages: Sequence[str]) -> bool:
    """Whether a passage holds the sentence word for word, and nothing before or after that it left out."""
    plain = " ".join(sentence.split()).strip("\"'“”‘’ .").casefold()
    if len(plain) <= 15:
        return False
    whole = re.compile(_BEFORE + re.escape(plain) + _BEHIND)
    return any(plain in text and whole.search(text) for text in (" ".join(one.split()).casefold() for one in passages))
