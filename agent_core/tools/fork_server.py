"""The process behind isolated tools: it imports a tool's module once and forks one child for every call.

Started by `IsolatedRunner` as `python -m agent_core.tools.fork_server FD`. Single-threaded, so that forking is safe.

Protocol. The control socket `FD` carries requests (4 bytes of length, then JSON), each with two sockets riding along:

- *data*: the arguments arrive on it as JSON up to EOF; the child writes its reply as JSON and exits;
- *lifeline*: the server sends `STARTED` just before it forks and the exit status (4 bytes, as in
  `Popen.returncode`) once the child is reaped. The caller closing its end kills the child, and so does its death.

EOF on the control socket kills every child and ends the server: nothing outlives the process that started it.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import json
import os
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any, NoReturn, TypeAlias

from pydantic_core import to_jsonable_python

from agent_core.errors import ConfigurationError, ToolError
from agent_core.tools.guard import adopt_orphans, child_processes
from agent_core.tools.isolation import HEADER, OUT_OF_MEMORY, STATUS
from agent_core.tools.tool import Tool

STARTED = b"S"
PRELOAD = "AGENT_CORE_PRELOAD"
_MESSAGE_CHARS = 2000
_BACKSTOP_S = 5.0
_MOST_GENERATIONS = 50
"""How often to look again for processes that killing their parents has made ours."""

Function: TypeAlias = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Request:
    """What the server must know before it forks; the arguments go to the child alone."""

    module: str
    qualname: str
    path: list[str]
    """The caller's `sys.path`, so that both import the same module."""
    cpu_s: float
    memory_bytes: int
    output_bytes: int
    timeout_s: float


class ForkServer:
    """Forks children on request, reports how they ended, and kills those that nobody waits for any more."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._lifelines: dict[int, socket.socket] = {}
        self._functions: dict[tuple[str, str], Function] = {}
        self._wake, self._wake_write = socket.socketpair()

    def serve(self) -> None:
        """Work until the control socket ends."""
        adopt_orphans()
        self._wake.setblocking(False)
        self._wake_write.setblocking(False)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _wake_up)
        self._selector.register(self._control, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._control:
                    if not self._accept():
                        return self._kill_all()
                elif key.fileobj is self._wake:
                    self._reap()
                elif self._lifelines.get(key.data) is key.fileobj:
                    self._hang_up(key.data)

    def _accept(self) -> bool:
        """Read one request and start it; False when the caller is gone."""
        head, fds, _, _ = socket.recv_fds(self._control, HEADER.size, 2)
        with suppress(ConnectionError):
            head += _receive(self._control, HEADER.size - len(head))
            body = _receive(self._control, HEADER.unpack(head)[0])
            data, lifeline = (socket.socket(fileno=fd) for fd in fds)
            with data:
                self._start(Request(**json.loads(body)), data, lifeline)
            return True
        return False

    def _start(self, request: Request, data: socket.socket, lifeline: socket.socket) -> None:
        try:
            function = self._function(request)
        except Exception as error:
            return _refuse(ConfigurationError(f"{request.module}: {_one_line(error)}"), data, lifeline)
        gc.collect()
        gc.freeze()  # A collection in a child would touch, and so copy, every page that it shares with the server.
        try:
            lifeline.sendall(STARTED)
            pid = os.fork()
        except OSError as error:
            return _refuse(error, data, lifeline)
        if pid == 0:
            lifeline.close()
            self._be_the_child(request, function, data)
        with suppress(OSError):  # Done on both sides: whoever runs first must not find the group missing.
            os.setpgid(pid, pid)
        self._lifelines[pid] = lifeline
        self._selector.register(lifeline, selectors.EVENT_READ, pid)

    def _function(self, request: Request) -> Function:
        sys.path[:] = request.path
        key = request.module, request.qualname
        if key not in self._functions:
            importlib.invalidate_caches()
            module = importlib.import_module(request.module)
            for name in getattr(module, PRELOAD, ()):
                importlib.import_module(name)
            self._functions[key] = _callable(module, request.qualname)
        return self._functions[key]

    def _be_the_child(self, request: Request, function: Function, data: socket.socket) -> NoReturn:
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setpgid(0, 0)
            self._selector.close()
            for inherited in (self._control, self._wake, self._wake_write, *self._lifelines.values()):
                inherited.close()
            _limit(request)
            data.sendall(_answer(function, data, request.output_bytes))
            code = 0
        except MemoryError:
            code = OUT_OF_MEMORY
        finally:
            os._exit(code)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            while self._wake.recv(4096):
                pass
        for pid in list(self._lifelines):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
                self._bury(pid)

    def _bury(self, pid: int) -> None:
        with suppress(ProcessLookupError, PermissionError):  # While it is a zombie its group id cannot be reused.
            os.killpg(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        lifeline = self._lifelines.pop(pid)
        self._kill_strangers()
        with suppress(KeyError):
            self._selector.unregister(lifeline)
        with suppress(OSError):
            lifeline.sendall(STATUS.pack(status))
        lifeline.close()

    def _kill_strangers(self) -> None:
        """What left its call's group and lost its parent has become ours; no call leaves anything running."""
        for _ in range(_MOST_GENERATIONS):
            strangers = [pid for pid in child_processes() if pid not in self._lifelines]
            for pid in strangers:
                with suppress(ProcessLookupError, ChildProcessError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
            if not strangers:
                return

    def _hang_up(self, pid: int) -> None:
        self._selector.unregister(self._lifelines[pid])
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)

    def _kill_all(self) -> None:
        for pid in list(self._lifelines):
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            self._bury(pid)


