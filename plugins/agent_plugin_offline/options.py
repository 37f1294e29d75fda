"""Values that a parameter could take from a request, as JSON values of the right type."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from agent_plugin_offline.candidates import Request, Span
from agent_plugin_offline.lexicon import TIME_UNITS, UNIT_CLASS
from agent_plugin_offline.listed import find_listed, named_lists
from agent_plugin_offline.parameters import Parameter
from agent_plugin_offline.places import CURRENCY_CODES, with_state
from agent_plugin_offline.text import stem

_WANTS_STATE = re.compile(r"city,? (?:and )?state|\b[A-Z][a-z]+, [A-Z]{2}\b|city_state|state abbr", re.IGNORECASE)
_WANTS_ISO = re.compile(r"y{4}-mm|%Y-%m|iso.?8601|\b\d{4}-\d{2}-\d{2}\b", re.IGNORECASE)
_WANTS_FRACTION = re.compile(r"decimal|fraction|\b0\.\d|between 0 and 1", re.IGNORECASE)
_WANTS_PERCENT = re.compile(r"percent|%", re.IGNORECASE)
_BETWEEN_ITEMS = re.compile(
    r"(?:[\s\w%°$€£=]{0,14}?)(?:,\s*(?:and|or|then)?|\s(?:and|or|&)|\s?;|\sto)\s*(?:x\s?=\s?)?[$€£(]?", re.IGNORECASE
)


_PERIOD = re.compile(r"\b(?:next|past|last|coming|this)\s+(?P<unit>day|week|month|year|decade)\b", re.IGNORECASE)
_PERIODS = {
    ("day", "day"): 1,
    ("week", "day"): 7,
    ("week", "week"): 1,
    ("month", "day"): 30,
    ("month", "month"): 1,
    ("year", "month"): 12,
    ("year", "year"): 1,
    ("decade", "year"): 10,
}
_FREQUENCIES = {
    "yearly": 1,
    "annually": 1,
    "semiannually": 2,
    "semi-annually": 2,
    "quarterly": 4,
    "monthly": 12,
    "weekly": 52,
    "daily": 365,
}
_FREQUENCY = re.compile(
    rf"\bcompound\w*\s+({'|'.join(_FREQUENCIES)})\b|\b(?P<before>{'|'.join(_FREQUENCIES)})\s+compound", re.IGNORECASE
)
_PM = re.compile(r"\s?p\.?m\b", re.IGNORECASE)
_AT_REST = re.compile(r"\b(?:from|at)\s+rest\b|\bstationary\b|\bstandstill\b", re.IGNORECASE)
"""The speed of what does not move is told in words."""
_FREQUENCY_STEMS = frozenset(map(stem, ("compounding", "compounded", "frequency", "n")))
_SPEED_STEMS = frozenset(map(stem, ("velocity", "speed")))
_DATE_FORMAT = re.compile(
    r"\b(?:mm(?P<a>[-/.])dd(?P=a)yyyy|dd(?P<b>[-/.])mm(?P=b)yyyy|yyyy(?P<c>[-/.])mm(?P=c)dd|month-day-year)\b", re.I
)
_BETWEEN_QUOTES = re.compile(r"\W{1,3}\s*(?:,|and|or|&)?\s*(?:and|or)?\s*\W{1,2}", re.IGNORECASE)
_WANTS_EQUATION = re.compile(r"equation|solve|expression", re.IGNORECASE)
_LEFT_SIDE = re.compile(r"^\s*(?:y|[a-z]\s?\([a-z]\))\s?=\s?", re.IGNORECASE)


@dataclass(frozen=True)
class Option:
    """One value for one parameter. `flags` say how the value came about."""

    value: Any
    span: Span | None = None
    flags: tuple[str, ...] = ()


def options_for(parameter: Parameter, request: Request) -> list[Option]:
    """All values that the request offers for `parameter`."""
    if parameter.enum:
        return [*_enum_options(parameter, request)]
    if parameter.kind in ("integer", "number"):
        return [*_number_options(parameter, request)]
    if parameter.kind == "boolean":
        return [Option(True), Option(False)]
    if parameter.kind == "array":
        return [*_array_options(parameter, request)]
    if parameter.kind == "object":
        return [*_object_options(request)]
    return [*(Option(*_text_value(parameter, span)) for span in request.spans), *_listed_options(parameter, request)]


def _listed_options(parameter: Parameter, request: Request) -> Iterator[Option]:
    """Values that the description lists and the request names in another form: "sculptures" for "sculpture"."""
    for value in parameter.listed:
        named = find_listed(value, request)
        if named and named.how != "partial" and named.span.text.lower() != value.lower():
            span = request.span(named.span.start, named.span.end, "listed")
            yield Option(value, span, ("listed", f"listed-{named.how}"))


def _text_value(parameter: Parameter, span: Span) -> tuple[str, Span, tuple[str, ...]]:
    """The span's text, normalised as the description asks for it."""
    hint = f"{parameter.description} {parameter.schema.get('format', '')} {parameter.schema.get('pattern', '')}"
    declared = parameter.schema.get("format")
    wanted = _DATE_FORMAT.search(hint)
    if span.moment and span.moment.kind == "date" and span.moment.iso and wanted:
        return _formatted(span.moment.iso, wanted.group()), span, ("iso",)
    if span.moment and span.moment.iso and (declared in ("date", "time", "date-time") or _WANTS_ISO.search(hint)):
        return span.moment.iso, span, ("iso",)
    if "place" in span.kinds and _WANTS_STATE.search(hint):
        completed = with_state(span.text)
        if completed:
            return completed, span, ("completed",)
    if "currency" in parameter.roles:
        code = CURRENCY_CODES.get(span.text.lower())
        if code:
            return code, span, ("completed",)
    if "expression" in span.kinds and not _WANTS_EQUATION.search(hint):
        body = _LEFT_SIDE.sub("", span.text)
        return body, span, ("body",) if body != span.text else ()
    return span.text, span, ()


