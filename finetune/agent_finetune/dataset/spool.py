"""What was selected, on disk until the last run was read: a dataset is larger than memory may be.

A temporary SQLite file holds every row as it will be written, with what it is compared, balanced and split by.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent_core.models.tokens import whole_text_tokens
from agent_finetune.dataset.examples import TEACHERS, Definition, Example, Message, Preference
from agent_finetune.dataset.similarity import NEAR, Signature

_SCHEMA = """
CREATE TABLE toolsets (hash TEXT PRIMARY KEY, tools TEXT NOT NULL);
CREATE TABLE examples (
    seq INTEGER PRIMARY KEY, conversation TEXT, run TEXT, kind TEXT, teacher INTEGER, model TEXT, teaches TEXT,
    labels TEXT, prompt TEXT, said TEXT, toolset TEXT, messages TEXT, tokens INTEGER, signature BLOB, split TEXT,
    dropped TEXT, replaced TEXT
);
CREATE INDEX examples_by_prompt ON examples (prompt);
CREATE INDEX examples_by_conversation ON examples (conversation);
CREATE TABLE bands (band INTEGER, seq INTEGER);
CREATE INDEX bands_by_band ON bands (band);
CREATE TABLE preferences (
    seq INTEGER PRIMARY KEY, conversation TEXT, run TEXT, because TEXT, prompt TEXT, toolset TEXT, messages TEXT,
    chosen TEXT, rejected TEXT, split TEXT, dropped TEXT, replaced TEXT
);
CREATE INDEX preferences_by_prompt ON preferences (prompt);
CREATE INDEX preferences_by_conversation ON preferences (conversation);
"""
_NUMBER = re.compile(r"\d+")
PERSON = TEACHERS.index("person")
CONTRADICTORY, DUPLICATE = "people corrected it in different ways", "it says almost the same as another"
OUTDONE = "the same request was answered better elsewhere"


class Spool:
    """The rows of a dataset while it is made."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=OFF")
        self.db.execute("PRAGMA synchronous=OFF")
        self.db.execute("PRAGMA cache_size=-16000")
        self.db.executescript(_SCHEMA)
        self.db.execute("BEGIN")
        self._toolsets: set[str] = set()

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def add(self, example: Example, replaced: Counter[str]) -> None:
        """Keep an example, unless one that says almost the same is there; then the better teacher's stays."""
        *context, said = example.messages
        prompt, compared = _prompt(context), _compared(context, said)
        # Two requests that differ in a number alone are two: copying it is what they teach.
        group = _digest(compact([example.kind, example.teaches, _NUMBER.findall(compared)]))
        signature = Signature.of(compared)
        teacher = TEACHERS.index(example.source.teacher)
        dropped = None
        bands = list(signature.bands(group))
        if (twin := self._twin(signature, bands)) is not None:
            if twin["teacher"] <= teacher:
                dropped = DUPLICATE
            else:
                self.drop(twin["seq"], DUPLICATE)
        cursor = self.db.execute(
            "INSERT INTO examples (conversation, run, kind, teacher, model, teaches, labels, prompt, said, toolset, "
            "messages, tokens, signature, dropped, replaced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                example.source.conversation,
                example.source.run,
                example.kind,
                teacher,
                example.source.model,
                compact(example.teaches),
                compact(_labels(example)),
                prompt,
                _digest(_meaning(said)),
                self._toolset(example.tools),
                None if dropped else compact(example.messages),
                whole_text_tokens(compact(example.messages)) + sum(map(_tool_tokens, example.tools)),
                signature.dump(),
                dropped,
                compact(replaced),
            ),
        )
        if not dropped:
            self.db.executemany("INSERT INTO bands VALUES (?, ?)", [(band, cursor.lastrowid) for band in bands])

    def prefer(self, preference: Preference, replaced: Counter[str]) -> None:
        """Keep a preference; one that says the same, word for word, is kept once."""
        prompt = _prompt(preference.prompt)
        chosen, rejected = (None if m is None else compact(m) for m in (preference.chosen, preference.rejected))
        there = self.db.execute(
            "SELECT 1 FROM preferences WHERE prompt = ? AND chosen IS ? AND rejected IS ?", (prompt, chosen, rejected)
        ).fetchone()
        self.db.execute(
            "INSERT INTO preferences (conversation, run, because, prompt, toolset, messages, chosen, rejected, "
            "dropped, replaced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                preference.source.conversation,
                preference.source.run,
                preference.because,
                prompt,
                self._toolset(preference.tools),
                compact(preference.prompt),
                chosen,
                rejected,
                DUPLICATE if there else None,
                compact(replaced),
            ),
        )

    def settle(self) -> None:
        """Where the same request was answered in different ways: the best teacher's answer stays, the newest of equals.

        People who contradict each other are not believed at all.
        """
        repeated = self.db.execute(
            "SELECT prompt FROM examples WHERE dropped IS NULL GROUP BY prompt HAVING count(*) > 1"
        ).fetchall()
        for (prompt,) in repeated:
            rows = self.db.execute(
                "SELECT seq, teacher, said FROM examples WHERE prompt = ? AND dropped IS NULL "
                "ORDER BY teacher, seq DESC",
                (prompt,),
            ).fetchall()
            best = [row for row in rows if row["teacher"] == rows[0]["teacher"]]
            torn = rows[0]["teacher"] == PERSON and len({row["said"] for row in best}) > 1
            for row in rows if torn else rows[1:]:
                self.drop(row["seq"], CONTRADICTORY if torn and row["teacher"] == PERSON else OUTDONE)
        self.db.execute(
            "UPDATE preferences SET dropped = ? WHERE dropped IS NULL AND EXISTS (SELECT 1 FROM preferences AS other "
            "WHERE other.prompt = preferences.prompt AND other.dropped IS NULL AND "
            "(other.chosen = preferences.rejected OR other.rejected = preferences.chosen))",
            (CONTRADICTORY,),
        )

    def drop(self, seq: int, why: str) -> None:
        """Leave an example out."""
        self.db.execute("UPDATE examples SET dropped = ?, messages = NULL WHERE seq = ?", (why, seq))

    def rows(self, query: str, *values: Any) -> Iterator[sqlite3.Row]:
        """Rows of a query, read as they are needed."""
        yield from self.db.execute(query, values)

    def tools(self, name: str) -> str:
        """A set of tools as JSON."""
        return str(self.db.execute("SELECT tools FROM toolsets WHERE hash = ?", (name,)).fetchone()[0])

    def _twin(self, signature: Signature, bands: list[int]) -> sqlite3.Row | None:
        marks = ", ".join("?" * len(bands))
        candidates = self.db.execute(
            f"SELECT DISTINCT e.seq, e.teacher, e.signature FROM bands JOIN examples AS e USING (seq) "  # noqa: S608
            f"WHERE band IN ({marks}) AND e.dropped IS NULL ORDER BY e.seq",
            bands,
        )
        for row in candidates:
            if signature.similarity(Signature.load(row["signature"])) >= NEAR:
                return row
        return None

    def _toolset(self, tools: list[Definition]) -> str:
        text = compact(tools)
        name = _digest(text)
        if name not in self._toolsets:
            self.db.execute("INSERT INTO toolsets VALUES (?, ?)", (name, text))
            self._toolsets.add(name)
        return name


