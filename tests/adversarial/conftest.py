"""Counts the cases of the adversarial suite, and prints them as a table when it has run.

A test module in this folder names its row: `ATTACK = attacks.PATHS`. Each test (each parameter set) is then one case
of it. A test that tries many in one go (a process that is killed over and over) takes the fixture `cases` and says how
many.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.adversarial.attacks import ROWS, Attack
from tests.adversarial.connections import doors as doors
from tests.adversarial.connections import names as names
from tests.adversarial.connections import watch as watch
from tests.adversarial.fetching import fetching as fetching
from tests.adversarial.fetching import hostile_names as hostile_names
from tests.adversarial.fetching import web as web
from tests.adversarial.screen import screen as screen
from tests.core.conftest import cli as cli

_PROPERTY = "adversarial"


class Cases:
    """How many cases a test stands for."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def count(self, number: int) -> None:
        """This test tried so many cases, all of which held if it passes."""
        _record(self._item, number)


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> Cases:
    return Cases(request.node)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _attack_of(item) is not None:
            item.add_marker(pytest.mark.adversarial)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _attack_of(item) is not None:
        _record(item, 1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    held, failed = Counter[str](), Counter[str]()
    for outcome, counter in (("passed", held), ("failed", failed), ("error", failed)):
        for report in terminalreporter.getreports(outcome):
            for name, number in (value for key, value in report.user_properties if key == _PROPERTY):
                counter[name] += number
    rows = [row for row in ROWS if held[row.name] or failed[row.name]]
    if not rows:
        return
    width = max(len(row.name) for row in rows)
    terminalreporter.section("adversarial suite")
    terminalreporter.write_line(f"{'attack':{width}}  {'cases':>6}  {'held':>6}  must hold")
    for row in rows:
        total = held[row.name] + failed[row.name]
        terminalreporter.write_line(f"{row.name:{width}}  {total:>6}  {held[row.name]:>6}  {row.must_hold}")


def _attack_of(item: pytest.Item) -> Attack | None:
    return getattr(getattr(item, "module", None), "ATTACK", None)


def _record(item: pytest.Item, number: int) -> None:
    """The property travels with the test's report, from a worker process too."""
    attack = _attack_of(item)
    assert attack is not None, "a test that counts cases stands in a module that names its ATTACK"
    item.user_properties[:] = [entry for entry in item.user_properties if entry[0] != _PROPERTY]
    item.user_properties.append((_PROPERTY, [attack.name, number]))
