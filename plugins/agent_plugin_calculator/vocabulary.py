"""The words of the expression language: functions with their arity, constants, and phrases that stand for symbols.

Plain data without sympy, so that text can be read (and refused) before anything is computed.
"""

from __future__ import annotations

from difflib import get_close_matches

MANY = 1000

FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("sqrt", "cbrt", "exp", "ln", "log10", "log2", "abs", "sign", "floor", "ceiling", "trunc"), (1, 1)),
    **dict.fromkeys(("sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "coth", "sech", "csch"), (1, 1)),
    **dict.fromkeys(("asin", "acos", "atan", "asec", "acsc", "acot", "asinh", "acosh", "atanh", "acoth"), (1, 1)),
    **dict.fromkeys(("percent", "degrees", "radians", "factorial", "fibonacci", "prime", "totient"), (1, 1)),
    **dict.fromkeys(("is_prime", "factorize", "divisors", "next_prime", "re", "im", "conjugate", "arg"), (1, 1)),
    **dict.fromkeys(("gamma", "loggamma", "erf", "erfc", "erfi", "Si", "Ci", "Ei", "li", "zeta"), (1, 1)),
    **dict.fromkeys(("Heaviside", "DiracDelta", "fresnels", "fresnelc", "Shi", "Chi"), (1, 1)),
    **dict.fromkeys(("log", "round", "LambertW"), (1, 2)),
    **dict.fromkeys(("root", "power", "mod", "atan2", "binomial", "permutations", "polylog"), (2, 2)),
    **dict.fromkeys(("uppergamma", "lowergamma", "expint", "besselj", "bessely", "quotient"), (2, 2)),
    **dict.fromkeys(("square", "cube", "reciprocal", "negative"), (1, 1)),
    **dict.fromkeys(("difference", "ratio"), (2, 2)),
    **dict.fromkeys(("prime_count", "previous_prime", "divisor_count", "digit_count", "digit_sum"), (1, 1)),
    **dict.fromkeys(("sum_squares", "sum_cubes", "sum_primes", "triangular"), (1, 1)),
    **dict.fromkeys(("sum_range", "sum_even", "sum_odd"), (2, 2)),
    **dict.fromkeys(("gcd", "lcm", "min", "max", "sum", "product", "mean", "median"), (1, MANY)),
    **dict.fromkeys(("stdev", "variance"), (2, MANY)),
}
"""Every function that may be called, with the least and the greatest number of arguments."""

ALIASES: dict[str, str] = {
    "Abs": "abs",
    "Max": "max",
    "Min": "min",
    "Mod": "mod",
    "arccos": "acos",
    "arccot": "acot",
    "arcsin": "asin",
    "arctan": "atan",
    "average": "mean",
    "avg": "mean",
    "ceil": "ceiling",
    "cosine": "cos",
    "sine": "sin",
    "tangent": "tan",
    "cosecant": "csc",
    "cotangent": "cot",
    "secant": "sec",
    "arcsine": "asin",
    "arccosine": "acos",
    "arctangent": "atan",
    "comb": "binomial",
    "factorint": "factorize",
    "factors": "factorize",
    "hcf": "gcd",
    "isprime": "is_prime",
    "lg": "log10",
    "modulo": "mod",
    "ncr": "binomial",
    "npr": "permutations",
    "nthroot": "root",
    "prod": "product",
    "sgn": "sign",
    "std": "stdev",
    "total": "sum",
    "var": "variance",
}

CONSTANTS: dict[str, str] = {
    "Catalan": "Catalan",
    "E": "E",
    "EulerGamma": "EulerGamma",
    "GoldenRatio": "GoldenRatio",
    "I": "I",
    "e": "E",
    "i": "I",
    "inf": "oo",
    "infinity": "oo",
    "oo": "oo",
    "pi": "pi",
    "tau": "tau",
    "π": "pi",
}

PHRASES: dict[tuple[str, ...], str] = {
    ("as", "a", "percent", "of"): "as % of",
    ("as", "a", "percentage", "of"): "as % of",
    ("as", "percentage", "of"): "as % of",
    ("is", "what", "%", "of"): "as % of",
    ("is", "what", "percent", "of"): "as % of",
    ("is", "what", "percentage", "of"): "as % of",
    ("what", "%", "of"): "what % of",
    ("what", "percent", "of"): "what % of",
    ("what", "percentage", "of"): "what % of",
    ("percent", "change", "from"): "change from",
    ("percent", "increase", "from"): "change from",
    ("percent", "decrease", "from"): "change from",
    ("percentage", "change", "from"): "change from",
    ("percentage", "increase", "from"): "change from",
    ("percentage", "decrease", "from"): "change from",
    ("percent",): "%",
    ("per", "cent"): "%",
    ("increased", "by"): "increased by",
    ("decreased", "by"): "decreased by",
    ("reduced", "by"): "decreased by",
    ("discounted", "by"): "decreased by",
    ("increase",): "increase",
    ("raise",): "increase",
    ("decrease",): "decrease",
    ("reduce",): "decrease",
    ("by",): "by",
    ("more", "than"): "more than",
    ("less", "than"): "less than",
    ("off", "of"): "off",
    ("off",): "off",
    ("of",): "of",
    ("negative",): "-",
    ("plus",): "+",
    ("minus",): "-",
    ("less",): "-",
    ("times",): "*",
    ("multiplied", "by"): "*",
    ("divided", "by"): "/",
    ("times", "as", "much", "as"): "*",
    ("times", "as", "many", "as"): "*",
    ("times", "as", "large", "as"): "*",
    ("times", "as", "big", "as"): "*",
    ("to", "base"): "base",
    ("in", "base"): "base",
    ("with", "base"): "base",
    ("over",): "/",
    ("raised", "to", "power", "of"): "^",
    ("raised", "to", "power"): "^",
    ("to", "power", "of"): "^",
    ("to", "power"): "^",
    ("raised", "to"): "^",
    ("squared",): "^2",
    ("cubed",): "^3",
    ("equals",): "=",
    ("is", "equal", "to"): "=",
    ("equal", "to"): "=",
    ("is",): "is",
    ("to",): "to",
    ("and",): "and",
    ("for",): "for",
    ("base",): "base",
    ("choose",): "choose",
    ("degrees",): "°",
    ("degree",): "°",
    ("deg",): "°",
}
"""Words, without fillers, to the operator that they stand for."""

NAMES: dict[tuple[str, ...], str] = {
    ("additive", "inverse"): "negative",
    ("multiplicative", "inverse"): "reciprocal",
    ("square", "root"): "sqrt",
    ("cube", "root"): "cbrt",
    ("natural", "log"): "ln",
    ("common", "log"): "log10",
    ("common", "logarithm"): "log10",
    ("binary", "log"): "log2",
    ("binary", "logarithm"): "log2",
    ("natural", "logarithm"): "ln",
    ("absolute", "value"): "abs",
    ("greatest", "common", "divisor"): "gcd",
    ("greatest", "common", "factor"): "gcd",
    ("highest", "common", "factor"): "gcd",
    ("least", "common", "multiple"): "lcm",
    ("lowest", "common", "multiple"): "lcm",
    ("smallest", "common", "multiple"): "lcm",
    ("prime", "factors"): "factorize",
    ("prime", "factorization"): "factorize",
    ("prime", "factorisation"): "factorize",
    ("standard", "deviation"): "stdev",
    ("logarithm",): "log",
    ("biggest",): "max",
    ("greatest",): "max",
    ("largest",): "max",
    ("maximum",): "max",
    ("least",): "min",
    ("minimum",): "min",
    ("smallest",): "min",
}
"""Words to the function that they name."""

JOINED_BY_OF: dict[tuple[str, ...], str] = {
    ("absolute", "difference", "between"): "difference",
    ("positive", "difference", "between"): "difference",
    ("difference", "between"): "difference",
    ("difference", "of"): "difference",
    ("quotient", "of"): "ratio",
}
"""Words to the function that they name, with the word that leads to its arguments."""

COUNTED: dict[tuple[str, ...], str] = {
    ("prime", "number"): "prime",
    ("prime",): "prime",
    ("fibonacci", "number"): "fibonacci",
    ("fibonacci",): "fibonacci",
    ("triangular", "number"): "triangular",
    ("root",): "root",
    ("power", "of"): "power",
}
"""What an ordinal before it counts, to the function of that number."""

CURRENCIES = frozenset(("dollars", "dollar", "euros", "euro", "pounds", "bucks", "usd", "eur", "gbp", "yen", "francs"))

MULTIPLES = {"thrice": 3, "twice": 2, "double": 2, "triple": 3}

LEADING = (
    ("what", "is"),
    ("how", "much", "is"),
    ("work", "out"),
    ("calculate",),
    ("compute",),
    ("evaluate",),
    ("solve",),
    ("find",),
    ("value", "of"),
    ("result", "of"),
)
"""Openings of a request that a planner may leave on the expression."""

FILLERS = frozenset({"the"})
_NOT_PRODUCTS = frozenset(
    ("an", "as", "at", "by", "do", "if", "in", "is", "it", "me", "my", "no", "of", "on", "or", "so", "to", "up", "we")
)
_VARIABLES = frozenset("abcuvwxyz")


def function_name(word: str) -> str | None:
    """The canonical name of a function, however it is spelled; None for a word that is none."""
    for spelling in (word, word.lower()):
        name = ALIASES.get(spelling, spelling)
        if name in FUNCTIONS:
            return name
    return None


def constant_name(word: str) -> str | None:
    """The canonical name of a constant."""
    return CONSTANTS.get(word) or (CONSTANTS.get(word.lower()) if len(word) > 1 else None)


def symbols_in(word: str) -> list[str]:
    """The unknowns that a word stands for: `xy` is x times y, `rate` is one unknown, and `at` none at all."""
    if word.lower() in _NOT_PRODUCTS:
        return []
    run_together = word.isalpha() and (len(word) == 2 or (len(word) == 3 and set(word) <= _VARIABLES))
    return list(word) if run_together else [word]


def closest_function(word: str) -> str | None:
    """A function that `word` may be a misspelling of."""
    return next(iter(get_close_matches(word.lower(), [*FUNCTIONS, *ALIASES], 1, 0.7)), None)
