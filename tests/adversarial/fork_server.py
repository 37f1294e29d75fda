"""Processes that can be killed by the hundred: forked from one that has everything imported.

`python -m tests.adversarial.fork_server` reads one line of JSON per batch, forks a child for each job in it, and
answers with a line of JSON: how each child ended and what it reported. It has no threads when it forks.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Job:
    """One child: what it does, and when it dies."""

    home: str
    kind: str
    task: str = "work"
    """work: ask, or resume what is there; answer: answer what waits; write: many runs of its own; purge: delete all."""
    die_at: int = 0
    """It kills itself at this point, counted from 1; 0: it does not."""
    kill_after_s: float = -1.0
    """It is killed from outside after so many seconds; negative: it is not."""
    many: int = 0
    """How many runs `write` makes."""


@dataclass(frozen=True)
class Ended:
    """How a child ended; `report` is empty when it was killed."""

    killed: bool
    points: int = 0
    wall_s: float = 0.0
    report: dict[str, Any] = field(default_factory=dict[str, Any])


class ForkServer:
    """The test's side of it."""

    def __enter__(self) -> Self:
        environ = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.adversarial.fork_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environ,
        )
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.communicate(timeout=30)

    def together(self, jobs: Sequence[Job]) -> list[Ended]:
        """Children that begin at the same moment."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([asdict(job) for job in jobs]), file=self._process.stdin, flush=True)
        return [Ended(**ended) for ended in json.loads(self._process.stdout.readline())]

    def run(self, job: Job) -> Ended:
        """One child."""
        (ended,) = self.together([job])
        return ended


# -- the server's side


class _Points:
    """Counts the places where a kill could tell, and dies at one of them."""

    def __init__(self, die_at: int) -> None:
        self.count = 0
        self._die_at = die_at

    def __call__(self) -> None:
        self.count += 1
        if self.count == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _count_commits(point: Callable[[], None]) -> None:
    """Every commit is two points, one on either side; a statement outside a transaction is a commit by itself.

    Inside a transaction there is nothing between two statements that a kill could leave half done.
    """

    class Counted(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            word = sql.split(None, 1)[0].upper()
            if word == "COMMIT":
                point()
            cursor = super().execute(sql, *values)
            if word not in ("SELECT", "PRAGMA", "BEGIN") and not self.in_transaction:
                point()
            return cursor

        def executescript(self, script: str) -> sqlite3.Cursor:
            cursor = super().executescript(script)
            point()
            return cursor

        def __exit__(self, *exc_info: Any) -> Any:
            if self.in_transaction:
                point()
            left = super().__exit__(*exc_info)
            point()
            return left

    connect = sqlite3.connect
    sqlite3.connect = lambda *args, **options: connect(*args, **{**options, "factory": Counted})


async def _work(job: Job, point: Callable[[], None]) -> dict[str, Any]:
    from agent_core.errors import AgentCoreError
    from tests.adversarial.crashing_runs import KINDS, Marks, answer_question, assistant

    home, kind = Path(job.home), KINDS[job.kind]
    try:
        async with assistant(kind, home, point) as working:
            if job.task == "write":
                answers = [await working.ask(kind.request) for _ in range(job.many)]
                return {"answers": [answer.text for answer in answers]}
            rows = working.parts.runs.list()
            if job.task == "purge":
                return {"purged": list(working.parts.retention.purge([row.id for row in rows]).runs)}
            if job.task == "answer":
                for pending in working.pending(rows[0].id):
                    await answer_question(working, pending, Marks(home.parent / "marks"))
                return {"status": rows[0].status}
            answer = await (working.resume(rows[0].id) if rows else working.ask(kind.request))
            return {
                "status": answer.status,
                "text": answer.text,
                "pending": [{**p.to_json(), "calls": [item.call_key for item in p.items]} for p in answer.pending],
            }
    except AgentCoreError as error:
        return {"status": "error", "error": f"{type(error).__name__}: {error}"}


def _child(job: Job, go: int, report: int) -> None:
    os.read(go, 1)  # returns when the server lets all of them go
    points = _Points(job.die_at)
    _count_commits(points)
    gc.disable()  # it would copy every page that the server shares with its children
    try:
        said = asyncio.run(_work(job, points))
    except BaseException as error:
        said = {"status": "defect", "error": repr(error)}
    with os.fdopen(report, "w") as stream:
        json.dump({"points": points.count, "report": said}, stream)


def _fork(job: Job, go: tuple[int, int]) -> tuple[int, int]:
    """(process id, where it reports)."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        with suppress(BaseException):
            os.close(go[1])
            os.close(reads)
            _child(job, go[0], writes)
            code = 0
        os._exit(code)
    os.close(writes)
    return pid, reads


def _batch(jobs: list[Job]) -> list[dict[str, Any]]:
    go = os.pipe()
    children = [_fork(job, go) for job in jobs]
    os.close(go[0])
    os.close(go[1])
    began = time.monotonic()
    ended: list[dict[str, Any]] = []
    for job, (pid, reads) in zip(jobs, children, strict=True):
        if job.kill_after_s >= 0:
            wait_s = max(0.0, began + job.kill_after_s - time.monotonic())
            select.select([reads], [], [], wait_s)
            os.kill(pid, signal.SIGKILL)  # not reaped yet: the id is still this child's
        with os.fdopen(reads) as stream:
            said = stream.read()
        _, status = os.waitpid(pid, 0)
        told = json.loads(said) if said else {}
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL and not said
        ended.append({"killed": killed, "wall_s": time.monotonic() - began, **told})
    return ended


def _import_what_a_run_needs() -> None:
    """A child makes a run of each kind that imports something of its own, and says what it has imported."""
    reads, writes = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reads)
        with suppress(BaseException), tempfile.TemporaryDirectory() as folder:
            for kind in ("parallel", "secret", "delegated"):
                asyncio.run(_work(Job(f"{folder}/{kind}/home", kind), lambda: None))
            with os.fdopen(writes, "w") as stream:
                json.dump(sorted(sys.modules), stream)
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads) as stream:
        names = json.load(stream)
    os.waitpid(pid, 0)
    for name in names:
        with suppress(ImportError, AttributeError):
            import_module(name)
    # What is installed does not change between a kill and a resume: the plugins are looked for once.
    import agent_core.assembly

    agent_core.assembly.load_plugins = cache(agent_core.assembly.load_plugins)
    agent_core.assembly.load_plugins(None, ())
    agent_core.assembly.load_plugins(False, ())
    gc.freeze()


def main() -> None:
    """Serve until stdin ends."""
    _import_what_a_run_needs()
    for line in sys.stdin:
        print(json.dumps(_batch([Job(**job) for job in json.loads(line)])), flush=True)


if __name__ == "__main__":
    main()
