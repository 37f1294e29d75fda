"""How outgoing mail leaves: the values under `plugins.mail` in the config file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

_DEFAULT_PORTS = {"starttls": 587, "ssl": 465, "none": 25}


@dataclass(frozen=True)
class MailSettings:
    """The outgoing mail server. The password is no setting: `agent-core keys set mail`."""

    host: str = ""
    """Name of the SMTP server (smtp.example.com); empty: messages can be planned and shown but not sent."""
    port: int = 0
    """0: the usual one for `security` (587, 465, 25)."""
    security: Literal["starttls", "ssl", "none"] = "starttls"
    """`none` sends no password, except to this machine itself."""
    username: str = ""
    """Empty: no login."""
    sender: str = ""
    """The From address (`Bo Berg <bo@example.com>`); empty: the user name, where that is an address."""
    timeout_s: float = 20.0
    """How long to wait for each answer of the server."""
    ca_file: str = ""
    """Certificates (PEM) to trust instead of the system's, for a server with one of its own."""

    @property
    def used_port(self) -> int:
        """The port to connect to."""
        return self.port or _DEFAULT_PORTS[self.security]
