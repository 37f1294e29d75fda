"""The hospital example: one command, answers that the tables bear out."""

from __future__ import annotations

import csv
import importlib.util
import re
import statistics
import subprocess
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "examples" / "hospital" / "hospital.py"


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def test_the_example_answers_what_its_tables_say(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("hospital_example", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.generate(tmp_path)
    done = subprocess.run([sys.executable, SCRIPT, tmp_path], capture_output=True, text=True, timeout=60, check=True)
    visits = read(tmp_path / "visits.csv")
    days = [
        (date.fromisoformat(visit["discharge_date"]) - date.fromisoformat(visit["date_of_admission"])).days
        for visit in visits
        if visit["discharge_date"] and visit["admission_type"] == "Emergency"
    ]
    assert f"  days: {statistics.mean(days):,.2f}\n" in done.stdout
    payers = {row["payer_id"]: row["payer_name"] for row in read(tmp_path / "payers.csv")}
    billed: dict[str, float] = defaultdict(float)
    for visit in visits:
        if visit["date_of_admission"].startswith("2023"):
            billed[payers[visit["payer_id"]]] += float(visit["billing_amount"])
    shown = re.findall(r"payer: (\w+), billed: ([\d,.]+)", done.stdout)
    assert shown == [(name, f"{total:,.2f}") for name, total in sorted(billed.items(), key=lambda item: -item[1])]
    seen: dict[str, set[str]] = defaultdict(set)
    for visit in visits:
        seen[visit["physician_id"]].add(visit["patient_id"])
    most = sorted((len(patients) for patients in seen.values()), reverse=True)[:3]
    assert [int(number) for number in re.findall(r"patients: (\d+)", done.stdout)] == most
    states = {row["hospital_id"]: row["hospital_state"] for row in read(tmp_path / "hospitals.csv")}
    about: dict[str, int] = defaultdict(int)
    for review in read(tmp_path / "reviews.csv"):
        if "nurses" in review["review"]:
            about[states[visits[int(review["visit_id"])]["hospital_id"]]] += 1
    assert re.findall(r"state: (\w+), reviews: (\d+)", done.stdout) == [(s, str(n)) for s, n in sorted(about.items())]


def test_it_runs_without_anything(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SCRIPT], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []
    assert "I do not know: The tables say nothing that I could take for “nurses”." in done.stdout


@pytest.mark.usefixtures("neo4j")
def test_it_answers_the_same_on_a_server_of_its_own(tmp_path: Path) -> None:
    said = [
        subprocess.run([sys.executable, SCRIPT, *where], cwd=tmp_path, capture_output=True, text=True, timeout=110)
        for where in ((), ("--neo4j",))
    ]
    assert [done.returncode for done in said] == [0, 0], said[1].stderr
    in_file, on_server = (done.stdout.splitlines() for done in said)
    assert on_server[1:] == in_file[1:]
    assert on_server[0].split(" in ")[0] == in_file[0].split(" in ")[0]
