"""Asking a person at the terminal about what waits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from agent_core.cli.line_input import read_line, show_whole
from agent_core.cli.plan_prompt import edit_plan
from agent_core.cli.progress import Progress
from agent_core.cli.render import note, question_text, rules_text
from agent_core.cli.values import assignments, numbers
from agent_core.errors import AgentCoreError

if TYPE_CHECKING:
    from agent_core.assistant import Assistant
    from agent_core.gate.pending import Pending

_LASTING: dict[str, Literal["session", "project", "always"]] = {
    "s": "session",
    "session": "session",
    "p": "project",
    "project": "project",
    "a": "always",
    "always": "always",
}


@dataclass
class _Answer:
    """A yes in the making: the question as it would be answered, and how it differs from the one that was put."""

    shown: Pending
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    items: list[int] | None = None


class Prompt:
    """The approver of an assistant at a terminal. Leaving a question waits for another day: nothing is lost."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._left: set[str] = set()

    async def __call__(self, assistant: Assistant, pending: Pending) -> None:
        """Put one question and record the answer."""
        if pending.id in self._left:
            return
        with self._progress.paused():
            note()
            answered = await show_whole(question_text(pending)) and await self._answer(assistant, pending)
        if not answered:
            self._left.add(pending.id)

    async def _answer(self, assistant: Assistant, pending: Pending) -> bool:
        """Ask until there is an answer; False where it is left waiting."""
        if pending.kind == "question" or pending.external:
            said = await read_line("Your answer (an empty line leaves it waiting): ")
            if said:
                await assistant.reply(pending.id, said)
            return bool(said)
        answer = _Answer(pending)
        while True:
            note(_choices(answer.shown))
            word = (await read_line("> ") or "w").lower()
            if word in ("w", "wait"):
                return False
            try:
                if await self._answered(assistant, word, answer):
                    return True
            except AgentCoreError as error:
                note(f"{error} Nothing was answered yet.")

    async def _answered(self, assistant: Assistant, word: str, answer: _Answer) -> bool:
        """Do what was chosen; whether the question is answered by it."""
        pending = answer.shown
        if word in ("y", "yes"):
            await assistant.approve(pending.id, answer.arguments or None, items=answer.items)
        elif word in ("n", "no"):
            await assistant.deny(pending.id, await read_line("Why not? ") or "no reason was given")
        elif word in ("t", "tell") and pending.unknown:
            await assistant.reply(pending.id, await read_line("What happened? ") or "")
        elif word in ("e", "edit") and pending.kind == "plan":
            return await edit_plan(assistant, pending)
        elif word in ("e", "edit") and pending.editable and len(pending.items) == 1:
            await self._edit(assistant, answer)
            return False
        elif word in ("i", "items") and len(pending.items) > 1:
            await self._choose(assistant, answer)
            return False
        elif word in _LASTING and pending.rules:
            return await self._keep(assistant, _LASTING[word], answer)
        else:
            note(f"{word[:20]!r} is none of the answers.")
            return False
        return True

    async def _edit(self, assistant: Assistant, answer: _Answer) -> None:
        """Other arguments for the call; what it would do with them is shown before anything is answered."""
        note("Write arg=text or arg:=JSON, one per line; an empty line ends.")
        lines: list[str] = []
        while line := await read_line("change: "):
            lines.append(line)
        changed = {**answer.arguments, **assignments(lines)}
        answer.shown = await assistant.revised(answer.shown.id, changed, answer.items)
        answer.arguments = changed
        await show_whole(question_text(answer.shown))

    async def _choose(self, assistant: Assistant, answer: _Answer) -> None:
        """Which of several calls the yes is for; the others are denied with it."""
        items = numbers(await read_line("Which of them (such as 1, 3-5)? The others are denied: ") or "")
        answer.shown = await assistant.revised(answer.shown.id, answer.arguments or None, items)
        answer.items = items
        await show_whole(question_text(answer.shown))

    async def _keep(
        self, assistant: Assistant, scope: Literal["session", "project", "always"], answer: _Answer
    ) -> bool:
        """A lasting yes: the rule is seen, and perhaps changed, before it is stored."""
        where = {
            "session": "in this conversation",
            "project": f"in {assistant.parts.settings.workspace}",
            "always": "in everything you ask for",
        }
        rule: str | None = None
        while True:
            stored = f"  allow {rule}" if rule else rules_text(answer.shown)
            await show_whole(f"Calls would run unasked from now on, {where[scope]}, by\n{stored}")
            word = (await read_line("y store it and run   e edit the rule   n back: ") or "n").lower()
            if word in ("e", "edit"):
                rule = await read_line("TOOL(parameter=pattern, ...), with * for anything: ") or None
            elif word in ("y", "yes"):
                await assistant.approve(answer.shown.id, answer.arguments or None, scope, rule, answer.items)
                return True
            elif word in ("n", "no"):
                return False


def _choices(pending: Pending) -> str:
    if pending.unknown:
        return "y run it again   n leave it   t tell what happened   w leave it waiting"
    choices = ["y yes" if pending.kind != "call" else "y yes, once", "n no"]
    if pending.kind == "plan" or (pending.editable and len(pending.items) == 1):
        choices.append("e edit the plan" if pending.kind == "plan" else "e edit the arguments")
    if len(pending.items) > 1:
        choices.append("i choose some of them")
    choices.append("w leave it waiting")
    lines = ["   ".join(choices)]
    if pending.rules:
        lines.append("s, p, a: yes from now on, in this conversation, in this folder, or always, by")
        lines.append(rules_text(pending))
    return "\n".join(lines)
