"""Which tool a request is about: how its words and the tool's agree, and how well the arguments went.

Learned weights weigh these features; "none of the tools" is a choice like the others.
"""

from __future__ import annotations

from agent_plugin_offline.agreement import at_home
from agent_plugin_offline.candidates import Request
from agent_plugin_offline.domains import fields_of
from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.features import Features
from agent_plugin_offline.filling import Filling
from agent_plugin_offline.lexicon import SYNONYMS
from agent_plugin_offline.text import STOP_WORDS, VERBS, content_stems, stem, words
from agent_plugin_offline.tools import ToolView

NO_TOOL: Features = {"none": 1.0}
"""What stands for "no tool fits" among the tools."""
_TYPED = words("email url path expression phone quoted content")
_NAMING = words("name place quoted state")
_VERB_STEMS = frozenset(map(stem, VERBS))
_ASIDES = frozenset(
    map(stem, words("use using function tool information info data given following different new current specific"))
)


def request_stems(request: Request) -> frozenset[str]:
    """Stems of the request that could tell a tool."""
    return frozenset(
        token.stem for token in request.tokens if token.lower not in STOP_WORDS and not token.text[0].isdigit()
    ) | content_stems(request.text)


def wording_features(request: Request, tool: ToolView) -> Features:
    """How the words of the request and of the tool agree, whatever the arguments."""
    asked = request_stems(request)
    wider = asked.union(*(SYNONYMS.get(w, frozenset()) for w in asked))
    nouns = tool.name_stems - _VERB_STEMS
    verbs = tool.name_stems & _VERB_STEMS
    described = tool.description_stems - _VERB_STEMS - _ASIDES
    asked_nouns = asked - _VERB_STEMS - _ASIDES
    everything = tool.name_stems | tool.description_stems | tool.parameter_stems
    fields = fields_of(asked)
    lead = frozenset([next((t.stem for t in request.tokens if not t.is_stop), "")])
    found: Features = {
        "fields-shared": _share(fields, tool.fields),
        "fields-shared-wider": _share(fields, tool.wider_fields),
        "words-of-shared-fields": min(sum(bool(fields_of(frozenset([w])) & tool.fields) for w in asked), 5) / 5,
        "fields-apart": 1.0 if fields and tool.fields and not fields & tool.wider_fields else 0.0,
        "name-nouns-of-field": sum(bool(fields_of(frozenset([w])) & fields) for w in nouns) / max(1, len(nouns)),
        "name-nouns": _share(nouns, asked),
        "name-nouns-synonyms": _share(nouns, wider),
        "name-noun-count": min(len(nouns & asked), 3) / 3,
        "name-verbs": _share(verbs, asked),
        "name-verbs-synonyms": _share(verbs, wider),
        "description": _share(described, asked),
        "description-count": min(len(described & asked), 5) / 5,
        "description-synonyms": _share(described, wider),
        "parameters": _share(tool.parameter_stems, asked),
        "request-covered": _share(asked_nouns, everything),
        "lead": 1.0 if lead & tool.name_stems else 0.0,
        "lead-synonym": 1.0 if any(SYNONYMS.get(w, frozenset()) & tool.name_stems for w in lead) else 0.0,
        "lead-described": 1.0 if lead & tool.description_stems else 0.0,
        "example": max((_likeness(asked, example) for example in tool.example_stems), default=0.0),
    }
    found |= _object_features(request, tool, wider)
    if not nouns & wider:
        found["no-name-noun"] = 1.0
    if not described & wider:
        found["no-description-word"] = 1.0
    return found


def _object_features(request: Request, tool: ToolView, wider: frozenset[str]) -> Features:
    """Whether what is asked for ("the boiling point") is what the tool gives, word by word and in its last noun."""
    first, last = request.asked_for
    asked = [request.tokens[i] for i in range(first, last + 1) if not request.tokens[i].is_stop]
    if not asked:
        return {"asks-for-nothing": 1.0}
    described = tool.name_stems | tool.description_stems
    everything = described | tool.parameter_stems
    head = asked[-1].stem
    strange = [t for t in asked if not _akin(t.stem, everything)]
    found: Features = {
        "asked-in-name": sum(_akin(t.stem, tool.name_stems) for t in asked) / len(asked),
        "asked-described": sum(_akin(t.stem, described) for t in asked) / len(asked),
        "asked-strange": len(strange) / len(asked),
        "asked-strange-lower": min(2, sum(not t.capitalised for t in strange)) / 2,
    }
    for name, among in (("name", tool.name_stems), ("object", tool.object_stems), ("description", described)):
        if _akin(head, among):
            found[f"asked-head-in-{name}"] = 1.0
    if not _akin(head, everything):
        found["asked-head-strange"] = 1.0
    given = tool.object_stems - _VERB_STEMS - _ASIDES
    if given:
        found["object"] = len(given & wider) / len(given)
        found["object-lacking"] = min(3, len(given - wider)) / 3
        if tool.object_head and tool.object_head not in wider:
            found["object-head-lacking"] = 1.0
    lacking = tool.name_stems - _VERB_STEMS - wider
    found["name-lacking"] = min(3, len(lacking)) / 3
    return found


