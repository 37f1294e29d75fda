"""No tool drowns the others, and no conversation is in two splits."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from hashlib import sha256
from statistics import median

from agent_finetune.dataset.spool import Spool

SPLITS = ("train", "validation", "test")
HELD_OUT = 0.1
"""How much of every tool's examples goes into each of validation and test."""
_CAP = 4.0
"""How many times the median of all tools one tool may have."""
_LEAST_CAP = 50
TOO_MANY = "its tools have far more examples than the others"


def split(spool: Spool, seed: int) -> None:
    """Assign whole conversations to splits: of every tool about a tenth to validation and to test, the rest to train.

    Examples and preferences of a conversation go together; which conversations are held out depends on the seed alone.
    """
    wanted: Counter[str] = Counter()
    of: dict[str, Counter[str]] = defaultdict(Counter)
    for row in spool.rows("SELECT conversation, labels FROM examples WHERE dropped IS NULL"):
        for label in _labels(row):
            wanted[label] += 1
            of[row["conversation"]][label] += 1
    for row in spool.rows("SELECT DISTINCT conversation FROM preferences WHERE dropped IS NULL"):
        of[row["conversation"]]["(preferences)"] += 1
        wanted["(preferences)"] += 1
    held: dict[str, Counter[str]] = {name: Counter() for name in SPLITS[1:]}
    for conversation in sorted(of, key=lambda name: _order(name, seed)):
        chosen = "train"
        for name, has in held.items():
            room = all(has[label] + n <= max(1, HELD_OUT * wanted[label]) for label, n in of[conversation].items())
            if room and all(wanted[label] >= 1 / HELD_OUT for label in of[conversation]):
                chosen = name
                has.update(of[conversation])
                break
        for table in ("examples", "preferences"):
            spool.db.execute(f"UPDATE {table} SET split = ? WHERE conversation = ?", (chosen, conversation))  # noqa: S608


def balance(spool: Spool, cap: int | None) -> int:
    """Leave out, in training, what a tool has beyond the cap; the best teachers' stay. Returns the cap.

    Args:
        spool: What was selected, split.
        cap: Examples that one tool may have; None: four times the median of the tools.
    """
    per_tool: Counter[str] = Counter()
    for row in spool.rows("SELECT labels FROM examples WHERE dropped IS NULL AND split = 'train'"):
        per_tool.update(_labels(row))
    tools = [n for label, n in per_tool.items() if not label.startswith("(")]
    limit = cap or max(_LEAST_CAP, round(_CAP * median(tools))) if tools else cap or _LEAST_CAP
    kept: Counter[str] = Counter()
    rows = list(spool.rows("SELECT seq, teacher, labels FROM examples WHERE dropped IS NULL AND split = 'train'"))
    for row in sorted(rows, key=lambda row: (row["teacher"], _order(str(row["seq"]), 0))):
        labels = _labels(row)
        if labels and all(kept[label] >= limit for label in labels):
            spool.drop(row["seq"], TOO_MANY)
        else:
            kept.update(labels)
    return limit


def _labels(row: sqlite3.Row) -> list[str]:
    return json.loads(row["labels"])


def _order(name: str, seed: int) -> bytes:
    return sha256(f"{seed}/{name}".encode()).digest()
