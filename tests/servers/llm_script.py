"""What a scripted model server says, turn by turn, and the ways in which it fails."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Call:
    """A tool call; `arguments` as text is sent as it is, well-formed or not."""

    name: str
    arguments: dict[str, Any] | str = field(default_factory=dict)
    id: str = ""

    @property
    def arguments_text(self) -> str:
        return self.arguments if isinstance(self.arguments, str) else json.dumps(self.arguments)

    @property
    def arguments_object(self) -> dict[str, Any]:
        """What Ollama sends: an object, always."""
        return {"raw": self.arguments} if isinstance(self.arguments, str) else self.arguments


@dataclass(frozen=True)
class Turn:
    """One reply. Streamed, `drop_after` or `stall_after` pieces of it come before the connection breaks or hangs."""

    text: str = ""
    calls: tuple[Call, ...] = ()
    thinking: str = ""
    prompt_tokens: int | None = None
    """What the server says the prompt had; None counts it roughly."""
    cut_off: bool = False
    """Whether the reply ends because it became too long."""
    drop_after: int | None = None
    stall_after: int | None = None

    def pieces(self) -> list[str]:
        """The text as it is streamed: words with the space before them."""
        return re.findall(r"\s*\S+\s*\Z|\s*\S+", self.text) or ([self.text] if self.text else [])


@dataclass(frozen=True)
class Fault:
    """No reply: an HTTP error, a connection that is closed, or one that stays silent."""

    status: int | None = None
    retry_after: str | None = None
    message: str = "scripted failure"
    stall: bool = False


Step: TypeAlias = Turn | Fault | Callable[[dict[str, Any]], Turn | Fault]
"""A callable gets the request's body and answers to it."""


def say(text: str, **options: Any) -> Turn:
    return Turn(text=text, **options)


def call(name: str, arguments: dict[str, Any] | str | None = None, **options: Any) -> Turn:
    return Turn(calls=(Call(name, arguments if arguments is not None else {}),), **options)


def calls(*several: Call, **options: Any) -> Turn:
    return Turn(calls=several, **options)


def fail(status: int, *, retry_after: str | None = None, message: str = "scripted failure") -> Fault:
    return Fault(status=status, retry_after=retry_after, message=message)


DROP = Fault()
"""The connection is closed before a word of the reply."""
STALL = Fault(stall=True)
"""The connection stays open and silent."""


@dataclass
class OllamaEntry:
    """A model that the scripted Ollama holds."""

    capabilities: tuple[str, ...] = ("completion", "tools")
    trained_tokens: int = 32_768
    parameters: str = ""
    modified_at: str = "2026-01-01T00:00:00Z"
    loaded_tokens: int | None = None
    """Context length that it is loaded with; set by the requests that load it."""
    granted_at_most: int | None = None
    """Context length that the server never goes beyond, whatever num_ctx asks for."""


def rough_tokens(body: dict[str, Any]) -> int:
    """About four characters per token, over messages and tools: what a real tokenizer would say of English."""
    return max(1, len(json.dumps([body.get("messages") or body.get("input"), body.get("tools")])) // 4)
