"""SMTP servers on free loopback ports that keep what they take, and misbehave where they are told to.

async with Mailbox() as mailbox:
    ... send to mailbox.port ...
    assert mailbox.messages[0]["subject"] == "Bonus"
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from email.message import EmailMessage
from typing import Any, Self

from aiosmtpd.smtp import SMTP


class Mailbox:
    """Every message that was delivered, oldest first; entered, it listens without encryption."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        """Of each message: who sent it, and to whom it was accepted."""
        self.answers: dict[str, str] = {}
        """What is said instead of yes, by stage (EHLO, MAIL, RCPT, DATA) or by recipient."""
        self.drop_at = ""
        """The stage at which the connection is cut."""
        self.stall_at = ""
        """The stage that never ends."""
        self.port = 0
        self._protocols: list[SMTP] = []
        self._servers: list[asyncio.Server] = []

    async def listen(self, tls: ssl.SSLContext | None = None, **options: Any) -> int:
        """Start another server (encrypted from the start with `tls`; `options` of `SMTP`) and say its port."""

        def protocol() -> SMTP:
            self._protocols.append(SMTP(self, hostname="localhost", **options))
            return self._protocols[-1]

        server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
        self._servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def handle_EHLO(
        self, server: SMTP, session: Any, envelope: Any, hostname: str, lines: list[str]
    ) -> list[str]:
        session.host_name = hostname
        answer = await self._stage(server, "EHLO", "")
        return [answer] if answer else lines

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        return await self._stage(server, "MAIL", "250 OK")

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = await self._stage(server, "RCPT", "250 OK")
        answer = self.answers.get(address, answer)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        answer = await self._stage(server, "DATA", "250 OK")
        if answer.startswith("250"):
            parsed = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(parsed, EmailMessage)
            self.messages.append(parsed)
            self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        return answer

    async def _stage(self, server: SMTP, name: str, default: str) -> str:
        if self.drop_at == name:
            server.transport.abort()
        if self.stall_at == name:
            await asyncio.sleep(3600)
        return self.answers.get(name, default)

    async def __aenter__(self) -> Self:
        self.port = await self.listen()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        for server in self._servers:
            server.close()
        for protocol in self._protocols:
            if protocol.transport is not None:
                protocol.transport.abort()
            if protocol._handler_coroutine is not None:
                protocol._handler_coroutine.cancel()
        await asyncio.sleep(0)
