"""Values on a command line: `name=text` and `name:=JSON`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from agent_core.errors import UsageError


def assignments(items: Iterable[str]) -> dict[str, Any]:
    """Read `name=text` and `name:=JSON` items; where a name comes twice, the last one counts.

    Raises:
        UsageError: an item has neither form, or what follows `:=` is not JSON.
    """
    values: dict[str, Any] = {}
    for item in items:
        name, separator, text = item.partition("=")
        is_json = name.endswith(":")
        name = name.removesuffix(":").strip()
        if not separator or not name:
            raise UsageError(f"{item[:80]!r} is not a value; write name=TEXT or name:=JSON.")
        values[name] = _json(item, text) if is_json else text
    return values


def numbers(text: str) -> list[int]:
    """Read `1, 3-5` as numbers.

    Raises:
        UsageError: it has another form.
    """
    found: list[int] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, _, last = part.partition("-")
        if not (part.isascii() and first.isdigit() and (last or first).isdigit()) or max(len(first), len(last)) > 4:
            raise UsageError(f"{part[:40]!r} is no number of an item; write such as 1, 3-5.")
        found += range(int(first), int(last or first) + 1)
    return found


def _json(item: str, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:100]
        raise UsageError(f"{item[:80]!r} is not JSON after ':=' ({reason}); write text with '=' instead.") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def fitted(values: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The values with texts read as JSON where the declared type takes no text: `count=3` is a number there."""
    return {name: _fitted(value, schemas.get(name)) for name, value in values.items()}


def _fitted(value: Any, schema: Any) -> Any:
    declared = schema.get("type") if isinstance(schema, Mapping) else None
    kinds = declared if isinstance(declared, list) else [declared]
    if not isinstance(value, str) or declared is None or "string" in kinds:
        return value
    try:
        return json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return [value] if "array" in kinds else value
