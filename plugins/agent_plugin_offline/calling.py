"""The calls that a clause means: explained by rules where that leaves nothing over, else found by the engine."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from agent_plugin_offline.clauses import ORDERS, is_question
from agent_plugin_offline.coordination import Coordination
from agent_plugin_offline.explaining import explain
from agent_plugin_offline.frames import FORMED, LABELLED, LEAD, Frame, fill_by_engine, frame
from agent_plugin_offline.personal import asks_for_own_fact, asks_when, is_named, memory_slot, subject_of
from agent_plugin_offline.plausible import may_stand
from agent_plugin_offline.proposals import Proposal, ToolSpec, propose, propose_one
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import REQUESTING, stem, tokenize
from agent_plugin_offline.wording import Wording, looks_up, wordings_of

_OVER = -3.0
"""What each word that a tool leaves over speaks against it."""
_NEAR = 4.0
"""By how much one that explains every word may be behind one that does not."""
_ENOUGH, _ENOUGH_FOR_FREE_TEXT = 2.0, 4.0
"""A frame scored below this is left to the engine; free text fits anything, so it takes more."""
_CERTAIN = frozenset({"email", "phone", "url", "file", "folder", "moment"})
"""Roles whose values show that an incomplete call is meant, and worth a question."""
_FORMED_AND_TOLD = FORMED - {"content", "query"}
_TELLING = 0.5
_TO_ACT = 1.5
"""How strongly a tool that changes something must be asked for."""
_SHORTLIST = 4


class Caller:
    """Proposes calls for clauses: by explanation where that leaves nothing over, else by the learned engine."""

    def __init__(self, tools: Sequence[ToolSpec], reading_tools: Collection[str] = ()) -> None:
        self.tools = tools
        self._wordings = wordings_of(tools)
        self._lookups = frozenset(tool.name for tool in tools if looks_up(tool, reading_tools))
        self._read: dict[tuple[str, frozenset[str] | None], Proposal | None] = {}
        self._frames: dict[tuple[str, str], Frame] = {}
        self._explanations: dict[tuple[str, frozenset[str] | None], Frame | None] = {}

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

    def opens_another(self, tool: str, verb: str) -> bool:
        """Whether a verb is none of a tool's own, but one of another that looks things up: "open the newest file"."""
        own = {one.tool.name for one in self._wordings.all if stem(verb) in one.own_verbs and one.tool.examples}
        return tool not in own and not own.isdisjoint(self._lookups)

    def explains(self, clause: str) -> bool:
        """Whether a call leaves no word of `clause` over."""
        return self._explained(clause) is not None

    def _one(self, clause: str, only: frozenset[str] | None) -> Proposal | None:
        explained = self._explained(clause, only)
        if explained is not None:
            return self._agreed(clause, explained) if explained.is_answerable else None
        tools = [tool for tool in self._askable(clause) if only is None or tool.name in only]
        proposal = propose_one(clause, tools) if tools else None
        return self._checked(clause, proposal) if proposal else None

    def _explained(self, clause: str, only: frozenset[str] | None = None) -> Frame | None:
        """The tool that leaves no word of the clause over, if there is one."""
        key = (clause, only)
        if key not in self._explanations:
            wordings = [wording for wording in self._wordings.all if only is None or wording.tool.name in only]
            self._explanations[key] = self._best_frame(clause, wordings)
        return self._explanations[key]

    def _best_frame(self, clause: str, wordings: Sequence[Wording]) -> Frame | None:
        if is_question(clause) or clause.split(None, 1)[0].lower() in ORDERS:
            wordings = [wording for wording in wordings if self._may_serve(clause, wording)]
        frames = sorted((self._frame(clause, wording) for wording in wordings), key=lambda one: -one.promise)[
            :_SHORTLIST
        ]
        settled = max((one.score for one in frames if not one.over), default=float("-inf"))
        for one in frames:
            if one.promise + LABELLED * len(one.found.missing) >= settled:  # else it can win nothing any more
                fill_by_engine(one)
        if any(one.wording.is_general_arithmetic and not one.over for one in frames):
            frames = [one for one in frames if not one.transforms_words]
        best = max(frames, key=_standing, default=None)
        if best is not None and (best.over or (best.found.missing and not best.is_ordered)):
            least = _standing(best) - _NEAR if best.over else max(_ENOUGH_FOR_FREE_TEXT, best.asked / 2)
            rivals = (
                one
                for one in frames
                if one.is_complete and _standing(one) >= least and (best.over or one.wording.tool.name in self._lookups)
            )
            best = max(rivals, key=_standing, default=best)
        formed = next((one for one in frames if one.is_complete and one.has_formed), best)
        own = self._own_fact(clause, formed, wordings)
        if own is not None:
            return own
        if best is None or best.over or not self._is_meant(clause, best) or not self._is_asked(best):
            return None
        if best.found.missing and best.is_ordered:
            return best
        return best if best.score >= (_ENOUGH if best.found.certain else _ENOUGH_FOR_FREE_TEXT) else None

    def _is_asked(self, best: Frame) -> bool:
        """Whether the words that are no arguments ask for this tool: to act it takes more than to look something up."""
        if best.asked <= 0 and best.guesses:
            return False  # nothing but words that were left, and perhaps a folder
        if best.asked <= 0 and best.wording.computes_one_thing and not best.solves:
            return False  # a formula alone asks for its value, not for its derivative
        if best.wording.tool.name in self._lookups:
            return True
        return best.is_named and (best.asked >= _TO_ACT or not best.wording.tool.examples)

    def _frame(self, clause: str, wording: Wording) -> Frame:
        """A clause explained by one tool, worked out once."""
        key = (clause, wording.tool.name)
        if key not in self._frames:
            self._frames[key] = frame(clause, wording)
        return self._frames[key]

    def _own_fact(self, clause: str, best: Frame | None, wordings: Sequence[Wording]) -> Frame | None:
        """A question about the user's own life, put to the tool that keeps such facts; None if another is meant."""
        if not asks_for_own_fact(clause) or not (subject := subject_of(clause)):
            return None
        kept = [(wording, slot) for wording in wordings if (slot := memory_slot(wording.tool))]
        if not kept or (best is not None and best.has_formed):
            return None
        wording, slot = kept[0]
        others = (one.tool for one in wordings if one is not wording and one.tool.name in self._lookups)
        if any(is_named(tool, clause) for tool in others):
            return None
        found = explain(clause, ())
        found.slots = wording.slots
        found.take(slot, subject, 0, len(clause))
        return Frame(wording, found, _ENOUGH)

    def all(self, clause: str) -> list[Proposal]:
        """The independent calls that a clause means: more than one for "the weather in Rome and in Madrid"."""
        several = Coordination(self.one, self._slot).calls(clause)
        if several:
            return several
        explained = self._explained(clause)
        if explained is not None and asks_when(clause) and asks_for_own_fact(clause):
            return self._dated(clause, explained)
        if explained is not None:
            return [self._agreed(clause, explained)] if explained.is_answerable else []
        return self.learned(clause)

    def _dated(self, clause: str, explained: Frame) -> list[Proposal]:
        """A question for a day of the user's own: a calendar may know it as well as a note, so both are asked."""
        asked = subject_of(clause)
        own = explained.proposal
        dates = [one for one in self._wordings.all if one.tool.name in self._lookups and _keeps_dates(one)]
        notes = [(one, slot) for one in self._wordings.all if (slot := memory_slot(one.tool))]
        if own.tool not in {one.tool.name for one in dates} | {one.tool.name for one, _ in notes}:
            return [own]
        found = [Proposal(one.tool.name, {_query(one).name: asked}, own.score) for one in dates[:1]]
        found += [Proposal(one.tool.name, {slot.name: asked}, own.score) for one, slot in notes[:1]]
        given = {slot.role for slot in explained.wording.slots if slot.name in own.args} & {"moment"}
        return [own] if given else [own if one.tool == own.tool else one for one in found]

    def learned(self, request: str) -> list[Proposal]:
        """What the engine alone makes of a request, without the values that cannot be right.

        Where no tool gives examples there is nothing but the engine to go by, and it has weighed the values already.
        """
        proposals = propose(request, self._askable(request))
        if not any(one.tool.examples for one in self._wordings.all):
            return proposals
        found = (self._checked(request, proposal) for proposal in proposals)
        return [proposal for proposal in found if proposal is not None]

    def _askable(self, clause: str) -> list[ToolSpec]:
        """The tools that may serve a clause; of those that give examples, the ones that it names a thing for."""
        return [one.tool for one in self._wordings.all if not one.tool.examples or self._is_askable(clause, one)]

    def _is_askable(self, clause: str, wording: Wording) -> bool:
        args = self._frame(clause, wording).found.args
        told = any(slot.role in _FORMED_AND_TOLD and slot.name in args for slot in wording.slots)
        return told and self._may_serve(clause, wording)

    def _may_serve(self, clause: str, wording: Wording) -> bool:
        """Whether a question is put to a tool that looks up, and an order is one that the tool may be given."""
        first = clause.split(None, 1)[0].lower().strip(",:") if clause.strip() else ""
        looks = wording.tool.name in self._lookups
        if is_question(clause):
            return looks
        return first not in ORDERS or not looks or _may_begin(wording, first)

    def _is_meant(self, clause: str, best: Frame) -> bool:
        """Without examples to go by, a frame needs an argument with a form of its own, or the engine's consent."""
        typed = any(slot.role in FORMED and slot.name in best.found.args for slot in best.wording.slots)
        if best.wording.tool.examples or (best.found.certain and (typed or best.asked >= LEAD)):
            return True
        learned = propose_one(clause, self.tools)
        return learned is not None and learned.tool == best.wording.tool.name

    def _agreed(self, clause: str, explained: Frame) -> Proposal:
        """The explained call; without examples to go by, with names and numbers as the engine reads them."""
        proposal = explained.proposal
        if explained.wording.tool.examples:
            return proposal
        learned = propose_one(clause, self.tools)
        learned = self._checked(clause, learned) if learned else None
        if learned is None or learned.tool != proposal.tool or learned.missing:
            return proposal
        formed = {slot.name for slot in explained.wording.slots if slot.role in FORMED}
        kept = {name: value for name, value in proposal.args.items() if name in formed}
        return replace(proposal, args={**learned.args, **kept}, missing=())

    def _checked(self, clause: str, proposal: Proposal) -> Proposal | None:
        """A proposal of the engine without the values that cannot be what their parameter takes."""
        wording = next(one for one in self._wordings.all if one.tool.name == proposal.tool)
        if not _is_asked_for(clause, wording) or explain(clause, wording.slots).foreign:
            return None
        said = {stem(token.text) for token in tokenize(clause)}
        lead = clause.split(None, 1)[0].lower()
        args = {
            name: value for name, value in proposal.args.items() if may_stand(wording.slots, name, value, said, lead)
        }
        dropped = [
            name for name in wording.tool.parameters.get("required", ()) if name in proposal.args and name not in args
        ]
        missing = (*proposal.missing, *dropped)
        formed = any(slot.role in _CERTAIN and slot.name in args for slot in wording.slots)
        if missing and not (formed and _leads(clause, wording)):
            return None
        if wording.tool.examples and not missing and wording.tool.name not in self._lookups:
            return None  # what changes something is never done on statistics alone
        if wording.tool.examples and not any(
            slot.role in _FORMED_AND_TOLD and slot.name in args for slot in wording.slots
        ):
            return None  # examples tell more than statistics: who asks otherwise must at least name a thing
        return replace(proposal, args=args, missing=missing)

    def _slot(self, tool: str, name: str) -> Slot:
        return next(
            slot for one in self._wordings.all if one.tool.name == tool for slot in one.slots if slot.name == name
        )


