"""kill -9: at every point of every kind of run, at random, again and again; and two processes that want one run.

A point is either side of a commit, to the journal or to the vault, or of an effect, or the moment when a model has
answered. They are counted while a run goes on, not listed: the run is killed at the first, the second, ... until it
gets through.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent_core.journal.store import Journal
from tests.adversarial import attacks
from tests.adversarial.crashing_runs import KINDS, PASSWORD, Marks
from tests.adversarial.fork_server import Ended, ForkServer, Job

ATTACK = attacks.KILLS

SEED = int(os.environ.get("AGENT_CORE_TEST_SEED", "20261121"))
"""Of the moments of random kills; another one tries others."""
SHARDS = 6
RANDOM_KILLS, KILLS_PER_RUN = 50, 5
"""Per shard: 6 x 50 kills, up to five of one run before it may end."""
MOST_PHASES = 20


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: a kill, unlike a power cut, loses nothing that was written."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp_path) as name:
        yield Path(name)


@dataclass(frozen=True)
class Crashed:
    """What the journal of a killed run says, and what it had done."""

    runs: frozenset[str]
    begun: frozenset[str]
    """Actions with an intent and no outcome."""
    finished: frozenset[str]
    """Calls with an outcome."""
    turns: frozenset[str]
    """Model responses that are kept, as their marks."""
    marks: Counter[str]


class Drill:
    """One run that is killed, and looked after until it ends."""

    def __init__(self, server: ForkServer, folder: Path, kind: str) -> None:
        self.server = server
        self.kind = kind
        self.home = folder / "home"
        self.marks = Marks(folder / "marks")
        folder.mkdir()
        if kind != "sequential":  # one kind is killed while it makes its journal, too
            Journal(self.home / "journal.db").close()

    def job(self, task: str = "work", **how: float) -> Job:
        return Job(str(self.home), self.kind, task, **how)

    def run(self, die_at: int = 0, **how: float) -> Ended:
        """Work and answer in turns, each in a process of its own, until the run has ended or is killed."""
        task = "work"
        for _ in range(MOST_PHASES):
            ended = self.server.run(self.job(task, die_at=die_at, **how))
            assert ended.report.get("status") not in ("error", "defect"), ended
            if ended.killed or ended.report["status"] in ("done", "failed", "refused"):
                return ended
            die_at = die_at - ended.points if die_at else 0
            if die_at < 0:
                raise AssertionError("it should have died")
            task = "answer" if task == "work" else "work"
        raise AssertionError("it never ends")

    def crashed(self) -> Crashed:
        if not (self.home / "journal.db").exists():
            return Crashed(*[frozenset()] * 4, Counter(self.marks.lines()))
        with closing(sqlite3.connect(self.home / "journal.db")) as db:
            tables = [row[0] for row in db.execute("SELECT name FROM sqlite_schema")]
            if "runs" not in tables:
                return Crashed(*[frozenset()] * 4, Counter(self.marks.lines()))
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            calls = db.execute("SELECT key, status, action FROM calls").fetchall()
            turns: set[str] = set()
            for agent, messages in db.execute("SELECT agent, messages FROM histories"):
                goal = {"": self.kind, "s1": "outer"}.get(agent, "inner")
                responses = [message for message in json.loads(messages) if message["kind"] == "response"]
                turns |= {f"model {goal} {turn}" for turn in range(1, len(responses) + 1)}
            return Crashed(
                runs=frozenset(row[0] for row in db.execute("SELECT id FROM runs")),
                begun=frozenset(key for key, status, action in calls if action and status in ("intent", "unknown")),
                finished=frozenset(key for key, status, _ in calls if status in ("done", "failed", "denied")),
                turns=frozenset(turns),
                marks=Counter(self.marks.lines()),
            )

    def check_it_goes_on(self, crashed: Crashed) -> Ended:
        """Resume once, and compare what is asked and done with what the crash left."""
        if not crashed.runs:
            assert not any(" act " in line for line in crashed.marks), "nothing was done of a run that is not kept"
            return self.run()
        resumed = self.server.run(self.job())
        assert resumed.report.get("status") in ("waiting", "done"), resumed
        unknown = [pending for pending in resumed.report["pending"] if pending["unknown"]]
        assert {pending["calls"][0] for pending in unknown} == crashed.begun, "every unknown is surfaced, nothing else"
        for pending in unknown:
            assert "begun at" in pending["why"]
            assert pending["args"]
        new = Counter(self.marks.lines()) - crashed.marks
        again = [line for line in new if line.split()[0] in crashed.finished | crashed.begun]
        assert again == [], "a call that ended, or an action that was begun, ran again by itself"
        assert [line for line in new if line in crashed.turns] == [], "a response that was kept was asked for again"
        return resumed

    def check_it_ends(self) -> None:
        """Resume after the last kill, let it end, and look at all it did."""
        crashed = self.crashed()
        ended = self.check_it_goes_on(crashed)
        if ended.report["status"] == "waiting":
            self.server.run(self.job("answer"))
            ended = self.run()
        assert (ended.report["status"], ended.report["text"]) == ("done", KINDS[self.kind].answer)
        done = Counter(line for line in self.marks.lines() if " act " in line)
        assert max(done.values()) == 1, f"twice: {done}"
        assert not any("WRONG" in line for line in done)
        with closing(sqlite3.connect(self.home / "journal.db")) as db:
            runs = {row[0] for row in db.execute("SELECT id FROM runs")}
            assert len(runs) == 1
            assert crashed.runs <= runs, "no run is lost"
            assert db.execute("SELECT status FROM runs").fetchall() == [("done",)]
            events = db.execute("SELECT seq, kind FROM events ORDER BY seq").fetchall()
            assert [number for number, _ in events] == list(range(1, len(events) + 1))
            assert events[-1][1] == "run_ended"
            actions = db.execute("SELECT key, status FROM calls WHERE action = 1").fetchall()
            assert {status for _, status in actions} == {"done"}
            assert {line.split()[0] for line in done} == {key for key, _ in actions}
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        for path in self.home.iterdir():
            assert PASSWORD.encode() not in path.read_bytes(), path


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("kind", KINDS)
def test_killed_at_every_point(server, folder, cases, kind, shard):
    killed = 0
    for point in range(1 + shard, 1000, SHARDS):
        drill = Drill(server, folder / f"at-{point}", kind)
        if not drill.run(die_at=point).killed:
            break
        killed += 1
        drill.check_it_ends()
    assert killed >= 4, "a run has more points than that"
    cases.count(killed)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_killed_at_random_again_and_again(server, folder, cases, shard):
    kinds = random.Random(SEED + shard)
    usual = {kind: _usual_s(server, folder / kind, kind) for kind in KINDS}
    killed = number = 0
    while killed < RANDOM_KILLS:
        number += 1
        kind = kinds.choice(list(KINDS))
        moments = random.Random(f"{SEED}/{shard}/{number}")
        drill = Drill(server, folder / f"run-{number}", kind)
        crashed = drill.crashed()
        for _ in range(KILLS_PER_RUN):
            ended = drill.run(kill_after_s=moments.uniform(0, usual[kind]))
            if not ended.killed:
                break
            killed += 1
            before, crashed = crashed, drill.crashed()
            assert before.runs <= crashed.runs
            assert before.finished <= crashed.finished, "an outcome is for ever"
        drill.check_it_ends()
    cases.count(killed)


def _usual_s(server: ForkServer, folder: Path, kind: str) -> float:
    drill = Drill(server, folder, kind)
    return server.run(drill.job()).wall_s


@pytest.mark.timeout(300)
def test_killed_while_runs_are_deleted(server, folder, cases):
    template = Drill(server, folder / "template", "secret")
    for _ in range(3):
        assert server.run(template.job("write", many=1)).report["answers"]
    killed = 0
    for point in range(1, 100):
        drill = Drill(server, folder / f"at-{point}", "secret")
        for path in template.home.iterdir():
            (drill.home / path.name).write_bytes(path.read_bytes())
        ended = server.run(drill.job("purge", die_at=point))
        with closing(sqlite3.connect(drill.home / "journal.db")) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
            runs = {row[0] for row in db.execute("SELECT id FROM runs")}
            for table in ("calls", "events", "histories", "plans", "steps"):
                of = {row[0] for row in db.execute(f"SELECT DISTINCT run_id FROM {table}")}
                assert of == runs, "a run is there whole, or not at all"
        if not ended.killed:
            assert runs == set()
            break
        killed += 1
        again = server.run(drill.job("purge"))
        assert len(again.report["purged"]) == len(runs)
        for path in drill.home.iterdir():
            assert b"log_in" not in path.read_bytes(), path
    assert killed >= 6
    cases.count(killed)


# -- several processes at once


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_resumed_by_three_at_once_one_works_on_it(server, folder, cases, kind):
    points = server.run(Drill(server, folder / "usual", kind).job()).points
    rounds = 4
    for number in range(rounds):
        drill = Drill(server, folder / f"round-{number}", kind)
        assert server.run(drill.job(die_at=points * (rounds + number) // (2 * rounds))).killed
        assert drill.crashed().runs
        before = _times_worked_on(drill)
        ended = server.together([drill.job()] * 3)
        refused = [one for one in ended if one.report["status"] == "error"]
        assert all("being worked on by process" in one.report["error"] for one in refused), ended
        agreed = {one.report["status"] for one in ended} - {"error"}
        assert agreed in ({"done"}, {"waiting"}), ended
        worked = _times_worked_on(drill) - before
        # Whoever comes when it is done is told so; whoever comes when it waits looks, and finds that it waits.
        assert worked == 1 if agreed == {"done"} else 1 <= worked <= 3 - len(refused)
        drill.check_it_ends()
    cases.count(rounds)


@pytest.mark.timeout(300)
def test_answered_by_three_at_once_an_answer_counts_once(server, folder, cases):
    rounds = 8
    for number in range(rounds):
        drill = Drill(server, folder / f"round-{number}", "delegated")
        assert server.run(drill.job()).report["status"] == "waiting"
        answered = server.together([drill.job("answer")] * 3)
        for one in answered:
            assert one.report["status"] == "waiting" or "answered already" in one.report["error"], one
        with closing(sqlite3.connect(drill.home / "journal.db")) as db:
            assert db.execute("SELECT count(*), count(DISTINCT call_key) FROM grants").fetchone() == (2, 2)
        drill.check_it_ends()
    cases.count(rounds)


@pytest.mark.timeout(300)
def test_eight_processes_write_one_journal(server, tmp_path, cases):
    """On a disk, so that writers have to wait for each other; from the first moment, when nobody has made it yet."""
    kinds = ["sequential", "parallel", "secret", "secret"] * 2
    home = tmp_path / "home"
    ended = server.together([Job(str(home), kind, "write", many=20) for kind in kinds])
    for kind, one in zip(kinds, ended, strict=True):
        assert one.report.get("answers") == [KINDS[kind].answer] * 20, one
    with closing(sqlite3.connect(home / "journal.db")) as db:
        assert db.execute("SELECT count(*), count(DISTINCT id) FROM runs WHERE status = 'done'").fetchone() == (
            160,
            160,
        )
        gaps = (
            "SELECT count(*) FROM (SELECT 1 FROM events GROUP BY run_id HAVING min(seq) != 1 OR max(seq) != count(*))"
        )
        assert db.execute(gaps).fetchone() == (0,)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    marks = Counter(Marks(tmp_path / "marks").lines())
    assert max(count for line, count in marks.items() if " act " in line) == 1
    cases.count(len(kinds))


def _times_worked_on(drill: Drill) -> int:
    with closing(sqlite3.connect(drill.home / "journal.db")) as db:
        return int(db.execute("SELECT count(*) FROM events WHERE kind = 'run_started'").fetchone()[0])
