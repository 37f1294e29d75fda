"""Which tool explains a clause best, where rules suffice; everything else is left to the learned engine."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent_plugin_offline.candidates import read_request
from agent_plugin_offline.clauses import and_joints, is_question
from agent_plugin_offline.choosing import attempt, to_proposal
from agent_plugin_offline.explaining import Explanation, explain
from agent_plugin_offline.formulas import has_unknowns, is_formula
from agent_plugin_offline.moments import find_moments
from agent_plugin_offline.proposals import Proposal, ToolSpec, propose, propose_one
from agent_plugin_offline.remainder import REQUESTING, complete, unexplained
from agent_plugin_offline.scoring import default_weights
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import identifier_words, stem, tokenize
from agent_plugin_offline.tools import view_tools
from agent_plugin_offline.wording import Wording, Wordings, looks_up

_LABELLED, _FORMULA, _GENERALITY, _FILE_KIND = 1.0, 4.0, 4.0, 3.0
_OPENINGS = ((2, 1.0), (3, 4.0))
_LEAD, _KIN_LEAD, _TYPED, _MISSING, _OVER, _FOREIGN = 2.5, 1.0, 2.0, -4.0, -3.0, -4.0
_ENOUGH, _ENOUGH_FOR_FREE_TEXT = 2.0, 4.0
"""A frame scored below this is left to the engine; free text fits anything, so it takes more."""
_FORMED = frozenset({"email", "phone", "url", "file", "folder", "moment", "duration", "content", "query", "expression"})
"""Roles whose values rules find better than statistics."""
_CLEARLY_MEANT = 8.0
_TELLING = 0.5
_SHORTLIST = 4


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
    def promise(self) -> float:
        """What speaks for the tool before names and places are looked for."""
        given = sum(_worth(slot, self.found.args[slot.name], self.wording) for slot in self.wording.slots if slot.name in self.found.args)
        return self.asked + given + _FOREIGN * self.found.foreign

    @property
    def score(self) -> float:
        """What speaks for the tool, left-over words aside."""
        return self.promise + _MISSING * len(self.found.missing)

    @property
    def is_answerable(self) -> bool:
        """Complete; or so clearly meant that asking for what is missing makes sense."""
        return not self.found.missing or self.found.certain > 0 or self.asked >= _CLEARLY_MEANT


class Caller:
    """Proposes calls for clauses: by explanation where that leaves nothing over, else by the learned engine."""

    def __init__(self, tools: Sequence[ToolSpec], reading_tools: Collection[str] = ()) -> None:
        self.tools = tools
        self._wordings = Wordings(tools)
        self._lookups = frozenset(tool.name for tool in tools if looks_up(tool, reading_tools))
        self._read: dict[tuple[str, frozenset[str] | None], Proposal | None] = {}

    def one(self, clause: str, only: frozenset[str] | None = None) -> Proposal | None:
        """The call that a clause means; None when no tool fits.

        Args:
            clause: Part of a request.
            only: Names of the tools that may be chosen.
        """
        key = (clause, only)
        if key not in self._read:
            self._read[key] = self._one(clause, only)
        return self._read[key]

    def _one(self, clause: str, only: frozenset[str] | None) -> Proposal | None:
        wordings = [wording for wording in self._wordings.all if only is None or wording.tool.name in only]
        explained = self._explained(clause, wordings)
        if explained is not None:
            return self._agreed(clause, explained) if explained.is_answerable else None
        proposal = propose_one(clause, [wording.tool for wording in wordings])
        return self._checked(clause, proposal) if proposal else None

    def _explained(self, clause: str, wordings: Sequence[Wording]) -> Frame | None:
        """The tool that leaves no word of the clause over, if there is one."""
        if is_question(clause):  # "what do I have on Friday" is no order to add something
            wordings = [wording for wording in wordings if wording.tool.name in self._lookups]
        frames = sorted((frame(clause, wording) for wording in wordings), key=lambda one: -one.promise)[:_SHORTLIST]
        for one in frames:
            _fill_by_engine(one)
        best = max(frames, key=lambda one: one.score + _OVER * one.over, default=None)
        if best is None or best.over or not self._is_meant(clause, best):
            return None
        return best if best.score >= (_ENOUGH if best.found.certain else _ENOUGH_FOR_FREE_TEXT) else None

    def all(self, clause: str) -> list[Proposal]:
        """The independent calls that a clause means: more than one for "the weather in Rome and in Madrid"."""
        several = self._coordinated(clause)
        if several:
            return several
        explained = self._explained(clause, self._wordings.all)
        if explained is not None:
            return [self._agreed(clause, explained)] if explained.is_answerable else []
        return self.learned(clause)

    def learned(self, request: str) -> list[Proposal]:
        """What the engine alone makes of a request, without the values that cannot be right."""
        found = (self._checked(request, proposal) for proposal in propose(request, self.tools))
        return [proposal for proposal in found if proposal is not None]

    def _is_meant(self, clause: str, best: Frame) -> bool:
        """Without examples to compare with, a frame needs an argument with a form of its own, or the engine's consent."""
        typed = any(slot.role in _FORMED and slot.name in best.found.args for slot in best.wording.slots)
        if best.wording.tool.examples or (best.found.certain and (typed or best.asked >= _LEAD)):
            return True
        learned = propose_one(clause, self.tools)
        return learned is not None and learned.tool == best.wording.tool.name

    def _agreed(self, clause: str, explained: Frame) -> Proposal:
        """The explained call; where the tool gives no examples to go by, with names and numbers as the engine reads them."""
        proposal = _as_proposal(explained)
        if explained.wording.tool.examples:
            return proposal
        learned = propose_one(clause, self.tools)
        learned = self._checked(clause, learned) if learned else None
        if learned is None or learned.tool != proposal.tool or learned.missing:
            return proposal
        formed = {slot.name for slot in explained.wording.slots if slot.role in _FORMED}
        kept = {name: value for name, value in proposal.args.items() if name in formed}
        return replace(proposal, args={**learned.args, **kept}, missing=())

    def _coordinated(self, clause: str) -> list[Proposal]:
        """"Read a.txt and b.txt": the same call once per item."""
        places = and_joints(clause)
        whole = self.one(clause) if places else None
        for chosen in [places, *([place] for place in places)] if len(places) > 1 else [places]:
            found = self._one_each(clause, chosen, whole) if chosen else []
            if found:
                return found
        return []

    def _one_each(self, clause: str, places: Sequence[tuple[int, int]], whole: Proposal | None) -> list[Proposal]:
        """A call for the text before the first of `places` and for each item after; none where they differ otherwise."""
        head = clause[: places[0][0]]
        first = self.one(head)
        if first is None or first.missing:
            return []
        ends = [start for start, _ in places[1:]] + [len(clause)]
        items = [clause[end:stop] for (_, end), stop in zip(places, ends, strict=True)]
        name = next((name for name, value in first.args.items() if isinstance(value, str) and head.endswith(value)), None)
        if name is not None:
            stem_text = head[: -len(first.args[name])]
            others = [self.one(_joined(stem_text, item)) for item in items]
            if all(other and self._is_another(first, other, name, whole) for other in others):
                return [first, *(other for other in others if other)]
        verb = head.split(None, 1)[0]
        others = [self.one(f"{verb} {item}") for item in items]
        if len(first.args) > 1 and all(other and _differs_throughout(first, other) for other in others):
            return [first, *(other for other in others if other)]
        return []

    def _is_another(self, first: Proposal, other: Proposal, name: str, whole: Proposal | None) -> bool:
        if not _differs_in(first, other, name) or _takes_both(whole, str(first.args[name]), str(other.args[name])):
            return False
        return self._takes_items(first.tool, name, str(other.args[name]))

    def _takes_items(self, tool: str, name: str, value: str) -> bool:
        """Whether `value` can stand for itself: not half of a text, a query or a sum."""
        slot = next(slot for one in self._wordings.all if one.tool.name == tool for slot in one.slots if slot.name == name)
        if slot.role == "expression":
            return not slot.name.endswith("s") and is_formula(value) and not value.strip().lstrip("-").isalnum()
        return slot.role not in ("content", "query") and not slot.many

    def _checked(self, clause: str, proposal: Proposal) -> Proposal | None:
        """A proposal of the engine without the values that cannot be what their parameter takes."""
        wording = next(one for one in self._wordings.all if one.tool.name == proposal.tool)
        if not _is_asked_for(clause, wording) or explain(clause, wording.slots).foreign:
            return None
        said = {stem(token.text) for token in tokenize(clause)}
        args = {name: value for name, value in proposal.args.items() if _kept(wording.slots, name, value, said)}
        dropped = [name for name in wording.tool.parameters.get("required", ()) if name in proposal.args and name not in args]
        missing = (*proposal.missing, *dropped)
        return replace(proposal, args=args, missing=missing) if not missing or _leads(clause, wording) else None


