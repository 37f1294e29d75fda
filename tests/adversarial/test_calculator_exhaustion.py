"""What would compute for ever, or fill the memory, ends within the limits: the process that asked stays as it was.

The limit of processor time is an effect that is promised, so it is measured: all that the processes behind a call have
used is known once they are reaped (RUSAGE_CHILDREN of a process that made one call).
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from typing import Any

import pytest

import agent_plugin_calculator as calculator
from agent_core import ToolError
from agent_core.tools.isolation import IsolatedRunner
from tests.adversarial import attacks
from tests.adversarial.conftest import Cases

ATTACK = attacks.CALCULATOR_EXHAUSTION
CPU_S = 3.0
LOADING_S = 20.0
"""Room for importing the calculator's library once, in the process that all calls are forked from."""
RESULT_BYTES = 300_000
TOOLS = {tool.name: tool for tool in calculator.agent_core_tools()}
SEMIPRIME = (10**149 + 183) * (10**150 + 67)
SYMBOLIC = [[f"a{row}b{column}" for column in range(20)] for row in range(20)]


def calculate(text: str) -> tuple[str, dict[str, Any]]:
    return "calculate", {"expression": text}


def of(tool: str, **args: Any) -> tuple[str, dict[str, Any]]:
    return tool, args


def rows(entries: list[list[str]]) -> str:
    return "[" + ", ".join(f"[{', '.join(row)}]" for row in entries) + "]"


