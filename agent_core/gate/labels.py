"""Labels: what a value or a context has seen. They spread from what was read to what is made from it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from agent_core.tools.tool import Tool, Traits

UNTRUSTED = "untrusted"
"""Written by somebody else, so it may contain instructions."""
PRIVATE = "private"
"""The user's own."""
ATTACHED = "attached"
"""The user's own too, but given with the request: the model was meant to see it, wherever it runs."""
SECRET = "secret"  # noqa: S105 - the name of a label
"""A credential: of a call, one of its arguments is one."""
Labels: TypeAlias = frozenset[str]
NONE: Labels = frozenset()


def of_result(traits: Traits) -> Labels:
    """What the result of a tool with these traits is."""
    found: set[str] = set()
    if traits.untrusted_content:
        found.add(UNTRUSTED)
    if traits.private_data:
        found.add(PRIVATE)
    return frozenset(found)


def of_descriptions(tools: Iterable[Tool]) -> Labels:
    """What a model has seen that is shown these tools: a description is text, and its writer may not be trusted."""
    return frozenset({UNTRUSTED}) if any(tool.untrusted_description for tool in tools) else NONE


def union(groups: Iterable[Labels]) -> Labels:
    """The labels of something made from several values."""
    return frozenset[str]().union(*groups)


def flow(traits: Traits, labels: Labels) -> str | None:
    """Why a call with these traits, made under these labels, needs a person's yes; None where it does not.

    These flows are dangerous whoever asked for the call: text by somebody else that leads to a change, or sends a
    credential, and private data that could leave the machine (even in the query of a read).
    """
    if UNTRUSTED in labels and not traits.read_only:
        return "it follows from content that somebody else wrote (a web page, a document, a message)"
    if {SECRET, UNTRUSTED} <= labels and traits.open_world:
        return "it sends a credential outside, after content was read that somebody else wrote"
    if PRIVATE in labels and traits.open_world:
        return "private data was read before, and this call sends something outside"
    if ATTACHED in labels and traits.open_world:
        return "it follows from what you attached, and this call sends something outside"
    return None
