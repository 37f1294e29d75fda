"""The calculator: what people write is read as they mean it, computed exactly, and never executed."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agent_plugin_calculator as calculator
from agent_core import Tool, ToolArgumentError, ToolError
from agent_core.tools.isolation import IsolatedRunner
from agent_plugin_calculator import vocabulary
from agent_plugin_calculator.algebra import expression
from agent_plugin_calculator.functions import BUILDERS


def call(tool: Tool, **args: Any) -> Any:
    assert tool.function is not None
    return tool.function(**args)


def calculate(text: str) -> Any:
    return call(calculator.calculate, expression=text)


@pytest.fixture
async def runner() -> AsyncIterator[IsolatedRunner]:
    runner = IsolatedRunner()
    yield runner
    await runner.aclose()


# Arithmetic


@pytest.mark.parametrize(
    ("text", "decimal"),
    [
        ("17% of 2340", "397.8"),
        ("What is 17% of 2,340?", "397.8"),
        ("12.5% of 480", "60"),
        ("8.25 percent of $64.00", "5.28"),
        ("250 increased by 20%", "300"),
        ("80 decreased by 15%", "68"),
        ("increase 64 by 12.5%", "72"),
        ("20% off 45.50", "36.4"),
        ("199 + 19%", "236.81"),
        ("5% + 3%", "0.08"),
        ("30 is what percent of 120", "25"),
        ("what percentage of 90 is 18", "20"),
        ("percentage change from 40 to 50", "25"),
        ("three quarters of 84", "63"),
        ("0.1 + 0.2", "0.3"),
        ("1.1 * 1.1", "1.21"),
        ("2(3 + 4)", "14"),
        ("-3^2", "-9"),
        ("2^3^2", "512"),
        ("6/2(1+2)", "9"),
        ("7 − 10 × 3 ÷ 4", "-0.5"),
        ("10²", "100"),
        ("2⁻³", "0.125"),
        ("√144 + 1", "13"),
        ("3√16", "12"),
        ("5!", "120"),
        ("|3 - 11|", "8"),
        ("2|-3|", "6"),
        ("1 234 567 + 1", "1234568"),
        ("9 to the power of 3", "729"),
        ("12 squared plus 5 squared", "169"),
        ("square root of 225", "15"),
        ("cube root of -27", "-3"),
        ("gcd of 84 and 126", "42"),
        ("lcm(4, 6, 10)", "60"),
        ("100 mod 7", "2"),
        ("17 % 5", "2"),
        ("49 choose 6", "13983816"),
        ("sin(30°)", "0.5"),
        ("cos 60 degrees", "0.5"),
        ("log2(4096)", "12"),
        ("log base 3 of 81", "4"),
        ("ln(e^7)", "7"),
        ("round(2.675, 2)", "2.68"),
        ("round(-0.5)", "-1"),
        ("average of 3, 4 and 11", "6"),
        ("max(3, 9, 2) - min [4, 1]", "8"),
        ("1/3", "0.333333333333333"),
        ("2/3", "0.666666666666667"),
        ("pi", "3.14159265358979"),
        ("e^(i*pi)", "-1"),
        ("6.02e23 / 1e3", "602000000000000000000"),
        ("1e-9 * 1", "1e-9"),
        ("2^200", "1.60693804425899e60"),
    ],
)
def test_a_calculation(text: str, decimal: str) -> None:
    assert calculate(text).decimal == decimal


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("17% of 2340", "17% of 2340 = 397.8"),
        ("compute 3 + 4", "3 + 4 = 7"),
        ("1/3", "1/3 ≈ 0.333333333333333"),
        ("sqrt(8)", "sqrt(8) = 2*sqrt(2) ≈ 2.82842712474619"),
        ("20 is what percent of 80", "20 is what percent of 80 = 25%"),
        ("factorize(360)", "360 = 2^3 * 3^2 * 5"),
        ("is 7919 prime?", "7919 is a prime number."),
        ("is 91 prime", "91 is not a prime number."),
        ("log(100)", "log(100) = ln(100) ≈ 4.60517018598809 (log is the natural logarithm; log10 is to base 10)"),
        ("0.1 + 0.2 = 0.3", "0.1 + 0.2 = 0.3: yes, true"),
        ("2^10 > 10^3 + 24", "2^10 > 10^3 + 24: no, false"),
    ],
)
def test_the_line_for_a_person(text: str, line: str) -> None:
    assert calculate(text).text == line


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("1/0", "1/0"),
        ("3 + 5/(2 - 2)", "5/(2 - 2)"),
        ("(1 + 2", "not closed"),
        ("1 + 2)", "')'"),
        ("2 +", "'2 +'"),
        ("* 3", "'*'"),
        ("2 3", "operator is missing"),
        ("x + 1", "x in"),
        ("0 * x", "x in"),
        ("3 apples", "apples"),
        ("sinn(3)", "sin(...)"),
        ("sqrt", "sqrt(x)"),
        ("sqrt(1,234)", "1234"),
        ("5,5", "several"),
        ("0x10", "'0x10'"),
        ("1__2", "'_'"),
        ("[1, 2]", "list"),
        ("prime(0)", "prime"),
        ("factorial(1/2, 3)", "1 argument"),
        ("17 mod 0", "0"),
        ("log(0)", "log(0)"),
        ("gcd()", "at least 1"),
        ("2 ^^ 3", "'^'"),
        ("what is the weather in Paris", "operator is missing"),
    ],
)
def test_an_error_names_the_piece_and_the_way_out(text: str, names: str) -> None:
    with pytest.raises(ToolArgumentError) as caught:
        calculate(text)
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_function_that_may_be_written_has_a_meaning() -> None:
    apart = {"divisors", "factorize", "is_prime"}
    assert set(vocabulary.FUNCTIONS) == set(BUILDERS) | apart
    assert set(vocabulary.ALIASES.values()) <= set(vocabulary.FUNCTIONS)


_NUMBERS = st.decimals(-10_000, 10_000, places=3, allow_nan=False).map(lambda d: f"{d:f}")
_TREES = st.recursive(
    _NUMBERS,
    lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
    max_leaves=12,
)


def by_python(text: str) -> Fraction | None:
    """The same text read by Python's own rules, on fractions."""
    try:
        return eval(re.sub(r"\d+\.\d+", lambda m: f"F('{m[0]}')", text), {"F": Fraction})
    except ZeroDivisionError:
        return None


