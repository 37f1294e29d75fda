"""From a request to the steps that serve it: cut it into clauses, read each as a call, link it to the calls before.

Several ways to cut are compared. A cut is worth it when both sides are calls of their own; whatever fits best as a
whole stays whole. When some clause fits no tool the request as a whole fits none: half of what was asked for is not
done silently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent_plugin_offline.clauses import (
    Joint,
    forbids,
    joints,
    starting_words,
    starts_a_call,
    verb_first,
)
from agent_plugin_offline.courtesies import opens_content, without_courtesies
from agent_plugin_offline.following import completed_by, goes_on_computing
from agent_plugin_offline.linking import Step
from agent_plugin_offline.mentions import asks_for_nothing
from agent_plugin_offline.openings import asked_of_file, done_with, is_about
from agent_plugin_offline.personal import asks_for_own_fact, asks_when, memory_slot
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.reading import Reader
from agent_plugin_offline.remarks import is_remark, names_nothing, was_taken, with_remark
from agent_plugin_offline.rewording import reworded
from agent_plugin_offline.slots import slots_of
from agent_plugin_offline.spelling import Corrected, as_written, corrected, free_text
from agent_plugin_offline.story import told_sum
from agent_plugin_offline.telling import as_message
from agent_plugin_offline.trained.drafting import Drafter, computes
from agent_plugin_offline.trained.understanding import knows

_COMPLETE = 1.0
_INCOMPLETE = 0.4
"""What a call with a missing argument is worth against a complete one."""

_MENDED = 0.7
"""By how much likelier a request must be without its misspellings to be read so."""

_ASIDE = 0.05
"""What it is worth to leave out what asks for nothing, rather than to have it swallowed by free text."""


@dataclass(frozen=True)
class Draft:
    """The steps that a request means, in order. None: no tool fits."""

    steps: tuple[Step, ...] = ()
    sure: bool = False
    """Whether what it computes was said in the words of its tools."""
    declined: bool = False
    """Whether the request surely asks for something that no tool does."""

    @property
    def linked(self) -> bool:
        """Whether some step needs another to be finished before."""
        return any(step.after for step in self.steps)

    @property
    def question(self) -> tuple[Step, str] | None:
        """The first step that lacks an argument, with the argument's name."""
        return next(((step, step.missing[0]) for step in self.steps if step.missing), None)


@dataclass(frozen=True)
class _Partial:
    """The best reading of a beginning of the request."""

    worth: float = 0.0
    steps: tuple[Step, ...] = ()
    clauses: int = 0
    text: str = field(default="", repr=False)


def draft(
    request: str,
    tools: Sequence[ToolSpec],
    reading_tools: frozenset[str] = frozenset(),
    said: str = "",
    previous: str = "",
) -> Draft:
    """Plan a request.

    Args:
        request: The user's words.
        tools: The tools at hand.
        reading_tools: Names of those that only look something up: "the result" is theirs rather than that of a
            tool that did something with it.
        said: The last answer before this request: what "it" means when nothing in the request does.
        previous: The request before this one, which "and on Friday?" goes on with.
    """
    if (told := _story(request, tools, reading_tools)) is not None:
        return told
    fixed = corrected(request, tools)
    if (plain := without_courtesies(request)) and reworded(plain) != plain:
        planned = _by_rules(request, tools, reading_tools, fixed, said, previous)
        if planned.steps and not planned.question:
            return planned  # one clause, several calls: what is learned knows none of these
    learned = _learned(request, tools, reading_tools, fixed, previous)
    planned = _by_rules(request, tools, reading_tools, fixed, said, previous)
    chosen = planned if learned is None or _prefers_rules(planned, learned, request, said) else learned
    return Draft() if _leaves_names_out(chosen, request) else chosen


