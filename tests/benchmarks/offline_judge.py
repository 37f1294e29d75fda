"""Whether the offline model plans a labelled request as its labels say: the same tools, with the values marked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent_core.tools.plugins import load_plugins
from agent_plugin_offline.compound import Draft, draft
from agent_plugin_offline.linking import Step
from agent_plugin_offline.numbers import find_numbers
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.text import STOP_WORDS, stem
from agent_plugin_offline.trained.arguments import filled
from agent_plugin_offline.trained.drafting import computes
from agent_plugin_offline.wording import Wording, wordings_of
from tests.benchmarks.offline_corpus import NONE, Action, Labelled

_READ_ELSEWHERE = frozenset({"query_table"})
"""Of questions to tables only the file is compared: their arguments follow from what is in it."""
_OPTIONAL = frozenset({"recursive", "include_hidden", "case_sensitive", "all", "max_lines", "start_line", "sort_by"})
"""What plans may say beyond what is marked."""


@dataclass(frozen=True)
class Workbench:
    """All bundled tools, as the offline model is given them."""

    specs: tuple[ToolSpec, ...]
    reading: frozenset[str]
    wordings: Mapping[str, Wording]

    @classmethod
    def bundled(cls) -> Workbench:
        """With the tools of all bundled plugins."""
        tools = load_plugins(None).tools.values()
        specs = tuple(ToolSpec(t.name, t.description, t.parameters, tuple(t.examples), t.returns) for t in tools)
        reading = frozenset(tool.name for tool in tools if tool.traits.read_only)
        return cls(specs, reading, {one.tool.name: one for one in wordings_of(specs).all})

    def plan(self, request: str) -> Draft:
        """What the offline model plans."""
        return draft(request, self.specs, self.reading)

    def faults(self, request: Labelled, plan: Draft) -> list[str]:
        """What is wrong with a plan; nothing where it is what the labels say."""
        wanted = [action for action in request.actions if action.tool != NONE]
        if any(action.incomplete for action in wanted):
            return ["acts without asking"] if plan.steps and not plan.question else []
        steps = [step for step in plan.steps]
        if plan.question:
            return [f"asks for {plan.question[1]}"] if wanted else ["asks"]
        asked, planned = [self._tool(action) for action in wanted], [self._family(step.spec) for step in steps]
        if _looks_where_kept(asked) and planned == ["list_events", "recall"]:
            return []  # a day may stand in the calendar, and in a note
        if asked != planned:
            return [f"tools {' '.join(planned) or NONE}, wanted {' '.join(asked) or NONE}"]
        return [
            fault for action, step in zip(wanted, steps, strict=True) for fault in self._differ(request, action, step)
        ]

    def _tool(self, action: Action) -> str:
        tool = action.tool.partition("+")[0]
        return self._family(self.wordings[tool].tool)

    def _family(self, tool: ToolSpec) -> str:
        return "computes" if computes(tool) else tool.name

    def _differ(self, request: Labelled, action: Action, step: Step) -> list[str]:
        if computes(step.spec):
            return _other_numbers(request, action, step)
        said = [
            (f"{mark.part}=" if mark.refers else mark.part, request.text[mark.start : mark.end])
            for mark in sorted(action.marks, key=lambda one: one.start)
        ]
        tool, _, flag = action.tool.partition("+")
        gold = filled(self.wordings[tool], request.text[action.start : action.end], said, flag)
        wanted = {name: _plain(value) for name, value in gold.args.items()}
        told = {name: _plain(value) for name, value in step.args.items()}
        if tool in _READ_ELSEWHERE:
            wanted, told = {"path": wanted.get("path")}, {"path": told.get("path")}
        faults: list[str] = []
        for name in {*wanted, *told}:
            refers = "$" in str(told.get(name)) or "s1" in str(told.get(name))
            if name in gold.referring or name in _OPTIONAL or (refers and name not in wanted):
                continue
            if name == "query" and _about_the_same(wanted.get(name), told.get(name)):
                continue
            if wanted.get(name) != told.get(name):
                faults.append(f"{step.spec.name}({name}={step.args.get(name)!r}), wanted {gold.args.get(name)!r}")
        return faults


def _looks_where_kept(tools: Sequence[str]) -> bool:
    return len(tools) == 1 and tools[0] in ("recall", "list_events")


def _about_the_same(one: Any, other: Any) -> bool:
    """Whether two queries would find the same: half of the words of the longer one."""
    mine, theirs = ({stem(word) for word in str(query or "").split()} - STOP_WORDS for query in (one, other))
    return 2 * len(mine & theirs) >= max(len(mine), len(theirs), 1)


def _other_numbers(request: Labelled, action: Action, step: Step) -> list[str]:
    said = " ".join(request.text[mark.start : mark.end] for mark in action.marks if not mark.refers)
    wanted = {float(number.value) for number in find_numbers(said) if not number.words}
    told = {float(number.value) for number in find_numbers(re.sub(r"[^\w.,]|,(?!\d{3})", " ", str(dict(step.args))))}
    scaled = (
        {value / 100 for value in wanted}
        | {1 + value / 100 for value in wanted}
        | {1 - value / 100 for value in wanted}
    )
    return [] if wanted <= told or told & scaled else [f"{step.spec.name}({dict(step.args)}), said {said!r}"]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        text = re.sub(r"[^\w./*@%-]+", " ", value.lower().replace("’", "'")).strip(" .-")
        return re.sub(r"^(?:(?:the|a|an|my|our|that|to|for|on|about|at|in)\s+)+", "", text).rstrip("/")
    if isinstance(value, Sequence):
        return sorted(str(_plain(one)) for one in value)
    return value
