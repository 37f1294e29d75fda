"""A web server on a free loopback port that sends exactly the bytes a test gives it, well-formed or not.

    async with ScriptedWeb() as web:
        web.answers["/page"] = http_answer("<p>Hello</p>", content_type="text/html")
        web.answers["/slow"] = drip(b"HTTP/1.1 200 OK\\r\\n\\r\\n", every_s=0.05)
        ... fetch web.url("/page") ...
        assert web.requests[0].headers["host"] == web.authority

With `tls=` it speaks HTTPS; with `tunnel_tls=` it is also an HTTP proxy that answers CONNECT itself, playing every
host behind it (answers are then looked up by `host/path` first).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True)
class Request:
    """What a client asked; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Answer: TypeAlias = bytes | Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def http_answer(
    body: str | bytes = b"",
    *,
    status: str = "200 OK",
    content_type: str = "text/plain; charset=utf-8",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a well-formed answer; an empty content type sends none."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", "Connection: close"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data


def redirect(location: str, status: str = "302 Found") -> bytes:
    return http_answer("moved", status=status, headers={"Location": location})


def in_turn(*answers: Answer) -> Answer:
    """The first answer to the first request, and so on; the last one stays."""
    left = list(answers)

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        await _send(left.pop(0) if len(left) > 1 else left[0], request, writer)

    return answer


def drip(start: bytes, *, every_s: float, piece: bytes = b"x") -> Answer:
    """Send `start`, then `piece` for ever."""

    async def answer(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            await writer.drain()
            await asyncio.sleep(every_s)
            writer.write(piece)

    return answer


async def stall(_request: Request, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await asyncio.sleep(3600)


async def drop(_request: Request, writer: asyncio.StreamWriter) -> None:
    """Close the connection without a word."""
    writer.transport.abort()


async def _send(answer: Answer, request: Request, writer: asyncio.StreamWriter) -> None:
    if isinstance(answer, bytes):
        writer.write(answer)
        await writer.drain()
    else:
        await answer(request, writer)


@dataclass
class ScriptedWeb:
    """The server; `answers` maps paths (or `host/path`) to what is sent, `default` serves the rest."""

    tls: ssl.SSLContext | None = None
    tunnel_tls: ssl.SSLContext | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    default: Answer = field(default_factory=lambda: http_answer("no such page", status="404 Not Found"))
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    async def __aenter__(self) -> ScriptedWeb:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await self._serve(reader, writer)
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The client has left, or the test is over; a polite end of TLS would wait for the client's for 30 s.
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _read_request(reader)
        host = ""
        if request.method == "CONNECT" and self.tunnel_tls:
            host = request.target.rpartition(":")[0]
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self.tunnel_tls)
            request = await _read_request(reader)
        self.requests.append(request)
        answer = self.answers.get(host + request.path) or self.answers.get(request.path) or self.default
        await _send(answer, request, writer)


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)
