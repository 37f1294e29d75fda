"""Commands at a terminal, in processes of their own: what is typed, and what is on the screen."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.scripted_llm import ScriptedLLM

if TYPE_CHECKING:
    from tests.core.conftest import CommandLine

PATIENCE_S = 60.0
MOST_ANSWERS = 100


class Terminal:
    """A command in a terminal; `screen` is what it has written, without what only paints; `raw` is all of it."""

    def __init__(
        self, command: list[str], cwd: Path, environ: dict[str, str], columns: int = 80, lines: int = 40
    ) -> None:
        self.screen = ""
        self.raw = b""
        self._looked_at = 0
        self._descriptor, theirs = pty.openpty()
        environ = {**environ, "TERM": "xterm", "COLUMNS": str(columns), "LINES": str(lines)}
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environ, stdin=theirs, stderr=theirs, stdout=theirs, start_new_session=True
        )
        os.close(theirs)

    def type(self, text: str) -> None:
        os.write(self._descriptor, text.encode())

    def wait_for(self, text: str) -> None:
        """Read until `text` is on the screen, after what was waited for before."""
        until = time.monotonic() + PATIENCE_S
        while (found := self.screen.find(text, self._looked_at)) < 0:
            assert time.monotonic() < until, f"{text!r} never came:\n{self.screen}"
            self._read()
        self._looked_at = found + len(text)

    def converse(self, answers: Mapping[str, str | Iterator[str]]) -> int:
        """Type the answer to a prompt whenever the screen ends with it, or the next one; to the end, the exit code."""
        given = 0
        while self._read():
            for prompt, answer in answers.items():
                if self.screen.endswith(prompt) and len(self.screen) > self._looked_at:
                    self._looked_at = len(self.screen)
                    given += 1
                    assert given < MOST_ANSWERS, f"it asks without end:\n{self.screen[-2000:]}"
                    self.type(answer if isinstance(answer, str) else next(answer))
                    break
        return self.process.wait(PATIENCE_S)

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self.process.wait(PATIENCE_S)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._descriptor)

    def _read(self) -> bool:
        if not select.select([self._descriptor], [], [], 1.0)[0]:
            return self.process.poll() is None
        try:
            data = os.read(self._descriptor, 65536)
        except OSError:  # the other side is closed
            return False
        self.raw += data
        self.screen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode(errors="replace"))
        return bool(data)


@pytest.fixture
def terminal(cli: CommandLine) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_terminal(*args: str) -> Terminal:
        opened.append(Terminal([*cli.command, *args], cli.workspace, cli.environ))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()


@pytest.fixture
def llm(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> ScriptedLLM:
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("AGENT_CORE_MODELS_DEFAULT", "openai-chat:scripted")
    return scripted_llm
