"""Questions and orders in words, rewritten as the expression that they ask for.

"how many primes are there below 100" is `prime_count(99)`. What comes out is text of the same language again and is
parsed as any other: a rewriting can be wrong, and cannot do harm.
"""

from __future__ import annotations

import re

MAX_CHARACTERS = 300
"""Longer texts are not sentences; patterns with several gaps take too long on them."""

_A, _B = r"(?P<a>.+?)", r"(?P<b>.+)"
_PERCENT = r"(?P<a>[^ ]+?) ?(?:%|percent|per cent)"
_N = r"(?P<n>.+)"
_COUNT = r"(?:how many|(?:the )?number of|(?:the )?count of|count(?: all)?(?: the)?|the amount of)"
_ARE = r"(?: are| is)?(?: there)?"
_BELOW = r"(?:below|under|less than|smaller than|before)"
_UP_TO = r"(?:up to(?: and including)?|not (?:greater|larger|more) than|at most|no (?:greater|larger|more) than)"
_INTEGERS = (
    r"(?:all )?(?:of )?(?:the )?(?:integers|whole numbers|natural numbers|positive integers|numbers|counting numbers)"
)
_POSITIVE = r"(?:positive )?(?:integers|whole numbers|natural numbers|numbers|counting numbers)"
_RANGE = "<range>"
_RANGES = (rf"from {_A} (?:to|through) {_B}", rf"between {_A} and {_B}")
_PICK = r"(?:choose|pick|select|draw|form|make|take)"
_THINGS = r"(?: [a-z]+){0,3}?"
_OUT_OF = r"(?:from(?: among)?|out of)(?: a (?:set|group|pool|class|total|list|deck) of)?"

