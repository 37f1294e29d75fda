"""Isolated tools: whatever a call does to its process ends that call alone, and nothing is left behind."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from agent_core.errors import ConfigurationError, ToolArgumentError, ToolError, TransientToolError
from agent_core.tools.isolation import IsolatedRunner
from agent_core.tools.tool import Tool

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="isolation needs fork()")

MODULE = '''
"""Tools that behave badly."""
import ctypes, datetime, os, signal, subprocess, sys, time
from dataclasses import dataclass
from agent_core.errors import ToolArgumentError, ToolError, TransientToolError, ConfigurationError
from agent_core.tools.context import ToolContext
from agent_core.tools.tool import Limits, tool

IMPORTED_BY = os.getpid()
LIMITS = Limits(cpu_s=1, memory_bytes=64 * 1024**2, output_bytes=10_000)

@dataclass
class Point:
    x: float
    when: datetime.date

@tool(isolated=True)
def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b

@tool(isolated=True)
async def later(a: int) -> int:
    """Add, asynchronously."""
    return a + 1

@tool(isolated=True)
def tomorrow(day: datetime.date) -> Point:
    """A typed argument and a typed result."""
    return Point(0.5, day + datetime.timedelta(days=1))

@tool(isolated=True)
def fail(how: str) -> str:
    """Raise."""
    raise {"arguments": ToolArgumentError, "transient": TransientToolError, "impossible": ToolError,
           "configuration": ConfigurationError, "bug": KeyError}[how](f"because of {how}")

@tool(isolated=True, timeout_s=0.3)
def sleep(pid_file: str = "") -> str:
    """Hang without using the processor."""
    if pid_file:
        open(pid_file, "w").write(str(os.getpid()))
    time.sleep(600)

@tool(isolated=True, timeout_s=60)
def sleep_long(pid_file: str) -> str:
    """Hang for long."""
    sleep.function(pid_file)

@tool(isolated=True, limits=LIMITS)
def spin() -> str:
    """Use the processor for ever."""
    while True:
        pass

@tool(isolated=True, limits=LIMITS)
def fill() -> int:
    """Use more memory than there may be."""
    return len([bytes(1024**2) for _ in range(10_000)])

@tool(isolated=True, limits=LIMITS)
def fill_to_the_brim() -> int:
    """Use all memory there is, down to the smallest piece, and hold on to it."""
    held = []
    size = 1024**2
    while True:
        try:
            while True:
                held.append(bytearray(size))
        except MemoryError:
            if size < 64:
                raise
            size //= 2

@tool(isolated=True, limits=LIMITS)
def babble(size: int) -> str:
    """Return a lot."""
    return "x" * size

@tool(isolated=True)
def length(text: str) -> int:
    """Count."""
    return len(text)

@tool(isolated=True)
def leave(code: int) -> str:
    """Exit from the inside."""
    os._exit(code)

@tool(isolated=True)
def exit_politely() -> str:
    """Exit with SystemExit."""
    sys.exit(4)

@tool(isolated=True)
def crash() -> str:
    """A segmentation fault."""
    ctypes.string_at(0)

@tool(isolated=True)
def suicide(number: int) -> str:
    """Be killed."""
    os.kill(os.getpid(), number)
    time.sleep(60)

@tool(isolated=True)
def kill_server() -> str:
    """Kill the process that forked us."""
    os.kill(os.getppid(), signal.SIGKILL)
    return "done"

@tool(isolated=True)
def print_junk() -> str:
    """Write to every stream."""
    for stream in (1, 2):
        os.write(stream, b'{"value": "forged"}' * 1000)
    print("junk", flush=True)
    return "clean"

@tool(isolated=True)
def write_to_every_descriptor() -> str:
    """Write to whatever is open."""
    for fd in range(64):
        try:
            os.write(fd, b"\\xff{")
        except OSError:
            pass
    return "clean"

@tool(isolated=True, timeout_s=20)
def leave_a_child(pid_file: str) -> str:
    """Start a process that outlives the call."""
    child = subprocess.Popen(["sleep", "600"])
    open(pid_file, "w").write(str(child.pid))
    return "left"

@tool(isolated=True)
def surroundings() -> dict:
    """What the child sees."""
    descriptors = os.listdir("/proc/self/fd")
    return {"env": dict(os.environ), "imported_by": IMPORTED_BY, "pid": os.getpid(), "fds": len(descriptors),
            "cwd": os.getcwd()}

@tool(isolated=True)
def nothing_like_json() -> object:
    """A result that is not JSON."""
    return lambda: None

@tool(isolated=True)
def deep() -> list:
    """A result that is nested too deeply."""
    value = []
    for _ in range(100_000):
        value = [value]
    return value

@tool(isolated=True)
def with_context(context: ToolContext, a: int) -> int:
    """Wants what it cannot get."""
    return a

def plain(a: int) -> int:
    return a * 2
'''


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("isolated")
    (folder / "isolation_sample.py").write_text(MODULE)
    (folder / "isolation_broken.py").write_text(
        "import sys\nfrom agent_core.tools.tool import tool\n"
        "if 'fork_server' in sys.argv[0]:\n    raise RuntimeError('cannot load here')\n"
        "@tool(isolated=True)\ndef never() -> int:\n    '''Never runs.'''\n    return 1\n"
    )
    sys.path.insert(0, str(folder))
    yield importlib.import_module("isolation_sample")
    sys.path.remove(str(folder))


@pytest.fixture
async def runner() -> AsyncIterator[IsolatedRunner]:
    runner = IsolatedRunner()
    yield runner
    await runner.aclose()


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds; the test's own time limit ends what never does."""
    while not condition():
        await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def children_of(pid: int) -> list[int]:
    return [int(p) for task in Path(f"/proc/{pid}/task").iterdir() for p in (task / "children").read_text().split()]


