"""Which tool a stretch of a request is for, by all that it looks like: words, pairs and pieces of words, forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from agent_plugin_offline.trained.kindred import groups_of
from agent_plugin_offline.trained.pieces import PLAIN, Piece


def features_of(pieces: Sequence[Piece], before: Sequence[Piece] = (), after_tool: str = "") -> list[str]:
    """What speaks for one tool or another, each once.

    Args:
        pieces: The stretch.
        before: What stands before it in the request.
        after_tool: The tool of the stretch before it.
    """
    return list(dict.fromkeys(_features(pieces, before, after_tool)))


def _features(pieces: Sequence[Piece], before: Sequence[Piece], after_tool: str) -> Iterator[str]:
    words = _words(pieces)
    yield "#"
    yield from (f"w {word}" for word in words)
    yield from (f"s {piece.stem}" for piece in pieces if not piece.quoted)
    yield from (f"{a} {b}" for a, b in zip(["^", *words], [*words, "$"], strict=True))
    yield from (f"{a} {b} {c}" for a, b, c in zip(["^", *words], words, [*words[1:], "$"], strict=False))
    yield from (f"{a} _ {c}" for a, c in zip(words, words[2:], strict=False))
    yield from (f"first {word}" for word in words[:2])
    kin = [groups_of(word) if word[0] != "<" else (word,) for word in words]
    for groups in kin:
        yield from (f"k {group}" for group in groups)
    for left, right in pairwise(kin):
        yield from (f"k {a} {b}" for a in left for b in right)
    for groups in kin[:2]:
        yield from (f"k first {group}" for group in groups)
    forms = [piece.form for piece in pieces if len(piece.form) > 1 and piece.form not in PLAIN]
    told = {group for groups in kin for group in groups}
    for form in sorted(set(forms)):
        yield f"n {form} {min(forms.count(form), 3)}"
        yield from (f"{form} k {group}" for group in sorted(told))
    for piece in pieces:
        if piece.form in ("low", "Cap") and not piece.quoted:
            padded = f"({piece.known})"
            yield from (f"#{padded[i : i + 4]}" for i in range(len(padded) - 3))
    if before:
        yield f"after {after_tool}"
        first = _words(before)[:1]
        yield from (f"after {after_tool} {word}" for word in words[:2])
        yield from (f"began {word}" for word in first)
        yield from (f"began k {group}" for word in first for group in groups_of(word))
    else:
        yield "alone"


def _words(pieces: Sequence[Piece]) -> list[str]:
    known = ["<quoted>" if one.quoted else one.known for one in pieces]
    return [word for at, word in enumerate(known) if word[0] != "<" or at == 0 or known[at - 1] != word]
