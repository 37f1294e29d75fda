"""Nothing that a server or a page says leads to where a page may not come from: each hop is a first address again."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.adversarial import attacks
from tests.adversarial.conftest import Cases
from tests.adversarial.connections import Doors, Names, Watch
from tests.adversarial.fetching import PUBLIC, Fetching
from tests.adversarial.hostile_urls import LOCATIONS, PAGES
from tests.servers.scripted_web import ScriptedWeb, http_answer, redirect

ATTACK = attacks.URLS


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_leads_nowhere_that_the_first_address_could_not(
    status: str, fetching: Fetching, web: ScriptedWeb, hostile_names: Names, watch: Watch, doors: Doors, cases: Cases
) -> None:
    hostile_names["evil.example"] = [[PUBLIC, "127.0.0.1"]]
    locations = [location.format(door=doors.port) for location in LOCATIONS]
    for number, location in enumerate(locations):
        web.answers[f"/{number}"] = redirect(quote(location, safe="/:@%[]?#\\"), status)
    await fetching.refused([web.url(f"/{number}") for number in range(len(locations))], [web.authority])
    assert web.connections >= len(locations)
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)
    cases.count(len(locations))


@pytest.mark.parametrize("hops", [1, 2, 3, 4, 5])
async def test_every_hop_is_checked(
    hops: int, fetching: Fetching, web: ScriptedWeb, hostile_names: Names, watch: Watch, doors: Doors
) -> None:
    """The way leads through hosts that are allowed, and only its end is not."""
    hosts = [f"hop{hop}.example:{web.port}" for hop in range(hops)]
    for hop, host in enumerate(hosts):
        hostile_names[host.partition(":")[0]] = [["127.0.0.1"]]
        web.answers[f"/{hop}"] = redirect(
            f"//{hosts[hop + 1]}/{hop + 1}" if hop + 1 < hops else "http://127.0.0.1:8080/"
        )
    await fetching.refused([f"http://{hosts[0]}/0"], hosts)
    assert len(web.requests) == hops
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


async def test_a_redirect_to_the_same_name_is_checked_anew(
    fetching: Fetching, web: ScriptedWeb, hostile_names: Names, watch: Watch, doors: Doors
) -> None:
    hostile_names["evil.example"] = [["127.0.0.1"]]
    web.default = redirect("http://evil.example:8080/")
    await fetching.refused([f"http://evil.example:{web.port}/"], [f"evil.example:{web.port}"])
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "300 Choice", "304 Same", "305 Use Proxy", "306 Switch"])
@pytest.mark.parametrize("header", ["Location", "Refresh", "Link", "Content-Location", "Alt-Svc", "X-Accel-Redirect"])
async def test_nothing_else_in_an_answer_is_followed(
    status: str, header: str, fetching: Fetching, web: ScriptedWeb, watch: Watch, doors: Doors
) -> None:
    inside = f"http://127.0.0.1:{doors.port}/"
    value = {
        "Refresh": f"0; url={inside}",
        "Link": f"<{inside}>; rel=preload",
        "Alt-Svc": f'h2="127.0.0.1:{doors.port}"',
    }
    web.default = http_answer("hello", status=status, headers={header: value.get(header, inside)})
    await fetching([web.url()], [web.authority])
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


# What the page says


@pytest.mark.parametrize("content_type", ["text/html", "application/xhtml+xml", "application/xml", "image/svg+xml"])
@pytest.mark.parametrize("how", PAGES)
async def test_nothing_in_a_page_is_fetched(
    how: str, content_type: str, fetching: Fetching, web: ScriptedWeb, watch: Watch, doors: Doors
) -> None:
    """The page is parsed in a child process, of which only what arrives can be seen."""
    page = PAGES[how].format(to=f"http://127.0.0.1:{doors.port}/x")
    web.default = http_answer(f"{page}<body><p>{'Some words of a page. ' * 20}</p></body>", content_type=content_type)
    await fetching([web.url()], [web.authority])
    assert web.connections == 1
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)