def _story(request: str, tools: Sequence[ToolSpec], reading_tools: frozenset[str]) -> Draft | None:
    """The sum that a story asks for, unless the request asks for something else beside it."""
    told = told_sum(request)
    if told is None or not any(map(computes, tools)):
        return None
    read = Drafter(tools, reading_tools).draft(request) or []
    if any(not step.looks_up for step in read) or (len(read) > 1 and any(not computes(step.spec) for step in read)):
        return None
    reader = Reader(tools, reading_tools, starting_words(tools))
    planned = _drafted(told, tools, reader)
    return planned if planned.steps and not planned.question and _only_computes(planned) else None


def _prefers_rules(planned: Draft, learned: Draft, request: str, said: str) -> bool:
    """Whether the plan by rules is the better one."""
    if any(not knows(step.spec) for step in planned.steps):
        return True
    if not planned.steps or planned.question:
        return bool(said) if learned.question else not learned.steps and not learned.declined
    if _tools(planned) == _tools(learned) and _says_more(planned, learned):
        return True
    if len(learned.steps) < len(planned.steps) and _names_of(learned, request) < _names_of(planned, request):
        return True  # a file or an address was left out
    if learned.declined:  # a sum is one by its form, and what nobody else knows the user may have told
        return _only_computes(planned) or (len(planned.steps) == 1 and memory_slot(planned.steps[0].spec) is not None)
    if learned.steps and not learned.question:
        return _only_computes(planned) and _may_compute(learned) and not learned.sure
    return not learned.steps or bool(said) or not set(_tools(learned)).isdisjoint(_tools(planned))


def _says_more(planned: Draft, learned: Draft) -> bool:
    """Whether rules tell all that was learned and more; or about the documents and tables, which they read better."""
    if any(_asks_table(step) or "question" in step.args for step in planned.steps):
        return True
    pairs = list(zip(learned.steps, planned.steps, strict=True))
    return all(read.args.items() <= ruled.args.items() for read, ruled in pairs)


_NAMED = re.compile(r"[\w.+-]+@[\w.-]+\w|[\w./-]*\w\.[A-Za-z]\w{1,4}\b")


def _names_of(plan: Draft, request: str) -> frozenset[str]:
    """The files and addresses of a request that a plan has a place for."""
    given = " ".join(str(value) for step in plan.steps for value in step.args.values())
    return frozenset(name for name in _NAMED.findall(request) if name in given)


_CAPITAL = re.compile(r"(?<=[a-z,] )[A-Z][\w'-]*[a-z]")


def _leaves_names_out(plan: Draft, request: str) -> bool:
    """Whether a plan only looks around and takes nothing of a request that names somebody or something."""
    given = [str(value) for step in plan.steps for value in step.args.values()]
    taken = any(value in request for value in given) or any(
        name in " ".join(given) for name in _CAPITAL.findall(request)
    )
    looks = bool(plan.steps) and all(step.looks_up for step in plan.steps)
    return looks and not taken and _CAPITAL.search(request) is not None


def _tools(plan: Draft) -> list[str]:
    return [step.spec.name for step in plan.steps]


def _asks_table(step: Step) -> bool:
    """Whether a call asks for rows of a table: which, rules tell from its columns' names and comparisons in words."""
    return {"where", "group_by"} <= step.spec.parameters.get("properties", {}).keys()


def _only_computes(plan: Draft) -> bool:
    return all(computes(step.spec) for step in plan.steps)


def _may_compute(plan: Draft) -> bool:
    """Whether a plan is for calculators, or is a mere question for what is kept: "the tenth fibonacci number"."""
    kept = len(plan.steps) == 1 and plan.steps[0].looks_up and not _paths(plan.steps[0])
    return kept or _only_computes(plan)


def _learned(
    request: str, tools: Sequence[ToolSpec], reading_tools: frozenset[str], fixed: Corrected, previous: str
) -> Draft | None:
    """What the trained models make of a request by itself; None where they know none of the tools."""
    if not any(tool.examples for tool in tools) or completed_by(request, previous) or goes_on_computing(request):
        return None
    if asks_when(request) and asks_for_own_fact(request):
        return None
    drafter = Drafter(tools, reading_tools)
    steps = drafter.draft(request)
    if steps is None:
        return None
    drafted = Draft(_in_order(steps), drafter.sure, drafter.declines)
    if fixed.written:
        worth = drafter.worth
        mended = drafter.draft(fixed.text)
        if mended and drafter.worth > worth + _MENDED and not any(step.missing for step in mended):
            return Draft(_in_order([as_written(step, fixed) for step in mended]))
    return drafted