@settings(max_examples=150, deadline=None)
@given(_TREES)
def test_arithmetic_is_that_of_fractions(text: str) -> None:
    expected = by_python(text)
    if expected is None:
        with pytest.raises(ToolArgumentError, match="zero"):
            calculate(text)
        return
    result = calculate(text)
    assert Fraction(result.exact) == expected
    assert abs(Fraction(result.decimal) - expected) <= abs(expected) / 10**14
    assert len(Decimal(result.decimal).as_tuple().digits) <= 15 or expected.denominator == 1


@settings(max_examples=60, deadline=None)
@given(st.decimals(0, 1000, places=2), st.decimals(-100_000, 100_000, places=2))
def test_percentages_are_exact(percent: Decimal, base: Decimal) -> None:
    share = Fraction(percent) / 100
    assert Fraction(calculate(f"{percent:f}% of ({base:f})").exact) == share * Fraction(base)
    assert Fraction(calculate(f"({base:f}) increased by {percent:f}%").exact) == (1 + share) * Fraction(base)
    assert Fraction(calculate(f"{base:,.2f} - {percent:f}%").exact) == (1 - share) * Fraction(base)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("0123456789.,+-*/^%!()[]|=<>√°² xyeiπsincolgtra_'\"`\\;:#@&~$\n"), max_size=30))
def test_any_text_is_computed_or_refused_in_one_line(text: str) -> None:
    try:
        line = calculate(text).text
    except ToolError as error:
        line = str(error)
    assert line
    assert "\n" not in line


# Algebra and calculus


def same(text: str, other: str) -> bool:
    import sympy

    return sympy.simplify(expression(text) - expression(other)) == 0


