"""The examples run as they stand, in the process that a reader would start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agent_core.errors import PlanError
from agent_core.planning import workflow

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_embedding_app_runs(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "embed_in_app.py")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    shown = done.stdout
    assert "in the workspace now: ['bonus-2027.txt']" in shown, "the edited argument is what ran"
    assert "doors that the app opened: [12]" in shown
    assert shown.index("waiting:") < shown.index("done:")
    ada, bo = (line for line in shown.splitlines() if line.startswith(("  ada:", "  bo:")))
    assert "7731" in ada
    assert "5520" not in ada
    assert "5520" in bo
    assert "x = 5" in shown
    assert list(tmp_path.iterdir()) == [], "it cleans up behind itself"


async def test_the_workflow_runs_with_its_inputs_and_asks_before_it_writes(assistants, tmp_path: Path) -> None:
    plan = workflow.load(EXAMPLES / "workflow.yaml")
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "fees.csv").write_text("item,fee\nroom,120.50\nfood,79.50\n")
    assistant = assistants(plugins=["calculator", "files", "offline", "tables"])
    answer = await assistant.run_workflow(plan, {"table": "fees.csv", "column": "fee", "report": "june.txt"})
    assert answer.status == "waiting"
    (pending,) = answer.pending
    assert "+Total: 200" in pending.preview
    assert not (folder / "june.txt").exists()
    await assistant.approve(pending.id)
    answer = await assistant.resume(answer.run_id)
    assert answer.status == "done"
    assert (folder / "june.txt").read_text().splitlines() == ["Total: 200.00", "Tax (19%): 38"]


async def test_the_workflow_names_an_input_that_is_missing(assistants) -> None:
    plan = workflow.load(EXAMPLES / "workflow.yaml")
    with pytest.raises(PlanError, match="'column' is missing"):
        await assistants(plugins=["calculator", "files", "tables"]).run_workflow(plan, {"table": "fees.csv"})
