"""Formulas in words or signs: what can be computed, and arithmetic that is asked for as an order ("add 3 to it")."""

from __future__ import annotations

import re

from agent_plugin_offline.text import words

_NUMBER_WORDS = words(
    "one two three four five six seven eight nine ten eleven twelve twenty thirty fifty hundred thousand half quarter"
)
_OPERATIONS = words(
    "plus minus times multiply multiplied divide divided add added subtract subtracted sum total product "
    "quotient difference square squared cube cubed root power percent percentage factorial mod modulo "
    "double triple twice halve half log ln sin cos tan sec csc cot asin acos atan sinh cosh tanh arcsin "
    "arccos arctan exp sqrt gcd lcm prime increased decreased increase decrease "
    "reduced off less more than over raised raise abs binomial choose floor ceiling round logarithm max "
    "min maximum minimum greatest least lowest highest common divisor factor factors multiple"
)
_GLUE = words("the of and by to from a an is what with at for as it number natural pi e i infinity or in respect")
_POINTING = words("it me my we us this that them")
"""They stand for something that is said elsewhere, and cannot be computed with."""
_SIGNS = re.compile(r"[-+*/^=<>%!√²³()]")
_WORD = re.compile(r"[A-Za-z]+")
_REFERENCE = "zqresult"

_DIGITS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
_A, _B = r"(?P<a>.+?)", r"(?P<b>.+)"
_ORDERS = tuple(
    (re.compile(rf"(?:please\s+)?{pattern}[\s.?]*$", re.IGNORECASE), written)
    for pattern, written in (
        (rf"subtract\s+{_A}\s+from\s+{_B}", "{b} - {a}"),
        (rf"(?:add|sum)\s+{_A}\s+to\s+{_B}", "{b} + {a}"),
        (rf"(?:add|sum)(?:\s+up)?\s+{_A},?\s+(?:and|with)\s+{_B}", "{a} + {b}"),
        (rf"multiply\s+{_A}\s+(?:by|with|times|and)\s+{_B}", "{a} * {b}"),
        (rf"divide\s+{_A}\s+by\s+{_B}", "{a} / {b}"),
        (rf"(?:raise)\s+{_A}\s+to\s+(?:the\s+(?:power\s+(?:of\s+)?)?)?{_B}", "{a}^{b}"),
        (r"is\s+(?P<a>\d+)\s+an?\s+prime", "is {a} prime"),
        (rf"{_A}\s+to\s+the\s+(?P<b>\d+)(?:st|nd|rd|th)(?:\s+power)?", "{a}^{b}"),
        (rf"increase\s+{_A}\s+by\s+{_B}", "{a} increased by {b}"),
        (rf"(?:decrease|reduce|lower)\s+{_A}\s+by\s+{_B}", "{a} decreased by {b}"),
        (r"square\s+(?!root)(?P<a>.+)", "{a}^2"),
        (r"cube\s+(?!root)(?P<a>.+)", "{a}^3"),
        (r"double\s+(?P<a>.+)", "2 * {a}"),
        (r"triple\s+(?P<a>.+)", "3 * {a}"),
        (r"halve\s+(?P<a>.+)", "{a} / 2"),
        (
            rf"convert\s+{_A}\s+(?:in)?to\s+(?:an?\s+)?(?:decimals?|percent(?:age)?|fraction)(?:\s+(?:number|form))?",
            "{a}",
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
            r"round\s+(?P<a>-?[\d.]+)\s+to\s+(?P<b>\d+|one|two|three|four|five|six)\s+(?:decimal\s+places?|decimals?|places?|digits?)",
            "round({a}, {b})",
        ),
        (r"(?:the\s+)?difference\s+between\s+(?P<a>.+?)\s+and\s+(?P<b>.+)", "{a} - {b}"),
    )
)


def is_formula(text: str) -> bool:
    """Whether `text` has something to compute with, says what to compute and holds no other words.

    "17% of 2340", "the sum of 4 and 9" and "3x + 7 = 22" are; "better, tea or coffee" is not.
    """
    words = [word.lower() for word in _WORD.findall(text)]
    operands = re.search(r"\d", text) or any(
        len(word) == 1 or word in _NUMBER_WORDS | {_REFERENCE, "pi"} for word in words
    )
    if not operands or not _POINTING.isdisjoint(words) or any(not _belongs(word) for word in words):
        return False
    if re.fullmatch(r"\s*\d+(?:\.\d+)?[a-z]\s*", text):
        return True  # a coefficient and an unknown
    return bool(_SIGNS.search(text)) or any(word in _OPERATIONS for word in words)


def has_unknowns(text: str) -> bool:
    """Whether a formula holds unknowns such as x; it can then be solved or differentiated, but has no value."""
    return any(len(word) == 1 and word.lower() not in "ae" for word in _WORD.findall(text))


def _belongs(word: str) -> bool:
    return (
        len(word) <= 2
        or word in _OPERATIONS
        or word in _NUMBER_WORDS
        or word in _GLUE
        or word == _REFERENCE
        or _is_product(word)
    )


def _is_product(word: str) -> bool:
    """Functions and unknowns written together, as in "xsin"."""
    return re.fullmatch(r"[a-z]?(?:sin|cos|tan|exp|log|ln|sqrt)", word) is not None


def as_formula(text: str) -> str:
    """An order in words as the expression it asks for: "multiply 7 by 3" is "7 * 3"; anything else as it is."""
    for pattern, written in _ORDERS:
        match = pattern.fullmatch(text.strip())
        if match and written == "{a}":
            return match["a"].strip()
        if match:
            return written.format(
                **{name: _operand(_DIGITS.get(value, value)) for name, value in match.groupdict().items()}
            )
    return text


def _operand(text: str) -> str:
    """One side of an order; a list of numbers is summed, and what is not a single value is put in brackets."""
    items = re.split(r",\s*(?:and\s+)?|\s+and\s+", text.strip())
    if len(items) > 1 and all(re.fullmatch(r"-?[\d.]+", item) for item in items):
        return " + ".join(items)
    plain = re.fullmatch(r"[\w.%]+", text.strip()) or not _SIGNS.search(text)
    return text.strip() if plain else f"({text.strip()})"
