"""The runs that are killed: what is asked, a model that answers from the messages alone, and tools that leave marks.

Nothing here remembers anything between processes: a model's turn follows from the messages that it is given, and every
effect is a line in a file beside the state folder. `Point` is called at each place where a kill could tell.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agent_core import Assistant, Tool, ToolContext, tool
from agent_core.gate.approvals import Pending
from agent_core.personas import Persona
from agent_core.testing import call

Point = Callable[[], None]
PASSWORD = "tr0ub4dor-Zx81-staple"


@dataclass(frozen=True)
class Kind:
    """One kind of run: its request, the tools that need no yes, and the answer that it must end with."""

    request: str
    allow: tuple[str, ...]
    answer: str


KINDS = {
    "sequential": Kind("sequential", ("act",), "End: seen acted seen acted start"),
    "parallel": Kind("parallel", ("act",), "End: seen acted a|acted b|seen c|acted x,acted y,acted z"),
    "waiting": Kind("waiting", (), "End: acted seen Bo|acted one,acted two"),
    "delegated": Kind("delegated", (), "End: outer(acted outer|inner(acted inner))"),
    "secret": Kind(f"secret; my password is {PASSWORD}", ("act",), "End: acted with 21 characters"),
}


@dataclass
class Marks:
    """The file that effects are written to: lines `CALL-KEY what`, and `model AGENT TURN` for each model request."""

    path: Path

    def add(self, line: str) -> None:
        handle = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            os.write(handle, (line + "\n").encode())
        finally:
            os.close(handle)

    def lines(self) -> list[str]:
        return self.path.read_text().splitlines() if self.path.exists() else []


def tools(marks: Marks, point: Point) -> list[Tool]:
    def happen(ctx: ToolContext, what: str) -> None:
        point()
        marks.add(f"{ctx.call_key} {what}")
        point()

    @tool(read_only=True)
    def look(ctx: ToolContext, what: str) -> str:
        """Look at something."""
        happen(ctx, f"look {what}")
        return f"seen {what}"

    @tool(read_only=True, idempotent=True, cache_s=3600)
    def look_again(ctx: ToolContext, what: str) -> str:
        """Look at something that does not change."""
        happen(ctx, f"look {what}")
        return f"seen {what}"

    @tool(undo_note="It is a mark.")
    def act(ctx: ToolContext, what: str) -> str:
        """Do something."""
        ctx.save_for_undo({"was": "nothing"})
        happen(ctx, f"act {what}")
        return f"acted {what}"

    @tool(undo_note="It is a mark.")
    def log_in(ctx: ToolContext, password: str) -> str:
        """Use a password."""
        happen(ctx, f"act with {len(password)} characters" if password == PASSWORD else "act WRONG")
        return f"acted with {len(password)} characters"

    return [look, look_again, act, log_in]


def assistant(kind: Kind, home: Path, point: Point) -> Assistant:
    """An assistant for runs of this kind on a state folder; its marks are in `marks` beside the folder."""
    marks = Marks(home.parent / "marks")
    made = Assistant(
        FunctionModel(_Model(marks, point), model_name="rule"),
        tools=tools(marks, point),
        plugins=False,
        home=home,
        workspace=home.parent,
        allow=[*kind.allow, *(["log_in"] if kind.request.startswith("secret") else [])],
    )
    made.parts.personas["clerk"] = Persona("clerk", "Does paperwork", "Be exact.")
    return made


async def answer_question(assistant: Assistant, pending: Pending, marks: Marks) -> None:
    """What a careful person does: looks whether an interrupted action happened, and says yes to the rest."""
    if pending.kind == "question":
        await assistant.reply(pending.id, "Bo")
        return
    done = [line.partition(" ")[2] for line in marks.lines() if line.startswith(f"{pending.items[0].call_key} ")]
    if pending.unknown and done:
        await assistant.reply(pending.id, f"acted {done[0].removeprefix('act ')}")
    else:
        await assistant.approve(pending.id)


class _Model:
    """Writes down that it was asked, then says what follows from the messages."""

    def __init__(self, marks: Marks, point: Point) -> None:
        self._marks = marks
        self._point = point

    def __call__(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        prompt = next(p.content for m in messages for p in m.parts if isinstance(p, UserPromptPart))
        goal = str(prompt).split()[0].strip(";:")
        turn = 1 + sum(isinstance(m, ModelResponse) for m in messages)
        returned = {
            part.tool_call_id: part.content for m in messages for part in m.parts if isinstance(part, ToolReturnPart)
        }
        said = _SAYS[goal](turn, returned, str(prompt))
        self._marks.add(f"model {goal} {turn}")
        self._point()
        if isinstance(said, str):
            return ModelResponse(parts=[TextPart(said)])
        return ModelResponse(parts=[said] if isinstance(said, ToolCallPart) else list(said))


def _plan(*steps: dict[str, Any]) -> ToolCallPart:
    return call("submit_plan", "plan", goal="g", steps=list(steps))


def _step(name: str, used: str, what: Any) -> dict[str, Any]:
    return {"id": name, "tool": used, "args": {"what": what}}


def _map(name: str, items: list[Any]) -> dict[str, Any]:
    return {"id": name, "kind": "map", "tool": "act", "for_each": items, "args": {"what": {"$item": ""}}}


def _results(returned: dict[str, Any]) -> dict[str, Any]:
    return {step["id"]: step.get("result", step) for step in returned["plan"]["steps"]}


def _sequential(turn: int, returned: dict[str, Any], prompt: str) -> Any:
    if turn == 1:
        return _plan(
            _step("s1", "act", "start"),
            _step("s2", "look", {"$from": "s1"}),
            _step("s3", "act", {"$from": "s2"}),
            _step("s4", "look_again", {"$from": "s3"}),
        )
    return f"End: {_results(returned)['s4']}"


def _parallel(turn: int, returned: dict[str, Any], prompt: str) -> Any:
    if turn == 1:
        return _plan(
            _step("a", "act", "a"), _step("b", "act", "b"), _step("c", "look", "c"), _map("m", ["x", "y", "z"])
        )
    ended = _results(returned)
    return f"End: seen {ended['a']}|{ended['b']}|{ended['c']}|{','.join(ended['m'])}"


def _waiting(turn: int, returned: dict[str, Any], prompt: str) -> Any:
    if turn == 1:
        return call("ask_user", "who", question="Who?")
    if turn == 2:
        return _plan(
            _step("s1", "look", returned["who"]), _step("s2", "act", {"$from": "s1"}), _map("m", ["one", "two"])
        )
    ended = _results(returned)
    return f"End: {ended['s2']}|{','.join(ended['m'])}"


def _delegated(turn: int, returned: dict[str, Any], prompt: str) -> Any:
    if turn == 1:
        return call("delegate", "d", persona="clerk", goal="outer work")
    return f"End: {returned['d']}"


def _outer(turn: int, returned: dict[str, Any], prompt: str) -> Any:
    if turn == 1:
        return [call("act", "one", what="outer"), call("delegate", "two", persona="clerk", goal="inner work")]
    return f"outer({returned['one']}|{returned['two']})"


def _inner(turn: int, returned: dict[str, Any], prompt: str) -> Any:
    if turn == 1:
        return [call("look", "one", what="inner"), call("act", "two", what="inner")]
    return f"inner({returned['two']})"


def _secret(turn: int, returned: dict[str, Any], prompt: str) -> Any:
    if turn == 1:
        token = re.search(r"secret_\w+", prompt)
        return call("log_in", "in", password=token[0] if token else "no token")
    return f"End: {returned['in']}"


_SAYS = {
    "sequential": _sequential,
    "parallel": _parallel,
    "waiting": _waiting,
    "delegated": _delegated,
    "outer": _outer,
    "inner": _inner,
    "secret": _secret,
}
