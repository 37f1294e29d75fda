"""`web_search` at the wire: SearXNG's JSON API, and the public engines that `ddgs` scrapes, played by local servers."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent_core import Tool, ToolArgumentError, ToolContext, ToolError, TransientToolError
from agent_core.errors import ConfigurationError
from agent_plugin_search import agent_core_settings, agent_core_tools, web_search
from agent_plugin_search.results import SearchResults
from agent_plugin_search.settings import SearchSettings
from tests.servers.certificates import Authority
from tests.servers.scripted_web import Request, ScriptedWeb, drip, drop, http_answer, in_turn, redirect, stall

FOUND = {
    "query": "neo4j lts",
    "results": [
        {"title": "Neo4j versions", "url": "https://neo4j.com/versions", "content": "5.26 is LTS.", "engine": "brave"},
        {"title": "Release notes", "url": "https://neo4j.com/notes?a=1&b=2", "content": "All notes."},
        {"title": "Wiki", "url": "http://en.wikipedia.org/wiki/Neo4j", "content": "A graph database."},
    ],
    "unresponsive_engines": [],
}


def context(settings: SearchSettings | None) -> ToolContext:
    return ToolContext(workspace=Path(), data_dir=Path(), settings=settings)


async def search(settings: SearchSettings, query: str = "neo4j lts", **arguments: Any) -> SearchResults:
    assert web_search.function
    keywords = web_search.arguments.keywords({"query": query, **arguments})
    return await web_search.function(context(settings), **keywords)


def one_line(error: pytest.ExceptionInfo[BaseException]) -> str:
    """The message, which must be one printable line of readable length."""
    message = str(error.value)
    assert message.isprintable()
    assert len(message) < 500
    assert "Traceback" not in message
    return message


def json_answer(value: object) -> bytes:
    return http_answer(json.dumps(value), content_type="application/json")


@pytest.fixture
async def web() -> AsyncIterator[ScriptedWeb]:
    async with ScriptedWeb() as server:
        yield server


@pytest.fixture
def searxng(web: ScriptedWeb) -> SearchSettings:
    return SearchSettings(provider="searxng", searxng_url=web.url(), timeout_s=5, attempts=3, backoff_s=0.01)


# What is declared


@pytest.mark.parametrize("offered", list(agent_core_tools()), ids=lambda offered: offered.name)
def test_declares_what_it_does_to_the_world(offered: Tool):
    traits = offered.traits
    assert (traits.read_only, traits.idempotent, traits.open_world, traits.untrusted_content) == (True,) * 4
    assert (traits.destructive, traits.private_data, traits.internal) == (False,) * 3
    assert 3 <= len(offered.examples) <= 6
    assert offered.cache_s > 0
    assert all(p.get("description") for p in offered.parameters["properties"].values())
    assert "text" in (offered.returns or {})["properties"]


def test_settings_have_defaults():
    assert agent_core_settings()() == SearchSettings()
    assert [offered.name for offered in agent_core_tools()] == ["web_search", "fetch_page"]


def test_the_plugin_loads_without_its_libraries():
    code = (
        "import sys, agent_plugin_search\n"
        "print([m for m in ('httpx', 'ddgs', 'primp', 'trafilatura', 'tenacity', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"provider": "altavista"}, "altavista"),
        ({"safesearch": "maybe"}, "maybe"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"attempts": -1}, "attempts"),
        ({"region": "english"}, "english"),
    ],
)
def test_wrong_settings_are_named(wrong: dict[str, Any], named: str):
    with pytest.raises(ConfigurationError, match=named):
        SearchSettings(**wrong)


# Arguments


@pytest.mark.parametrize("query", ["", "  \n", "\x1b[31m\x07", "\u202e"])
async def test_an_empty_query_is_refused(searxng: SearchSettings, web: ScriptedWeb, query: str):
    with pytest.raises(ToolArgumentError, match="empty"):
        await search(searxng, query)
    assert web.connections == 0


@pytest.mark.parametrize("count", [0, -1, 21, 10**9])
async def test_a_number_of_results_out_of_range_is_refused(searxng: SearchSettings, count: int):
    with pytest.raises(ToolArgumentError, match=str(count)):
        await search(searxng, max_results=count)


async def test_a_huge_query_is_refused(searxng: SearchSettings, web: ScriptedWeb):
    with pytest.raises(ToolArgumentError, match="longer than") as error:
        await search(searxng, "why " * 300_000)
    assert "why" in one_line(error)
    assert web.connections == 0


# SearXNG


async def test_results_and_a_listing_for_a_person(web: ScriptedWeb, searxng: SearchSettings):
    web.answers["/search"] = json_answer(FOUND)
    found = await search(searxng, "neo4j & graph=yes #lts\r\nHost: evil", max_results=2)
    assert [r.url for r in found.results] == ["https://neo4j.com/versions", "https://neo4j.com/notes?a=1&b=2"]
    assert found.results[0].snippet == "5.26 is LTS."
    assert found.text.splitlines()[:3] == ["1. Neo4j versions", "   https://neo4j.com/versions", "   5.26 is LTS."]
    (request,) = web.requests
    assert "q=neo4j+%26+graph%3Dyes+%23lts+Host%3A+evil&format=json" in request.target
    assert request.headers["host"] == web.authority
    assert "language=en-US" in request.target
    assert "safesearch=1" in request.target


async def test_no_results_is_an_answer(web: ScriptedWeb, searxng: SearchSettings):
    web.answers["/search"] = json_answer({"results": [], "unresponsive_engines": []})
    found = await search(searxng, "qwxzv")
    assert found.results == []
    assert found.text == "No results for 'qwxzv'."


async def test_no_results_because_its_engines_are_down_is_a_failure(web: ScriptedWeb, searxng: SearchSettings):
    web.answers["/search"] = json_answer({"results": [], "unresponsive_engines": [["google", "timeout"]]})
    with pytest.raises(TransientToolError, match=r"google.*timeout"):
        await search(searxng)


@pytest.mark.parametrize("path", ["", "/", "/search", "/search/"])
async def test_the_address_may_be_written_in_several_ways(web: ScriptedWeb, path: str):
    web.answers["/search"] = json_answer(FOUND)
    settings = SearchSettings(provider="searxng", searxng_url=web.url(path))
    assert len((await search(settings)).results) == 3


@pytest.mark.parametrize("address", ["", "localhost:8888", "ftp://search.example", "http://", "http://a b:x"])
async def test_an_unusable_address_is_named(address: str):
    with pytest.raises(ConfigurationError, match="searxng_url"):
        await search(SearchSettings(provider="searxng", searxng_url=address))


@pytest.mark.parametrize(
    "fault",
    [
        http_answer(status="429 Too Many Requests", headers={"Retry-After": "0"}),
        http_answer(status="429 Too Many Requests", headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}),
        http_answer(status="429 Too Many Requests", headers={"Retry-After": "soon"}),
        http_answer("<h1>Bad gateway</h1>", status="502 Bad Gateway", content_type="text/html"),
        drop,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n{}{}",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\n{}{}",
    ],
    ids=["429", "429 until a date", "429 soon", "502", "dropped", "not HTTP", "cut short", "broken gzip", "Brotli"],
)
async def test_a_fault_is_tried_again(web: ScriptedWeb, searxng: SearchSettings, fault: Any):
    web.answers["/search"] = in_turn(fault, fault, json_answer(FOUND))
    assert len((await search(searxng)).results) == 3
    assert len(web.requests) == 3


async def test_a_fault_that_stays_says_what_was_tried(web: ScriptedWeb, searxng: SearchSettings):
    web.answers["/search"] = http_answer("oops", status="500 Internal Server Error")
    with pytest.raises(TransientToolError) as error:
        await search(searxng)
    message = one_line(error)
    assert all(part in message for part in (web.authority, "3 attempts", "HTTP 500", "searxng_url"))


async def test_a_long_retry_after_is_reported_and_not_waited_for(web: ScriptedWeb, searxng: SearchSettings):
    web.answers["/search"] = http_answer(status="429 Too Many Requests", headers={"Retry-After": "3600"})
    with pytest.raises(TransientToolError, match="1 attempt: HTTP 429, which asks to wait 3600 s"):
        await search(searxng)
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (http_answer("<!doctype html><title>SearXNG</title>", content_type="text/html"), "settings.yml"),
        (http_answer("Forbidden", status="403 Forbidden"), "settings.yml"),
        (http_answer("not json", content_type="application/json"), "not JSON"),
        (http_answer("[" * 200_000, content_type="application/json"), "not JSON"),
        (http_answer(b"\xff\xfe\x00", content_type="application/json"), "not JSON"),
        (http_answer("", content_type="application/json"), "not JSON"),
        (json_answer([1, 2]), "without a list of results"),
        (json_answer({"results": "many"}), "without a list of results"),
        (http_answer("gone", status="404 Not Found"), "HTTP 404"),
        (redirect("https://elsewhere.example/search"), "elsewhere.example"),
    ],
    ids=["HTML", "403", "text", "deep", "bytes", "empty", "a list", "no list", "404", "redirect"],
)
async def test_an_answer_that_is_no_search_result_is_explained_at_once(
    web: ScriptedWeb, searxng: SearchSettings, answer: bytes, says: str
):
    web.answers["/search"] = answer
    with pytest.raises(ToolError, match=says) as error:
        await search(searxng)
    assert not isinstance(error.value, TransientToolError)
    assert web.authority in one_line(error)
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        stall,
        drip(b"HTTP/1.1 200 OK\r\n\r\n", every_s=0.01),
        drip(b"HTTP/1.1 200 OK\r\n", every_s=0.01, piece=b"A: b\r\n"),
    ],
    ids=["silence", "slow body", "slow headers"],
)
async def test_a_stall_ends_in_time(web: ScriptedWeb, answer: Any):
    web.default = answer
    settings = SearchSettings(provider="searxng", searxng_url=web.url(), timeout_s=0.5, attempts=2, backoff_s=0.01)
    with pytest.raises(TransientToolError, match="in time"):
        await asyncio.wait_for(search(settings), 10)


async def test_a_huge_answer_is_not_read(web: ScriptedWeb, searxng: SearchSettings):
    sent = 0

    async def endless(_request: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50000000\r\n\r\n")
        for _ in range(500):
            writer.write(b" " * 100_000)
            await writer.drain()
            sent += 100_000

    web.answers["/search"] = endless
    with pytest.raises(ToolError, match="more than 4 MB"):
        await search(searxng)
    assert sent < 30_000_000


async def test_malformed_and_hostile_items_are_dropped_or_cleaned(web: ScriptedWeb, searxng: SearchSettings):
    items = [
        None,
        "text",
        {},
        {"url": None, "title": "t"},
        {"url": "javascript:alert(1)", "title": "script"},
        {"url": "file:///etc/passwd", "title": "file"},
        {"url": "https://google.com@evil.example/", "title": "disguised"},
        {"url": "https://" + "a" * 5_000 + ".example/", "title": "long"},
        {"url": "https://a.example/\r\nX: y", "title": "injection"},
        {
            "url": "https://ok.example/1",
            "title": "\x1b[2J\x1b]52;c;aGk=\x07Two\u202e\nlines",
            "content": ["no", "text"],
        },
        {"url": "https://ok.example/1", "title": "again"},
        {"url": "https://ok.example/2", "title": 7, "content": "x" * 1_000_000 + "\U000e0041"},
    ]
    web.answers["/search"] = json_answer({"results": items})
    found = await search(searxng, max_results=20)
    assert [(r.title, r.url) for r in found.results] == [
        ("Two lines", "https://ok.example/1"),
        ("https://ok.example/2", "https://ok.example/2"),
    ]
    assert found.results[0].snippet == ""
    assert len(found.results[1].snippet) == 500
    assert found.text.replace("\n", "").isprintable()


async def test_a_password_in_the_address_is_sent_but_not_shown(web: ScriptedWeb):
    web.default = http_answer(status="500 Oops")
    address = web.url().replace("://", "://ada:s3cret@")
    settings = SearchSettings(provider="searxng", searxng_url=address, attempts=1)
    with pytest.raises(TransientToolError) as error:
        await search(settings)
    assert web.requests[0].headers["authorization"].startswith("Basic ")
    assert "s3cret" not in one_line(error)


# Public engines, by way of ddgs: a proxy of ours plays them, with certificates of an authority of ours

DUCKDUCKGO = """<html><body><div class="result__body links_main"><h2><a href="{url}">{title}</a></h2>
<a class="result__snippet" href="{url}">{snippet}</a></div></body></html>"""
MOJEEK = '<ul class="results-standard"><li><h2><a href="{url}">{title}</a></h2><p class="s">{snippet}</p></li></ul>'
PAGE = {"url": "https://neo4j.com/lts", "title": "Neo4j LTS", "snippet": "5.26 has long-term support"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def engines_tls(authority: Authority) -> ssl.SSLContext:
    return authority.server("html.duckduckgo.com", "search.brave.com", "www.mojeek.com", "www.startpage.com")


@pytest.fixture
async def engines(engines_tls: ssl.SSLContext) -> AsyncIterator[ScriptedWeb]:
    async with ScriptedWeb(tunnel_tls=engines_tls) as server:
        yield server


def ddgs_settings(engines: ScriptedWeb, authority: Authority, **changed: Any) -> SearchSettings:
    given: dict[str, Any] = {
        "engines": ["duckduckgo", "brave", "mojeek", "startpage"],
        "proxy": f"http://{engines.authority}",
        "ca_file": str(authority.ca_file),
        "attempts": 2,
        "backoff_s": 0.01,
    }
    return SearchSettings(**{**given, **changed})


async def test_public_engines_answer(engines: ScriptedWeb, authority: Authority):
    engines.answers["html.duckduckgo.com/html/"] = http_answer(DUCKDUCKGO.format(**PAGE), content_type="text/html")
    found = await search(ddgs_settings(engines, authority), "current neo4j lts version")
    assert found.provider == "ddgs"
    assert [(r.title, r.url) for r in found.results] == [(PAGE["title"], PAGE["url"])]
    assert PAGE["snippet"] in found.results[0].snippet
    asked = next(r for r in engines.requests if r.headers["host"] == "html.duckduckgo.com")
    assert b"q=current+neo4j+lts+version" in asked.body


@pytest.mark.parametrize(
    "fault",
    [http_answer(status="429 Too Many Requests"), http_answer(status="202 Ok"), drop],
    ids=["429", "202", "drop"],
)
async def test_other_engines_are_asked_when_the_first_refuse(engines: ScriptedWeb, authority: Authority, fault: Any):
    engines.default = fault
    engines.answers["www.mojeek.com/search"] = http_answer(MOJEEK.format(**PAGE), content_type="text/html")
    found = await search(ddgs_settings(engines, authority))
    assert [r.url for r in found.results] == [PAGE["url"]]


async def test_engines_that_all_refuse_are_named(engines: ScriptedWeb, authority: Authority):
    engines.default = http_answer("slow down", status="429 Too Many Requests")
    with pytest.raises(ToolError, match="duckduckgo, brave, mojeek, startpage") as error:
        await search(ddgs_settings(engines, authority))
    assert "2 attempts" in one_line(error)


async def test_engines_that_stall_end_in_time(engines: ScriptedWeb, authority: Authority):
    engines.default = stall
    with pytest.raises(TransientToolError, match="in time") as error:
        await asyncio.wait_for(search(ddgs_settings(engines, authority, timeout_s=1.0)), 20)
    assert "plugins.search.provider" in one_line(error)


async def test_no_network_is_one_clear_line(authority: Authority):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        proxy = f"http://127.0.0.1:{closed.getsockname()[1]}"
        settings = SearchSettings(proxy=proxy, attempts=3, backoff_s=0.01)
        with pytest.raises(TransientToolError) as error:
            await search(settings)
    message = one_line(error)
    assert "3 attempts" in message
    assert "Check the network connection" in message


async def test_unknown_engines_are_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match=r"'altavista'.*duckduckgo"):
        await search(SearchSettings(engines=["altavista"]))
