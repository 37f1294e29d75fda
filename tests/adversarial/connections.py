"""Who is contacted: what this process tries to connect to, what it looks up, and what arrives at sockets on loopback.

No test needs a network, and none could use one: a name is looked up in the test's own list, and a connection to
anything but loopback is refused before it begins, and remembered.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest

WEB_PORTS = (80, 443, 8080, 8443)
LOOPBACK = ("127.0.0.1", "127.0.0.2", "::1")
_REAL_LOOKUP = socket.getaddrinfo


class Watch:
    """Every connection that is tried while the test runs, as (address, port), whether it succeeds or not."""

    def __init__(self) -> None:
        self.tried: list[tuple[str, int]] = []

    def audit(self, address: Any) -> None:
        if not isinstance(address, tuple):  # a Unix socket
            return
        host, port = str(address[0]), int(address[1])
        self.tried.append((host, port))
        if not ipaddress.ip_address(host.partition("%")[0]).is_loopback:
            raise OSError(101, "tests reach loopback only")

    def besides(self, *allowed: int) -> list[tuple[str, int]]:
        """What was tried, but for servers of the test on 127.0.0.1 at these ports."""
        return [place for place in self.tried if place not in {("127.0.0.1", port) for port in allowed}]


_watch: Watch | None = None
_hooked = False


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if _watch is not None and event == "socket.connect":
        _watch.audit(args[1])


@pytest.fixture
def watch() -> Iterator[Watch]:
    global _watch, _hooked
    if not _hooked:  # once in a process: an audit hook cannot be taken away
        sys.addaudithook(_audit)
        _hooked = True
    _watch = Watch()
    yield _watch
    _watch = None


class Names:
    """The name service: `answers` maps a host to its answers in turn, the last one for ever; numbers are numbers."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []

    def __setitem__(self, host: str, answers: list[list[str]]) -> None:
        self.answers[host] = answers

    def look_up(self, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:
        """In place of `socket.getaddrinfo`."""
        name = host.decode() if isinstance(host, bytes) else str(host)
        self.asked.append(name)
        answers = self.answers.get(name.rstrip(".").lower())
        if answers is None:
            return _REAL_LOOKUP(name, port, family, type, proto, flags | socket.AI_NUMERICHOST)
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [entry for ip in found for entry in _REAL_LOOKUP(ip, port, family, type, proto, socket.AI_NUMERICHOST)]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    names = Names()
    monkeypatch.setattr(socket, "getaddrinfo", names.look_up)
    return names


class Doors:
    """Sockets that listen where an attack wants to get to. Nobody answers; what arrived is counted."""

    def __init__(self, sockets: list[socket.socket], port: int) -> None:
        self._sockets = sockets
        self.port = port
        """A port that is open on every address of loopback."""

    def arrived(self) -> int:
        """Connections since the last time, also those of child processes."""
        count = 0
        for door in self._sockets:
            with suppress(BlockingIOError):
                while True:
                    door.accept()[0].close()
                    count += 1
        return count


@pytest.fixture
def doors() -> Iterator[Doors]:
    """On a port of their own on each address, and on the web's ports where this machine lets us."""
    with ExitStack() as stack:
        first = stack.enter_context(_listening("127.0.0.1", 0))
        port = first.getsockname()[1]
        sockets = [first]
        for address in LOOPBACK:
            for wanted in (port, *WEB_PORTS):
                if (address, wanted) != ("127.0.0.1", port):
                    with suppress(OSError):  # taken, not ours to take, or no such address here
                        sockets.append(stack.enter_context(_listening(address, wanted)))
        yield Doors(sockets, port)


def _listening(address: str, port: int) -> socket.socket:
    door = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((address, port))
        door.listen(128)
        door.setblocking(False)
    except OSError:
        door.close()
        raise
    return door
