"""Runs that stop at a question, one for every way in which a call comes about, for whoever wants to cheat them."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelRequest, ToolReturnPart, UserPromptPart

from agent_core import Assistant, Tool, tool
from agent_core.answer import Answer
from agent_core.personas import Persona
from agent_core.planning.plan import Plan, Step
from agent_core.testing import Script, call
from agent_core.tools.tool import Preview

KINDS = ("tool", "agent", "map", "delegated", "deep", "workflow", "interrupted", "external")
"""How a call comes about: a step, an agent's own, one per item, an agent's agent, and further down, a saved plan, one
that was begun before a crash, and one that the app carries out."""
_TURNS = 60


class Scene:
    """A home with one tool that has an effect, `act(value)`, and a model that always wants it."""

    def __init__(self, kind: str, assistants: Callable[..., Assistant], home: Path) -> None:
        self.kind = kind
        self.done: list[Any] = []
        """The effects, in order."""
        self.preview = "as it stands"
        self.value: Any = "hi"
        self._assistants = assistants
        self._journal = home / "journal.db"

    @property
    def wanted(self) -> list[Any]:
        """The effects after the right person's yes."""
        return [self.value, "and another"] if self.kind == "map" else [self.value]

    def tool(self, description: str = "", **options: Any) -> Tool:
        """The tool as it is, or as somebody made it since."""
        if self.kind == "external":
            schema = {"type": "object", "properties": {"value": {}}, "required": ["value"]}
            return Tool.from_schema(None, "act", description or "Act.", schema, open_world=True)

        def act(value: Any) -> str:
            self.done.append(value)
            return "acted"

        act.__doc__ = description or "Act."
        options = {"open_world": True, "preview": lambda ctx, value: Preview(f"{self.preview}: {value!r}"), **options}
        return tool(**options)(act)

    def assistant(self, description: str = "", approver: Any = None, **options: Any) -> Assistant:
        """Another process's assistant: all that it knows is in the journal."""
        script = Script(*[self._turn] * _TURNS)
        made = self._assistants(script, tools=[self.tool(description, **options)], approver=approver)
        made.parts.personas["clerk"] = Persona("clerk", "A clerk.", "Do as you are told.")
        return made

    async def begin(self) -> Answer:
        """A new run of a conversation of its own, up to its question."""
        assistant = self.assistant()
        if self.kind == "workflow":
            plan = Plan(goal="act", steps=(Step(id="s1", tool="act", args={"value": self.value}),))
            return await assistant.run_workflow(plan, {})
        answer = await assistant.ask("begin")
        if self.kind == "interrupted":
            await self.break_off(answer)
            answer = await assistant.resume(answer.run_id)
        return answer

    async def break_off(self, answer: Answer) -> None:
        """As if the process had been killed just after it wrote what it was about to do."""
        self.edit("UPDATE calls SET status = 'intent', started_at = 1e9 WHERE run_id = ?", answer.run_id)

    async def say_yes(self, answer: Answer, assistant: Assistant | None = None) -> None:
        """The right person answers what is asked now; nothing is resumed."""
        assistant = assistant or self.assistant()
        for pending in assistant.pending(answer.run_id):
            if self.kind == "external":
                await assistant.reply(pending.id, "acted")
            else:
                await assistant.approve(pending.id)

    async def resume(self, answer: Answer, assistant: Assistant | None = None) -> Answer:
        """Go on in another process; a call that the app carries out has happened when the run has its result."""
        assistant = assistant or self.assistant()
        answer = await assistant.resume(answer.run_id)
        if self.kind == "external":
            self.done[:] = [recorded.args["value"] for recorded in answer.calls if recorded.status == "done"]
        return answer

    async def finish(self, answer: Answer) -> Answer:
        """What the right person does after all: look at what is asked, say yes to it, and go on."""
        answer = await self.resume(answer)
        for _ in range(4):
            if answer.status != "waiting":
                break
            await self.say_yes(answer)
            answer = await self.resume(answer)
        return answer

    # -- the journal, for somebody who can write the file but has no key

    def edit(self, sql: str, *values: Any) -> int:
        with closing(sqlite3.connect(self._journal)) as db, db:
            return db.execute(sql, values).rowcount

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(self._journal)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute(sql, values)]

    def insert(self, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join("?" * len(row))
        self.edit(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())

    def rewrite(self, answer: Answer, other: Any) -> None:
        """Make the run want `other` instead, wherever the journal says what it wants: it is the model that lies."""
        for table, column in (("plans", "plan"), ("histories", "messages")):
            for row in self.rows(f"SELECT rowid, {column} AS text FROM {table} WHERE run_id = ?", answer.run_id):
                text = json.dumps(_replaced(json.loads(row["text"]), self.value, other))
                self.edit(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", text, row["rowid"])

    def rewrite_back(self, answer: Answer, other: Any) -> None:
        """Take `rewrite` back."""
        mine, self.value = self.value, other
        self.rewrite(answer, mine)
        self.value = mine

    # -- the model

    def _turn(self, messages: list[ModelMessage]) -> Any:
        last = messages[-1]
        if isinstance(last, ModelRequest) and any(isinstance(part, ToolReturnPart) for part in last.parts):
            return "done"
        goal = next(str(p.content) for m in reversed(messages) for p in m.parts if isinstance(p, UserPromptPart))
        handing = re.match(r"hand (\d)", goal)
        if handing and int(handing[1]):
            return call("delegate", persona="clerk", goal=f"hand {int(handing[1]) - 1}")
        if handing or goal == "act":
            return call("act", value=self.value)
        return self._plan()

    def _plan(self) -> Any:
        depth = {"agent": 0, "delegated": 1, "deep": 3}.get(self.kind)
        if depth is not None:
            step = {"id": "s1", "kind": "agent", "goal": f"hand {depth}", "tools": ["act"]}
            return call("submit_plan", goal="g", steps=[step])
        if self.kind == "map":
            args = {"value": {"$item": ""}}
            step = {"id": "s1", "kind": "map", "tool": "act", "args": args, "for_each": self.wanted}
            return call("submit_plan", goal="g", steps=[step])
        return call("act", value=self.value)


def _replaced(tree: Any, old: Any, new: Any) -> Any:
    """A plan or a history with another value of `act`, wherever it stands."""
    if isinstance(tree, list):
        return [_replaced(inner, old, new) for inner in tree]
    if not isinstance(tree, dict):
        return tree
    changed = {name: _replaced(inner, old, new) for name, inner in tree.items()}
    if "value" in tree and json.dumps(tree["value"]) == json.dumps(old):
        changed["value"] = new
    if isinstance(tree.get("for_each"), list):
        changed["for_each"] = [new if item == old else item for item in tree["for_each"]]
    return changed
