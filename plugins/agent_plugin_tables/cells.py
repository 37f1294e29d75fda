"""What a cell means: numbers, dates and blanks as people write them, decided for a whole column, not cell by cell."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal, TypeAlias

Cell: TypeAlias = str | int | float | Decimal | bool | datetime | date | time | timedelta | None
Kind: TypeAlias = Literal["number", "date", "text", "empty"]

_BLANKS = frozenset({"", "-", "--", "\u2013", "\u2014", "na", "n/a", "#n/a", "nan", "null", "none", "nil"})
_LONGEST_NUMBER = 64
_LARGEST_EXPONENT = 60

_MONEY = (
    r"(?:US|C|A|R|HK|NZ|S)?\$|[\u20ac\u00a3\u00a5\u20b9\u20bd\u20a9\u20ba\u20aa\u0e3f\u20b4\u20ab\u20a6\u20b1]"
    r"|USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|INR|CNY|RMB|BRL|ZAR|MXN|SGD|HKD|KRW|TRY|ILS"
    r"|kr\.?|z\u0142|K\u010d|Ft|Rs\.?|Fr\.?"
)
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
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

_ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d.*)?")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ .-]+([a-z]{3,9})\.?[ ,.-]+(\d{4}|\d{2})", re.IGNORECASE)
_MONTH_DAY = re.compile(r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.IGNORECASE)
_CLOCK = re.compile(r"[T ]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([ap])\.?m\.?)?", re.IGNORECASE)
_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Number:
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
    if not comma_decimal and _PLAIN.fullmatch(text) and text.isascii():
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


def decimal_mark(cell: Cell) -> Literal[".", ",", "?"] | None:
    """Which decimal mark a cell gives away; "?" if it could be either ("1.234"), None if it holds no mark."""
    if not isinstance(cell, str) or not ("," in cell or "." in cell):
        return None
    point, comma = parse_number(cell, False), parse_number(cell, True)
    if point and comma:
        return "?" if point.value != comma.value else None
    return "." if point else "," if comma else None


def parse_date(cell: Cell, day_first: bool = True) -> datetime | None:
    """The date (and time) in a cell, without a zone (UTC where one was given), or None."""
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).replace(tzinfo=None) if cell.tzinfo else cell
    if isinstance(cell, date):
        return datetime.combine(cell, time())
    if not isinstance(cell, str) or not 6 <= len(cell) <= 40:
        return None
    try:
        return _date_in_text(" ".join(cell.split()), day_first)
    except (ValueError, OverflowError):
        return None


def _date_in_text(text: str, day_first: bool) -> datetime | None:
    if _ISO.fullmatch(text) and len(text) >= 10 and text[7] == "-":
        return parse_date(datetime.fromisoformat(text))
    hour = minute = second = 0
    if clock := re.search(_CLOCK.pattern + "$", text, re.IGNORECASE):
        text = text[: clock.start()]
        hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
        if clock[4]:
            hour = hour % 12 + (12 if clock[4] in "pP" else 0)
    day = _day(text, day_first)
    return datetime(*day, hour, minute, second) if day else None


def _day(text: str, day_first: bool) -> tuple[int, int, int] | None:
    if match := _YEAR_FIRST.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NUMERIC.fullmatch(text):
        first, second = int(match[1]), int(match[3])
        return (_year(match[4]), second, first) if day_first else (_year(match[4]), first, second)
    if (match := _DAY_MONTH.fullmatch(text)) and (month := _month(match[2])):
        return _year(match[3]), month, int(match[1])
    if (match := _MONTH_DAY.fullmatch(text)) and (month := _month(match[1])):
        return int(match[3]), month, int(match[2])
    return None


def _month(name: str) -> int | None:
    folded = name.casefold()
    found = [i for i, month in enumerate(_MONTHS, 1) if month.startswith(folded) or (i == 9 and folded == "sept")]
    return found[0] if len(found) == 1 else None


def _year(digits: str) -> int:
    """Two digits mean the years 1970 to 2069, as POSIX reads them (shifted by one)."""
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def day_order(cell: Cell) -> Literal["day", "month", "?"] | None:
    """Whether a numeric date gives away what comes first; "?" if it could be either; None if it is none."""
    match = _NUMERIC.match(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        return None
    first, second = int(match[1]), int(match[3])
    if match[2] == "." or first > 12:
        return "day"
    return "month" if second > 12 else "?" if first != second else None


def shown(cell: Cell) -> str:
    """A cell as people write it."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float | Decimal):
        return f"{Decimal(repr(cell)) if isinstance(cell, float) else cell:f}"
    return str(cell).strip()


@dataclass(frozen=True)
class ColumnReader:
    """How the cells of one column are read, decided by all of them together."""

    name: str
    kind: Kind
    comma_decimal: bool = False
    day_first: bool = True
    doubt: str = ""
    """What could have been read another way, for the person who asked."""

    def number(self, cell: Cell) -> Number | None:
        """The number in a cell of this column."""
        return parse_number(cell, self.comma_decimal)

    def date(self, cell: Cell) -> datetime | None:
        """The date in a cell of this column."""
        return parse_date(cell, self.day_first)

    @property
    def key(self) -> Callable[[Cell], Decimal | datetime | str | None]:
        """A function from a cell to what it is compared and sorted by; None where it does not fit the column."""
        if self.kind == "number":
            return lambda cell: number.value if (number := self.number(cell)) else None
        if self.kind == "date":
            return self.date
        return lambda cell: None if is_blank(cell) else shown(cell).casefold()


class ColumnEvidence:
    """Collects what the cells of a column give away about how to read it."""

    def __init__(self, name: str, comma_likely: bool) -> None:
        self.name = name
        self.filled = 0
        self.blank = 0
        self._comma_likely = comma_likely
        self._numbers = 0
        self._dates = 0
        self._marks = {".": 0, ",": 0, "?": 0}
        self._orders = {"day": 0, "month": 0, "?": 0}

    def add(self, cell: Cell) -> None:
        """Take a cell into account."""
        if is_blank(cell):
            self.blank += 1
            return
        self.filled += 1
        if parse_number(cell, False) or parse_number(cell, True):
            self._numbers += 1
            if mark := decimal_mark(cell):
                self._marks[mark] += 1
        elif parse_date(cell, True) or parse_date(cell, False):
            self._dates += 1
            if order := day_order(cell):
                self._orders[order] += 1

    def reader(self) -> ColumnReader:
        """How to read the column; a column is of a kind when at least half of its filled cells are."""
        marks, orders = self._marks, self._orders
        comma = marks[","] > marks["."] or (marks[","] == marks["."] and self._comma_likely)
        day_first = orders["day"] >= orders["month"]
        doubt = ""
        if marks["?"] and not marks["."] and not marks[","]:
            doubt = f"{self.name}: read with a decimal {'comma' if comma else 'point'}, which the cells leave open"
        elif orders["?"] and not orders["day"] and not orders["month"]:
            doubt = f"{self.name}: dates such as 1/2/2027 read with the day first, which the cells leave open"
        return ColumnReader(self.name, self._kind(), comma, day_first, doubt)

    def _kind(self) -> Kind:
        if not self.filled:
            return "empty"
        if self._numbers * 2 >= self.filled and self._numbers >= self._dates:
            return "number"
        return "date" if self._dates * 2 >= self.filled else "text"
