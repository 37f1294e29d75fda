"""What speaks for and against all arguments of a call together: order, what is used twice, what is left over."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from agent_plugin_offline.candidates import Span
from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.features import Features
from agent_plugin_offline.number_features import is_tally
from agent_plugin_offline.parameters import Parameter
from agent_plugin_offline.scoring import Scored

Given = tuple[int, Span]
"""The number of a parameter, and where in the request its value stands."""
_BETWEEN = frozenset({"and", ",", ", and", "to", "or", "vs", "and the", "and a", "to the"})
"""What stands between two things that are told in one breath."""


def joint_features(evidence: Evidence, chosen: Sequence[Scored]) -> Features:
    """Features of one choice per parameter, in the order of the schema."""
    parameters = evidence.tool.parameters
    given = [(index, span) for index, scored in enumerate(chosen) if (span := span_of(scored)) is not None]
    found: Features = {"score": sum(scored.score for scored in chosen)}
    found["worst"] = min((scored.score for scored in chosen), default=0.0)
    empty = [p.required for scored, p in zip(chosen, parameters, strict=True) if scored.option is None]
    found |= {"missing": float(sum(empty)), "left-out": float(len(empty) - sum(empty))}
    found |= _used_twice(parameters, given)
    for one, other in combinations(given, 2):
        for name, value in _pair(evidence, one, other):
            found[name] = found.get(name, 0.0) + value
    found |= _left_over(evidence, given, chosen)
    return found


def span_of(scored: Scored) -> Span | None:
    """Where the value stands; a choice from a list stands nowhere."""
    span = scored.option.span if scored.option is not None else None
    return span if span is not None and "choice" not in span.kinds else None


def are_numbered(one: Parameter, other: Parameter) -> bool:
    """Whether they are siblings by name: `side1` and `side2`, `point_a` and `point_b`, `origin` and `destination`."""
    if one.name == other.name or one.parents != other.parents:
        return False
    if len(one.name) == len(other.name) == 1 or ("origin" in one.roles and "target" in other.roles):
        return True
    return one.name[:-1] == other.name[:-1] and ord(one.name[-1]) + 1 == ord(other.name[-1])


def _used_twice(parameters: Sequence[Parameter], given: Sequence[Given]) -> Features:
    found: Features = {}
    for (_, one), (_, other) in combinations(given, 2):
        if one.overlaps(other):
            name = "same-span" if (one.start, one.end) == (other.start, other.end) else "overlap"
            found[name] = found.get(name, 0.0) + 1.0
    return found


def _pair(evidence: Evidence, one: Given, other: Given) -> list[tuple[str, float]]:
    """What two arguments say about each other: their order, their likeness, and whether they would fit crosswise."""
    (i, first), (j, second) = one, other
    left, right = evidence.tool.parameters[i], evidence.tool.parameters[j]
    if left.kind != right.kind and {left.kind, right.kind} != {"integer", "number"}:
        return []
    order = "in-order" if first.end <= second.start else "out-of-order" if second.end <= first.start else "overlapping"
    kind = "text" if left.kind == "string" else "number" if left.kind in ("integer", "number") else left.kind
    found = [(f"{order}&{kind}", 1.0)]
    if j == i + 1:
        found.append((f"{order}&neighbours&{kind}", 1.0))
    if are_numbered(left, right):
        found.append((f"{order}&numbered", 1.0))
        found.append(("numbered-alike" if _alike(first, second) else "numbered-unlike", 1.0))
        between = evidence.request.text[min(first.end, second.end) : max(first.start, second.start)]
        if between.strip().lower() in _BETWEEN:
            found.append(("numbered-coordinated", 1.0))
    straight = sum(evidence.closeness(i, first)) + sum(evidence.closeness(j, second))
    crossed = sum(evidence.closeness(i, second)) + sum(evidence.closeness(j, first))
    if crossed > straight:
        found += [(f"crossed&{kind}", 1.0), (f"crossed-by&{kind}", crossed - straight)]
    elif straight > crossed:
        found += [(f"straight&{kind}", 1.0), (f"straight-by&{kind}", straight - crossed)]
    return found


def _alike(one: Span, other: Span) -> bool:
    same_length = (one.last - one.first) == (other.last - other.first)
    same_kind = bool(one.kinds & other.kinds - {"phrase"})
    return one.text[:1].isupper() == other.text[:1].isupper() and (same_length or same_kind)


def _left_over(evidence: Evidence, given: Sequence[Given], chosen: Sequence[Scored]) -> Features:
    """What the request offers and no argument takes: numbers, names, quotations, words that nothing explains."""
    request, parameters = evidence.request, evidence.tool.parameters
    spans = [span for _, span in given]
    spans += [s.option.span for s in chosen if s.option is not None and s.option.span is not None]

    def free(span: Span) -> bool:
        return not any(span.overlaps(taken) for taken in spans)

    numbers = [n for n in request.numbers if n.number and not n.number.ordinal and not is_tally(request, n)]
    idle = sum(free(n) for n in numbers)
    numeric = [s for s, p in zip(chosen, parameters, strict=True) if p.kind in ("integer", "number")]
    found: Features = {"numbers-left": min(idle, 4)}
    if idle and any(scored.option is None for scored in numeric):
        found["numbers-left-and-lacking"] = 1.0
    if any(span.number and is_tally(request, span) for span in spans):
        found["tally-used"] = 1.0
    found["quotes-left"] = min(sum(map(free, request.quoted)), 3)
    found["names-left"] = min(sum(map(free, request.names)), 4)
    found["typed-left"] = min(sum(map(free, request.addresses)), 3)
    explained = evidence.explained
    taken = {i for span in spans for i in range(span.first, span.last + 1)}
    found["words-left"] = min(sum(not known and i not in taken for i, known in enumerate(explained)), 8)
    beside = sum(
        not explained[i] and i not in taken and (i + 1 in taken or i - 1 in taken) for i in range(len(explained))
    )
    found["words-left-beside"] = min(beside, 5)
    return found
