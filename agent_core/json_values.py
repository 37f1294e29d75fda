"""Values as JSON can hold them, so that a journal, a model's API and another process read the same thing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

MAX_DEPTH = 100
"""Lists and objects inside each other; more is an attack or a defect, and breaks what walks over it."""


def as_json(value: Any) -> Any:
    """`value` as JSON: models and dates as JSON values, NaN and infinities as text, half characters replaced.

    Raises:
        ValueError: it is something that JSON has no form for, or is nested too deeply.
    """
    from pydantic_core import to_jsonable_python

    try:
        return _clean(to_jsonable_python(value), 0)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def whole_characters(text: str) -> str:
    """`text` without half characters (a cut emoji, a file name that is not UTF-8): nothing can store or send them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, at any depth, names of fields among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(name)
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def is_finite(value: Any) -> bool:
    """Whether no number in a JSON value is NaN or an infinity."""
    if isinstance(value, dict):
        return all(is_finite(inner) for inner in value.values())
    if isinstance(value, list):
        return all(is_finite(inner) for inner in value)
    return not isinstance(value, float) or math.isfinite(value)


def _clean(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {_clean(name, depth): _clean(inner, depth + 1) for name, inner in value.items()}
    return [_clean(inner, depth + 1) for inner in value] if isinstance(value, list) else value
