"""Answers of the tools from a graph: quotes with their sources, names, paths and rows."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_core.errors import ToolArgumentError
from agent_plugin_graph.graph import Graph
from agent_plugin_graph.index.names import key_of
from agent_plugin_graph.index.terms import terms
from agent_plugin_graph.passage import Hit, Passage
from agent_plugin_graph.results import (
    Cited,
    CountedTheme,
    FoundEntities,
    FoundEntity,
    FoundPassages,
    FoundThemes,
    GraphPath,
    Neighbour,
    Neighbours,
    Rows,
)
from agent_plugin_graph.retrieve.bearing import outcome
from agent_plugin_graph.retrieve.matching import related
from agent_plugin_graph.retrieve.quoting import Quote, choose, read
from agent_plugin_graph.retrieve.themes import Progress, is_broad, themes
from agent_plugin_graph.store.protocol import Entity

_QUOTED = 3
_CONSIDERED = 5
_SEARCHED = 20
"""Passages that search finds whose sentences are read for an answer."""
_READ = 40
"""Passages that are read in all."""
_MOST_WORDS = 200
"""Words, with those related to them, that a store is asked for at once: a server takes some hundreds."""
_THEMES = 6
_MOST_THEMES = 20
_SILENT = "Nothing in your documents answers this."
_NOT_OUTRIGHT = "Your documents do not say this outright. These passages come nearest:"
_ROWS_SHOWN = 50
_MOST_SEARCHED = 20
_PER_ENTITY = 200
_WIDEST = 2_000
_LONGEST_PATH = 4


def _unheard(text: str, done: float) -> None:
    """Progress that nobody listens to."""


def passages(graph: Graph, question: str, limit: int, folder: Path, progress: Progress = _unheard) -> FoundPassages:
    """The passages that answer a question, quoted; files below `folder` are named as seen from there.

    A question for what many of them say is answered with their themes, as far as they have more than one.
    """
    if not 1 <= limit <= _MOST_SEARCHED:
        raise ToolArgumentError(f"limit is {limit}; it must be 1 to {_MOST_SEARCHED}.")
    count = graph.store.passage_count()
    if not count:
        return FoundPassages([], 0, "There are no documents yet: add some with `agent-core graph add FOLDER`.")
    if is_broad(question):
        broad = found_themes(graph, question, _THEMES, folder, progress)
        if len(broad.themes) > 1:
            return FoundPassages([one.citation for one in broad.themes], len(broad.themes), broad.text)
    probability, chosen = quoted(graph, question, limit)
    told = outcome(probability)
    if told == "nothing":
        return FoundPassages([], 0, _SILENT, outcome=told)
    cited = [
        Cited(
            n,
            quote.text,
            quote.link.removeprefix(f"{folder}{os.sep}"),
            quote.locator,
            quote.hit.title,
            quote.hit.why,
        )
        for n, quote in enumerate(chosen, start=1)
    ]
    text = _quoted(cited) if told == "answered" else f"{_NOT_OUTRIGHT}\n{_quoted(cited)}"
    return FoundPassages(cited, len(cited), text, outcome=told)


def quoted(graph: Graph, question: str, limit: int = _CONSIDERED) -> tuple[float, list[Quote]]:
    """(how probable it is that they answer the question, the quotes that come nearest to it)."""
    asked, found = read(question, *gathered(graph, question))
    return choose(asked, found, min(limit, _QUOTED))


def gathered(graph: Graph, question: str) -> tuple[list[Hit], Mapping[str, int], int]:
    """What may answer a question.

    Returns:
        (passages that search finds, then those that say it in related words, the best first; in how many passages each
        of these words stands; how many passages there are).
    """
    frequencies = graph.store.frequencies(related(terms(question)))
    hits = graph.search(question, _SEARCHED)
    known = {hit.passage_id for hit in hits}
    rarest = dict(sorted(frequencies.items(), key=lambda item: (item[1], item[0]))[:_MOST_WORDS])
    alike = graph.store.lexical(list(rarest), _READ, graph.scope, rarest)
    read = graph.store.passages([number for number, _ in alike])
    others = [read[number] for number, _ in alike if read[number].id not in known]
    hits += [_without_rank(passage, "says it in related words") for passage in others[: _READ - len(hits)]]
    return hits, frequencies, graph.store.passage_count()


def _without_rank(passage: Passage, why: str) -> Hit:
    return Hit(
        passage.id,
        passage.title,
        passage.text,
        passage.source,
        passage.locator,
        passage.link,
        0.0,
        why,
        context=passage.context,
    )


def _quoted(cited: Sequence[Cited]) -> str:
    return "\n".join(f"“{' '.join(one.quote.split())}” [{one.n}] ({one.source})" for one in cited)


def found_themes(graph: Graph, topic: str, most: int, folder: Path, progress: Progress) -> FoundThemes:
    """What many passages say on a topic, grouped, counted, and a quote for each theme."""
    if not 1 <= most <= _MOST_THEMES:
        raise ToolArgumentError(f"most is {most}; it must be 1 to {_MOST_THEMES}.")
    topical = themes(topic, graph.store, most, progress)
    found: list[CountedTheme] = []
    for n, theme in enumerate(topical.themes, start=1):
        passage = topical.passages[theme.passages[0]]
        place = Quote.of(_without_rank(passage, ""), theme.quote).link.removeprefix(f"{folder}{os.sep}")
        # With its count, so that who cites the theme may state it.
        title = f"{theme.label}: {len(theme.passages)} of {topical.read} passages. {passage.title}"
        cited = Cited(n, theme.quote, place, passage.locator, title, f"the most typical for {theme.label!r}")
        found.append(CountedTheme(theme.label, len(theme.passages), cited))
    if not found:
        said = f"{topical.read} passages touch on this; they have no theme in common." if topical.read else _SILENT
        return FoundThemes([], topical.read, topical.other, said)
    lines = [f"{topical.read} passages are on this; each is counted once:"]
    lines += [f"- {one.label} ({one.count}): {_quoted([one.citation])}" for one in found]
    lines += [f"- anything else ({topical.other})"] if topical.other else []
    return FoundThemes(found, topical.read, topical.other, "\n".join(lines))


def entities(graph: Graph, name: str) -> FoundEntities:
    """Names of documents and nodes of tables that are called so."""
    store = graph.store
    found = [FoundEntity(entity.name, "name", entity.mentions, {}) for entity in store.entities([key_of(name)])]
    found += [FoundEntity(name, node.label, 0, dict(node.properties)) for node in store.nodes_called(name, 20)]
    lines = [
        f"{entity.name}: mentioned in {entity.mentions} passages" if entity.kind == "name"
        else f"{entity.kind}: " + ", ".join(f"{k} {v}" for k, v in entity.properties.items() if v is not None)
        for entity in found
    ]  # fmt: skip
    return FoundEntities(found, len(found), "\n".join(lines) or f"Nothing is called {name!r}.")


def neighbours(graph: Graph, name: str, limit: int) -> Neighbours:
    """What stands in the same passages as a name."""
    store, entity = graph.store, _entity(graph, name)
    places = [passage for _, passage, _ in store.mentions_of([entity], _PER_ENTITY)]
    together: Counter[int] = Counter()
    where: dict[int, int] = {}
    for other, passage, _ in store.mentions_in(places):
        if other != entity.number:
            together[other] += 1
            where.setdefault(other, passage)
    named = store.entities_by_number(together)
    best = sorted(together, key=lambda n: (-together[n], named[n].mentions, named[n].key))[:limit]
    read = store.passages({where[number] for number in best})
    found = [Neighbour(named[n].name, together[n], _place(read[where[n]])) for n in best]
    lines = [f"{one.name} ({one.together}x, {one.source})" for one in found]
    return Neighbours(found, len(found), "\n".join(lines) or f"Nothing stands together with {name!r}.")


def path(graph: Graph, start: str, end: str) -> GraphPath:
    """The shortest way between two names over passages that mention both ends of each step."""
    store, first, last = graph.store, _entity(graph, start), _entity(graph, end)
    came: dict[int, tuple[int, int]] = {}
    frontier, seen = {first.number: first}, {first.number}
    for _ in range(_LONGEST_PATH):
        leads = store.mentions_of(sorted(frontier.values(), key=lambda e: e.mentions)[:_WIDEST], _PER_ENTITY)
        over = {passage: entity for entity, passage, _ in reversed(leads)}
        reached: dict[int, tuple[int, int]] = {}
        for entity, passage, _ in store.mentions_in(over):
            if entity not in seen:
                reached.setdefault(entity, (over[passage], passage))
        came |= reached
        seen |= reached.keys()
        if last.number in reached or not reached:
            break
        frontier = dict(store.entities_by_number(reached))
    if last.number not in came:
        return GraphPath([], [], f"No path joins {first.name} and {last.name}.")
    return _told(graph, first, last, came)


def _told(graph: Graph, first: Entity, last: Entity, came: Mapping[int, tuple[int, int]]) -> GraphPath:
    numbers, places = [last.number], list[int]()
    while numbers[0] != first.number:
        before, passage = came[numbers[0]]
        numbers.insert(0, before)
        places.insert(0, passage)
    named = graph.store.entities_by_number(numbers)
    read = graph.store.passages(places)
    names = [named[number].name for number in numbers]
    steps = [
        Cited(n, read[place].text[:300], _place(read[place]), read[place].locator, read[place].title, "")
        for n, place in enumerate(places, start=1)
    ]
    told = "".join(f" - [{n}] - {name}" for n, name in enumerate(names[1:], start=1))
    sources = [f"[{step.n}] {step.source}" + (f" ({step.locator})" if step.locator else "") for step in steps]
    return GraphPath(steps, names, "\n".join([f"{names[0]}{told}", *sources]))


def rows(found: Sequence[Mapping[str, Any]]) -> Rows:
    """Rows with a line for each."""
    lines = [", ".join(f"{name}: {_shown(value)}" for name, value in row.items()) for row in found[:_ROWS_SHOWN]]
    if len(found) > _ROWS_SHOWN:
        lines.append(f"... and {len(found) - _ROWS_SHOWN} more rows")
    return Rows([dict(row) for row in found], len(found), "\n".join(lines) or "No rows.")


def _shown(value: Any) -> str:
    return "-" if value is None else f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _entity(graph: Graph, name: str) -> Entity:
    found = graph.store.entities([key_of(name)])
    if not found:
        raise ToolArgumentError(f"No document names {name!r}; write the name as a document does.")
    return found[0]


def _place(passage: Passage) -> str:
    return passage.link or passage.source or passage.id
