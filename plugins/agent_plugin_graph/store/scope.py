"""Which passages a search may find: those of a source, of a type, of a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import urlsplit

_SAME = {"htm": "html", "xhtml": "html", "markdown": "md", "text": "txt", "yml": "yaml", "jsonl": "json"}
_LONGEST = 8
"""Letters in the longest ending that says what a file is."""


@dataclass(frozen=True)
class Scope:
    """Conditions that a passage must meet, all of them; an empty one is met by every passage."""

    source: str = ""
    """Its source's address, a folder or site that holds it, or the end of its path ("lease.md")."""
    type: str = ""
    """What its source is, as `type_of` says it."""
    since: str = ""
    """The first day, as "2026-11-21"; a passage without a date is in no time."""
    until: str = ""
    """The last day."""


EVERYWHERE = Scope()


def type_of(uri: str) -> str:
    """What a source is, by its name: "pdf", "md"; an address without an ending is a page ("html"), else nothing."""
    address = urlsplit(uri) if "://" in uri else None
    ending = PurePosixPath(address.path if address else uri.replace("\\", "/")).suffix[1:].lower()
    ending = ending if ending.isalnum() and len(ending) <= _LONGEST else ""
    return normal_type(ending) or ("html" if address else "")


def normal_type(name: str) -> str:
    """One name for each type: ".HTM" is "html"."""
    name = name.strip().lower().lstrip(".")
    return _SAME.get(name, name)
