"""What is measured of a sentence beside its passages. Every measure names the words that it found, for the reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from agent_core.loop.support.alignment import Alignment, Link, likeness
from agent_core.loop.support.lexicon import lexicon
from agent_core.loop.support.reading import Token
from agent_core.loop.support.words import CLASSES, NEGATIONS, listed

_OPPOSED_BOUNDS = {frozenset(pair) for pair in ((">=", "<="), (">", "<"), (">=", "<"), (">", "<="))}
_LOOSE = {frozenset(pair) for pair in ((">=", ">"), ("<=", "<"), ("~", ""), ("~", "<"), ("~", ">"))}


@dataclass
class Measured:
    """Measures by name, and the reasons behind those that speak against the sentence."""

    values: dict[str, float] = field(default_factory=dict[str, float])
    reasons: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, name: str, value: float = 1.0, reason: str = "") -> None:
        """Count `value` more of a measure."""
        self.values[name] = self.values.get(name, 0.0) + value
        if reason and reason not in self.reasons.setdefault(name, []):
            self.reasons[name].append(reason)


def measure(found: Alignment) -> Measured:
    """All measures of an aligned sentence."""
    measured = Measured()
    weighty = [token for token in found.tokens if token.weight]
    primary, together, anywhere = found.coverage
    measured.add("cover-best", primary)
    measured.add("cover-chosen", together)
    measured.add("cover-all", anywhere)
    measured.add("length", min(len(weighty), 30) / 10)
    measured.add("sentences", len(found.chosen) - 1)
    near = found.near()
    _missing(found, near, measured)
    _steering(found, near, measured)
    _bounds(found, measured)
    _polarity(found, measured)
    _classes(found, near, measured)
    _closeness(found, measured)
    _binding(found, near, measured)
    _order(found, measured)
    _assignment(found, measured)
    _subject(found, measured)
    _added(found, measured)
    _crossed(measured)
    return measured


_PLAIN = listed("cover-best cover-chosen cover-all length sentences clauses unused-share apart-mean")
_CLOSE = 0.7


def _crossed(measured: Measured) -> None:
    """What differs says more where the rest is the passage's own wording: a word was changed, and nothing reworded."""
    close = measured.values["cover-best"]
    missing = measured.values.get("word-missing", 0.0) + measured.values.get("name-other", 0.0)
    for name, value in list(measured.values.items()):
        if name not in _PLAIN and close >= _CLOSE and value:
            measured.add(f"{name}!", value)
            measured.reasons[f"{name}!"] = measured.reasons.get(name, [])
            if missing <= 1:
                measured.add(f"{name}!!", value)
                measured.reasons[f"{name}!!"] = measured.reasons.get(name, [])


_PRONOUNS = listed("it he she they this these both its his her their")
_FIRST_WORDS = 4


def _frame(found: Alignment) -> list[Token]:
    """The best sentence, and where that begins with a pronoun the one before it, which says whom it is about."""
    if not found.chosen:
        return []
    best = [token for token in found.evidence if token.sentence == found.chosen[0]]
    if any(token.stem in _PRONOUNS for token in best[:_FIRST_WORDS]):
        return [token for token in found.evidence if token.sentence == found.chosen[0] - 1] + best
    return best


def _subject(found: Alignment, measured: Measured) -> None:
    """What stands only in another sentence than the one that carries most, where that has something else in its place.

    A statement is told of somebody else, or with another's figure.
    """
    frame = _frame(found)
    stems = {token.stem for token in frame}
    ours = {token.stem for token in found.tokens}
    linked = {link.said.stem for link in found.links.values()}
    for at, link in found.links.items():
        token = found.tokens[at]
        if not token.weight or link.said.stem in stems or _said_in(token, frame):
            continue
        others = [t for t in frame if t.kind == token.kind and t.stem not in ours and t.stem not in linked]
        if token.kind == "name" and others:
            measured.add("foreign-name", 1, f"“{token.text}” (the source tells this of “{others[0].text}”)")
        elif token.figure and any(t.figure and token.figure.rivals(t.figure) for t in others):
            measured.add("foreign-figure", 1, f"“{token.text}” (is said of something else)")
        elif rival := _rival(token, others):
            measured.add("foreign-word", 1, f"“{token.text}” (the source says “{rival.text}”)")
    first = [t for t in found.tokens if t.weight >= 1][:2]
    if first and not any(_said_in(token, frame) for token in first):
        measured.add("foreign-subject", 1, f"“{first[0].text}”")


