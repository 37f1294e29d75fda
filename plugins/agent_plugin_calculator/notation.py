"""From what people write to tokens: `2x²`, `1,234.50`, `17 percent of`, `√2`, `3 × 4`, `|x|`, `5!`.

Only numbers, names and a fixed set of symbols come out; anything else is refused here, by name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.number_words import with_numbers
from agent_plugin_calculator.tokens import Kind, Token
from agent_plugin_calculator.vocabulary import (
    COUNTED,
    CURRENCIES,
    FILLERS,
    JOINED_BY_OF,
    LEADING,
    MULTIPLES,
    NAMES,
    PHRASES,
    constant_name,
    function_name,
)

MAX_CHARACTERS = 10_000
MAX_TOKENS = 2_000
MAX_DIGITS = 1_000
MAX_EXPONENT = 4_000

_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("×·⋅∙∗", "*"),
        **dict.fromkeys("÷∕⁄", "/"),
        **dict.fromkeys("−–—‒﹣", "-"),
        **dict.fromkeys("\u00a0\u2009\u202f\u2007", " "),
        "＋": "+",
        "≤": "<=",
        "≥": ">=",
        "≠": "!=",
        "∞": " oo ",
        "½": "(1/2)",
        "⅓": "(1/3)",
        "⅔": "(2/3)",
        "¼": "(1/4)",
        "¾": "(3/4)",
        "{": "(",
        "}": ")",
    }
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SUPERSCRIPT_RUN = re.compile(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_CURRENCY = re.compile(r"[$€£¥](?=\s*[\d.])")
_WHAT_IS = re.compile(r"^\s*what[’']s\b", re.I)
_CLOSING = re.compile(r"[\s?.;,]+$")
_DECIMALS = r"(?:\.\d+)?(?:[eE][+-]?\d+(?![\w.]))?"
_GROUPED = re.compile(rf"\d{{1,3}}(?:(?:,\d{{3}})+|(?: \d{{3}})+)(?!\d){_DECIMALS}", re.ASCII)
_OTHER_BASE = re.compile(r"0[xXbBoO][0-9a-fA-F]+\b")
_PLAIN = re.compile(rf"(?:\d+|(?=\.\d)){_DECIMALS}", re.ASCII)
_NAME = re.compile(r"[A-Za-zα-ωΑ-Ω][A-Za-zα-ωΑ-Ω0-9]*(?:_[A-Za-z0-9]+)*")
_SYMBOL = re.compile(r"\*\*|<=|>=|==|!=|[-+*/^%!()\[\]|,;=<>√°\n]")
_SPACE = re.compile(r"[ \t\r\f\v]+")


def normalised(text: str) -> str:
    """The text in the plain characters that tokens are read from.

    Raises:
        ToolArgumentError: it is empty or too long.
    """
    if len(text) > MAX_CHARACTERS:
        raise ToolArgumentError(
            f"The expression has {len(text)} characters; at most {MAX_CHARACTERS} are read. Split it into parts."
        )
    text = _SUPERSCRIPT_RUN.sub(lambda run: f"^({run[0].translate(_SUPERSCRIPTS)})", text)
    text = _WHAT_IS.sub("what is", text)
    text = _CLOSING.sub("", _CURRENCY.sub("", text.translate(_CHARACTERS))).strip()
    if not text:
        raise ToolArgumentError("The expression is empty; write one such as 3*x + 7 or 17% of 2340.")
    return text


def tokens(text: str) -> list[Token]:
    """Read normalised `text`.

    Raises:
        ToolArgumentError: naming the first character or number that cannot be read.
    """
    found: list[Token] = []
    in_list: list[bool] = []
    position, spaced = 0, False
    while position < len(text):
        if space := _SPACE.match(text, position):
            position, spaced = space.end(), True
            continue
        token = _token(text, position, bool(in_list and in_list[-1]), spaced)
        if token.text in ("(", "["):
            in_list.append(token.text == "[" or bool(found and function_name(found[-1].text)))
        elif token.text in (")", "]") and in_list:
            in_list.pop()
        found.append(token)
        if len(found) > MAX_TOKENS:
            raise ToolArgumentError(f"The expression has more than {MAX_TOKENS} terms; split it into parts.")
        position, spaced = token.end, False
    return _with_phrases(with_numbers(found))


def _token(text: str, position: int, in_list: bool, spaced: bool) -> Token:
    grouped = None if in_list else _GROUPED.match(text, position)
    if other := _OTHER_BASE.match(text, position):
        raise ToolArgumentError(f"{other[0]!r} is not a decimal number; write it in decimal notation.")
    if number := grouped or _PLAIN.match(text, position):
        return Token("number", number[0], position, number.end(), _number(number[0]), spaced)
    if name := _NAME.match(text, position):
        return Token("name", name[0], position, name.end(), spaced=spaced)
    if symbol := _SYMBOL.match(text, position):
        return Token("symbol", {"**": "^", "==": "="}.get(symbol[0], symbol[0]), position, symbol.end(), spaced=spaced)
    around = text[max(0, position - 12) : position + 12]
    raise ToolArgumentError(
        f"{text[position]!r} in {around!r} is not part of an expression; "
        "use numbers, names, + - * / ^ % ! ( ) and functions such as sqrt(x)."
    )


def _number(text: str) -> Fraction:
    mantissa, _, exponent = text.replace(",", "").replace(" ", "").lower().partition("e")
    if len(mantissa) > MAX_DIGITS or len(exponent) > 6 or abs(int(exponent or 0)) > MAX_EXPONENT:
        shown = text if len(text) < 30 else f"{text[:30]}..."
        raise ToolArgumentError(f"The number {shown!r} is too long: at most {MAX_DIGITS} digits, e{MAX_EXPONENT}.")
    return Fraction(f"{mantissa}e{exponent or 0}")


def _with_phrases(words: list[Token]) -> list[Token]:
    """The same with words that stand for symbols replaced, and openings such as `what is` dropped."""
    words = [word for word in words if word.text.lower() not in FILLERS]
    words = [word for word, before in zip(words, [None, *words], strict=False) if not _is_money(word, before)]
    while opening := next((phrase for phrase in LEADING if _stands_at(words, 0, phrase)), None):
        words = words[len(opening) :]
    result: list[Token] = []
    position = 0
    while position < len(words):
        length, replacement = _phrase_at(words, position)
        result.extend(replacement)
        position += length
    return result


def _is_money(word: Token, before: Token | None) -> bool:
    """The "dollars" of "80 dollars": one currency counts as any number."""
    return before is not None and before.kind == "number" and word.text.lower() in CURRENCIES


def _stands_at(words: list[Token], position: int, phrase: tuple[str, ...]) -> bool:
    there = words[position : position + len(phrase)]
    return len(there) == len(phrase) and all(
        word.text.lower() == part for word, part in zip(there, phrase, strict=True)
    )


def _phrase_at(words: list[Token], position: int) -> tuple[int, list[Token]]:
    """How many tokens the phrase here takes, and the tokens that replace it."""
    first = words[position]
    if first.kind == "ordinal":
        return _counted(words, position)
    if power := _ordinal_power(words, position):
        return power
    if first.kind != "name" or constant_name(first.text):
        return 1, [first]
    for length in range(5, 0, -1):
        phrase = tuple(word.text.lower() for word in words[position : position + length])
        if len(phrase) == length and (replacement := _replacement(phrase, first, words[position + length - 1].end)):
            return length, replacement
    return 1, [first]


def _ordinal_power(words: list[Token], position: int) -> tuple[int, list[Token]] | None:
    """A power that is counted: "to the fifth", "raised to the 5th power"."""
    raised = words[position].text.lower() == "raised"
    there = words[position + raised : position + raised + 3]
    if len(there) < 2 or there[0].text.lower() != "to" or there[1].kind != "ordinal":
        return None
    length = raised + 2 + (len(there) > 2 and there[2].text.lower() == "power")
    start, end = words[position].start, words[position + length - 1].end
    return length, [Token("symbol", "^", start, end), replace(there[1], kind="number", start=start, end=end)]


def _counted(words: list[Token], position: int) -> tuple[int, list[Token]]:
    """What an ordinal counts: "10th prime", "5th root of 32", "to the 4th power"."""
    ordinal = words[position]
    phrase = next((phrase for phrase in COUNTED if _stands_at(words, position + 1, phrase)), ())
    if not phrase:
        return 1, [ordinal]
    name, end = COUNTED[phrase], words[position + len(phrase)].end

    def token(kind: Kind, text: str) -> Token:
        return Token(kind, text, ordinal.start, end, ordinal.value, ordinal.spaced)

    number = token("number", ordinal.text)
    length = 1 + len(phrase)
    if name == "power":
        return length, [token("name", "power"), token("symbol", "base"), number, token("symbol", "of")]
    if name == "root":
        return length, [token("name", "root"), token("symbol", "base"), number]
    return length, [token("name", name), token("symbol", "("), number, token("symbol", ")")]


def _replacement(phrase: tuple[str, ...], first: Token, end: int) -> list[Token]:
    """The tokens that `phrase`, which begins with `first`, stands for; none if it is no phrase."""

    def symbol(text: str) -> Token:
        return Token("symbol", text, first.start, end, spaced=first.spaced)

    def number(value: Fraction) -> Token:
        return Token("number", " ".join(phrase), first.start, end, value, first.spaced)

    if PHRASES.get(phrase) in ("^2", "^3"):
        return [symbol("^"), number(Fraction(PHRASES[phrase][1]))]
    if phrase in PHRASES:
        return [symbol(PHRASES[phrase])]
    if phrase in JOINED_BY_OF:
        return [Token("name", JOINED_BY_OF[phrase], first.start, end, spaced=first.spaced), symbol("of")]
    if phrase in NAMES:
        return [Token("name", NAMES[phrase], first.start, end, spaced=first.spaced)]
    if len(phrase) == 1 and phrase[0] in MULTIPLES:
        return [number(Fraction(MULTIPLES[phrase[0]])), symbol("*")]
    return []
