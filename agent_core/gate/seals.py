"""Seals on the rows that permit something: questions, answers, grants, rules, allowances of a run.

Anybody who can write the journal's file could write such a row; only whoever has the vault's key can seal it. A row
whose seal is missing or does not fit counts as if it were not there. Spending and revoking remove the seal, so that
resetting the column that says so brings nothing back.
"""

from __future__ import annotations

import hmac
from typing import Any, Literal, Protocol

SealedKind = Literal["question", "grant", "answer", "rule", "run"]


class Sealer(Protocol):
    """What makes seals: the vault, which has the key."""

    def seal(self, kind: SealedKind, *fields: Any) -> str:
        """A keyed hash over JSON values, in hex; of another kind, the same values have another one."""
        ...


def is_sealed(sealer: Sealer, seal: str, kind: SealedKind, *fields: Any) -> bool:
    """Whether the seal was made for exactly these values."""
    return bool(seal) and hmac.compare_digest(seal.encode(), sealer.seal(kind, *fields).encode())
