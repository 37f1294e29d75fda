"""A dataset's folder: written beside its place, hashed while it is written, and put there whole or not at all."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from agent_finetune.dataset.examples import DatasetError
from agent_finetune.dataset.spool import compact

CARD = "card.json"
FORMAT = "agent-core dataset"


@dataclass
class Written:
    """A file of the dataset."""

    rows: int = 0
    bytes: int = 0
    hash: Any = field(default_factory=sha256)


class Folder:
    """The files of a dataset while they are written; one without rows is not made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, Written] = {}
        self._open: dict[str, IO[bytes]] = {}

    def add(self, name: str, row: dict[str, Any]) -> None:
        """Append a row to a file of lines."""
        if name not in self._open:
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            self._open[name] = (self.path / name).open("wb")
            self.files[name] = Written()
        line = compact(row).encode("utf-8", "replace") + b"\n"
        self._open[name].write(line)
        written = self.files[name]
        written.rows += 1
        written.bytes += len(line)
        written.hash.update(line)

    def close(self) -> None:
        """Write the rest out."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def listing(self) -> dict[str, dict[str, Any]]:
        """Rows, bytes and SHA-256 of every file."""
        return {
            name: {"rows": written.rows, "bytes": written.bytes, "sha256": written.hash.hexdigest()}
            for name, written in sorted(self.files.items())
        }


@contextmanager
def replacing(out: Path, replace: bool) -> Generator[Path]:
    """A folder to write in, which becomes `out` at the end, or goes if anything fails.

    Raises:
        DatasetError: something is there already, or the disk is full or cannot be written.
    """
    _check_free(out, replace)
    draft: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
        made = draft / "made"
        made.mkdir()
        yield made
        if out.exists():
            out.rename(draft / "before")
        made.rename(out)
    except OSError as error:
        raise DatasetError(f"The dataset {str(out)!r} cannot be written: {error.strerror or error}.") from error
    except sqlite3.OperationalError as error:
        raise DatasetError(f"The dataset {str(out)!r} cannot be written: {error}.") from error
    finally:
        if draft is not None:
            shutil.rmtree(draft, ignore_errors=True)


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a text file, numbered from 1, without empty ones.

    Raises:
        DatasetError: it cannot be read as UTF-8 text.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{str(path)!r} cannot be read: {error}.") from error


def _check_free(out: Path, replace: bool) -> None:
    if not out.exists() and not out.is_symlink():
        return
    if not replace:
        raise DatasetError(f"{str(out)!r} exists already; choose another folder, or add --replace.")
    try:
        ours = json.loads((out / CARD).read_text("utf-8")).get("format") == FORMAT
    except (OSError, ValueError, AttributeError):
        ours = False
    if not ours or out.is_symlink():
        raise DatasetError(f"{str(out)!r} is no dataset of agent-core's, and is not replaced.")
