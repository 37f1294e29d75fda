"""A plan from what the trained models make of a request: the likeliest way to cut it, each clause a call, linked."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from agent_plugin_offline import results
from agent_plugin_offline.calling import Caller
from agent_plugin_offline.linking import STAND_IN, Step, filled as filled_from, linked
from agent_plugin_offline.mentions import Mention, mentions, words_of
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.trained.arguments import filled
from agent_plugin_offline.trained.understanding import NONE, Clause, Meaning, understanding_of
from agent_plugin_offline.wording import Wording, looks_up, wordings_of

_MISSING, _IMPLIED = -1.6, -0.3
"""What a required argument that nothing is said for costs, and one that another clause's result may be."""
_FOREIGN = -2.5
"""What an address or a file costs that the tool has no place for."""
_UNLIKELY = 0.3
"""A call is proposed only if its tool is at least so likely."""
_TO_ACT = 0.4
_CUTS_TRIED = 6


@dataclass(frozen=True)
class _Call:
    step: Step
    referring: tuple[tuple[str, str], ...]
    worth: float
    probability: float


class Drafter:
    """Drafts plans with some tools."""

    def __init__(self, tools: Sequence[ToolSpec], reading_tools: Collection[str]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._reading = reading_tools
        self._understanding = understanding_of(tools)
        self._caller = Caller(tools, reading_tools)
        self._wordings = {one.tool.name: one for one in wordings_of(tools).all}

    def draft(self, request: str, said: str = "") -> list[Step] | None:
        """The steps; empty where no tool fits, None where nothing was learned of the tools at hand."""
        if not self._understanding.knows or not request.strip():
            return None
        best: tuple[float, list[_Call | None]] | None = None
        for worth, places in self._understanding.readings(request)[:_CUTS_TRIED]:
            calls: list[_Call | None] = []
            tool = ""
            for number, place in enumerate(places):
                clause = self._understanding.clause(request, place, number, tool)
                call, value = self._best(clause, number, len(places) > 1)
                worth += value
                calls.append(call)
                tool = call.step.spec.name if call else NONE
            if best is None or worth > best[0]:
                best = (worth, calls)
        if best is None:
            return None
        return self._assembled([call for call in best[1] if call is not None], said)

    def _best(self, clause: Clause, number: int, several: bool) -> tuple[_Call | None, float]:
        found: list[tuple[float, _Call | None]] = []
        for meaning in clause.meanings:
            if meaning.tool == NONE:
                found.append((math.log(meaning.probability), None))
                continue
            call = self._call(clause.text, meaning, number, several)
            found.append((call.worth, call))
        worth, call = max(found, key=lambda one: one[0]) if found else (-5.0, None)
        return call, worth

    def _call(self, text: str, meaning: Meaning, number: int, several: bool) -> _Call:
        spec = self._tools[meaning.tool]
        wording = self._wordings[meaning.tool]
        args, referring = self._arguments(text, meaning, wording)
        missing = tuple(
            slot.name for slot in wording.slots if slot.required and slot.name not in args and slot.name not in referring
        )
        worth = math.log(meaning.probability) + _FOREIGN * meaning.foreign
        for name in missing:
            implied = several and results.is_content(name, {})
            worth += _IMPLIED if implied else _MISSING
        title = " ".join(text.split()).strip(" .,;:")
        step = Step("", (title[:1].upper() + title[1:])[:80], spec, args, missing, looks_up(spec, self._reading), number)
        return _Call(step, tuple(referring.items()), worth, meaning.probability)

    def _arguments(self, text: str, meaning: Meaning, wording: Wording) -> tuple[dict[str, object], dict[str, str]]:
        found = filled(wording, meaning.said, meaning.flag)
        if any(slot.role in ("expression", "numbers") for slot in wording.slots) or "matrix" in wording.tool.name:
            only = frozenset({meaning.tool})
            said = [words for part, words in meaning.said if part in ("expression", "numbers")]
            for piece in (text, *said):
                proposal = self._caller.one(piece, only)
                if proposal is not None and not proposal.missing:
                    return {**proposal.args}, {}
        return found.args, found.referring

    def _assembled(self, calls: Sequence[_Call], said: str) -> list[Step]:
        ordered = list(calls)
        for at in range(len(ordered) - 1):
            wants = ordered[at].referring or any(results.is_content(name, {}) for name in ordered[at].step.missing)
            if wants and not any(c.step.looks_up for c in ordered[:at]) and ordered[at + 1].step.looks_up:
                ordered[at], ordered[at + 1] = ordered[at + 1], ordered[at]
        steps: list[Step] = []
        for call in ordered:
            step = replace(call.step, id=f"s{len(steps) + 1}", clause=len(steps))
            for name, words in call.referring:
                step = self._referring(step, name, words, steps)
            for name in step.missing:
                if results.is_content(name, step.parameter(name)) and steps:
                    step = filled_from(step, name, self._sources(steps, Mention(0, 0)), Mention(0, 0)) or step
            steps.append(step)
        return steps

    def _referring(self, step: Step, name: str, words: str, earlier: Sequence[Step]) -> Step:
        if not earlier:
            return replace(step, missing=(*step.missing, name))
        known = words_of([one.title for one in earlier])
        mention = next(iter(mentions(words, known)), Mention(0, len(words)))
        sources = self._sources(earlier, mention)
        put = linked(replace(step, args={**step.args, name: STAND_IN}), sources, mention)
        return put or replace(step, missing=(*step.missing, name))

    def _sources(self, earlier: Sequence[Step], mention: Mention) -> list[Step]:
        lookups = [step for step in earlier if step.looks_up] or list(earlier)
        return [lookups[-1]]
