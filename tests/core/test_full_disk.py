"""A disk that is full: a clear line, nothing lost, nothing done that is not on record, and on it goes with space again.

The disk is a small one of the test's own, mounted where the system lets a user do that (ENOSPC); and, everywhere, a
limit on the size of files, which the system enforces in the same calls (EFBIG).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

PROGRAM = textwrap.dedent(
    """
    import asyncio, json, os, resource, signal, sys
    from pathlib import Path
    from agent_core import Assistant, tool
    from agent_core.cli.main import run
    from agent_core.errors import AgentCoreError
    from agent_core.testing import Script, call

    disk, limit, scenario = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    home = disk / "home"
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    said, seen, done = [], [], []

    def fill():
        if limit == "file size":
            log = home / "journal.db-wal"  # every write goes there first, however large the journal is already
            size = log.stat().st_size if log.exists() else 65536
            resource.setrlimit(resource.RLIMIT_FSIZE, (size // 4096 * 4096, resource.RLIM_INFINITY))
            return
        with (disk / "filler").open("wb", buffering=0) as file:
            for size in (65536, 512):
                try:
                    while file.write(b"x" * size) == size:
                        pass
                except OSError:
                    pass

    def free():
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        (disk / "filler").unlink(missing_ok=True)

    @tool(read_only=True)
    def look() -> str:
        "Look."
        seen.append("look")
        if scenario == "before" and len(seen) == 1:
            fill()
        return "seen " + "much " * 4000

    @tool
    def act() -> str:
        "Act."
        done.append("act")
        if scenario == "during":
            fill()
        return "acted " + "much " * 4000

    def plan():
        steps = [{"id": "s1", "tool": "look"}, {"id": "s2", "tool": "act", "depends_on": ["s1"]}]
        return call("submit_plan", goal="g", steps=steps)

    def assistant(*turns):
        options = {"tools": [look, act], "plugins": False, "home": home, "workspace": disk, "allow": ["act"]}
        return Assistant(Script(*turns).model, **options)

    async def tried(work):
        try:
            answer = await work
        except AgentCoreError as error:
            said.append([type(error).__name__, str(error), error.exit_code])
            return None
        said.append([answer.status, answer.text, len(answer.pending)])
        return answer

    async def main():
        async with assistant("first") as first:
            await tried(first.ask("one"))
        async with assistant(plan(), "all done") as second:
            await tried(second.ask("two"))
            made = len(done)
            free()
            row = second.parts.runs.list(limit=1)[0]
            answer = await tried(second.resume(row.id))  # in the same process, with what it has in memory
            if answer.status == "waiting":
                await second.reply(answer.pending[0].id, "acted, I looked")
                await tried(second.resume(row.id))
            kinds = [event["event"] for event in second.parts.runs.events(row.id)]
            numbers = [event["seq"] for event in second.parts.runs.events(row.id)]
            unknown = bool(answer.pending) and answer.pending[0].unknown
        print(json.dumps({"said": said, "done": [made, len(done)], "numbers": numbers, "unknown": unknown,
                          "last": kinds[-1], "runs": 2}))

    def commands():
        os.environ["AGENT_CORE_HOME"] = str(home)
        os.chdir(disk)
        codes = [run(["ask", "Work out 2 + 2", "--model", "offline"])]
        fill()
        codes.append(run(["ask", "Work out 3 + 3", "--model", "offline"]))
        codes.append(run(["runs", "list"]))
        free()
        codes.append(run(["ask", "Work out 4 + 4", "--model", "offline"]))
        codes.append(run(["doctor"]))
        print(json.dumps(codes))

    commands() if scenario == "commands" else asyncio.run(main())
    """
)
UNSHARED = ("unshare", "--user", "--map-root-user", "--mount")
LIMITS = ("no space", "file size")


def ran(tmp_path: Path, limit: str, scenario: str) -> tuple[Any, str]:
    """What the program says when the disk is full in that moment, and its stderr."""
    program, disk = tmp_path / "program.py", tmp_path / "disk"
    program.write_text(PROGRAM)
    disk.mkdir()
    command = [sys.executable, "-W", "ignore", str(program), str(disk), limit, scenario]
    if limit == "no space":
        if not _can_mount(tmp_path):
            pytest.skip("no file system can be mounted here; the limit on files stands for it")
        mounted = 'mount -t tmpfs -o size=16m,mode=0700 none "$0" && exec "$@"'
        command = [*UNSHARED, "sh", "-c", mounted, str(disk), *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def _can_mount(tmp_path: Path) -> bool:
    if shutil.which("unshare") is None:
        return False
    probe = tmp_path / "probe"
    probe.mkdir()
    return subprocess.run([*UNSHARED, "mount", "-t", "tmpfs", "none", probe], capture_output=True).returncode == 0


@pytest.mark.parametrize("limit", LIMITS)
def test_an_action_that_cannot_be_recorded_before_does_not_happen(tmp_path, limit):
    told, _ = ran(tmp_path, limit, "before")
    first, failed, resumed = told["said"]
    assert first == ["done", "first", 0]
    assert failed[0] == "JournalError"
    assert "the disk is full" in failed[1]
    assert failed[2] == 2
    assert resumed == ["done", "all done", 0]
    assert told["done"] == [0, 1]
    assert told["numbers"] == list(range(1, len(told["numbers"]) + 1))
    assert told["last"] == "run_ended"


@pytest.mark.parametrize("limit", LIMITS)
def test_an_action_whose_outcome_cannot_be_recorded_is_unknown_and_not_repeated(tmp_path, limit):
    told, _ = ran(tmp_path, limit, "during")
    _, failed, waiting, resumed = told["said"]
    assert failed[0] == "JournalError"
    assert waiting == ["waiting", "", 1]
    assert told["unknown"]
    assert resumed == ["done", "all done", 0]
    assert told["done"] == [1, 1]
    assert told["numbers"] == list(range(1, len(told["numbers"]) + 1))


@pytest.mark.parametrize("limit", LIMITS)
def test_commands_say_it_in_a_line_and_go_on_with_space(tmp_path, limit):
    (before, failed, _, after, doctor), errors = ran(tmp_path, limit, "commands")
    assert (before, after) == (0, 0)
    assert failed in (1, 2), "the run failed, or could not even begin"
    assert "the disk is full" in errors
    assert doctor == 0, "it finds nothing that was left broken"
