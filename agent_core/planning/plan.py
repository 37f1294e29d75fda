"""What a plan is: data that a person can read and edit, a model can write, and the loop can run."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent_core.planning.references import referenced_steps

StepKind = Literal["tool", "agent", "map", "reduce", "answer"]


class Step(BaseModel):
    """One piece of work. Its result may be referenced by the steps after it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64, description="Unique, short: s1, s2, ...")
    kind: StepKind = Field(
        default="tool",
        description="tool: one call. agent: work towards a goal with some tools. map: one "
        "call or goal per item of for_each. reduce: write one text from other results. answer: the reply.",
    )
    title: str = Field(default="", description="What it does, in a few words for the user.")
    tool: str | None = Field(default=None, description="The tool to call (kinds tool and map).")
    args: dict[str, Any] = Field(
        default_factory=dict,
        description='Arguments; refer to earlier results with {"$from": "s1.field"} or {"$text": "Total: {s1.field}"}, '
        'and in a map to the item with {"$item": ""} or {"$item": "field"}. Never invent a value.',
    )
    goal: str | None = Field(
        default=None, description="What to reach (kinds agent, reduce, answer and map without a tool)."
    )
    persona: str | None = Field(default=None, description="Who does it (kind agent).")
    depends_on: tuple[str, ...] = Field(
        default=(), description="Steps that must be done first, beside those referenced."
    )
    for_each: Any = Field(
        default=None, description='The items of a map: a list or a reference such as {"$from": "s1.files[*].path"}.'
    )
    tools: tuple[str, ...] | None = Field(
        default=None, description="Tools that an agent may use; none given means those that fit."
    )
    returns: dict[str, Any] | None = Field(
        default=None, description="JSON schema of an agent's result, when it must be structured."
    )

    origin: str = ""
    """The planner's call that wrote this step, as turn/call id: where its result goes back to. Not shown to people."""
    seen: tuple[str, ...] = ()
    """What the context had seen in which the step was written. Not shown to people."""

    @property
    def needs(self) -> frozenset[str]:
        """Ids of all steps whose results this one waits for."""
        return frozenset(self.depends_on) | referenced_steps(self.args) | referenced_steps(self.for_each)


class Plan(BaseModel):
    """Steps towards a goal. A revision replaces what has not run yet; ids are never used twice in a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    goal: str
    steps: tuple[Step, ...] = ()
    revision: int = 1
    answer: str | None = None
    """A reply that needs no step, or the question that has to be answered first."""
    inputs: dict[str, Any] = Field(default_factory=dict)
    """Of a workflow: {name: JSON schema}, referenced as {"$input": "name"}."""

    def step(self, step_id: str) -> Step:
        """The step with this id; KeyError where there is none."""
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)

    def to_json(self) -> dict[str, Any]:
        """As people see and edit it: without defaults and without what the loop keeps for itself."""
        steps = [
            step.model_dump(mode="json", exclude={"origin", "seen"}, exclude_defaults=True) | {"kind": step.kind}
            for step in self.steps
        ]
        return {"revision": self.revision, "goal": self.goal, "steps": steps}
