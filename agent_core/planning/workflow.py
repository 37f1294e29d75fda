"""Workflows: plans with inputs, saved as YAML, run again without a planner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent_core.errors import PlanError, UsageError
from agent_core.json_values import as_json
from agent_core.planning.control import read_plan
from agent_core.planning.plan import Plan
from agent_core.schema_check import faults

MAX_FILE_BYTES = 1_000_000
MAX_VALUES = 100_000
"""In a file, each counted as often as it is referred to: aliases could make a billion of ten."""


def save(plan: Plan, path: Path) -> None:
    """Write a plan as a workflow file.

    Raises:
        UsageError: the file cannot be written.
    """
    import yaml

    content: dict[str, Any] = {key: value for key, value in plan.to_json().items() if key != "revision"}
    if plan.inputs:
        content = {"inputs": plan.inputs, **content}
    try:
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"The workflow cannot be written to {str(path)!r}: {error.strerror}.") from None


def load(path: Path) -> Plan:
    """Read a workflow file (YAML or JSON).

    Raises:
        UsageError: there is no such file, or it is not text of a sensible size.
        PlanError: its content is not a plan.
    """
    import yaml

    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UsageError(f"The workflow {str(path)!r} is larger than {MAX_FILE_BYTES:,} bytes.")
        content = _content(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"The workflow {str(path)!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"The workflow {str(path)!r} is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise PlanError([f"{path.name} is not YAML: {reason}"]) from None
    except _ExpansionError:
        raise PlanError([f"{path.name} refers to its own parts until it holds more than {MAX_VALUES:,}"]) from None
    except Exception as error:
        # For a value that is not of the type which it is tagged with, yaml raises anything.
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise PlanError([f"{path.name} holds a value that cannot be read ({reason})"]) from None
    if not isinstance(content, dict):
        raise PlanError([f"{path.name} must hold a goal and steps"])
    content.setdefault("goal", path.stem)
    content.pop("revision", None)
    return read_plan(content, revision=1)


class _ExpansionError(Exception):
    """A few lines of YAML stand for more than anybody could have written."""


def _content(text: str) -> Any:
    """What the YAML says, as JSON values; a part that is referred to again counts again."""
    import yaml

    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _size(node, {}) > MAX_VALUES:
            raise _ExpansionError
        return as_json(loader.construct_document(node))
    finally:
        loader.dispose()


def _size(node: Any, known: dict[int, int]) -> int:
    """How many values a node stands for; more than the limit for one that holds itself."""
    if id(node) not in known:
        known[id(node)] = MAX_VALUES + 1
        parts = [part for pair in node.value for part in pair] if node.id == "mapping" else node.value
        known[id(node)] = 1 + (0 if node.id == "scalar" else sum(_size(part, known) for part in parts))
    return known[id(node)]


def with_inputs(plan: Plan, given: Mapping[str, Any]) -> Plan:
    """The plan with its inputs filled in; an input's schema may have a default.

    Raises:
        PlanError: an input is missing, unknown, or of a wrong type.
    """
    reasons = [
        f"there is no input {name!r}; there are: {', '.join(plan.inputs) or 'none'}"
        for name in given.keys() - plan.inputs.keys()
    ]
    try:
        given = as_json(given)
    except ValueError as error:
        raise PlanError([f"the inputs are not JSON: {error}"]) from None
    values: dict[str, Any] = {}
    for name, declared in plan.inputs.items():
        schema: dict[str, Any] = declared if isinstance(declared, dict) else {"default": declared}
        if name not in given and "default" not in schema:
            reasons.append(f"the input {name!r} is missing; give it as {name}=VALUE")
            continue
        values[name] = given.get(name, schema.get("default"))
        reasons += [f"{name}: {fault.message}" for fault in faults(values[name], schema)]
    if reasons:
        raise PlanError(reasons)
    return plan.model_copy(update={"inputs": values})
