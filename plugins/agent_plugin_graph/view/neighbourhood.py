"""The part of a graph that is worth drawing: around a name or an answer, or the tables as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from agent_core.errors import UsageError
from agent_plugin_graph.graph import Graph
from agent_plugin_graph.index.names import key_of
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.query.model import Column, Condition, GraphQuery, Hop, Value
from agent_plugin_graph.store.protocol import Node
from agent_plugin_graph.view.picture import Mark, Picture
from agent_questions.schema import Schema

MOST_MARKS = 60
_PER_RELATIONSHIP = 12
_PASSAGES = 12
_HITS = 6
_CALLED = 5


def around(graph: Graph, asked: str) -> Picture:
    """What stands around a name or answers a question; without either, how the tables are joined.

    Raises:
        UsageError: nothing is called so, and no passage fits.
    """
    if not asked.strip():
        return _tables(graph)
    picture = Picture(asked)
    for node in graph.store.nodes_called(asked, _CALLED):
        _add_node(picture, graph, node)
    if entities := graph.store.entities([key_of(asked)]):
        places = [passage for _, passage, _ in graph.store.mentions_of(entities, _PASSAGES)]
        _add_passages(picture, graph, places, {entity.number for entity in entities})
    if not picture.marks:
        # Hits have ids, and mentions numbers: what they share is the passage itself.
        hits = {hit.passage_id: place for place, hit in enumerate(graph.search(asked, _HITS))}
        numbers = {p.id: number for number, p in graph.store.all_passages() if p.id in hits}
        _add_passages(picture, graph, [numbers[one] for one in hits if one in numbers], set(), central=True)
    if not picture.marks:
        raise UsageError(f"Nothing is called {asked!r}, and no passage fits it: there is nothing to draw.")
    return picture


def _tables(graph: Graph) -> Picture:
    """Labels, with how many nodes they have, and relationships."""
    schema, held = graph.store.schema(), graph.stats()
    if not schema.properties:
        raise UsageError("The graph has no tables to draw as a whole: say a name or a question.")
    picture = Picture("All tables")
    for label, properties in schema.properties.items():
        told = "\n".join(f"{name}: {kind}" for name, kind in sorted(properties.items()))
        name = f"{label} ({held.labels.get(label, 0):,})"
        picture.add(Mark(f"label {label}", name, label, told, central=True))
    for kind, pairs in sorted(schema.relationships.items()):
        for start, end in sorted(pairs):
            picture.join(f"label {start}", f"label {end}", kind)
    return picture


def _add_node(picture: Picture, graph: Graph, node: Node) -> None:
    """A row of a table, and the rows that are joined to it."""
    schema = graph.store.schema()
    centre = picture.add(_row(node.label, node.key, node.properties, schema, central=True))
    key = schema.keys[node.label]
    own = node.properties[key]
    for kind, pairs in sorted(schema.relationships.items()):
        for start, end in sorted(pairs):
            for backwards in (False, True):
                near, far = (end, start) if backwards else (start, end)
                if near != node.label or len(picture.marks) >= MOST_MARKS:
                    continue
                columns = [Column(name, Value(f"other.{name}")) for name in schema.properties[far]]
                found = graph.query(
                    GraphQuery(
                        node.label, columns, [Hop(kind, far, backwards, name="other")],
                        [Condition(Value(f"{node.label}.{key}"), "=", own)], limit=_PER_RELATIONSHIP,
                    )
                )  # fmt: skip
                for row in found:
                    other = picture.add(_row(far, str(row[schema.keys[far]]), row, schema))
                    picture.join(*((other, centre) if backwards else (centre, other)), kind)


def _row(label: str, key: str, properties: Mapping[str, Any], schema: Schema, *, central: bool = False) -> Mark:
    named = next((name for name in ("name", "title") if properties.get(name)), schema.keys[label])
    told = "\n".join(f"{name}: {value}" for name, value in properties.items() if value is not None)
    name = str(properties.get(named) or key)
    return Mark(
        f"row {label} {key}", name if named in ("name", "title") else f"{label} {name}", label, told, "", central
    )


def _add_passages(
    picture: Picture, graph: Graph, places: Collection[int], asked: Collection[int], *, central: bool = False
) -> None:
    """Passages with the names that they mention; the names that join most of them first."""
    mentions = graph.store.mentions_in(places)
    together = Counter(entity for entity, _, _ in mentions)
    wanted = [number for number, _ in sorted(together.items(), key=lambda pair: (pair[0] not in asked, -pair[1]))]
    chosen = set(wanted[: MOST_MARKS - len(places)])
    named = graph.store.entities_by_number(chosen)
    for number, passage in graph.store.passages(places).items():
        picture.add(_passage(number, passage, central=central))
    for number, entity in named.items():
        told = f"Mentioned in {entity.mentions} passages."
        picture.add(Mark(f"name {number}", entity.name, "name", told, central=number in asked))
    for number, passage, defines in mentions:
        if number in named:
            picture.join(f"passage {passage}", f"name {number}", "about" if defines else "")


def _passage(number: int, passage: Passage, *, central: bool) -> Mark:
    where = passage.link or passage.source or passage.id
    place = f"{where} ({passage.locator})" if passage.locator else where
    return Mark(f"passage {number}", passage.title or passage.id, "passage", passage.text, place, central)
