"""What speaks for and against a span of text as the value of a parameter: its kind, edges, inside and neighbours."""

from __future__ import annotations

from collections.abc import Iterator

from agent_plugin_offline.agreement import agreement, at_home
from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.lexicon import UNIT_CLASS
from agent_plugin_offline.parameters import Parameter
from agent_plugin_offline.text import NOISE, PREPOSITIONS, VERBS

Features = dict[str, float]


def _order_among_texts(evidence: Evidence, index: int, span: Span) -> bool:
    """Whether the span comes, among the names of the request, where the parameter comes among its like."""
    parameters = evidence.tool.parameters
    place = sum(p.kind == "string" and not p.enum for p in parameters[:index])
    names = [s for s in evidence.request.spans if s.kinds & {"name", "quoted"} and "part-name" not in s.kinds]
    return next((i for i, s in enumerate(names) if s.end >= span.end), -1) == place


def text_features(evidence: Evidence, index: int, span: Span) -> Features:
    """Features of a span of text for parameter number `index`."""
    parameter, request = evidence.tool.parameters[index], evidence.request
    found: Features = dict.fromkeys(_kind_features(parameter, span), 1.0)
    found |= agreement(parameter, span)
    found |= dict.fromkeys(boundary_features(request, span), 1.0)
    found |= inside_features(evidence, index, span)
    found |= dict.fromkeys(_surroundings(evidence, index, span), 1.0)
    if _order_among_texts(evidence, index, span):
        found["same-order"] = 1.0
    text = span.text.lower()
    if any(text == example.lower() for example in parameter.examples):
        found["is-example"] = 1.0
    elif len(text) > 2 and text in parameter.description.lower():
        found["in-description"] = 1.0
    if "unit" in span.kinds:
        known = any(word in parameter.description_stems for word in request.stems[span.first])
        found["unit-known" if known else "unit-unheard-of"] = 1.0
    length = span.last - span.first + 1
    found[f"length={length if length < 5 else '5-7' if length < 8 else '8+'}"] = 1.0
    if not parameter.required:
        weighty = ("kind-agrees", "is-example", "kind-disagrees", "before-tool-word", "kind-missing")
        found |= {f"optional&{name}": 1.0 for name in weighty if name in found}
        found["optional&described"] = sum(evidence.closeness(index, span))
    found["length-of-text" if parameter.roles & {"text", "query"} else "length-of-name"] = min(length, 12) / 6
    return found


def _surroundings(evidence: Evidence, index: int, span: Span) -> Iterator[str]:
    """What the neighbours of the span, and the other parameters, say about it."""
    parameters, tokens = evidence.tool.parameters, evidence.request.tokens
    parameter = parameters[index]
    others = [p for i, p in enumerate(parameters) if i != index and p.kind == "string"]
    if not at_home(parameter, span) and any(at_home(p, span) for p in others):
        yield "home-elsewhere"
    if "," in span.text and "location" in parameter.roles and any("location" in p.roles for p in others):
        yield "other-place-parameter"
    following = span.last + 1
    if following < len(tokens) and not tokens[span.last].after:
        if evidence.tool_words[following]:
            yield "before-tool-word"
        elif evidence.described[following]:
            yield "before-described-word"
        if evidence.mentions[index][following] > 0.3:
            yield "before-parameter-word"
    if span.first and evidence.mentions[index][span.first - 1] > 0.3:
        yield "after-parameter-word"


def _kind_features(parameter: Parameter, span: Span) -> Iterator[str]:
    roles = parameter.roles or {"other"}
    for kind in span.kinds:
        yield f"kind={kind}"
        for role in roles:
            yield f"kind={kind}&{role}"
        for role in parameter.described_roles - parameter.roles:
            yield f"kind={kind}&described-{role}"


