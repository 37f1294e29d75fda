"""A unified diff that says exactly what a change does: applied to the old text, it gives the new one."""

from __future__ import annotations

from difflib import unified_diff

_CONTEXT = 3
_COMPARABLE = 4_000_000
"""Lines of one side times lines of the other: beyond it the search for a small diff may take minutes."""


def diff(path: str, before: str | None, after: str | None) -> str:
    """The change of `path` from `before` to `after`; None: the file does not exist.

    Lines end at line feeds only, as they do for `patch`; a missing last one is marked as `diff` marks it.
    """
    old, new = _lines(before or ""), _lines(after or "")
    header = [
        "--- /dev/null\n" if before is None else f"--- a/{path}\n",
        "+++ /dev/null\n" if after is None else f"+++ b/{path}\n",
    ]
    small = len(old) * len(new) <= _COMPARABLE
    body = list(unified_diff(old, new, n=_CONTEXT))[2:] if small else _one_hunk(old, new)
    marked = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in body)
    return "".join([*header, *marked])


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _one_hunk(old: list[str], new: list[str]) -> list[str]:
    """Everything between the first and the last difference as one replacement: linear in the size."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < min(len(old), len(new)) - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    first = max(0, start - _CONTEXT)
    shared = min(tail, _CONTEXT)
    old_end, new_end = len(old) - tail, len(new) - tail
    if start == old_end and start == new_end:
        return []
    after = old[old_end : old_end + shared]
    return [
        f"@@ -{_range(first, old_end + shared)} +{_range(first, new_end + shared)} @@\n",
        *(f" {line}" for line in old[first:start]),
        *(f"-{line}" for line in old[start:old_end]),
        *(f"+{line}" for line in new[start:new_end]),
        *(f" {line}" for line in after),
    ]


def _range(start: int, end: int) -> str:
    """A hunk's range as `diff` writes it: counted from 1, and from the line before where it is empty."""
    return f"{start + 1 if end > start else start},{end - start}"
