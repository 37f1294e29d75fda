"""The table of the adversarial suite counts what held, and a row that has too few cases fails the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.adversarial.attacks import ROWS

ROOT = Path(__file__).parents[2]

CONFTEST = """
from pathlib import Path
import attacks, pytest
from tests.adversarial.table import AttackTable, Cases

@pytest.fixture
def cases(request):
    return Cases(request.node)

def pytest_configure(config):
    rows = {"ONE": attacks.ONE, "MANY": attacks.MANY}
    config.pluginmanager.register(AttackTable(config, Path(__file__).parent, rows))
"""
ATTACKS = """
from tests.adversarial.attacks import Attack
ONE = Attack("one", 1, "nothing happens")
MANY = Attack("many", 5, "nothing else")
"""
MODULES = {
    "test_one.py": "import attacks\nATTACK = attacks.ONE\ndef test_it(): pass\n",
    "test_many.py": "import attacks\nATTACK = attacks.MANY\ndef test_it(cases): cases.count(4)\n",
    "test_more.py": "import attacks\nATTACK = attacks.MANY\ndef test_more(): pass\n",
}


class Suite:
    """A suite of two rows, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "pytest.ini").write_text("[pytest]\nmarkers = adversarial: attacks\n")
        for name, content in {"conftest.py": CONFTEST, "attacks.py": ATTACKS, **MODULES}.items():
            (folder / name).write_text(content)

    def run(self, *args: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *args]
        environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(self.folder), str(ROOT)])}
        ran = subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=100)
        return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_suite_with_enough_cases_passes_and_is_counted(suite: Suite, workers: str) -> None:
    code, said = suite.run(".", "-n", workers, "-m", "adversarial")
    table = said[said.index("attack ") : said.index("======", said.index("attack "))]
    assert table.splitlines() == [
        "attack   cases   least    held  must hold",
        "one          1       1       1  nothing happens",
        "many         5       5       5  nothing else",
    ]
    assert code == 0, said


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_row_below_its_minimum_fails_a_run_in_which_every_test_passes(suite: Suite, workers: str) -> None:
    (suite.folder / "test_more.py").unlink()
    code, said = suite.run(".", "-n", workers)
    assert "2 passed" in said
    assert "FAILED many: 4 cases held, and there have to be 5" in said
    assert code == 1


def test_a_row_that_is_missing_fails_the_run(suite: Suite) -> None:
    (suite.folder / "test_one.py").unlink()
    code, said = suite.run(".")
    assert "FAILED one: 0 cases held, and there have to be 1" in said
    assert code == 1


def test_cases_that_were_skipped_do_not_count(suite: Suite) -> None:
    skipped = MODULES["test_more.py"].replace("pass", "__import__('pytest').skip('not today')")
    (suite.folder / "test_more.py").write_text(skipped)
    code, said = suite.run(".")
    assert "FAILED many: 4 cases held" in said
    assert code == 1


def test_a_failure_is_no_case_that_held(suite: Suite) -> None:
    (suite.folder / "test_more.py").write_text(MODULES["test_more.py"].replace("pass", "assert False"))
    code, said = suite.run(".")
    assert "many         5       5       4  nothing else" in said
    assert code == 1


@pytest.mark.parametrize("part", [("test_more.py",), (".", "-k", "more"), ("test_more.py::test_more",)], ids=str)
def test_a_part_of_a_row_is_not_judged(suite: Suite, part: tuple[str, ...]) -> None:
    code, said = suite.run(*part)
    assert "many         1       5       1  nothing else" in said
    assert code == 0, said


def test_a_row_whose_modules_all_ran_is_judged(suite: Suite) -> None:
    (suite.folder / "test_more.py").write_text("import attacks\nATTACK = attacks.MANY\n")
    assert suite.run("test_one.py")[0] == 0
    assert suite.run("test_many.py", "test_more.py")[0] == 1


def test_every_row_of_the_suite_is_attacked() -> None:
    modules = [file.read_text() for file in (ROOT / "tests" / "adversarial").glob("test_*.py")]
    assert [name for name in ROWS if not any(f"\nATTACK = attacks.{name}\n" in text for text in modules)] == []
