"""What is to be done with a formula, said the way rules read best: "solve 9w + 14 = 4w + 49".

The formula stands in the request as one piece; the words around it say the rest: a limit, bounds, a place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from agent_plugin_offline.formulas import OPERATIONS
from agent_plugin_offline.numbers import NUMBER_WORDS
from agent_plugin_offline.trained.pieces import pieces_of

_VALUE = r"(?P<value>[-−]?(?:\d+(?:\.\d+)?(?:\s?\*?\s?pi)?(?:/\d+)?|pi(?:/\d+)?|e\b|inf(?:inity|ty)?\b|∞))"
_PLACE = re.compile(
    rf"\b(?:at|when|where|for|with|if|in)\s+(?:the\s+point\s+)?(?:(?P<unknown>[a-z])\s*(?:=|is|equals)\s*)?{_VALUE}(?!\w|\s*[-+*/^=])",
    re.IGNORECASE,
)
_BINDS = re.compile(r"[a-z]\s*=\s*[-−]?(?:\d+(?:\.\d+)?(?:/\d+)?|pi(?:/\d+)?|e)", re.IGNORECASE)
_NEARS = re.compile(
    rf"\b(?P<unknown>[a-z])\s*(?:->|→|approach\w*|tends?\s+to(?:wards)?|tending\s+to|goes\s+to|going\s+to|nears|to)\s*{_VALUE}"
    rf"|\b(?:near|approach(?:es)?|tends?\s+to|as\s+it\s+goes\s+to)\s+(?P<other>[-−]?\d+(?:\.\d+)?|infinity)",
    re.IGNORECASE,
)
_LOWER, _UPPER = (_VALUE.replace("value", bound) for bound in ("lower", "upper"))
_BOUNDS = re.compile(
    rf"\b(?:from|between|limits?|over|lower\s+(?:limit|bound))\s+(?:[a-z]\s*=\s*)?{_LOWER}"
    r"\s*(?:up\s+to|to|and|(?:,|and)?\s*upper\s+(?:limit|bound)|,|until)\s+"
    rf"(?:[a-z]\s*=\s*)?{_UPPER}(?!\s*[-+*/^])",
    re.IGNORECASE,
)
_DERIVES = re.compile(r"\bd[a-z]?/d[a-z]\b|derivative|differentiat", re.IGNORECASE)
_RELATES = re.compile(r"[=<>≤≥]")
_TWICE = re.compile(r"\b(?:twice|second\s+(?:derivative|time)|2nd\s+derivative|two\s+times)\b", re.IGNORECASE)
_TRANSFORMS = re.compile(r"integra|simplif|factor|expand|solve|graph|plus|minus|times|divide", re.IGNORECASE)
_IS = re.compile(r"\s+(?:equals?|is\s+equal\s+to|is\s+the\s+same\s+as|become|come\s+to|make)\s+", re.IGNORECASE)
_DEFINED = re.compile(r"^(?:[a-z]\s*(?:\(\s*[a-z]\s*\))?['’]?)\s*=\s*(?=.*[a-z(])", re.IGNORECASE)
_VERBS = {
    "solve": "solve",
    "differentiate": "differentiate",
    "integrate": "integrate",
    "limit": "limit of",
    "simplify": "simplify",
    "expand": "expand",
    "factor": "factor",
    "evaluate": "evaluate",
}


_NUMBER = r"-?\d[\d,]*(?:\.\d+)?"
_NUMBERS = rf"(?P<numbers>{_NUMBER}(?:(?:\s*,\s*|\s+and\s+|,\s+and\s+|\s+){_NUMBER})+)"
_ASKED = tuple(
    (re.compile(pattern, re.IGNORECASE), written)
    for pattern, written in (
        (
            rf"\b(?:highest|greatest|largest|biggest)\s+common\s+(?:factor|divisor|denominator)\b.*?{_NUMBERS}",
            "gcd of {numbers}",
        ),
        (rf"{_NUMBERS}.*\b(?:highest|greatest|largest|biggest)\s+common\s+(?:factor|divisor)\b", "gcd of {numbers}"),
        (rf"\b(?:goes\s+into|divides)\s+(?:both\s+|all\s+(?:of\s+)?)?{_NUMBERS}", "gcd of {numbers}"),
        (rf"\b(?:lowest|least|smallest)\s+common\s+(?:multiple|denominator)\b.*?{_NUMBERS}", "lcm of {numbers}"),
        (rf"{_NUMBERS}.*\b(?:lowest|least|smallest)\s+common\s+multiple\b", "lcm of {numbers}"),
        (
            rf"\b(?:left(?:\s+over)?|remain\w*)\b.*?\b(?P<a>{_NUMBER})\s+(?:is\s+)?divided\s+by\s+(?P<b>{_NUMBER})",
            "{a} mod {b}",
        ),
        (rf"\b(?:left(?:\s+over)?|remain\w*)\b.*?\b(?P<b>{_NUMBER})\s+goes\s+into\s+(?P<a>{_NUMBER})", "{a} mod {b}"),
        (
            rf"(?P<a>0\.\d+|{_NUMBER})\b.*\b(?:as\s+a|(?:which|what)|in\s+lowest\s+terms\s+as\s+a)\s+fraction\b",
            "{a} as a fraction",
        ),
    )
)
_WHOLE_ROOT = re.compile(r"\b(?:the\s+)?square\s+root\s+of\s*$", re.IGNORECASE)


def _figured(clause: str) -> str | None:
    """Sums in words that name what is to be found of some numbers, and formulas that the rest adds nothing to."""
    for pattern, written in _ASKED:
        if match := pattern.search(clause):
            return f"calculate {written.format(**match.groupdict())}"
    formulas = [piece for piece in pieces_of(clause) if piece.form == "formula"]
    if len(formulas) != 1:
        return None
    only = formulas[0]
    if only.text.count("(") != only.text.count(")") or not re.match(r"[\s.,;:?!=]|$", clause[only.end :]):
        return None  # a part of one: the degrees of an angle stand behind it
    rest = f"{clause[: only.start]} {clause[only.end :]}"
    if _WHOLE_ROOT.search(clause[: only.start]) and not re.search(r"\d", rest):
        return f"calculate sqrt({only.text})"
    if re.search(r"\d", rest) or any(
        word in OPERATIONS or word in NUMBER_WORDS for word in re.findall(r"[a-z]+", rest.lower())
    ):
        return None
    return f"calculate {only.text.rstrip('= ')}"


_NAMED = {
    "solve": re.compile(r"\b(?:solve[ds]?|roots?|zeros?|zeroes|solutions?)\b(?!\s+of\s+\d)", re.IGNORECASE),
    "differentiate": re.compile(r"\bderivatives?\b|\bdifferentiat|\bd[a-z]?/d[a-z]\b", re.IGNORECASE),
    "integrate": re.compile(r"\bintegra|\bantiderivative", re.IGNORECASE),
    "limit": re.compile(r"\blimit\s+(?:of|as)\b|\bapproach|\btends?\s+to", re.IGNORECASE),
    "factor": re.compile(r"\bfactori[sz]e|\bfactor(?:ed)?\b(?!\s+\d)", re.IGNORECASE),
    "expand": re.compile(r"\bexpand|\bmultiply\s+out", re.IGNORECASE),
    "simplify": re.compile(r"\bsimplif", re.IGNORECASE),
}
"""Words by which a clause says itself what is to be done with its formula."""


def canonical(clause: str, tool: str) -> str | None:
    """A clause about a formula in the words of its tool; None where nothing says it surely."""
    named = [one for one, word in _NAMED.items() if word.search(clause)]
    tool = named[0] if len(named) == 1 else tool
    return _algebra(clause, tool) or _figured(clause)


def _algebra(clause: str, tool: str) -> str | None:
    formulas = list(_formulas(clause))
    bound = [one for one in formulas if _BINDS.fullmatch(one)]
    equations = [one for one in formulas if _RELATES.search(one) and one not in bound and not _DEFINED.match(one)]
    plain = [_DEFINED.sub("", one) for one in formulas if one not in bound]
    if equations and tool not in ("differentiate", "integrate", "limit"):
        tool = "solve"
    if tool not in _VERBS or not plain or any(one.count("(") != one.count(")") for one in plain):
        return None
    if tool == "solve" and not equations and _DERIVES.search(clause):
        return canonical(clause, "differentiate")
    if tool == "solve":
        return _solved(clause, formulas, bound)
    said = f"{_VERBS[tool]} {plain[0]}"
    match tool:
        case "differentiate":
            place = _PLACE.search(clause)
            where = f" at {bound[0]}" if bound else f" at {place['unknown'] or 'x'} = {place['value']}" if place else ""
            return said + (", second order" if _TWICE.search(clause) else "") + where
        case "integrate":
            bounds = _BOUNDS.search(clause)
            return said + (f" from {bounds['lower']} to {bounds['upper']}" if bounds else "")
        case "limit":
            near = _NEARS.search(clause)
            unknown = re.search(r"(?<![a-z])[a-z](?![a-z])", plain[0], re.IGNORECASE)
            if near is None or unknown is None:
                return None
            return f"{said} as {near['unknown'] or unknown[0]} approaches {near['value'] or near['other']}"
        case "evaluate":
            return f"{said} for {' and '.join(bound)}" if bound else None
        case _:
            return said if len(plain) == 1 else None


def says_where(clause: str) -> bool:
    """Whether a clause says nothing but where something is to be evaluated: "and give me its value at pi"."""
    formulas = list(_formulas(clause))
    place = _PLACE.search(clause)
    return place is not None and all(_BINDS.fullmatch(one) for one in formulas) and not _TRANSFORMS.search(clause)


def _formulas(clause: str) -> Iterator[str]:
    """The formulas of a clause that hold an unknown; two that "equals" stands between are one equation."""
    found = [piece for piece in pieces_of(clause) if piece.form == "formula" and re.search(r"[a-z]", piece.text, re.I)]
    at = 0
    while at < len(found):
        one = found[at]
        if at + 1 < len(found) and _IS.fullmatch(clause[one.end : found[at + 1].start]) and "=" not in one.text:
            yield f"{one.text} = {found[at + 1].text}"
            at += 2
            continue
        yield re.sub(r"^(?:d/d[a-z]|lim)\s+(?:of\s+)?|\s*->.*$|\s*=\s*$", "", one.text)
        at += 1


def _solved(clause: str, formulas: Sequence[str], bound: Sequence[str]) -> str | None:
    told = [*(one for one in formulas if one not in bound), *bound]
    if any(_RELATES.search(one) for one in told):
        return f"solve {', '.join(one for one in told if _RELATES.search(one))}"
    return f"solve {told[0]}" if re.search(r"\b(?:roots?|zeros?|zeroes)\b", clause, re.IGNORECASE) else None
