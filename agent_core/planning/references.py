"""References from a step's arguments to what earlier steps returned.

Four forms, each a dict with one key, anywhere inside the arguments:
`{"$from": "s1.files[*].path"}` a value; `{"$text": "Total: {s1.total}"}` text with values in it;
`{"$item": "name"}` in a map, a field of the current item ("" for the item itself);
`{"$input": "month"}` a workflow's input. A slot in `$text` that names no step is a fault, not text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from agent_core.errors import PlanError

_PATH = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)((?:\.[^.\[\]{}]+|\[(?:\d+|\*)\])*)")
_PART = re.compile(r"\.([^.\[\]{}]+)|\[(\d+|\*)\]")
_SLOT = re.compile(r"\{(" + _PATH.pattern + r")\}")

Part = str | int
"""A field name, an index, or "*" (as `Every`) for all elements."""


class Every(str):
    """`[*]`: all elements of a list."""


EVERY = Every("*")
_FORMS = ("$from", "$text", "$item", "$input")


def parse(path: str) -> tuple[str, list[Part]]:
    """Split `s1.files[0].name` into the step's id and the way into its result.

    Raises:
        PlanError: it does not have that form.
    """
    match = _PATH.fullmatch(path.strip())
    if match is None:
        raise PlanError([f"{path!r} is not a reference; write a step's id and a path, such as 's1.files[0].name'"])
    return match[1], _parts(match[2])


def _parts(text: str) -> list[Part]:
    parts: list[Part] = []
    for field, index in _PART.findall(text):
        parts.append(field or (EVERY if index == "*" else int(index)))
    return parts


def form_of(value: Any) -> tuple[str, Any] | None:
    """("$from", "s1.total") when `value` is a reference, else None."""
    if isinstance(value, dict) and len(value) == 1:
        key, content = next(iter(value.items()))
        if key in _FORMS:
            return key, content
    return None


def walk(value: Any) -> Iterator[tuple[str, Any]]:
    """Every reference inside `value`, in order."""
    found = form_of(value)
    if found is not None:
        yield found
    elif isinstance(value, dict):
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from walk(inner)


def referenced_paths(value: Any) -> list[str]:
    """The step paths that `value` refers to, in `$from` and in the slots of `$text`."""
    paths: list[str] = []
    for form, content in walk(value):
        if form == "$from":
            paths.append(str(content))
        elif form == "$text":
            paths.extend(slot[0] for slot in _SLOT.findall(str(content)))
    return paths


def referenced_steps(value: Any) -> frozenset[str]:
    """Ids of the steps that `value` refers to; a malformed path counts as itself, so that checks name it."""
    return frozenset(re.split(r"[.\[]", path.strip(), maxsplit=1)[0] for path in referenced_paths(value))


def resolve(
    value: Any, results: Mapping[str, Any], *, item: Any = None, inputs: Mapping[str, Any] | None = None
) -> Any:
    """`value` with every reference replaced by what it refers to.

    Raises:
        PlanError: the result has no such field, element or input.
    """
    resolvers: dict[str, Callable[[str], Any]] = {
        "$from": lambda path: _look_up(path, results),
        "$text": lambda text: _SLOT.sub(lambda slot: _as_text(_look_up(slot[1], results)), text),
        "$item": lambda path: _follow(item, _parts(path if path.startswith("[") else f".{path}"), f"item {path!r}"),
        "$input": lambda name: _follow(inputs or {}, [name], "input"),
    }

    def visit(value: Any) -> Any:
        found = form_of(value)
        if found is not None:
            return resolvers[found[0]](str(found[1]))
        if isinstance(value, dict):
            return {key: visit(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [visit(inner) for inner in value]
        return value

    return visit(value)


def _look_up(path: str, results: Mapping[str, Any]) -> Any:
    step_id, parts = parse(path)
    if step_id not in results:
        raise PlanError([f"{path!r} refers to step {step_id!r}, which has no result"])
    return _follow(results[step_id], parts, repr(path))


def _follow(value: Any, parts: list[Part], where: str) -> Any:
    for position, part in enumerate(parts):
        if part is EVERY:
            if not isinstance(value, list):
                raise PlanError([f"{where}: [*] needs a list and found {type(value).__name__}"])
            return [_follow(element, parts[position + 1 :], where) for element in value]
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            raise PlanError([f"{where}: there is no {part!r} in {_outline(value)}"]) from None
    return value


def _outline(value: Any) -> str:
    if isinstance(value, dict):
        return "an object with " + (", ".join(map(repr, value)) or "no fields")
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return f"a {type(value).__name__}"


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(_as_text(element) for element in value)
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False)
