"""What a request to the web may take, and the one exception to "public addresses only"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class WebAccess:
    """How a plugin reaches the web, as its user has set it."""

    timeout_s: float = 20.0
    """For a whole page, redirects and all."""
    max_bytes: int = 2_000_000
    """What is read of a page, after decompression; the rest is cut off."""
    ca_file: str = ""
    """A PEM file of certificate authorities to trust in place of the public ones."""
    allow_private_hosts: Sequence[str] = ()
    """`host:port` pairs that may be read although they are private or on an unusual port."""
    settings: str = "settings"
    """Where the user sets these, for messages ("plugins.search")."""
