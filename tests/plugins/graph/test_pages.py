"""Pages and sections of the web: what is read, what is left alone, and what a second time asks for."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from agent_core.errors import UsageError
from agent_core.web.access import WebAccess
from agent_plugin_graph import Graph
from agent_plugin_graph.ingest.adding import Added, PageReading
from agent_plugin_graph.ingest.section import Place
from tests.plugins.graph.test_ingest import docx_bytes, pdf_bytes
from tests.servers.scripted_web import Request, ScriptedWeb, drop, http_answer, in_turn, redirect


@pytest.fixture
async def web() -> AsyncIterator[ScriptedWeb]:
    async with ScriptedWeb() as server:
        yield server


@pytest.fixture
def reading(web: ScriptedWeb) -> PageReading:
    return PageReading(WebAccess(max_bytes=2_000_000, allow_private_hosts=[web.authority]), pause_s=0.0)


def page(body: str, *links: str, title: str = "", head: str = "", **headers: str) -> bytes:
    """An answer with a page of a paragraph, and links below it."""
    anchors = "".join(f'<p><a href="{link}">to {link}</a></p>' for link in links)
    text = f"<html><head><title>{title}</title>{head}</head><body><main><p>{body}</p>{anchors}</main></body></html>"
    return http_answer(
        text, content_type="text/html; charset=utf-8", headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def lines(topic: str) -> str:
    return f"The {topic} is kept in the cellar, behind the second door on the left, and nobody has ever moved it."


def sources(graph: Graph, web: ScriptedWeb) -> set[str]:
    return {source.uri.removeprefix(web.url("")) for source in graph.store.sources()}


def asked(web: ScriptedWeb) -> list[str]:
    paths = [request.target for request in web.requests]
    web.requests.clear()
    return paths


def conditional(body: bytes, etag: str) -> Callable[[Request, asyncio.StreamWriter], object]:
    """A page that is sent once, and after that is as it was."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        known = request.headers.get("if-none-match") == etag
        writer.write(http_answer(status="304 Not Modified", headers={"ETag": etag}) if known else body)
        await writer.drain()

    return answer


# One page

ARTICLE = """<html><head><title>Leave - The handbook of the house</title></head><body>
<nav><a href="/">Home</a> <a href="/all">Everything</a></nav>
<article><h1>Leave</h1><p>Whoever becomes a parent may stay away for twenty-six weeks, with full pay.</p>
<h2>Sick leave</h2><p>Call before nine in the morning, and send the doctor's note within three days.</p>
<table><tr><th>Grade</th><th>Days</th></tr><tr><td>Junior</td><td>25</td></tr></table></article>
<footer>Imprint</footer></body></html>"""


async def test_a_page_becomes_passages_by_its_headings(graph: Graph, web: ScriptedWeb, reading: PageReading) -> None:
    web.answers["/leave.html"] = http_answer(ARTICLE, content_type="text/html")
    added = await graph.aadd_pages([web.url("/leave.html#top")], reading=reading)
    assert (added.pages, added.files, added.problems) == (1, 0, [])
    assert asked(web) == ["/leave.html"]
    (hit, *_) = graph.search("How long may a parent stay away?")
    assert hit.title == "Leave"
    assert hit.source == web.url("/leave.html")
    assert hit.link == f"{web.url('/leave.html')}#:~:text=Whoever%20becomes%20a%20parent%20may%20stay%20away%20for"
    (hit, *_) = graph.search("sick leave doctor's note")
    assert (hit.title, hit.locator) == ("Sick leave", "paragraphs 2-3")
    assert "| Junior | 25 |" in hit.text
    assert not graph.search("imprint")


