"""What speaks for and against giving a parameter a certain value: named features, none of them about a certain tool."""

from __future__ import annotations

from collections.abc import Iterator

from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.lexicon import SYNONYMS, UNIT_CLASS
from agent_plugin_offline.options import Option
from agent_plugin_offline.parameters import Parameter
from agent_plugin_offline.text import NOISE, PREPOSITIONS, STOP_WORDS, VERBS, Token, stem, words

Features = dict[str, float]
_GENERIC_FLAG_WORDS = frozenset(
    map(stem, words("is include includes including included has have flag show enable return whether use only get"))
)
_NEGATIONS = words("no not without exclude excluding except don't dont doesn't never skip omit non avoid")


def features_of(evidence: Evidence, index: int, option: Option | None) -> Features:
    """Features of filling parameter number `index` with `option`; None stands for leaving it out."""
    parameter = evidence.tool.parameters[index]
    kind = "enum" if parameter.enum else parameter.kind
    if option is None:
        return _absent(parameter, kind)
    if kind == "enum":
        return _enum_features(evidence, index, option)
    if kind == "boolean":
        return _boolean_features(evidence, index, option)
    if option.span is None:
        return {}
    shared = _span_features(evidence, index, option.span)
    shared |= {f"flag={flag}": 1.0 for flag in option.flags}
    if kind in ("integer", "number"):
        shared |= _number_features(evidence, index, option.span)
        prefix = "n"
    elif kind == "array":
        shared |= _array_features(evidence, index, option)
        prefix = "a"
    else:
        shared |= _text_features(evidence, index, option.span)
        prefix = "s"
    return {f"{prefix}:{name}": value for name, value in shared.items()}


def _absent(parameter: Parameter, kind: str) -> Features:
    kind = "number" if kind == "integer" else kind
    found = {f"null&{kind}": 1.0, f"null&{kind}&required={parameter.required}": 1.0}
    if parameter.has_default:
        found[f"null&{kind}&default"] = 1.0
    return found


def _span_features(evidence: Evidence, index: int, span: Span) -> Features:
    before, after = evidence.closeness(index, span)
    sibling = evidence.best_sibling(index, span)
    own = before + after
    found = {"before": before, "after": after, "rival": max(0.0, sibling - own), "ahead": max(0.0, own - sibling)}
    if own and own >= sibling:
        found["closest"] = 1.0
    request = evidence.request
    parameter = evidence.tool.parameters[index]
    preposition = _preposition(request, span)
    if preposition:
        found[f"prep={preposition}"] = 1.0
        for role in parameter.roles:
            found[f"prep={preposition}&{role}"] = 1.0
    if len(evidence.tool.parameters) == 1:
        found["only-parameter"] = before
    return found


def _preposition(request: Request, span: Span) -> str | None:
    """The preposition that governs the span, over an article or adjective."""
    for index in range(span.first - 1, max(-1, span.first - 4), -1):
        token = request.tokens[index]
        if token.ends_clause:
            return None
        if token.lower in PREPOSITIONS:
            return token.lower
        if token.lower not in STOP_WORDS:
            return None
    return None


def _number_features(evidence: Evidence, index: int, span: Span) -> Features:
    parameter, request = evidence.tool.parameters[index], evidence.request
    found: Features = {}
    unit = _unit_of(request, span)
    if unit:
        found["unit-agrees" if unit in parameter.units else "unit-differs" if parameter.units else "unit-unasked"] = 1.0
    elif parameter.units:
        found["unit-missing"] = 1.0
    for kind in span.kinds & {"percent", "money", "ordinal", "number-word", "year"}:
        found[f"kind={kind}"] = 1.0
        for role in parameter.roles & {"rate", "money", "count", "year", "duration", "date"}:
            found[f"kind={kind}&{role}"] = 1.0
    number = span.number
    if number and isinstance(number.value, int) and 1500 <= number.value <= 2100 and not unit:
        found["yearish&year" if "year" in parameter.roles else "yearish"] = 1.0
    if number and isinstance(number.value, float) and parameter.kind == "integer":
        found["float-for-int"] = 1.0
    if parameter.roles & {"time", "date"} and number:
        found["clock"] = 1.0
    if _rank(request, span) == _rank_among_siblings(evidence, index):
        told = any(sum(evidence.closeness(index, n)) > 0.3 for n in request.numbers)
        found["same-order-anyhow" if told else "same-order"] = 1.0
    if not parameter.required:
        found["optional&described"] = sum(evidence.closeness(index, span))
        found |= {f"optional&{name}": 1.0 for name in ("unit-agrees", "yearish&year", "closest") if name in found}
    if any(
        e.overlaps(span) and "expression" in e.kinds and e.end - e.start > span.end - span.start for e in request.spans
    ):
        found["inside-expression"] = 1.0
    if any(moment.overlaps(span) and "year" not in moment.kinds for moment in request.moments):
        found["inside-moment"] = 1.0
    if any(quote.overlaps(span) for quote in request.quoted):
        found["inside-quotes"] = 1.0
    return found