def _formatted(iso: str, pattern: str) -> str:
    """An ISO date in the order and with the separator that the description spells out ("DD/MM/YYYY")."""
    year, month, day = iso.split("-")
    if pattern.lower() == "month-day-year":
        return f"{month}-{day}-{year}"
    return pattern.lower().replace("yyyy", year).replace("mm", month).replace("dd", day)


def _number_options(parameter: Parameter, request: Request) -> Iterator[Option]:
    whole = parameter.kind == "integer"
    for span in request.numbers:
        number = span.number
        if number is None:
            continue
        for value, flags in _numeric_values(parameter, span, request):
            if whole and isinstance(value, float):
                if not value.is_integer():
                    continue
                value = int(value)
            yield Option(value, span, flags)
    yield from _spoken_numbers(parameter, request)


def _spoken_numbers(parameter: Parameter, request: Request) -> Iterator[Option]:
    """Numbers that are words of another kind: "the next week" is 7 days, "compounded monthly" 12 times a year."""
    for match in _PERIOD.finditer(request.text):
        unit = match["unit"].lower()
        for wanted in sorted(parameter.units & TIME_UNITS.keys()):
            count = _PERIODS.get((unit, wanted))
            if count:
                yield Option(count, request.span(match.start(), match.end(), "relative"), ("relative",))
    if parameter.name_stems & _SPEED_STEMS:
        for match in _AT_REST.finditer(request.text):
            yield Option(0, request.span(match.start(), match.end(), "relative"), ("at-rest",))
    if parameter.name_stems & _FREQUENCY_STEMS or "number of times" in parameter.description.lower():
        for match in _FREQUENCY.finditer(request.text):
            count = _FREQUENCIES[(match.group(1) or match["before"]).lower()]
            yield Option(count, request.span(match.start(), match.end(), "relative"), ("frequency",))


def _numeric_values(
    parameter: Parameter, span: Span, request: Request
) -> Iterator[tuple[int | float, tuple[str, ...]]]:
    number = span.number
    assert number is not None
    if number.percent and parameter.kind == "number":
        hint = f"{parameter.name} {parameter.description}"
        percent = _WANTS_PERCENT.search(hint) and not _WANTS_FRACTION.search(hint)
        fraction = round(number.value / 100, 12)
        yield (number.value, ("percent",)) if percent else (fraction, ("fraction",))
        return
    afternoon = _PM.match(request.text, span.end)
    if afternoon and "time" in parameter.roles | parameter.described_roles and number.value in range(1, 12):
        yield number.value + 12, ("afternoon",)
    converted = _converted(parameter, span, request)
    if converted is not None:
        yield converted, ("converted",)
    else:
        yield number.value, ()
        if number.scaled is not None:
            yield number.scaled, ("scaled",)