KINDS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "towers": [
        calculate(text)
        for text in (
            *(
                "9^9^9^9",
                "9**9**9**9**9",
                "2^2^2^2^2^2",
                "10^10^10",
                "(10^100)^(10^100)",
                "0.1^(10^9)",
                "(1/7)^(-10^8)",
            ),
            *(
                "(1+1/10^9)^(10^9)",
                "sqrt(2)^(10^10)",
                "pi^(10^9)",
                "(2^4000)^4000",
                "2^(2^(2^(2^5)))",
                "e^(e^(e^(e^9)))",
            ),
            *("((((9^9)^9)^9)^9)^9", "99^99^99", "i^(10^12)", "(3+4i)^(10^7)", "(sqrt(2)+sqrt(3))^3000"),
        )
    ],
    "combinatorics": [
        calculate(text)
        for text in (
            *("1000000000!", "((5!)!)!", "99999!", "gamma(10^8)", "binomial(10^12, 10^11)", "permutations(10^9, 10^8)"),
            *(
                "fibonacci(10^15)",
                "10000!^10000!",
                "binomial(10000, 5000)^50",
                "1500!^1500",
                "(1400!)!",
                "factorial(1e9)",
            ),
            *("gamma(1/3 + 10^9)", "1500! / 1499! * 1500! * 1500! * 1500! * 1500!", "prod(1500!, 1499!, 1498!, 1497!)"),
        )
    ],
    "numbers": [
        calculate(text)
        for text in (
            *(f"factorize({SEMIPRIME})", f"divisors({SEMIPRIME})", f"totient({SEMIPRIME})", f"is_prime({SEMIPRIME})"),
            *(f"divisor_count({SEMIPRIME})", f"next_prime({10**900})", "prime(10^18)", "prime_count(10^15)"),
            *("prime_count(9999999)", "sum_primes(99999)", "prime(999999)", f"gcd({'9' * 990}, {'7' * 990})"),
            *("9" * 999 + "^4", "1e3999 * 1e3999", "zeta(10^6 + 1/2)", "zeta(1/2 + 10^6*i)", "gamma(1000.5 + 1000*i)"),
            *(f"is_prime({2**3217 - 1})", f"is_prime({'1' * 997})", f"next_prime({'9' * 500})", "erf(10^30)"),
            *("sin(10^1000)", "log(10^3999) / log(3)", "LambertW(10^1000)", "besselj(1000, 10^6)", "round(pi, 1000)"),
            *(
                "pi to 1000 digits",
                "e^pi to 1000 decimal places",
                "zeta(3) to 1000 digits",
                "EulerGamma to 1000 digits",
            ),
        )
    ],
    "text": [
        calculate(text)
        for text in (
            *(
                "(" * 100_000,
                "(" * 4_000 + "1" + ")" * 4_000,
                "1" + "+1" * 500_000,
                "1" + "*2" * 1_990,
                "x" * 1_000_000,
            ),
            *(
                "sin " * 2_000 + "1",
                "-" * 9_000 + "1",
                "√" * 9_000 + "4",
                "|" * 9_000,
                "1,000" * 2_000,
                "9" * 1_000_000,
            ),
            *("one hundred " * 800, "and " * 2_000, "of the " * 1_400, "twenty-" * 1_400, "point " * 1_600 + "one"),
            *(
                "to 2 decimal places " * 500,
                "how many primes below " * 13 + "9",
                "the remainder when " * 15,
                " " * 9_990 + "1",
            ),
            *("difference between " * 15, "1\n" * 4_999, "[" * 9_000, "sum of " * 1_400 + "1", "\u0663" * 9_000),
        )
    ],
    "expansions": [
        of("expand", expression="(a+b+c)^500"),
        of("expand", expression="(a+b+c+d+x+y+z)^200"),
        of("expand", expression="(x+1)^5000"),
        of("expand", expression="((((x+1)^20+1)^20+1)^20+1)^20"),
        of("factor", expression="x^5000 - 1"),
        of("factor", expression="(x^50+x+1)*(x^49+x^2+7)*(y^30+x+3)"),
        of("factor", expression=str(SEMIPRIME)),
        of("simplify", expression="sin(x)^50*cos(x)^50 + tan(x)^50/(1+sec(x))^20 - cot(x)^33"),
        of("simplify", expression="+".join(f"1/(x+{n})" for n in range(120))),
        of("simplify", expression="+".join(f"sqrt({n}+sqrt({n + 1}))" for n in range(2, 90))),
        of("evaluate", expression="x^y", at="x = 3, y = 10^10"),
        of("evaluate", expression="x^x^x", at="x = 999"),
        of("evaluate", expression="(1+x)^9999", at="x = 1/3"),
    ],
    "calculus": [
        of("integrate", expression="sin(x^3)^7 * exp(cos(x)^5) * ln(x^2+1)^3 / (x^7+x+1)"),
        of("integrate", expression="x^x^x", lower="0", upper="1"),
        of("integrate", expression="sqrt(1+x^7)*sin(x)*e^(x^2)/ln(x+2)"),
        of("integrate", expression="1/(x^30+x^29+x+1)"),
        of("integrate", expression="sin(1/x)*cos(e^x)*tan(x)", lower="0", upper="100"),
        of("integrate", expression="besselj(0,x)*erf(x)*gamma(x)", lower="1", upper="5"),
        of("differentiate", expression="sin(cos(tan(sin(cos(tan(x^x))))))", order=20),
        of("differentiate", expression="(x^x)^(x^x)", order=20),
        of("differentiate", expression="/(1+".join(["x"] * 30) + ")" * 29, order=10),
        of("limit", expression="(sin(tan(x)) - tan(sin(x)))/(asin(atan(x)) - atan(asin(x)))", approaches="0"),
        of("limit", expression="(x^x^x - x)/(sin(x)^100)", approaches="0"),
        of("limit", expression="(1+1/n)^(n^n^n)", approaches="infinity"),
        of("limit", expression="gamma(x+1/2)/gamma(x)/sqrt(x)*(1+1/x)^(x^2)/e^x", approaches="infinity"),
    ],
    "equations": [
        of("solve", equations="x^7 + sin(x)*e^x - ln(x+3)^5 = tan(x)"),
        of("solve", equations=", ".join(f"x{n}^2 + x{(n + 1) % 9}*x{(n + 4) % 9} = {n + 2}" for n in range(9))),
        of("solve", equations="x^5*y^4 + x*y = 3, x^6 - y^5*x = 7, z^7 = x*y*z + 1"),
        of("solve", equations="x^60 - 3x^59 + 7x^31 - x + 1 = 0"),
        of("solve", equations="a*x^9 + b*x^7 + c*x^3 + d*x + u = 0 for x"),
        of("solve", equations="sin(x)^x > cos(x)^(x^2) + 1/x"),
        of("solve", equations="sqrt(x+sqrt(x+sqrt(x+sqrt(x+sqrt(x+1))))) = x^3 - 7"),
        of("solve", equations="x^x^x = 100"),
        of("solve", equations="(x^2-1)^30 < x^17 + sin(x)"),
    ],
    "matrices": [
        of("matrix", operation="determinant", matrix=rows([["x"] * 100 for _ in range(100)])),
        of("matrix", operation="determinant", matrix=rows(SYMBOLIC)),
        of("matrix", operation="inverse", matrix=rows([row[:9] for row in SYMBOLIC[:9]])),
        of("matrix", operation="eigenvalues", matrix=rows([row[:6] for row in SYMBOLIC[:6]])),
        of(
            "matrix",
            operation="eigenvalues",
            matrix=rows([[str((r * c) % 17 + r) for c in range(20)] for r in range(20)]),
        ),
        of(
            "matrix",
            operation="solve",
            matrix=rows([row[:8] for row in SYMBOLIC[:8]]),
            other=rows([["1"]] * 8),
        ),
        of("matrix", operation="rank", matrix=rows([[f"sin({r}+{c}*x)" for c in range(12)] for r in range(12)])),
        of("matrix", operation="multiply", matrix=rows([["10^4000"] * 20] * 20), other=rows([["10^4000"] * 20] * 20)),
    ],
    "statistics": [
        of("statistics", numbers=[0.1 * n for n in range(1_000_000)], measure="standard deviation"),
        of("statistics", numbers=[0.1 * n for n in range(100_000)], measure="summary"),
        of("statistics", numbers=[float(f"1e{n % 600 - 300}") for n in range(20_000)], measure="variance"),
        of("statistics", numbers=[float(n % 99_991) for n in range(100_000)], measure="mode"),
        of(
            "statistics",
            numbers=[float(f"1.{n}e{n % 300}") for n in range(10_000)],
            measure="correlation",
            other=[float(f"7.{n}e-{n % 300}") for n in range(10_000)],
        ),
        calculate("mean(" + ", ".join(["1/3"] * 990) + ")"),
        calculate("stdev(" + ", ".join(f"sqrt({n})" for n in range(2, 300)) + ")"),
        calculate("max(" + ", ".join(f"sin({n})^{n}" for n in range(2, 200)) + ")"),
    ],
}


