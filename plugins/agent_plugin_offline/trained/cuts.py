"""Where one action of a request ends and the next begins, by the words around the place."""

from __future__ import annotations

from collections.abc import Sequence

from agent_plugin_offline.numbers import NUMBER_WORDS
from agent_plugin_offline.trained.kindred import groups_of
from agent_plugin_offline.trained.pieces import PLAIN, Piece

_JOINING = frozenset(("and", "then", "or", "also"))


def asks(pieces: Sequence[Piece]) -> bool:
    """Whether a stretch can be an action of its own: numbers, and what joins them, belong to what is said before."""
    return any(
        any(map(str.isalnum, piece.text))
        for piece in pieces
        if piece.form not in ("number", "percent")
        and piece.known not in _JOINING
        and not all(part in NUMBER_WORDS for part in piece.known.split("-"))
    )


def features_of(pieces: Sequence[Piece]) -> dict[int, list[str]]:
    """Per place (the number of the piece before which the request may be cut), what speaks for and against a cut."""
    words = ["^", "^", "^", *(piece.known for piece in pieces), "$", "$", "$"]
    kin = [(), (), (), *(groups_of(piece.known) for piece in pieces), (), (), ()]
    forms = [(p.form if p.form in PLAIN or p.form == p.text else f"<{p.form}>") for p in pieces]
    values = {"file", "table", "email", "formula", "url", "folder", "number", "percent", "both", "day", "clock"}
    found: dict[int, list[str]] = {}
    for at in range(1, len(pieces)):
        if pieces[at].quoted and pieces[at - 1].quoted:
            continue
        if forms[at] == pieces[at].text and not pieces[at].text.isalnum() and pieces[at].text not in "\"'“‘(->":
            continue  # a sign belongs to what it ends
        w, k = words[at : at + 7], kin[at : at + 7]  # w[3] would be the first of the new action
        left = {piece.form for piece in pieces[:at]} & values
        right = {piece.form for piece in pieces[at:]} & values
        found[at] = [
            "#",
            f"0 {w[3]}",
            f"-1 {w[2]}",
            f"-2 {w[1]}",
            f"1 {w[4]}",
            f"2 {w[5]}",
            f"-1,0 {w[2]} {w[3]}",
            f"0,1 {w[3]} {w[4]}",
            f"-1,0,1 {w[2]} {w[3]} {w[4]}",
            f"-2,-1 {w[1]} {w[2]}",
            f"0,1,2 {w[3]} {w[4]} {w[5]}",
            f"form {forms[at - 1]} {forms[at]}",
            f"-1 {w[2]} form {forms[at]}",
            f"left {bool(left)} right {bool(right)}",
            f"0 {w[3]} left {bool(left)} right {bool(right)}",
            f"first {words[3]}",
            f"at {min(at, 3)} of {min(len(pieces) - at, 3)}",
            *(f"k0 {g}" for g in k[3]),
            *(f"k1 {g}" for g in k[4]),
            *(f"k1 {w[3]} {g}" for g in k[4]),
            *(f"k0 -1 {w[2]} {g}" for g in k[3]),
            *(f"k2 {w[3]} {w[4]} {g}" for g in k[5]),
            *(f"k2 {g}" for g in k[5]),
            *(f"kl {g} {w[3]}" for g in kin[3]),
        ]
    return found
