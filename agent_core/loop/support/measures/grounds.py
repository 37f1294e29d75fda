"""Reasons that the passages do not give, and conditions of theirs that are left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from agent_core.loop.support.alignment import Alignment
from agent_core.loop.support.measures.measured import Measured
from agent_core.loop.support.words import CLASSES, stemmed

_CAUSES = tuple(
    tuple(phrase.split("_"))
    for phrase in stemmed(
        """because due_to thanks_to owing_to as_a_result as_a_consequence on_account_of result_of consequence_of
        in_order_to so_that the_reason are_the_reason"""
    )
)
"""What gives a reason, and nothing else."""
_GIVEN = CLASSES["c-cause"] | stemmed(
    "as reason why attribute explain effect account result due since blame otherwise when if"
)
_CONDITIONS = stemmed("if unless provided only except apart")
_CONDITIONAL = _CONDITIONS | stemmed(
    "when where whenever once subject as_long_as with without depend require must need"
)
"""With one of these the sentence may say the condition in other words."""


def grounds(found: Alignment, measured: Measured) -> None:
    """Compare why and on what condition something is so."""
    _reasons(found, measured)
    _conditions(found, measured)


def _reasons(found: Alignment, measured: Measured) -> None:
    stems = [token.stem for token in found.tokens]
    since = next((at for at in range(len(stems)) if _gives_reason(stems, at)), None)
    if since is None:
        return
    cue = found.tokens[since]
    clause = [
        at for at, token in enumerate(found.tokens)
        if at > since and token.weight >= 1 and (since or token.clause == cue.clause)
    ]  # fmt: skip
    missing = [at for at in clause if at not in found.links]
    where = {found.links[at].said.sentence for at in clause if at in found.links} | set(found.chosen[:1])
    given = any(
        token.stem in _GIVEN or set(token.stem.split("_")) & _GIVEN
        for token in found.evidence
        if token.sentence in where
    )
    if missing and (not given or len(missing) == len(clause)):
        measured.add(
            "reason-missing",
            min(2, len(missing)),
            f"“{cue.text} … {found.tokens[missing[0]].text}” (not in the source)",
        )
    if not given:
        measured.add("reason-made", 1, f"“{cue.text}” (the source gives no such reason)")


def _gives_reason(stems: Sequence[str], at: int) -> bool:
    joined = "_".join(stems[at : at + 4]).split("_")
    return any(tuple(joined[: len(cause)]) == cause for cause in _CAUSES)


def _conditions(found: Alignment, measured: Measured) -> None:
    if any(token.stem in _CONDITIONAL for token in found.tokens):
        return
    best = found.best()
    used = {link.said.place for link in found.links.values()}
    for cue, follows in pairwise(best):
        if cue.stem not in _CONDITIONS or follows.figure:
            continue
        row = [token for token in best if token.sentence == cue.sentence and token.weight >= 1]
        after = [token for token in row if token.clause == cue.clause and token.place > cue.place]
        held = [token for token in row if token not in after]
        told = [token for token in held if token.place in used]
        if after and not any(token.place in used for token in after) and len(told) >= 2 and len(told) >= len(held) / 2:
            measured.add("condition-left", 1, f"the source's condition “{cue.text} {after[0].text} …” is left out")
            return
