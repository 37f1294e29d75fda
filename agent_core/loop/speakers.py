"""Which model speaks for the planner and for an agent, with which instructions and tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic_ai.tools import ToolDefinition

from agent_core.loop.state import Run, Voice
from agent_core.personas import Persona
from agent_core.planning import control
from agent_core.planning.planner import INSTRUCTIONS
from agent_core.tools.tool import Tool


def planner_voice(run: Run, shown: Sequence[str]) -> Voice:
    """The planner, with the tools that it is shown and the ones that steer the run."""
    voice = run.services.voice("planner", run.persona)
    if not voice.writes:  # a choice of tools spares a language model's context; rules read all of them
        shown = run.offered
    definitions = [_shown(run, run.tools[name]) for name in shown if name in run.tools]
    steering: list[ToolDefinition] = [control.ask_user()]
    if definitions:
        steering.append(control.submit_plan())
    if run.services.personas:
        steering.append(_delegate(run))
    if len(shown) < len(run.offered):
        steering.append(control.find_tools())
    return _speak(voice, INSTRUCTIONS, run.persona, [*definitions, *steering])


def agent_voice(
    run: Run, persona: Persona | None, goal: str, tools: Sequence[str] | None, instructions: str
) -> tuple[Voice, dict[str, Tool]]:
    """An agent's model, and the tools that it may call."""
    allowed = [name for name in run.offered if persona is None or persona.may_use(name)]
    wanted = allowed if tools is None else [name for name in tools if name in allowed]
    usable = {tool.name: tool for tool in run.services.catalogue.find(goal, only=wanted)}
    definitions = [_shown(run, tool) for tool in usable.values()]
    if usable:
        definitions.append(control.ask_user())
        if run.services.personas:
            definitions.append(_delegate(run))
    voice = run.services.voice("executor", persona)
    return _speak(voice, instructions, persona, definitions), usable


def _shown(run: Run, tool: Tool) -> ToolDefinition:
    """The tool's definition, made once: every turn of every run shows some of them."""
    made = run.services.definitions
    if tool.name not in made:
        made[tool.name] = control.definition(tool)
    return made[tool.name]


def _delegate(run: Run) -> ToolDefinition:
    return control.delegate({name: persona.description for name, persona in run.services.personas.items()})


def _speak(voice: Voice, instructions: str, persona: Persona | None, tools: list[ToolDefinition]) -> Voice:
    if persona is not None:
        instructions = f"{instructions}\n\n{persona.instructions}"
    return replace(voice, speaker=replace(voice.speaker, instructions=instructions, tools=tools))
