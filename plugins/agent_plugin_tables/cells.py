"""What a cell holds: numbers and blanks as people write them, and how to show it."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple, TypeAlias

Cell: TypeAlias = str | int | float | Decimal | bool | datetime | date | time | timedelta | None

_BLANKS = frozenset({"", "-", "--", "\u2013", "\u2014", "na", "n/a", "#n/a", "nan", "null", "none", "nil"})
_LONGEST_NUMBER = 64
_LARGEST_EXPONENT = 60

_MONEY = (
    r"(?:US|C|A|R|HK|NZ|S)?\$|[\u20ac\u00a3\u00a5\u20b9\u20bd\u20a9\u20ba\u20aa\u0e3f\u20b4\u20ab\u20a6\u20b1]"
    r"|USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|INR|CNY|RMB|BRL|ZAR|MXN|SGD|HKD|KRW|TRY|ILS"
    r"|kr\.?|z\u0142|K\u010d|Ft|Rs\.?|Fr\.?"
)
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_UNMISTAKABLE = re.compile(r"[+-]?[0-9]+(?:(\.)(?:[0-9]{1,2}|[0-9]{4,}))?")
"""Plain numbers that can be read in one way only, as most are: recognised at a glance."""
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+\u2212])?\s*(?P<before>{_MONEY})?\s*(?P<inner>[-+\u2212])?\s*"
    r"(?P<digits>[\d.,][\d.,'\u2019 \u00a0\u2009\u202f]*)(?P<exponent>[eE][-+]?\d{1,3})?"
    rf"\s*(?P<after>%|{_MONEY})?\s*(?P<trailing>[-\u2212])?(?P<close>\))?",
    re.IGNORECASE,
)
_SPACES = " \u00a0\u2009\u202f'\u2019"
_POINT_DIGITS = re.compile(
    rf"(?:\d+|[1-9]\d{{0,2}}(?:([,{_SPACES}])\d{{3}})(?:\1\d{{3}})*|[1-9]\d?(?:,\d\d)+,\d{{3}})?(?:\.\d*)?"
)
_SWAP = str.maketrans(",.", ".,")
_DROP = str.maketrans("", "", f",{_SPACES}")


class Number(NamedTuple):
    """A number with the sign that stood beside it: "%", a currency, or nothing."""

    value: Decimal
    unit: str = ""


def is_blank(cell: Cell) -> bool:
    """Whether a cell says nothing: empty, or a usual way to write that a value is missing."""
    return cell is None or (isinstance(cell, str) and cell.strip().casefold() in _BLANKS)


def parse_number(cell: Cell, comma_decimal: bool = False) -> Number | None:
    """The number in a cell, or None. Percentages count in percent: "12 %" is 12.

    Args:
        cell: As it stood in the file.
        comma_decimal: Whether "," is the decimal mark and "." groups thousands, else the other way round.
    """
    if isinstance(cell, str):
        return _number_in_text(cell.strip(), comma_decimal)
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        return None
    value = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
    return Number(value) if value.is_finite() and abs(value.adjusted()) <= 400 else None


def _number_in_text(text: str, comma_decimal: bool) -> Number | None:
    if len(text) > _LONGEST_NUMBER or not text:
        return None
    if not comma_decimal and _PLAIN.fullmatch(text):
        return Number(Decimal(text))
    match = _NUMBER.fullmatch(text)
    if match is None or bool(match["open"]) != bool(match["close"]) or (match["before"] and match["after"]):
        return None
    digits = match["digits"].strip()
    digits = digits.translate(_SWAP) if comma_decimal else digits
    if not any(character.isdecimal() for character in digits) or not _POINT_DIGITS.fullmatch(digits):
        return None
    signs = [sign for sign in (match["sign"], match["inner"], match["trailing"], match["open"]) if sign]
    if len(signs) > 1:
        return None
    try:
        value = Decimal(digits.translate(_DROP) + (match["exponent"] or ""))
    except InvalidOperation:
        return None
    if abs(value.adjusted()) > _LARGEST_EXPONENT:
        return None
    negative = bool(signs) and signs[0] != "+"
    return Number(-value if negative else value, match["before"] or match["after"] or "")


def plain_number(cell: Cell) -> Literal[".", ""] | None:
    """The decimal mark of a number written plainly ("" if it has none); None for any other cell."""
    match = _UNMISTAKABLE.fullmatch(cell) if isinstance(cell, str) else None
    return None if match is None else "." if match[1] else ""


def decimal_mark(cell: Cell) -> Literal[".", ",", "?"] | None:
    """Which decimal mark a cell gives away; "?" if it could be either ("1.234"), None if it holds no mark."""
    if not isinstance(cell, str) or not ("," in cell or "." in cell):
        return None
    point, comma = parse_number(cell, False), parse_number(cell, True)
    if point and comma:
        return "?" if point.value != comma.value else None
    return "." if point else "," if comma else None


def shown(cell: Cell) -> str:
    """A cell as people write it."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | Decimal):
        return f"{Decimal(repr(cell)) if isinstance(cell, float) else cell:f}"
    return str(cell)
