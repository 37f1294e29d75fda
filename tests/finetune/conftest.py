"""Datasets of real journals: assistants make the runs, the builder reads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent_core import open_traces
from agent_finetune.dataset.building import Options, build

KEY = b"k" * 32


class Built:
    """A dataset as it lies on the disk."""

    def __init__(self, folder: Path, card: dict[str, Any]) -> None:
        self.folder = folder
        self.card = card

    def rows(self, name: str = "trl", *splits: str) -> list[dict[str, Any]]:
        """The rows of a form, of all splits or of some."""
        files = [self.folder / name / f"{split}.jsonl" for split in splits or ("train", "validation", "test")]
        return [json.loads(line) for file in files if file.exists() for line in file.read_text("utf-8").splitlines()]

    def taught(self, kind: str) -> list[dict[str, Any]]:
        """The last messages of the examples of a kind."""
        return [row["messages"][-1] for row in self.rows() if row["kind"] == kind]

    @property
    def bytes(self) -> dict[str, bytes]:
        """Every file, by its name."""
        files = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}


@pytest.fixture
def dataset(tmp_path: Path) -> Callable[..., Built]:
    """Builds a dataset of the journal of this test's assistants."""
    made: list[int] = []

    def make(**options: Any) -> Built:
        made.append(1)
        out = tmp_path / f"dataset{len(made)}"
        with open_traces(tmp_path / "home") as traces:
            card = build(traces, out, KEY, Options(**options))
        return Built(out, card)

    return make


def calls_of(message: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(tool, arguments) of what a message calls."""
    return [(call["function"]["name"], call["function"]["arguments"]) for call in message.get("tool_calls", ())]
