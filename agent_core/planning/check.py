"""What makes a plan valid, checked before anything runs; every fault is a sentence for whoever wrote the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from agent_core.errors import PlanError, ToolArgumentError
from agent_core.planning.plan import Plan, Step
from agent_core.planning.references import EVERY, Part, form_of, parse, referenced_paths, walk

if TYPE_CHECKING:
    from agent_core.tools.tool import JsonSchema, Tool

MAX_STEPS = 200


def check(plan: Plan, tools: Mapping[str, Tool], personas: frozenset[str] = frozenset()) -> None:
    """Accept the plan or say everything that is wrong with it.

    Raises:
        PlanError: with one reason per fault.
    """
    reasons = list(_structure(plan))
    if not reasons:
        known = {step.id: step for step in plan.steps}
        for step in plan.steps:
            reasons.extend(f"step {step.id!r}: {reason}" for reason in _step(step, plan, known, tools, personas))
    if reasons:
        raise PlanError(reasons)


def _structure(plan: Plan) -> Iterator[str]:
    if len(plan.steps) > MAX_STEPS:
        yield f"it has {len(plan.steps)} steps; {MAX_STEPS} at most: a map does the same with every item of a list"
        return
    ids = [step.id for step in plan.steps]
    for repeated in sorted({i for i in ids if ids.count(i) > 1}):
        yield f"the step id {repeated!r} is used twice"
    for step in plan.steps:
        for missing in sorted(step.needs - set(ids)):
            yield f"step {step.id!r} refers to step {missing!r}, which does not exist"
    try:
        TopologicalSorter({step.id: step.needs for step in plan.steps}).prepare()
    except CycleError as error:
        yield "steps wait for each other in a circle: " + " -> ".join(error.args[1])


def _step(
    step: Step, plan: Plan, known: Mapping[str, Step], tools: Mapping[str, Tool], personas: frozenset[str]
) -> Iterator[str]:
    if step.kind == "map" and step.for_each is None:
        yield "a map needs for_each: the list of items"
    if step.kind == "tool" or (step.kind == "map" and step.goal is None):
        yield from _call(step, plan, known, tools)
    elif not step.goal:
        yield f"a step of kind {step.kind!r} needs a goal"
    if step.persona is not None and step.persona not in personas:
        yield f"there is no persona {step.persona!r}"
    for name in step.tools or ():
        if name not in tools:
            yield f"there is no tool {name!r}"
    for form, content in (*walk(step.args), *walk(step.for_each)):
        if not isinstance(content, str):
            yield f"{form} needs a text, not {str(content)[:80]!r}"
        elif form == "$input" and content not in plan.inputs:
            yield f"there is no input {content!r}"
    for path in referenced_paths(step.for_each):
        yield from _path(path, known, tools)


def _call(step: Step, plan: Plan, known: Mapping[str, Step], tools: Mapping[str, Tool]) -> Iterator[str]:
    if step.tool is None or step.tool not in tools:
        yield f"there is no tool {step.tool!r}; there are: {', '.join(sorted(tools)) or 'none'}"
        return
    tool = tools[step.tool]
    if step.kind != "map" and any(form == "$item" for form, _ in walk(step.args)):
        yield '{"$item"} only works in a map'
    for path in referenced_paths(step.args):
        yield from _path(path, known, tools)
    if not any(True for _ in walk(step.args)):
        try:
            tool.arguments.validate(step.args)
        except ToolArgumentError as error:
            yield str(error)
        return
    yield from _partly_known(step.args, tool, known, tools)


def _partly_known(
    args: Mapping[str, Any], tool: Tool, known: Mapping[str, Step], tools: Mapping[str, Tool]
) -> Iterator[str]:
    """Arguments some of which are references: checks names, known values, and types as far as they are declared."""
    from jsonschema import Draft202012Validator

    schema = tool.parameters
    properties: dict[str, JsonSchema] = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in args:
            yield f"{tool.name} needs {name!r}"
    for name, value in args.items():
        if name not in properties:
            if schema.get("additionalProperties") is False:
                yield f"{tool.name} has no parameter {name!r}; it has: {', '.join(properties)}"
            continue
        found = form_of(value)
        if found is None and not any(True for _ in walk(value)):
            wanted = {**properties[name], "$defs": schema.get("$defs", {})}
            for problem in Draft202012Validator(wanted).iter_errors(value):
                yield f"{name}: {problem.message}"
        elif found is not None and found[0] == "$from":
            yield from _fits(str(found[1]), name, properties[name], known, tools)


def _path(path: str, known: Mapping[str, Step], tools: Mapping[str, Tool]) -> Iterator[str]:
    try:
        step_id, parts = parse(path)
        _schema_at(_returns(known[step_id], tools), parts, path)
    except PlanError as error:
        yield from error.reasons


def _fits(
    path: str, name: str, wanted: JsonSchema, known: Mapping[str, Step], tools: Mapping[str, Tool]
) -> Iterator[str]:
    try:
        step_id, parts = parse(path)
        given = _schema_at(_returns(known[step_id], tools), parts, path)
    except PlanError:
        return  # already reported by `_path`
    have, want = _types(given), _types(wanted)
    # A scalar is turned into text where text is wanted: see loop.steps.
    scalar = have & {"integer", "number", "boolean", "string"}
    if not have or not want or have & want or ("string" in want and scalar):
        return
    yield f"{name}: {path!r} is {'/'.join(sorted(have))}, and {'/'.join(sorted(want))} is needed"


def _returns(step: Step, tools: Mapping[str, Tool]) -> JsonSchema | None:
    if step.kind == "map":
        inner = tools[step.tool].returns if step.tool else step.returns
        return {"type": "array", "items": inner or {}, "$defs": (inner or {}).get("$defs", {})}
    if step.kind == "tool":
        return tools[step.tool].returns if step.tool else None
    return step.returns or {"type": "string"}


def _schema_at(schema: JsonSchema | None, parts: list[Part], path: str) -> JsonSchema | None:
    """The schema that a path leads to; None where it is not known, which only the whole result may be."""
    if schema is None:
        if parts:
            raise PlanError([f"{path!r}: this step declares no fields; only its whole result can be referenced"])
        return None
    definitions: JsonSchema = schema.get("$defs", {})
    here: JsonSchema | None = schema
    for part in parts:
        here = _dereference(here, definitions)
        if not _types(here):
            return None
        here = _element(here, path) if isinstance(part, int) or part is EVERY else _field(here, str(part), path)
        if here is None:
            return None
    here = _dereference(here, definitions)
    return {"type": "array", "items": here} if EVERY in parts else here


def _element(schema: JsonSchema, path: str) -> JsonSchema:
    if "array" not in _types(schema):
        raise PlanError([f"{path!r}: an element is asked for, but this is {'/'.join(sorted(_types(schema)))}"])
    return schema.get("items", {})


def _field(schema: JsonSchema, name: str, path: str) -> JsonSchema | None:
    fields: JsonSchema = schema.get("properties", {})
    if name in fields:
        return fields[name]
    if "object" in _types(schema) and schema.get("additionalProperties", not fields):
        return None
    raise PlanError([f"{path!r}: there is no field {name!r}; there are: {', '.join(fields) or 'none'}"])


def _dereference(schema: JsonSchema, definitions: JsonSchema) -> JsonSchema:
    while "$ref" in schema:
        schema = definitions.get(str(schema["$ref"]).rsplit("/", 1)[-1], {})
    return schema


def _types(schema: JsonSchema | None) -> set[str]:
    """The JSON types that a schema allows, with integer counted as number too; empty where it does not say."""
    if schema is None:
        return set()
    found: set[str] = set()
    for option in schema.get("anyOf", [schema]):
        declared = option.get("type", [])
        found |= set([declared] if isinstance(declared, str) else declared)
    if "integer" in found:
        found.add("number")
    return found - {"null"}
