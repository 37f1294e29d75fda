"""`doctor` on state folders that something has happened to: what it says, what it repairs, and what it leaves alone."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent_core import tool
from agent_core.gate.policy import Policy, Rule
from agent_core.gate.vault import Vault
from agent_core.journal.lease import new_owner
from agent_core.journal.store import Journal
from agent_core.testing import Script, call
from tests.core.conftest import CommandLine


@tool
def act(what: str) -> str:
    """Act."""
    return f"acted {what}"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def change(home: Path, *statements: str) -> None:
    with closing(sqlite3.connect(home / "journal.db")) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def value(home: Path, query: str) -> Any:
    with closing(sqlite3.connect(home / "journal.db")) as db:
        return db.execute(query).fetchone()[0]


def check(cli: CommandLine, name: str, *options: str) -> dict[str, Any]:
    (found,) = [one for one in cli("doctor", "--json", *options).json["checks"] if one["name"] == name]
    return found


def dead_owner() -> str:
    """The name of a process of this machine that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    place, _, _, word = new_owner().split(":")
    return f"{place}:{process.pid}:1:{word}"


async def test_a_state_folder_that_was_used_is_in_order(assistants, cli, home):
    answer = await assistants(Script(call("act", what="it"), "done"), tools=[act]).ask("my password is Wq8-hedge-71")
    assert answer.status == "waiting"
    for name in ("state folder", "journal", "runs", "secrets"):
        assert check(cli, name)["status"] == "ok"
    assert "1 wait for you" in check(cli, "runs")["detail"]
    assert "1 secrets, all of which can be read" in check(cli, "secrets")["detail"]


async def test_what_others_can_read_is_closed(assistants, cli, home):
    await assistants(Script("hello")).ask("hi")
    home.chmod(0o755)
    (home / "journal.db").chmod(0o644)
    (home / "config.toml").write_text("")
    (home / "config.toml").chmod(0o640)
    assert check(cli, "state folder")["status"] == "warning"
    assert home.stat().st_mode & 0o777 == 0o755, "looking changes nothing"
    repaired = check(cli, "state folder", "--repair")
    assert repaired["status"] == "ok"
    assert len(repaired["repaired"]) == 3
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home, home / "journal.db", home / "config.toml")}
    assert modes == {"home": 0o700, "journal.db": 0o600, "config.toml": 0o600}


async def test_a_run_of_a_process_that_is_gone_is_taken_back(assistants, cli, home):
    answer = await assistants(Script("hello")).ask("hi")
    change(home, f"UPDATE runs SET status = 'running', answer = NULL, owner = '{dead_owner()}', lease_until = 9e18")
    found = check(cli, "runs")
    assert found["status"] == "warning"
    assert f"runs resume {answer.run_id}" in found["detail"]
    assert "took" in check(cli, "runs", "--repair")["repaired"][0]
    assert value(home, "SELECT owner FROM runs") is None
    assert value(home, "SELECT status FROM runs") == "running", "whether it goes on is for a person to say"


async def test_a_run_that_somebody_works_on_is_left_alone(assistants, cli, home):
    await assistants(Script("hello")).ask("hi")
    owner = new_owner().replace(f":{os.getpid()}:", ":1:").rsplit(":", 2)[0]
    change(home, f"UPDATE runs SET status = 'running', owner = '{owner}::abcd', lease_until = 0")
    assert check(cli, "runs", "--repair")["status"] == "ok"
    assert value(home, "SELECT owner FROM runs") == f"{owner}::abcd"


async def test_events_with_gaps_are_numbered_anew(assistants, cli, home):
    assistant = assistants(Script(call("act", what="it"), "done"), tools=[act], allow=["act"])
    answer = await assistant.ask("go")
    before = [event["event"] for event in assistant.parts.runs.events(answer.run_id)]
    change(home, "DELETE FROM events WHERE seq IN (1, 4)")
    assert "gaps in their events" in check(cli, "journal")["detail"]
    assert check(cli, "journal", "--repair")["status"] == "ok"
    events = assistant.parts.runs.events(answer.run_id)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["event"] for event in events] == [kind for n, kind in enumerate(before, 1) if n not in (1, 4)]


async def test_what_belongs_to_nothing_goes(assistants, cli, home):
    assistant = assistants(Script(call("act", what="it"), "done"), tools=[act])
    answer = await assistant.ask("my password is Wq8-hedge-71")
    await assistant.approve(answer.pending[0].id)
    change(home, "DELETE FROM runs")
    with closing(sqlite3.connect(home / "vault.db")) as db:
        db.execute("UPDATE secret SET made_at = '2020-01-01 00:00:00'")
        db.commit()
    assert check(cli, "journal")["status"] == check(cli, "secrets")["status"] == "warning"
    repaired = check(cli, "journal", "--repair")
    assert "1 answers" in repaired["repaired"][0]
    assert value(home, "SELECT count(*) FROM grants") == 0
    assert value(home, "SELECT count(*) FROM events") > 0, "what can be read is nobody's to delete"
    assert check(cli, "secrets")["status"] == "ok"
    with closing(sqlite3.connect(home / "vault.db")) as db:
        assert db.execute("SELECT count(*) FROM secret").fetchone() == (0,)


async def test_a_secret_of_today_is_not_taken_for_a_stray(assistants, cli, home):
    assistants().parts.vault.tokenise("my password is Wq8-hedge-71", "conv_about_to_begin")
    assert check(cli, "secrets", "--repair")["status"] == "ok"
    assert assistants().parts.vault.count() == 1


