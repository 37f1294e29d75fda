"""Figures in an answer that nothing carries: neither a result, nor what the user said, rounds to them.

A figure is the easiest thing to make up and the hardest to notice. Words are not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_ADDRESS = re.compile(r"\b\w{1,20}://\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w.-]+")
_LIST_MARK = re.compile(r"(?m)^\s*(?:\d{1,3}[.)]|\[\d+\]|#+)\s")
_CITATION = re.compile(r"\[\d+\]")
_FIGURE = re.compile(r"(?<![\w.,])\d(?:[\d,.'\u00a0\u202f]*\d)?(?![\w])")
_IN_DATA = re.compile(r"\d+(?:[.,'\u00a0\u202f]\d+)*")
_SMALL = Decimal(2)
"""Up to here a figure is as often a turn of speech ("one or 2 days")."""
_MOST = 50_000
"""How many figures of the results are compared with; more than that is a table, and its reader is a tool."""
_NOON = Decimal(12)
_LONGEST = 400
"""Characters up to which digits are a number to calculate with; longer ones are carried only as they stand."""
_WRITTEN_BITS = 14_000
"""Python writes no longer number as digits."""


def unsupported(text: str, known: Iterable[Any]) -> list[str]:
    """Figures in `text` that occur in none of the values, as they are written there.

    A figure is carried by a value that rounds to it at its own number of decimals, also as a percentage, by the hour of
    a twelve-hour clock, and by the length of a list.
    """
    prose = _CITATION.sub(" ", _LIST_MARK.sub("\n", _ADDRESS.sub(" ", _CODE.sub(" ", text))))
    written = list(dict.fromkeys(match[0] for match in _FIGURE.finditer(prose)))
    asked = {figure: values for figure in written if max(values := _readings(figure), default=_SMALL) > _SMALL}
    values = list(known)
    long = [figure for figure in written if len(figure) > _LONGEST and not _occurs(figure, values)]
    if not asked:
        return long
    carried: set[Decimal] = set()
    for value in _figures(values):
        carried.add(value)
        if len(carried) >= _MOST:
            return long
    return [figure for figure, values in asked.items() if not any(_carried(value, carried) for value in values)] + long


def _occurs(figure: str, value: Any) -> bool:
    """Whether these digits stand in a text or a whole number of the value."""
    if isinstance(value, dict):
        return _occurs(figure, [*value.keys(), *value.values()])
    if isinstance(value, list | tuple):
        return any(_occurs(figure, inner) for inner in value)
    if isinstance(value, int) and value.bit_length() < _WRITTEN_BITS:
        return figure == str(abs(value))
    return isinstance(value, str) and figure in value


def _carried(value: Decimal, carried: set[Decimal]) -> bool:
    if value in carried or value + _NOON in carried:
        return True
    quantum = Decimal(1).scaleb(int(value.as_tuple().exponent))
    return any(_rounds_to(other, value, quantum) or _rounds_to(other * 100, value, quantum) for other in carried)


def _rounds_to(other: Decimal, value: Decimal, quantum: Decimal) -> bool:
    return abs(other - value) * 2 <= quantum  # a tie may go either way


def _readings(written: str) -> list[Decimal]:
    """What a figure can mean: `1,234` and `1.234` are one thing here and another there."""
    if len(written) > _LONGEST:
        return []
    digits = re.sub(r"['\u00a0\u202f]", "", written)
    plain = digits.replace(",", "") if "," in digits else digits
    readings = [plain]
    if "," in digits:
        readings.append(digits.replace(".", "").replace(",", "."))
    elif digits.count(".") > 1 or re.fullmatch(r"\d{1,3}(?:\.\d{3})+", digits):
        readings.append(digits.replace(".", ""))
    return [value for reading in readings if (value := _decimal(reading)) is not None]


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _figures(values: Iterable[Any]) -> Iterator[Decimal]:
    for value in values:
        if isinstance(value, str):
            for match in _IN_DATA.finditer(value):
                yield from _readings(match[0])
                # A date, a version, a time: its parts are figures too.
                yield from (Decimal(part) for part in re.findall(r"\d+", match[0]) if len(part) <= _LONGEST)
        elif isinstance(value, bool) or value is None:
            continue
        elif isinstance(value, int | float):
            if isinstance(value, float) or value.bit_length() <= 4 * _LONGEST:
                yield abs(Decimal(value if isinstance(value, int) else str(value)))
        elif isinstance(value, dict):
            yield from _figures(list(value.keys()))
            yield from _figures(list(value.values()))
        elif isinstance(value, list | tuple):
            yield Decimal(len(value))
            yield from _figures(value)
