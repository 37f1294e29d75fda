"""Reads one clause as calls: by itself, with a result of earlier clauses in it, or with a lookup inside it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from agent_plugin_offline import results
from agent_plugin_offline.calling import Caller
from agent_plugin_offline.clauses import is_question, starts_a_call
from agent_plugin_offline.formulas import is_formula
from agent_plugin_offline.linking import SAID, Step, filled, holds_stand_in, linked, quoting, stand_ins
from agent_plugin_offline.mentions import Mention, mentions, words_of
from agent_plugin_offline.proposals import Proposal, ToolSpec
from agent_plugin_offline.text import REQUESTING, identifier_words
from agent_plugin_offline.wording import looks_up

_NESTED_START = re.compile(
    r"\b(?:the\s+(?:result|answer|outcome|value|output)\s+(?:of|to(?=\s+[\d(]))\s+|(?=the\s+(?:\w+\s+){0,3}(?:of|in|from|for)\s)|(?=what(?:'s|\s+is)\s))",
    re.IGNORECASE,
)
_NESTED_END = re.compile(
    r"\s+(?:to|into|as|in|at|with|by|on|from|for|and|under|using|via)\s+|,\s+|[.;!?]*$", re.IGNORECASE
)
_DICTATES = re.compile(r"\b(?:that|saying|says|say)\s+$", re.IGNORECASE)
_ANY_RESULT = Mention(0, 0)


@dataclass
class Reader:
    """Reads the clauses of one request, in order."""

    tools: Sequence[ToolSpec]
    reading_tools: Collection[str]
    """Names of the tools that only look something up."""
    starts: Collection[str]
    _specs: dict[str, ToolSpec] = field(init=False)
    _caller: Caller = field(init=False)

    def __post_init__(self) -> None:
        self._caller = Caller(self.tools, self.reading_tools)
        self._specs = {tool.name: tool for tool in self.tools}

    def read(self, clause: str, earlier: Sequence[Step], number: int) -> list[Step]:
        """The steps that `clause` means, numbered on from `earlier`; none when no tool fits."""
        readings = chain(
            self._back_references(clause, earlier, number),
            self._nested(clause, earlier, number),
            self._plain(clause, earlier, number),
        )
        incomplete: list[Step] = []
        for steps in readings:  # one by one: the later ones cost the most
            if not any(step.missing for step in steps):
                return steps
            incomplete = incomplete or steps
        return incomplete

    def whole(self, request: str) -> list[Step]:
        """What the learned engine makes of the whole request, as steps; none unless it is complete."""
        steps = [self._step(proposal, request, number) for number, proposal in enumerate(self._caller.learned(request))]
        return [] if any(step.missing for step in steps) else _numbered(steps, ())

    def continued(self, clause: str, said: str) -> list[Step]:
        """The call that `clause` makes of the last answer ("email it to ..."), which is put in as it was said."""
        spoken = Step(SAID, "", ToolSpec("said", "", {}, (), {"type": "string"}), {})
        for steps in self._back_references(clause, [spoken], 0):
            found = [quoting(replace(step, id="s1", after=frozenset()), said.strip()) for step in steps]
            return [step for step in found if step is not None]
        return []

    def known(self, earlier: Sequence[Step]) -> frozenset[str]:
        """Stems of the words that stand for something by now: the earlier clauses' own, and their results' fields."""
        return words_of([step.title for step in earlier] + [_field_words(step) for step in earlier])

    def _plain(self, clause: str, earlier: Sequence[Step], number: int) -> Iterator[list[Step]]:
        proposals = self._caller.all(clause)
        if not proposals:
            return
        steps = [self._step(proposal, clause, number) for proposal in proposals]
        if len(steps) == 1 and steps[0].missing and earlier:
            steps = [self._completed(steps[0], earlier)]
        yield _numbered(steps, earlier)

    def _back_references(self, clause: str, earlier: Sequence[Step], number: int) -> Iterator[list[Step]]:
        if not earlier:
            return
        for mention in mentions(clause, self.known(earlier)):
            sources = self._sources(earlier, mention)
            found: list[tuple[Step, float]] = []
            for text, cost in stand_ins(clause, mention):
                proposal = self._caller.one(text)
                if proposal is None or not holds_stand_in(proposal.args):
                    continue
                step = linked(self._step(proposal, clause, number), sources, mention)
                if step is not None:
                    found.append((self._completed(step, earlier, borrow_only=True), proposal.score - cost))
            if found:
                yield _numbered([min(found, key=lambda one: (len(one[0].missing), -one[1]))[0]], earlier)

    def _nested(self, clause: str, earlier: Sequence[Step], number: int) -> Iterator[list[Step]]:
        """Readings with a lookup inside whose value is an argument of the rest: "email ... the sum of 4 and 9"."""
        for start in _NESTED_START.finditer(clause):
            if not self._acts(clause[: start.start()]) or _DICTATES.search(clause[: start.start()]):
                continue
            plain = self._caller.one(clause)
            swallowed = plain is not None and _swallows(plain, clause[start.start() :])
            own = plain is None or not self._caller.opens_another(plain.tool, clause.split(None, 1)[0])
            if plain and own and not plain.missing and not swallowed and self._caller.explains(clause):
                return
            for end in reversed([match.start() for match in _NESTED_END.finditer(clause, start.end())]):
                inner = self._lookup(clause[start.end() : end], earlier, number)
                if inner is None:
                    continue
                mention = Mention(start.start(), end)
                outer = self._around(clause, mention, inner, number)
                if outer is not None:
                    yield [inner, *_numbered([outer], [*earlier, inner])]

    def _acts(self, head: str) -> bool:
        """Whether what stands before a value is an order ("email bo@example.com"), not just "find" or "show"."""
        first = head.split(None, 1)[0].lower() if head.strip() else ""
        return bool(first) and first not in REQUESTING and starts_a_call(head, self.starts) and not is_question(head)

    def _lookup(self, text: str, earlier: Sequence[Step], number: int) -> Step | None:
        proposal = self._caller.one(
            text, frozenset(tool.name for tool in self.tools if looks_up(tool, self.reading_tools))
        )
        if proposal is None or proposal.missing:
            return None
        return _numbered([self._step(proposal, text, number)], earlier)[0]

    def _around(self, clause: str, mention: Mention, inner: Step, number: int) -> Step | None:
        for text, _ in stand_ins(clause, mention):
            proposal = self._caller.one(text)
            if proposal is not None and not proposal.missing and holds_stand_in(proposal.args):
                step = linked(self._step(proposal, clause, number), [inner], mention)
                if step is not None and proposal.tool != inner.spec.name and _takes_value(step, inner):
                    return step
        return None

    def _completed(self, step: Step, earlier: Sequence[Step], *, borrow_only: bool = False) -> Step:
        """`step` with missing arguments taken from the clauses before: the same file, or their result."""
        for name in step.missing:
            shared = next(
                (other.args[name] for other in reversed(earlier) if isinstance(other.args.get(name), str)), None
            )
            if shared is not None and not results.is_content(name, step.parameter(name)):
                step = replace(
                    step, args={**step.args, name: shared}, missing=tuple(m for m in step.missing if m != name)
                )
            elif not borrow_only and results.is_content(name, step.parameter(name)):
                step = filled(step, name, self._sources(earlier, _ANY_RESULT), _ANY_RESULT) or step
        return step

    def _sources(self, earlier: Sequence[Step], mention: Mention) -> list[Step]:
        """The steps whose results a phrase means: the last lookup, or all of one clause for "them"."""
        lookups = [step for step in earlier if step.looks_up] or list(earlier)
        if mention.specific:
            fitting = [step for step in lookups if results.named(results.fields(step.returns), mention.noun)]
            lookups = fitting or lookups
        last = lookups[-1]
        return [step for step in lookups if step.clause == last.clause] if mention.plural else [last]

    def _step(self, proposal: Proposal, clause: str, number: int) -> Step:
        spec = self._specs[proposal.tool]
        return Step(
            "", _title(clause), spec, proposal.args, proposal.missing, looks_up(spec, self.reading_tools), number
        )


def _swallows(plain: Proposal, rest: str) -> bool:
    """Whether a plain reading takes the words of a lookup as dictated text: "email ... the sum of 4 and 9"."""
    beginning = " ".join(rest.split()[:3]).lower()
    return any(isinstance(value, str) and beginning in value.lower() for value in plain.args.values())


def _takes_value(outer: Step, inner: Step) -> bool:
    """Whether the argument that refers to `inner` takes a text or a figure, rather than naming something."""
    names = [name for name, value in outer.args.items() if inner.id in str(value)]
    return any(
        results.is_content(name, outer.parameter(name))
        or (results.wants_expression(name, outer.parameter(name)) and is_formula(f"{outer.title.split()[0]} 1"))
        or not outer.looks_up
        for name in names
    )


def _numbered(steps: Sequence[Step], earlier: Sequence[Step]) -> list[Step]:
    return [replace(step, id=f"s{len(earlier) + place}") for place, step in enumerate(steps, start=1)]


def _title(clause: str) -> str:
    title = " ".join(clause.split()).rstrip(" .,;:")
    title = title[:1].upper() + title[1:]
    return title if len(title) <= 80 else f"{title[:77].rstrip()}..."


def _field_words(step: Step) -> str:
    names = [part for one in results.fields(step.returns) for part in identifier_words(one.path)]
    return " ".join([*names, *identifier_words(step.spec.name)])
