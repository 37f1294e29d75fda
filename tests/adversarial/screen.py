"""Commands at a real terminal, and the judge of what arrived there byte by byte."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from tests.adversarial.hostile_text import LEGITIMATE, MARKUP, arrived, marked, steering
from tests.terminals import Terminal

if TYPE_CHECKING:
    from tests.adversarial.conftest import Cases

HOSTILE = marked()
EVERYTHING = "\n".join([LEGITIMATE, *HOSTILE, *MARKUP])
PRINTABLE = [text for text in HOSTILE if "\0" not in text]
"""What can stand in an argument or a file's name."""

EOF = "\x04"
"""The end of input: whatever is asked is left waiting."""
YES_OR_NO = "\r\n> "
"""The prompt of a question about a call or a plan."""
AN_ANSWER = "leaves it waiting): "
KEEP = "n back: "
MORE = "Enter: more -- "
CHANGE = "change: "


class Screen:
    """Runs commands at a terminal and judges what arrived there."""

    def __init__(self, cli: Any, cases: Cases) -> None:
        self._cli = cli
        self._cases = cases
        self._seen: dict[str, set[int]] = {}

    def run(
        self,
        *args: str,
        answers: Mapping[str, str | Iterator[str]] | None = None,
        least: int = 1,
        code: int | None = None,
        lines: int = 1000,
    ) -> str:
        """All that a command showed; fails where anything steering arrived, or too little was shown to judge.

        Args:
            args: The command.
            answers: What is typed at which prompts.
            least: How many of the payloads have to be seen.
            code: What it has to end with.
            lines: The terminal's height; what is longer is shown a screen at a time.
        """
        terminal = Terminal([*self._cli.command, *args], self._cli.workspace, self._cli.environ, 4000, lines)
        try:
            ended = terminal.converse(answers or {})
        finally:
            terminal.close()
        assert steering(terminal.raw) == [], args
        assert b"Traceback" not in terminal.raw, terminal.screen
        seen = arrived(terminal.raw)
        assert len(seen) >= least, f"only {len(seen)} payloads were shown by {args}: {terminal.screen[-3000:]}"
        assert code is None or ended == code, terminal.screen[-3000:]
        self._seen.setdefault(" ".join(args[:2]), set()).update(seen)
        self._cases.count(sum(map(len, self._seen.values())))
        return terminal.raw.decode()

    def show_last_run(self, *args: str, **options: Any) -> str:
        """What `runs show` shows of the run that began last."""
        listed = json.loads(self._cli.process("runs", "list", "--json").stdout)
        return self.run("runs", "show", listed[0]["run_id"], *args, **options)

    def show_questions(self, **options: Any) -> None:
        """What `approvals list` and `approvals show` show of what waits."""
        self.run("approvals", "list", least=0, code=0)
        for waiting in json.loads(self._cli.process("approvals", "list", "--json").stdout):
            self.run("approvals", "show", waiting["id"], **options)


@pytest.fixture
def screen(cli: Any, cases: Cases) -> Screen:
    return Screen(cli, cases)
