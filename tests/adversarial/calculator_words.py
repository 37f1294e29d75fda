"""Questions to a calculator in words, each with the answer by other means than the calculator's: made from grammars.

Truth is `fractions`, `math`, `statistics` and `mpmath`; a value is either exact (a Fraction) or an mpmath number of 30
digits. Every kind of question is a function of a random generator, so that new ones come with a new seed.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from mpmath import mp, mpf

mp.dps = 30


def _listed(words: str) -> list[str]:
    return words.split()


SMALL = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
TENS = _listed("zero ten twenty thirty forty fifty sixty seventy eighty ninety")
ORDINALS = _listed(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
PARTS = {3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth", 10: "tenth"}


@dataclass(frozen=True)
class Question:
    """What is asked, and the right answer."""

    text: str
    answer: Any
    """A Fraction, an mpf, a truth value, a text of digits (then exactly these), or a set of solutions."""


def in_words(number: int, joint: str = " and ") -> str:
    """An English numeral."""
    if number < 0:
        return "minus " + in_words(-number, joint)
    if number < 20:
        return SMALL[number]
    if number < 100:
        return TENS[number // 10] + (f"-{SMALL[number % 10]}" if number % 10 else "")
    if number < 1000:
        rest = number % 100
        return f"{SMALL[number // 100]} hundred" + (joint + in_words(rest, joint) if rest else "")
    for scale, name in ((10**9, "billion"), (10**6, "million"), (1000, "thousand")):
        if number >= scale:
            rest = number % scale
            between = joint if 0 < rest < 100 else " "
            return f"{in_words(number // scale, joint)} {name}" + (between + in_words(rest, joint) if rest else "")
    raise AssertionError(number)


def written(number: int, chance: Random) -> str:
    """A whole number as people write it: in digits, with separators, or in words."""
    forms = [str(number), str(number), in_words(number, chance.choice((" and ", " ")))]
    if number >= 1000:
        forms.append(f"{number:,}")
    return chance.choice(forms)


def decimal(chance: Random, low: int, high: int, places: int = 2) -> tuple[str, Fraction]:
    text = f"{chance.randint(low, high)}.{chance.randint(1, 10**places - 1):0{places}}"
    return text, Fraction(text)


def opening(chance: Random, phrase: str) -> str:
    """A noun phrase as a question or an order."""
    return chance.choice(
        (
            f"What is {phrase}?",
            f"what's {phrase}",
            f"Calculate {phrase}",
            f"How much is {phrase}?",
            f"Work out {phrase}.",
            f"Tell me {phrase}",
            f"Compute {phrase}",
            f"find {phrase}",
            f"Please calculate {phrase}",
            f"Can you tell me what {phrase} is?",
            f"{phrase[:1].upper()}{phrase[1:]}",
        )
    )


# Kinds of questions


def percentages(chance: Random) -> Question:
    percent, base = chance.randint(1, 99), chance.randint(20, 9000)
    p, b = written(percent, chance), written(base, chance)
    sign = chance.choice((" percent", " per cent")) if p.isalpha() or "-" in p else chance.choice(("%", " percent"))
    share = Fraction(percent, 100)
    phrase, answer = chance.choice(
        [
            (f"{p}{sign} of {b}", share * base),
            (f"{b} increased by {p}{sign}", (1 + share) * base),
            (f"{b} decreased by {p}{sign}", (1 - share) * base),
            (f"{p}{sign} off {b} dollars", (1 - share) * base),
            (f"{p}{sign} more than {b}", (1 + share) * base),
            (f"{p}{sign} less than {b}", (1 - share) * base),
            (f"a {p}{sign} tip on ${base}", share * base),
        ]
    )
    return Question(opening(chance, phrase), answer)


def shares(chance: Random) -> Question:
    whole = chance.choice((20, 25, 40, 50, 80, 125, 160, 200, 250, 400, 500, 800))
    part = chance.randint(1, 2 * whole)
    answer = Fraction(100 * part, whole)
    text = chance.choice(
        (
            f"{part} is what percent of {whole}?",
            f"What percent of {written(whole, chance)} is {part}?",
            f"What percentage is {part} of {whole}?",
            f"what percentage of {whole} is {written(part, chance)}",
            f"Calculate {part} as a percentage of {whole}",
        )
    )
    return Question(text, answer)


def changes(chance: Random) -> Question:
    old, new = chance.choice((20, 40, 50, 64, 80, 125, 200, 250, 400)), chance.randint(10, 600)
    answer = Fraction(100 * (new - old), old)
    text = chance.choice(
        (
            f"What is the percentage change from {old} to {new}?",
            f"percent change from {written(old, chance)} to {new}",
            f"Calculate the percent change from {old} to {new}",
        )
    )
    return Question(text, answer)


def four_operations(chance: Random) -> Question:
    a, b = chance.randint(2, 900), chance.randint(2, 99)
    x, y = written(a, chance), written(b, chance)
    phrase, answer = chance.choice(
        [
            (f"{x} plus {y}", Fraction(a + b)),
            (f"{x} minus {y}", Fraction(a - b)),
            (f"{x} times {y}", Fraction(a * b)),
            (f"{x} multiplied by {y}", Fraction(a * b)),
            (f"{x} divided by {y}", Fraction(a, b)),
            (f"{a} over {b}", Fraction(a, b)),
            (f"the sum of {a} and {b}", Fraction(a + b)),
            (f"the product of {a} and {y}", Fraction(a * b)),
            (f"the difference between {x} and {b}", Fraction(abs(a - b))),
        ]
    )
    return Question(opening(chance, phrase), answer)


def orders(chance: Random) -> Question:
    a, b = chance.randint(2, 500), chance.randint(2, 60)
    x, y = written(a, chance), written(b, chance)
    text, answer = chance.choice(
        [
            (f"Add {x} to {y}", Fraction(a + b)),
            (f"Add {a} and {b}", Fraction(a + b)),
            (f"Subtract {y} from {x}", Fraction(a - b)),
            (f"Take {y} away from {x}", Fraction(a - b)),
            (f"Multiply {x} by {y}", Fraction(a * b)),
            (f"Divide {x} by {y}", Fraction(a, b)),
            (f"Double {x}", Fraction(2 * a)),
            (f"Halve {a}", Fraction(a, 2)),
            (f"Square {a}", Fraction(a * a)),
            (f"Increase {a} by {b}%", a * (1 + Fraction(b, 100))),
            (f"Reduce {x} by {y} percent", a * (1 - Fraction(b, 100))),
            (f"Divide the sum of {a} and {b} by 8", Fraction(a + b, 8)),
            (f"Subtract the product of {b} and 7 from {a}", Fraction(a - 7 * b)),
            (f"Multiply the difference between {a} and {b} by {y}", Fraction(abs(a - b) * b)),
        ]
    )
    return Question(text + chance.choice(("", ".", "?", " please")), answer)


def comparisons(chance: Random) -> Question:
    a, b, k = chance.randint(2, 90), chance.randint(2, 90), chance.randint(2, 12)
    phrase, answer = chance.choice(
        [
            (f"{in_words(a)} less than {in_words(k)} times {b}", Fraction(k * b - a)),
            (f"{in_words(a)} more than {in_words(k)} times {b}", Fraction(k * b + a)),
            (f"{a} less than twice {b}", Fraction(2 * b - a)),
            (f"{a} more than half of {b}", Fraction(b, 2) + a),
            (f"{in_words(k)} times as much as {b}", Fraction(k * b)),
            (f"twice the sum of {a} and {b}", Fraction(2 * (a + b))),
            (f"half of the sum of {a} and {b}", Fraction(a + b, 2)),
            (f"{k} times the difference between {a} and {b}", Fraction(k * abs(a - b))),
            (f"double {a} plus {b}", Fraction(2 * a + b)),
            (f"triple {a} minus {b}", Fraction(3 * a - b)),
        ]
    )
    return Question(opening(chance, phrase), answer)


def powers_and_roots(chance: Random) -> Question:
    base, exponent = chance.randint(2, 15), chance.randint(2, 9)
    phrase, answer = chance.choice(
        [
            (f"{in_words(base)} to the power of {in_words(exponent)}", Fraction(base**exponent)),
            (f"{base} raised to the power of {exponent}", Fraction(base**exponent)),
            (f"{base} to the {ORDINALS[exponent]} power", Fraction(base**exponent)),
            (f"{in_words(base)} squared", Fraction(base**2)),
            (f"{base} cubed", Fraction(base**3)),
            (f"{base} squared plus {exponent} squared", Fraction(base**2 + exponent**2)),
            (f"the square root of {base * base}", Fraction(base)),
            (f"the cube root of {base**3}", Fraction(base)),
            (f"the {ORDINALS[exponent + 2]} root of {base ** (exponent + 2)}", Fraction(base)),
            (f"the square root of {in_words(base)}", mp.sqrt(base)),
            (f"the cube root of {base}", mp.cbrt(base)),
            (f"the square of {in_words(base)}", Fraction(base**2)),
            (f"the cube of {base}", Fraction(base**3)),
        ]
    )
    return Question(opening(chance, phrase), answer)


def parts(chance: Random) -> Question:
    below = chance.choice(tuple(PARTS))
    above = chance.randint(1, below - 1)
    base = chance.randint(2, 400)
    name = PARTS[below] + ("s" if above > 1 else "")
    share = Fraction(above, below)
    k = chance.randint(2, 9)
    phrase, answer = chance.choice(
        [
            (f"{in_words(above)} {name} of {base}", share * base),
            (f"{in_words(above)}-{name} of {in_words(base)}", share * base),
            (f"half of {base}", Fraction(base, 2)),
            (f"{in_words(k)} and a half times {base}", (k + Fraction(1, 2)) * base),
            (f"{above}/{below} plus {k}/7", share + Fraction(k, 7)),
            (f"{in_words(above)} {name} plus one half", share + Fraction(1, 2)),
            (f"a {PARTS[below]} of {in_words(base)}", Fraction(base, below)),
            (f"half a million divided by {base}", Fraction(500_000, base)),
            (f"{in_words(k)} point {SMALL[above]} {SMALL[k]} times {base}", Fraction(f"{k}.{above % 10}{k}") * base)
            if above < 10
            else (f"a dozen times {base}", Fraction(12 * base)),
        ]
    )
    return Question(opening(chance, phrase), answer)


def large(chance: Random) -> Question:
    a, b = chance.randint(1_001, 9_999_999), chance.randint(1_001, 999_999)
    m = f"{chance.randint(1, 9)}.{chance.randint(1, 9)}"
    phrase, answer = chance.choice(
        [
            (f"{in_words(a)} plus {in_words(b)}", Fraction(a + b)),
            (f"{a:,} minus {b:,}", Fraction(a - b)),
            (f"{in_words(a)} times {in_words(b % 90 + 10)}", Fraction(a * (b % 90 + 10))),
            (f"{a:,} times {b:,}", Fraction(a * b)),
            (f"{m} million divided by {b}", Fraction(m) * 10**6 / b),
            (f"{m} billion minus {a:,}", Fraction(m) * 10**9 - a),
        ]
    )
    return Question(opening(chance, phrase), answer)


def averages(chance: Random) -> Question:
    numbers = [chance.randint(-20, 200) for _ in range(chance.randint(3, 8))]
    if chance.random() < 0.4:
        numbers = [number + chance.randint(1, 9) / 10 for number in numbers]
    listed = ", ".join(map(str, numbers[:-1])) + chance.choice((" and ", ", and ", ", ")) + str(numbers[-1])
    exact = [Fraction(str(number)) for number in numbers]
    name, answer = chance.choice(
        [
            (chance.choice(("mean", "average")), statistics.mean(exact)),
            ("median", Fraction(statistics.median(exact))),
            ("range", max(exact) - min(exact)),
            ("variance", statistics.variance(exact)),
            ("standard deviation", mp.sqrt(to_mpf(statistics.variance(exact)))),
            ("population standard deviation", mp.sqrt(to_mpf(statistics.pvariance(exact)))),
            ("sum", sum(exact, Fraction(0))),
            ("maximum", max(exact)),
            ("minimum", min(exact)),
        ]
    )
    phrase = f"the {name} of {listed}"
    return Question(chance.choice((f"What is {phrase}?", f"Find {phrase}", f"Calculate {phrase}.", phrase)), answer)


def number_theory(chance: Random) -> Question:
    a, b, n = chance.randint(12, 900), chance.randint(12, 900), chance.randint(20, 2000)
    low = chance.randint(2, n - 10)
    phrase, answer = chance.choice(
        [
            (f"the greatest common divisor of {a} and {b}", Fraction(math.gcd(a, b))),
            (f"the highest common factor of {a} and {b}", Fraction(math.gcd(a, b))),
            (f"the gcd of {a}, {b} and {a * 6}", Fraction(math.gcd(a, b, a * 6))),
            (f"the least common multiple of {a} and {b}", Fraction(math.lcm(a, b))),
            (f"the lcm of {in_words(a % 50 + 2)} and {b}", Fraction(math.lcm(a % 50 + 2, b))),
            (f"the remainder when {n} is divided by {b % 60 + 3}", Fraction(n % (b % 60 + 3))),
            (f"{n} mod {b % 60 + 3}", Fraction(n % (b % 60 + 3))),
            (f"the {ORDINALS[a % 20 + 1]} prime number", Fraction(primes(100)[a % 20])),
            (f"the {a % 80 + 21}{ending(a % 80 + 21)} prime", Fraction(primes(1000)[a % 80 + 20])),
            (f"the sum of the digits of {a * b * n}", Fraction(sum(map(int, str(a * b * n))))),
            (f"the sum of the integers from {low} to {n}", Fraction(sum(range(low, n + 1)))),
            (f"the sum of the first {in_words(a % 90 + 5)} odd numbers", Fraction((a % 90 + 5) ** 2)),
        ]
    )
    return Question(opening(chance, phrase), answer)


def counting(chance: Random) -> Question:
    n, low = chance.randint(15, 3000), 0
    low = chance.randint(2, n - 5)
    k, m = chance.randint(2, 7), chance.randint(8, 30)
    divisors = sum(1 for d in range(1, n + 1) if n % d == 0)
    text, answer = chance.choice(
        [
            (f"How many primes below {n}", sum(p < n for p in primes(n))),
            (f"How many prime numbers are there below {written(n, chance)}?", sum(p < n for p in primes(n))),
            (f"how many primes are less than {n}?", sum(p < n for p in primes(n))),
            (f"How many primes are there up to {n}?", sum(p <= n for p in primes(n + 1))),
            (f"How many primes are between {low} and {n}?", sum(low <= p <= n for p in primes(n + 1))),
            (f"What is the number of primes under {n}?", sum(p < n for p in primes(n))),
            (f"How many divisors does {n} have?", divisors),
            (f"How many ways are there to choose {k} from {m}?", math.comb(m, k)),
            (f"In how many ways can you choose {in_words(k)} books from {in_words(m)} books?", math.comb(m, k)),
            (f"What is {m} choose {k}?", math.comb(m, k)),
            (f"How many ways can I pick {k} people out of {m}?", math.comb(m, k)),
            (f"How many times does {k} go into {k * m}?", m),
            (f"What is {in_words(m)} factorial?", math.factorial(m)),
            (f"Calculate the factorial of {m}", math.factorial(m)),
            (f"{m}!", math.factorial(m)),
            (f"What is the {ORDINALS[k + 8]} fibonacci number?", fibonacci(k + 8)),
        ]
    )
    return Question(text, Fraction(answer))


def precision(chance: Random) -> Question:
    base, places = chance.choice((2, 3, 5, 6, 7, 10, 11, 13)), chance.randint(2, 20)
    how, kind = chance.choice(
        [
            (f"to {written(places, chance)} decimal places", "places"),
            (f"rounded to {places} decimal places", "places"),
            (f"to {places} significant figures", "digits"),
            (f"to {in_words(places)} digits", "digits"),
            (f"correct to {places} decimals", "places"),
        ]
    )
    mp.dps = 60
    try:
        phrase, value = chance.choice(
            [
                (f"the square root of {in_words(base)}", mp.sqrt(base)),
                ("pi", mp.pi()),
                (f"pi times {base}", mp.pi * base),
                ("e", mp.e()),
                (f"the natural log of {base}", mp.log(base)),
                (f"{base} divided by 7" if base != 7 else "3 divided by 7", mpf(base if base != 7 else 3) / 7),
                (f"the cube root of {base}", mp.cbrt(base)),
                (f"e to the power of {base}", mp.exp(base)),
            ]
        )
        if kind == "places":
            scaled = int(mp.floor(value * mpf(10) ** places + mpf("0.5")))
            text = f"{scaled // 10**places}.{scaled % 10**places:0{places}}"
        else:
            text = digits_of(value, places)
    finally:
        mp.dps = 30
    return Question(opening(chance, f"{phrase} {how}"), text)


def trigonometry(chance: Random) -> Question:
    angle = chance.choice((0, 15, 20, 30, 36, 45, 60, 72, 75, 90, 120, 135, 150, 180, 210, 270, 300))
    name, function = chance.choice((("sine", mp.sin), ("cosine", mp.cos)))
    value = function(mp.pi * angle / 180)
    n = chance.choice((2, 3, 5, 7, 8, 10, 32, 64, 100, 1000))
    phrase, answer = chance.choice(
        [
            (f"the {name} of {angle} degrees", value),
            (f"{name[:3]} of {angle} degrees", value),
            (f"{name[:3]}({angle}°)", value),
            (f"the natural logarithm of {n}", mp.log(n)),
            (f"the log base 2 of {n}", mp.log(n) / mp.log(2)),
            (f"log base {n} of 5", mp.log(5) / mp.log(n)),
            (f"log10 of {n}", mp.log10(n)),
            (f"the tangent of {chance.choice((10, 30, 45, 60))} degrees", None),
        ]
    )
    if answer is None:
        answer = mp.tan(mp.pi * int(phrase.split()[3]) / 180)
    return Question(opening(chance, phrase), answer)


def equations(chance: Random) -> Question:
    a, x, b = chance.randint(2, 12), chance.randint(-20, 40), chance.randint(1, 60)
    c = a * x + b
    p, q = chance.randint(-9, 9), chance.randint(-9, 9)
    text, answer = chance.choice(
        [
            (f"Solve {a}x + {b} = {c}", {Fraction(x)}),
            (f"Solve {a}x + {b} = {c} for x", {Fraction(x)}),
            (f"Find x such that {a}x - {b} = {a * x - b}", {Fraction(x)}),
            (f"What is x if {a}x + {b} = {c}?", {Fraction(x)}),
            (f"For which x is {a}x = {b}?", {Fraction(b, a)}),
            (f"Solve the equation x^2 {-(p + q):+}x {p * q:+} = 0", {Fraction(p), Fraction(q)}),
            (f"Solve {a}(x - {b}) = {a * (x - b)}", {Fraction(x)}),
            (f"solve {a}y = {b} + y for y", {Fraction(b, a - 1)}),
            (f"What value of x makes {a}x + {b} equal to {c}?", {Fraction(x)}),
        ]
    )
    return Question(text, frozenset(answer))


def calculus(chance: Random) -> Question:
    a, n, at = chance.randint(2, 9), chance.randint(2, 5), chance.randint(1, 4)
    low = chance.randint(0, 2)
    slope, area = mp.diff, mp.quad
    text, answer = chance.choice(
        [
            (f"What is the derivative of {a}x^{n} at x = {at}?", Fraction(a * n * at ** (n - 1))),
            (f"Find the derivative of x^{n} + {a}x at {at}", Fraction(n * at ** (n - 1) + a)),
            (f"What is the derivative of sin({a}x) at x = {at}?", slope(lambda x: mp.sin(a * x), at)),
            (f"Integrate x^{n} from {low} to {low + at}", Fraction((low + at) ** (n + 1) - low ** (n + 1), n + 1)),
            (
                f"What is the integral of {a}x^{n} from {low} to {low + at}?",
                Fraction(a * ((low + at) ** (n + 1) - low ** (n + 1)), n + 1),
            ),
            (f"Find the integral of e^(-x^2) from 0 to {at}", area(lambda x: mp.exp(-x * x), [0, at])),
            (f"What is the limit of sin({a}x)/x as x approaches 0?", Fraction(a)),
            (f"Find the limit of (x^2 - {a * a})/(x - {a}) as x approaches {a}", Fraction(2 * a)),
            (f"Evaluate x^{n} + {a}x at x = {at}", Fraction(at**n + a * at)),
        ]
    )
    return Question(text, answer)


def truths(chance: Random) -> Question:
    n, k = chance.randint(2, 900), chance.randint(2, 30)
    text, answer = chance.choice(
        [
            (f"Is {n} prime?", n in primes(901)),
            (f"Is {n} a prime number?", n in primes(901)),
            (f"Is {n} divisible by {k}?", n % k == 0),
            (f"Is {n * k} a multiple of {k}?", True),
            (f"Is {n} greater than {k * 20}?", n > k * 20),
            (f"Is {k}/7 less than {n}/31?", Fraction(k, 7) < Fraction(n, 31)),
        ]
    )
    return Question(text, answer)


def mixtures(chance: Random) -> Question:
    a, b, c = chance.randint(2, 60), chance.randint(2, 60), chance.randint(2, 12)
    text, value = decimal(chance, 1, 300)
    phrase, answer = chance.choice(
        [
            (f"{a} plus {b} times {c}", Fraction(a + b * c)),
            (f"({a} + {b}) times {in_words(c)}", Fraction((a + b) * c)),
            (f"{in_words(a)} minus {in_words(b)} plus {c}", Fraction(a - b + c)),
            (f"{text} times {c}", value * c),
            (f"{text} divided by {in_words(c)}", value / c),
            (f"the square root of {c * c} plus {in_words(a)}", Fraction(c + a)),
            (f"{a}% of {b} plus {c}", Fraction(a * b, 100) + c),
            (f"{in_words(a)} squared minus {b}", Fraction(a * a - b)),
            (f"negative {in_words(a)} times {in_words(c)}", Fraction(-a * c)),
            (f"the absolute value of {a} minus {b * 3}", None),
            (f"the sum of {a}, {b} and {in_words(c)}", Fraction(a + b + c)),
            (f"the quotient of {a} and {c}", Fraction(a, c)),
            (f"{a} × {b} ÷ {c}", Fraction(a * b, c)),
            (f"{a} to the nearest {c}", None),
        ]
    )
    if answer is None:
        phrase, answer = f"the product of {a}, {b} and {c}", Fraction(a * b * c)
    return Question(opening(chance, phrase), answer)


KINDS: dict[str, Callable[[Random], Question]] = {
    function.__name__: function
    for function in (
        percentages,
        shares,
        changes,
        four_operations,
        orders,
        comparisons,
        powers_and_roots,
        parts,
        large,
        averages,
        number_theory,
        counting,
        precision,
        trigonometry,
        equations,
        calculus,
        truths,
        mixtures,
    )
}


def questions(kind: str, seed: int, number: int) -> list[Question]:
    """Different questions of one kind."""
    chance = Random(f"{kind} {seed}")
    found: dict[str, Question] = {}
    while len(found) < number:
        question = KINDS[kind](chance)
        found.setdefault(question.text, question)
    return list(found.values())


def primes(below: int) -> list[int]:
    """By trial division, which is slow and cannot be wrong."""
    return [n for n in range(2, below) if all(n % d for d in range(2, math.isqrt(n) + 1))]


def fibonacci(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def ending(n: int) -> str:
    return "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")


def to_mpf(value: Fraction) -> Any:
    return mpf(value.numerator) / value.denominator


def digits_of(value: Any, digits: int) -> str:
    """To so many significant digits, halves away from zero, without an exponent."""
    magnitude = int(mp.floor(mp.log10(value)))
    scaled = int(mp.floor(value * mpf(10) ** (digits - 1 - magnitude) + mpf("0.5")))
    places = digits - 1 - magnitude
    if places <= 0:
        return str(scaled * 10**-places)
    return f"{scaled // 10**places}.{scaled % 10**places:0{places}}"
