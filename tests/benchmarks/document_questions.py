"""Questions to sets of documents, with words that a right quote holds: what quotes are judged by, and learned from.

tests/benchmarks/data/document_questions.jsonl holds whole sets of ordinary documents, with what people ask of them in
words of their own: questions that one document answers, that two answer together, and that none does. A line is a
document ({"corpus", "file", "text"}) or a question ({"corpus", "question", "quote_contains", "sources", "hops",
"answerable"}); a quote is right that holds one of the texts of `quote_contains`. Two small sets come from
small_corpora.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from agent_plugin_graph import Graph

DATA = Path(__file__).parent / "data"
DOCUMENTS = DATA / "document_questions.jsonl"
SMALL = DATA / "small_corpora.yaml"


@dataclass(frozen=True)
class Question:
    """What somebody asks of a set of documents."""

    corpus: str
    text: str
    answers: Sequence[str]
    """Words of which a right quote holds one; none, where the documents are silent."""
    sources: Sequence[str]
    """The documents that answer it together."""

    @property
    def hops(self) -> int:
        """How many documents it takes; 0, where they are silent."""
        return max(1, len(self.sources)) if self.answers else 0

    def answered_by(self, text: str) -> bool:
        """Whether a text holds the answer, however it is broken into lines and marked."""
        plain = _plain(text)
        return any(_plain(answer) in plain for answer in self.answers)


@dataclass(frozen=True)
class Documents:
    """A set of documents with its questions."""

    name: str
    files: dict[str, str] = field(default_factory=dict[str, str])
    questions: list[Question] = field(default_factory=list[Question])

    @contextmanager
    def graph(self) -> Iterator[Graph]:
        """A graph of them, for as long as it is needed."""
        with TemporaryDirectory() as folder:
            inside = Path(folder) / "documents"
            for name, text in self.files.items():
                file = inside / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, "utf-8")
            with Graph.open(f"sqlite:///{folder}/graph.db") as graph:
                graph.add_files([inside])
                yield graph


def document_sets() -> list[Documents]:
    """All that are learned from, by name."""
    found = {one.name: one for one in sets_in(DOCUMENTS)}
    for name, small in yaml.safe_load(SMALL.read_text("utf-8")).items():
        told = [Question(f"small {name}", question, [answer], []) for question, answer in small["answerable"]]
        told += [Question(f"small {name}", question, [], []) for question in small["unanswerable"]]
        found[f"small {name}"] = Documents(f"small {name}", small["documents"], told)
    return list(found.values())


def sets_in(file: Path) -> list[Documents]:
    """The sets of a file of documents and questions."""
    found: dict[str, Documents] = {}
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        held = found.setdefault(row["corpus"], Documents(row["corpus"]))
        if "file" in row:
            held.files[row["file"]] = row["text"]
        else:
            held.questions.append(Question(row["corpus"], row["question"], row["quote_contains"], row["sources"]))
    return list(found.values())


def _plain(text: str) -> str:
    return re.sub(r"[\s|*_`>]+", " ", text).strip().casefold()
