"""Near-duplicates by MinHash: examples that share almost all of their wording teach the same thing twice."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from hashlib import blake2b

PERMUTATIONS = 64
_BANDS = 16
_SHINGLE = 5
"""Characters that are compared together: two requests that differ in a number differ in many of them."""
NEAR = 0.85
"""From this estimated Jaccard similarity on two examples count as one."""


class Signature:
    """What a text is compared by; 256 bytes."""

    def __init__(self, values: array[int]) -> None:
        self._values = values

    @classmethod
    def of(cls, text: str) -> Signature:
        """The signature of a text."""
        from rensa import RMinHash  # pyright: ignore[reportAttributeAccessIssue] - the library declares no types

        plain = " ".join(text.lower().split())
        hashed = RMinHash(num_perm=PERMUTATIONS, seed=1)
        hashed.update(sorted({plain[at : at + _SHINGLE] for at in range(max(1, len(plain) - _SHINGLE + 1))}))
        return cls(array("I", hashed.digest()))

    @classmethod
    def load(cls, data: bytes) -> Signature:
        """A signature from its bytes."""
        values = array("I")
        values.frombytes(data)
        return cls(values)

    def dump(self) -> bytes:
        """Its bytes."""
        return self._values.tobytes()

    def bands(self, group: str) -> Iterator[int]:
        """Numbers of which two alike texts of a group share at least one, almost certainly; 63 bits each."""
        rows = PERMUTATIONS // _BANDS
        for band in range(_BANDS):
            part = self._values[band * rows : (band + 1) * rows].tobytes()
            digest = blake2b(part, digest_size=8, key=f"{band}/{group}".encode()[:64]).digest()
            yield int.from_bytes(digest, "big") >> 1

    def similarity(self, other: Signature) -> float:
        """The estimated Jaccard similarity of the two texts."""
        equal = sum(a == b for a, b in zip(self._values, other._values, strict=True))
        return equal / PERMUTATIONS
