"""An SMTP server on a free loopback port that keeps what it takes.

async with Mailbox() as mailbox:
    ... send to mailbox.port ...
    assert mailbox.messages[0]["subject"] == "Bonus"
"""

from __future__ import annotations

import asyncio
import email
import email.policy
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP


class Mailbox:
    """Every message that was delivered, oldest first."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self._protocols: list[SMTP] = []
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return self._server.sockets[0].getsockname()[1]

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        self.messages.append(parsed)
        return "250 OK"

    async def __aenter__(self) -> Self:
        def protocol() -> SMTP:
            self._protocols.append(SMTP(self, hostname="localhost"))
            return self._protocols[-1]

        self._server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._server is not None
        self._server.close()
        for protocol in self._protocols:
            if protocol.transport is not None:
                protocol.transport.abort()
            if protocol._handler_coroutine is not None:
                protocol._handler_coroutine.cancel()
        await asyncio.sleep(0)