def _said_in(token: Token, frame: Sequence[Token]) -> bool:
    return any(likeness(token, said)[0] for said in frame)


_REASONS = CLASSES["c-cause"] | {"after", "before", "in_order_to", "becaus", "thank", "du_to"}
_CONDITIONS = CLASSES["c-condition"] | CLASSES["q-except"] | {"onl"} | CLASSES["q-only"] | {"wher", "where", "excl"}


def _added(found: Alignment, measured: Measured) -> None:
    """A reason that the passages do not give, and a condition of theirs that the sentence leaves out."""
    since = next((at for at, token in enumerate(found.tokens) if token.stem in CLASSES["c-cause"] and at), None)
    if since is not None:
        missing = [t for at, t in enumerate(found.tokens) if at > since and t.weight >= 1 and at not in found.links]
        if missing:
            measured.add("reason-missing", min(2, len(missing)), f"“{missing[0].text}”")
    frame = _frame(found)
    here = {token.stem for token in found.tokens}
    conditions = {token.stem for token in frame} & _CONDITIONS
    if conditions and not here & _CONDITIONS:
        used = {link.said.place for link in found.links.values()}
        start = min(token.place for token in frame if token.stem in conditions)
        after = [token for token in frame if token.place > start and token.weight >= 1]
        left = sum(token.place not in used for token in after)
        measured.add(
            "condition-left",
            1 if after and left / len(after) > 0.5 else 0.3,
            f"the source's condition “{sorted(conditions)[0]} ...” is left out",
        )


def _missing(found: Alignment, near: Sequence[Token], measured: Measured) -> None:
    """Tokens of the sentence that no passage has; worse where the passages have something that excludes it."""
    free = _unused(found, near)
    for at, token in enumerate(found.tokens):
        link = found.links.get(at)
        if link is None and token.figure:
            _missing_figure(token, free, found.evidence, measured)
        elif link is None and token.weight:
            _missing_word(found, at, free, measured)
        elif link is not None:
            if link.said.sentence not in found.chosen:
                measured.add(f"elsewhere-{token.kind}")
            if link.strength < 1 and token.kind == "word":
                measured.add("reworded", token.weight)
    content = sum(1 for token in found.tokens if token.kind == "word" and token.weight == 1) or 1
    measured.add("word-missing-share", measured.values.get("word-missing", 0.0) / content)
    used = sum(1 for link in found.links.values() if link.said.sentence in found.chosen[:1])
    held = sum(1 for token in near if token.weight and token.sentence in found.chosen[:1]) or 1
    measured.add("unused-share", max(0.0, 1 - used / held))


def _missing_figure(token: Token, free: Sequence[Token], evidence: Sequence[Token], measured: Measured) -> None:
    assert token.figure is not None
    rival = _rival(token, free)
    unit = next((one for one in free if one.figure and one.figure.number == token.figure.number), None)
    if token.figure.written.lower() in ("one", "a half", "half") and not rival:
        return
    if not token.figure.dimension and not rival and token.text.isalpha():
        measured.add("count-missing", 1, f"“{token.text}”")
    elif _derived(token, evidence):
        measured.add("figure-derived")
    elif unit or rival:
        other = unit or rival
        name = "unit-other" if unit else "figure-other"
        measured.add(name, 1, f"“{token.text}”{_instead(other)}")
    else:
        measured.add("figure-missing", 1, f"“{token.text}”")


def _missing_word(found: Alignment, at: int, free: Sequence[Token], measured: Measured) -> None:
    token = found.tokens[at]
    rival = _rival(token, free)
    if rival is not None and rival.negated != token.negated:
        measured.add("balanced")  # "excluded" is what "not covered" says
    elif rival is not None:
        measured.add("opposed", 1, f"“{token.text}”{_instead(rival)}")
    elif token.kind == "name":
        other = any(one.kind == "name" for one in free)
        measured.add("name-other" if other else "name-missing", 1, f"“{token.text}”")
    elif token.weight < 1:
        measured.add("light-missing")
    else:
        measured.add("word-missing", 1, f"“{token.text}”")
        if instead := _slot(found, at, free):
            measured.add("replaced", 1, f"“{token.text}”{_instead(instead)}")
        if at >= 0.75 * len(found.tokens):
            measured.add("tail-missing")


def _instead(said: Token | None) -> str:
    return f" (the source says “{said.text}”)" if said else ""


