"""What an expression is read as: numbers, names and symbols, and where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["number", "ordinal", "name", "symbol"]


@dataclass(frozen=True)
class Token:
    """One word of an expression, and where it stands in the normalised text."""

    kind: Kind
    text: str
    start: int
    end: int
    value: Fraction = Fraction(0)
    spaced: bool = False
    """Whether a space stood before it."""
