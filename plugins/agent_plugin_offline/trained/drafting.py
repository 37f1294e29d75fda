"""A plan from what the trained models make of a request: the likeliest way to cut it, each clause a call, linked."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from agent_plugin_offline import results
from agent_plugin_offline.calling import Caller
from agent_plugin_offline.courtesies import without_courtesies
from agent_plugin_offline.explaining import explain
from agent_plugin_offline.formulas import as_formula, is_formula, without_units
from agent_plugin_offline.linking import STAND_IN, Step, holds_stand_in, linked, stand_ins
from agent_plugin_offline.linking import filled as filled_from
from agent_plugin_offline.mentions import Mention, mentions, words_of
from agent_plugin_offline.plausible import NOTHING_NAMED, PLACEHOLDERS
from agent_plugin_offline.proposals import Proposal, ToolSpec
from agent_plugin_offline.slots import Slot, slots_of
from agent_plugin_offline.story import told_sum
from agent_plugin_offline.tabular import handed_over, in_words
from agent_plugin_offline.text import STOP_WORDS, stem, words
from agent_plugin_offline.trained.algebra import canonical, says_where
from agent_plugin_offline.trained.arguments import Filled, filled
from agent_plugin_offline.trained.parts import parts_of
from agent_plugin_offline.trained.understanding import NONE, Clause, Meaning, understanding_of
from agent_plugin_offline.wording import Wording, looks_up, wordings_of

_MISSING, _IMPLIED = -1.6, -0.3
"""What a required argument that nothing is said for costs, and one that another clause's result may be."""
_FOREIGN = -2.5
"""What an address or a file costs that the tool has no place for."""
_CUTS_TRIED = 6
_CERTAIN = math.log(0.5)
"""How likely it must be that no tool fits, for rules not to be asked."""
_JOINING = re.compile(r"^(?:(?:and|then|also|afterwards|next|&)\b[\s,]*)+(?=\w)", re.IGNORECASE)
"""What joins a clause to the one before is no part of its title."""
_FILE = re.compile(r"\S+\.\w{1,5}")
_UNNAMED = frozenset(
    map(
        stem,
        PLACEHOLDERS
        | words(
            "the that this those these my our some a an his her their other another different right new old same wrong "
            "somewhere else folder directory place document picture photo one two three of both all it them"
        ),
    )
)
"""Words that point to a file or a folder without saying what it is called."""
_QUOTES = "\"'“‘«`"


_SURE = frozenset({"folder", "duration", "bindings", "url"})
"""Roles that rules for typed values find where the models did not."""


def _is_quoted(text: str, value: str) -> bool:
    at = text.find(value)
    return at > 0 and text[at - 1] in _QUOTES


def _only_says_what_kind(wording: Wording, slot: Slot, value: object) -> bool:
    """Whether a value names no more than the kind of thing that is wanted: "a meeting" is not a title."""
    if not isinstance(value, str) or slot.role not in ("label", "content"):
        return False
    said = [word for word in re.findall(r"[a-z]+", value.lower()) if word not in STOP_WORDS and word != "new"]
    kinds = PLACEHOLDERS if slot.role == "content" else frozenset[str]()
    if not said or value.lower() in NOTHING_NAMED:
        return value.lower() in NOTHING_NAMED
    return not re.search(r"\d", value) and all(stem(word) in wording.objects or word in kinds for word in said)


@dataclass(frozen=True)
class _Call:
    step: Step
    referring: tuple[tuple[str, str], ...]
    worth: float
    probability: float
    text: str
    sure: bool = False
    """Whether what is to be computed was said in the words of its tool."""
    others: tuple[str, ...] = ()
    """Further files of which the same is wanted."""


def _talks(proposal: Proposal) -> bool:
    """Whether a calculation holds words that cannot be computed with."""
    for name, value in proposal.args.items():
        if isinstance(value, str) and name != "measure" and name != "operation" and name != "side":
            if name in ("expression", "equations"):
                talks = not is_formula(as_formula(value)) and (
                    proposal.tool == "calculate" or re.search(r"[a-z]{3}|^[\d.]+$", value) is not None
                )
            else:
                talks = re.search(r"\b(?!infinity\b|pi\b|sqrt\b)[a-z]{3,}", value, re.IGNORECASE) is not None
            if talks:
                return True
    return False


def computes(tool: ToolSpec) -> bool:
    """Whether a tool computes with what the request says, rather than with what a file holds."""
    return any(slot.role in ("expression", "numbers") or "such as [[" in slot.described for slot in slots_of(tool))


