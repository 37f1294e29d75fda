"""Fixtures of the command line's tests."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent_core.cli.main import run


@dataclass(frozen=True)
class Ran:
    """What a command printed and ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class CommandLine:
    """Runs commands on a state folder and a workspace of this test: here, or in a process of their own."""

    home: Path
    workspace: Path
    _here: Callable[..., Ran]

    def __call__(self, *args: str, stdin: bytes = b"") -> Ran:
        return self._here(*args, stdin=stdin)

    def process(self, *args: str, **options: Any) -> subprocess.CompletedProcess[str]:
        options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, "timeout": 60, **options}
        return subprocess.run([*self.command, *args], cwd=self.workspace, env=self.environ, **options)

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "agent_core.cli.main"]

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "AGENT_CORE_HOME": str(self.home)}


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    monkeypatch.setenv("AGENT_CORE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(workspace)

    def here(*args: str, stdin: bytes = b"") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfd.readouterr()
        code = run(args)
        return Ran(code, *capfd.readouterr())

    return CommandLine(tmp_path / "home", workspace, here)