def _unit_of(request: Request, span: Span) -> str | None:
    if span.number and span.number.percent:
        return "percent"
    if span.number and span.number.money:
        return "money"
    token = request.tokens[span.last] if span.last < len(request.tokens) else None
    if token and span.end < token.end:
        glued = request.text[span.end : token.end].strip("-").lower()
        return UNIT_CLASS.get(glued)
    following = request.tokens[span.last + 1 : span.last + 3]
    if not following or (token and token.ends_clause):
        return None
    first = following[0]
    unit = UNIT_CLASS.get(first.lower) or (UNIT_CLASS.get(first.stem) if len(first.stem) > 2 else None)
    if first.lower in ("a", "in", "and"):
        return None
    return unit or (UNIT_CLASS.get(following[1].stem) if len(following) > 1 and first.lower == "of" else None)


def _rank(request: Request, span: Span) -> int:
    plain = [n for n in request.numbers if n.number and not n.number.ordinal]
    return next((i for i, other in enumerate(plain) if other.start >= span.start), 0)


def _rank_among_siblings(evidence: Evidence, index: int) -> int:
    kinds = [p.kind in ("integer", "number") for p in evidence.tool.parameters]
    return sum(kinds[:index])


_AGREEMENT: dict[str, frozenset[str]] = {
    "date": words("date"),
    "datetime": words("date time"),
    "time": words("time"),
    "month": words("month date"),
    "year": words("year date"),
    "email": words("email"),
    "url": words("url"),
    "path": words("path"),
    "place": words("location origin target"),
    "state": words("location origin target"),
    "expression": words("expression"),
    "unit": words("unit"),
    "code": words("id currency"),
    "identifier": words("id"),
}
"""What a parameter is about where a span of this kind is at home."""


def at_home(parameter: Parameter, span: Span) -> bool:
    """Whether the span is of a kind that the parameter is about."""
    return any(_AGREEMENT[kind] & parameter.roles for kind in span.kinds & _AGREEMENT.keys())


def _agreement(parameter: Parameter, span: Span) -> Features:
    """Whether the kinds of the span are what the parameter is about, whichever they are."""
    telling = [kind for kind in span.kinds if kind in _AGREEMENT]
    if not telling:
        wanted = any(
            parameter.roles & roles for kind, roles in _AGREEMENT.items() if kind not in ("code", "identifier")
        )
        return {"kind-missing": 1.0} if wanted else {}
    if any(_AGREEMENT[kind] & parameter.roles for kind in telling):
        return {"kind-agrees": 1.0}
    if any(_AGREEMENT[kind] & parameter.described_roles for kind in telling):
        return {"kind-agrees-with-description": 1.0}
    return {"kind-disagrees": 1.0} if telling != ["code"] else {"code-disagrees": 1.0}


def _order_among_texts(evidence: Evidence, index: int, span: Span) -> bool:
    """Whether the span comes, among the names of the request, where the parameter comes among its like."""
    parameters = evidence.tool.parameters
    place = sum(p.kind == "string" and not p.enum for p in parameters[:index])
    names = [s for s in evidence.request.spans if s.kinds & {"name", "quoted"} and "part-name" not in s.kinds]
    return next((i for i, s in enumerate(names) if s.end >= span.end), -1) == place


def _text_features(evidence: Evidence, index: int, span: Span) -> Features:
    parameter, request = evidence.tool.parameters[index], evidence.request
    found: Features = dict.fromkeys(_kind_features(parameter, span), 1.0)
    found |= _agreement(parameter, span)
    found |= dict.fromkeys(_boundary_features(request, span), 1.0)
    found |= _inside_features(evidence, index, span)
    found |= dict.fromkeys(_surroundings(evidence, index, span), 1.0)
    if _order_among_texts(evidence, index, span):
        found["same-order"] = 1.0
    text = span.text.lower()
    if any(text == example.lower() for example in parameter.examples):
        found["is-example"] = 1.0
    elif len(text) > 2 and text in parameter.description.lower():
        found["in-description"] = 1.0
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