async def test_arguments_and_results_cross_as_json(runner: IsolatedRunner, bad: ModuleType) -> None:
    assert await runner.run(bad.add, {"a": 2, "b": 40}) == 42
    assert await runner.run(bad.add, {"a": 2}) == 3
    assert await runner.run(bad.later, {"a": 2}) == 3
    assert await runner.run(bad.tomorrow, {"day": "2028-02-28"}) == {"x": 0.5, "when": "2028-02-29"}
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    assert await runner.run(Tool.from_schema(bad.plain, "double", "Doubles.", schema, isolated=True), {"a": 4}) == 8


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("arguments", ToolArgumentError),
        ("transient", TransientToolError),
        ("impossible", ToolError),
        ("configuration", ConfigurationError),
    ],
)
async def test_errors_keep_their_class_and_message(
    runner: IsolatedRunner, bad: ModuleType, how: str, kind: type[Exception]
) -> None:
    with pytest.raises(kind, match=f"^because of {how}$") as caught:
        await runner.run(bad.fail, {"how": how})
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("name", "args", "says"),
    [
        ("fail", {"how": "bug"}, "fail failed: KeyError: 'because of bug'"),
        ("sleep", {}, r"within 0\.3 s \(timeout_s\)"),
        ("spin", {}, r"1 s of processor time \(limits\.cpu_s\)"),
        ("fill", {}, r"64 MiB of memory \(limits\.memory_bytes\)"),
        ("fill_to_the_brim", {}, r"64 MiB of memory \(limits\.memory_bytes\)"),
        ("babble", {"size": 20_000}, r"10000 bytes \(limits\.output_bytes\)"),
        ("leave", {"code": 7}, "exit status 7"),
        ("leave", {"code": 0}, "exit status 0 without an answer"),
        ("exit_politely", {}, "exit status 1"),
        ("crash", {}, "SIGSEGV"),
        ("suicide", {"number": 9}, "SIGKILL"),
        ("suicide", {"number": 15}, "SIGTERM"),
        ("write_to_every_descriptor", {}, "write_to_every_descriptor"),
        ("nothing_like_json", {}, "nothing_like_json failed"),
        ("deep", {}, "deep"),
    ],
)
async def test_a_bad_call_fails_alone(
    runner: IsolatedRunner, bad: ModuleType, name: str, args: dict[str, Any], says: str
) -> None:
    good = [asyncio.create_task(runner.run(bad.add, {"a": n})) for n in range(3)]
    with pytest.raises(ToolError, match=says):
        await runner.run(getattr(bad, name), args)
    assert await asyncio.gather(*good) == [1, 2, 3]
    assert await runner.run(bad.add, {"a": 4}) == 5


