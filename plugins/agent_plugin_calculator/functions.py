"""The functions of the expression language as sympy objects, each bounded so that it cannot run away.

Arguments are sympy expressions, never text: `sympify` of a string would execute it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from math import log2
from typing import Any

import sympy

from agent_core.errors import ToolArgumentError

MAX_BITS = 14_000
"""Whole numbers stay below 4,300 digits, the most that Python writes out."""
_LARGEST = {"factorial": 1_500, "gamma": 1_500, "fibonacci": 20_000, "prime": 1_000_000, "binomial": 10_000}


def too_large(what: str) -> ToolArgumentError:
    """The error for a number that would not fit a screen, or the memory."""
    return ToolArgumentError(f"{what} has more digits than can be written out (4,300); use smaller numbers.")


def power(base: Any, exponent: Any) -> Any:
    """`base ** exponent`, refused when it would be written out to more than 4,300 digits."""
    if exponent.is_Rational and abs(exponent) > 1:
        coefficient = base if base.is_number else base.as_coeff_Mul()[0]
        if coefficient.is_Rational and coefficient not in (0, 1, -1):
            size = max(abs(int(coefficient.p)), int(coefficient.q))
            bits = log2(size) if size > 1 else 0.0
            if abs(exponent) > MAX_BITS / bits:
                raise too_large(f"A power of {coefficient} with exponent {_shown(exponent)}")
        elif base.is_number and not base.is_Rational and base not in _UNBOUNDED and abs(exponent) > MAX_BITS:
            raise too_large(f"A power with exponent {_shown(exponent)}")
    return sympy.Pow(base, exponent)


_UNBOUNDED = (sympy.E, sympy.pi, sympy.I, -sympy.I, sympy.oo, -sympy.oo)


def _shown(number: Any) -> str:
    return str(number) if abs(number) < 10**12 else f"{float(number):.3g}" if abs(number) < 10**300 else "beyond 10^300"


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(first: Any, *rest: Any) -> Any:
        if first.is_Rational and abs(first) > _LARGEST[name]:
            raise ToolArgumentError(
                f"{name}({_shown(first)}) is too large; its argument may be up to {_LARGEST[name]}."
            )
        return function(first, *rest)

    return call


def whole(value: Any, name: str) -> Any:
    """`value`, which must be a whole number."""
    if not value.is_Integer:
        raise ToolArgumentError(f"{name} works on whole numbers; {value} is not one.")
    return value


def _log(value: Any, base: Any = None) -> Any:
    return sympy.log(value) if base is None else sympy.log(value, base)


def _degrees(value: Any) -> Any:
    return value * sympy.pi / 180


def _root(value: Any, degree: Any) -> Any:
    if value.is_Rational and value < 0 and degree.is_Integer and degree % 2:
        return -power(-value, 1 / degree)  # The real root, which is what people mean by the cube root of -8.
    return power(value, 1 / degree)


def _round(value: Any, places: Any = sympy.S.Zero) -> Any:
    """Halves away from zero, as taught at school."""
    if abs(int(whole(places, "round"))) > 1000:
        raise ToolArgumentError(f"round to {places} places is out of range; use at most 1000.")
    if not value.is_number:
        raise ToolArgumentError(f"round works on numbers; {value} holds unknowns.")
    scale = sympy.Integer(10) ** places
    return sympy.sign(value) * sympy.floor(abs(value) * scale + sympy.Rational(1, 2)) / scale


def _mean(*values: Any) -> Any:
    return sympy.Add(*values) / len(values)


def _median(*values: Any) -> Any:
    if not all(value.is_extended_real for value in values):
        raise ToolArgumentError("median works on real numbers; an argument is not one.")
    ordered = sorted(values, key=lambda value: value.evalf(30))
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def _variance(*values: Any) -> Any:
    mean = _mean(*values)
    return sympy.Add(*((value - mean) ** 2 for value in values)) / (len(values) - 1)


def _permutations(n: Any, k: Any) -> Any:
    n, k = whole(n, "permutations"), whole(k, "permutations")
    return _bounded("factorial", sympy.ff)(n, k) if 0 <= k <= n else sympy.S.Zero


def _divide_whole(a: Any, b: Any) -> Any:
    if b == 0:
        raise ToolArgumentError("quotient: division by zero.")
    return sympy.floor(a / b)


def _modulo(a: Any, b: Any) -> Any:
    if b == 0:
        raise ToolArgumentError(f"{a} mod 0 is a division by zero; use a divisor other than 0.")
    return sympy.Mod(a, b)


def _whole(name: str, function: Callable[[Any], Any], least: int | None = None) -> Callable[[Any], Any]:
    def call(value: Any) -> Any:
        if least is not None and whole(value, name) < least:
            raise ToolArgumentError(f"{name} works on whole numbers from {least}; {value} is not one.")
        return function(whole(value, name))

    return call


def _counting(name: str, most: int, function: Callable[[int], int]) -> Callable[[Any], Any]:
    """A function of whole numbers from 0 to `most`."""

    def call(value: Any) -> Any:
        if not 0 <= whole(value, name) <= most:
            raise ToolArgumentError(f"{name}({_shown(value)}) is out of range; its argument may be 0 to {most}.")
        return sympy.Integer(function(int(value)))

    return call


def _run(name: str, function: Callable[[int, int], int]) -> Callable[[Any, Any], Any]:
    """A sum over the whole numbers from one to another."""

    def call(first: Any, last: Any) -> Any:
        low, high = (int(whole(value, name)) for value in (first, last))
        return sympy.Integer(function(low, high) if low <= high else 0)

    return call


def _arithmetic(low: int, high: int, step: int) -> int:
    """The sum of `low`, `low + step` and so on, up to at most `high`."""
    count = (high - low) // step + 1
    return count * low + step * count * (count - 1) // 2 if count > 0 else 0


def _sum_of_primes(count: int) -> int:
    last: Any = sympy.prime(count) if count else 0
    return sum(map(int, sympy.primerange(int(last) + 1)))


def _difference(a: Any, b: Any) -> Any:
    return sympy.Abs(a - b)


def _ratio(a: Any, b: Any) -> Any:
    if b == 0:
        raise ToolArgumentError(f"{a} divided by 0 has no value; use a divisor other than 0.")
    return a / b


def _previous_prime(value: Any) -> Any:
    if not value.is_real or value <= 2:
        raise ToolArgumentError(f"There is no prime below {value}.")
    return sympy.Integer(sympy.prevprime(sympy.ceiling(value)))


def _digits(value: Any) -> list[int]:
    return [int(digit) for digit in str(abs(whole(value, "digits")))]


def _sum(*values: Any) -> Any:
    return sympy.Add(*values)


def _product(*values: Any) -> Any:
    return sympy.Mul(*values)


def _gcd(*values: Any) -> Any:
    return reduce(sympy.gcd, values)


def _lcm(*values: Any) -> Any:
    return reduce(sympy.lcm, values)


def _stdev(*values: Any) -> Any:
    return sympy.sqrt(_variance(*values))


_DIRECT = (
    *("sqrt", "exp", "sign", "floor", "ceiling", "re", "im", "conjugate", "arg"),
    *("sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "coth", "sech", "csch"),
    *("asin", "acos", "atan", "asec", "acsc", "acot", "asinh", "acosh", "atanh", "acoth", "atan2"),
    *("loggamma", "erf", "erfc", "erfi", "Si", "Ci", "Ei", "li", "Shi", "Chi", "zeta", "polylog", "LambertW"),
    *("Heaviside", "DiracDelta", "fresnels", "fresnelc", "uppergamma", "lowergamma", "expint", "besselj", "bessely"),
)

_OF_ONE: dict[str, Callable[[Any], Any]] = {
    "cbrt": lambda value: _root(value, sympy.Integer(3)),
    "log10": lambda value: _log(value, sympy.Integer(10)),
    "log2": lambda value: _log(value, sympy.Integer(2)),
    "next_prime": _whole("next_prime", lambda value: sympy.Integer(sympy.nextprime(value))),
    "percent": lambda value: value / 100,
    "prime": _bounded("prime", _whole("prime", lambda value: sympy.Integer(sympy.prime(value)), least=1)),
    "prime_count": lambda value: _counting("prime_count", 10_000_000, lambda n: int(sympy.primepi(n)))(
        sympy.floor(value)
    ),
    "previous_prime": _previous_prime,
    "divisor_count": _whole("divisor_count", lambda value: sympy.Integer(sympy.divisor_count(value)), least=1),
    "digit_count": lambda value: sympy.Integer(len(_digits(value))),
    "digit_sum": lambda value: sympy.Integer(sum(_digits(value))),
    "sum_squares": _whole("sum_squares", lambda n: n * (n + 1) * (2 * n + 1) / 6, least=0),
    "sum_cubes": _whole("sum_cubes", lambda n: (n * (n + 1) / 2) ** 2, least=0),
    "sum_primes": _counting("sum_primes", 100_000, _sum_of_primes),
    "triangular": _whole("triangular", lambda n: n * (n + 1) / 2, least=0),
    "cube": lambda value: power(value, sympy.Integer(3)),
    "negative": lambda value: -value,
    "reciprocal": lambda value: power(value, sympy.Integer(-1)),
    "square": lambda value: power(value, sympy.Integer(2)),
    "radians": lambda value: value,
    "totient": _whole("totient", lambda value: sympy.totient(value), least=1),
    "trunc": lambda value: sympy.sign(value) * sympy.floor(abs(value)),
}

BUILDERS: dict[str, Callable[..., Any]] = {
    **{name: getattr(sympy, name) for name in _DIRECT},
    **_OF_ONE,
    "abs": sympy.Abs,
    "binomial": _bounded("binomial", sympy.binomial),
    "degrees": _degrees,
    "difference": _difference,
    "factorial": _bounded("factorial", sympy.factorial),
    "fibonacci": _bounded("fibonacci", _whole("fibonacci", sympy.fibonacci)),
    "gamma": _bounded("gamma", sympy.gamma),
    "gcd": _gcd,
    "lcm": _lcm,
    "ln": sympy.log,
    "log": _log,
    "max": sympy.Max,
    "mean": _mean,
    "median": _median,
    "min": sympy.Min,
    "mod": _modulo,
    "permutations": _permutations,
    "product": _product,
    "quotient": _divide_whole,
    "ratio": _ratio,
    "power": power,
    "root": _root,
    "round": _round,
    "stdev": _stdev,
    "sum": _sum,
    "sum_even": _run("sum_even", lambda low, high: _arithmetic(low + low % 2, high, 2)),
    "sum_odd": _run("sum_odd", lambda low, high: _arithmetic(low + 1 - low % 2, high, 2)),
    "sum_range": _run("sum_range", lambda low, high: _arithmetic(low, high, 1)),
    "variance": _variance,
}
"""Canonical name to the sympy object that it builds; what gives no number has its place in arithmetic.py."""

CONSTANTS: dict[str, Any] = {
    "Catalan": sympy.Catalan,
    "E": sympy.E,
    "EulerGamma": sympy.EulerGamma,
    "GoldenRatio": sympy.GoldenRatio,
    "I": sympy.I,
    "oo": sympy.oo,
    "pi": sympy.pi,
    "tau": 2 * sympy.pi,
}
