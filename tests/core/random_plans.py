"""Random plans that really run: steps of every kind that use each other's results, and tools with random traits.

The model is a rule that follows from the messages alone, and every call says by a mark which step it belongs to, so
that what happened can be compared with what the plan says, and one run with another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agent_core import Assistant, Tool, ToolContext, ToolError, tool
from agent_core.gate.pending import Pending
from agent_core.planning.plan import Plan, Step
from agent_core.testing import call

TOOLS = ("t0", "t1", "t2", "t3")
MOST_ROUNDS = 20


@dataclass(frozen=True)
class Made:
    """What every tool returns."""

    text: str
    items: list[str]


@dataclass(frozen=True)
class Behaviour:
    """What a tool says of itself, and whether it works."""

    read_only: bool
    open_world: bool
    private: bool
    untrusted: bool
    fails: bool = False
    items: int = 2


@dataclass(frozen=True)
class Case:
    """A plan, and the world that it runs in."""

    plan: Plan
    tools: Mapping[str, Behaviour]
    refused: frozenset[str] = frozenset()
    """Tools that the person says no to."""


@dataclass
class Marks:
    """What the tools did."""

    tried: list[str] = field(default_factory=list[str])
    """The key of each call, in order."""
    results: dict[str, Any] = field(default_factory=dict[str, Any])
    """By key, of those that had an effect."""


@st.composite
def cases(draw: st.DrawFn, *, failures: bool) -> Case:
    """Up to six steps and an answer; with `failures`, tools may fail and the person may refuse."""
    fails = st.just(False) if not failures else st.sampled_from([False, False, False, True])
    behaviours = st.builds(
        Behaviour, st.booleans(), st.booleans(), st.booleans(), st.booleans(), fails, st.integers(0, 2)
    )
    tools = {name: draw(behaviours) for name in TOOLS}
    steps: list[Step] = []
    for number in range(draw(st.integers(1, 6))):
        steps.append(draw(_steps(f"s{number}", tuple(steps))))
    needed = tuple(step.id for step in steps)
    steps.append(Step(id="end", kind="answer", goal="mark:end Say what came of it.", depends_on=needed))
    refused = draw(st.frozensets(st.sampled_from(TOOLS), max_size=1)) if failures else frozenset[str]()
    return Case(Plan(goal="anything", steps=tuple(draw(st.permutations(steps)))), tools, refused)


@st.composite
def _steps(draw: st.DrawFn, name: str, earlier: tuple[Step, ...]) -> Step:
    kind = draw(st.sampled_from(["tool", "tool", "map", "agent", *(["reduce"] if earlier else [])]))
    waits = tuple(draw(st.lists(st.sampled_from([s.id for s in earlier]), max_size=2, unique=True))) if earlier else ()
    tool = draw(st.sampled_from(TOOLS))
    goal = f"mark:{name} Do it."
    if kind == "reduce":
        return Step(id=name, kind="reduce", goal=goal, depends_on=waits or (earlier[-1].id,))
    if kind == "agent":
        return Step(id=name, kind="agent", goal=goal, depends_on=waits, tools=(tool, draw(st.sampled_from(TOOLS))))
    what: Any = draw(st.sampled_from([_reference(step) for step in earlier])) if earlier else "plain"
    if kind == "tool":
        chosen = draw(st.sampled_from(["plain", what]))
        return Step(id=name, tool=tool, args={"what": chosen, "mark": name}, depends_on=waits)
    lists: list[Any] = [[], ["one"], ["one", "two"]]
    lists += [{"$from": f"{step.id}.items"} for step in earlier if step.kind == "tool"]
    lists += [{"$from": f"{step.id}[*].text"} for step in earlier if step.kind == "map"]
    args = {"what": {"$item": ""}, "mark": name}
    return Step(id=name, kind="map", tool=tool, for_each=draw(st.sampled_from(lists)), args=args, depends_on=waits)


def _reference(step: Step) -> dict[str, str]:
    """A text made of what the step returns."""
    path = {"tool": f"{step.id}.text", "map": f"{step.id}[*].text"}.get(step.kind, step.id)
    return {"$text": f"<{{{path}}}>"} if step.kind != "tool" else {"$from": path}


def tools_of(case: Case, marks: Marks) -> list[Tool]:
    return [_tool(name, behaviour, marks) for name, behaviour in case.tools.items()]


def _tool(name: str, behaviour: Behaviour, marks: Marks) -> Tool:
    def act(ctx: ToolContext, what: str, mark: str) -> Made:
        """Do something."""
        marks.tried.append(ctx.call_key)
        if behaviour.fails:
            raise ToolError(f"{name} does not work")
        made = Made(f"{name} of {mark}, {len(what)} long", ["a", "b"][: behaviour.items])
        marks.results[ctx.call_key] = asdict(made)
        return made

    act.__name__ = name
    return tool(
        read_only=behaviour.read_only,
        open_world=behaviour.open_world,
        private_data=behaviour.private,
        untrusted_content=behaviour.untrusted,
        undo_note="" if behaviour.read_only else "It is a mark.",
    )(act)


def assistant_of(case: Case, home: Path, marks: Marks) -> Assistant:
    model = FunctionModel(_model, model_name="rule")
    return Assistant(model, tools=tools_of(case, marks), plugins=False, home=home, workspace=home.parent)


def _model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """An agent calls each of its tools once and replies; the planner, where steps failed, only replies."""
    names = [tool.name for tool in info.function_tools]
    prompt = next(str(p.content) for m in messages for p in m.parts if isinstance(p, UserPromptPart))
    turn = sum(isinstance(message, ModelResponse) for message in messages)
    offered = [name for name in names if name in TOOLS]
    if "submit_plan" in names or turn >= len(offered):
        return ModelResponse(parts=[TextPart(f"Said after {turn}.")])
    mark = prompt.partition("mark:")[2].split()[0]
    return ModelResponse(parts=[call(offered[turn], f"c{turn}", what="by an agent", mark=mark + "'" * turn)])


async def answer(assistant: Assistant, case: Case, pending: Pending, marks: Marks) -> None:
    """What a careful person says: no to what they refuse, to an interrupted action what came of it, else yes."""
    keys = [item.call_key for item in pending.items]
    if pending.tool in case.refused:
        await assistant.deny(pending.id, "no")
    elif pending.unknown and (known := [marks.results[key] for key in keys if key in marks.results]):
        await assistant.reply(pending.id, known[0])
    else:
        await assistant.approve(pending.id)
