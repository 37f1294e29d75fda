"""What tests of the adversarial suite share. Cases are counted by `tests/adversarial/table.py`."""

from __future__ import annotations

import pytest

from tests.adversarial.connections import doors as doors
from tests.adversarial.connections import names as names
from tests.adversarial.connections import watch as watch
from tests.adversarial.fetching import fetching as fetching
from tests.adversarial.fetching import hostile_names as hostile_names
from tests.adversarial.fetching import web as web
from tests.adversarial.screen import screen as screen
from tests.adversarial.table import record
from tests.core.conftest import cli as cli


class Cases:
    """How many cases a test stands for."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def count(self, number: int) -> None:
        """This test tried so many cases, all of which held if it passes."""
        record(self._item, number)


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> Cases:
    return Cases(request.node)