def compact(value: Any) -> str:
    """JSON without spaces; the same value gives the same text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _labels(example: Example) -> list[str]:
    """What an example is balanced by: the tools that it calls, or whose results it tells of, else its kind."""
    if example.teaches:
        return list(example.teaches)
    told: list[str] = []
    for message in reversed(example.messages[:-1]):
        if message["role"] == "user":
            break
        if message["role"] == "tool":
            told.append(f"({example.kind} after {message['name']})")
    return sorted(set(told)) or [f"({example.kind})"]


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _prompt(context: list[Message]) -> str:
    """What was asked, whatever the instructions and however it was spaced."""
    said = [
        (m["role"], " ".join(m["content"].split()).casefold(), _meaning(m)) for m in context if m["role"] != "system"
    ]
    return _digest(compact(said))


def _meaning(message: Message) -> str:
    """What a message says or calls, without the numbers of its calls."""
    calls = [call["function"] for call in message.get("tool_calls", ())]
    return json.dumps(calls, ensure_ascii=False, sort_keys=True) if calls else " ".join(message["content"].split())


def _compared(context: list[Message], said: Message) -> str:
    asked = [m["content"] for m in context if m["role"] == "user"]
    seen = [m["content"] for m in context if m["role"] == "tool"]
    values = [call["function"]["arguments"] for call in said.get("tool_calls", ())]
    return "\n".join([*asked[-1:], *seen[-1:], said["content"], *_texts(values)])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value)


def _tool_tokens(tool: Definition) -> int:
    return _tokens_of(compact(tool))


def _tokens_of(text: str) -> int:
    known = _COUNTED.get(text)
    if known is None:
        if len(_COUNTED) > 1000:
            _COUNTED.clear()
        known = _COUNTED[text] = whole_text_tokens(text)
    return known


_COUNTED: dict[str, int] = {}
