"""What an ingest notes with a source for the next time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from agent_core.web.download import Validators
from agent_plugin_graph.ingest.section import Bounds


@dataclass(frozen=True)
class Facts:
    """What a language model found in a passage."""

    entities: tuple[str, ...] = ()
    relations: tuple[tuple[str, str, str], ...] = ()
    """(entity, how it is related, entity)."""


@dataclass(frozen=True)
class Memo:
    """Of a page how it was asked for, and of every source what was found in it."""

    validators: Validators = field(default_factory=Validators)
    links: tuple[str, ...] = ()
    """Of a page, those within its section: where the page has not changed, they have not either."""
    bounds: Bounds = field(default_factory=Bounds)
    model: str = ""
    """Which language model found the facts; empty where none was asked."""
    complete: bool = True
    """Whether it has seen all passages."""
    facts: Mapping[str, Facts] = field(default_factory=dict[str, Facts])
    """By the hash of the passage."""

    def to_json(self) -> str:
        """For `Source.memo`."""
        return TypeAdapter(Memo).dump_json(self, exclude_defaults=True).decode()

    @classmethod
    def read(cls, text: str) -> Memo:
        """What was noted; nothing, where that cannot be read any more."""
        try:
            return TypeAdapter(cls).validate_json(text)
        except ValidationError:
            return cls()
