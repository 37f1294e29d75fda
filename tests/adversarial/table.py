"""Counts the cases of the adversarial suite, prints them as a table, and fails a run in which a row has too few.

A test module names its row: `ATTACK = attacks.PATHS`. Each test (each parameter set) is one case of it, unless it says
itself how many it tried. A row is judged where all of its modules were to run: not with `-k`, single tests, or files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.adversarial.attacks import Attack

_PROPERTY = "adversarial"
_NAMES_ITS_ROW = re.compile(r"^ATTACK = attacks\.(\w+)$", re.MULTILINE)
_SELECTIONS = ("", "adversarial", "not benchmark")
"""Values of `-m` that leave no case of a row out."""


def attack_of(item: pytest.Item) -> Attack | None:
    """The row that a test belongs to."""
    return getattr(getattr(item, "module", None), "ATTACK", None)


def record(item: pytest.Item, number: int) -> None:
    """This test stands for so many cases. The number travels with its report, from a worker process too."""
    attack = attack_of(item)
    assert attack is not None, "a test that counts cases stands in a module that names its ATTACK"
    item.user_properties[:] = [entry for entry in item.user_properties if entry[0] != _PROPERTY]
    item.user_properties.append((_PROPERTY, [attack.name, number]))


class Cases:
    """How many cases a test stands for."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def count(self, number: int) -> None:
        """This test tried so many cases, all of which held if it passes."""
        record(self._item, number)


class AttackTable:
    """The plugin of pytest that does it."""

    def __init__(self, config: pytest.Config, folder: Path, rows: Mapping[str, Attack]) -> None:
        """Args: the run's options, the folder that holds the suite, and its rows by the names that modules use."""
        self._config = config
        self._folder = folder
        self._rows = rows

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if attack_of(item) is not None:
                item.add_marker(pytest.mark.adversarial)

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if attack_of(item) is not None:
            record(item, 1)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._reporter is not None and session.exitstatus == pytest.ExitCode.OK and self._too_few():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        held, failed = self._counted("passed"), self._counted("failed", "error")
        rows = [row for row in self._rows.values() if held[row.name] or failed[row.name]]
        if not rows:
            return
        terminalreporter.section("adversarial suite")
        for line in table_lines(rows, held, failed):
            terminalreporter.write_line(line)
        for row in self._too_few():
            line = f"FAILED {row.name}: {held[row.name]} cases held, and there have to be {row.minimum}"
            terminalreporter.write_line(line, red=True)

    @property
    def _reporter(self) -> Any:
        """What collects the reports; there is none in a worker process."""
        if hasattr(self._config, "workerinput") or self._config.option.collectonly:
            return None
        return self._config.pluginmanager.get_plugin("terminalreporter")

    def _counted(self, *outcomes: str) -> Counter[str]:
        counted = Counter[str]()
        for outcome in outcomes:
            for report in self._reporter.getreports(outcome):
                # A module that could not be imported is an error, too, and its report has no properties.
                for name, number in (v for key, v in getattr(report, "user_properties", ()) if key == _PROPERTY):
                    counted[name] += number
        return counted

    def _too_few(self) -> list[Attack]:
        """The rows that were to run whole, and of which fewer cases held than there have to be."""
        held = self._counted("passed")
        return [row for name, row in self._rows.items() if self._is_whole(name) and held[row.name] < row.minimum]

    def _is_whole(self, name: str) -> bool:
        option = self._config.option
        narrowed = option.keyword or option.deselect or getattr(option, "lf", False) or option.ignore
        if narrowed or option.markexpr not in _SELECTIONS:
            return False
        given = [Path(self._config.invocation_params.dir, argument) for argument in self._config.args]
        # A row that lost its modules is missed where the folder runs.
        modules = [file for file, row in self._modules() if row == name] or [self._folder]
        return all(any(module.is_relative_to(place) for place in given) for module in modules)

    def _modules(self) -> Iterable[tuple[Path, str]]:
        for file in sorted(self._folder.glob("test_*.py")):
            if found := _NAMES_ITS_ROW.search(file.read_text(encoding="utf-8")):
                yield file, found[1]


def table_lines(rows: Iterable[Attack], held: Mapping[str, int], failed: Mapping[str, int]) -> list[str]:
    """A line per row: how many cases there were, how many there have to be, how many held, and what that means."""
    rows = list(rows)
    width = max(len("attack"), *(len(row.name) for row in rows))
    lines = [f"{'attack':{width}}  {'cases':>6}  {'least':>6}  {'held':>6}  must hold"]
    for row in rows:
        cases = held[row.name] + failed[row.name]
        lines.append(f"{row.name:{width}}  {cases:>6}  {row.minimum:>6}  {held[row.name]:>6}  {row.must_hold}")
    return lines
