"""How a `Tool(isolated=True)` runs: in a child process of its own, inside `tool.limits` and `tool.timeout_s`.

A fork server (fork_server.py) is started on first use. It imports the tool's module, and whatever that names in
`AGENT_CORE_PRELOAD` (a tuple of module names, for heavy libraries that the module itself imports lazily), once;
each call is then a fork of it: milliseconds, however long the import took.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from agent_core.errors import ConfigurationError, ToolArgumentError, ToolError, TransientToolError
from agent_core.tools.tool import Tool

HEADER = struct.Struct("!I")
STATUS = struct.Struct("!i")
OUT_OF_MEMORY = 71
"""Exit status of a child that had too little memory left even to say so."""
_ERROR_BYTES = 16384
"""Room for an error message where a tool may return less than that."""
_STOP_S = 5.0
_PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TMPDIR", "TZ")
"""All that the server sees of the environment: keys and tokens in it stay with the caller."""


class _Server(NamedTuple):
    """A running fork server and our end of its control socket."""

    process: subprocess.Popen[bytes]
    control: socket.socket


class LimitError(ToolError):
    """A call that was stopped at one of its limits, which `limit` names."""

    def __init__(self, message: str, limit: Literal["cpu_s", "memory_bytes", "output_bytes", "timeout_s"]) -> None:
        super().__init__(message)
        self.limit = limit


class _ServerGoneError(Exception):
    """The server ended before it began the call, so that the call may be made again."""

    def __init__(self, server: _Server | None) -> None:
        super().__init__()
        self.server = server


@dataclass(frozen=True)
class _Call:
    """The caller's ends of the two sockets of one call, and the server's."""

    data: socket.socket
    lifeline: socket.socket
    passed: tuple[socket.socket, socket.socket]

    @classmethod
    @contextmanager
    def open(cls) -> Generator[_Call, None, None]:
        """Leaving the block closes the lifeline, which kills the child if it still runs."""
        data, child_data = socket.socketpair()
        lifeline, child_lifeline = socket.socketpair()
        with data, lifeline, child_data, child_lifeline:
            data.setblocking(False)
            lifeline.setblocking(False)
            yield cls(data, lifeline, (child_data, child_lifeline))


class IsolatedRunner:
    """Runs isolated tools; any number of calls at once, from any event loop.

    The function must stand at the top level of a module that can be imported, and gets no `ToolContext`: no
    workspace, no secrets, no progress. Arguments and results cross as JSON. Whatever a call does to its process -
    hang, exit, crash, fill its memory - ends that call alone. Memory is bounded on Linux; elsewhere the other
    limits hold. Needs `fork`, so Windows is not served.
    """

    def __init__(self, parallel: int | None = None) -> None:
        """Make a runner; nothing is started before the first call.

        Args:
            parallel: Calls that run at one time; the others wait, and their clock does not run. Default: twice
                the number of processors.
        """
        self._parallel = parallel or 2 * (os.cpu_count() or 2)
        self._slots: tuple[asyncio.AbstractEventLoop, asyncio.Semaphore] | None = None
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._closed = False

    async def run(self, tool: Tool, args: Mapping[str, Any]) -> Any:
        """Call `tool` with validated arguments in a process of its own.

        Returns:
            The result as a JSON value.

        Raises:
            ToolArgumentError, TransientToolError, ToolError: as the tool raised them; a ToolError also for a limit
                that was hit, naming it.
            ConfigurationError: the tool cannot be isolated, or the platform has no `fork`.
        """
        request = _request(tool)
        async with self._slot():
            for _ in range(2):
                try:
                    return await self._call(tool, request, args)
                except _ServerGoneError as gone:
                    await asyncio.to_thread(self._stop, gone.server)
        raise TransientToolError(f"{tool.name}: the process that runs isolated tools was stopped twice; try again.")

    async def aclose(self) -> None:
        """Stop the server and whatever still runs in it; later calls are refused. May be called again."""
        self._closed = True
        await asyncio.to_thread(self._stop_current)

    def _slot(self) -> asyncio.Semaphore:
        loop = asyncio.get_running_loop()
        if self._slots is None or self._slots[0] is not loop:
            self._slots = loop, asyncio.Semaphore(self._parallel)
        return self._slots[1]

    async def _call(self, tool: Tool, request: bytes, args: Mapping[str, Any]) -> Any:
        from pydantic_core import to_jsonable_python

        payload = json.dumps(to_jsonable_python(dict(args))).encode()
        with _Call.open() as call:
            server = await self._submit(request, call)
            if not await _read(call.lifeline, 1):
                raise _ServerGoneError(server)
            try:
                async with asyncio.timeout(tool.timeout_s):
                    reply, status = await _exchange(call, payload, tool)
            except TimeoutError:
                message = f"{tool.name} did not finish within {tool.timeout_s:g} s (timeout_s) and was stopped."
                raise LimitError(message, "timeout_s") from None
        return _outcome(tool, reply, status)

    async def _submit(self, request: bytes, call: _Call) -> _Server:
        if self._server is None or self._server.process.poll() is not None:
            await asyncio.to_thread(self._start)
        with self._lock:
            server = self._server
            if server is None:
                raise _ServerGoneError(None)
            try:
                sent = socket.send_fds(server.control, [request], [end.fileno() for end in call.passed])
                server.control.sendall(request[sent:])
            except OSError:
                raise _ServerGoneError(server) from None
        for end in call.passed:
            end.close()
        return server

    def _start(self) -> None:
        with self._lock:
            if self._closed:
                raise ToolError("Isolated tools cannot run any more: their runner was closed.")
            if self._server is not None:
                if self._server.process.poll() is None:
                    return
                self._server.control.close()
            ours, theirs = socket.socketpair()
            with theirs:
                process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [sys.executable, "-P", "-m", "agent_core.tools.fork_server", str(theirs.fileno())],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    env=_environment(),
                    cwd="/",
                    start_new_session=True,  # Ctrl+C in a terminal is for the assistant, which closes us in order.
                )
            self._server = _Server(process, ours)

    def _stop_current(self) -> None:
        with self._lock:  # One that is being started is stopped too.
            server = self._server
        self._stop(server)

    def _stop(self, server: _Server | None) -> None:
        """End `server`, which may be dying already, and reap it."""
        if server is None:
            return
        with self._lock:
            if self._server is server:
                self._server = None
            server.control.close()
        try:
            server.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            server.process.kill()
            server.process.wait()


def _request(tool: Tool) -> bytes:
    """What the server is told about a call: see `fork_server.Request`."""
    if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
        raise ConfigurationError(f"The tool {tool.name!r} needs a system with fork() to run isolated; {sys.platform!r}")
    function = tool.function
    if function is None or tool.takes_context:
        why = "has no function" if function is None else "takes a ToolContext"
        raise ConfigurationError(f"The tool {tool.name!r} {why}, so it cannot be isolated; drop isolated=True.")
    if "<" in function.__qualname__ or function.__module__ == "__main__":
        raise ConfigurationError(
            f"The isolated tool {tool.name!r} must stand at the top level of an importable module, "
            f"not at {function.__module__}.{function.__qualname__}."
        )
    body = {
        "module": function.__module__,
        "qualname": function.__qualname__,
        "path": _import_path(),
        "cpu_s": tool.limits.cpu_s,
        "memory_bytes": tool.limits.memory_bytes,
        "output_bytes": tool.limits.output_bytes,
        "timeout_s": tool.timeout_s,
    }
    encoded = json.dumps(body).encode()
    return HEADER.pack(len(encoded)) + encoded


def _import_path() -> list[str]:
    return [os.path.abspath(entry) for entry in sys.path]


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed | {"PYTHONPATH": os.pathsep.join(_import_path())}


async def _exchange(call: _Call, payload: bytes, tool: Tool) -> tuple[bytes, int | None]:
    """Send the arguments; the reply and the exit status, None when the server was killed before it could tell."""
    loop = asyncio.get_running_loop()
    with suppress(OSError):  # It ended without reading; its exit status will say how.
        await loop.sock_sendall(call.data, payload)
        call.data.shutdown(socket.SHUT_WR)
    most = max(tool.limits.output_bytes, _ERROR_BYTES)
    reply = await _read(call.data, most + 1)
    if len(reply) > most:
        raise _exceeded(tool, "output_bytes")
    status = await _read(call.lifeline, STATUS.size)
    return reply, STATUS.unpack(status)[0] if len(status) == STATUS.size else None


async def _read(connection: socket.socket, most: int) -> bytes:
    """What arrives up to EOF, but no more than `most` bytes."""
    loop = asyncio.get_running_loop()
    received = bytearray()
    with suppress(ConnectionError):
        while len(received) < most and (piece := await loop.sock_recv(connection, min(most - len(received), 1 << 16))):
            received += piece
    return bytes(received)


_ERRORS: dict[str, type[ToolError] | type[ConfigurationError]] = {
    "arguments": ToolArgumentError,
    "transient": TransientToolError,
    "impossible": ToolError,
    "configuration": ConfigurationError,
}


def _outcome(tool: Tool, reply: bytes, status: int | None) -> Any:
    answer = _decoded(reply)
    if answer is None:
        raise _death(tool, status)
    if "value" in answer:
        return answer["value"]
    kind, message = str(answer.get("error")), str(answer.get("message"))
    if kind in _ERRORS:
        raise _ERRORS[kind](message)
    if kind == "memory":
        raise _exceeded(tool, "memory_bytes")
    if kind == "output":
        raise _exceeded(tool, "output_bytes")
    raise ToolError(f"{tool.name} failed: {message}")


def _decoded(reply: bytes) -> dict[str, Any] | None:
    """The reply, or None for what is not one: the child ended before, or while, it wrote."""
    try:
        answer = json.loads(reply)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None  # pyright: ignore[reportUnknownVariableType]


def _exceeded(tool: Tool, limit: Literal["cpu_s", "memory_bytes", "output_bytes"]) -> LimitError:
    words = {
        "cpu_s": f"used more than {tool.limits.cpu_s:g} s of processor time",
        "memory_bytes": f"needed more than {tool.limits.memory_bytes / 1024**2:g} MiB of memory",
        "output_bytes": f"returned more than {tool.limits.output_bytes} bytes",
    }
    message = f"{tool.name} {words[limit]} (limits.{limit}) and was stopped; ask for something smaller."
    return LimitError(message, limit)


def _death(tool: Tool, status: int | None) -> ToolError:
    """Why a call ended without an answer."""
    if status is None:
        return TransientToolError(f"{tool.name}: the process that runs isolated tools was stopped; try again.")
    if status == -signal.SIGXCPU:
        return _exceeded(tool, "cpu_s")
    if status == OUT_OF_MEMORY:
        return _exceeded(tool, "memory_bytes")
    if status < 0:
        with suppress(ValueError):
            return ToolError(f"{tool.name} was killed by {signal.Signals(-status).name}.")
    return ToolError(f"{tool.name} ended with exit status {status} without an answer.")
