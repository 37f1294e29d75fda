"""From the spool to files: every split in every form."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from agent_finetune.dataset.balance import SPLITS
from agent_finetune.dataset.examples import TEACHERS
from agent_finetune.dataset.formats import FORMATS, dpo, kto
from agent_finetune.dataset.spool import Spool
from agent_finetune.dataset.writing import Folder


def write(spool: Spool, folder: Folder, formats: Sequence[str]) -> dict[str, int]:
    """Write what was selected; returns how many examples each form cannot carry."""
    skipped: Counter[str] = Counter()
    tools = _Tools(spool)
    for split in SPLITS:
        for row in spool.rows("SELECT * FROM examples WHERE dropped IS NULL AND split = ? ORDER BY seq", split):
            whole = {
                "messages": json.loads(row["messages"]),
                "tools": tools.load(row["toolset"]),
                "kind": row["kind"],
                "teacher": TEACHERS[row["teacher"]],
                "model": row["model"],
                "run": row["run"],
            }
            for name in formats:
                if (made := FORMATS[name](whole)) is None:
                    skipped[name] += 1
                else:
                    folder.add(f"{name}/{split}.jsonl", made)
        for row in spool.rows("SELECT * FROM preferences WHERE dropped IS NULL AND split = ? ORDER BY seq", split):
            _write_preference(folder, split, row, tools.load(row["toolset"]))
    return dict(skipped)


def _write_preference(folder: Folder, split: str, row: Any, tools: list[Any]) -> None:
    prompt, chosen, rejected = (json.loads(row[name] or "null") for name in ("messages", "chosen", "rejected"))
    origin = {"because": row["because"], "run": row["run"]}
    if chosen is not None and rejected is not None:
        folder.add(f"dpo/{split}.jsonl", dpo(prompt, tools, chosen, rejected) | origin)
    for said, good in ((chosen, True), (rejected, False)):
        if said is not None:
            folder.add(f"kto/{split}.jsonl", kto(prompt, tools, said, good) | origin)


class _Tools:
    """Sets of tools, a few of them in memory."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._loaded: dict[str, list[Any]] = {}

    def load(self, name: str) -> list[Any]:
        if name not in self._loaded:
            if len(self._loaded) >= 64:
                self._loaded.clear()
            self._loaded[name] = json.loads(self._spool.tools(name))
        return self._loaded[name]
