"""Formulas in words or signs: what can be computed, and arithmetic that is asked for as an order ("add 3 to it")."""

from __future__ import annotations

import re

from agent_plugin_offline.numbers import NUMBER_WORDS, PARTS
from agent_plugin_offline.text import words

OPERATIONS = words(
    "cent ways plus minus times multiply multiplied divide divided add added subtract subtracted sum total product "
    "quotient difference square squared cube cubed root power percent percentage factorial mod modulo "
    "double triple twice thrice halve half log ln sin cos tan sec csc cot asin acos atan sinh cosh tanh arcsin "
    "arccos arctan exp sqrt gcd lcm prime primes increased decreased increase decrease "
    "reduce lower deduct reduced off less more than over raised raise abs binomial choose floor ceiling round rounded "
    "logarithm max "
    "min maximum minimum greatest common divisor divisors factor factors multiple "
    "remainder divisible reciprocal ratio sine cosine tangent degrees absolute fibonacci digits discount tip "
    "largest smallest biggest highest lowest least negative take away digits decimals places significant nearest "
    "thirds quarters fraction decimal percentage"
)
_GLUE = words(
    "the of and by to from a an what is with at for as it number natural pi e i infinity or in respect "
    "how many much are there does do when into go below under up between ways first numbers integers whole positive "
    "odd even squares cubes primes value decimal decimals place places significant figures digit nearest correct "
    "point fraction base binary common after on dollars euros pounds next following before above smaller larger "
    "greater bigger out pick select you if get percent per cent change makes equal equals have can i correct different "
    "equally together altogether"
)
_POINTING = words("it me my we us this that them")
"""They stand for something that is said elsewhere, and cannot be computed with."""
_SHARE = re.compile(rf"\b(?:{'|'.join(sorted(PARTS))})\s+of\b", re.IGNORECASE)
_SIGNS = re.compile(r"[+*/^=<>%!√²³()×÷−°]|(?<![A-Za-z]{2})-|-(?![A-Za-z]{2})|(?<=\d)\s?[xX]\s?(?=\d)")
"""A hyphen between words, as in "twenty-one", is none."""
_WORD = re.compile(r"[A-Za-z]+")
_REFERENCE = "zqresult"
_COUNTED = re.compile(
    r"\b((?:choose|pick|select)\s+[\w-]+)\s+[a-z]+\s+(from|out\s+of)\s+([\w-]+)(?:\s+[a-z]+\b)?", re.IGNORECASE
)
"""What is chosen from, as in "choose two books from ten books", does not matter to how many ways there are."""
_LISTING = re.compile(
    r"\b(?:sum|product|difference|quotient|ratio|mean|average|median|mode|range|deviation|variance|divisor|factor|multiple|"
    r"gcd|lcm|hcf|maximum|minimum|max|min|largest|smallest|primes|integers|numbers)\s+(?:of|between|from)\s+"
    r"(?P<operands>(?:(?!\band\b).)*)$",
    re.IGNORECASE,
)