def _keeps_dates(wording: Wording) -> bool:
    """Whether a tool finds days by words: asked "when", by a query, with nothing else that it must be told."""
    roles = {slot.role for slot in wording.slots}
    optional = not any(slot.required for slot in wording.slots)
    return optional and {"moment", "query"} <= roles and any(map(asks_when, wording.tool.examples))


def _query(wording: Wording) -> Slot:
    return next(slot for slot in wording.slots if slot.role == "query")


def _standing(one: Frame) -> float:
    return one.score + _OVER * one.over + LEAD * one.is_ordered


def _is_asked_for(clause: str, wording: Wording) -> bool:
    """Whether some telling word of the clause - not just "show" or "find" - is one of the tool's own."""
    words = [token for token in tokenize(clause) if not token.is_stop and token.lower not in REQUESTING]
    return any(wording.weight(token.text) >= _TELLING for token in words) or _leads(clause, wording)


def _may_begin(wording: Wording, first: str) -> bool:
    """Whether an order that begins with `first` may be one to look something up, or to compute it."""
    computes = any(slot.role in ("expression", "numbers") or (slot.choices and slot.required) for slot in wording.slots)
    return computes or stem(first) in wording.leads


def _leads(clause: str, wording: Wording) -> bool:
    return stem(clause.split()[0]) in wording.own_verbs