def _boundary_features(request: Request, span: Span) -> Iterator[str]:
    tokens = request.tokens
    left = tokens[span.first - 1] if span.first else None
    right = tokens[span.last + 1] if span.last + 1 < len(tokens) else None
    yield f"left={_left_edge(left)}"
    yield f"right={_right_edge(tokens[span.last], right)}"
    if left and left.capitalised and tokens[span.first].capitalised and not left.after and not left.is_stop:
        yield "left=cuts-name"
    if right and right.capitalised and tokens[span.last].capitalised and not tokens[span.last].after:
        yield "right=cuts-name"
    if span.start > tokens[span.first].start or span.end < tokens[span.last].end:
        yield "cuts-word"


def _left_edge(left: Token | None) -> str:
    if left is None:
        return "start"
    if left.ends_clause:
        return "punctuation"
    if left.lower in PREPOSITIONS:
        return "preposition"
    if left.is_stop:
        return "function-word"
    return "verb" if left.lower in VERBS else "inside"


def _right_edge(last: Token, right: Token | None) -> str:
    if right is None:
        return "end"
    if last.after:
        return "punctuation"
    if right.lower in PREPOSITIONS:
        return "preposition"
    return "function-word" if right.is_stop else "inside"


def _inside_features(evidence: Evidence, index: int, span: Span) -> Features:
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
        "starts-with-noise": tokens[span.first].lower in NOISE,
        "ends-with-noise": tokens[span.last].lower in NOISE,
        "starts-with-ing": tokens[span.first].lower.endswith("ing"),
        "starts-with-verb": tokens[span.first].lower in VERBS,
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


def _enum_features(evidence: Evidence, index: int, option: Option) -> Features:
    parameter, request = evidence.tool.parameters[index], evidence.request
    wanted = frozenset(stem(w) for w in str(option.value).replace("_", " ").split())
    here = frozenset().union(*request.stems) if request.stems else frozenset[str]()
    wider = wanted | frozenset().union(*(SYNONYMS.get(w, frozenset()) for w in wanted))
    found: Features = {"e:choice": 1.0}
    if option.span is not None:
        before, after = evidence.closeness(index, option.span)
        found |= {"e:found": 1.0, "e:near": before + after}
    elif wanted:
        found["e:overlap"] = len(wanted & here) / len(wanted)
        found["e:synonym"] = 1.0 if wider & here else 0.0
        found["e:abbreviation"] = 1.0 if _abbreviated(str(option.value), request) else 0.0
    if parameter.schema.get("default") == option.value:
        found["e:is-default"] = 1.0
    if len(parameter.enum) == 1:
        found["e:only-choice"] = 1.0
    found[f"e:required={parameter.required}"] = 1.0
    return found


def _abbreviated(value: str, request: Request) -> bool:
    """Whether a unit of the same class and first letter stands in the request ("kg" for "kilograms")."""
    unit = UNIT_CLASS.get(value.lower()) or UNIT_CLASS.get(stem(value))
    return unit is not None and any(
        UNIT_CLASS.get(t.lower) == unit and t.lower[0] == value.lower()[0] for t in request.tokens
    )


def _boolean_features(evidence: Evidence, index: int, option: Option) -> Features:
    parameter, request = evidence.tool.parameters[index], evidence.request
    telling = parameter.name_stems - _GENERIC_FLAG_WORDS - evidence.tool.name_stems
    hits = [i for i, stems in enumerate(request.stems) if stems & telling]
    covered = (
        len(telling & frozenset().union(*(request.stems[i] for i in hits))) / len(telling) if hits and telling else 0.0
    )
    said = str(option.value).lower()
    negated = any(request.tokens[j].lower in _NEGATIONS for i in hits for j in range(max(0, i - 4), i))
    found: Features = {f"b:{said}": 1.0, f"b:{said}&required={parameter.required}": 1.0, f"b:{said}&covered": covered}
    if negated:
        found[f"b:{said}&negated"] = 1.0
    if hits and not negated:
        found[f"b:{said}&mentioned"] = 1.0
    default = parameter.schema.get("default")
    if isinstance(default, bool) or str(default).lower() in ("true", "false"):
        found[f"b:{said}&default={str(default).lower() == 'true'}"] = 1.0
    if any(t.lower == said for t in request.tokens):
        found["b:literal"] = 1.0
    return found


def _array_features(evidence: Evidence, index: int, option: Option) -> Features:
    parameter, request = evidence.tool.parameters[index], evidence.request
    kind = parameter.item.kind
    found: Features = {f"flag={flag}&{kind}": 1.0 for flag in option.flags}
    span = option.span
    if (
        span is not None
        and kind == "string"
        and not parameter.item.enum
        and not {"brackets", "quotes"} & {*option.flags}
    ):
        found |= _agreement(parameter, span)
        found |= dict.fromkeys(_boundary_features(request, span), 1.0)
        found |= _inside_features(evidence, index, span)
    found["items"] = min(len(option.value), 6) / 3 if isinstance(option.value, list) else 0.0
    return found
