"""Citations of a run have one numbering: what a second search calls [1] as well becomes the next free number.

A result is renumbered when it is recorded, so that models, later steps and whoever reads the run see the same numbers.
A citation is an object with a number `n`, a `source` and a `quote`; the text beside them names it `[n]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

Place: TypeAlias = tuple[str, str, str]
"""Source, locator and quote: what a number stands for."""


def numbers(value: Any) -> Iterator[tuple[int, Place]]:
    """The numbered citations in a result."""
    if isinstance(value, dict):
        n, source, quote = value.get("n"), value.get("source"), value.get("quote")
        if type(n) is int and isinstance(source, str) and isinstance(quote, str):
            yield n, (source, str(value.get("locator") or ""), quote)
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)


def renumbered(result: Any, before: Iterable[Any]) -> Any:
    """The result with numbers that no earlier result uses for something else; what was cited before keeps its number.

    Args:
        result: As the tool returned it.
        before: The results of the run so far, as they were recorded.
    """
    found = list(numbers(result))
    if not found or len({n for n, _ in found}) < len(set(found)):
        return result
    taken: dict[Place, int] = {}
    for n, place in (pair for earlier in before for pair in numbers(earlier)):
        taken.setdefault(place, n)
    if not taken:
        return result
    free = max(taken.values()) + 1
    chosen: dict[int, int] = {}
    for n, place in found:
        if n not in chosen:
            chosen[n] = taken.get(place, free)
            free += place not in taken
    if all(old == new for old, new in chosen.items()):
        return result
    return _with(result, chosen, [place[2] for _, place in found])


def _with(value: Any, chosen: Mapping[int, int], quotes: list[str]) -> Any:
    if isinstance(value, list):
        return [_with(inner, chosen, quotes) for inner in value]
    if not isinstance(value, dict):
        return value
    if type(value.get("n")) is int and isinstance(value.get("quote"), str):
        return {**value, "n": chosen.get(value["n"], value["n"])}
    return {
        name: _in_text(inner, chosen, quotes)
        if name == "text" and isinstance(inner, str)
        else _with(inner, chosen, quotes)
        for name, inner in value.items()
    }


def _in_text(text: str, chosen: Mapping[int, int], quotes: list[str]) -> str:
    """The text with the new numbers; a "[1]" inside a quote is the document's own."""
    spellings = {form for quote in quotes for form in (quote, " ".join(quote.split())) if form}
    parts = [re.escape(form) for form in sorted(spellings, key=len, reverse=True)]
    pattern = re.compile("|".join([*parts, r"\[(?P<n>\d{1,6})\]"]))

    def number(match: re.Match[str]) -> str:
        n = match["n"]
        return match[0] if n is None else f"[{chosen.get(int(n), int(n))}]"

    return pattern.sub(number, text)