def _by_rules(
    request: str,
    tools: Sequence[ToolSpec],
    reading_tools: frozenset[str],
    fixed: Corrected,
    said: str,
    previous: str,
) -> Draft:
    reader = Reader(tools, reading_tools, starting_words(tools))
    planned = _planned(request, tools, reader, said, previous)
    if planned.steps and not planned.question and not _takes_a_slip(planned, request, fixed):
        return planned
    again = _planned(fixed.text, tools, reader, said, previous) if fixed.written else Draft()
    if again.steps and not again.question:
        return Draft(tuple(as_written(step, fixed) for step in again.steps))
    return planned


def _takes_a_slip(planned: Draft, request: str, fixed: Corrected) -> bool:
    """Whether a call acts on nothing but a misspelt word, or takes the one that begins the request ("chekc ...")."""
    acts = [str(value).lower() for step in planned.steps if not step.looks_up for value in free_text(step)]
    values = [str(value).lower() for step in planned.steps for value in free_text(step)]
    first = request.split(None, 1)[0].lower() if request.strip() else ""
    slips = {written.lower() for written in fixed.written.values()}
    return not slips.isdisjoint(acts) or (first in slips and any(first in value.split() for value in values))


def _planned(request: str, tools: Sequence[ToolSpec], reader: Reader, said: str, previous: str) -> Draft:
    if whole := completed_by(request, previous):
        continued = _drafted(whole, tools, reader)
        if continued.steps and not continued.question:
            return continued
    if said and goes_on_computing(request):
        request = f"it {request}"
    planned = _drafted(request, tools, reader)
    if said and (not planned.steps or planned.question):
        continued = reader.continued(as_message(verb_first(without_courtesies(request), reader.starts)), said)
        return Draft(tuple(continued)) if continued else planned
    return planned


def _drafted(request: str, tools: Sequence[ToolSpec], reader: Reader) -> Draft:
    plain = without_courtesies(request)
    request = other if (other := reworded(plain)) != plain else request
    cuts = joints(request, reader.starts)
    # Of tools that give no examples the engine knows more than rules do.
    learned = [] if any(tool.examples for tool in tools) else reader.whole(request)
    if learned and not cuts:
        return Draft(tuple(learned))
    best: dict[int, _Partial] = {0: _Partial()}
    ends = [*(joint.start for joint in cuts), len(request)]
    begins = [0, *(joint.end for joint in cuts)]
    for last, end in enumerate(ends):
        for first in range(last + 1):
            if first in best:
                readings = [_extended(best[first], request[begins[first] : end], cuts[first:last], reader)]
                if last == first + 1:
                    opened, followed = request[begins[first] : ends[first]], request[begins[last] : end]
                    readings.append(_asked_of_file(best[first], opened, followed, reader))
                    readings.append(_done_with(best[first], opened, followed, reader))
                    readings.append(_told(best[first], opened, followed, reader))
                for extended in readings:
                    if extended and extended.worth > best.get(last + 1, _Partial(-1.0)).worth:
                        best[last + 1] = extended
    whole = best.get(len(ends), _Partial())
    steps = _in_order(whole.steps)
    linked = any(step.after for step in steps)
    lacking = any(step.missing for step in steps)
    if learned and (lacking or not linked):
        return Draft(tuple(learned))
    if not any(tool.examples for tool in tools):
        return Draft(steps) if linked or lacking else Draft()
    if linked or not steps or any(step.spec.examples for step in steps):
        return Draft(steps)
    return Draft(_better(steps, reader.whole(request)))


def _better(steps: tuple[Step, ...], learned: Sequence[Step]) -> tuple[Step, ...]:
    """Of tools that give no examples, the engine knows more than rules do, unless it saw fewer different calls."""
    if learned and (len(learned) >= len(steps) or {s.spec.name for s in steps} == {s.spec.name for s in learned}):
        return tuple(learned)
    return steps


