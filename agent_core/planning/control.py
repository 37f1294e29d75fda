"""The tools with which a model steers the run itself. They never reach the gate: the loop carries them out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import ValidationError
from pydantic_ai.tools import ToolDefinition

from agent_core.errors import PlanError
from agent_core.planning.plan import Plan
from agent_core.tools.tool import Tool

SUBMIT_PLAN, ASK_USER, DELEGATE, FIND_TOOLS = "submit_plan", "ask_user", "delegate", "find_tools"


def definition(tool: Tool) -> ToolDefinition:
    """How a tool is shown to a model. What rules and traces need beside the schema travels in the metadata."""
    return ToolDefinition(
        name=tool.name,
        description=tool.description,
        parameters_json_schema=tool.parameters,
        metadata={
            "agent_core": {
                "examples": list(tool.examples),
                "returns": tool.returns,
                "answers_questions": tool.answers_questions,
            }
        },
        kind="external",
    )


@cache
def submit_plan() -> ToolDefinition:
    """A plan of several steps, for requests that one round of calls does not serve."""
    schema = Plan.model_json_schema()
    for internal in ("revision", "answer", "inputs"):
        schema["properties"].pop(internal)
    for internal in ("origin", "seen"):
        schema["$defs"]["Step"]["properties"].pop(internal)
    return ToolDefinition(
        name=SUBMIT_PLAN,
        description="Submit a plan when later steps need the results of earlier ones or many items are treated alike. "
        "Call a tool directly instead when one round of calls is enough. You get the results of all steps back.",
        parameters_json_schema=schema,
        kind="external",
    )


@cache
def ask_user() -> ToolDefinition:
    """A question to the user."""
    return ToolDefinition(
        name=ASK_USER,
        description="Ask the user for something that only they know and that the request does not say. Never guess it.",
        parameters_json_schema={
            "type": "object",
            "properties": {"question": {"type": "string", "description": "One clear question."}},
            "required": ["question"],
        },
        kind="external",
    )


def delegate(personas: Mapping[str, str]) -> ToolDefinition:
    """Hand a goal over to a persona; `personas` maps names to descriptions."""
    who = "; ".join(f"{name}: {description}" for name, description in sorted(personas.items()))
    return ToolDefinition(
        name=DELEGATE,
        description=f"Give a goal to a specialist and get the result back. Specialists: {who}",
        parameters_json_schema={
            "type": "object",
            "properties": {
                "persona": {"type": "string", "enum": sorted(personas)},
                "goal": {"type": "string", "description": "What to reach, with everything they need to know."},
            },
            "required": ["persona", "goal"],
        },
        kind="external",
    )


@cache
def find_tools() -> ToolDefinition:
    """A way to tools that were not shown."""
    return ToolDefinition(
        name=FIND_TOOLS,
        description="Look for other tools when none of those that you see fits. The ones found can be called next.",
        parameters_json_schema={
            "type": "object",
            "properties": {"query": {"type": "string", "description": "What the tool should be able to do."}},
            "required": ["query"],
        },
        kind="external",
    )


def read_plan(args: Mapping[str, Any], revision: int) -> Plan:
    """The plan that a model submitted.

    Raises:
        PlanError: with a reason for everything that does not have a plan's form.
    """
    try:
        return Plan.model_validate({**args, "revision": revision})
    except ValidationError as error:
        raise PlanError(
            [" ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}".split()) for e in error.errors(include_url=False)]
        ) from None