def _joined(head: str, item: str) -> str:
    """`head` with another last item, whose own preposition is dropped if it is the same ("in Rome and in Madrid")."""
    words = head.split()
    first = item.split(None, 1)
    same = words and len(first) == 2 and words[-1].lower() == first[0].lower()
    return head + (first[1] if same else item)


def _differs_throughout(one: Proposal, other: Proposal) -> bool:
    """Whether two calls of one tool share nothing but the names of their arguments ("save 'a' to x and 'b' to y")."""
    return (
        one.tool == other.tool
        and not other.missing
        and one.args.keys() == other.args.keys()
        and all(value != other.args[name] for name, value in one.args.items())
    )


def _takes_both(whole: Proposal | None, one: str, other: str) -> bool:
    """Whether a single call has a place of its own for each item ("compare Rome and Madrid")."""
    if whole is None or whole.missing:
        return False
    values = [str(value) for value in whole.args.values()]
    return any(one in value and other not in value for value in values) and any(other in value and one not in value for value in values)


def _differs_in(one: Proposal, other: Proposal, name: str) -> bool:
    same = {key: value for key, value in one.args.items() if key != name}
    return (
        one.tool == other.tool
        and not other.missing
        and name in other.args
        and same == {key: value for key, value in other.args.items() if key != name}
    )