def _asked_of_file(before: _Partial, first: str, second: str, reader: Reader) -> _Partial | None:
    """Two clauses as one call, where the first does no more than name the file that the second asks about."""
    found = asked_of_file(first, second)
    if found is None:
        return None
    file, request = found
    steps = reader.read(
        as_message(verb_first(without_courtesies(request), reader.starts)), before.steps, before.clauses
    )
    if len(steps) != 1 or steps[0].missing or not is_about(file, steps[0].args):
        return None
    # Worth a little more than two calls: one that reads the file, and one that then asks about it.
    return _Partial(before.worth + 2 * _COMPLETE + 0.1, (*before.steps, *steps), before.clauses + 1, first + second)


def _done_with(before: _Partial, first: str, second: str, reader: Reader) -> _Partial | None:
    """Two clauses as one call, where the first says something and the second what to do with it."""
    request = (
        None
        if starts_a_call(without_courtesies(first), reader.starts)
        else done_with(first, without_courtesies(second))
    )
    steps = reader.read(without_courtesies(request), before.steps, before.clauses) if request else []
    if len(steps) != 1 or steps[0].missing:
        return None
    return _Partial(before.worth + 2 * _COMPLETE + 0.1, (*before.steps, *steps), before.clauses + 1, first + second)


def _told(before: _Partial, first: str, second: str, reader: Reader) -> _Partial | None:
    """Two clauses as one call, where one of them only states something that the other lacks."""
    for statement, request in ((first, second), (second, first)):
        if not is_remark(statement) or is_remark(request) or opens_content(first):
            continue
        for text, value in with_remark(without_courtesies(request), statement):
            clause = as_message(verb_first(text, reader.starts))
            steps = reader.read(clause, before.steps, before.clauses)
            if len(steps) == 1 and not steps[0].missing and was_taken(value, steps[0].args):
                return _Partial(
                    before.worth + _COMPLETE + 0.1, (*before.steps, *steps), before.clauses + 1, first + second
                )
    return None


def _extended(before: _Partial, piece: str, bridged: Sequence[Joint], reader: Reader) -> _Partial | None:
    clause = as_message(verb_first(without_courtesies(piece), reader.starts))
    if asks_for_nothing(clause, reader.known(before.steps)):
        return replace(before, worth=before.worth + _ASIDE, text=before.text + piece)
    if is_remark(clause):
        acts = not before.steps or not all(step.looks_up for step in before.steps)
        harmless = names_nothing(clause, moments=acts)
        if not harmless or opens_content(before.text):
            return None
        return replace(before, worth=before.worth + _ASIDE, text=before.text + piece)
    steps = [] if forbids(clause) else reader.read(clause, before.steps, before.clauses)
    if not steps:
        return None
    complete = not any(step.missing for step in steps)
    if not complete and opens_content(before.text) and before.steps:
        return None
    if bridged and not complete:
        return None
    worth = _COMPLETE if complete else _INCOMPLETE
    return _Partial(before.worth + worth, (*before.steps, *steps), before.clauses + 1, piece)


def _in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, with those tied together that touch the same thing: what is written must be there to be read."""
    ordered: list[Step] = []
    for step in steps:
        shared = {before.id for before in ordered if before.clause != step.clause and _same_thing(before, step)}
        ordered.append(replace(step, after=step.after | shared))
    return tuple(ordered)


def _paths(step: Step) -> frozenset[str]:
    places = [slot.name for slot in slots_of(step.spec) if slot.role in ("file", "folder")]
    given = (step.args.get(name) for name in places)
    return frozenset(value.strip("./") for value in given if isinstance(value, str) and value not in ("", "."))


def _same_thing(one: Step, other: Step) -> bool:
    """Whether two calls name the same file or folder, or the same entry by a parameter of the same name."""
    if _paths(one) & _paths(other):
        return True
    return any(
        isinstance(value, str) and value not in ("", ".") and other.args.get(name) == value
        for name, value in one.args.items()
        if name not in ("to", "subject")
    )