@pytest.mark.parametrize("damage", ["no key", "other key", "scribbled"])
async def test_a_vault_that_cannot_be_read_is_said_and_left_alone(assistants, cli, home, damage):
    assistants().parts.vault.tokenise("my password is Wq8-hedge-71", "conv_x")
    if damage == "no key":
        (home / "vault.key").unlink()
    elif damage == "other key":
        (home / "vault.key").write_bytes(b"A" * 43 + b"=")
    else:
        (home / "vault.db").write_bytes((home / "vault.db").read_bytes()[:4096] + b"\xff" * 8192)
    before = (home / "vault.db").read_bytes()
    ran = cli("doctor", "--repair", "--json")
    assert ran.code == 1
    assert "Traceback" not in ran.err
    assert [one["status"] for one in ran.json["checks"] if one["name"] == "secrets"] == ["failed"]
    assert (home / "vault.db").read_bytes() == before


# -- salvage


async def filled(assistants: Any, runs: int = 60) -> list[str]:
    """Runs that have ended, and one that waits, the last; returns their ids."""
    made: list[str] = []
    turns: list[Any] = []
    for number in range(runs):
        turns += [call("act", what=f"thing {number} " * 50), f"done {number}"]
    async with assistants(Script(*turns), tools=[act], allow=["act"]) as assistant:
        for number in range(runs):
            made.append((await assistant.ask(f"do number {number}")).run_id)
    async with assistants(Script(call("act", what="last")), tools=[act]) as assistant:
        made.append((await assistant.ask("wait")).run_id)
    return made


def scribble(home: Path, *pages: int) -> None:
    """Overwrite pages of the journal's file, of which the first is 1."""
    with closing(sqlite3.connect(home / "journal.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode=DELETE")
    with (home / "journal.db").open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * 4096)
            file.write(hashlib.shake_256(b"noise").digest(4096))


def pages_of(home: Path, table: str) -> list[int]:
    """The leaf pages of a table."""
    query = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno"
    with closing(sqlite3.connect(home / "journal.db")) as db:
        return [int(row[0]) for row in db.execute(query, (table,))]


async def test_of_a_damaged_journal_the_rest_is_saved(assistants, cli, home):
    ids = await filled(assistants)
    events, calls = pages_of(home, "events"), pages_of(home, "calls")
    scribble(home, events[2], calls[1])
    before = (home / "journal.db").read_bytes()
    looked = cli("doctor")
    assert looked.code == 1
    assert "--salvage" in looked.out
    assert (home / "journal.db").read_bytes() == before
    salvaged = cli("doctor", "--salvage")
    assert salvaged.code == 0, salvaged.out + salvaged.err
    assert "61 rows saved" in salvaged.err
    assert "lost" in salvaged.err
    (kept,) = home.glob("journal-damaged-*.db")
    assert kept.read_bytes() == before, "the damaged one is kept as it was"
    assert value(home, "SELECT count(*) FROM runs") == len(ids)
    assert 0 < value(home, "SELECT count(*) FROM calls") < len(ids)
    assert "done 0" in cli.process("runs", "show", ids[0]).stdout
    assert (await assistants(Script("hello")).ask("hi")).text == "hello"


async def test_a_run_that_had_not_ended_does_not_go_on_from_half_a_journal(assistants, cli, home):
    ids = await filled(assistants, 20)
    scribble(home, pages_of(home, "events")[0])
    assert "1 runs had not ended" in cli("doctor", "--salvage").err
    script = Script("again")
    assistant = assistants(script, tools=[act], allow=["act"])
    answer = await assistant.resume(ids[-1])
    assert (answer.status, script.requests, assistant.pending()) == ("failed", [], [])
    assert "damaged" in answer.error["message"]


async def test_where_rules_are_lost_nothing_is_allowed_by_one(assistants, cli, home):
    await filled(assistants, 5)
    with closing(Journal(home / "journal.db")) as journal, closing(Vault(home / "vault.db")) as vault:
        for number in range(120):
            effect = "deny" if number % 2 else "allow"
            Policy(journal, vault).add(Rule(effect, f"tool_{number}", {}, scope="always", scope_id="local"))
    scribble(home, pages_of(home, "rules")[1])
    assert "Rules are lost" in cli("doctor", "--salvage").err
    assert value(home, "SELECT count(*) FROM rules WHERE effect = 'allow' AND revoked_at IS NULL") == 0
    assert value(home, "SELECT count(*) FROM rules WHERE effect = 'deny' AND revoked_at IS NULL") > 10


async def test_a_journal_in_order_is_not_salvaged(assistants, cli, home):
    await assistants(Script("hello")).ask("hi")
    before = sorted(path.name for path in home.iterdir())
    assert cli("doctor", "--salvage").code == 2
    assert sorted(path.name for path in home.iterdir()) == before


@pytest.mark.parametrize("damage", ["no database", "first page"])
async def test_where_nothing_can_be_read_it_is_left_as_it_is(assistants, cli, home, damage):
    await filled(assistants, 3)
    scribble(home, 1)
    if damage == "no database":
        (home / "journal.db").write_bytes(b"not a database at all " * 1000)
    before = {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()}
    ran = cli("doctor", "--salvage")
    assert ran.code == 2
    assert "move it away" in ran.err
    assert {path.name: path.read_bytes() for path in home.iterdir() if path.is_file()} == before
