"""`agent-core finetune dataset`, as it is typed."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from tests.core.conftest import CommandLine, cli

__all__ = ["cli"]


@pytest.fixture
def learned(cli: CommandLine) -> CommandLine:
    for number in range(3):
        assert cli("ask", f"Work out {number} + 17", "--model", "offline").code == 0
    return cli


def test_a_dataset_is_made_reported_and_described(learned: CommandLine) -> None:
    ran = learned("finetune", "dataset", "data")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("data: 6 examples (6 train) from 3 runs.\n  calculate: 3\n")
    assert "calculate: 3 of 50 examples, 47 more are needed." in ran.err
    card = json.loads((learned.workspace / "data" / "card.json").read_text("utf-8"))
    assert card["files"]["trl/train.jsonl"]["rows"] == 6
    assert f"`{card['dataset_hash']}`" in (learned.workspace / "data" / "README.md").read_text("utf-8")


def test_json_is_the_card_and_a_second_time_gives_the_same(learned: CommandLine) -> None:
    first = learned("finetune", "dataset", "data", "--json", "--format", "openai", "--format", "dolly")
    assert sorted(first.json["files"]) == ["dolly/train.jsonl", "openai/train.jsonl"]
    again = learned("finetune", "dataset", "data", "--json", "--format", "openai", "--format", "dolly", "--replace")
    assert again.out == first.out


def test_the_key_of_the_surrogates_is_private(learned: CommandLine) -> None:
    assert learned("finetune", "dataset", "data").code == 0
    key = learned.home / "plugins" / "finetune" / "surrogates.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    key.write_bytes(b"short")
    assert "damaged" in learned("finetune", "dataset", "more").err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["data"], "The journal is empty"),
        (["data", "--format", "parquet"], "'parquet'"),
        (["data", "--no-journal"], "--import"),
        (["data", "--no-journal", "--import", "nowhere.jsonl"], "'nowhere.jsonl'"),
        (["."], "exists already"),
        (["data", "--cap", "0"], "0"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(cli: CommandLine, arguments: list[str], said: str) -> None:
    ran = cli("finetune", "dataset", *arguments)
    assert ran.code in (1, 2)
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert sorted(path.name for path in cli.workspace.iterdir()) == []


def test_files_alone_make_a_dataset(cli: CommandLine) -> None:
    row: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]}
    (cli.workspace / "more.jsonl").write_text(json.dumps(row), "utf-8")
    ran = cli("finetune", "dataset", "data", "--no-journal", "--import", "more.jsonl", "--json")
    assert ran.json["sources"]["teachers"] == {"imported": 1}


def test_a_full_disk_leaves_nothing_half_done(learned: CommandLine) -> None:
    """A limit on the size of files stands for it: the system enforces it in the same calls."""
    program = textwrap.dedent(
        """
        import resource, signal, sys
        from agent_core.cli.main import run
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = int(sys.argv[1])
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        sys.exit(run(["finetune", "dataset", "data", "--replace"]))
        """
    )
    assert learned("finetune", "dataset", "data").code == 0  # so that there is one to be kept
    before = {path.name: path.stat().st_size for path in (learned.workspace / "data").rglob("*")}
    written = learned.workspace / "data" / "trl" / "train.jsonl"
    for size in (36_000, written.stat().st_size - 100):  # at the beginning, and at the very end
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program, str(size)],
            cwd=learned.workspace, env=learned.environ, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode in (1, 2), (size, done.stdout)
        assert "Traceback" not in done.stderr
        assert "cannot be written" in done.stderr or "the disk is full" in done.stderr
        assert {path.name: path.stat().st_size for path in (learned.workspace / "data").rglob("*")} == before
        assert sorted(path.name for path in learned.workspace.iterdir()) == ["data"]
