"""The form in which a result is asked for: "to ten digits", "to 2 decimal places", "as a fraction"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import sympy

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.notation import tokens
from agent_plugin_calculator.rendering import exact, one_line
from agent_plugin_calculator.results import Calculation

Kind: TypeAlias = Literal["digits", "places", "nearest", "fraction", "percent", "decimal", "whole"]

MAX_DIGITS = 1_000
_LONGEST = 100
"""Characters at the end of a text in which such words are looked for."""
_GUARD = 15
_ROUND = re.compile(r"^\s*round(?:\s+off)?\s+(?!\()", re.IGNORECASE)
_AMOUNT = r"(?P<amount>[\w-]+?)"
_ROUNDED = (
    r"(?:,?\s*\(?(?:and\s+)?(?:(?:rounded|rounding|correct|accurate|exact|precise|approximated|expressed|given|written|"
    r"round it|round)\s+)?(?:off\s+)?(?:to|with|at|up to)\s+(?:the\s+)?)"
)
_PATTERNS: tuple[tuple[str, Kind, str], ...] = (
    (rf"{_ROUNDED}{_AMOUNT}\s+(?:digits?\s+)?(?:decimal|dec\.?)\s*(?:places?|digits?|points?)?", "places", ""),
    (rf"{_ROUNDED}{_AMOUNT}\s+decimals?", "places", ""),
    (rf"{_ROUNDED}{_AMOUNT}\s+(?:digits?|places?)\s+(?:after|behind|past)\s+(?:the\s+)?(?:decimal\s+)?(?:point|comma)",
     "places", ""),
    (rf"{_ROUNDED}{_AMOUNT}\s+places?", "places", ""),
    (rf"{_ROUNDED}{_AMOUNT}\s*(?:d\.?p\.?)", "places", ""),
    (rf"{_ROUNDED}{_AMOUNT}\s*(?:s\.?f\.?|sig(?:nificant)?\.?\s*(?:figures?|digits?|figs?))", "digits", ""),
    (rf"{_ROUNDED}{_AMOUNT}[\s-]+(?:digits?|figures?)(?:\s+of\s+(?:precision|accuracy))?", "digits", ""),
    (rf"{_ROUNDED}nearest\s+(?:whole\s+(?:number|dollar|euro|pound|percent)|integer|one|unit|dollar|euro|pound)",
     "nearest", "1"),
    (rf"{_ROUNDED}nearest\s+(?:cent|penny|hundredth)", "places", "2"),
    (rf"{_ROUNDED}nearest\s+tenth", "places", "1"),
    (rf"{_ROUNDED}nearest\s+thousandth", "places", "3"),
    (rf"{_ROUNDED}nearest\s+{_AMOUNT}", "nearest", ""),
    (r",?\s*(?:expressed\s+|written\s+)?(?:as|(?:in)?to|in)\s+(?:an?\s+|its\s+)?(?:simplified\s+|reduced\s+|exact\s+)?"
     r"(?:fraction(?:\s+in\s+(?:lowest|simplest)\s+(?:terms|form))?|lowest\s+terms|simplest\s+form)",
     "fraction", "1"),
    (
        r",?\s*(?:expressed\s+|written\s+)?(?:as\s+(?:an?\s+)?|(?:in)?to\s+(?:an?\s+)|in\s+)(?:percent|percentage|%)",
     "percent", "1"),
    (
        r",?\s*(?:expressed\s+|written\s+)?(?:as|(?:in)?to|in)\s+(?:an?\s+)?decimal(?:\s+(?:number|form|notation))?",
     "decimal", "1"),
    (r",?\s*(?:rounded|rounded\s+off)", "whole", "1"),
)  # fmt: skip
_ENDINGS: tuple[tuple[re.Pattern[str], Kind, str], ...] = tuple(
    (re.compile(rf"{pattern}\)?[\s.?!]*$", re.IGNORECASE), kind, amount) for pattern, kind, amount in _PATTERNS
)


@dataclass(frozen=True)
class Form:
    """How a value is to be written."""

    kind: Kind
    amount: Fraction
    """Digits, decimal places, or what to round to a multiple of."""


def asked_form(text: str) -> tuple[str, Form | None]:
    """The text without the words at its end that say how to write the result, and what they say.

    Raises:
        ToolArgumentError: more digits are asked for than are computed.
    """
    tail = max(0, len(text) - _LONGEST)
    for pattern, kind, fixed in _ENDINGS:
        match = pattern.search(text, tail)
        if match is None or not text[: match.start()].strip():
            continue
        amount = _amount(fixed or match["amount"])
        if amount is None:
            continue
        least = 1 if kind == "digits" else 0
        if kind in ("digits", "places") and not (amount.denominator == 1 and least <= amount <= MAX_DIGITS):
            raise ToolArgumentError(f"{match[0].strip()!r} is out of range; ask for up to {MAX_DIGITS} digits.")
        if amount <= 0 and kind == "nearest":
            continue
        return _ROUND.sub("", text[: match.start()]), Form(kind, amount)
    return text, None


def _amount(text: str) -> Fraction | None:
    try:
        words = tokens(text)
    except ToolArgumentError:
        return None
    return words[0].value if len(words) == 1 and words[0].kind == "number" else None


def formed(subject: str, value: Any, form: Form) -> Calculation:
    """The result, written in the form that was asked for.

    Raises:
        ToolArgumentError: the value has no such form.
    """
    if form.kind == "fraction":
        if not value.is_Rational:
            raise ToolArgumentError(f"{exact(value)} is not a fraction; ask for its decimals.")
        return Calculation(exact(value), None, f"{one_line(subject)} = {exact(value)}")
    text = _written(value, form)
    sign = (
        "="
        if value.is_Rational and Fraction(text) == _fraction(value * (100 if form.kind == "percent" else 1))
        else "≈"
    )
    if form.kind == "percent":
        return Calculation(text, text, f"{one_line(subject)} {sign} {text}%")
    return Calculation(text, text, f"{one_line(subject)} {sign} {text}")


def _fraction(value: Any) -> Fraction:
    return Fraction(int(value.p), int(value.q))


def _written(value: Any, form: Form) -> str:
    match form.kind:
        case "places":
            return f"{_round(value, Fraction(1, 10 ** int(form.amount))):.{int(form.amount)}f}"
        case "nearest" | "whole":
            return f"{_round(value, form.amount).normalize():f}"
        case "digits":
            return _significant(value, int(form.amount))
        case "percent":
            return _significant(value * 100, 15, shortened=True)
        case _:
            return _significant(value, 15, shortened=True)


def _round(value: Any, step: Fraction) -> Decimal:
    """The nearest multiple of `step`, halves away from zero."""
    scaled = value / sympy.Rational(step.numerator, step.denominator)
    if not scaled.is_real:
        raise ToolArgumentError(f"{exact(value)} is not a real number, so it cannot be rounded.")
    whole = int(sympy.sign(scaled) * sympy.floor(abs(scaled) + sympy.Rational(1, 2)))
    nearest = whole * step
    context = Context(
        prec=len(str(abs(nearest.numerator))) + len(str(nearest.denominator)) + 5, Emax=MAX_EMAX, Emin=MIN_EMIN
    )
    return context.divide(Decimal(nearest.numerator), Decimal(nearest.denominator))


def _significant(value: Any, digits: int, *, shortened: bool = False) -> str:
    if not value.is_real:
        raise ToolArgumentError(f"{exact(value)} is not a real number, so it has no digits to ask for.")
    if value == 0:
        return "0"
    context = Context(prec=digits, rounding=ROUND_HALF_UP, Emax=MAX_EMAX, Emin=MIN_EMIN)
    if value.is_Rational:
        wide = Context(prec=digits + _GUARD, Emax=MAX_EMAX, Emin=MIN_EMIN)
        number = context.plus(wide.divide(Decimal(int(value.p)), Decimal(int(value.q))))
    else:
        number = context.plus(Decimal(str(value.evalf(digits + _GUARD))))
    number = number.normalize(context) if shortened or value.is_Integer else number
    plain = -7 <= number.adjusted() < max(21, digits)
    return f"{number:f}" if plain else f"{number:e}".replace("e+", "e")