def _steering(found: Alignment, near: Sequence[Token], measured: Measured) -> None:
    """Small words of place, time and comparison where the passages have the opposite: before and after."""
    here = {token.stem for token in found.tokens if token.kind == "function"}
    there = {token.stem for token in near if token.kind == "function"}
    words = lexicon()
    for stem in sorted(here - there):
        opposite = [other for other in there - here if words.are_opposed(stem, other)]
        if opposite and not any(words.are_same(stem, other) for other in there):
            measured.add(
                "steered", 1, f"“{stem.replace('_', ' ')}” (the source says “{opposite[0].replace('_', ' ')}”)"
            )


def _slot(found: Alignment, at: int, free: Sequence[Token]) -> Token | None:
    """What the passages say between the words that stand on both sides of this one in the sentence."""
    tokens, links = found.tokens, found.links
    before = next((links[n] for n in range(at - 1, -1, -1) if tokens[n].weight and n in links), None)
    after = next((links[n] for n in range(at + 1, len(tokens)) if tokens[n].weight and n in links), None)
    sides = [link.said for link in (before, after) if link is not None]
    if not sides or (len(sides) == 2 and not 0 < sides[1].place - sides[0].place <= 6):
        return None
    for said in free:
        if said.kind != "word" or said.sentence != sides[0].sentence:
            continue
        if len(sides) == 2 and sides[0].place < said.place < sides[1].place:
            return said
        if len(sides) == 1 and 0 < (said.place - sides[0].place) * (1 if before else -1) <= 3:
            return said
    return None


def _unused(found: Alignment, near: Sequence[Token]) -> list[Token]:
    """What the chosen sentences say and the sentence does not."""
    used = {link.said.place for link in found.links.values()}
    stems = {token.stem for token in found.tokens}
    return [token for token in near if token.place not in used and token.stem not in stems]


def _rival(token: Token, free: Sequence[Token]) -> Token | None:
    for said in free:
        if token.figure and said.figure:
            if token.figure.rivals(said.figure):
                return said
        elif lexicon().are_opposed(token.stem, said.stem):
            return said
    return None


_MOST_FIGURES = 60
_CLEARLY = 0.35
"""By how much better the passages fit when two things change places, before that is taken as said."""


def _derived(token: Token, evidence: Sequence[Token]) -> bool:
    """Whether a figure follows from two in the passages: a sum, a difference, the rest of a whole, years between."""
    assert token.figure is not None
    value, dimension = token.figure.value, token.figure.dimension
    held = [said.figure for said in evidence if said.figure][:_MOST_FIGURES]
    same = [one.value for one in held if one.dimension == dimension]
    years = [one.value for one in held if one.dimension == "year"]
    pairs = [(one, other) for n, one in enumerate(same) for other in same[n + 1 :]]
    made = [abs(one - other) for one, other in pairs] + [one + other for one, other in pairs]
    if dimension == "share":
        made += [1 - one for one in same]
    elif dimension == "months":
        made += [12 * abs(one - other) for n, one in enumerate(years) for other in years[n + 1 :]]
    elif dimension == "year":
        spans = [one.value / 12 for one in held if one.dimension == "months"]
        made += [year + sign * span for year in years for span in spans for sign in (1, -1)]
    loose = 0.05 if token.figure.bound == "~" else 1e-6
    return any(abs(one - value) <= loose * max(1.0, abs(value)) for one in made if one)


def _bounds(found: Alignment, measured: Measured) -> None:
    """Figures whose bound is another one: "at least 5" is neither "at most 5" nor "5"."""
    for link in found.links.values():
        if not (link.token.figure and link.said.figure):
            continue
        one, other = link.token.figure.bound, link.said.figure.bound
        if one == other:
            continue
        pair = frozenset((one, other))
        reason = f"“{link.token.text}” (the source says it as another limit)"
        if pair in _OPPOSED_BOUNDS:
            measured.add("bound-opposed", 1, reason)
        elif pair in _LOOSE:
            measured.add("bound-loose")
        else:
            measured.add("bound-dropped" if not one else "bound-added", 1, reason)


