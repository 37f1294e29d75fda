"""The words of the gate: a call, what came of it, and the ways in which it may not run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from agent_core.errors import AgentCoreError, ToolError
from agent_core.gate import labels as flow
from agent_core.gate.labels import Labels
from agent_core.gate.pending import Pending
from agent_core.gate.policy import Rule, Surroundings
from agent_core.gate.redact import StreamRedactor
from agent_core.tools.tool import Preview, Tool


@dataclass(frozen=True)
class Call:
    """Who calls, from where, and what that context has seen. The key is the call's name for ever."""

    run_id: str
    step_id: str
    turn: int
    call_id: str
    where: Surroundings
    labels: Labels = flow.NONE
    agent: str = ""
    run_rules: tuple[Rule, ...] = ()

    @property
    def scope(self) -> str:
        """Where its secrets are known: the conversation."""
        return self.where.conversation_id

    @property
    def key(self) -> str:
        """`run/step/turn/call`: providers reuse call ids, so the journal's own turn counter is part of it."""
        return f"{self.run_id}/{self.step_id}/{self.turn}/{self.call_id}"


@dataclass(frozen=True)
class CheckedCall:
    """A call with arguments after validation, tokenised, and the hash that grants and records are bound to."""

    call: Call
    tool: Tool
    args: dict[str, Any]
    args_hash: str

    @property
    def action(self) -> bool:
        """Whether it may change something."""
        return not self.tool.traits.read_only


@dataclass(frozen=True)
class Outcome:
    """What a call returned, tokenised, and what that value has seen."""

    result: Any
    labels: Labels


class Denied(AgentCoreError):
    """A person or a rule refused the call; it is never tried again as it was."""


class WaitingForPerson(AgentCoreError):
    """The work cannot go on without an answer to `pending`."""

    def __init__(self, pending: Pending) -> None:
        super().__init__(pending.why)
        self.pending = pending


class LoopDetected(ToolError):
    """The same call failed in the same way before."""


class Secrets(Protocol):
    """What the gate needs of the vault: tokens in, values out, and hashes that bind to values without showing them."""

    def tokenise(self, value: Any, scope: str) -> Any:
        """The value with every secret replaced by a token; the scope is the conversation that it came up in."""
        ...

    def reveal(self, value: Any, scopes: Collection[str]) -> Any:
        """The value with every token of these scopes replaced by its secret; what is no token of theirs is text."""
        ...

    def stream(self, scope: str) -> StreamRedactor:
        """Tokenises a text that arrives in pieces."""
        ...

    def fingerprint(self, value: Any) -> str:
        """A keyed hash over the secrets behind the tokens in the value; "" where there are none."""
        ...


class Execution(Protocol):
    """How tools are run and previewed; the gate decides only whether and with what."""

    def settings_of(self, tool: Tool) -> Any:
        """The settings of the tool's plugin; None where it has none, or where they are wrong (its calls fail then)."""
        ...

    async def run(self, call: Call, tool: Tool, args: Mapping[str, Any], save: Callable[[Any], None]) -> Outcome:
        """Call the function; returns a JSON value and labels that it has beside those of the tool's traits.

        Raises:
            ToolError: it failed.
        """
        ...

    async def preview(self, call: Call, tool: Tool, args: Mapping[str, Any]) -> Preview:
        """What the call would do.

        Raises:
            ToolError: it could not be done at all.
        """
        ...
