"""How long a server asks to be left alone."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from time import time


def retry_after_s(header: str | None) -> float | None:
    """Seconds to wait by a Retry-After header (a number or an HTTP date); None where it says nothing usable."""
    if not header:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time())
    except ValueError:
        return None
