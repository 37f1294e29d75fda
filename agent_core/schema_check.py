"""Does a JSON value fit a JSON schema? The schema may be anybody's: a plugin's, a server's, a model's, a file's.

So it is only data. A `$ref` is never fetched (it would be a request or a file read that no policy saw), a `pattern`
has a time to match in, and a schema that is broken or refers to itself without end is a fault, not a crash.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

PATTERN_S = 0.25
"""Time for one text and one `pattern`; an innocent one takes microseconds."""


class Fault(NamedTuple):
    """What does not fit, and where."""

    path: tuple[str | int, ...]
    message: str


def faults(value: Any, schema: Mapping[str, Any]) -> list[Fault]:
    """Everything in `value` that does not fit, in the order of its places; none if it fits."""
    from jsonschema.exceptions import UndefinedTypeCheck, UnknownType
    from referencing.exceptions import Unresolvable

    try:
        found = [Fault(tuple(error.absolute_path), error.message) for error in _errors(value, schema)]
    except Unresolvable as error:
        return [Fault((), f"its schema refers to {error.ref!r}, which is not part of it")]
    except RecursionError:
        return [Fault((), "it, or its schema, is nested too deeply")]
    except (UndefinedTypeCheck, UnknownType, TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())[:120]
        return [Fault((), f"its schema is not a JSON schema ({reason})")]
    return sorted(found, key=lambda fault: list(map(str, fault.path)))


def _errors(value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    from referencing import Registry

    return _validator()(dict(schema), registry=Registry()).iter_errors(value)


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    return extend(Draft202012Validator, {"pattern": _pattern, "patternProperties": _pattern_properties})


def _pattern(validator: Any, pattern: Any, value: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(value, str) and not _matches(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Mapping[str, Any], value: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(value, dict):
        return
    for pattern, inner in patterns.items():
        for name, each in value.items():
            if _matches(pattern, name):
                yield from validator.descend(each, inner, path=name, schema_path=pattern)


def _matches(pattern: Any, text: str) -> bool:
    """Whether `pattern` is found in `text`.

    Raises:
        ValueError: it is no pattern, or takes too long.
    """
    import regex

    try:
        return regex.search(pattern, text, timeout=PATTERN_S) is not None
    except TimeoutError:
        raise ValueError(f"the pattern {pattern!r:.60} takes too long") from None
    except regex.error as error:
        raise ValueError(f"the pattern {pattern!r:.60}: {error}") from None
