"""What speaks for and against giving a parameter a certain value: named features, none of them about a certain tool."""

from __future__ import annotations

from agent_plugin_offline.agreement import agreement
from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.lexicon import SYNONYMS, UNIT_CLASS
from agent_plugin_offline.number_features import number_features
from agent_plugin_offline.options import Option
from agent_plugin_offline.parameters import Parameter
from agent_plugin_offline.text import PREPOSITIONS, STOP_WORDS, stem, words
from agent_plugin_offline.text_features import boundary_features, inside_features, text_features

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
        shared |= number_features(evidence, index, option.span)
        prefix = "n"
    elif kind == "array":
        shared |= _array_features(evidence, index, option)
        prefix = "a"
    else:
        shared |= text_features(evidence, index, option.span)
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
        found |= agreement(parameter, span)
        found |= dict.fromkeys(boundary_features(request, span), 1.0)
        found |= inside_features(evidence, index, span)
    found["items"] = min(len(option.value), 6) / 3 if isinstance(option.value, list) else 0.0
    return found
