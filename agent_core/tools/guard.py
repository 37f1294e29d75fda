"""Stands between us and a server that is started as a program (MCP), in a process of its own, and sees that it ends.

    python -I guard.py LONGEST_MESSAGE_BYTES COMMAND [ARGUMENT]...

It passes stdin and stdout on. The server ends when we do, however we end: then our end of the pipe is closed. With it
end all the processes that it has started, also those that left its process group (on Linux). A message that is longer
than is taken ends it too, before it fills our memory, and what is no JSON object on its stdout is dropped.

It is run as a file, without the rest of agent-core, so that it starts at once.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

TOO_LONG = 70
"""Exit status after a message that was too long."""
_POLITE_S, _TERMINATED_S = 1.0, 0.5
"""How long the server has to end by itself, and after SIGTERM; together less than whoever started us waits."""
_CHUNK = 65_536
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


class Guard:
    """One server and its processes."""

    def __init__(self, longest: int, command: list[str]) -> None:
        self._longest = longest
        self._status = 0
        adopt_orphans()
        self._server = subprocess.Popen(  # noqa: S603 - the command that the user has set up
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def run(self) -> int:
        """Pass messages on until one side ends; returns the exit status."""
        threading.Thread(target=self._pass_input, daemon=True).start()
        try:
            self._pass_output()
        finally:
            self._end()
        return self._status or max(0, self._server.returncode or 0)

    def stop(self, *_: object) -> None:
        """End everything at once; also a signal handler."""
        self._kill_all()
        os._exit(self._status or 143)

    def _pass_input(self) -> None:
        assert self._server.stdin is not None
        into = self._server.stdin.fileno()
        with suppress(OSError):
            while chunk := os.read(0, _CHUNK):
                _write(into, chunk)
        with suppress(OSError):
            self._server.stdin.close()
        self._wait(_POLITE_S)
        self._signal_group(signal.SIGTERM)
        self._wait(_TERMINATED_S)
        self.stop()

    def _pass_output(self) -> None:
        """Whole lines that are JSON objects; a line is held until it ends."""
        assert self._server.stdout is not None
        line = bytearray()
        while chunk := os.read(self._server.stdout.fileno(), _CHUNK):
            *ended, rest = chunk.split(b"\n")
            for part in ended:
                line += part
                if len(line) > self._longest:
                    break
                if line.lstrip().startswith(b"{"):
                    _write(1, bytes(line) + b"\n")
                elif line.strip():
                    _tell("dropped a line on stdout that is no message")
                line = bytearray()
            else:
                line += rest
            if len(line) > self._longest:
                _tell(f"stopped the server: a message of more than {self._longest:,} bytes")
                self._status = TOO_LONG
                return

    def _end(self) -> None:
        if self._status != TOO_LONG:
            self._wait(_POLITE_S)
        self._kill_all()

    def _wait(self, seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._server.wait(seconds)

    def _kill_all(self) -> None:
        """The server's group, then whatever has become our child by losing its parent, until there is nothing left."""
        self._signal_group(signal.SIGKILL)
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and (orphans := child_processes()):
            for pid in orphans:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
            with suppress(OSError):
                while os.waitpid(-1, os.WNOHANG) != (0, 0):
                    pass

    def _signal_group(self, number: int) -> None:
        with suppress(OSError):
            os.killpg(self._server.pid, number)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _tell(text: str) -> None:
    with suppress(OSError):
        _write(2, f"guard: {text}\n".encode())


def adopt_orphans() -> None:
    """Become the parent of every process below us whose own parent ends, so that it can be found (on Linux)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def child_processes() -> list[int]:
    """Our child processes, on Linux; elsewhere none can be found."""
    found: list[int] = []
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError, ValueError):
            found += map(int, task.read_text().split())
    return found


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _die_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Run the command of the arguments."""
    try:
        guard = Guard(int(sys.argv[1]), sys.argv[2:])
    except OSError as error:
        _tell(f"{sys.argv[2]!r} cannot be started ({error.strerror})")
        os._exit(127)
    signal.signal(signal.SIGTERM, guard.stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = guard.run()
    with suppress(OSError):
        os.close(1)
    os._exit(status)


if __name__ == "__main__":
    main()
