"""What a user sets, and where state lives: a file, the environment, and the sections that core and plugins declare."""

from __future__ import annotations

from agent_core.settings.sections import ApprovalSettings, ModelRole, Models, OllamaSettings, Role, RunLimits
from agent_core.settings.settings import Settings

__all__ = ["ApprovalSettings", "ModelRole", "Models", "OllamaSettings", "Role", "RunLimits", "Settings"]
