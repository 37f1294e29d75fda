"""Which words of a clause are a tool's arguments: the clause is cut into stretches, each a part of the request.

A part (title, recipient, path, ...) is what words do in a request, not a parameter of one tool; what is learned from
some tools' requests holds for other tools with parameters of that kind. A stretch is judged by where it begins, where
it ends and what is in it; the words between by how much they look like the wording of a request.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent_plugin_offline.text import PREPOSITIONS, STOP_WORDS
from agent_plugin_offline.trained.kindred import groups_of
from agent_plugin_offline.trained.pieces import PLAIN, Piece

OUTSIDE = "-"
SEVERAL = frozenset({"to", "cc", "bcc", "start", "end", "path", "column"})
"""Parts that several stretches of one clause may be."""
_NUMBERS = frozenset({"number", "numeral", "percent"})
_FORMED: Mapping[str, frozenset[str]] = {
    "to": frozenset({"email"}),
    "cc": frozenset({"email"}),
    "bcc": frozenset({"email"}),
    "url": frozenset({"url", "file", "folder"}),
    "count": _NUMBERS | {"low", "Cap"},
    "numbers": _NUMBERS | {"formula"},
}
"""The forms of the pieces that some parts must hold one of."""
_ALONE = frozenset({"to", "cc", "bcc"})
_NAMES = frozenset(
    {
        "file",
        "table",
        "folder",
        "email",
        "url",
        "day",
        "clock",
        "both",
        "formula",
        "matrix",
        "pattern",
        "number",
        "percent",
    }
)
_WORDED = frozenset({"all_day", "order", "measure", "lines"})
"""Parts that function words may make up."""

_BEAM, _FROM_HERE, _LIKELY = 4, 8, 16
"""How many readings are kept at each place, and how many stretches are tried from it."""
_LONGEST = 60
_CUES = frozenset(
    [":", "that", "saying", "says", "called", "named", "subject", "cc", "where", "whether", "-", ",", "(", "is"]
)

Table = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Stretch:
    """Some words of a clause and their part in it: `pieces[first:last]`."""

    part: str
    first: int
    last: int


@dataclass
class View:
    """The features of a clause: by piece outside, by piece inside, by beginning and by end."""

    pieces: Sequence[Piece]
    tool: str
    place: int
    wording: Collection[str] = frozenset()
    """Words that requests are often worded with: others are rather part of a value."""
    outside: list[list[str]] = field(default_factory=list[list[str]])
    inside: list[list[str]] = field(default_factory=list[list[str]])
    begins: list[list[str]] = field(default_factory=list[list[str]])
    ends: list[list[str]] = field(default_factory=list[list[str]])

    def __post_init__(self) -> None:
        rare = [piece.form in PLAIN and piece.known not in self.wording for piece in self.pieces]
        rare = [False, False, *rare, False, False]
        words = ["^", "^", *(piece.known for piece in self.pieces), "$", "$"]
        forms = ["^", "^", *map(_form, self.pieces), "$", "$"]
        kin = [(), (), *(groups_of(word) for word in words[2:-2]), (), ()]
        self._words, self._forms = words, forms
        self._stops = [piece.known in (".", "!", "?", ";") for piece in self.pieces]
        self._quotes = [piece.quoted for piece in self.pieces]
        self._dates = [piece.form in ("day", "clock", "both") for piece in self.pieces]
        files = [at for at, piece in enumerate(self.pieces) if piece.form in ("file", "table", "folder", "pattern")]
        cues = list(_cues(self.pieces))
        colon = next((at for at, piece in enumerate(self.pieces) if piece.known == ":"), len(words))
        later = "later " if self.place else ""
        for at in range(len(self.pieces)):
            w, f, k = words[at : at + 5], forms[at : at + 5], kin[at : at + 5]
            r = ["rare" if one else "" for one in rare[at : at + 5]]
            self.outside.append(
                self._told(
                    [f"o {w[2]}", f"o f {f[2]} {r[2]}", *(f"o k {g}" for g in k[2])],
                    [f"o {w[1]} {w[2]}", f"o {w[2]} {w[3]}", f"o {f[1]} {w[2]}", f"o {w[2]} {f[3]}"]
                    + [f"o first {w[2]}"] * (at < 2)
                    + [f"o quoted {self._quotes[at]}", f"{later}o {w[2]}"],
                )
            )
            self.inside.append(
                self._told(
                    [f"i f {f[2]} {r[2]}", *(f"i k {g}" for g in k[2])],
                    [f"i {w[2]}", f"i {w[1]} {w[2]}", f"i {f[1]} {f[2]}", f"i quoted {self._quotes[at]}"],
                )
            )
            cue, away = cues[at]
            mine = [
                f"b {w[1]}",
                f"b f {f[1]} {f[2]}",
                f"b cue {cue}",
                f"b 0 f {f[2]} {r[2]}",
                f"b rare {r[1]} {r[2]}",
                *(f"b k {g}" for g in k[1]),
            ]
            more = [
                f"b {w[0]} {w[1]}",
                f"b {w[1]} f {f[2]}",
                f"b 0 {w[2]}",
                f"b {w[1]} {w[2]}",
                f"b cue {cue} {f[2]}",
                f"b cue {cue} {min(away, 3)}",
                f"b f {f[0]} {f[1]} {f[2]}",
                f"b at {min(at, 2)}",
                f"b colon {at > colon}",
                f"{later}b {w[1]}",
                *(f"b k 0 {g}" for g in k[2]),
                *(f"b k {g} f {f[2]}" for g in k[1]),
            ]
            if at in files:
                mine.append(f"b file {min(files.index(at), 2)} of {min(len(files), 3)}")
            self.begins.append(self._told(mine, more))
            at += 1
            w, f, k = words[at : at + 5], forms[at : at + 5], kin[at : at + 5]  # w[1] is the last word of it
            r = ["rare" if one else "" for one in rare[at : at + 5]]
            mine = [
                f"e {w[2]}",
                f"e f {f[1]} {f[2]}",
                f"e left {min(len(self.pieces) - at, 2)}",
                f"e rare {r[1]} {r[2]}",
                *(f"e k {g}" for g in k[2]),
            ]
            more = [
                f"e {w[2]} {w[3]}",
                f"e 0 {w[1]}",
                f"e 0 f {f[1]}",
                f"e {w[1]} {w[2]}",
                f"e f {f[1]} {w[2]}",
                f"e f {f[1]} {f[2]} {f[3]}",
                f"e {w[2]} f {f[3]}",
                *(f"e k 0 {g}" for g in k[1]),
            ]
            self.ends.append(self._told(mine, more))

    def _told(self, mine: list[str], more: list[str]) -> list[str]:
        return [*mine, *more, *(f"{self.tool}: {one}" for one in mine)] if self.tool else [*mine, *more]

    def whole(self, first: int, last: int) -> list[str]:
        """What speaks for a stretch as a whole."""
        quotes = self._quotes[first:last]
        before, after = self._words[first + 1], self._words[last + 2]
        exact = (
            all(quotes)
            and not (first and self._quotes[first - 1])
            and not (last < len(self._quotes) and self._quotes[last])
        )
        mixed = any(quotes) and not all(quotes)
        found = [
            f"length {min(last - first, 6)}",
            f"around {before} {after}",
            f"quote {exact} {mixed}",
            f"stops {any(self._stops[first : last - 1])}",
            f"ends stop {self._stops[last - 1]}",
            f"dates {any(self._dates[first:last])} {all(self._dates[first:last])}",
            f"splits date {self._splits(first)} {self._splits(last)}",
            f"forms {self._forms[first + 2]} {self._forms[last + 1]}",
        ]
        return [*found, *(f"{self.tool}: {one}" for one in found[:3])] if self.tool else found

    def _splits(self, at: int) -> bool:
        return 0 < at < len(self._dates) and self._dates[at - 1] and self._dates[at]

    def may_be(self, part: str, first: int, last: int) -> bool:
        """Whether a stretch has the form that values of such a part have."""
        if part.endswith("="):
            return not any(self._quotes[first:last])  # what is quoted is meant as it stands
        forms = _FORMED.get(part)
        if forms is None:
            return (
                part in _WORDED
                or any(piece.form in _NAMES or piece.form[0] == "<" for piece in self.pieces[first:last])
                or self._tells(first, last)
            )
        if part in _ALONE and last - first > 1:
            return False
        return any(piece.form in forms for piece in self.pieces[first:last])

    def _tells(self, first: int, last: int) -> bool:
        return any(self._quotes[first:last]) or any(
            p.known not in STOP_WORDS and p.form != p.text for p in self.pieces[first:last]
        )


def _cues(pieces: Sequence[Piece]) -> Iterator[tuple[str, int]]:
    """Per piece, the last preposition or colon before it and how far back that is."""
    cue, since = "^", 0
    for piece in pieces:
        yield cue, since
        since += 1
        if piece.known in PREPOSITIONS or piece.known in _CUES:
            cue, since = piece.known, 0


def _form(piece: Piece) -> str:
    return f"'{piece.form}" if piece.quoted and piece.form in PLAIN else piece.form


@dataclass(frozen=True)
class _Reading:
    score: float
    stretches: tuple[Stretch, ...] = ()


def read(view: View, weights: Table, parts: Collection[str]) -> list[tuple[float, tuple[Stretch, ...]]]:
    """The likeliest ways to cut a clause, the best first, each with its score; `parts` are those that may occur."""
    total = len(view.pieces)
    parts = sorted(parts)
    outside = [_sum(weights, features, (OUTSIDE,))[OUTSIDE] for features in view.outside]
    begins = [_sum(weights, features, parts) for features in view.begins]
    ends = [_sum(weights, features, parts) for features in view.ends]
    inside = {part: [0.0] for part in parts}
    for features in view.inside:
        for part, score in _sum(weights, features, parts).items():
            inside[part].append(inside[part][-1] + score)
    beams: list[list[_Reading]] = [[_Reading(0.0)], *([] for _ in range(total))]
    for at in range(total):
        kept = beams[at] = _best(beams[at])
        likely = sorted(
            (
                (begins[at][part] + ends[last - 1][part] + inside[part][last] - inside[part][at], part, last)
                for last in range(at + 1, min(total, at + _LONGEST) + 1)
                for part in parts
                if view.may_be(part, at, last)
            ),
            reverse=True,
        )[:_LIKELY]
        tried = [
            (score + _sum(weights, view.whole(at, last), (part,))[part], part, last) for score, part, last in likely
        ]
        tried.sort(reverse=True)
        for reading in kept:
            beams[at + 1].append(_Reading(reading.score + outside[at], reading.stretches))
            before = reading.stretches[-1].part if reading.stretches else "^"
            used = {one.part for one in reading.stretches}
            for score, part, last in tried[:_FROM_HERE]:
                if part in used and part.rstrip("=") not in SEVERAL:
                    continue
                score += _sum(weights, _order(before, part, used), (part,))[part]
                beams[last].append(_Reading(reading.score + score, (*reading.stretches, Stretch(part, at, last))))
    return [(one.score, one.stretches) for one in _best(beams[total])]


def _order(before: str, part: str, used: Collection[str]) -> list[str]:
    return [f"follows {before}", f"again {part in used}"]


def _best(readings: list[_Reading]) -> list[_Reading]:
    return sorted(readings, key=lambda one: -one.score)[:_BEAM]


def _sum(weights: Table, features: Sequence[str], parts: Sequence[str]) -> dict[str, float]:
    found = dict.fromkeys(parts, 0.0)
    for feature in features:
        row = weights.get(feature)
        if row:
            for part, weight in row.items():
                if part in found:
                    found[part] += weight
    return found


def _features_of(view: View, stretches: Sequence[Stretch]) -> Iterator[tuple[str, str]]:
    covered: set[int] = set()
    before, used = "^", set[str]()
    for one in stretches:
        covered.update(range(one.first, one.last))
        features = [*view.begins[one.first], *view.ends[one.last - 1], *view.whole(one.first, one.last)]
        features += [feature for at in range(one.first, one.last) for feature in view.inside[at]]
        yield from ((feature, one.part) for feature in [*features, *_order(before, one.part, used)])
        before = one.part
        used.add(one.part)
    for at, features in enumerate(view.outside):
        if at not in covered:
            yield from ((feature, OUTSIDE) for feature in features)


def learn(
    cases: Sequence[tuple[View, tuple[Stretch, ...], frozenset[str]]], *, rounds: int = 8
) -> dict[str, dict[str, float]]:
    """Weights by the averaged structured perceptron, from clauses with the right stretches and the parts allowed."""
    weights: dict[str, dict[str, float]] = {}
    summed: dict[tuple[str, str], float] = {}
    order = list(range(len(cases)))
    dice = random.Random(0)  # noqa: S311 - the same order every time
    seen = 0
    for _ in range(rounds):
        dice.shuffle(order)
        for number in order:
            view, right, parts = cases[number]
            told = read(view, weights, parts)[0][1]
            seen += 1
            if set(told) == set(right):
                continue
            change: dict[tuple[str, str], float] = {}
            for key in _features_of(view, right):
                change[key] = change.get(key, 0.0) + 1.0
            for key in _features_of(view, told):
                change[key] = change.get(key, 0.0) - 1.0
            for (feature, part), by in change.items():
                if by:
                    row = weights.setdefault(feature, {})
                    row[part] = row.get(part, 0.0) + by
                    summed[feature, part] = summed.get((feature, part), 0.0) + by * seen
    for feature, row in weights.items():
        for part in row:
            row[part] -= summed[feature, part] / max(seen, 1)
    return weights