_DIGITS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
_A, _B = r"(?P<a>.+?)", r"(?P<b>.+)"
_ONE = r"(?P<a>\S+|(?:the|it|this|that)\b.*|\(.+\))"
"""One value, or words for one: "double 5 plus 3" does not double the 3."""
_ORDERS = tuple(
    (re.compile(rf"(?:please\s+)?{pattern}[\s.?]*$", re.IGNORECASE), written)
    for pattern, written in (
        (rf"subtract\s+{_A}\s+from\s+{_B}", "{b} - {a}"),
        (rf"(?:add|sum)\s+{_A}\s+to\s+{_B}", "{b} + {a}"),
        (rf"(?:add|sum)(?:\s+up)?\s+{_A},?\s+(?:and|with)\s+(?P<b>.+?)(?:\s+(?:together|up))?", "{a} + {b}"),
        (rf"multiply\s+{_A}\s+(?:by|with|times)\s+{_B}", "{a} * {b}"),
        (rf"multiply\s+{_A}\s+and\s+{_B}", "{a} * {b}"),
        (rf"divide\s+{_A}\s+by\s+{_B}", "{a} / {b}"),
        (rf"(?:raise)\s+{_A}\s+to\s+(?:the\s+(?:power\s+(?:of\s+)?)?)?{_B}", "{a}^{b}"),
        (rf"(?:take\s+)?{_A}\s+away\s+from\s+{_B}", "{b} - {a}"),
        (rf"increase\s+{_A}\s+by\s+{_B}", "{a} increased by {b}"),
        (rf"(?:decrease|reduce|lower)\s+{_A}\s+by\s+{_B}", "{a} decreased by {b}"),
        (
            rf"(?:split|share)\s+{_A}\s+(?:equally\s+|evenly\s+)?(?:in(?:to)?|between|among|by)\s+(?P<b>[\w.]+)(?:\s+(?:equal\s+)?(?:parts|ways|people|persons|friends|shares|pieces|groups))?(?:\s+equally)?",
            "{a} / {b}",
        ),
        (
            rf"(?:what\s+(?:do|does)\s+)?{_A}\s+(?:add\s+up|come|sum|amount)\s+to(?:\s+(?:together|in\s+total|altogether))?",
            "+",
        ),
        (
            rf"what(?:['’]s|\s+is|\s+remains)?\s+(?:left(?:\s+over)?\s+)?(?:when|if)\s+(?:you\s+divide\s+)?{_A}\s+(?:is\s+divided\s+)?by\s+{_B}",
            "remainder of {a} divided by {b}",
        ),
        (rf"square\s+(?!root){_ONE}", "{a}^2"),
        (rf"cube\s+(?!root){_ONE}", "{a}^3"),
        (rf"double\s+{_ONE}", "2 * {a}"),
        (rf"triple\s+{_ONE}", "3 * {a}"),
        (rf"halve\s+{_ONE}", "{a} / 2"),
        (
            rf"(?:how\s+do\s+(?:i|you)\s+)?(?:(?:convert|turn|change|write|express|give|show|put)\s+)?{_A}\s+(?P<b>(?:(?:in)?to|as|in)\s+(?:an?\s+)?(?:decimal|percentage|fraction))s?(?:\s+(?:number|form))?",
            "{a} {b}",
        ),
        (rf"(?:take|knock|subtract|deduct)\s+(?P<a>[\d.]+\s?%)\s+(?:off|from)\s+{_B}", "{a} off {b}"),
        (
            r"(?P<a>[\d.]+\s?(?:%|percent))\s+(?:vat|tax|gst|tip|discount|commission|interest)\s+(?:on|of|for)\s+(?P<b>[$€£]?[\d.,]+)",
            "{a} of {b}",
        ),
        (
            r"if\s+(?P<a>[^,]*=[^,]*),\s*(?:what(?:['’]s|\s+is)|find|how\s+much\s+is)\s+(?:the\s+value\s+of\s+)?[a-z]",
            "{a}",
        ),
        (
            r"(?P<a>[^=]*=.*?),?\s+(?:what\s+(?:is|are)|find|solve\s+for|determine|work\s+out)\s+[a-z](?:\s*(?:,|and)\s*[a-z])*",
            "{a}",
        ),
        (
            r"round\s+(?P<a>-?[\d.]+)\s+to\s+(?P<b>\d+|one|two|three|four|five|six)\s+(?:decimal\s+places?|decimals?|places?|digits?)",
            "round({a}, {b})",
        ),
    )
)

_BINDING = (
    r"(?<![\w)^.])[a-z]\s*(?:=|\bis\b(?:\s+equal\s+to)?|\bequals\b|\bequal\s+to\b|\bbeing\b|\bto\s+be\b)\s*"
    r"[-−]?(?:\d+(?:\.\d+)?(?:/\d+)?|pi|e)(?![\w(^]|\.\d|\s*[-+*/^=])"
)
BINDINGS = re.compile(
    rf"\b(?:(?P<where>when|where|if|for|at|with|given(?:\s+that)?|using|by\s+setting|setting|taking)|(?P<put>put|plug|insert|substitute|let|suppose))\s+"
    rf"(?P<values>{_BINDING}(?:\s*(?:,\s*and\b|,|\band\b|&)\s*{_BINDING})*)(?(put)(?:\s+in(?:to)?\b)?)",
    re.IGNORECASE,
)
"""Values for unknowns, with the word that introduces them: "when t is 2", "for x = 3 and y = 4", "put x = 2 into"."""


def bindings(match: re.Match[str]) -> str:
    """What a match of `BINDINGS` says, as equations with commas between: "t = 2"."""
    found = re.findall(r"([a-z])\s*(?:=|[a-z ]+?)\s*([-−]?(?:\d[\d./]*|pi|e))(?!\w)", match["values"], re.IGNORECASE)
    return ", ".join(f"{name} = {value}" for name, value in found)


