"""A message before it has a date and an identity: what is previewed, and what is then sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from agent_core import ToolArgumentError
from agent_plugin_mail.addresses import Recipient, parse_recipients, single_line, without

MAX_SUBJECT = 500
MAX_BODY = 1_000_000
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Mail:
    """A checked message: every field is safe to put into a header."""

    to: tuple[Recipient, ...]
    cc: tuple[Recipient, ...]
    bcc: tuple[Recipient, ...]
    subject: str
    body: str

    @property
    def envelope(self) -> list[str]:
        """Every address that gets a copy."""
        return [recipient.address for recipient in (*self.to, *self.cc, *self.bcc)]

    def shown(self, sender: Recipient | None) -> str:
        """The message as a person approves it: the same for the same message, so without date and message id."""
        lines = [f"From: {sender.shown() if sender else '(not configured)'}"]
        for label, people in (("To", self.to), ("Cc", self.cc), ("Bcc", self.bcc)):
            if people:
                lines.append(f"{label}: {', '.join(person.shown() for person in people)}")
        return "\n".join([*lines, f"Subject: {self.subject or '(none)'}", "", self.body])

    def message(self, sender: Recipient | None) -> EmailMessage:
        """The message for the wire, without its Bcc, date and message id."""
        message = EmailMessage(policy=SMTP)
        if sender:
            message["From"] = sender.mailbox()
        message["To"] = [person.mailbox() for person in self.to]
        if self.cc:
            message["Cc"] = [person.mailbox() for person in self.cc]
        message["Subject"] = self.subject
        message.set_content(self.body)
        return message


def compose(
    to: Sequence[str] | str,
    subject: str,
    body: str,
    cc: Sequence[str] | str | None = None,
    bcc: Sequence[str] | str | None = None,
) -> Mail:
    """Check everything that goes into a message.

    Raises:
        ToolArgumentError: naming the field that cannot be sent as it is.
    """
    first = parse_recipients(to, "to")
    if not first:
        raise ToolArgumentError("to names nobody; give at least one address such as name@example.com.")
    copies = without(parse_recipients(cc, "cc"), first)
    blind = without(parse_recipients(bcc, "bcc"), (*first, *copies))
    subject = single_line(subject, "subject", MAX_SUBJECT, joiners=True)
    text = _body(body)
    if not subject and not text.strip():
        raise ToolArgumentError("The message has neither a subject nor a body; say what to write.")
    return Mail(first, copies, blind, subject, text)


def _body(body: str) -> str:
    if len(body) > MAX_BODY:
        raise ToolArgumentError(f"body is {len(body)} characters long; {MAX_BODY} is the most.")
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    for character in text:
        hidden = unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
        if hidden or character in _BIDI_CONTROLS:
            name = unicodedata.name(character, f"U+{ord(character):04X}")
            raise ToolArgumentError(f"body holds the control character {name!r}; leave it out.")
    return text
