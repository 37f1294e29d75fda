"""No page is fetched from where a page may not come from, however the place is written and whatever its name says.

Through the product's own door: a model calls `fetch_page`, and the gate runs it. What counts is who was contacted:
nothing is tried but the test's own server and addresses that were checked, and nothing arrives where it must not.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.adversarial import attacks
from tests.adversarial.conftest import Cases
from tests.adversarial.connections import Doors, Names, Watch
from tests.adversarial.fetching import PUBLIC, Fetching
from tests.adversarial.hostile_urls import FORMS, PLACES, PORTS, PROXIES, SCHEMES
from tests.servers.scripted_web import ScriptedWeb, http_answer

ATTACK = attacks.URLS

# Whoever watches sees what happens


async def test_a_place_that_the_user_allowed_is_reached_and_seen(
    fetching: Fetching, web: ScriptedWeb, watch: Watch, doors: Doors
) -> None:
    web.default = http_answer("inside")
    answer = await fetching([web.url("/a"), f"http://127.0.0.1:{doors.port}/"], [web.authority])
    assert {c.args["url"]: c.status for c in answer.calls} == {
        web.url("/a"): "done",
        f"http://127.0.0.1:{doors.port}/": "failed",
    }
    assert watch.tried == [("127.0.0.1", web.port)]
    assert web.connections == 1
    await fetching([f"http://127.0.0.1:{doors.port}/"], [f"127.0.0.1:{doors.port}"], timeout_s=0.5)
    assert watch.besides(web.port).count(("127.0.0.1", doors.port)) == doors.arrived() > 0


# The place itself


def written(places: Sequence[str]) -> list[str]:
    """Each place in a few of the forms, and all forms in turn."""
    turns = range(len(places) * 3)
    return list(dict.fromkeys(FORMS[turn % len(FORMS)].format(places[turn // 3]) for turn in turns))


@pytest.mark.parametrize("kind", PLACES)
async def test_a_place_inside_in_any_spelling(
    kind: str, fetching: Fetching, hostile_names: Names, watch: Watch, doors: Doors, cases: Cases
) -> None:
    urls = written(PLACES[kind])
    await fetching.refused(urls)
    assert (watch.tried, doors.arrived()) == ([], 0)
    cases.count(len(urls))


async def test_what_is_no_web_page_at_all(
    fetching: Fetching, hostile_names: Names, watch: Watch, doors: Doors, cases: Cases
) -> None:
    await fetching.refused(SCHEMES)
    assert (watch.tried, hostile_names.asked, doors.arrived()) == ([], [], 0)
    cases.count(len(SCHEMES))


async def test_ports_that_serve_no_pages(
    fetching: Fetching, hostile_names: Names, watch: Watch, doors: Doors, cases: Cases
) -> None:
    """Not at a public host either, whose name is not even looked up."""
    ports = [*PORTS, doors.port]
    urls = [f"http://{host}:{port}/" for port in ports for host in ("public.example", "127.0.0.1", "[::1]")]
    await fetching.refused(urls)
    assert (watch.tried, hostile_names.asked, doors.arrived()) == ([], [], 0)
    cases.count(len(urls))


# The name, which is somebody else's


REBINDING = {
    "inside from the first": [["10.0.0.1"]],
    "one inside among public ones": [[PUBLIC, "10.0.0.1"]],
    "one inside, first of all": [["127.0.0.1", PUBLIC]],
    "one inside behind more than are tried": [[PUBLIC] * 5 + ["127.0.0.1"]],
    "inside as IPv6": [[PUBLIC, "::1"]],
    "mapped": [["::ffff:127.0.0.1"]],
    "NAT64": [["64:ff9b::7f00:1"]],
    "6to4": [["2002:7f00:1::"]],
    "link-local": [["fe80::1%lo"]],
    "metadata": [["169.254.169.254"]],
    "this host": [["0.0.0.0"], [PUBLIC]],
    "nowhere": [["255.255.255.255"]],
}


@pytest.mark.parametrize("how", REBINDING)
@pytest.mark.parametrize("form", ["http://evil.example/", "https://evil.example:8443/"])
async def test_a_name_that_leads_inside(
    how: str, form: str, fetching: Fetching, hostile_names: Names, watch: Watch, doors: Doors
) -> None:
    hostile_names["evil.example"] = list(REBINDING[how])
    await fetching.refused([form])
    assert hostile_names.asked == ["evil.example"]
    assert (watch.tried, doors.arrived()) == ([], 0)


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize(("form", "port"), [("http://evil.example/", 80), ("https://evil.example:8443/", 8443)])
async def test_a_name_that_changes_its_mind_is_connected_to_as_it_was_checked(
    inside: str, form: str, port: int, fetching: Fetching, hostile_names: Names, watch: Watch, doors: Doors
) -> None:
    hostile_names["evil.example"] = [[PUBLIC], [inside]]
    await fetching.refused([form])
    assert (watch.tried, doors.arrived()) == ([(PUBLIC, port)], 0)
    assert len(hostile_names.asked) == 2, "once for the attempt that failed, and once for the next, which was refused"


async def test_the_next_fetch_is_checked_anew(
    fetching: Fetching, hostile_names: Names, watch: Watch, doors: Doors
) -> None:
    hostile_names["evil.example"] = [[PUBLIC], ["127.0.0.1"]]
    for _ in range(3):
        await fetching.refused(["http://evil.example/"])
    assert (watch.tried, doors.arrived()) == ([(PUBLIC, 80)], 0)


# Proxies of the environment


@pytest.mark.parametrize("scheme", ["http", "https", "socks5", "socks5h"])
async def test_a_proxy_of_the_environment_is_no_way_around(
    scheme: str, fetching: Fetching, hostile_names: Names, watch: Watch, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, f"{scheme}://127.0.0.1:{doors.port}")
    urls = ["http://127.0.0.1/", "https://169.254.169.254/", "http://10.0.0.1:8080/", "http://www.inner.example/"]
    await fetching.refused([*urls, "http://public.example/", "https://public.example/"])
    assert set(watch.tried) == {(PUBLIC, 80), (PUBLIC, 443)}
    assert doors.arrived() == 0
