"""What an answer cites: the sources in a run's results, and which of them a `[n]` or an address in a text names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent_core.loop.state import Run

CITATION = re.compile(r"\[(\d{1,4})\]")
_DEFINITION = re.compile(r"(?m)^\s*(?:[-*]\s*)?\[?(\d{1,3})[\].:)]+\s*(.*)$")
_TEXTS = ("quote", "snippet", "content", "text")
_LONGEST = 40_000
"""Characters of one source that a sentence is compared with."""


@dataclass(frozen=True)
class Source:
    """Something in a result that says where it is from."""

    n: int | None
    """Its number, where the result gives one."""
    source: str
    locator: str
    quote: str
    text: str
    """All that the result holds of it."""


def sources_of(run: Run) -> list[Source]:
    """The sources in the results of a run's calls, and of its steps, in the order in which they came; each once."""
    results = [call.result for call in run.services.gate.ledger.calls.of_run(run.id) if call.status == "done"]
    found: dict[tuple[int | None, str, str, str], Source] = {}
    for value in [*results, *(ended.result for ended in run.results.values())]:
        for one in _sources(value):
            found.setdefault((one.n, one.source, one.locator, one.quote), one)
    return list(found.values())


def _sources(value: Any) -> Iterator[Source]:
    if isinstance(value, dict):
        source = value.get("url") or value.get("source") or value.get("path")
        held = [value[name] for name in ("title", *_TEXTS) if isinstance(value.get(name), str)]
        quote = next((value[name] for name in _TEXTS if isinstance(value.get(name), str)), None)
        if isinstance(source, str) and quote is not None:
            n = value.get("n")
            locator = str(value.get("locator") or value.get("line") or "")
            yield Source(n if type(n) is int else None, source, locator, quote, "\n\n".join(held)[:_LONGEST])
        for inner in value.values():
            yield from _sources(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _sources(inner)


def numbered(text: str, sources: Sequence[Source]) -> dict[int, Source]:
    """What each number stands for in this text.

    Results that number their sources decide. Where none does, a list of addresses in the text itself ("[1] https://...")
    decides, and without one the order in which the sources came.
    """
    given = {one.n: one for one in reversed(sources) if one.n is not None}
    if given:
        return given
    listed: dict[int, Source] = {}
    for match in _DEFINITION.finditer(text):
        named = next((one for one in sources if one.source and one.source in match[2]), None)
        if named is not None:
            listed.setdefault(int(match[1]), named)
    return listed or dict(enumerate(sources, start=1))


def citations(text: str, sources: Sequence[Source]) -> list[dict[str, Any]]:
    """The sources that a text names, by number or address: [{n, source, locator, quote}], each number once."""
    known = numbered(text, sources)
    cited = {n: known[n] for n in dict.fromkeys(int(n) for n in CITATION.findall(text)) if n in known}
    named = {one.source for one in cited.values()}
    free = max([*known, 0] if any(one.n for one in sources) else [*cited, 0]) + 1
    for one in sources:
        if one.source in text and one.source not in named and not _within(one.source, named):
            named.add(one.source)
            n = one.n if one.n is not None else free
            free += one.n is None
            cited.setdefault(n, one)
    return [
        {"n": n, "source": cited[n].source, "locator": cited[n].locator, "quote": cited[n].quote[:300]}
        for n in sorted(cited)
    ]


def _within(source: str, named: set[str]) -> bool:
    """Whether it occurs in the text only as a part of another address that is named."""
    return any(source != other and source in other for other in named)


def cited_in(sentence: str, known: Mapping[int, Source], sources: Sequence[Source]) -> list[Source]:
    """The sources that one sentence names."""
    by_number = [known[int(n)] for n in CITATION.findall(sentence) if int(n) in known]
    return by_number + [
        one for one in sources if "://" in one.source and one.source in sentence and one not in by_number
    ]
