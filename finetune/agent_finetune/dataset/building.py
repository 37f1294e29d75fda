"""The dataset, from beginning to end: runs and files in, folders of lines and a card out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent_core import Trace, Traces
from agent_finetune.dataset import card
from agent_finetune.dataset.balance import balance, split
from agent_finetune.dataset.conversation import definition
from agent_finetune.dataset.examples import DatasetError, Definition, Example, Message, Preference
from agent_finetune.dataset.importing import imported
from agent_finetune.dataset.output import write
from agent_finetune.dataset.poison import confirms_itself, teaches_to_skip
from agent_finetune.dataset.preferences import preferences, retried, style
from agent_finetune.dataset.selection import Decision, decisions, example
from agent_finetune.dataset.spool import Spool
from agent_finetune.dataset.surrogates import Surrogates
from agent_finetune.dataset.toolset import MOST, narrowed
from agent_finetune.dataset.writing import CARD, Folder, replacing

POISONED, TOO_LONG, REWRITTEN = "it would teach to act without asking", "it is too long", "a person rewrote it"
_SHOWN = 50
"""How many findings the card names; it counts all."""


@dataclass(frozen=True)
class Options:
    """How a dataset is made."""

    formats: tuple[str, ...] = ("trl",)
    imports: tuple[Path, ...] = ()
    seed: int = 0
    minimum: int = 500
    """Good examples that there should be, all tools together."""
    per_tool: int = 50
    """Those that there should be of every tool."""
    cap: int | None = None
    """Those that a tool may have in training; None: four times the median."""
    max_chars: int = 60_000
    """How long the messages of an example may be."""
    tools_shown: int = MOST
    """How many tools stand beside an example."""


@dataclass
class Tally:
    """What was read, and what was noticed."""

    runs: int = 0
    imported: int = 0
    left_out: Counter[str] = field(default_factory=Counter[str])
    poisoned: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    unreadable: list[str] = field(default_factory=list[str])

    def note(self, findings: list[Any], finding: Any) -> None:
        """Keep a finding, as long as it can be shown."""
        if len(findings) < _SHOWN:
            findings.append(finding)


def build(
    traces: Traces | None,
    out: Path,
    key: bytes,
    options: Options | None = None,
    *,
    replacing_old: bool = False,
    progress: Callable[[float], None] = lambda done: None,
) -> dict[str, Any]:
    """Write a dataset of what a journal and files hold; returns its card.

    Args:
        traces: The runs; None for files alone.
        out: The folder to make.
        key: What surrogates are made with; the same key, journal and options give the same bytes.
        options: How it is made.
        replacing_old: Whether a dataset that is there already makes room.
        progress: Is told the part that is done, 0 to 1.

    Raises:
        DatasetError: there is nothing to learn from, or the folder cannot be written.
    """
    options = options or Options()
    with replacing(out, replacing_old) as made, closing(Spool(made.parent / "spool.db")) as spool:
        tally = Tally()
        builder = _Builder(spool, tally, key, options)
        runs = len(traces) if traces is not None else 0
        for done, trace in enumerate(traces or ()):
            progress(0.9 * done / runs)
            builder.add_run(trace, traces)
        for path in options.imports:
            builder.add_file(path)
        spool.settle()
        split(spool, options.seed)
        cap = balance(spool, options.cap)
        if not spool.db.execute("SELECT 1 FROM examples WHERE dropped IS NULL LIMIT 1").fetchone():
            raise DatasetError(_nothing(tally))
        folder = Folder(made)
        try:
            skipped = write(spool, folder, options.formats)
        finally:
            folder.close()
        told = card.card(spool, folder, tally, options, cap, skipped)
        (made / CARD).write_text(card.as_json(told), "utf-8")
        (made / "README.md").write_text(card.as_markdown(told), "utf-8")
    progress(1.0)
    return told


class _Builder:
    """Takes runs and files apart, and puts what may be learned into the spool."""

    def __init__(self, spool: Spool, tally: Tally, key: bytes, options: Options) -> None:
        self._spool = spool
        self._tally = tally
        self._key = key
        self._options = options
        self._toolsets: dict[str, list[Definition]] = {}

    def add_run(self, trace: Trace, traces: Any) -> None:
        """Examples and preferences of a run."""
        self._tally.runs += 1
        made = list(decisions(trace))
        tools = [self._tools(decision.toolset, traces) for decision in made]
        rewritten = style(trace, made, tools) if trace.run.status == "done" else None
        for decision, shown in zip(made, tools, strict=True):
            if decision.left_out:
                self._tally.left_out[decision.left_out] += 1
            elif rewritten is not None and decision.is_last:
                self._tally.left_out[REWRITTEN] += 1
            elif setting := _confirming(decision):
                self._report(trace.run.id, "edit", setting)
            else:
                self._add(example(decision, shown), "answer")
        if rewritten is not None:
            self._add(rewritten, "correction")
        for preference in preferences(trace, made, tools):
            self._prefer(preference)
        self._add_retry(trace, made, tools, traces)

    def add_file(self, path: Path) -> None:
        """Examples of a file."""
        for found in imported(path):
            if isinstance(found, str):
                self._tally.left_out["a line of a file cannot be used"] += 1
                self._tally.note(self._tally.unreadable, found)
            else:
                self._tally.imported += 1
                self._add(found, "import")

    def _add(self, found: Example, what: str) -> None:
        # In a file the instructions are somebody's too; those of a run are ours.
        judged = found.messages if what == "import" else found.messages[-1:]
        spoken = [message for message in judged if message["role"] in ("system", "assistant")]
        if words := next(filter(None, map(teaches_to_skip, spoken)), ""):
            self._report(found.source.run, what, words)
            return
        if _length(found.messages) > self._options.max_chars:
            self._tally.left_out[TOO_LONG] += 1
            return
        surrogates = Surrogates(self._key)
        messages: list[Message] = surrogates.replaced(found.messages)
        tools = narrowed(found.tools, messages[:-1], messages[-1:], self._options.tools_shown)
        self._spool.add(replace(found, messages=messages, tools=tools), surrogates.counts())

    def _prefer(self, found: Preference) -> None:
        said = [message for message in (found.chosen, found.rejected) if message is not None]
        if found.chosen is not None and (words := teaches_to_skip(found.chosen) or _confirmed(found)):
            self._report(found.source.run, found.because, words)
            return
        if _length([*found.prompt, *said]) > self._options.max_chars:
            self._tally.left_out[TOO_LONG] += 1
            return
        surrogates = Surrogates(self._key)
        # All together: what is found in one of them is replaced in the others, too.
        together = surrogates.replaced({"prompt": found.prompt, "chosen": found.chosen, "rejected": found.rejected})
        tools = narrowed(found.tools, together["prompt"], said, self._options.tools_shown)
        self._spool.prefer(replace(found, **together, tools=tools), surrogates.counts())

    def _add_retry(
        self, trace: Trace, made: Sequence[Decision], tools: Sequence[list[Definition]], traces: Any
    ) -> None:
        """The same asked again in a conversation, after it had not gone well: the first try was worse."""
        if not made or made[0].left_out or not made[0].calls:
            return
        before: Trace | None = traces.before(trace)
        if before is None or not _same(before.run.request, trace.run.request):
            return
        first = next(iter(decisions(before)), None)
        liked = first is not None and not first.left_out
        if first is not None and first.said and not liked and (pair := retried(first, made[0], tools[0])):
            self._prefer(pair)

    def _tools(self, name: str, traces: Any) -> list[Definition]:
        if name not in self._toolsets:
            if len(self._toolsets) >= 256:
                self._toolsets.clear()
            self._toolsets[name] = [definition(shown) for shown in traces.toolset(name)]
        return self._toolsets[name]

    def _report(self, run: str, what: str, words: str) -> None:
        self._tally.left_out[POISONED] += 1
        found = Surrogates(self._key).replaced({"run": run, "in": what, "words": words})
        self._tally.note(self._tally.poisoned, {**found, "run": run})


def _confirming(decision: Decision) -> str:
    edits = ((call.edited, call.arguments) for call in decision.calls if call.edited is not None)
    return next(filter(None, (confirms_itself(edited, before) for edited, before in edits)), "")


def _confirmed(found: Preference) -> str:
    """Whether what was chosen confirms itself where what was rejected did not."""
    before = {k: v for call in _calls(found.rejected) for k, v in call["function"]["arguments"].items()}
    settings = (confirms_itself(call["function"]["arguments"], before) for call in _calls(found.chosen))
    return next(filter(None, settings), "") if found.because == "edit" else ""


def _calls(message: Message | None) -> Iterable[dict[str, Any]]:
    return (message or {}).get("tool_calls", ())


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _length(messages: Iterable[Message]) -> int:
    return sum(map(len, _texts(list(messages))))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _nothing(tally: Tally) -> str:
    if not tally.runs and not tally.imported and not tally.left_out:
        return "The journal is empty: there is nothing to learn from yet. Ask for something first: agent-core ask TEXT"
    why = "; ".join(f"{reason}: {count}" for reason, count in tally.left_out.most_common(5))
    return f"Nothing in the {tally.runs} runs can be learned from ({why or 'nothing was said in them'})."
