"""How well a tool explains a clause: what is said in its words, what it takes as arguments, what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from agent_plugin_offline.candidates import read_request
from agent_plugin_offline.choosing import attempt, to_proposal
from agent_plugin_offline.explaining import explain
from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.formulas import has_unknowns, is_equation, is_formula
from agent_plugin_offline.plausible import is_plausible
from agent_plugin_offline.proposals import Proposal
from agent_plugin_offline.remainder import complete, names_none, unexplained
from agent_plugin_offline.scoring import default_weights
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import REQUESTING, identifier_words, stem, tokenize
from agent_plugin_offline.tools import view_tools
from agent_plugin_offline.wording import Wording

LABELLED, _TYPED, _FORMULA, _GENERALITY, _FILE_KIND = 1.0, 2.0, 4.0, 8.0, 3.0
"""What an argument speaks for its tool: labelled; with a form of its own; a formula; that without unknowns, for a tool
of plain arithmetic; a file of a kind that the tool names."""
_OPERATION = 4.0
_EQUATION = 4.0
_OPENINGS = ((2, 1.0), (3, 4.0))
"""For beginning with the same so many words as one of its examples."""
LEAD, _KIN_LEAD = 2.5, 1.0
"""For beginning with a verb of its own, or one that asks for the same."""
_NAMED_LEAD = 1.0
"""For beginning with the verb in its name, or one that asks for the same."""
_MISSING, _FOREIGN = -4.0, -4.0
FORMED = frozenset(
    {
        "email",
        "phone",
        "url",
        "file",
        "folder",
        "moment",
        "duration",
        "content",
        "query",
        "expression",
        "numbers",
        "bindings",
    }
)
"""Roles whose values rules find better than statistics."""
_CLEARLY_MEANT = 8.0


@dataclass(frozen=True)
class Frame:
    """A clause explained by a tool."""

    wording: Wording
    found: Explanation
    asked: float
    """How strongly the words that are no arguments ask for this tool."""

    @property
    def over(self) -> int:
        """How many words are left over."""
        return len(unexplained(self.found, self.wording)) + self.found.foreign

    @property
    def has_formed(self) -> bool:
        """Whether an argument has a form of its own: a date, a file, a formula."""
        formed = FORMED - {"query", "content"}
        return self.found.here or any(
            slot.role in formed and slot.name in self.found.args for slot in self.wording.slots
        )

    @property
    def solves(self) -> bool:
        """Whether it has found an equation, for a tool that takes equations."""
        given = (self.found.args.get(slot.name) for slot in self.wording.slots if "equation" in slot.name)
        return any(is_equation(str(value)) for value in given if value)

    @property
    def transforms_words(self) -> bool:
        """Whether it would expand, integrate and so on what is no formula: "multiply the sum of 9 and 5 by 2"."""
        if not self.wording.computes_one_thing:
            return False
        given = (self.found.args.get(slot.name) for slot in self.wording.slots if slot.role == "expression")
        told = [str(value) for value in given if value]
        return any(re.search(r"[A-Za-z]{2}", one) and not has_unknowns(one) for one in told)

    @property
    def promise(self) -> float:
        """What speaks for the tool before names and places are looked for."""
        given = sum(
            _worth(slot, self.found.args[slot.name], self.wording)
            for slot in self.wording.slots
            if slot.name in self.found.args
        )
        return self.asked + given + (_TYPED if self.found.here else 0.0) + _FOREIGN * self.found.foreign

    @property
    def score(self) -> float:
        """What speaks for the tool, left-over words aside."""
        return self.promise + _MISSING * len(self.found.missing)

    @property
    def guesses(self) -> bool:
        """Whether it takes words that were left, with no more form of its own than a folder."""
        formed = FORMED - {"query", "content", "folder"}
        return bool(self.found.guessed) and not any(
            slot.role in formed and slot.name in self.found.args for slot in self.wording.slots
        )

    @property
    def is_complete(self) -> bool:
        """Whether it has all it needs, accounts for every word and has a reason to be chosen."""
        return not self.found.missing and not self.over and (self.asked > 0 or self.found.here)

    @property
    def is_answerable(self) -> bool:
        """Complete; or so clearly meant that asking for what is missing makes sense."""
        roles = {slot.role for slot in self.wording.slots if slot.name in self.found.missing}
        said = {stem(token.text) for token in tokenize(self.found.text)}
        if (
            "email" in roles
            and self.wording.tool.examples
            and self.wording.objects.isdisjoint(said)
            and not self._is_sent
        ):
            return False  # "write a song": not everything that is written is sent
        dictated = any(slot.role == "content" and slot.name in self.found.args for slot in self.wording.slots)
        if not roles or self.found.certain > 0 or (self.asked >= _CLEARLY_MEANT and not dictated):
            return True
        if self.is_ordered:
            return not dictated or roles == {"email"}
        return roles <= {"moment", "email"} and stem(self.found.text.split()[0]) in self.wording.own_verbs

    @property
    def _is_sent(self) -> bool:
        """Whether a clause that names nobody's address begins as one that does: "send it to ...", "write to ..."."""
        first = self.found.text.split(None, 2)[:2]
        return first[0].lower() in identifier_words(self.wording.tool.name)[:1] or first[1:] == ["to"]

    @property
    def is_named(self) -> bool:
        """Whether the clause holds a verb of this tool, or what it deals in; without examples nothing says which."""
        said = {stem(token.text) for token in tokenize(self.found.text)}
        return not (self.wording.tool.examples and (self.wording.leads | self.wording.objects).isdisjoint(said))

    @property
    def is_ordered(self) -> bool:
        """Whether the clause names verb and object of this tool: "delete a file", "schedule a meeting"."""
        said = [stem(token.text) for token in tokenize(self.found.text)]
        if not said or said[0] not in self.wording.leads:
            return False
        return said[0] in self.wording.objects or not self.wording.objects.isdisjoint(said[1:])

    @property
    def proposal(self) -> Proposal:
        """The call."""
        args, missing = dict(self.found.args), self.found.missing
        if missing:  # "send Peter a message": the rest of the words are no message
            told = [
                slot.name for slot in self.wording.slots if slot.role == "content" and slot.name in self.found.guessed
            ]
            args = {name: value for name, value in args.items() if name not in told}
            missing = (*missing, *(slot.name for slot in self.wording.slots if slot.required and slot.name in told))
        return Proposal(self.wording.tool.name, args, self.score, missing)


