"""One SMTP delivery, and what may be concluded when it fails.

The line that matters is the content: a failure before the server was sent any of it means that nothing was
delivered, and the call may be tried again. After it, without the server's final answer, nobody can know - and a
second try could deliver the message twice.
"""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import ssl
from email.message import EmailMessage
from typing import Any

from agent_core import ToolError, TransientToolError
from agent_plugin_mail.settings import MailSettings

Refused = dict[str, tuple[int, bytes]]


class _Recording:
    """Mixed into smtplib's clients: remembers whether any content of the message has left."""

    content_sent = False

    def send(self, s: Any) -> None:
        """Commands are sent as str and the message as bytes: that tells them apart."""
        if isinstance(s, bytes):
            self.content_sent = True
        super().send(s)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


class _PlainClient(_Recording, smtplib.SMTP):
    pass


class _TlsClient(_Recording, smtplib.SMTP_SSL):
    pass


def deliver(
    settings: MailSettings, password: str | None, sender: str, envelope: list[str], message: EmailMessage
) -> dict[str, str]:
    """Hand `message` to the configured server.

    Returns:
        The recipients that the server refused, with its reason; the others got the message.

    Raises:
        TransientToolError: nothing was sent, and trying later may help.
        ToolError: nothing was sent and will not be; or the outcome is unknown, which the message says.
    """
    client: _PlainClient | _TlsClient | None = None
    try:
        client = _connect(settings)
        if settings.username:
            client.login(settings.username, password or "")
        refused = client.send_message(message, sender, envelope)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if client is not None:
            client.close()
        raise _explain(error, settings, client is not None and client.content_sent, message["Message-ID"]) from error
    with contextlib.suppress(smtplib.SMTPException, OSError):
        client.quit()
    return {address: _reply(*answer) for address, answer in refused.items()}


def _connect(settings: MailSettings) -> _PlainClient | _TlsClient:
    # A fixed name: the default is a reverse look-up of this machine, which can hang and tells strangers its name.
    options: dict[str, Any] = {"local_hostname": "[127.0.0.1]", "timeout": settings.timeout_s}
    if settings.security == "none":
        if settings.username and not _is_loopback(settings.host):
            raise ToolError(
                f"The password is not sent to {settings.host!r} unencrypted; set plugins.mail.security to starttls."
            )
        return _PlainClient(settings.host, settings.used_port, **options)
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    if settings.security == "ssl":
        return _TlsClient(settings.host, settings.used_port, context=context, **options)
    client = _PlainClient(settings.host, settings.used_port, **options)
    try:
        client.starttls(context=context)
    except BaseException:
        client.close()
        raise
    return client


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _explain(error: Exception, settings: MailSettings, content_sent: bool, message_id: str) -> ToolError:
    server = f"{settings.host}:{settings.used_port}"
    if content_sent and not _is_final(error):
        return ToolError(
            f"The connection to {server} broke after the message was handed over: it may have been delivered. "
            f"It is not sent again by itself; ask a recipient, or look for {message_id} in the server's log."
        )
    if isinstance(error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused):
        return _explain_answer(error, settings, server)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return ToolError(f"The mail server {server} cannot do what is configured: {error} Nothing was sent.")
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return ToolError(
            f"No secure connection to {server}: {_ssl_reason(error)}. Nothing was sent; check plugins.mail.security, "
            "plugins.mail.port and, for a certificate of your own, plugins.mail.ca_file."
        )
    if isinstance(error, FileNotFoundError | PermissionError | IsADirectoryError):
        return ToolError(f"plugins.mail.ca_file {settings.ca_file!r} cannot be read: {error.strerror}.")
    if isinstance(error, ValueError):
        return ToolError(f"The mail server settings are not usable ({error}); check plugins.mail.host.")
    return TransientToolError(f"The connection to the mail server {server} failed: {error}. Nothing was sent.")


def _is_final(error: Exception) -> bool:
    """Whether the server itself said that it did not take the content."""
    return isinstance(error, smtplib.SMTPDataError) and 400 <= error.smtp_code < 600


def _explain_answer(
    error: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused, settings: MailSettings, server: str
) -> ToolError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        refused: Refused = error.recipients
        answers = "; ".join(f"{address!r} ({_reply(*answer)})" for address, answer in refused.items())
        text = f"The mail server {server} refused every recipient: {answers}. Nothing was sent."
        return TransientToolError(text) if all(_is_temporary(code) for code, _ in refused.values()) else ToolError(text)
    reply = _reply(error.smtp_code, error.smtp_error)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        text = (
            f"The mail server {server} refused the user name {settings.username!r} or its password ({reply}); "
            "set it with: agent-core keys set mail"
        )
    elif isinstance(error, smtplib.SMTPSenderRefused):
        text = f"The mail server {server} refused the sender {error.sender!r} ({reply}). Nothing was sent."
    else:
        text = f"The mail server {server} answered: {reply}. Nothing was sent."
    return TransientToolError(text) if _is_temporary(error.smtp_code) else ToolError(text)


def _is_temporary(code: int) -> bool:
    return 400 <= code < 500


def _reply(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(words.split())[:200]}"


def _ssl_reason(error: ssl.SSLError) -> str:
    return getattr(error, "verify_message", "") or error.reason or str(error)
