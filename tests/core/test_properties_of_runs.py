"""What must hold for every run: cut anywhere it ends as it would have, and what was read is known wherever it leads."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agent_core import Assistant
from agent_core.gate import labels as flow
from agent_core.gate.labels import Labels
from agent_core.gate.policy import Decision, Policy
from agent_core.journal.store import Journal
from agent_core.planning.plan import Step
from tests.core.random_plans import MOST_ROUNDS, Case, Marks, answer, assistant_of, cases

EXAMPLES = int(os.environ.get("AGENT_CORE_TEST_EXAMPLES", "12"))
"""Of each property; every example is a run, or several."""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder in memory where there is one."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as name:
        yield Path(name)


async def work(assistant: Assistant, case: Case, marks: Marks) -> str:
    """Begin the run, or go on with the one that is there; answer what is asked until it ends. Returns its status."""
    rows = assistant.parts.runs.list()
    said = await (assistant.resume(rows[0].id) if rows else assistant.run_workflow(case.plan, {}))
    for _ in range(MOST_ROUNDS):
        if said.status != "waiting":
            return said.status
        for pending in said.pending:
            await answer(assistant, case, pending, marks)
        said = await assistant.resume(said.run_id)
    raise AssertionError("it never ends")


# A run that is cut off


@dataclass(frozen=True)
class Image:
    """What is on the disk after a commit, and what had happened by then."""

    journal: bytes
    marks: Marks


class Recorder:
    """Keeps an image of a journal after each of its commits."""

    def __init__(self, journal: Journal, marks: Marks) -> None:
        self.images: list[Image] = []
        self._journal, self._marks = journal, marks
        journal.execute, self._execute = self._recorded_execute, journal.execute
        journal.transaction, self._transaction = self._recorded_transaction, journal.transaction  # type: ignore[method-assign]

    def _recorded_execute(self, sql: str, *values: Any) -> int:
        changed = self._execute(sql, *values)
        self._keep()
        return changed

    @contextmanager
    def _recorded_transaction(self) -> Iterator[None]:
        with self._transaction():
            yield
        self._keep()

    def _keep(self) -> None:
        with self._journal._lock:  # pyright: ignore[reportPrivateUsage]
            db = self._journal._db  # pyright: ignore[reportPrivateUsage]
            if not db.in_transaction:
                self.images.append(Image(db.serialize(), deepcopy(self._marks)))


def state(assistant: Assistant) -> dict[str, Any]:
    """What the journal says of the only run, apart from times and ids."""
    journal = assistant.parts.journal
    [run] = journal.rows("SELECT id, status, answer FROM runs")
    steps = journal.rows("SELECT id, status, result, labels, error FROM steps ORDER BY id")
    calls = journal.rows("SELECT key, tool, args, status, result, labels FROM calls ORDER BY key")
    histories = journal.rows("SELECT agent, turn, labels FROM histories ORDER BY agent")
    told = json.dumps([[dict(row) for row in rows] for rows in ([run], steps, calls, histories)])
    return json.loads(told.replace(run["id"], "RUN"))


def finished(assistant: Assistant) -> set[str]:
    rows = assistant.parts.journal.rows("SELECT key FROM calls WHERE status IN ('done', 'failed', 'denied')")
    return {row["key"] for row in rows}


async def check_a_cut(case: Case, home: Path, image: Image, vault: Path, whole: dict[str, Any]) -> None:
    """Go on from an image as a new process would, and compare."""
    home.mkdir(parents=True)
    (home / "journal.db").write_bytes(image.journal)
    for file in vault.glob("vault.*"):
        shutil.copy(file, home)
    marks = deepcopy(image.marks)
    async with assistant_of(case, home, marks) as assistant:
        ended = finished(assistant)
        actions = {row["key"] for row in assistant.parts.journal.rows("SELECT key FROM calls WHERE action")}
        await work(assistant, case, marks)
        again = marks.tried[len(image.marks.tried) :]
        assert not ended & set(again), "a call that had an outcome ran again"
        assert not actions & image.marks.results.keys() & set(again), "an action that had happened was repeated"
        assert max(Counter(again).values(), default=0) <= 1
        assert state(assistant) == whole


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate], report_multiple_bugs=False)
@given(cases(failures=True), st.lists(st.floats(0, 1), min_size=3, max_size=3))
def test_a_run_that_is_cut_anywhere_ends_as_it_would_have(case: Case, cuts: list[float]) -> None:
    async def both() -> None:
        with folder() as place:
            marks = Marks()
            async with assistant_of(case, place / "whole", marks) as assistant:
                recorder = Recorder(assistant.parts.journal, marks)
                await work(assistant, case, marks)
                whole = state(assistant)
            images = [image for image in recorder.images if image.journal]
            assert len(images) > len(case.plan.steps)
            for number, cut in enumerate(cuts):
                image = images[round(cut * (len(images) - 1))]
                await check_a_cut(case, place / str(number) / "home", image, place / "whole", whole)

    asyncio.run(both())


# What was read


@dataclass(frozen=True)
class Decided:
    """A call that the policy was asked about."""

    mark: str
    tool: str
    labels: Labels
    effect: str


@contextmanager
def decisions() -> Iterator[list[Decided]]:
    """Every decision of the policy, as it makes them."""
    made: list[Decided] = []
    decide = Policy.decide

    def noted(self: Policy, tool: Any, args: Any, labels: Labels, *more: Any) -> Decision:
        decision = decide(self, tool, args, labels, *more)
        made.append(Decided(args["mark"], tool.name, labels, decision.effect))
        return decision

    with patch.object(Policy, "decide", noted):
        yield made


class Seen:
    """What each step has seen by the plan alone: what it refers to or waits for, and what it reads itself."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.before: dict[str, Labels] = {}
        """By mark: what a call of the step has seen before it runs; of an agent, with a ' for its second call."""
        self._after: dict[str, Labels] = {}
        for step in case.plan.steps:
            self.after(step)

    def after(self, step: Step) -> Labels:
        if step.id not in self._after:
            seen = flow.union(self.after(self._case.plan.step(needed)) for needed in step.needs)
            for number, name in enumerate(self._called(step)):
                self.before[step.id + "'" * number] = seen
                seen |= self._returned(name)
            self._after[step.id] = seen
        return self._after[step.id]

    def _called(self, step: Step) -> list[str]:
        """The tools that it calls one after the other; a map without items calls none."""
        if step.kind == "agent":
            return list(dict.fromkeys(step.tools or ()))
        return [step.tool] if step.tool and (step.kind == "tool" or self._items(step)) else []

    def _items(self, step: Step) -> int:
        """How many items a map has."""
        if isinstance(step.for_each, list):
            return len(step.for_each)
        source = self._case.plan.step(step.for_each["$from"].split("[")[0].split(".")[0])
        return self._items(source) if source.kind == "map" else self._case.tools[source.tool or ""].items

    def _returned(self, name: str) -> Labels:
        tool = self._case.tools[name]
        own = {flow.PRIVATE} if tool.private else set[str]()
        return frozenset(own | ({flow.UNTRUSTED} if tool.untrusted else set[str]()))


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate], report_multiple_bugs=False)
@given(cases(failures=False))
def test_what_was_read_is_known_wherever_it_leads(case: Case) -> None:
    async def run() -> None:
        with folder() as place, decisions() as made:
            marks = Marks()
            async with assistant_of(case, place / "home", marks) as assistant:
                assert await work(assistant, case, marks) == "done"
                kept = {step: set(json.loads(labels)) for step, labels in labels_of_steps(assistant)}
        expected = Seen(case)
        assert made or not any(step.kind in ("tool", "agent") for step in case.plan.steps)
        for decided in made:
            assert decided.labels == expected.before[decided.mark], decided
            tool = case.tools[decided.tool]
            dangerous = (flow.UNTRUSTED in decided.labels and not tool.read_only) or (
                flow.PRIVATE in decided.labels and tool.open_world
            )
            assert decided.effect == ("ask" if dangerous or not tool.read_only else "allow"), decided
        assert kept == {step.id: set(expected.after(step)) for step in case.plan.steps}

    asyncio.run(run())


def labels_of_steps(assistant: Assistant) -> list[tuple[str, str]]:
    return [(row["id"], row["labels"]) for row in assistant.parts.journal.rows("SELECT id, labels FROM steps")]
