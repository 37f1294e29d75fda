"""Many exact texts, looked for at once by how they begin: a look-up per character, however many texts there are."""

from __future__ import annotations

from collections.abc import Iterator

_HEAD = 8
_SHORT_HEAD = 4
SHORTEST = _SHORT_HEAD
"""No shorter text can be looked for."""


class PrefixIndex:
    """Texts of at least `SHORTEST` characters, each with what it is."""

    def __init__(self) -> None:
        self._kinds: dict[str, str] = {}
        self._long: dict[str, list[str]] = {}
        self._short: dict[str, list[str]] = {}
        self._beginnings: set[str] = set()
        """All proper beginnings shorter than a head."""
        self._longest = 0

    def add(self, text: str, kind: str) -> None:
        """Look for `text` from now on."""
        if text in self._kinds:
            return
        heads, size = (self._long, _HEAD) if len(text) >= _HEAD else (self._short, _SHORT_HEAD)
        heads.setdefault(text[:size], []).append(text)
        self._beginnings.update(text[:size] for size in range(1, min(_HEAD, len(text))))
        self._longest = max(self._longest, len(text))
        self._kinds[text] = kind

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and kind of every occurrence, in order of their starts; they may overlap."""
        if not self._kinds:
            return
        long, short = self._long, self._short
        for at in range(len(text) - _SHORT_HEAD + 1):
            if candidates := long.get(text[at : at + _HEAD]):
                yield from self._at(text, at, candidates)
            if short and (candidates := short.get(text[at : at + _SHORT_HEAD])):
                yield from self._at(text, at, candidates)

    def begun_at(self, text: str) -> int:
        """Where what `text` ends in begins to be the beginning of one of them; the length of `text` if nowhere.

        The beginning may stand inside a word, but a single letter at the end of a word is no beginning.
        """
        end = len(text)
        for at in range(max(0, end - self._longest + 1), end):
            if self._goes_on(text, at) and (end - at > 1 or at == 0 or not text[at - 1].isalnum()):
                return at
        return end

    def _at(self, text: str, at: int, candidates: list[str]) -> Iterator[tuple[int, int, str]]:
        for candidate in list(candidates):  # another thread may add one meanwhile
            if text.startswith(candidate, at):
                yield at, at + len(candidate), self._kinds[candidate]

    def _goes_on(self, text: str, at: int) -> bool:
        size = len(text) - at
        if size < _HEAD:
            return text[at:] in self._beginnings
        candidates = self._long.get(text[at : at + _HEAD])
        return bool(candidates) and any(len(c) > size and c.startswith(text[at:]) for c in list(candidates))
