"""Which kinds of span are at home in which parameters: dates where a date is asked for, addresses in `url`."""

from __future__ import annotations

from agent_plugin_offline.candidates import Span
from agent_plugin_offline.parameters import Parameter
from agent_plugin_offline.text import words

Features = dict[str, float]

_AGREEMENT: dict[str, frozenset[str]] = {
    "date": words("date"),
    "datetime": words("date time"),
    "time": words("time"),
    "month": words("month date"),
    "year": words("year date"),
    "email": words("email"),
    "phone": words("phone"),
    "content": words("text"),
    "quoted": words("title text query"),
    "url": words("url"),
    "path": words("path"),
    "place": words("location origin target"),
    "state": words("location origin target"),
    "expression": words("expression"),
    "unit": words("unit"),
    "code": words("id currency"),
    "identifier": words("id"),
}
"""What a parameter is about where a span of this kind is at home."""


def at_home(parameter: Parameter, span: Span) -> bool:
    """Whether the span is of a kind that the parameter is about."""
    return any(_AGREEMENT[kind] & parameter.roles for kind in span.kinds & _AGREEMENT.keys())


def agreement(parameter: Parameter, span: Span) -> Features:
    """Whether the kinds of the span are what the parameter is about, whichever they are."""
    telling = [kind for kind in span.kinds if kind in _AGREEMENT]
    if not telling:
        wanted = any(
            parameter.roles & roles for kind, roles in _AGREEMENT.items() if kind not in ("code", "identifier")
        )
        return {"kind-missing": 1.0} if wanted else {}
    if any(_AGREEMENT[kind] & parameter.roles for kind in telling):
        return {"kind-agrees": 1.0}
    if any(_AGREEMENT[kind] & parameter.described_roles for kind in telling):
        return {"kind-agrees-with-description": 1.0}
    return {"kind-disagrees": 1.0} if telling != ["code"] else {"code-disagrees": 1.0}