@pytest.mark.parametrize(
    ("text", "derivative"),
    [
        ("x^3*sin(x)", "3x^2 sin(x) + x^3 cos(x)"),
        ("ln(x)/x", "(1 - ln x)/x^2"),
        ("e^(2t)", "2e^(2t)"),
        ("x sin x cos x", "sin x cos x + x cos(2x)"),
        ("√x", "1/(2√x)"),
        ("y = 3x² + 2x − 7", "6x + 2"),
        ("5", "0"),
        ("sin^2(x)", "sin(2x)"),
        ("d/dt of t^2 + 3t", "2t + 3"),
        ("the derivative of |x|", "sign(x)"),
        ("a*t^2 with respect to t", "2a t"),
    ],
)
def test_derivatives(text: str, derivative: str) -> None:
    assert same(call(calculator.differentiate, expression=text).exact, derivative)


def test_a_derivative_is_evaluated_by_the_next_call() -> None:
    first = call(calculator.differentiate, expression="x^3*sin(x)")
    second = call(calculator.evaluate, expression=first.exact, at="pi")
    assert second.exact == "-pi**3"
    assert second.decimal == "-31.0062766802998"


@pytest.mark.parametrize("text", ["x^2+3x", "x sin(x)", "1/(1+x^4)", "x^2 e^x", "tan(x)", "1/(x^2-1)", "ln(x)^2"])
def test_an_antiderivative_differentiates_back(text: str) -> None:
    found = call(calculator.integrate, expression=text).exact
    assert same(call(calculator.differentiate, expression=found).exact, text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sin(x) from 0 to pi", "2"),
        ("x^2 dx from 0 to 3", "9"),
        ("e^(-x^2) from -infinity to infinity", "1.77245385090552"),
        ("sin(sin(x)) between 0 and 1", "0.430606103120691"),
        ("∫ 1/x dx from 1 to e", "1"),
    ],
)
def test_definite_integrals(text: str, value: str) -> None:
    assert call(calculator.integrate, expression=text).decimal == value


def test_bounds_are_given_apart_too() -> None:
    assert call(calculator.integrate, expression="x", lower="0", upper="4").decimal == "8"
    with pytest.raises(ToolArgumentError, match="One bound"):
        call(calculator.integrate, expression="x", lower="0")
    with pytest.raises(ToolError, match="does not converge"):
        call(calculator.integrate, expression="1/x", lower="-1", upper="1")


@pytest.mark.parametrize(
    ("text", "approaches", "exact"),
    [
        ("sin(x)/x", "0", "1"),
        ("(1 + 1/n)^n", "infinity", "E"),
        ("(x^2 - 4)/(x - 2)", "2", "4"),
        ("1/x^2", "0", "oo"),
        ("1/x", "0", "undefined"),
        ("sin(1/x)", "0", "undefined"),
    ],
)
def test_limits(text: str, approaches: str, exact: str) -> None:
    assert call(calculator.limit, expression=text, approaches=approaches).exact == exact


def test_a_limit_from_one_side() -> None:
    assert call(calculator.limit, expression="1/x", approaches="0", side="left").exact == "-oo"


@pytest.mark.parametrize(
    ("text", "solutions"),
    [
        ("3x + 7 = 22", ["x = 5"]),
        ("Solve 5(x - 2) = 3x + 1", ["x = 11/2"]),
        ("x^2 - 5x + 6 = 0", ["x = 2", "x = 3"]),
        ("0.1x = 0.3", ["x = 3"]),
        ("1,200x = 3,600", ["x = 3"]),
        ("x + y = 10, x - y = 2", ["x = 6, y = 4"]),
        ("x + y = 10 and x - y = 2", ["x = 6, y = 4"]),
        ("x^2 + y^2 = 25; x + y = 7", ["x = 3, y = 4", "x = 4, y = 3"]),
        ("a*t^2 = d for t", ["t = -sqrt(d/a)", "t = sqrt(d/a)"]),
        ("x^2 + 1 = 0", ["x = -I", "x = I"]),
        ("2^x = 8", ["x = 3"]),
        ("e^x = 5", ["x = log(5)"]),
        ("|x| = 3", ["x = -3", "x = 3"]),
        ("x = x + 1", []),
        ("sqrt(x) = -1", []),
        ("x = x", ["every x"]),
        ("x^3 - x - 1 = 0", None),
        ("cos(x) = x", ["x = 0.739085133215161"]),
        ("2x + 3 < 11", ["x < 4"]),
        ("x^2 >= 4", ["x <= -2", "x >= 2"]),
        ("|x - 2| <= 3", ["-1 <= x <= 5"]),
        ("-1 < 2x + 1 < 5", ["-1 < x < 2"]),
        ("x^2 < 0", []),
        ("x > 1, x < 3", ["1 < x < 3"]),
    ],
)
def test_equations(text: str, solutions: list[str] | None) -> None:
    found = call(calculator.solve, equations=text)
    if solutions is None:
        assert found.solutions[0] == "x = 1.32471795724475"
        assert len(found.solutions) == 3
    else:
        assert found.solutions == solutions