def frame(clause: str, wording: Wording) -> Frame:
    """Explain `clause` by one tool, as far as rules go."""
    found = explain(clause, wording.slots)
    complete(found, wording)
    return Frame(wording, found, _asked(found, wording))


def _fill_by_engine(one: Frame) -> None:
    """Let the engine find what is required and has no form of its own: names, places, codes."""
    found = one.found
    wanted = {*found.missing, *(slot.name for slot in found.open("label") if one.over)}
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
        if fresh and found.is_free(start, end) and _plausible(slot, guess.args[slot.name]):
            found.take(slot, guess.args[slot.name], start, end)


def _as_proposal(one: Frame) -> Proposal:
    return Proposal(one.wording.tool.name, dict(one.found.args), one.score, one.found.missing)


def _asked(found: Explanation, wording: Wording) -> float:
    tokens = tokenize(found.text)
    if not tokens:
        return 0.0
    asked = {stem(token.text) for token in tokens if found.is_free(token.start, token.end)}
    score = sum(wording.weights.get(word, 0.0) for word in asked)
    lead = stem(tokens[0].text)
    score += _LEAD if lead in wording.own_verbs else _KIN_LEAD if lead in wording.leads else 0.0
    words = found.text.lower().split()
    score += max((worth for length, worth in _OPENINGS if tuple(words[:length]) in wording.openings), default=0.0)
    return score


def _is_asked_for(clause: str, wording: Wording) -> bool:
    """Whether some telling word of the clause - not just "show" or "find" - is one of the tool's own."""
    words = [token for token in tokenize(clause) if not token.is_stop and token.lower not in REQUESTING]
    return any(wording.weight(token.text) >= _TELLING for token in words) or _leads(clause, wording)


def _leads(clause: str, wording: Wording) -> bool:
    return stem(clause.split()[0]) in wording.own_verbs


def _worth(slot: Slot, value: Any, wording: Wording) -> float:
    """How much an argument speaks for its tool: one that has a form of its own more than one that was merely labelled."""
    match slot.role:
        case "file" | "folder":
            kind = str(value).rpartition(".")[2].lower() if "." in str(value) else ""
            return _TYPED + (_FILE_KIND if kind and kind in wording.file_kinds else 0.0)
        case "email" | "phone" | "url" | "moment" | "duration":
            return _TYPED
        case "expression":
            general = _GENERALITY if wording.is_general_arithmetic and not has_unknowns(str(value)) else 0.0
            return _FORMULA + general if is_formula(str(value)) else 0.0
        case "choice" | "number" | "label" | "flag":
            return _LABELLED
        case _:
            return 0.0


def _kept(slots: Sequence[Slot], name: str, value: Any, said: set[str]) -> bool:
    """Whether an argument of the engine's may stand; a switch only where a word of its name was said."""
    slot = next((slot for slot in slots if slot.name == name), None)
    if slot is None:
        return True
    if slot.role == "flag":
        return slot.required or any(word[:6] == other[:6] for word in map(stem, identifier_words(name)) for other in said)
    return _plausible(slot, value)


def _plausible(slot: Slot, value: Any) -> bool:
    """Whether a value can be what its parameter takes; what has no form of its own is believed."""
    texts = [str(one) for one in (value if isinstance(value, list) else [value])]
    match slot.role:
        case "email":
            return all("@" in text for text in texts)
        case "url":
            return all("." in text for text in texts)
        case "file" | "folder":
            return all(re.search(r"\w[./\\]|[/\\]\w", text) for text in texts)
        case "expression":
            return all(is_formula(text) or len(text) == 1 or text.replace(".", "").isdigit() for text in texts)
        case "phone":
            return all(any(character.isdigit() for character in text) for text in texts)
        case "moment":
            return all(find_moments(text) for text in texts)
        case "label":
            return not any(re.search(r"@\w|://|^\+\d|\w\.(?:csv|tsv|xlsx?|txt|md|json|pdf|docx?)$", text) for text in texts)
        case _:
            return True