@pytest.mark.parametrize(
    ("path", "content_type", "data", "title", "link"),
    [
        ("/m", "application/pdf", pdf_bytes("The pump is red.", "The valve is blue."), "m", "#page=2"),
        ("/m.pdf", "application/octet-stream", pdf_bytes("", "The valve is blue."), "m", "#page=2"),
        (
            "/get?id=3",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            docx_bytes().replace(b"", b""),
            "Contract",
            "",
        ),
        ("/v.md", "text/plain", b"# Valves\n\nThe valve is blue, and the landlord repairs the roof.", "Valves", ""),
        ("/v.csv", "text/csv", b"id,name\n1,The valve is blue and the landlord repairs", "The valve", ""),
        ("/notes", "text/plain; charset=latin-1", "Größe: the valve, and the landlord.".encode("latin-1"), "notes", ""),
    ],
)
async def test_other_files_of_the_web_are_read_as_files_are(
    graph: Graph,
    web: ScriptedWeb,
    reading: PageReading,
    path: str,
    content_type: str,
    data: bytes,
    title: str,
    link: str,
) -> None:
    web.answers[path.partition("?")[0]] = http_answer(data, content_type=content_type)
    added = await graph.aadd_pages([web.url(path)], reading=reading)
    assert added.problems == []
    (hit, *_) = graph.search("valve landlord")
    assert hit.title.startswith(title)
    assert hit.link.startswith(web.url(path))
    assert link in hit.link


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (http_answer("", content_type="text/html"), "empty"),
        (http_answer("<html><script>x()</script></html>", content_type="text/html"), "no readable text"),
        (http_answer(b"\x89PNG\r\n", content_type="image/png"), "image/png, which has no reader"),
        (http_answer(b"\0\1\2" * 50, content_type="text/plain"), "no reader"),
        (http_answer(pdf_bytes("x")[:200], content_type="application/pdf"), "not a whole PDF"),
        (http_answer("gone", status="404 Not Found"), "no such page"),
        (http_answer("gone", status="500 Oops"), "HTTP 500"),
        (redirect("http://127.0.0.1:9/"), "may not be read"),
        (redirect("http://10.0.0.1/"), "may not be read"),
        (redirect("file:///etc/passwd"), "not a web page"),
        (drop, "connection"),
    ],
)
async def test_what_cannot_be_read_is_a_line(
    graph: Graph, web: ScriptedWeb, reading: PageReading, answer: bytes, says: str
) -> None:
    web.default = answer
    web.answers["/good"] = page(lines("globe"))
    added = await graph.aadd_pages([web.url("/bad"), web.url("/good")], reading=reading)
    ((address, reason),) = added.problems
    assert address == web.url("/bad")
    assert says in reason
    assert "\n" not in reason
    assert added.pages == 1
    assert sources(graph, web) == {"/good"}


async def test_only_public_addresses_without_an_exception(graph: Graph, web: ScriptedWeb) -> None:
    added = await graph.aadd_pages([web.url("/"), "http://169.254.169.254/", "http://[::1]/"])
    assert len(added.problems) == 3
    assert all("not on the public internet" in reason or "port" in reason for _, reason in added.problems)
    assert web.connections == 0


@pytest.mark.parametrize("address", ["https://", "https://user:secret@example.org/", "http://exa mple.org/"])
def test_what_is_no_address_is_an_error(graph: Graph, address: str) -> None:
    with pytest.raises(UsageError) as told:
        graph.add_pages([address])
    assert "secret" not in str(told.value)


# A section


def manual(web: ScriptedWeb) -> None:
    """A site whose manual lies under /manual/."""
    web.answers |= {
        "/manual/": page(lines("globe"), "a.html", "b.html", "/blog/", "https://elsewhere.example/", "mailto:x@y.z"),
        "/manual/a.html": page(lines("hammer"), "deep/c.html", "./", "a.html#part", "/manual/../private"),
        "/manual/b.html": page(lines("saw"), "a.html", "missing.html", "b.html?print=1"),
        "/manual/b.html?print=1": page(lines("saw")),
        "/manual/deep/c.html": page(lines("chisel"), "d.html"),
        "/manual/deep/d.html": page(lines("plane")),
        "/blog/": page(lines("gossip")),
        "/private": page(lines("secret")),
    }


async def test_a_section_is_its_folder_and_all_below(graph: Graph, web: ScriptedWeb, reading: PageReading) -> None:
    manual(web)
    added = await graph.aadd_pages([web.url("/manual/")], depth=9, reading=reading)
    assert sources(graph, web) == {
        "/manual/",
        "/manual/a.html",
        "/manual/b.html",
        "/manual/b.html?print=1",
        "/manual/deep/c.html",
        "/manual/deep/d.html",
    }
    assert [(address, "no such page" in reason) for address, reason in added.problems] == [
        (web.url("/manual/missing.html"), True)
    ]
    once = asked(web)
    assert len(once) == len(set(once)) == 8
    assert once[0] == "/robots.txt"


async def test_depth_and_pages_bound_it(graph: Graph, web: ScriptedWeb, reading: PageReading) -> None:
    manual(web)
    await graph.aadd_pages([web.url("/manual/")], depth=1, reading=reading)
    assert sources(graph, web) == {"/manual/", "/manual/a.html", "/manual/b.html"}
    graph.forget(web.url("/manual/"))
    assert graph.stats().sources == graph.stats().passages == 0
    added = await graph.aadd_pages([web.url("/manual/")], depth=9, pages=2, reading=reading)
    assert sources(graph, web) == {"/manual/", "/manual/a.html"}
    assert added.cut == [(web.url("/manual/"), "pages after 2")]


