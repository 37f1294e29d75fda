"""Every error that a user can meet, under one root.

A message names the value that was wrong (with `!r`) and what to do about it, in one line.
The exit codes are those of the command line: 1 failed, 2 usage or configuration.
"""

from __future__ import annotations

from typing import ClassVar, Literal


class AgentCoreError(Exception):
    """Root of all errors raised on purpose; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[int] = 1


class UsageError(AgentCoreError):
    """The request itself cannot be carried out as written: an unknown name, a wrong type, a missing file."""

    exit_code = 2


class ConfigurationError(AgentCoreError):
    """Settings, keys, plugins or the state folder are not usable as they are."""

    exit_code = 2


class JournalError(ConfigurationError):
    """The journal cannot be opened or written: newer schema, corrupt file, full or read-only disk."""


def shortened(text: str, most_chars: int) -> str:
    """The text, without its end where it is too long for a line of an error."""
    return text if len(text) <= most_chars else f"{text[:most_chars]} ..."


class PlanError(UsageError):
    """A plan is not valid; `reasons` says everything that is wrong with it, for a person or for the planner."""

    def __init__(self, reasons: list[str]) -> None:
        told = [shortened(reason, 300) for reason in reasons[:5]]
        more = [f"and {len(reasons) - len(told)} more"] if len(reasons) > len(told) else []
        super().__init__("The plan cannot run: " + "; ".join([*told, *more]))
        self.reasons = reasons


class ModelError(AgentCoreError):
    """A language model could not be reached or did not answer in a usable way, after retries."""


FailureClass = Literal["transient", "arguments", "impossible"]
"""What to do about a failed tool call: try again later, repair the arguments, or plan another way."""


class ToolError(AgentCoreError):
    """A tool could not do what it was asked to. Raise it from a tool function with a message for a person."""

    failure: ClassVar[FailureClass] = "impossible"


class TransientToolError(ToolError):
    """It may work in a moment (a time-out, a dropped connection, a rate limit): retried with backoff."""

    failure = "transient"


class OutcomeUnknownError(ToolError):
    """It was begun, and whether it happened cannot be known (the other side is gone): an action is put to a person."""


class ToolArgumentError(ToolError):
    """The arguments are wrong (no such file, an expression that does not parse): the caller can repair them."""

    failure = "arguments"