def _polarity(found: Alignment, measured: Measured) -> None:
    """Words that are negated on one side only. A prefix, and a negation of the opposite, count as well."""
    ours = theirs = 0.0
    words: list[str] = []
    for link in found.links.values():
        if link.token.kind == "figure" or link.said.sentence not in found.chosen:
            continue
        one, other = link.token.negated, link.said.negated
        if link.flipped:
            one = not one
        if one != other:
            ours, theirs = ours + (one and not other), theirs + (other and not one)
            words.append(link.token.text)
    reason = f"“{words[0]}” (said the other way round)" if words else ""
    count = len(found.links) or 1
    for name, value in (("negated-here", ours), ("negated-there", theirs)):
        if value and not measured.values.get("balanced"):
            measured.add(name, 1, reason)
            measured.add(f"{name}-share", value / count)
    cues = [sum(1 for token in side if _negates(token)) for side in (found.tokens, _clause_of(found))]
    balanced = measured.values.get("balanced", 0.0)
    measured.add("cue-here", max(0, min(2, cues[0] - cues[1] - balanced)))
    measured.add("cue-there", max(0, min(2, cues[1] - cues[0] - balanced)))
    opposed = measured.values.get("opposed", 0.0)
    if opposed and (ours or theirs):
        measured.add("opposed-negated", min(opposed, 2))


def _negates(token: Token) -> bool:
    return token.stem in NEGATIONS or token.stem in ("not", "no", "n't")


def _clause_of(found: Alignment) -> list[Token]:
    """The clauses of the chosen sentences in which something of the sentence stands."""
    clauses = {(link.said.sentence, link.said.clause) for link in found.links.values()}
    return [
        token
        for token in found.evidence
        if token.sentence in found.chosen[:2] and (token.sentence, token.clause) in clauses
    ]


def _classes(found: Alignment, near: Sequence[Token], measured: Measured) -> None:
    """Quantifiers, modal words and connectives that stand on one side only."""
    here = _parts(found.tokens)
    there = _parts(near)
    clause = _parts(_clause_of(found))
    for name, members in CLASSES.items():
        ours, theirs = here & members, there & members
        if ours and not theirs:
            measured.add(f"{name}+", 1, f"“{sorted(ours)[0]}”")
        if clause & members and not ours:
            measured.add(f"{name}-", 1, f"the source's “{sorted(clause & members)[0]}” is left out")
    pairs = (("m-may", "m-must"), ("m-must", "m-may"), ("m-should", "m-must"), ("q-some", "q-all"), ("q-most", "q-all"),
             ("q-all", "q-some"), ("q-some", "q-most"), ("q-few", "q-most"), ("q-most", "q-few"))  # fmt: skip
    for theirs, ours in pairs:
        if clause & CLASSES[theirs] and here & CLASSES[ours] and not (here & CLASSES[theirs] or clause & CLASSES[ours]):
            measured.add(f"{theirs}>{ours}", 1, f"“{sorted(here & CLASSES[ours])[0]}”")


def _parts(tokens: Sequence[Token]) -> set[str]:
    """The words of tokens and of expressions; the month of May is none of them."""
    return {
        part for token in tokens if token.kind in ("word", "function") for part in (token.stem, *token.stem.split("_"))
    }


def _closeness(found: Alignment, measured: Measured) -> None:
    """Whether what stands together in the sentence stands together in the passages."""
    scores = [_together(one, other) for one, other in _neighbours(found)]
    if scores:
        measured.add("apart-mean", 1 - sum(scores) / len(scores))
        measured.add("apart-worst", 1 - min(scores))
        measured.add("apart-count", min(3, sum(1 for score in scores if score < 0.2)))
    clauses: dict[tuple[int, int], int] = {}
    for link in found.links.values():
        place = link.said.sentence, link.said.clause
        clauses[place] = clauses.get(place, 0) + 1
    measured.add("clauses", min(6, len(clauses)) / 3)


def _neighbours(found: Alignment) -> Iterator[tuple[Link, Link]]:
    linked = [found.links[at] for at in sorted(found.links) if found.tokens[at].weight]
    yield from pairwise(linked)


def _together(one: Link, other: Link) -> float:
    if one.said.sentence != other.said.sentence:
        return 0.1 if abs(one.said.sentence - other.said.sentence) == 1 else 0.0
    distance = abs(one.said.place - other.said.place)
    near = 1.0 if distance <= 4 else 0.7 if distance <= 8 else 0.4
    return near if one.said.clause == other.said.clause else 0.7 * near


def _binding(found: Alignment, near: Sequence[Token], measured: Measured) -> None:
    """Figures and names that the passages tell of something else: a rival stands nearer to what is said of them."""
    for at, link in found.links.items():
        if link.token.kind not in ("figure", "name"):
            continue
        context = [
            (other, abs(other.token.place - link.token.place))
            for place, other in found.links.items()
            if place != at and other.token.weight and other.said.stem != link.said.stem
        ]
        context = sorted(context, key=lambda pair: pair[1])[:4]
        own = _bound_to(link.said, context)
        rivals = [
            said
            for said in near
            if said.kind == link.said.kind
            and said.stem != link.said.stem
            and said.place != link.said.place
            and _same_kind(link.said, said)
            and not any(other.said.place == said.place for other, _ in context)
        ]
        best = max(((_bound_to(said, context), said) for said in rivals), key=lambda pair: pair[0], default=None)
        if best and best[0] > own + 0.05:
            kind = link.token.kind
            measured.add(f"bound-{kind}", min(1.0, best[0] - own), f"“{link.token.text}” (is said of something else)")
            measured.add(f"bound-{kind}-any", 1)