def _converted(parameter: Parameter, span: Span, request: Request) -> int | float | None:
    """What "2 hours" is for a parameter that counts minutes."""
    wanted = parameter.units & TIME_UNITS.keys()
    after = request.tokens[span.last + 1 : span.last + 2]
    written = UNIT_CLASS.get(after[0].stem) or UNIT_CLASS.get(after[0].lower) if after else None
    if len(wanted) != 1 or written not in TIME_UNITS or written in wanted or span.number is None:
        return None
    if {written, *wanted} & {"month", "year"} and {written, *wanted} != {"month", "year"}:
        return None
    factor = 12 if written == "year" and "month" in wanted else TIME_UNITS[written] / TIME_UNITS[next(iter(wanted))]
    value = span.number.value * factor
    return int(value) if float(value).is_integer() else value


def _enum_options(parameter: Parameter, request: Request) -> Iterator[Option]:
    for value in parameter.enum:
        named = find_listed(value, request)
        if named is None:
            yield Option(value)
        elif named.how == "exact":
            yield Option(value, named.span)
        else:
            yield Option(value, None, (named.how,))


def _array_options(parameter: Parameter, request: Request) -> Iterator[Option]:
    item = parameter.item
    yield from _bracketed(item, request)
    if item.enum:
        yield from (Option(values, span, (how,)) for values, span, how in named_lists(item.enum, request))
    elif item.kind in ("integer", "number"):
        yield from _number_lists(item, request)
    elif item.kind == "string":
        yield from _text_lists(request)
        if len(parameter.listed) > 1:
            yield from (Option(values, span, (how,)) for values, span, how in named_lists(parameter.listed, request))


def _bracketed(item: Parameter, request: Request) -> Iterator[Option]:
    for start, end in request.brackets:
        value = _literal(request.text[start:end])
        if isinstance(value, (list, tuple)) and value and _fits(list(value), item):
            yield Option(_as_lists(value), request.span(start, end, "brackets"), ("brackets",))


def _literal(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def _object_options(request: Request) -> Iterator[Option]:
    """Objects that are written out in the request, as JSON or as Python would have it."""
    for start, end in request.brackets:
        value = _literal(request.text[start:end])
        if isinstance(value, dict) and value and all(isinstance(key, str) for key in cast("dict[Any, Any]", value)):
            yield Option(value, request.span(start, end, "brackets"), ("brackets",))


def _as_lists(value: Any) -> Any:
    return [_as_lists(v) for v in value] if isinstance(value, (list, tuple)) else value


def _fits(values: list[Any], item: Parameter) -> bool:
    if item.kind == "array":
        return all(isinstance(v, (list, tuple)) and _fits(list(v), item.item) for v in values)
    wanted = {"integer": int, "number": (int, float), "string": str}.get(item.kind)
    return wanted is not None and all(isinstance(v, wanted) and not isinstance(v, bool) for v in values)


def _number_lists(item: Parameter, request: Request) -> Iterator[Option]:
    group: list[Span] = []
    usable = [s for s in request.numbers if s.number and (item.kind == "number" or isinstance(s.number.value, int))]
    for span in usable:
        if group and not _BETWEEN_ITEMS.fullmatch(request.text[group[-1].end : span.start]):
            yield from _numbers_option(group, request)
            group = []
        group.append(span)
    yield from _numbers_option(group, request)
    if len(usable) > 1:
        values = [s.number.value for s in usable if s.number]
        yield Option(values, _covering(usable, request), ("all",))


def _numbers_option(group: list[Span], request: Request) -> Iterator[Option]:
    if group:
        values = [s.number.value for s in group if s.number]
        yield Option(values, _covering(group, request), ("list" if len(group) > 1 else "single",))


def _covering(spans: list[Span], request: Request) -> Span:
    return request.span(min(s.start for s in spans), max(s.end for s in spans), "list")


def _text_lists(request: Request) -> Iterator[Option]:
    quoted: list[Span] = []
    for span in request.quoted:
        if quoted and not _BETWEEN_QUOTES.fullmatch(request.text[quoted[-1].end : span.start]):
            yield from _quotes_option(quoted, request)
            quoted = []
        quoted.append(span)
    yield from _quotes_option(quoted, request)
    yield from (Option(values, request.span(start, end, "list"), ("list",)) for start, end, values in request.lists)
    for span in request.spans:
        if span.kinds & {"name", "quoted", "phrase", "identifier", "email"} and span.last - span.first < 4:
            yield Option([span.text], span, ("single",))


def _quotes_option(quoted: list[Span], request: Request) -> Iterator[Option]:
    if len(quoted) > 1:
        yield Option([span.text for span in quoted], _covering(quoted, request), ("quotes",))