def _akin(word: str, among: frozenset[str]) -> bool:
    return word in among or bool(SYNONYMS.get(word, frozenset()) & among)


def filling_features(request: Request, evidence: Evidence, filling: Filling) -> Features:
    """How well the arguments went, and how much of the request nothing accounts for."""
    parameters = evidence.tool.parameters
    required = [i for i, p in enumerate(parameters) if p.required]
    confidences = [filling.confidences[i] for i in required]
    missing = sum(filling.chosen[i] is None for i in required)
    numeric = sum(parameters[i].kind in ("integer", "number") for i in required)
    given = [
        (i, option.span) for i in required if (option := filling.chosen[i]) is not None and option.span is not None
    ]
    close = [min(1.0, sum(evidence.closeness(i, span))) for i, span in given]
    agreeing = [1.0 for i, span in given if at_home(parameters[i], span)]
    found: Features = {
        "missing": missing / max(1, len(required)),
        "missing-any": 1.0 if missing else 0.0,
        "worst-argument": max(-6.0, min(confidences, default=0.0)) / 6,
        "mean-argument": max(-6.0, sum(confidences) / len(confidences) if confidences else 0.0) / 6,
        "close-arguments": sum(close) / max(1, len(required)),
        "agreeing-arguments": sum(agreeing) / max(1, len(required)),
        "typed-arguments": sum(bool(span.kinds & _TYPED) for _, span in given) / max(1, len(required)),
        "typed-at-home": 1.0 if any(span.kinds & _TYPED and at_home(parameters[i], span) for i, span in given) else 0.0,
        "numbers-fit": 1.0 if numeric and len(request.numbers) == numeric else 0.0,
        "numbers-lack": 1.0 if len(request.numbers) < numeric else 0.0,
        "no-required": 0.0 if required else 1.0,
        "optional-filled": min(
            3, sum(c is not None for c, p in zip(filling.chosen, parameters, strict=True) if not p.required)
        )
        / 3,
    }
    explained = evidence.tool.name_stems | evidence.tool.description_stems | evidence.tool.parameter_stems
    explained = explained.union(*(SYNONYMS.get(w, frozenset()) for w in explained))
    spans = [o.span for o in filling.chosen if o is not None and o.span is not None]
    open_words = [
        token
        for index, token in enumerate(request.tokens)
        if not token.is_stop and not any(s.first <= index <= s.last for s in spans)
    ]
    unexplained = [t for t in open_words if t.stem not in explained and t.stem not in _VERB_STEMS]
    unrelated = [t for t in unexplained if not fields_of(frozenset([t.stem])) & evidence.tool.fields]
    found["unrelated"] = min(len(unrelated), 8) / 8
    found["unrelated-share"] = len(unrelated) / max(1, len(open_words))
    found["unexplained"] = min(len(unexplained), 8) / 8
    found["unexplained-share"] = len(unexplained) / max(1, len(open_words))
    found["unexplained-none"] = 0.0 if unexplained else 1.0
    told = [*request.numbers, *request.quoted, *request.names]
    taken = sum(any(one.overlaps(s) for s in spans) for one in told)
    found["told-and-taken"] = taken / len(told) if told else 0.0
    found["told-and-left"] = min(len(told) - taken, 4) / 4
    found["named-arguments"] = sum(bool(s.kinds & _NAMING) for _, s in given) / max(1, len(required))
    found["tells-nothing"] = 0.0 if told else 1.0
    numbers = [n for n in request.numbers if not any(n.overlaps(s) for s in spans)]
    found["unused-numbers"] = min(len(numbers), 3) / 3
    return found


def _share(some: frozenset[str], of: frozenset[str]) -> float:
    return len(some & of) / len(some) if some else 0.0


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other))) if len(one & other) > 1 else 0.0
