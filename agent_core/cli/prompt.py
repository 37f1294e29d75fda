"""Asking a person at the terminal about what waits."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, Literal

from agent_core.cli.progress import Progress
from agent_core.cli.render import call_text, note, question_text
from agent_core.cli.values import assignments
from agent_core.errors import AgentCoreError

if TYPE_CHECKING:
    from agent_core.assistant import Assistant
    from agent_core.gate.approvals import Pending

_SCOPES: dict[str, Literal["once", "session", "project", "always"]] = {
    "y": "once",
    "yes": "once",
    "s": "session",
    "session": "session",
    "p": "project",
    "project": "project",
    "a": "always",
    "always": "always",
}
_LINE_BYTES = 4096


def at_terminal() -> bool:
    """Whether somebody is there to answer: stdin and stderr are both terminals."""
    return sys.stdin.isatty() and sys.stderr.isatty()


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
            note(question_text(pending))
            if pending.kind == "question" or pending.external:
                answered = await self._reply(assistant, pending)
            else:
                answered = await self._decide(assistant, pending)
        if not answered:
            self._left.add(pending.id)

    async def _reply(self, assistant: Assistant, pending: Pending) -> bool:
        said = await read_line("Your answer (an empty line leaves it waiting): ")
        if not said:
            return False
        await assistant.reply(pending.id, said)
        return True

    async def _decide(self, assistant: Assistant, pending: Pending) -> bool:
        """Ask until the answer is one; whether there was any."""
        is_call = pending.kind == "call" and not pending.unknown
        note(_choices(pending, is_call))
        while True:
            said = await read_line("> ")
            word = (said or "w").lower()
            try:
                if word in ("w", "wait"):
                    return False
                if word in ("n", "no"):
                    await assistant.deny(pending.id, await read_line("Why not? ") or "no reason was given")
                elif word in ("e", "edit") and is_call and len(pending.items) == 1:
                    if not await self._edit(assistant, pending):
                        continue
                elif word in ("t", "tell") and pending.unknown:
                    await assistant.reply(pending.id, await read_line("What happened? ") or "")
                elif word in _SCOPES and (is_call or _SCOPES[word] == "once"):
                    await assistant.approve(pending.id, scope=_SCOPES[word])
                else:
                    note(f"{word[:20]!r} is none of the answers. {_choices(pending, is_call)}")
                    continue
            except AgentCoreError as error:
                note(f"{error} Nothing was answered yet.")
                continue
            return True

    async def _edit(self, assistant: Assistant, pending: Pending) -> bool:
        """Other arguments for the call; whether they were approved."""
        note("Write arg=text or arg:=JSON, one per line; an empty line ends.")
        lines: list[str] = []
        while line := await read_line("change: "):
            lines.append(line)
        changed = assignments(lines)
        if not changed:
            note("Nothing was changed.")
            return False
        note(f"It would run as: {call_text(str(pending.tool), {**pending.args, **changed}, 2000)}")
        if (await read_line("Run it so? y/n: ") or "").lower() not in ("y", "yes"):
            return False
        await assistant.approve(pending.id, arguments=changed)
        return True


def _choices(pending: Pending, is_call: bool) -> str:
    if pending.unknown:
        return "y run it again   n leave it   t tell what happened   w leave it waiting"
    if not is_call:
        return "y yes   n no   w leave it waiting"
    edit = "e edit the arguments   " if len(pending.items) == 1 else ""
    return (
        "y yes, once   n no   "
        f"{edit}w leave it waiting\n"
        "s yes in this conversation   p yes in this folder   a yes always; these keep the rule\n"
        f"  {pending.rule}"
    )


async def read_line(prompt: str) -> str | None:
    """A line that is typed after the prompt is there; None at the end of input.

    What was typed before must not answer a question that nobody had seen. The event loop goes on: other steps work
    while a person thinks, and an interrupt cancels the wait.
    """
    sys.stderr.flush()
    _drop_typed_ahead()
    sys.stderr.write(prompt)
    sys.stderr.flush()
    data = await _read_ready()
    if not data:
        note()
        return None
    return data.decode(errors="replace").strip()


def _drop_typed_ahead() -> None:
    try:
        import termios
    except ImportError:  # Windows
        import msvcrt  # pyright: ignore[reportMissingImports]

        console: Any = msvcrt
        while console.kbhit():
            console.getwch()
        return
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


async def _read_ready() -> bytes:
    import os

    descriptor = sys.stdin.fileno()
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    try:
        loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    except (NotImplementedError, PermissionError):  # no readiness of terminals here: wait in a thread
        return (await asyncio.to_thread(sys.stdin.readline)).encode()
    try:
        await ready
        return os.read(descriptor, _LINE_BYTES)
    finally:
        loop.remove_reader(descriptor)