def one_call(kind: str, place: int) -> dict[str, Any]:
    """Make a call in this process, and tell what it took."""
    name, args = KINDS[kind][place]
    runner = IsolatedRunner()

    async def work() -> tuple[float, int]:
        await runner.run(TOOLS["calculate"], {"expression": "1"})  # what is loaded once is no part of a call
        before = resident_bytes()
        try:
            result = await runner.run(TOOLS[name], args)
        except ToolError as error:
            result = str(error)
        assert (await runner.run(TOOLS["calculate"], {"expression": "6 * 7"}))["decimal"] == "42"
        grown = resident_bytes() / before
        await runner.aclose()
        return grown, len(json.dumps(result))

    grown, size = asyncio.run(work())
    return {"cpu_s": children_s(), "grown": grown, "bytes": size}


def children_s() -> float:
    """Processor time of all child processes that were reaped."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def loading_s() -> float:
    """What the processes use that only load the calculator and compute 1: no call has a part in it."""
    return _apart("text", -1)["cpu_s"]


def _apart(kind: str, place: int) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.adversarial.test_calculator_exhaustion", kind, str(place)],
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout)


def test_there_are_enough() -> None:
    assert sum(map(len, KINDS.values())) >= ATTACK.minimum


@pytest.mark.timeout(400)  # a dozen calls that each use their two seconds, on a machine that may be busy
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("kind", KINDS)
async def test_it_ends_and_the_parent_is_as_before(kind: str, cases: Cases) -> None:
    """All of a kind through one runner: its parent answers afterwards and has not grown; every child was bounded."""
    runner = IsolatedRunner()
    await runner.run(TOOLS["calculate"], {"expression": "1"})
    before = resident_bytes()
    overdrawn: list[tuple[str, Any]] = []
    for name, args in KINDS[kind]:
        try:
            result = await runner.run(TOOLS[name], args)
        except ToolError as error:
            result = str(error)
        if len(json.dumps(result)) > RESULT_BYTES:
            overdrawn.append((name, args))
    assert (await runner.run(TOOLS["calculate"], {"expression": "6 * 7"}))["decimal"] == "42"
    grown = resident_bytes() / before
    earlier = children_s()
    await runner.aclose()  # Its processes are reaped only now, and their time is known.
    cases.count(len(KINDS[kind]))
    assert children_s() - earlier <= CPU_S * len(KINDS[kind]) + LOADING_S
    assert overdrawn == []
    assert grown < 1.5


@pytest.mark.parametrize("name", TOOLS)
def test_no_tool_may_use_more_than_that(name: str) -> None:
    """The limits that the operating system holds a call to."""
    assert TOOLS[name].isolated
    assert TOOLS[name].limits.cpu_s < CPU_S
    assert TOOLS[name].limits.memory_bytes <= 1024**3


@pytest.mark.parametrize(("kind", "place"), [("calculus", 0), ("equations", 1), ("expansions", 1), ("numbers", 0)])
def test_the_limit_of_processor_time_holds(kind: str, place: int) -> None:
    """Those that would run longest, each by the account of the operating system."""
    used = _apart(kind, place)
    assert used["cpu_s"] - loading_s() <= CPU_S + 0.5
    assert used["grown"] < 1.5


if __name__ == "__main__":
    chosen, position = sys.argv[1], int(sys.argv[2])
    if position < 0:
        KINDS[chosen].append(calculate("1"))
    sys.stdout.write(json.dumps(one_call(chosen, position)))
