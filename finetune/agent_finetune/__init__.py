"""The learning loop: what the assistant did becomes data that a local model can learn from.

As a library: `from agent_finetune.dataset.building import build`.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent_core import hookimpl

AGENT_CORE_HOOK_API = 1


@hookimpl
def agent_core_commands() -> Mapping[str, tuple[str, str]]:
    """`agent-core finetune ...`."""
    return {"finetune": ("agent_finetune.commands:app", "Learn from what was done: training data from the journal.")}