@settings(max_examples=60, deadline=None)
@given(st.integers(-50, 50).filter(bool), st.integers(-99, 99), st.integers(-99, 99))
def test_a_linear_equation_is_solved_exactly(a: int, b: int, c: int) -> None:
    found = call(calculator.solve, equations=f"{a}x + ({b}) = {c}")
    assert Fraction(found.exact) == Fraction(c - b, a)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.fractions(-9, 9, max_denominator=6), min_size=1, max_size=4, unique=True))
def test_the_roots_that_were_put_in_come_out(roots: list[Fraction]) -> None:
    product = "".join(f"(x - ({root}))" for root in roots)
    found = call(calculator.solve, equations=f"{product} = 0")
    assert [Fraction(each["x"]) for each in found.values] == sorted(roots)


def test_a_single_solution_can_be_referred_to() -> None:
    found = call(calculator.solve, equations="3x + 7 = 22")
    assert (found.exact, found.decimal, found.values) == ("5", "5", [{"x": "5"}])
    assert found.text == "3x + 7 = 22 gives x = 5"


def test_what_cannot_be_solved_says_so() -> None:
    with pytest.raises(ToolArgumentError, match="no unknown"):
        call(calculator.solve, equations="3 = 3")
    with pytest.raises(ToolArgumentError, match="does not hold z"):
        call(calculator.solve, equations="x = 3", unknowns="z")


def test_rearranging() -> None:
    assert call(calculator.simplify, expression="(x^2 - 1)/(x - 1)").exact == "x + 1"
    assert call(calculator.expand, expression="(x + 1)(x - 2)").exact == "x**2 - x - 2"
    assert call(calculator.factor, expression="x^2 - 5x + 6").exact == "(x - 3)*(x - 2)"
    assert call(calculator.factor, expression="360").exact == "2**3*3**2*5"


@pytest.mark.parametrize("at", ["x = 2, y = 3", "x=2 and y=3", "at x = 2; y = 3", "when y = 3, x = 2"])
def test_evaluating_at_a_point(at: str) -> None:
    assert call(calculator.evaluate, expression="x*y + x^2", at=at).decimal == "10"


def test_evaluating_where_it_cannot_be() -> None:
    with pytest.raises(ToolArgumentError, match="no value at x = 0"):
        call(calculator.evaluate, expression="1/x", at="0")
    with pytest.raises(ToolArgumentError, match="its unknowns are x"):
        call(calculator.evaluate, expression="x^2", at="y = 3")
    with pytest.raises(ToolArgumentError, match="x = 2, y = 3"):
        call(calculator.evaluate, expression="x + y", at="3")


@pytest.mark.parametrize(
    "text",
    [
        "sqrt(2)*x",
        "log(x)/x",
        "exp(-x**2)",
        "sqrt(pi)*erf(x)/2",
        "-2 - LambertW(-exp(-2))",
        "3 + 4*I",
        "Abs(x)",
        "oo",
        "x**(1/3)*gamma(1/3)",
        "1.60693804425899e60",
        "0.5 - 0.866025403784439*I",
        "Max(2, x)",
        "sin(2*x)**2/x_1",
    ],
)
def test_results_can_be_read_again(text: str) -> None:
    again = call(calculator.simplify, expression=call(calculator.simplify, expression=text).exact)
    assert same(again.exact, text) or again.exact == text


@pytest.mark.parametrize(
    ("tool", "args"),
    [
        (calculator.calculate, {"expression": "i >= 4"}),
        (calculator.calculate, {"expression": "max(i, 2)"}),
        (calculator.limit, {"expression": "asin(y mod x)", "approaches": "oo"}),
        (calculator.solve, {"equations": "x < i"}),
        (calculator.matrix, {"operation": "eigenvalues", "matrix": "[[re(oo), 1], [2, 3]]"}),
    ],
)
def test_what_sympy_cannot_do_is_said_in_one_line(tool: Tool, args: dict[str, Any]) -> None:
    with pytest.raises(ToolError, match=tool.name) as caught:
        call(tool, **args)
    assert "\n" not in str(caught.value)


