"""How the labels of a request are joined: the shortest way through the schema, where there is one."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agent_plugin_graph.query.model import MOST_HOPS, Hop
from agent_questions.reading import NotUnderstoodError
from agent_questions.schema import Schema


@dataclass(frozen=True)
class Step:
    """A relationship from one label to another, in the direction in which it is followed."""

    start: str
    relationship: str
    end: str
    backwards: bool

    def hop(self) -> Hop:
        """As queries write it."""
        return Hop(self.relationship, self.end, backwards=self.backwards, from_=self.start)


def joined(root: str, labels: Collection[str], links: Collection[str], schema: Schema) -> list[Hop]:
    """The hops from a label to all others, over all of these relationships.

    Raises:
        NotUnderstoodError: there is no way, several are equally short, or they are too many.
    """
    steps: list[Step] = []
    reached = [root]
    wanted = [label for label in dict.fromkeys(labels) if label != root]
    for kind in sorted(links):
        pairs = schema.relationships[kind]
        if len(pairs) == 1 and len(set(next(iter(pairs)))) == 1:
            raise NotUnderstoodError(f"{kind} joins {root} to itself, which I cannot tell apart in words.")
        if len(pairs) == 1:
            wanted += [label for label in next(iter(pairs)) if label not in (*wanted, root)]
    while wanted:
        ways = [(way, label) for label in wanted for way in _shortest(reached, label, links, schema)]
        if not ways:
            raise NotUnderstoodError(f"Nothing joins {root} and {wanted[0]}.")
        shortest = min(len(way) for way, _ in ways)
        label = next(label for way, label in ways if len(way) == shortest)
        best = [way for way, end in ways if end == label and len(way) == shortest]
        if len(best) > 1:
            listed = " or ".join(sorted({", ".join(step.relationship for step in way) for way in best}))
            raise NotUnderstoodError(f"{root} and {label} are joined in several ways: {listed}.")
        for step in best[0]:
            steps.append(step)
            reached.append(step.end)
        wanted = [label for label in wanted if label not in reached]
    if missing := set(links) - {step.relationship for step in steps}:
        raise NotUnderstoodError(f"{sorted(missing)[0]} does not fit the rest of the question.")
    if len(steps) > MOST_HOPS:
        raise NotUnderstoodError(f"It joins more than {MOST_HOPS + 1} kinds of things.")
    return [step.hop() for step in steps]


def _shortest(reached: Sequence[str], end: str, links: Collection[str], schema: Schema) -> list[list[Step]]:
    """All shortest ways from what is reached to a label; those over named relationships, where there are any."""
    found: list[list[Step]] = []
    queue: deque[tuple[str, list[Step]]] = deque((label, []) for label in reached)
    while queue:
        label, way = queue.popleft()
        if found and len(way) >= len(found[0]):
            break
        if len(way) >= MOST_HOPS:
            continue
        for step in _steps(label, schema):
            if step.end in reached or any(step.end == before.end for before in way):
                continue
            if step.end == end:
                found.append([*way, step])
            else:
                queue.append((step.end, [*way, step]))
    named = [way for way in found if any(step.relationship in links for step in way)]
    return named or found


def _steps(label: str, schema: Schema) -> list[Step]:
    steps: list[Step] = []
    for kind in sorted(schema.relationships):
        for start, end in sorted(schema.relationships[kind]):
            if start == label and end != label:
                steps.append(Step(label, kind, end, backwards=False))
            if end == label and start != label:
                steps.append(Step(label, kind, start, backwards=True))
    return steps