def boundary_features(request: Request, span: Span) -> Iterator[str]:
    """How the span begins and ends: at a word that may stand before or after a name, or in the middle of one."""
    tokens = request.tokens
    left = tokens[span.first - 1] if span.first else None
    right = tokens[span.last + 1] if span.last + 1 < len(tokens) else None
    yield f"left={_left_edge(request, span.first)}"
    yield f"right={_right_edge(request, span.last)}"
    if left and left.capitalised and tokens[span.first].capitalised and not left.after and not left.is_stop:
        yield "left=cuts-name"
    if right and right.capitalised and tokens[span.last].capitalised and not tokens[span.last].after:
        yield "right=cuts-name"
    if span.start > tokens[span.first].start or span.end < tokens[span.last].end:
        yield "cuts-word"


def _left_edge(request: Request, first: int) -> str:
    left = request.tokens[first - 1] if first else None
    if left is None:
        return "start"
    if left.ends_clause:
        return "punctuation"
    if left.lower in PREPOSITIONS:
        return "preposition"
    if left.is_stop:
        return "function-word"
    if request.verbal[first - 1]:
        return "verb"
    return "noun-like-verb" if left.lower in VERBS else "noise" if left.lower in NOISE else "inside"


def _right_edge(request: Request, last: int) -> str:
    right = request.tokens[last + 1] if last + 1 < len(request.tokens) else None
    if right is None:
        return "end"
    if request.tokens[last].after:
        return "punctuation"
    if right.lower in PREPOSITIONS:
        return "of" if right.lower == "of" else "preposition"
    return "function-word" if right.is_stop else "verb" if request.verbal[last + 1] else "inside"


def inside_features(evidence: Evidence, index: int, span: Span) -> Features:
    """What the span is made of: words that are the parameter's or the tool's own, fillers, pieces of larger things."""
    tokens, request = evidence.request.tokens, evidence.request
    inside = range(span.first, span.last + 1)
    content = [i for i in inside if not tokens[i].is_stop] or list(inside)
    count = len(content) or 1
    mentions = evidence.mentions[index]
    found = {
        "inside-parameter-words": sum(mentions[i] for i in content) / count,
        "inside-tool-name": sum(evidence.tool_words[i] for i in content) / count,
        "inside-described": sum(evidence.described[i] for i in content) / count,
        "inside-numbers": sum(tokens[i].text[0].isdigit() for i in content) / count,
    }
    flags = {
        "inside-stop-words": any(tokens[i].is_stop for i in inside),
        "inside-preposition": any(tokens[i].lower in PREPOSITIONS for i in inside),
        "inside-comma": any(tokens[i].ends_clause for i in inside[:-1]),
        "starts-with-unit": span.first > 0
        and tokens[span.first].lower in UNIT_CLASS
        and tokens[span.first - 1].text[0].isdigit(),
        "starts-with-noise": tokens[span.first].lower in NOISE,
        "ends-with-noise": tokens[span.last].lower in NOISE,
        "starts-with-ing": tokens[span.first].lower.endswith("ing"),
        "starts-with-verb": request.verbal[span.first],
        "starts-like-verb": tokens[span.first].lower in VERBS and not request.verbal[span.first],
        "inside-verb": any(request.verbal[i] for i in inside[1:]),
        "asked-for": span.first <= request.asked_for[1] <= span.last,
        "in-what-is-asked-for": request.asked_for[0] <= span.first and span.last < request.asked_for[1],
        "capitalised": tokens[span.first].capitalised and span.first > 0,
        "lower-case": not tokens[span.first].capitalised,
        "ends-with-parameter-word": mentions[span.last] > 0.3,
        "starts-with-parameter-word": mentions[span.first] > 0.3,
        "inside-other-quote": any(
            q.overlaps(span) and (q.start, q.end) != (span.start, span.end) for q in request.quoted
        ),
        "part-of-moment": any(
            m.overlaps(span) and (m.start, m.end) != (span.start, span.end) and m.end - m.start > span.end - span.start
            for m in request.moments
        ),
    }
    return found | {name: 1.0 for name, on in flags.items() if on}
