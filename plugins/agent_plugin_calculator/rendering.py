"""From sympy to text: exact, decimal without float noise, and one line for a person."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Any

import sympy

from agent_plugin_calculator.functions import too_large
from agent_plugin_calculator.results import Calculation

DIGITS = 15
_WHOLE_DIGITS = 50
_GUARD_DIGITS = 10
_READABLE_CHARACTERS = 80
_READABLE_DENOMINATOR = 10_000
_CONTEXT = Context(prec=DIGITS, rounding=ROUND_HALF_EVEN, Emax=MAX_EMAX, Emin=MIN_EMIN)


def calculation(subject: str, value: Any, note: str = "") -> Calculation:
    """The result of a call: `subject` is what was asked, as a person would write it."""
    exact_text, decimal_text = exact(value), decimal(value)
    return Calculation(exact_text, decimal_text, f"{one_line(subject)} {shown(value, subject)}{note}")


def written(value: Any) -> str:
    """The exact value where it can be written down usefully, or else its decimals."""
    text = exact(value)
    if value.has(sympy.CRootOf, sympy.Float) or (len(text) > _READABLE_CHARACTERS and not value.is_Rational):
        return decimal(value) or text
    return text


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
    times_i = {"1": "I", "-1": "-I"}.get(parts[1], f"{parts[1]}*I")
    if real == 0:
        return times_i
    return f"{parts[0]} - {times_i[1:]}" if times_i.startswith("-") else f"{parts[0]} + {times_i}"


def shown(value: Any, subject: str = "") -> str:
    """The right-hand side of a line for a person, with its sign: `= 397.8`, `= 1/3 ≈ 0.333333333333333`."""
    rounded = decimal(value)
    if rounded is None:
        return f"= {readable(value)}"
    if is_finite_decimal(value):
        return f"= {rounded}"
    rounded = rounded.replace("*I", "i").replace("I", "i")
    if written(value) != exact(value) or (value.is_Rational and value.q > _READABLE_DENOMINATOR):
        return f"≈ {rounded}"
    exactly = readable(value)
    if exactly.replace("*i", "i") == rounded:
        return f"= {rounded}"
    return f"≈ {rounded}" if exactly.replace(" ", "") == subject.replace(" ", "") else f"= {exactly} ≈ {rounded}"


def readable(value: Any) -> str:
    """The exact value as people write it."""
    text = re.sub(r"\blog\(", "ln(", exact(value).replace("**", "^").replace("Abs(", "abs("))
    text = re.sub(r"\bE\b", "e", re.sub(r"\boo\b", "∞", text))
    return re.sub(r"\bI\b", "i", text)


def is_finite_decimal(value: Any) -> bool:
    """Whether `decimal(value)` is `value` itself."""
    return bool(value.is_Rational) and Fraction(_rational(value)) == Fraction(int(value.p), int(value.q))


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
