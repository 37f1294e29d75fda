"""Lines that a person types at the terminal: only what is typed after the prompt is there counts."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from agent_core.cli.render import note, sanitised_lines

_LINE_BYTES = 4096


def at_terminal() -> bool:
    """Whether somebody is there to answer: stdin and stderr are both terminals."""
    return sys.stdin.isatty() and sys.stderr.isatty()


async def ask_yes(question: str) -> bool:
    """Whether the person says yes; an empty line and the end of input do not."""
    return (await read_line(f"{question} y/n: ") or "").lower() in ("y", "yes")


async def show_whole(text: str) -> bool:
    """Print a text, a screen at a time where it is longer than one; False where the person left before its end."""
    from shutil import get_terminal_size

    lines = sanitised_lines(text)
    screen = max(10, get_terminal_size().lines - 3)
    if len(lines) <= screen:
        note(text)
        return True
    for start in range(0, len(lines), screen):
        end = min(start + screen, len(lines))
        note("\n".join(lines[start:end]))
        more = f"-- lines {start + 1} to {end} of {len(lines)}; Enter: more -- "
        if end < len(lines) and await read_line(more) is None:
            return False
    return True


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