# Matrices and statistics


def test_matrices() -> None:
    def matrix(operation: str, first: str, other: str | None = None) -> str:
        return call(calculator.matrix, operation=operation, matrix=first, other=other).exact

    assert matrix("determinant", "[[1, 2], [3, 4]]") == "-2"
    assert matrix("determinant", "[a, b; c, d]") == "a*d - b*c"
    assert matrix("inverse", "[[2, 0], [0, 4]]") == "[[1/2, 0], [0, 1/4]]"
    assert matrix("multiply", "[[1, 2], [3, 4]]", "[[0, 1], [1, 0]]") == "[[2, 1], [4, 3]]"
    assert matrix("solve", "[[1, 2], [3, 4]]", "[5, 6]") == "[[-4], [9/2]]"
    assert matrix("eigenvalues", "[[2, 1], [1, 2]]") == "[1, 3]"
    assert matrix("rank", "[[1, 2], [2, 4]]") == "1"
    assert matrix("inverse", matrix("inverse", "[[1, 1/3], [0.5, 2]]")) == "[[1, 1/3], [1/2, 2]]"
    for operation, first, other, says in [
        ("inverse", "[[1, 2], [2, 4]]", None, "no inverse"),
        ("determinant", "[[1, 2]]", None, "square"),
        ("multiply", "[[1, 2]]", "[[1, 2]]", "cannot be multiplied"),
        ("add", "[[1]]", None, "second matrix"),
        ("rank", "[[1, 2], [3]]", None, "differ in length"),
        ("rank", "12", None, "not a matrix"),
        ("rank", "[]", None, "not a matrix"),
    ]:
        with pytest.raises(ToolError, match=says):
            matrix(operation, first, other)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(-(10**6), 10**6).map(lambda n: n / 100), min_size=2, max_size=30))
def test_statistics_agree_with_the_standard_library(numbers: list[float]) -> None:
    import statistics as reference

    def figure(measure: str) -> Fraction:
        return Fraction(call(calculator.statistics, numbers=numbers, measure=measure).exact)

    exactly = [Fraction(str(number)) for number in numbers]
    assert figure("mean") == reference.mean(exactly)
    assert figure("median") == reference.median(exactly)
    assert figure("variance") == reference.variance(exactly)
    assert figure("population variance") == reference.pvariance(exactly)
    assert figure("range") == max(exactly) - min(exactly)
    quartiles = call(calculator.statistics, numbers=numbers, measure="quartiles").values
    expected = reference.quantiles(exactly, n=4, method="inclusive")
    assert [Fraction(value) for value in quartiles.values()] == pytest.approx(expected, abs=1e-9)


def test_statistics_of_other_kinds() -> None:
    def statistics(numbers: list[float], measure: str, other: list[float] | None = None) -> Any:
        return call(calculator.statistics, numbers=numbers, measure=measure, other=other)

    assert statistics([1, 2, 3], "correlation", [2, 4, 7]).decimal == "0.993399267798783"
    assert statistics([3, 1, 3], "mode").exact == "3"
    assert statistics([2, 1], "mode").values == {"mode": "1, 2"}
    assert statistics([12.5], "summary").values["mean"] == "12.5"
    for numbers, measure, other, says in [
        ([], "mean", None, "0 numbers"),
        ([1], "variance", None, "at least 2"),
        ([1, float("nan")], "mean", None, "nan"),
        ([1, 2], "correlation", [1], "same length"),
        ([1, 1], "correlation", [1, 2], "equal"),
    ]:
        with pytest.raises(ToolArgumentError, match=says):
            statistics(numbers, measure, other)


# Attacks


