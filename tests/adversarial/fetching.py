"""A model that fetches pages, on a network of the test's own: names, a web server, an address out of reach."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from agent_core import Assistant
from agent_core.answer import Answer
from agent_core.testing import Script, call
from tests.adversarial.connections import Names
from tests.adversarial.hostile_urls import NAMES_INSIDE
from tests.servers.scripted_web import ScriptedWeb

PUBLIC = "93.184.216.34"
"""An address that is allowed; the tests see that it is tried, and never get there."""


@pytest.fixture
async def web() -> AsyncIterator[ScriptedWeb]:
    async with ScriptedWeb() as server:
        yield server


@pytest.fixture
def hostile_names(names: Names) -> Names:
    """Names that lead inside, and one that does not."""
    for address, hosts in NAMES_INSIDE.items():
        for host in hosts:
            names[host] = [[address]]
    names["public.example"] = [[PUBLIC]]
    return names


class Fetching:
    """Fetches pages as a model does that was told to, with settings of the user."""

    def __init__(self, assistants: Callable[..., Assistant], home: Path) -> None:
        self._assistants = assistants
        self._home = home

    async def __call__(self, urls: Sequence[str], allowed: Sequence[str] = (), timeout_s: float = 5.0) -> Answer:
        """A run that fetches each of them; `allowed` are the hosts and ports that the user makes an exception of."""
        self._home.mkdir(exist_ok=True)
        exceptions = (
            f"[plugins.search]\nallow_private_hosts = {json.dumps(list(allowed))}\npage_timeout_s = {timeout_s}\n"
        )
        (self._home / "config.toml").write_text(exceptions)
        calls = [call("fetch_page", f"c{number}", url=url) for number, url in enumerate(urls)]
        script = Script(calls, *["That is all."] * 3)
        async with self._assistants(script, plugins=["search"]) as assistant:
            return await assistant.ask("Read those pages")

    async def refused(self, urls: Sequence[str], allowed: Sequence[str] = ()) -> None:
        """Fetch them all, in a few runs; every call is made, and comes back as a failure."""
        for start in range(0, len(urls), 40):
            some = urls[start : start + 40]
            answer = await self(some, allowed)
            assert {c.args["url"] for c in answer.calls} == set(some)
            assert [c.args["url"] for c in answer.calls if c.status != "failed"] == []


@pytest.fixture
def fetching(assistants: Callable[..., Assistant], tmp_path: Path) -> Fetching:
    return Fetching(assistants, tmp_path / "home")
