"""Calls of the calculator's tools, each with the answer by other means: fractions, quadrature, tables, brute force.

Published values are typed from the NIST Digital Library of Mathematical Functions (dlmf.nist.gov), the NIST Handbook
of Mathematical Functions and the OEIS; the source stands beside each table.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from random import Random
from typing import Any

from mpmath import mp, mpf

from tests.adversarial.calculator_words import fibonacci, primes

mp.dps = 30


@dataclass(frozen=True)
class Call:
    """A tool with its arguments, and what its result has to be.

    `answer` is a Fraction or an mpf (the value), a text (exactly the digits), a set of values (the solutions), or a
    function of the result that says whether it is right.
    """

    tool: str
    args: dict[str, Any]
    answer: Any

    def __str__(self) -> str:
        return f"{self.tool}({', '.join(map(str, self.args.values()))})"


# Arithmetic


def arithmetic(chance: Random) -> Call:
    text, value = _tree(chance, chance.randint(2, 6))
    return Call("calculate", {"expression": text}, value)


def _tree(chance: Random, leaves: int) -> tuple[str, Fraction]:
    if leaves == 1:
        number = chance.choice((str(chance.randint(0, 99)), f"{chance.randint(0, 40)}.{chance.randint(0, 999):03}"))
        return number, Fraction(number)
    cut = chance.randint(1, leaves - 1)
    (left, a), (right, b) = _tree(chance, cut), _tree(chance, leaves - cut)
    sign = chance.choice("+-*/")
    if sign == "/" and b == 0:
        sign = "+"
    value = {"+": a + b, "-": a - b, "*": a * b, "/": a / b if b else a}[sign]
    return f"({left} {sign} {right})", value


def powers(chance: Random) -> Call:
    base, exponent = Fraction(chance.randint(-9, 9) or 2, chance.randint(1, 5)), chance.randint(-6, 12)
    return Call("calculate", {"expression": f"({base})^({exponent})"}, base**exponent)


def precedence(chance: Random) -> Call:
    a, b, c, d = (chance.randint(1, 30) for _ in range(4))
    text, value = chance.choice(
        [
            (f"{a} + {b} * {c} - {d}", a + b * c - d),
            (f"-{a}^2 + {b}", b - a * a),
            (f"2^{a % 4}^{b % 3}", 2 ** ((a % 4) ** (b % 3))),
            (f"{a} - {b} - {c}", a - b - c),
            (f"{a} / {b} / {c}", Fraction(a, b * c)),
            (f"{a} / {b} * {c}", Fraction(a * c, b)),
            (f"{a}({b} + {c})", a * (b + c)),
            (f"|{a} - {b * 3}| + {c}", abs(a - 3 * b) + c),
            (f"{a % 7}! + {b}", math.factorial(a % 7) + b),
            (f"{a * 100} mod {b} + {c}", a * 100 % b + c),
            (f"{a}% of {b * 10} + {c}", Fraction(a * b, 10) + c),
            (f"{b * 10} - {a}%", b * 10 * (1 - Fraction(a, 100))),
            (f"√{a * a} + {b}²", a + b * b),
        ]
    )
    return Call("calculate", {"expression": text}, Fraction(value))


# Functions, by mpmath

_REAL: dict[str, tuple[Callable[[Any], Any], Fraction, Fraction]] = {
    "sqrt": (mp.sqrt, Fraction(0), Fraction(500)),
    "cbrt": (mp.cbrt, Fraction(0), Fraction(500)),
    "exp": (mp.exp, Fraction(-20), Fraction(20)),
    "ln": (mp.log, Fraction(1, 50), Fraction(900)),
    "log10": (mp.log10, Fraction(1, 50), Fraction(900)),
    "log2": (lambda x: mp.log(x) / mp.log(2), Fraction(1, 50), Fraction(900)),
    "sin": (mp.sin, Fraction(-30), Fraction(30)),
    "cos": (mp.cos, Fraction(-30), Fraction(30)),
    "tan": (mp.tan, Fraction(-1), Fraction(1)),
    "asin": (mp.asin, Fraction(-1), Fraction(1)),
    "acos": (mp.acos, Fraction(-1), Fraction(1)),
    "atan": (mp.atan, Fraction(-30), Fraction(30)),
    "sinh": (mp.sinh, Fraction(-8), Fraction(8)),
    "cosh": (mp.cosh, Fraction(-8), Fraction(8)),
    "tanh": (mp.tanh, Fraction(-8), Fraction(8)),
    "asinh": (mp.asinh, Fraction(-30), Fraction(30)),
    "gamma": (mp.gamma, Fraction(1, 10), Fraction(20)),
    "erf": (mp.erf, Fraction(-3), Fraction(3)),
    "erfc": (mp.erfc, Fraction(-2), Fraction(4)),
    "zeta": (mp.zeta, Fraction(11, 10), Fraction(9)),
    "Si": (mp.si, Fraction(0), Fraction(20)),
    "Ci": (mp.ci, Fraction(1, 10), Fraction(20)),
    "Ei": (mp.ei, Fraction(1, 10), Fraction(10)),
    "LambertW": (mp.lambertw, Fraction(0), Fraction(30)),
}


def functions(chance: Random) -> Call:
    name = chance.choice(sorted(_REAL))
    function, low, high = _REAL[name]
    at = low + (high - low) * Fraction(chance.randint(1, 999), 1000)
    return Call("calculate", {"expression": f"{name}({at})"}, function(mpf(at.numerator) / at.denominator).real)


# Published values

TABLES: tuple[tuple[str, str, str], ...] = (
    ("pi", "3.14159265358979", "DLMF 3.12"),
    ("e", "2.71828182845905", "DLMF 4.2"),
    ("EulerGamma", "0.577215664901533", "DLMF 5.2"),
    ("Catalan", "0.915965594177219", "DLMF 25.11"),
    ("GoldenRatio", "1.61803398874989", "OEIS A001622"),
    ("sqrt(2)", "1.4142135623731", "OEIS A002193"),
    ("sqrt(3)", "1.73205080756888", "OEIS A002194"),
    ("cbrt(2)", "1.25992104989487", "OEIS A002580"),
    ("ln(2)", "0.693147180559945", "OEIS A002162"),
    ("ln(10)", "2.30258509299405", "OEIS A002392"),
    ("log10(2)", "0.301029995663981", "OEIS A007524"),
    ("e^pi", "23.1406926327793", "OEIS A039661"),
    ("pi^2/6", "1.64493406684823", "OEIS A013661"),
    ("zeta(3)", "1.20205690315959", "OEIS A002117"),
    ("gamma(1/2)", "1.77245385090552", "DLMF 5.4"),
    ("gamma(1/3)", "2.67893853470775", "OEIS A073005"),
    ("gamma(1/4)", "3.62560990822191", "OEIS A068466"),
    ("erf(1)", "0.842700792949715", "Handbook, table 7.1"),
    ("erf(1/2)", "0.520499877813047", "Handbook, table 7.1"),
    ("erf(2)", "0.995322265018953", "Handbook, table 7.1"),
    ("besselj(0, 1)", "0.765197686557967", "Handbook, table 9.1"),
    ("besselj(1, 1)", "0.440050585744934", "Handbook, table 9.1"),
    ("besselj(0, 2)", "0.223890779141236", "Handbook, table 9.1"),
    ("bessely(0, 1)", "0.088256964215677", "Handbook, table 9.1"),
    ("Si(1)", "0.946083070367183", "Handbook, table 5.1"),
    ("Ci(1)", "0.337403922900968", "Handbook, table 5.1"),
    ("Ei(1)", "1.89511781635594", "Handbook, table 5.1"),
    ("LambertW(1)", "0.567143290409784", "OEIS A030178"),
    ("sin(1)", "0.841470984807897", "Handbook, table 4.6"),
    ("cos(1)", "0.54030230586814", "Handbook, table 4.6"),
    ("tan(1)", "1.5574077246549", "Handbook, table 4.6"),
    ("sin(1/2)", "0.479425538604203", "Handbook, table 4.6"),
    ("sinh(1)", "1.1752011936438", "Handbook, table 4.15"),
    ("cosh(1)", "1.54308063481524", "Handbook, table 4.15"),
    ("atan(1/2)", "0.463647609000806", "OEIS A073000"),
    ("prime_count(10)", "4", "OEIS A006880"),
    ("prime_count(100)", "25", "OEIS A006880"),
    ("prime_count(1000)", "168", "OEIS A006880"),
    ("prime_count(10000)", "1229", "OEIS A006880"),
    ("prime_count(100000)", "9592", "OEIS A006880"),
    ("prime_count(1000000)", "78498", "OEIS A006880"),
    ("prime(100)", "541", "OEIS A000040"),
    ("prime(1000)", "7919", "OEIS A000040"),
    ("prime(10000)", "104729", "OEIS A000040"),
    ("20!", "2432902008176640000", "OEIS A000142"),
    ("25!", "15511210043330985984000000", "OEIS A000142"),
    ("fibonacci(50)", "12586269025", "OEIS A000045"),
    ("fibonacci(100)", "354224848179261915075", "OEIS A000045"),
    ("binomial(49, 6)", "13983816", "OEIS A000984's triangle"),
    ("binomial(52, 5)", "2598960", "Pascal's triangle"),
    ("totient(1000)", "400", "OEIS A000010"),
    ("divisor_count(5040)", "60", "OEIS A000005"),
    ("2^61 - 1", "2305843009213693951", "OEIS A000668"),
    ("2^127 - 1", "170141183460469231731687303715884105727", "OEIS A000668"),
    ("sum_range(1, 100)", "5050", "Gauss"),
    ("gcd(1071, 462)", "21", "Euclid's own example, as told since"),
    ("lcm(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)", "2520", "OEIS A003418"),
    ("1/7", "0.142857142857143", "long division"),
    ("1/17", "0.0588235294117647", "OEIS A007450"),
    ("355/113", "3.14159292035398", "Zu Chongzhi's fraction, divided by hand"),
)


def tables() -> list[Call]:
    return [Call("calculate", {"expression": expression}, value) for expression, value, _ in TABLES]


LIMITS: tuple[tuple[str, str, str], ...] = (
    ("sin(x)/x", "0", "1"),
    ("(1 - cos(x))/x^2", "0", "1/2"),
    ("(e^x - 1)/x", "0", "1"),
    ("ln(1 + x)/x", "0", "1"),
    ("tan(x)/x", "0", "1"),
    ("(sqrt(1 + x) - 1)/x", "0", "1/2"),
    ("x*ln(x)", "0", "0"),
    ("(x^3 - 8)/(x - 2)", "2", "12"),
    ("(x^2 - 9)/(x - 3)", "3", "6"),
    ("(3x^2 + 1)/(2x^2 - x)", "infinity", "3/2"),
    ("(2x + 5)/(x^2 + 1)", "infinity", "0"),
    ("ln(x)/x", "infinity", "0"),
    ("x*sin(1/x)", "infinity", "1"),
    ("sqrt(x^2 + x) - x", "infinity", "1/2"),
    ("x^10/e^x", "infinity", "0"),
    ("(1 - x)/(1 - x^5)", "1", "1/5"),
    ("atan(x)/x", "0", "1"),
    ("(2^x - 1)/(4^x - 1)", "0", "1/2"),
)


def limits() -> list[Call]:
    return [Call("limit", {"expression": text, "approaches": to}, Fraction(value)) for text, to, value in LIMITS]


# Number theory, by brute force


def number_theory(chance: Random) -> Call:
    n, m = chance.randint(2, 5000), chance.randint(2, 500)
    divisors = [d for d in range(1, n + 1) if n % d == 0]
    text, answer = chance.choice(
        [
            (f"gcd({n}, {m})", math.gcd(n, m)),
            (f"lcm({n}, {m})", math.lcm(n, m)),
            (f"{n * m} mod {m + 1}", n * m % (m + 1)),
            (f"quotient({n}, {m})", n // m),
            (f"totient({n})", sum(math.gcd(n, k) == 1 for k in range(1, n + 1))),
            (f"divisor_count({n})", len(divisors)),
            (f"prime_count({n})", len(primes(n + 1))),
            (f"next_prime({n})", next(p for p in range(n + 1, 3 * n) if _is_prime(p))),
            (f"prime({m % 300 + 1})", primes(2500)[m % 300]),
            (f"fibonacci({m % 90})", fibonacci(m % 90)),
            (f"binomial({m % 60 + 5}, {n % 6})", math.comb(m % 60 + 5, n % 6)),
            (f"permutations({m % 20 + 5}, {n % 5})", math.perm(m % 20 + 5, n % 5)),
            (f"{n % 30}!", math.factorial(n % 30)),
            (f"digit_sum({n**4})", sum(map(int, str(n**4)))),
        ]
    )
    return Call("calculate", {"expression": text}, Fraction(answer))


def factorizations(chance: Random) -> Call:
    n = chance.randint(2, 10**6)

    def right(result: Any) -> bool:
        factors = [f.split("^") for f in result["exact"].replace("**", "^").split("*")]
        numbers = [(int(base), int(*power) if power else 1) for base, *power in factors]
        return math.prod(b**p for b, p in numbers) == n and all(_is_prime(b) for b, _ in numbers)

    return Call("factor", {"expression": str(n)}, right)


def primality(chance: Random) -> Call:
    n = chance.randint(2, 200_000)
    return Call("calculate", {"expression": f"is_prime({n})"}, lambda result: result["exact"] == str(_is_prime(n)))


# Algebra


def linear(chance: Random) -> Call:
    a, b, c, d = chance.randint(2, 30), chance.randint(-40, 40), chance.randint(-30, 1), chance.randint(-40, 40)
    text = f"{a}x {b:+} = {c}x {d:+}"
    return Call("solve", {"equations": text}, frozenset({Fraction(d - b, a - c)}))


def polynomials(chance: Random) -> Call:
    roots = {Fraction(chance.randint(-12, 12), chance.choice((1, 1, 2, 3))) for _ in range(chance.randint(2, 3))}
    coefficients = [Fraction(1)]
    for root in roots:
        coefficients = [
            (coefficients[i] if i < len(coefficients) else 0) - (root * coefficients[i - 1] if i else 0)
            for i in range(len(coefficients) + 1)
        ]
    degree = len(roots)
    text = " + ".join(f"({c})*x^{degree - i}" for i, c in enumerate(coefficients))
    return Call("solve", {"equations": f"{text} = 0"}, frozenset(roots))


def systems(chance: Random) -> Call:
    x, y = chance.randint(-15, 15), chance.randint(-15, 15)
    while True:
        a, b, c, d = (chance.randint(-9, 9) for _ in range(4))
        if a * d - b * c and (a or b) and (c or d):
            break
    text = f"{a}*x + ({b})*y = {a * x + b * y}, {c}*x + ({d})*y = {c * x + d * y}"
    return Call("solve", {"equations": text}, lambda result: result["values"] == [{"x": str(x), "y": str(y)}])


def rewritings(chance: Random) -> Call:
    a, b, c = chance.randint(1, 9), chance.randint(-9, 9), chance.randint(1, 9)
    tool, text, value = chance.choice(
        [
            ("expand", f"({a}x + {c})^3", lambda x: (a * x + c) ** 3),
            ("expand", f"(x - {a})(x + {c})(x - 2)", lambda x: (x - a) * (x + c) * (x - 2)),
            ("factor", f"x^2 + ({a + b})*x + ({a * b})", lambda x: (x + a) * (x + b)),
            ("factor", f"{a}x^3 - {a}x", lambda x: a * x**3 - a * x),
            ("simplify", f"(x^2 - {a * a})/(x - {a})", lambda x: x + a),
            ("simplify", f"({a}x^2 + {a * c}x)/x", lambda x: a * x + a * c),
            ("simplify", f"1/(x + {a}) + 1/(x + {a + c})", lambda x: 1 / (x + a) + 1 / (x + a + c)),
        ]
    )
    points = [Fraction(chance.randint(20, 90), chance.randint(1, 9)) for _ in range(4)]

    def right(result: Any) -> bool:
        return all(by_python(result["exact"], x=point) == value(point) for point in points)

    return Call(tool, {"expression": text}, right)


def evaluations(chance: Random) -> Call:
    a, x, y = chance.randint(-9, 9), Fraction(chance.randint(-20, 20), 4), Fraction(chance.randint(-20, 20), 3)
    return Call(
        "evaluate",
        {"expression": f"x^2*y - ({a})*x + y", "at": f"x = {x}, y = {y}"},
        x * x * y - a * x + y,
    )


# Calculus, by difference quotients and quadrature

_SMOOTH: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("x^3 - 2x", lambda x: x**3 - 2 * x),
    ("sin(x)*x", lambda x: mp.sin(x) * x),
    ("e^(2x)", lambda x: mp.exp(2 * x)),
    ("ln(x)/x", lambda x: mp.log(x) / x),
    ("sqrt(x + 1)", lambda x: mp.sqrt(x + 1)),
    ("cos(x)^2", lambda x: mp.cos(x) ** 2),
    ("1/(1 + x^2)", lambda x: 1 / (1 + x * x)),
    ("x^2*e^(-x)", lambda x: x * x * mp.exp(-x)),
    ("atan(x)", mp.atan),
    ("x^x", lambda x: x**x),
    ("sinh(x)", mp.sinh),
    ("x*ln(x)", lambda x: x * mp.log(x)),
)
_INTEGRABLE = tuple(pair for pair in _SMOOTH if pair[0] != "x^x")


def derivatives(chance: Random) -> Call:
    text, function = chance.choice(_SMOOTH)
    at, order = Fraction(chance.randint(2, 30), 8), chance.choice((1, 1, 2))
    value = mp.diff(function, mpf(at.numerator) / at.denominator, order)
    return Call("differentiate", {"expression": text, "order": order, "at": f"x = {at}"}, Approximate(value, 1e-9))


def integrals(chance: Random) -> Call:
    text, function = chance.choice(_INTEGRABLE)
    low = Fraction(chance.randint(1, 8), 4)
    high = low + Fraction(chance.randint(1, 12), 4)
    area = mp.quad(function, [mpf(low.numerator) / low.denominator, mpf(high.numerator) / high.denominator])
    return Call("integrate", {"expression": text, "lower": str(low), "upper": str(high)}, Approximate(area, 1e-12))


@dataclass(frozen=True)
class Approximate:
    """A value that is itself found numerically, with its relative error."""

    value: Any
    error: float


# Matrices, by Leibniz' formula and by multiplying back


def determinants(chance: Random) -> Call:
    rows = _matrix(chance, chance.randint(2, 4))
    return Call("matrix", {"operation": "determinant", "matrix": str(rows)}, _determinant(rows))


def inverses(chance: Random) -> Call:
    while True:
        rows = _matrix(chance, chance.randint(2, 3))
        if _determinant(rows):
            break
    size = range(len(rows))

    def right(result: Any) -> bool:
        found = by_python(result["exact"])
        product = [[sum(rows[i][k] * found[k][j] for k in size) for j in size] for i in size]
        return product == [[Fraction(i == j) for j in size] for i in size]

    return Call("matrix", {"operation": "inverse", "matrix": str(rows)}, right)


def products(chance: Random) -> Call:
    left, right = _matrix(chance, 3), _matrix(chance, 3)
    expected = [[sum(left[i][k] * right[k][j] for k in range(3)) for j in range(3)] for i in range(3)]
    return Call(
        "matrix",
        {"operation": "multiply", "matrix": str(left), "other": str(right)},
        lambda result: by_python(result["exact"]) == expected,
    )


def _matrix(chance: Random, size: int) -> list[list[int]]:
    return [[chance.randint(-9, 9) for _ in range(size)] for _ in range(size)]


def _determinant(rows: list[list[int]]) -> Fraction:
    size = len(rows)
    total = 0
    for order in permutations(range(size)):
        inversions = sum(order[i] > order[j] for i in range(size) for j in range(i + 1, size))
        total += (-1) ** inversions * math.prod(rows[i][order[i]] for i in range(size))
    return Fraction(total)


# Statistics, by the standard library

_MEASURES: dict[str, Callable[[list[Fraction]], Any]] = {
    "mean": statistics.mean,
    "median": lambda values: Fraction(statistics.median(values)),
    "variance": statistics.variance,
    "population variance": statistics.pvariance,
    "standard deviation": lambda values: _root(statistics.variance(values)),
    "population standard deviation": lambda values: _root(statistics.pvariance(values)),
    "minimum": min,
    "maximum": max,
    "range": lambda values: max(values) - min(values),
    "sum": lambda values: sum(values, Fraction(0)),
    "count": lambda values: Fraction(len(values)),
}


def figures(chance: Random) -> Call:
    numbers = [chance.randint(-(10**5), 10**5) / chance.choice((1, 10, 100)) for _ in range(chance.randint(2, 40))]
    measure = chance.choice(sorted(_MEASURES))
    answer = _MEASURES[measure]([Fraction(str(number)) for number in numbers])
    return Call("statistics", {"numbers": numbers, "measure": measure}, answer)


def correlations(chance: Random) -> Call:
    xs = [float(chance.randint(-50, 50)) for _ in range(8)]
    ys = [x * 2 + chance.randint(-20, 20) for x in xs]
    if len(set(xs)) < 2 or len(set(ys)) < 2:
        return correlations(chance)
    answer = Approximate(mpf(statistics.correlation(xs, ys)), 1e-12)
    return Call("statistics", {"numbers": xs, "measure": "correlation", "other": ys}, answer)


def _root(value: Fraction) -> Any:
    return mp.sqrt(mpf(value.numerator) / value.denominator)


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))


def by_python(text: str, **names: Any) -> Any:
    """The tool's exact result by Python's rules, its whole numbers as fractions."""
    fractions = re.sub(r"(?<![\w*])\d+|(?<=[^*]\*)\d+", lambda number: f"F({number[0]})", text)
    return eval(fractions, {"__builtins__": {}, "F": Fraction, **names})


KINDS: dict[Callable[[Random], Call], int] = {
    arithmetic: 60,
    powers: 20,
    precedence: 40,
    functions: 72,
    number_theory: 60,
    factorizations: 15,
    primality: 15,
    linear: 20,
    polynomials: 20,
    systems: 15,
    rewritings: 25,
    evaluations: 10,
    derivatives: 36,
    integrals: 36,
    determinants: 15,
    inverses: 10,
    products: 8,
    figures: 33,
    correlations: 5,
}
"""How many calls of each kind are tried."""


def calls() -> Iterator[tuple[str, list[Call]]]:
    """All calls, by kind; the same ones every time."""
    yield "tables", tables()
    yield "limits", limits()
    for kind, number in KINDS.items():
        chance = Random(kind.__name__)
        found: dict[str, Call] = {}
        while len(found) < number:
            call = kind(chance)
            found.setdefault(str(call), call)
        yield kind.__name__, list(found.values())