def _assignment(found: Alignment, measured: Measured) -> None:
    """Two figures, names or opposites of which each is told what the passages tell of the other."""
    linked = [found.links[at] for at in sorted(found.links) if found.tokens[at].weight >= 1]
    for n, one in enumerate(linked):
        for other in linked[n + 1 :]:
            if not _exchangeable(one, other):
                continue
            sides: tuple[list[tuple[Link, int]], list[tuple[Link, int]]] = ([], [])
            for link in linked:
                if link is one or link is other or link.said.sentence != one.said.sentence:
                    continue
                near = [abs(link.token.place - end.token.place) for end in (one, other)]
                if near[0] != near[1]:
                    side = 0 if near[0] < near[1] else 1
                    sides[side].append((link, near[side]))
            if not (sides[0] and sides[1]):
                continue
            straight = _bound_to(one.said, sides[0]) + _bound_to(other.said, sides[1])
            crossed = _bound_to(one.said, sides[1]) + _bound_to(other.said, sides[0])
            if crossed > straight + _CLEARLY:
                reason = f"“{one.token.text}” and “{other.token.text}” (the other way round)"
                measured.add("exchanged", min(1.0, crossed - straight), reason)


def _exchangeable(one: Link, other: Link) -> bool:
    """Whether two tokens could stand in each other's place: they are of a kind, and in one sentence of the passages."""
    if one.said.sentence != other.said.sentence or one.said.stem == other.said.stem:
        return False
    if one.token.figure and other.token.figure:
        return one.token.figure.dimension == other.token.figure.dimension
    if one.token.kind == "name" and other.token.kind == "name":
        return abs(one.token.place - other.token.place) > 2
    return lexicon().are_opposed(one.token.stem, other.token.stem)


def _same_kind(one: Token, other: Token) -> bool:
    if one.figure and other.figure:
        return one.figure.dimension == other.figure.dimension
    return True


def _bound_to(said: Token, context: Sequence[tuple[Link, int]]) -> float:
    """How near a token of the passages stands to what the sentence says around it."""
    score = weights = 0.0
    for other, distance in context:
        weight = 1 / (1 + distance)
        weights += weight
        if other.said.sentence == said.sentence:
            apart = abs(other.said.place - said.place) + 6 * abs(other.said.clause - said.clause)
            score += weight / (1 + apart / 4)
    return score / weights if weights else 0.0


def _order(found: Alignment, measured: Measured) -> None:
    """Names and things that changed sides: who did it to whom, what is more than what."""
    linked = [found.links[at] for at in sorted(found.links) if found.tokens[at].weight >= 1]
    turned = pairs = 0
    for n, one in enumerate(linked):
        for other in linked[n + 1 : n + 6]:
            if one.said.sentence != other.said.sentence or one.said.place == other.said.place:
                continue
            pairs += 1
            if one.said.place > other.said.place:
                turned += 1
                names = one.token.kind == other.token.kind == "name"
                converse = measured.values.get("opposed", 0.0) > 0
                passive = converse or _has_by(found.tokens, one.token, other.token) != _has_by(
                    found.evidence, other.said, one.said
                )
                if names:
                    measured.add(
                        "turned-names-passive" if passive else "turned-names",
                        1,
                        "" if passive else f"“{one.token.text}” and “{other.token.text}” (the other way round)",
                    )
                elif not passive and _verb_between(found, one, other):
                    measured.add("turned-around-verb", 1)
    if pairs:
        measured.add("turned-share", turned / pairs)


def _has_by(tokens: Sequence[Token], one: Token, other: Token) -> bool:
    low, high = sorted((one.place, other.place))
    return any(token.stem == "by" and low < token.place < high and token.sentence == one.sentence for token in tokens)


def _verb_between(found: Alignment, one: Link, other: Link) -> bool:
    """Whether the same word stands between the two on both sides."""
    low, high = sorted((one.said.place, other.said.place))
    return any(
        one.token.place < link.token.place < other.token.place and low < link.said.place < high
        for link in found.links.values()
        if link.token.kind == "word"
    )
