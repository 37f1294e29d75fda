"""The fixtures that agent-core has for plugin authors: assistants, approver, tool_context."""

pytest_plugins = ["agent_core.testing"]