def frame(clause: str, wording: Wording) -> Frame:
    """Explain `clause` by one tool, as far as rules go."""
    found = explain(clause, wording.slots)
    complete(found, wording)
    return Frame(wording, found, _asked(found, wording))


def fill_by_engine(one: Frame) -> None:
    """Let the engine find what is required and has no form of its own: names, places, codes."""
    found = one.found
    formed = {slot.name for slot in found.slots if slot.role in FORMED - {"expression"}}
    wanted = {*found.missing, *(slot.name for slot in found.open("label") if one.over)} - formed
    if not wanted:
        return
    view = view_tools([one.wording.tool])[0]
    tried = attempt(read_request(found.text), view, default_weights(), found.args)
    guess = to_proposal(tried, 1.0, found.args)
    for slot in found.slots:
        if slot.name not in wanted or slot.name not in guess.args or slot.name not in guess.spans:
            continue
        start, end = guess.spans[slot.name]
        fresh = [word for word in unexplained(found, one.wording) if start <= word.start < end]
        if fresh and start > 0 and found.is_free(start, end) and is_plausible(slot, guess.args[slot.name]):
            if names_none(found.text, start, one.wording):
                continue
            found.take(slot, guess.args[slot.name], start, end)
            found.certain -= 1


def _asked(found: Explanation, wording: Wording) -> float:
    tokens = tokenize(found.text)
    if not tokens:
        return 0.0
    asked = {stem(token.text) for token in tokens if found.is_free(token.start, token.end)}
    score = sum(wording.weights.get(word, 0.0) for word in asked)
    if tokens[0].lower in REQUESTING and wording.computes_one_thing:
        return score  # "find the ..." asks for any of them
    lead = stem(tokens[0].text)
    score += _NAMED_LEAD if lead in wording.name_verbs else 0.0
    score += LEAD if lead in wording.own_verbs else _KIN_LEAD if lead in wording.leads else 0.0
    words = found.text.lower().split()
    score += max((worth for length, worth in _OPENINGS if tuple(words[:length]) in wording.openings), default=0.0)
    return score


def _worth(slot: Slot, value: Any, wording: Wording) -> float:
    """How much an argument speaks for its tool: one with a form of its own more than one that was labelled."""
    match slot.role:
        case "file" | "folder":
            kind = str(value).rpartition(".")[2].lower() if "." in str(value) else ""
            return _TYPED + (_FILE_KIND if kind and kind in wording.file_kinds else 0.0)
        case "numbers" | "bindings":
            return _FORMULA + (_OPERATION if slot.role == "bindings" and slot.required else 0.0)
        case "email" | "phone" | "url" | "moment" | "duration":
            return _TYPED
        case "expression":
            general = _GENERALITY if wording.is_general_arithmetic and not has_unknowns(str(value)) else 0.0
            equation = _EQUATION if is_equation(str(value)) == ("equation" in slot.name) else -_EQUATION
            return _FORMULA + general + equation if is_formula(str(value)) else 0.0
        case "choice" if slot.required:
            return _OPERATION
        case "choice" | "number" | "label" | "flag":
            return LABELLED
        case _:
            return 0.0
