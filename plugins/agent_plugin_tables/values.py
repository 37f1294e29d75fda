"""Which column holds a value that somebody names: every text of a table, found by its words."""

from __future__ import annotations

from collections import defaultdict

from agent_plugin_tables.cells import shown
from agent_plugin_tables.table import Table, name_words

_LONGEST = 8
_MOST = 50_000


class Values:
    """The texts in a table's cells."""

    def __init__(self, table: Table) -> None:
        self._exact: defaultdict[str, set[int]] = defaultdict(set)
        self._spelt: set[str] = set()
        self._loose: defaultdict[tuple[str, ...], set[tuple[int, str]]] = defaultdict(set)
        self._parts: defaultdict[str, set[tuple[int, str]]] = defaultdict(set)
        self.longest = 1
        """How many words a value has at most."""
        texts = {i for i, reader in table.kinds.items() if reader.kind == "text"}
        for row in table.rows():
            for column in range(len(table.columns)):
                self._add(column, shown(row.cell(column)).strip(), column in texts)
            if len(self._exact) > _MOST:
                break

    def _add(self, column: int, text: str, is_text: bool) -> None:
        folded = text.casefold()
        if not text or column in self._exact.get(folded, ()):
            return
        self._exact[folded].add(column)
        self._spelt.add(text)
        words = text.split()
        if not is_text or len(words) > _LONGEST:
            return
        self.longest = max(self.longest, len(words))
        self._loose[tuple(name_words(text))].add((column, folded))
        for size in range(1, len(words)):
            for at in range(len(words) - size + 1):
                self._parts[" ".join(words[at : at + size]).casefold().strip(".,;:")].add((column, folded))

    def spelt(self, text: str) -> bool:
        """Whether a cell is spelt just so, and not as an everyday word would be: the state "IN"."""
        return text in self._spelt and not text.islower()

    def holders(self, text: str) -> tuple[int, ...]:
        """The columns with a cell that is `text`, in upper or lower case."""
        return tuple(sorted(self._exact.get(text.casefold(), ())))

    def meant(self, text: str) -> tuple[str, tuple[int, ...]] | None:
        """The one value that `text` means, in the plural or shortened, and the columns that hold it."""
        for found in (self._loose.get(tuple(name_words(text)), ()), self._parts.get(text.casefold(), ())):
            values = {value for _, value in found}
            if len(values) == 1:
                return values.pop(), tuple(sorted({column for column, _ in found}))
        return None
