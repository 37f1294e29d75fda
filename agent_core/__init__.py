"""A planner/executor runtime for assistants that can be trusted with real work."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent_core.answer import Answer as Answer
    from agent_core.assistant import Assistant as Assistant
    from agent_core.errors import AgentCoreError as AgentCoreError
    from agent_core.errors import ToolArgumentError as ToolArgumentError
    from agent_core.errors import ToolError as ToolError
    from agent_core.errors import TransientToolError as TransientToolError
    from agent_core.gate.detect import find_secrets as find_secrets
    from agent_core.gate.known import KnownSecrets as KnownSecrets
    from agent_core.journal.traces import Trace as Trace
    from agent_core.journal.traces import Traces as Traces
    from agent_core.journal.traces import open_traces as open_traces
    from agent_core.loop.opening import Attachment as Attachment
    from agent_core.planning.plan import Plan as Plan
    from agent_core.planning.plan import Step as Step
    from agent_core.tools.context import ToolContext as ToolContext
    from agent_core.tools.hookspecs import hookimpl as hookimpl
    from agent_core.tools.tool import FinishedCall as FinishedCall
    from agent_core.tools.tool import Limits as Limits
    from agent_core.tools.tool import Preview as Preview
    from agent_core.tools.tool import Tool as Tool
    from agent_core.tools.tool import Traits as Traits
    from agent_core.tools.tool import tool as tool

_HOMES = {
    "AgentCoreError": "agent_core.errors",
    "Answer": "agent_core.answer",
    "Assistant": "agent_core.assistant",
    "Attachment": "agent_core.loop.opening",
    "KnownSecrets": "agent_core.gate.known",
    "Plan": "agent_core.planning.plan",
    "Step": "agent_core.planning.plan",
    "FinishedCall": "agent_core.tools.tool",
    "Limits": "agent_core.tools.tool",
    "Preview": "agent_core.tools.tool",
    "Tool": "agent_core.tools.tool",
    "ToolArgumentError": "agent_core.errors",
    "ToolContext": "agent_core.tools.context",
    "ToolError": "agent_core.errors",
    "Trace": "agent_core.journal.traces",
    "Traces": "agent_core.journal.traces",
    "Traits": "agent_core.tools.tool",
    "TransientToolError": "agent_core.errors",
    "find_secrets": "agent_core.gate.detect",
    "hookimpl": "agent_core.tools.hookspecs",
    "open_traces": "agent_core.journal.traces",
    "tool": "agent_core.tools.tool",
}

__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Import public names when they are first used, so that `import agent_core` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'agent_core' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