def is_formula(text: str) -> bool:
    """Whether `text` has something to compute with, says what to compute and holds no other words.

    "17% of 2340", "the sum of 4 and 9" and "3x + 7 = 22" are; "better, tea or coffee" is not.
    """
    if BINDINGS.search(text):
        return False  # a formula and values for it: more than one thing
    words = [word.lower() for word in _WORD.findall(_COUNTED.sub(r"\1 \2 \3", text))]
    operands = re.search(r"\d", text) or any(
        (len(word) == 1 and word != "a") or word in NUMBER_WORDS | {_REFERENCE, "pi"} for word in words
    )
    if not operands or not _POINTING.isdisjoint(words) or any(not _belongs(word) for word in words):
        return False
    if re.fullmatch(r"\s*\d+(?:\.\d+)?[a-z]\s*", text):
        return True  # a coefficient and an unknown
    return bool(_SIGNS.search(text) or _SHARE.search(text)) or any(word in OPERATIONS for word in words)


def is_begun(text: str) -> bool:
    """Whether `text` lists the first of several operands: "the sum of 4", which an "and" or a comma goes on with."""
    listing = _LISTING.search(text)
    return listing is not None and all(_belongs(word.lower()) for word in _WORD.findall(listing["operands"]))


def is_equation(text: str) -> bool:
    """Whether a formula says that two sides are equal."""
    return re.search(r"[=<>≤≥]", text) is not None or re.search(r"\bequals?\b", text, re.IGNORECASE) is not None


def has_unknowns(text: str) -> bool:
    """Whether a formula holds unknowns such as x; it can then be solved or differentiated, but has no value."""
    text = re.sub(r"(?<=\d)\s*[xX]\s*(?=\d)|\b[xX]\s+(?=\d)", " times ", text)  # 24 x 12
    letters = "" if is_equation(text) else "aei"  # "a" is an article too, "I" somebody, and e a number
    return any(len(word) == 1 and word.lower() not in letters for word in _WORD.findall(text))


_UNITS = re.compile(r"(?P<number>\d[\d,.]*)(?P<units>(?:\s+[A-Za-z]+)+)")


def without_units(text: str) -> str:
    """A calculation without what its numbers count: "2,016 packets among 63 plots" is "2,016 among 63"."""

    def bare(match: re.Match[str]) -> str:
        kept = [word for word in match["units"].split() if _belongs(word.lower())]
        return " ".join([match["number"], *kept])

    return _UNITS.sub(bare, text)


def _belongs(word: str) -> bool:
    return (
        len(word) <= 2
        or word in OPERATIONS
        or word in NUMBER_WORDS
        or word in _GLUE
        or word == _REFERENCE
        or _is_product(word)
    )


def _is_product(word: str) -> bool:
    """Functions and unknowns written together, as in "xsin"."""
    return re.fullmatch(r"[a-z]?(?:sin|cos|tan|exp|log|ln|sqrt)", word) is not None


def as_equations(text: str) -> str:
    """An equation with values for some of its unknowns as a system: "2x + y = 9 when y = 3" is "2x + y = 9, y = 3"."""
    found = BINDINGS.search(text)
    rest = f"{text[: found.start()]}{text[found.end() :]}".strip(" ,") if found else ""
    return f"{rest}, {bindings(found)}" if found and "=" in rest else text


def as_formula(text: str) -> str:
    """An order in words as the expression it asks for: "multiply 7 by 3" is "7 * 3"; anything else as it is."""
    for pattern, written in _ORDERS:
        match = pattern.fullmatch(text.strip())
        if match and written == "{a}":
            return match["a"].strip()
        if match and written == "+":
            return _operand(match["a"], written)
        if match:
            return written.format(
                **{name: _operand(_DIGITS.get(value, value), written) for name, value in match.groupdict().items()}
            )
    return text


def _operand(text: str, written: str) -> str:
    """One side of an order; a list of numbers is summed, and what is not a single value is put in brackets."""
    items = re.split(r",(?:\s+|(?!\d{3}(?!\d)))(?:and\s+)?|\s+and\s+", text.strip())  # but not "5,472"
    if "of {" in written or written == "{a} {b}":
        return text.strip()
    if len(items) > 1 and all(re.fullmatch(r"-?[\d.]+", item) for item in items):
        summed = " + ".join(items)
        return summed if written in ("+", "{a} + {b}") else f"({summed})"
    plain = re.fullmatch(r"[\w.,%$-]+", text.strip())
    return text.strip() if plain else f"({text.strip()})"