class Drafter:
    """Drafts plans with some tools."""

    def __init__(self, tools: Sequence[ToolSpec], reading_tools: Collection[str]) -> None:
        self.worth = 0.0
        """How likely the last draft is, as a logarithm."""
        self.sure = False
        """Whether all that the last draft computes was said in the words of its tool."""
        self.declines = False
        """Whether the last request was surely for no tool."""
        self._tools = {tool.name: tool for tool in tools}
        self._reading = reading_tools
        self._caller = Caller(tools, reading_tools)
        self._wordings = {one.tool.name: one for one in wordings_of(tools).all}
        self._calculators = frozenset(name for name, one in self._wordings.items() if computes(one.tool))
        self._understanding = understanding_of(tools, self._calculators)

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
        self.worth = best[0]
        chosen = self._evaluated([call for call in best[1] if call is not None])
        computed = [call.sure for call in chosen if call.sure or call.step.spec.name in self._calculators]
        self.sure = bool(computed) and all(computed)
        self.declines = best[0] > _CERTAIN and not chosen
        return self._assembled(chosen, said)

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
        worth = math.log(meaning.probability) + _FOREIGN * meaning.foreign
        found = self._arguments(text, meaning, self._wordings[meaning.tool])
        tool, args, referring = meaning.tool, found.args, found.referring
        sure = False
        if tool in self._calculators and (computed := self._ordered(text, meaning.tool)):
            tool, args, referring, sure = computed.tool, dict(computed.args), {}, True
        elif tool in self._calculators and (computed := self._computed(text, meaning)):
            told = args if computed.tool == tool else {}
            tool, args, referring = computed.tool, {**told, **computed.args}, {}
        elif tool in self._calculators:
            args = {name: value for name, value in args.items() if not _talks(Proposal(tool, {name: value}, 0.0))}
        slots = self._wordings[tool].slots
        wanted = {slot.name for slot in slots if slot.required} | {slot.name for slot in (in_words(slots),) if slot}
        missing = tuple(s.name for s in slots if s.name in wanted and s.name not in args and s.name not in referring)
        for name in missing:
            worth += _IMPLIED if name in found.vague or (several and results.is_content(name, {})) else _MISSING
        spec = self._tools[tool]
        title = _JOINING.sub("", " ".join(text.split())).strip(" .,;:")
        title = (title[:1].upper() + title[1:])[:80]
        step = Step("", title, spec, args, missing, looks_up(spec, self._reading), number)
        return _Call(
            step, tuple(referring.items()), worth, meaning.probability, text, sure, self._others(tool, args, meaning)
        )

    def _others(self, tool: str, args: Mapping[str, object], meaning: Meaning) -> tuple[str, ...]:
        """The files beside the first, where a tool takes one at a time."""
        own = next((slot for slot in parts_of(self._tools[tool]).get("path", ()) if slot.role == "file"), None)
        if own is None or own.many:
            return ()
        files = [
            said.strip(_QUOTES)
            for part, said in meaning.said
            if part == "path" and _FILE.fullmatch(said.strip(_QUOTES))
        ]
        return tuple(dict.fromkeys(file for file in files if file != args.get(own.name))) if files[1:] else ()

    def _each_file(self, calls: Sequence[_Call]) -> Iterator[_Call]:
        for call in calls:
            yield call
            for file in call.others:
                name = parts_of(call.step.spec)["path"][0].name
                yield replace(call, step=replace(call.step, args={**call.step.args, name: file}), others=())

    def _ordered(self, text: str, tool: str) -> Proposal | None:
        """What is to be computed, where it can be said in the words of a tool."""
        order = told_sum(text) or canonical(text, tool)
        if order is None:
            return None
        named = frozenset(order.split()[:1]) & self._calculators
        proposal = self._caller.one(order, named or self._calculators)
        if proposal is None or proposal.missing or _talks(proposal):
            return None
        if order.endswith("second order") and proposal.tool == "differentiate":
            return replace(proposal, args={**proposal.args, "order": 2})
        return proposal

    def _computed(self, text: str, meaning: Meaning) -> Proposal | None:
        """What is to be computed, as the rules for formulas read it: by the tool that was chosen, else by another."""
        plain = without_courtesies(text)
        said = [words for part, words in meaning.said if part in ("expression", "numbers")]
        for only in (frozenset({meaning.tool}), self._calculators):
            for piece in dict.fromkeys((plain, text, *said, *map(without_units, said))):
                proposal = self._caller.one(piece, only)
                if proposal is not None and not proposal.missing and not _talks(proposal):
                    return proposal
        return None

    def _arguments(self, text: str, meaning: Meaning, wording: Wording) -> Filled:
        found = filled(wording, text, meaning.said, meaning.flag)
        plain = explain(without_courtesies(text), wording.slots)
        taken = {str(value) for value in found.args.values()}
        for slot in wording.slots:
            sure = slot.role in _SURE or slot.name in ("subject", "pattern")
            if (
                sure
                and slot.name in plain.args
                and slot.name not in found.args
                and str(plain.args[slot.name]) not in taken
            ):
                found.args[slot.name] = plain.args[slot.name]
        for slot in wording.slots:
            value = found.args.get(slot.name)
            unnamed = (
                slot.role in ("file", "folder")
                and isinstance(value, str)
                and set(map(stem, value.lower().split())) <= _UNNAMED
            )
            if (
                slot.required
                and (unnamed or _only_says_what_kind(wording, slot, value))
                and not _is_quoted(text, str(value))
            ):
                del found.args[slot.name]
                found.vague.add(slot.name)
        if (asked := handed_over(wording.slots, found.args, _JOINING.sub("", without_courtesies(text)))) is not None:
            return Filled(asked)
        return found

    def _assembled(self, calls: Sequence[_Call], said: str) -> list[Step]:
        ordered = list(self._each_file(calls))
        for at in range(len(ordered) - 1):
            wants = ordered[at].referring or any(results.is_content(name, {}) for name in ordered[at].step.missing)
            if wants and not any(c.step.looks_up for c in ordered[:at]) and ordered[at + 1].step.looks_up:
                ordered[at], ordered[at + 1] = ordered[at + 1], ordered[at]
        steps: list[Step] = []
        for call in ordered:
            step = replace(call.step, id=f"s{len(steps) + 1}", clause=len(steps))
            if steps and step.spec.name in self._calculators and (leaning := self._leaning(call, step, steps)):
                steps.append(leaning)
                continue
            if (inner := self._inner(call)) is not None:
                inner = replace(inner, id=step.id, clause=step.clause)
                steps.append(inner)
                step = replace(step, id=f"s{len(steps) + 1}")
                name = next(name for name, value in step.args.items() if value == inner.title)
                put = replace(step, args={**step.args, name: STAND_IN})
                step = linked(put, [inner], Mention(0, 0)) or step
            for name, told in call.referring:
                step = self._referring(step, name, told, steps)
            for name in tuple(step.args):
                step = self._quoting(step, name, steps)
            for name in step.missing:
                if results.is_content(name, step.parameter(name)) and steps:
                    step = filled_from(step, name, self._sources(steps), Mention(0, 0)) or step
            steps.append(step)
        return steps

    def _evaluated(self, calls: Sequence[_Call]) -> list[_Call]:
        """The calls, with a derivative and the clause that says where it is wanted as one."""
        found: list[_Call] = []
        for call in calls:
            before = found[-1] if found else None
            name = call.step.spec.name
            if (
                before
                and before.step.spec.name == "differentiate"
                and name in self._calculators
                and says_where(call.text)
            ):
                order = canonical(f"{before.text} {call.text}", "differentiate")
                proposal = self._caller.one(order, self._calculators) if order else None
                if proposal is not None and proposal.tool == "differentiate" and "at" in proposal.args:
                    found[-1] = replace(before, step=replace(before.step, args=proposal.args), sure=True)
                    continue
            found.append(call)
        return found

    def _inner(self, call: _Call) -> Step | None:
        """A calculation in words where a text is taken: "email bo@example.com the product of 6 and 7"."""
        for name, value in call.step.args.items():
            if not isinstance(value, str) or not results.is_content(name, call.step.parameter(name)):
                continue
            if value not in call.text or _is_quoted(call.text, value):
                continue
            if not is_formula(value) or not re.search(r"[a-z]{2}", value):
                continue
            proposal = self._caller.one(value, self._calculators)
            if proposal is not None and not proposal.missing and not _talks(proposal):
                return Step("", value, self._tools[proposal.tool], proposal.args, (), True)
        return None

    def _leaning(self, call: _Call, step: Step, earlier: Sequence[Step]) -> Step | None:
        """A calculation with an earlier result in it: "take 10% of that sum"."""
        known = words_of([one.title for one in earlier])
        text = without_courtesies(call.text)
        for mention in mentions(text, known):
            for stand_in, _ in stand_ins(text, mention):
                proposal = self._caller.one(stand_in, self._calculators)
                if proposal is not None and not proposal.missing and holds_stand_in(proposal.args):
                    put = replace(step, spec=self._tools[proposal.tool], args=proposal.args, missing=())
                    if found := linked(put, self._sources(earlier), mention):
                        return found
        return None

    def _quoting(self, step: Step, name: str, earlier: Sequence[Step]) -> Step:
        """A text that begins with what stands for a result: "it as my target score"."""
        value = step.args[name]
        if not earlier or not isinstance(value, str) or not results.is_content(name, step.parameter(name)):
            return step
        known = words_of([one.title for one in earlier])
        mention = next((one for one in mentions(value, known) if one.start == 0), None)
        if mention is None or not any(one.looks_up for one in earlier):
            return step
        put = replace(step, args={**step.args, name: STAND_IN + value[mention.end :]})
        return linked(put, self._sources(earlier), mention) or step

    def _referring(self, step: Step, name: str, words: str, earlier: Sequence[Step]) -> Step:
        if not earlier:
            return replace(step, missing=(*step.missing, name))
        known = words_of([one.title for one in earlier])
        mention = next(iter(mentions(words, known)), Mention(0, len(words)))
        sources = self._sources(earlier)
        put = linked(replace(step, args={**step.args, name: STAND_IN}), sources, mention)
        return put or replace(step, missing=(*step.missing, name))

    def _sources(self, earlier: Sequence[Step]) -> list[Step]:
        lookups = [step for step in earlier if step.looks_up] or list(earlier)
        return [lookups[-1]]