def _wake_up(signum: int, frame: object) -> None:
    """Handle SIGCHLD: what matters is the byte that Python then writes to the wake-up socket."""


def _callable(module: Any, qualname: str) -> Function:
    """The function called `qualname`, found through the `Tool` that `@tool` put in its place."""
    found = module
    for name in qualname.split("."):
        found = getattr(found, name)
    if not isinstance(found, Tool):
        return lambda args: found(**args)
    schema, function = found.arguments, found.function
    if function is None:
        raise ConfigurationError(f"the tool {found.name!r} has no function")
    return lambda args: function(**schema.keywords(args))


def _limit(request: Request) -> None:
    seconds = max(1, ceil(request.cpu_s))
    _lower(resource.RLIMIT_CPU, seconds, seconds + 1)  # SIGXCPU at the first, which names the limit; then SIGKILL.
    _lower(resource.RLIMIT_CORE, 0, 0)
    mapped = _mapped_bytes()
    if mapped is not None:
        _lower(resource.RLIMIT_AS, mapped + request.memory_bytes, mapped + request.memory_bytes)
    # The caller stops a call that is late; this ends one whose caller and server were both killed.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, request.timeout_s + _BACKSTOP_S)


def _lower(kind: int, soft: int, hard: int) -> None:
    inherited = resource.getrlimit(kind)[1]
    if inherited != resource.RLIM_INFINITY:
        soft, hard = min(soft, inherited), min(hard, inherited)
    resource.setrlimit(kind, (soft, hard))


def _mapped_bytes() -> int | None:
    """Size of this process's address space; None where the system does not tell (and RLIMIT_AS does not hold)."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return None


def _answer(function: Function, data: socket.socket, output_bytes: int) -> bytes:
    """Run the call and encode what came of it: `{"value": ...}` or `{"error": kind, "message": ...}`."""
    try:
        value = function(json.loads(b"".join(iter(partial(data.recv, 1 << 16), b""))))
        if inspect.iscoroutine(value):
            value = asyncio.run(value)
        reply = json.dumps({"value": to_jsonable_python(value)}).encode()
    except Exception as error:
        return _failure(error)
    return reply if len(reply) <= output_bytes else json.dumps({"error": "output", "message": ""}).encode()


def _failure(error: Exception) -> bytes:
    kind, message = "unexpected", _one_line(error)
    if isinstance(error, ToolError):
        kind, message = error.failure, str(error)
    elif isinstance(error, ConfigurationError):
        kind, message = "configuration", str(error)
    elif isinstance(error, MemoryError):
        kind = "memory"
    return json.dumps({"error": kind, "message": message[:_MESSAGE_CHARS]}).encode()


def _refuse(error: Exception, data: socket.socket, lifeline: socket.socket) -> None:
    """Answer in the place of a child that could not be started."""
    with lifeline, suppress(OSError):
        data.sendall(_failure(error))
        lifeline.sendall(STARTED + STATUS.pack(0))


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:_MESSAGE_CHARS]


def _receive(connection: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes; ConnectionError when they do not come."""
    received = b""
    while len(received) < size:
        piece = connection.recv(size - len(received))
        if not piece:
            raise ConnectionResetError("the control socket ended")
        received += piece
    return received


if __name__ == "__main__":
    ForkServer(socket.socket(fileno=int(sys.argv[1]))).serve()