async def test_a_site_without_end_ends(graph: Graph, web: ScriptedWeb, reading: PageReading) -> None:
    async def endless(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(page(lines(f"page {request.target}"), *(f"{request.path}{n}/" for n in range(50))))
        await writer.drain()

    web.answers["/robots.txt"] = http_answer("none", status="404 Not Found")
    web.default = endless
    added = await graph.aadd_pages([web.url("/")], depth=50, pages=7, reading=reading)
    assert (added.pages, len(asked(web))) == (7, 8)


async def test_what_robots_txt_closes_is_left_alone(graph: Graph, web: ScriptedWeb, reading: PageReading) -> None:
    manual(web)
    web.answers["/robots.txt"] = http_answer("User-agent: *\nDisallow: /manual/deep/\nDisallow: /*?print\n")
    added = await graph.aadd_pages([web.url("/manual/")], depth=9, reading=reading)
    assert sources(graph, web) == {"/manual/", "/manual/a.html", "/manual/b.html"}
    assert not [path for path in asked(web) if "deep" in path or "print" in path]
    assert added.cut == [(web.url("/manual/"), "2 pages that its robots.txt closes to programs")]


@pytest.mark.parametrize(
    ("robots", "pages", "says"),
    [
        (http_answer("User-agent: agent-core\nDisallow: /\n\nUser-agent: *\nAllow: /\n"), 0, "closes it"),
        (http_answer("User-agent: *\nDisallow: /\n\nUser-agent: agent-core\nDisallow:\n"), 6, ""),
        (http_answer("busy", status="503 Service Unavailable"), 0, "robots.txt cannot be asked for"),
        (http_answer("private", status="403 Forbidden"), 6, ""),
        (http_answer(b"\xff\xfe\0<html>" * 1000), 6, ""),
    ],
)
async def test_robots_txt_in_its_forms(
    graph: Graph, web: ScriptedWeb, reading: PageReading, robots: bytes, pages: int, says: str
) -> None:
    manual(web)
    web.answers["/robots.txt"] = robots
    added = await graph.aadd_pages([web.url("/manual/")], depth=9, reading=reading)
    assert added.pages == pages
    assert any(says in reason for _, reason in added.problems)


async def test_authors_wishes(graph: Graph, web: ScriptedWeb, reading: PageReading) -> None:
    """`nofollow` and `noindex`, on a link, in a page and in a header; and the name that a page calls its own."""
    web.answers |= {
        "/": http_answer(
            f"<main><p>{lines('globe')}</p><a rel='external nofollow' href='ad'>ad</a>"
            + "".join(f"<a href='{to}'>{to}</a>" for to in ("noindex", "nofollow", "header", "twin?utm=1", "twin")),
            content_type="text/html",
        ),
        "/ad": page(lines("advertisement")),
        "/noindex": page(lines("hammer"), "behind", head='<meta name="Robots" content="noindex">'),
        "/nofollow": page(lines("saw"), "unseen", head='<meta name=robots content="index, nofollow">'),
        "/header": page(lines("chisel"), "unseen", X_Robots_Tag="noindex, nofollow"),
        "/behind": page(lines("plane")),
        "/unseen": page(lines("secret")),
        "/twin": page(lines("twin"), head='<link rel="canonical" href="/twin">'),
        "/thief": page(lines("twin"), head='<link rel="canonical" href="https://elsewhere.example/">'),
    }
    await graph.aadd_pages([web.url("/")], depth=5, reading=reading)
    assert sources(graph, web) == {"/", "/nofollow", "/behind", "/twin"}
    assert not {"/ad", "/unseen"} & set(asked(web))
    assert graph.stats().duplicate_passages == 0


async def test_redirects_stay_within(graph: Graph, web: ScriptedWeb, reading: PageReading) -> None:
    manual(web)
    web.answers |= {
        "/start": redirect("/manual/"),
        "/manual/a.html": redirect("/manual/deep/c.html"),
        "/manual/b.html": redirect("/blog/"),
    }
    added = await graph.aadd_pages([web.url("/start")], depth=9, reading=reading)
    assert sources(graph, web) == {"/manual/", "/manual/deep/c.html", "/manual/deep/d.html"}
    assert "/blog/" not in asked(web)
    assert added.problems == []


async def test_a_busy_server_is_asked_again_and_a_dead_one_left_alone(
    graph: Graph, web: ScriptedWeb, reading: PageReading
) -> None:
    busy = http_answer("later", status="503 Busy", headers={"Retry-After": "0"})
    web.answers["/"] = page(lines("globe"), *(f"/{n}" for n in range(40)))
    web.answers["/0"] = in_turn(busy, page(lines("hammer")))
    web.answers["/robots.txt"] = http_answer("none", status="404 Not Found")
    web.default = busy
    added = await graph.aadd_pages([web.url("/")], depth=2, reading=reading)
    assert sources(graph, web) == {"/", "/0"}
    assert len(added.problems) == 5
    assert added.cut == [(web.url("/"), "pages after the server stopped answering")]
    assert len(asked(web)) == 2 + 2 + 5 * 2


async def test_pages_are_asked_for_at_the_pace_that_is_wanted(
    graph: Graph, web: ScriptedWeb, reading: PageReading, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("agent_plugin_graph.ingest.crawl.time.sleep", waited.append)
    manual(web)
    web.answers["/robots.txt"] = http_answer("User-agent: *\nCrawl-delay: 7\n")
    added = await graph.aadd_pages([web.url("/manual/")], depth=1, reading=reading)
    assert added.pages == 3
    assert sum(wait > 5 for wait in waited) == 2
    assert all(wait <= 7 * 3 for wait in waited)


# The next time


async def test_what_has_not_changed_is_not_sent_again(graph: Graph, web: ScriptedWeb, reading: PageReading) -> None:
    web.answers |= {
        "/": conditional(page(lines("globe"), "a", "b", ETag='"1"'), '"1"'),  # type: ignore[dict-item]
        "/a": page(lines("hammer"), Last_Modified="Sat, 21 Nov 2026 10:00:00 GMT"),
        "/b": page(lines("saw")),
    }
    await graph.aadd_pages([web.url("/")], depth=3, reading=reading)
    web.requests.clear()
    web.answers["/b"] = page(lines("drill"), "c")
    web.answers["/c"] = page(lines("rasp"))
    followed = await graph.arefresh(reading=reading)
    assert (followed.pages, followed.unchanged, followed.removed) == (2, 2, 0)
    sent = {request.target: request.headers for request in web.requests}
    assert sent["/"]["if-none-match"] == '"1"'
    assert sent["/a"]["if-modified-since"] == "Sat, 21 Nov 2026 10:00:00 GMT"
    assert graph.search("saw") == []
    assert graph.search("drill")[0].source == web.url("/b")
    assert sources(graph, web) == {"/", "/a", "/b", "/c"}


async def test_what_is_gone_is_forgotten_and_what_does_not_answer_is_kept(
    graph: Graph, web: ScriptedWeb, reading: PageReading, tmp_path: Path
) -> None:
    web.answers |= {"/": page(lines("globe"), "a", "b", "c"), "/a": page(lines("unicorn")), "/b": page(lines("saw"))}
    web.answers["/c"] = page(lines("plane"))
    await graph.aadd_pages([web.url("/")], depth=1, reading=reading)
    web.answers |= {"/": page(lines("globe"), "b"), "/a": http_answer(status="410 Gone"), "/b": drop}
    followed = await graph.arefresh(reading=reading)
    assert followed.removed == 1
    assert [address for address, _ in followed.problems] == [web.url("/b")]
    assert sources(graph, web) == {"/", "/b", "/c"}
    assert graph.search("saw")
    held = b"".join(path.read_bytes() for path in tmp_path.glob("graph.db*"))
    assert b"unicorn" not in held
    assert b"globe" in held


async def test_a_single_page_that_moves_is_one_source(graph: Graph, web: ScriptedWeb, reading: PageReading) -> None:
    web.answers |= {"/today": redirect("/monday"), "/monday": page(lines("globe")), "/tuesday": page(lines("saw"))}
    await graph.aadd_pages([web.url("/today")], reading=reading)
    assert sources(graph, web) == {"/monday"}
    web.answers["/today"] = redirect("/tuesday")
    assert (await graph.arefresh(reading=reading)).removed == 1
    assert sources(graph, web) == {"/tuesday"}
    web.answers["/today"] = http_answer(status="404 Not Found")
    assert (await graph.arefresh(reading=reading)).removed == 1
    assert graph.stats().sources == 0


async def test_a_page_that_only_looks_new_is_not_written_again(
    graph: Graph, web: ScriptedWeb, reading: PageReading
) -> None:
    web.answers["/"] = in_turn(*(page(lines("globe"), head=f"<script>nonce={n}</script>") for n in range(3)))
    await graph.aadd_pages([web.url("/")], reading=reading)
    numbers = [number for number, _ in graph.store.all_passages()]
    again: Added = await graph.aadd_pages([web.url("/")], reading=reading)
    assert (again.pages, again.unchanged) == (0, 1)
    assert [number for number, _ in graph.store.all_passages()] == numbers


def test_a_section_that_was_killed_goes_on_where_it_ended(tmp_path: Path) -> None:
    """In processes of their own, both ends of the wire: the second run sends for what the first one had not."""

    async def run(stop_at: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, str(tmp_path / "g.db"), web.url("/"), web.authority, stop_at,
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    async def both() -> tuple[list[str], dict[str, int]]:
        async with web:
            for n in range(12):
                web.answers[f"/{n}"] = conditional(page(lines(f"tool {n}"), ETag=f'"{n}"'), f'"{n}"')  # type: ignore[assignment]
            web.answers["/"] = page(lines("globe"), *(f"/{n}" for n in range(12)))
            code, _ = await run("/6")
            assert code == -signal.SIGKILL
            web.requests.clear()
            _, out = await run("none")
            return [r.target for r in web.requests if "if-none-match" in r.headers], json.loads(out)

    web = ScriptedWeb()
    known, told = asyncio.run(both())
    assert known == [f"/{n}" for n in range(6)]
    assert told == {"pages": 6, "unchanged": 7, "sources": 13, "duplicates": 0}


PROGRAM = """
import json, os, signal, sys
from agent_core.web.access import WebAccess
from agent_plugin_graph import Graph
from agent_plugin_graph.ingest.adding import PageReading
def stop(url, done):
    if url.endswith(sys.argv[4]): os.kill(os.getpid(), signal.SIGKILL)
reading = PageReading(WebAccess(allow_private_hosts=[sys.argv[3]]), 0.0)
with Graph.open(f"sqlite:///{sys.argv[1]}") as graph:
    added = graph.add_pages([sys.argv[2]], 1, 100, reading, stop)
    stats = graph.stats()
    print(json.dumps({"pages": added.pages, "unchanged": added.unchanged, "sources": stats.sources,
                      "duplicates": stats.duplicate_passages}))
"""


# The command line, and addresses


async def test_from_the_command_line(web: ScriptedWeb, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "config.toml").write_text(
        f'[plugins.graph]\nallow_private_hosts = ["{web.authority}"]\npage_pause_s = 0.0\n'
    )
    manual(web)

    async def run(*command: str) -> tuple[int | None, str]:
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("agent-core")), "graph", *command,
            cwd=tmp_path, env={**os.environ, "AGENT_CORE_HOME": str(home)},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await process.communicate()
        return process.returncode, out.decode()

    (tmp_path / "note.md").write_text("# Note\n\nThe rasp lies on the table.\n")
    assert await run("add", "note.md", web.url("/manual/"), "--depth", "2", "--pages", "3") == (
        0,
        "1 files read (1 passages), 0 unchanged.\n"
        "3 pages read (3 passages), 0 unchanged.\n"
        f"Not all of {web.url('/manual/')} was read: pages after 3 are left out.\n",
    )
    code, out = await run("ask", "Where is the hammer kept?")
    assert code == 0
    assert f"{web.url('/manual/a.html')}" in out
    web.answers["/manual/a.html"] = http_answer(status="404 Not Found")
    assert (await run("sync"))[1].startswith("0 files read (0 passages), 3 unchanged, 1 removed")
    assert (await run("doctor"))[0] == 0
    assert "Forgot" in (await run("forget", web.url("/manual/")))[1]
    code, out = await run("export")
    assert [json.loads(line)["source"] for line in out.splitlines()] == [str(tmp_path / "note.md")]


@pytest.mark.parametrize(
    ("start", "inside", "outside"),
    [
        (
            "https://a.example/docs/x.html",
            ["https://A.example/docs/y", "https://a.example:443/docs/z/#q"],
            ["https://a.example/docsy", "http://a.example/docs/"],
        ),
        (
            "https://a.example/docs",
            ["https://a.example/docs", "https://a.example/docs/a"],
            ["https://a.example/other", "https://a.example:8443/docs/"],
        ),
        (
            "https://a.example",
            ["https://a.example/anything"],
            ["https://b.a.example/", "https://a.example.evil/", "ftp://a.example/"],
        ),
        (
            "https://a.example/d/",
            ["https://a.example/d/?page=2"],
            ["https://a.example/d/../x", "https://a.example@evil.example/d/"],
        ),
    ],
)
def test_what_lies_in_a_section(start: str, inside: list[str], outside: list[str]) -> None:
    place = Place.around(start)
    assert [url for url in inside if not place.holds(url)] == []
    assert [url for url in outside if place.holds(url)] == []
