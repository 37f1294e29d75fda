"""What a dataset is made of: examples that show what to say, and preferences that say which of two was better."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from agent_core.errors import AgentCoreError

Message: TypeAlias = dict[str, Any]
"""{role, content} as chat templates take it; an assistant's may have `tool_calls`, whose arguments are objects."""
Definition: TypeAlias = dict[str, Any]
"""A tool: {type: function, function: {name, description, parameters}}."""
Kind = Literal["plan", "call", "question", "answer", "no_tool", "style"]
"""What an example teaches: a plan of several steps, calls, a question to the user, the answer after results, an answer
or a refusal without any tool, and an answer as a person rewrote it."""
Teacher = Literal["person", "model", "imported", "offline"]
"""Who showed it, the best one first."""
TEACHERS: tuple[Teacher, ...] = ("person", "model", "imported", "offline")
Because = Literal["edit", "denial", "retry", "thumb", "correction"]
"""Why one answer was better than another."""
NO_TOOL = "(no tool)"
"""What stands for a tool where none is called."""


class DatasetError(AgentCoreError):
    """A dataset cannot be made from what there is, or written where it should be."""


@dataclass(frozen=True)
class Source:
    """Where an example comes from."""

    teacher: Teacher
    model: str
    """The name of the model whose words these are; a person's, where they corrected them."""
    conversation: str
    run: str
    """The run's id; of an imported example, its file and line."""


@dataclass(frozen=True)
class Example:
    """A conversation whose last message is what is taught; those before it are its context."""

    messages: list[Message]
    tools: list[Definition]
    kind: Kind
    source: Source

    @property
    def teaches(self) -> tuple[str, ...]:
        """The tools that its last message calls, by name."""
        return called(self.messages[-1]) or ((NO_TOOL,) if self.kind == "no_tool" else ())


@dataclass(frozen=True)
class Preference:
    """What was better and what was worse after the same words; only one of them where nobody said the other."""

    prompt: list[Message]
    tools: list[Definition]
    chosen: Message | None
    rejected: Message | None
    because: Because
    source: Source


@dataclass
class Found:
    """What one run gives: examples, preferences, and why the rest was left out."""

    examples: list[Example] = field(default_factory=list[Example])
    preferences: list[Preference] = field(default_factory=list[Preference])
    left_out: list[str] = field(default_factory=list[str])


def called(message: Message) -> tuple[str, ...]:
    """The names of the tools that a message calls, each once; those within a plan that it submits, too."""
    names: list[str] = []
    for call in message.get("tool_calls", ()):
        function = call["function"]
        names.append(function["name"])
        steps = function["arguments"].get("steps")
        if isinstance(steps, list):
            names += [step["tool"] for step in steps if isinstance(step, dict) and isinstance(step.get("tool"), str)]
    return tuple(dict.fromkeys(names))


def by(source: Source, teacher: Teacher) -> Source:
    """The same source with another teacher."""
    return replace(source, teacher=teacher)