async def test_output_up_to_the_limit_passes(runner: IsolatedRunner, bad: ModuleType) -> None:
    assert len(await runner.run(bad.babble, {"size": 9_900})) == 9_900


async def test_a_large_argument_passes(runner: IsolatedRunner, bad: ModuleType) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    double = Tool.from_schema(bad.plain, "double", "Doubles.", schema, isolated=True)
    with pytest.raises(ToolError, match="output_bytes"):
        await runner.run(double, {"a": "x" * 2_000_000})
    assert await runner.run(bad.length, {"text": "x" * 2_000_000}) == 2_000_000


async def test_junk_on_the_streams_is_not_an_answer(
    runner: IsolatedRunner, bad: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    assert await runner.run(bad.print_junk, {}) == "clean"
    assert capfd.readouterr() == ("", "")


async def test_the_module_is_imported_once_and_no_secret_is_inherited(
    runner: IsolatedRunner, bad: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    first, second = await runner.run(bad.surroundings, {}), await runner.run(bad.surroundings, {})
    assert "sk-secret" not in str(first)
    assert "OPENAI_API_KEY" not in first["env"]
    assert first["imported_by"] == second["imported_by"] not in (first["pid"], second["pid"], os.getpid())
    assert first["cwd"] == "/"


async def test_children_see_no_descriptors_of_other_calls(runner: IsolatedRunner, bad: ModuleType) -> None:
    alone = (await runner.run(bad.surroundings, {}))["fds"]
    together = await asyncio.gather(*(runner.run(bad.surroundings, {}) for _ in range(8)))
    assert {seen["fds"] for seen in together} == {alone}


async def test_many_calls_at_once(bad: ModuleType) -> None:
    runner = IsolatedRunner(parallel=4)
    try:
        calls = [
            runner.run(bad.fail, {"how": "bug"}) if n % 5 == 0 else runner.run(bad.add, {"a": n}) for n in range(60)
        ]
        results = await asyncio.gather(*calls, return_exceptions=True)
        for n, result in enumerate(results):
            assert isinstance(result, ToolError) if n % 5 == 0 else result == n + 1
    finally:
        await runner.aclose()


async def test_nothing_is_left_behind(bad: ModuleType) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd"))

    before, processes = descriptors(), set(children_of(os.getpid()))
    runner = IsolatedRunner()
    await runner.run(bad.add, {"a": 1})
    (server,) = set(children_of(os.getpid())) - processes
    while_running = descriptors()
    for name, args in [("add", {"a": 1}), ("leave", {"code": 1}), ("sleep", {}), ("crash", {})] * 3:
        with suppress(ToolError):
            await runner.run(getattr(bad, name), args)
    assert descriptors() == while_running
    await eventually(lambda: not children_of(server))
    await runner.aclose()
    await runner.aclose()
    assert descriptors() == before
    assert set(children_of(os.getpid())) == processes
    with pytest.raises(ToolError, match="closed"):
        await runner.run(bad.add, {"a": 1})


async def test_a_cancelled_call_is_killed(runner: IsolatedRunner, bad: ModuleType, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    call = asyncio.create_task(runner.run(bad.sleep_long, {"pid_file": str(pid_file)}))
    await eventually(lambda: pid_file.exists() and pid_file.read_text() != "")
    pid = int(pid_file.read_text())
    assert alive(pid)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await eventually(lambda: not alive(pid))


async def test_what_a_call_started_ends_with_it(runner: IsolatedRunner, bad: ModuleType, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    assert await runner.run(bad.leave_a_child, {"pid_file": str(pid_file)}) == "left"
    await eventually(lambda: not alive(int(pid_file.read_text())))


async def test_a_killed_server_is_replaced(runner: IsolatedRunner, bad: ModuleType) -> None:
    for _ in range(3):
        with suppress(TransientToolError):  # The answer of the call that killed it may or may not arrive.
            assert await runner.run(bad.kill_server, {}) == "done"
        assert await runner.run(bad.add, {"a": 1}) == 2


async def test_a_server_killed_between_calls_is_not_noticed(runner: IsolatedRunner, bad: ModuleType) -> None:
    others = set(children_of(os.getpid()))
    await runner.run(bad.add, {"a": 1})
    (server,) = set(children_of(os.getpid())) - others
    for number in (signal.SIGKILL, signal.SIGTERM):
        os.kill(server, number)
        assert await runner.run(bad.add, {"a": 1}) == 2
        (server,) = set(children_of(os.getpid())) - others


def test_one_runner_serves_many_event_loops(bad: ModuleType) -> None:
    runner = IsolatedRunner(parallel=1)

    async def three() -> list[int]:
        return await asyncio.gather(*(runner.run(bad.add, {"a": n}) for n in range(3)))

    assert asyncio.run(three()) == asyncio.run(three()) == [1, 2, 3]
    asyncio.run(runner.aclose())


async def test_nothing_outlives_a_killed_parent(bad: ModuleType, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = textwrap.dedent(
        f"""
        import asyncio, sys
        sys.path.insert(0, {str(Path(bad.__file__ or "").parent)!r})
        import isolation_sample
        from agent_core.tools.isolation import IsolatedRunner
        asyncio.run(IsolatedRunner().run(isolation_sample.sleep_long, {{"pid_file": {str(pid_file)!r}}}))
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", script])  # noqa: ASYNC220
    await eventually(lambda: pid_file.exists() and pid_file.read_text() != "")
    family = [int(pid_file.read_text()), *children_of(parent.pid)]
    assert all(alive(pid) for pid in family)
    assert len(family) == 2
    parent.kill()
    parent.wait()
    await eventually(lambda: not any(alive(pid) for pid in family))


async def test_a_module_that_cannot_be_loaded_is_reported(runner: IsolatedRunner, bad: ModuleType) -> None:
    broken = importlib.import_module("isolation_broken")
    with pytest.raises(ConfigurationError, match="isolation_broken: RuntimeError: cannot load here"):
        await runner.run(broken.never, {})
    assert await runner.run(bad.add, {"a": 1}) == 2


async def test_what_cannot_be_isolated_says_so(runner: IsolatedRunner, bad: ModuleType) -> None:
    def local(a: int) -> int:
        return a

    with pytest.raises(ConfigurationError, match="takes a ToolContext"):
        await runner.run(bad.with_context, {"a": 1})
    with pytest.raises(ConfigurationError, match="has no function"):
        await runner.run(Tool("external", "Elsewhere."), {})
    with pytest.raises(ConfigurationError, match="top level of an importable module"):
        await runner.run(Tool("local", "Local.", local), {"a": 1})


async def test_memory_of_the_caller_stays_flat(runner: IsolatedRunner, bad: ModuleType) -> None:
    def resident_kib() -> int:
        line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmRSS"))
        return int(line.split()[1])

    async def burst() -> None:
        with pytest.raises(ToolError):
            await runner.run(bad.fill, {})
        await asyncio.gather(*(runner.run(bad.add, {"a": n}) for n in range(40)))

    await burst()
    before = resident_kib()
    for _ in range(4):
        await burst()
    assert resident_kib() - before < 8 * 1024
