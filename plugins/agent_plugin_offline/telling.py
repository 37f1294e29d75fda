"""Somebody is to be told something: "let bo@example.com know that ..." is "email bo@example.com that ...".

How somebody is told follows from what stands for them: a mail address is written to.
"""

from __future__ import annotations

import re

_ADDRESS = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_BY_MAIL = r"(?:\s+(?:by|via|per|in\s+an?|through)\s+e?-?mail)"
_TELLING = re.compile(
    rf"(?:let|inform|notify|tell|alert|warn|update|remind|(?P<asks>ask))\s+(?P<who>{_ADDRESS}(?:\s*(?:,|and|,\s*and)\s+{_ADDRESS})*)"
    rf"{_BY_MAIL}?(?:\s+know)?{_BY_MAIL}?(?P<what>[\s,:].*)$",
    re.IGNORECASE | re.DOTALL,
)
_LATER = re.compile(rf"{_BY_MAIL}(?=[\s,.]|$)", re.IGNORECASE)


def as_message(clause: str) -> str:
    """`clause` as an order to write, where it orders somebody with an address to be told something."""
    told = _TELLING.match(clause)
    if told is None:
        return clause
    what = _LATER.sub("", told["what"], count=1) if " that " not in told["what"] else told["what"]
    return f"email {told['who']}{' asking' if told['asks'] else ''}{what}"
