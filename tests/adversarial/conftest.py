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
from tests.adversarial.table import Cases as Cases
from tests.core.conftest import cli as cli


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> Cases:
    return Cases(request.node)