def payloads(canary: str) -> list[str]:
    """Code that would write the file `canary` if any layer executed it."""
    write = f"open('{canary}','w').write('x')"
    hidden = "+".join(f"chr({ord(letter)})" for letter in write)
    return [
        write,
        f"__import__('os').system('touch {canary}')",
        f"().__class__.__base__.__subclasses__()[0].__init__.__globals__['os'].system('touch {canary}')",
        f"x.subs('{write}', 1)",
        f"S('{write}')",
        f"sympify('{write}')",
        f'sympify("{write}")',
        f"parse_expr('{write}')",
        f"lambdify(x, '{write}')(1)",
        f"Symbol('x').__class__.__init__.__globals__['__builtins__']['exec']('{write}')",
        f"(lambda: {write})()",
        f"[{write} for x in (1,)][0]",
        f"{{{write}}}",
        f"f'{{{write}}}'",
        f"eval({hidden})",
        f"exec({hidden})",
        f"Function('f')({write})",
        f"getattr(__builtins__, 'open')('{canary}', 'w')",
        f"(y := {write})",
        f"1 if {write} else 2",
        f"x = {write}",
        f"sin({write})",
        f"gcd({write}, 4)",
        f"1; {write}",
        f"1\n{write}",
        f"import os; os.system('touch {canary}')",
        f"from os import system as s; s('touch {canary}')",
        f"\\x6f\\x70\\x65\\x6e('{canary}','w')",
        f"ｏｐｅｎ('{canary}','w')",
        f"print(open)('{canary}')",
        f"@{write}",
        f"`touch {canary}`",
        f"$(touch {canary})",
        f"1 # {write}",
        f"{write} % 5",
        f"1 <!--{write}--> 2",
        f"[1,2].__class__.__mro__[1].__subclasses__(), {write}",
        f"Integer(1).__reduce_ex__(2), {write}",
        f"async def f(): {write}",
        f"x.y.{write}",
        f"preview({write})",
        f"solve({write}, x)",
        f"Lambda(x, {write})(1)",
        f"pi.evalf.__globals__['sys'].modules['os'].system('touch {canary}')",
        f"%timeit {write}",
        f"!touch {canary}",
        f"__builtins__.{write}",
        f"globals()['__builtins__'].{write}",
        f"type('X', (), {{}})({write})",
        f"1 if 1 else {write}",
        f"*{write}",
        f"**{write}",
        f"...{write}",
        f"b'{write}'",
    ]


async def test_no_payload_runs_in_any_argument(runner: IsolatedRunner, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    for payload in payloads(str(canary)):
        for tool, args in [
            (calculator.calculate, {"expression": payload}),
            (calculator.simplify, {"expression": payload}),
            (calculator.solve, {"equations": payload}),
            (calculator.solve, {"equations": "x = 1", "unknowns": payload}),
            (calculator.evaluate, {"expression": "x", "at": payload}),
            (calculator.evaluate, {"expression": "x", "at": f"x = {payload}"}),
            (calculator.differentiate, {"expression": "x", "variable": payload}),
            (calculator.integrate, {"expression": "x", "lower": payload, "upper": "1"}),
            (calculator.limit, {"expression": "x", "approaches": payload}),
            (calculator.matrix, {"operation": "rank", "matrix": payload}),
            (calculator.matrix, {"operation": "rank", "matrix": f"[[{payload}]]"}),
        ]:
            with pytest.raises(ToolError):
                call(tool, **args)
    with pytest.raises(ToolArgumentError):
        await runner.run(calculator.calculate, {"expression": payloads(str(canary))[0]})
    assert not canary.exists()


def test_parsing_never_reaches_pythons_parser(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiled: list[object] = []
    recording = True

    def audit(event: str, args: tuple[object, ...]) -> None:
        if recording and event in ("compile", "exec", "open", "os.system", "subprocess.Popen", "import"):
            compiled.append((event, args[0]))

    calculate("1 + 1")
    sys.addaudithook(audit)
    try:
        for payload in payloads(str(tmp_path / "canary")):
            with pytest.raises(ToolError):
                calculate(payload)
        found = list(compiled)
    finally:
        recording = False
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9**9",
        "9^9^9^9^9",
        "factorial(10**9)",
        "10**9!",
        "((10!)!)!",
        "2^(10^9)",
        "0.5^(10^9)",
        "(2x)^(10^9)",
        "sqrt(2)^(10^12)",
        "(1/3)^(-10^9)",
        "gamma(10^9)",
        "binomial(10^9, 10^8)",
        "fibonacci(10^12)",
        "prime(10^15)",
        "1e999999999",
        "9" * 2_000,
        "1e" + "9" * 100,
        "(" * 5_000 + "1" + ")" * 5_000,
        "[" * 5_000,
        "-" * 5_000 + "1",
        "√" * 5_000 + "2",
        "2^" * 1_000 + "2",
        "sin " * 1_000 + "x",
        "1" + "+1" * 500_000,
        "x" * 1_000_000,
        " " * 1_000_000,
        "|" * 3_000,
        "1,000" * 3_000,
        "!" * 3_000,
        "4" + "!" * 1_000,
        "50" + "%" * 1_000,
        "7" + " mod 5" * 900,
        "5% off " * 900 + "7",
        "f(" * 300,
        "sqrt(" * 300 + "2",
    ],
    ids=lambda text: f"{text[:12]}...{len(text)}",
)
def test_what_would_run_away_is_refused_at_once(text: str) -> None:
    with pytest.raises(ToolArgumentError) as caught:
        calculate(text)
    assert len(str(caught.value)) < 400


