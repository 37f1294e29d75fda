"""Cells of a table as typed values: a column's type is what all of its cells can be read as."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WORDS = {"true": True, "false": False}


def column_type(cells: Iterable[str]) -> str:
    """The narrowest of integer, number, boolean, date and text that fits every cell; text without any."""
    left = ["integer", "number", "boolean", "date"]
    seen = False
    for cell in cells:
        if cell:
            seen = True
            left = [kind for kind in left if _fits(cell, kind)]
            if not left:
                return "text"
    return left[0] if seen else "text"


def typed(cell: str, kind: str) -> Any:
    """A cell as a value of its column's type; None for an empty one."""
    if not cell:
        return None
    match kind:
        case "integer":
            return int(cell)
        case "number":
            return float(cell)
        case "boolean":
            return _WORDS[cell.lower()]
        case _:
            return cell


def _fits(cell: str, kind: str) -> bool:
    match kind:
        case "integer":
            return bool(_INTEGER.fullmatch(cell))  # "007" is a name
        case "number":
            return bool(_NUMBER.fullmatch(cell)) and not (len(cell) > 1 and cell[0] == "0" and cell[1].isdigit())
        case "boolean":
            return cell.lower() in _WORDS
        case _:
            return bool(_DATE.fullmatch(cell)) and _is_day(cell)


def _is_day(cell: str) -> bool:
    try:
        return bool(date.fromisoformat(cell))
    except ValueError:
        return False
