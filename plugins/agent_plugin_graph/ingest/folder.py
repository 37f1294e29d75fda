"""Which files of a folder are documents: not what .gitignore names, nor hidden files, nor links to folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from agent_plugin_graph.ingest.reading import SUFFIXES

if TYPE_CHECKING:
    import pathspec

_NEVER = frozenset({"node_modules", "__pycache__", "venv", "target", "dist"})


def files_in(folder: Path) -> Iterator[Path]:
    """The documents below a folder, in order. Links to folders are not followed, so there are no loops."""
    import pathspec

    def walk(directory: Path, ignoring: list[tuple[Path, pathspec.GitIgnoreSpec]]) -> Iterator[Path]:
        try:
            rules = (directory / ".gitignore").read_text("utf-8", errors="replace").splitlines()
            ignoring = [*ignoring, (directory, pathspec.GitIgnoreSpec.from_lines(rules))]
        except OSError:
            pass
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError:
            return
        for entry in entries:
            path = directory / entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name.startswith(".") or _ignored(path, is_folder, ignoring):
                continue
            if is_folder and entry.name not in _NEVER:
                yield from walk(path, ignoring)
            elif entry.is_file(follow_symlinks=False) and path.suffix.lower() in SUFFIXES:
                yield path

    yield from walk(folder, [])


def _ignored(path: Path, is_folder: bool, ignoring: list[tuple[Path, pathspec.GitIgnoreSpec]]) -> bool:
    """By the innermost .gitignore that says anything about it."""
    for base, spec in reversed(ignoring):
        said = spec.check_file(path.relative_to(base).as_posix() + ("/" if is_folder else "")).include
        if said is not None:
            return said
    return False
