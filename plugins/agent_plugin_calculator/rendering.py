"""From sympy to text: exact, decimal without float noise, and one line for a person."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from typing import Any

import sympy

from agent_plugin_calculator.functions import too_large
from agent_plugin_calculator.results import Calculation

DIGITS = 15
_WHOLE_DIGITS = 50
_GUARD_DIGITS = 10
_CONTEXT = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN)


def calculation(subject: str, value: Any, note: str = "") -> Calculation:
    """The result of a call: `subject` is what was asked, as a person would write it."""
    exact_text, decimal_text = exact(value), decimal(value)
    return Calculation(exact_text, decimal_text, f"{one_line(subject)} {shown(value)}{note}")


def exact(value: Any) -> str:
    """`value` in the calculator's own notation."""
    try:
        return str(value)
    except ValueError:  # Python's limit on the digits of whole numbers
        raise too_large("The result") from None


def decimal(value: Any) -> str | None:
    """`value` to 15 significant digits (whole numbers up to 50); None for what is not a number."""
    if not getattr(value, "is_number", False) or value.has(sympy.oo, -sympy.oo, sympy.zoo, sympy.nan):
        return None
    if value.is_Rational:
        return _rational(value)
    rounded = value.evalf(DIGITS + _GUARD_DIGITS, chop=True)
    real, imaginary = rounded.as_real_imag()
    if not (real.is_Float or real.is_Rational) or not (imaginary.is_Float or imaginary.is_Rational):
        return None
    parts = [_plain(_rounded(part)) for part in (real, imaginary)]
    if imaginary == 0:
        return parts[0]
    if real == 0:
        return f"{parts[1]}*I"
    return f"{parts[0]} - {parts[1][1:]}*I" if parts[1].startswith("-") else f"{parts[0]} + {parts[1]}*I"


def shown(value: Any) -> str:
    """The right-hand side of a line for a person, with its sign: `= 397.8`, `= 1/3 ≈ 0.333333333333333`."""
    rounded = decimal(value)
    if rounded is None:
        return f"= {readable(value)}"
    if is_finite_decimal(value):
        return f"= {rounded}"
    return f"= {readable(value)} ≈ {rounded.replace('*I', 'i')}"


def readable(value: Any) -> str:
    """The exact value as people write it."""
    text = re.sub(r"\blog\(", "ln(", exact(value).replace("**", "^"))
    text = re.sub(r"\bE\b", "e", re.sub(r"\boo\b", "∞", text))
    return re.sub(r"\bI\b", "i", text)


def is_finite_decimal(value: Any) -> bool:
    """Whether `decimal(value)` is `value` itself."""
    if not value.is_Rational:
        return False
    if value.is_Integer:
        return len(exact(abs(value))) <= _WHOLE_DIGITS
    written = _CONTEXT.divide(Decimal(int(value.p)), Decimal(int(value.q)))
    return written * int(value.q) == int(value.p) if value.q < 10**DIGITS else False


def one_line(text: str) -> str:
    """What was asked, on one line of at most 100 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:97]}..."


def _rational(value: Any) -> str:
    if value.is_Integer and len(exact(abs(value))) <= _WHOLE_DIGITS:
        return exact(value)
    return _plain(_CONTEXT.divide(Decimal(exact(value.p)), Decimal(exact(value.q))))


def _rounded(number: Any) -> Decimal:
    return _CONTEXT.plus(Decimal(str(number)))


def _plain(number: Decimal) -> str:
    """Without an exponent where people would write none, and without trailing zeros."""
    number = number.normalize(_CONTEXT)
    if number == 0:
        return "0"
    if -7 <= number.adjusted() < 21:
        return f"{number:f}"
    return f"{number:e}".replace("e+", "e")