def test_a_long_sum_is_no_deep_one() -> None:
    assert calculate("1" + " + 1" * 900).decimal == "901"
    assert calculate("1" + " - 1" * 900).decimal == "-899"


async def test_what_takes_too_long_is_stopped_and_the_others_go_on(runner: IsolatedRunner) -> None:
    from dataclasses import replace

    hurried = replace(calculator.calculate.limits, cpu_s=1)
    slow = [
        (calculator.integrate, {"expression": "sin(x^3)^7 * exp(cos(x)^5) * ln(x^2+1)^3 / (x^7+x+1)"}),
        (
            calculator.factor,
            {"expression": "1000000000000000000000000000057 * 9999999999999999999999999999999999999988"},
        ),
        (calculator.evaluate, {"expression": "x^y", "at": "x = 3, y = 10^10"}),
    ]
    hard = [runner.run(replace(tool, limits=hurried), args) for tool, args in slow]
    easy = [runner.run(calculator.calculate, {"expression": f"{n}% of 200"}) for n in range(40)]
    outcomes = await asyncio.gather(*hard, *easy, return_exceptions=True)
    for outcome in outcomes[: len(slow)]:
        assert isinstance(outcome, ToolError), outcome
    assert [outcome["decimal"] for outcome in outcomes[len(slow) :]] == [str(2 * n) for n in range(40)]


async def test_what_needs_too_much_memory_is_stopped(runner: IsolatedRunner) -> None:
    with pytest.raises(ToolError, match=r"expand (needed more than 512 MiB|used more than 2 s)"):
        await runner.run(calculator.expand, {"expression": "(a+b+c+d+x+y+z)^200"})
    assert (await runner.run(calculator.expand, {"expression": "2(x + 1)"}))["exact"] == "2*x + 2"


# As a plugin


async def test_every_tool_runs_isolated(runner: IsolatedRunner) -> None:
    calls: dict[str, dict[str, Any]] = {
        "calculate": {"expression": "17% of 2340"},
        "solve": {"equations": "3x + 7 = 22"},
        "differentiate": {"expression": "x^2"},
        "integrate": {"expression": "2x"},
        "limit": {"expression": "sin(x)/x", "approaches": "0"},
        "evaluate": {"expression": "x^2", "at": "x = 3"},
        "simplify": {"expression": "x + x"},
        "expand": {"expression": "2(x + 1)"},
        "factor": {"expression": "2x + 2"},
        "matrix": {"operation": "trace", "matrix": "[[1, 2], [3, 4]]"},
        "statistics": {"numbers": [1, 2.5], "measure": "mean"},
    }
    tools = {tool.name: tool for tool in calculator.agent_core_tools()}
    assert set(tools) == set(calls)
    for name, args in calls.items():
        tool = tools[name]
        result = await runner.run(tool, tool.arguments.validate(args))
        assert result["exact"], name
        assert set(result) == set(tool.returns["properties"] if tool.returns else ()), name
    assert all(tool.traits.read_only and tool.traits.idempotent and tool.isolated for tool in tools.values())
    assert all(3 <= len(tool.examples) <= 10 for tool in tools.values())


def test_the_plugin_loads_without_sympy() -> None:
    import subprocess

    check = "import sys, agent_plugin_calculator; sys.exit('sympy' in sys.modules or 'pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
