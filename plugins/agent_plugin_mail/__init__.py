"""The `mail` plugin: draft messages, and send them by SMTP after a yes to the message itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent_core import FinishedCall, Preview, Tool, ToolContext, ToolError, hookimpl, tool
from agent_plugin_mail.settings import MailSettings

if TYPE_CHECKING:
    from agent_plugin_mail.addresses import Recipient
    from agent_plugin_mail.compose import Mail

Addresses = list[str] | str


@dataclass(frozen=True)
class Draft:
    """A message that was written but not sent."""

    path: str
    """The .eml file."""
    to: list[str]
    subject: str
    text: str
    """What happened, in one line."""


@dataclass(frozen=True)
class SentMail:
    """A message that the mail server took."""

    message_id: str
    to: list[str]
    """Every address that it was taken for, cc and bcc among them."""
    subject: str
    text: str
    """What happened, in one line."""
    refused: dict[str, str] = field(default_factory=dict[str, str])
    """Addresses that it did not take, with its reasons; the message did not go to them."""


def _preview(
    ctx: ToolContext,
    to: Addresses,
    body: str,
    subject: str = "",
    cc: Addresses | None = None,
    bcc: Addresses | None = None,
) -> Preview:
    from agent_plugin_mail.compose import compose

    return Preview(compose(to, subject, body, cc, bcc).shown(_sender(_settings(ctx))), kind="mail")


def _undo_draft(ctx: ToolContext, call: FinishedCall) -> str:
    from agent_plugin_mail.drafts import remove_draft

    if call.saved is None:
        raise ToolError("It is not known which draft was written; look into the drafts folder.")
    return remove_draft(call.saved)


@tool(
    internal=True,
    idempotent=True,
    examples=[
        "Draft an email to ann@example.com about the meeting on Friday",
        "Write a draft to the team at team@example.org with subject Holidays, don't send it yet",
        "Prepare a mail to bo@example.com saying that the report is late",
        "Save a draft message for sales@example.net",
    ],
    preview=_preview,
    undo=_undo_draft,
)
def draft_mail(
    ctx: ToolContext,
    to: Addresses,
    body: str,
    subject: str = "",
    cc: Addresses | None = None,
    bcc: Addresses | None = None,
) -> Draft:
    """Write an email message and keep it as a draft, without sending it.

    Args:
        to: Email addresses of the recipients.
        body: The text of the message.
        subject: The subject line.
        cc: Email addresses that get a copy.
        bcc: Email addresses that get a hidden copy.
    """
    from agent_plugin_mail.compose import compose
    from agent_plugin_mail.drafts import draft_path, draft_record, write_draft

    mail = compose(to, subject, body, cc, bcc)
    message = mail.message(_sender(_settings(ctx)))
    if mail.bcc:
        message["Bcc"] = [person.mailbox() for person in mail.bcc]
    message["X-Unsent"] = "1"  # mail programs open such a file for editing rather than as received
    content = message.as_bytes()
    path = draft_path(ctx)
    ctx.save_for_undo(draft_record(path, content))
    write_draft(path, content)
    people = [person.address for person in mail.to]
    return Draft(
        str(path), people, mail.subject, f"Saved a draft{_about(mail)} to {', '.join(people)}; it is not sent."
    )


@tool(
    open_world=True,
    examples=[
        "Email bo@example.com that the meeting is moved to Monday",
        "Send a mail to ann@example.org and joe@example.org with subject Invoice, saying it is paid",
        "Work out the total and email the result to boss@example.com",
        "Mail this summary to team@example.net",
        "Write to support@example.com that the login fails, copy me@example.com",
    ],
    preview=_preview,
    undo_note="A sent message cannot be called back.",
    timeout_s=300.0,
)
def send_mail(
    ctx: ToolContext,
    to: Addresses,
    body: str,
    subject: str = "",
    cc: Addresses | None = None,
    bcc: Addresses | None = None,
) -> SentMail:
    """Send an email message to one or more addresses.

    Args:
        to: Email addresses of the recipients.
        body: The text of the message.
        subject: The subject line.
        cc: Email addresses that get a copy.
        bcc: Email addresses that get a hidden copy.
    """
    from email.utils import formatdate

    from agent_plugin_mail.compose import compose
    from agent_plugin_mail.delivery import deliver

    mail = compose(to, subject, body, cc, bcc)
    settings = _settings(ctx)
    sender = _ready_sender(settings)
    password = ctx.secret("mail") if settings.username else None
    message = mail.message(sender)
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = _message_id(ctx, sender)
    if ctx.cancelled.is_set():
        raise ToolError("Cancelled before anything was sent.")
    ctx.progress(f"Sending to {settings.host}", None)
    refused = deliver(settings, password, sender.address, mail.envelope, message)
    taken = [address for address in mail.envelope if address not in refused]
    text = f"Sent{_about(mail)} to {', '.join(taken)}."
    if refused:
        text += " Refused by the server: " + "; ".join(f"{who} ({why})" for who, why in refused.items()) + "."
    return SentMail(message["Message-ID"], taken, mail.subject, text, refused)


def _settings(ctx: ToolContext) -> MailSettings:
    return ctx.settings or MailSettings()


def _sender(settings: MailSettings) -> Recipient | None:
    """Who the message is from, as far as that is known."""
    from agent_plugin_mail.addresses import parse_recipients

    written = settings.sender or (settings.username if "@" in settings.username else "")
    return parse_recipients(written, "plugins.mail.sender")[0] if written else None


def _ready_sender(settings: MailSettings) -> Recipient:
    from agent_core.errors import ConfigurationError

    if not settings.host:
        raise ConfigurationError(
            "No mail server is set up; set one with: agent-core config set plugins.mail.host smtp.example.com "
            "(and plugins.mail.username, plugins.mail.sender; the password with: agent-core keys set mail)"
        )
    sender = _sender(settings)
    if sender is None:
        raise ConfigurationError(
            "No sender address is set up; set it with: agent-core config set plugins.mail.sender you@example.com"
        )
    return sender


def _message_id(ctx: ToolContext, sender: Recipient) -> str:
    """The same id for the same call: a message that arrives twice is then recognised as one."""
    import uuid

    name = hashlib.sha256(ctx.call_key.encode()).hexdigest()[:32] if ctx.call_key else uuid.uuid4().hex
    return f"<{name}@{sender.address.rpartition('@')[2]}>"


def _about(mail: Mail) -> str:
    return f" {mail.subject!r}" if mail.subject else ""


@hookimpl
def agent_core_tools() -> Iterable[Tool]:
    """Drafting and sending."""
    return [draft_mail, send_mail]


@hookimpl
def agent_core_settings() -> type[MailSettings]:
    """The outgoing server."""
    return MailSettings