_PATTERNS: tuple[tuple[str, str], ...] = (
    # orders
    (rf"add {_PERCENT} (?:on)?to {_B}", "({b}) increased by ({a})%"),
    (rf"(?:subtract|deduct|take) {_PERCENT} (?:off|from) {_B}", "({b}) decreased by ({a})%"),
    (rf"(?:subtract|deduct) {_A} from {_B}", "({b}) - ({a})"),
    (rf"take (?:away )?{_A} (?:away )?from {_B}", "({b}) - ({a})"),
    (rf"add {_A} (?:on)?to {_B}", "({b}) + ({a})"),
    (r"(?:add(?: up)?|sum(?: up)?|total) (?!of )(?P<a>.+,.+|.+ and .+)", "sum of {a}"),
    (rf"multiply {_A} (?:by|with|times) {_B}", "({a}) * ({b})"),
    (rf"multiply (?P<a>[^,]+?),? and {_B}", "({a}) * ({b})"),
    (rf"divide {_A} (?:by|with) {_B}", "({a}) / ({b})"),
    (rf"raise {_A} to(?: the)? power(?: of)? {_B}", "({a})^({b})"),
    (r"square (?!root)(?P<a>[^ ]+|the .+)", "({a})^2"),
    (r"cube (?!root)(?P<a>[^ ]+|the .+)", "({a})^3"),
    (r"halve (?P<a>[^ ]+|the .+)", "({a}) / 2"),
    # between two
    (rf"(?:the )?ratio (?:of|between) {_A} (?:to|and) {_B}", "({a}) / ({b})"),
    (
        rf"(?:the )?remainder (?:when|if|after|of|on|from) (?:you divide |dividing |division of )?{_A}"
        rf" (?:is divided by|divided by|by|is split by) {_B}",
        "mod(({a}), ({b}))",
    ),
    (rf"how many times does {_A} (?:go into|fit into|fit in|divide into|divide) {_B}", "quotient(({b}), ({a}))"),
    (rf"how many times (?:bigger|larger|greater) is {_A} than {_B}", "({a}) / ({b})"),
    (rf"{_A} (?:is )?what (?:fraction|part) of {_B}", "({a}) / ({b})"),
    (rf"what (?:fraction|part) of {_A} is {_B}", "({b}) / ({a})"),
    (rf"{_A} out of {_B} (?:as|in) (?:a )?(?:percent|percentage|%)", "({a}) as percentage of ({b})"),
    (rf"{_A} (?:expressed |written )?as (?:a )?(?:percent|percentage|%) of {_B}", "({a}) as percentage of ({b})"),
    (rf"what (?:percent|percentage|%) is {_A} of {_B}", "({a}) as percentage of ({b})"),
    (rf"how many (?:percent|%) of {_A} is {_B}", "({b}) as percentage of ({a})"),
    (rf"how many (?:percent|%) is {_A} of {_B}", "({a}) as percentage of ({b})"),
    (
        rf"(?:the )?percent(?:age)? (?:change|increase|decrease|difference) {_RANGE}",
        "percentage change from ({a}) to ({b})",
    ),
    (
        rf"(?:an? |the )?{_PERCENT} (?:tip|tax|discount|commission|interest) (?:on|for|of)(?: a)?(?: bill of)? {_B}",
        "({a})% of ({b})",
    ),
    (rf"(?:the )?(?:sales )?tax (?:of|at) {_PERCENT} on {_B}", "({a})% of ({b})"),
    (
        rf"{_B} (?:with|after|less|minus) (?:an? )?{_PERCENT} (?:off|discount|reduction|decrease|cut|drop)",
        "({b}) decreased by ({a})%",
    ),
    (
        rf"{_B} (?:with|after|plus) (?:an? )?{_PERCENT} (?:increase|rise|raise|markup|mark-up|tax|vat|tip|interest)",
        "({b}) increased by ({a})%",
    ),
    # counting
    (rf"{_COUNT} prime(?: number)?s?{_ARE} {_BELOW} {_N}", "prime_count(ceiling(({n})) - 1)"),
    (rf"{_COUNT} prime(?: number)?s?{_ARE} {_UP_TO} {_N}", "prime_count(({n}))"),
    (rf"{_COUNT} prime(?: number)?s?{_ARE} {_RANGE}", "prime_count(({b})) - prime_count(ceiling(({a})) - 1)"),
    (
        rf"{_COUNT} (?:positive )?(?:divisors|factors)(?: of {_N}| does (?P<m>.+) have| has (?P<k>.+))",
        "divisor_count(({n}{m}{k}))",
    ),
    (rf"(?:the )?(?:list of )?(?:all )?(?:the )?(?:positive )?(?:divisors|factors) of {_N}", "divisors(({n}))"),
    (rf"{_COUNT} digits(?: (?:are )?(?:there )?in {_N}| does (?P<m>.+) have)", "digit_count(({n}{m}))"),
    (rf"(?:the )?(?:sum of (?:the )?digits|digit sum) (?:of|in) {_N}", "digit_sum(({n}))"),
    (
        rf"{_COUNT} (?:different )?(?:ways|combinations)?{_ARE}(?: there)?(?: to| can (?:i|you|we|one))? ?{_PICK} "
        rf"(?:a \w+ of )?(?P<a>\S+){_THINGS} {_OUT_OF} (?P<b>\S+){_THINGS}",
        "binomial(({b}), ({a}))",
    ),
    (
        rf"in how many ways can (?:i|you|we|one) {_PICK} (?:a \w+ of )?(?P<a>\S+){_THINGS} {_OUT_OF} "
        rf"(?P<b>\S+){_THINGS}",
        "binomial(({b}), ({a}))",
    ),
    (rf"{_COUNT} combinations of (?P<a>\S+){_THINGS} {_OUT_OF} (?P<b>\S+){_THINGS}", "binomial(({b}), ({a}))"),
    (rf"{_COUNT} permutations of (?P<a>\S+){_THINGS} {_OUT_OF} (?P<b>\S+){_THINGS}", "permutations(({b}), ({a}))"),
    (
        rf"(?:{_COUNT}|in how many)(?: different)? (?:ways|orders|permutations){_ARE}"
        rf"(?: to| can (?:i|you|we|one)| of)? ?(?:arrange|order|line up|arranging|ordering)? ?(?P<n>\S+)"
        r"(?: (?:different |distinct )?(?:books|people|objects|items|things|letters|cards|students|elements))"
        r"(?: be (?:arranged|ordered|lined up))?",
        "factorial(({n}))",
    ),
    # runs of numbers
    (rf"(?:the )?sum of {_INTEGERS} {_RANGE}", "sum_range(({a}), ({b}))"),
    (rf"(?:the )?sum of (?:all )?(?:the )?even (?:numbers|integers) {_RANGE}", "sum_even(({a}), ({b}))"),
    (rf"(?:the )?sum of (?:all )?(?:the )?odd (?:numbers|integers) {_RANGE}", "sum_odd(({a}), ({b}))"),
    (r"(?:the )?sum of (?:the )?first (?P<n>.+?) (?:positive )?odd (?:numbers|integers)", "sum_odd(1, 2*({n}))"),
    (r"(?:the )?sum of (?:the )?first (?P<n>.+?) (?:positive )?even (?:numbers|integers)", "sum_even(1, 2*({n}))"),
    (r"(?:the )?sum of (?:the )?first (?P<n>.+?) (?:perfect )?(?:squares|square numbers)", "sum_squares(({n}))"),
    (r"(?:the )?sum of (?:the )?first (?P<n>.+?) (?:perfect )?(?:cubes|cube numbers)", "sum_cubes(({n}))"),
    (r"(?:the )?sum of (?:the )?first (?P<n>.+?) (?:primes|prime numbers)", "sum_primes(({n}))"),
    (rf"(?:the )?sum of (?:the )?first (?P<n>.+?) {_POSITIVE}", "sum_range(1, ({n}))"),
    (
        rf"(?:the )?(?:next prime|(?:next|first|smallest|least) prime(?: number)?) "
        rf"(?:after|above|greater than|larger than|bigger than|over) {_N}",
        "next_prime(({n}))",
    ),
    (rf"(?:the )?(?:largest|greatest|biggest|last|previous) prime(?: number)? {_BELOW} {_N}", "previous_prime(({n}))"),
    # yes or no
    (rf"is {_A} a prime(?: number)?", "is_prime(({a}))"),
    (rf"(?:is|does) {_A} (?:divisible by|a multiple of) {_B}", "mod(({a}), ({b})) = 0"),
    (rf"(?:is|does) {_A} (?:divide|divide evenly into|a (?:factor|divisor) of) {_B}", "mod(({b}), ({a})) = 0"),
    (rf"is {_A} (?:greater|larger|bigger|more) than {_B}", "({a}) > ({b})"),
    (rf"is {_A} (?:less|smaller|fewer) than {_B}", "({a}) < ({b})"),
    (rf"is {_A} (?:equal to|the same as) {_B}", "({a}) = ({b})"),
    (rf"which is (?:greater|larger|bigger|more)[,:]? {_A} or {_B}", "max(({a}), ({b}))"),
    (rf"which is (?:less|smaller)[,:]? {_A} or {_B}", "min(({a}), ({b}))"),
)
_RULES = tuple(
    (re.compile(pattern.replace(_RANGE, form), re.IGNORECASE), written)
    for pattern, written in _PATTERNS
    for form in (_RANGES if _RANGE in pattern else ("",))
)
_OPENING = re.compile(
    r"(?:(?:please|can you|could you|tell me|give me|show me|what(?:'s|’s| is| are| would be)|how much is|how much are|"
    r"calculate|compute|find|work out|determine|evaluate|i need|i want)\s+)+(?=\S)",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s+")


def rewritten(text: str) -> str:
    """`text`, or the expression that it asks for."""
    if len(text) > MAX_CHARACTERS:
        return text
    asked = (
        _SPACES.sub(" ", text).strip(" .?!;,") if not text.rstrip().endswith("!") else _SPACES.sub(" ", text).strip()
    )
    for candidate in (asked, _OPENING.sub("", asked, count=1)):
        for pattern, written in _RULES:
            if match := pattern.fullmatch(candidate):
                return written.format(**{name: value or "" for name, value in _groups(match).items()})
    return text


def _groups(match: re.Match[str]) -> dict[str, str]:
    """What the gaps hold; a gap is rewritten in its turn."""
    return {name: rewritten(value) if value else "" for name, value in match.groupdict().items()}
