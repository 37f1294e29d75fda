"""Where a call goes: addresses in its arguments, and whether anybody named them.

Whoever writes what a model reads can have it put anything into an address. One that stands as it is in the request or
in what a call returned carries nothing out; one that was composed may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agent_core.json_values import texts

_URL = re.compile(r"[a-z][a-z0-9+.-]*://(\S+)", re.IGNORECASE)
_HOST_OR_PATH = re.compile(r"(?=\S*[.:/\[])\S+")


def addresses(args: Mapping[str, Any]) -> Iterator[str]:
    """Every address in the arguments, without what is not sent or makes no difference: scheme, fragment, last slash."""
    for text in texts(list(args.values())):
        found = _URL.findall(text)
        if not found and _HOST_OR_PATH.fullmatch(text.strip()):
            found = [text.strip()]
        for address in found:
            yield address.split("#", 1)[0].rstrip("/")
