"""`fetch_page` against hostile URLs, resolvers and servers; the servers are real ones on loopback."""

from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from encodings.aliases import aliases
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_core import ToolArgumentError, ToolContext, ToolError, TransientToolError
from agent_core.errors import ConfigurationError
from agent_core.gate.sanitise import sanitise
from agent_core.web.addresses import check_port, is_public, parse_url
from agent_core.web.content import decode
from agent_core.web.main_text import main_text
from agent_plugin_search import fetch_page
from agent_plugin_search.page import read_page
from agent_plugin_search.results import Page
from agent_plugin_search.settings import SearchSettings
from tests.servers.certificates import Authority
from tests.servers.scripted_web import Request, ScriptedWeb, drip, drop, http_answer, in_turn, redirect, stall

ARTICLE = """<!doctype html><html><head><title>Bees &amp; hives</title><script>var secret = 1;</script></head><body>
<nav><a href="/">Home</a><a href="/about">About</a></nav>
<article><h1>Bees in winter</h1>
<p>Bees do not sleep in winter. They form a cluster around the queen and keep her warm by moving their muscles.</p>
<p>A hive needs about 15 kilograms of honey to live until spring, depending on the climate and its size.</p>
<table><tr><th>Month</th><th>Honey</th></tr><tr><td>January</td><td>2 kg</td></tr></table></article>
<footer>Imprint and cookies</footer></body></html>"""

TEXT = "Grüße, 東京 und mehr"


class Resolver:
    """Answers lookups from a list of answers, the last one for ever; counts what it was asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def words(text: str) -> list[str]:
    return text.split()


async def no_lookup(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host}:{port} was looked up")


async def numeric_lookup(host: str, port: int) -> list[str]:
    """What the system makes of addresses in all their spellings, and of `localhost`; no name server is asked."""
    if host.rstrip(".") == "localhost":
        return ["127.0.0.1"]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)
    except OSError:
        raise ToolError(f"There is no host {host!r}.") from None
    return [str(entry[4][0]) for entry in found]


@pytest.fixture
async def web() -> AsyncIterator[ScriptedWeb]:
    async with ScriptedWeb() as server:
        yield server


@pytest.fixture
def settings(web: ScriptedWeb) -> SearchSettings:
    return SearchSettings(allow_private_hosts=[web.authority], page_timeout_s=5)


async def fetch(url: str, settings: SearchSettings | None = None, **arguments: Any) -> Page:
    assert fetch_page.function
    context = ToolContext(workspace=Path(), data_dir=Path(), settings=settings)
    return await fetch_page.function(context, **fetch_page.arguments.keywords({"url": url, **arguments}))


# What can be read


async def test_an_article_becomes_its_main_text(web: ScriptedWeb, settings: SearchSettings):
    web.answers["/bees"] = http_answer(ARTICLE, content_type="text/html")
    page = await fetch(web.url("/bees?in=winter#top"), settings)
    assert page.title == "Bees & hives"
    assert "Bees do not sleep in winter." in page.text
    assert "| January | 2 kg |" in page.text
    assert "secret" not in page.text
    assert "Imprint" not in page.text
    assert not page.truncated
    (request,) = web.requests
    assert request.target == "/bees?in=winter"
    assert request.headers["host"] == web.authority
    assert not {"cookie", "authorization", "referer"} & request.headers.keys()


@pytest.mark.parametrize(
    ("body", "content_type", "title", "text"),
    [
        ('{"a": [1, 2]}', "application/json", "", '{"a": [1, 2]}'),
        ('{"a": 1}', "application/ld+json; charset=utf-8", "", '{"a": 1}'),
        ("Intro\n\n# Install\n\nRun *this*.", "text/markdown", "Install", "Intro\n\n# Install\n\nRun *this*."),
        ("# a comment\r\n<b>x</b>", "text/plain", "", "# a comment\n<b>x</b>"),
        ("<rss><item>News</item></rss>", "application/rss+xml", "", "<rss><item>News</item></rss>"),
        ("a,b\n1,2\n", "TEXT/CSV; header=present", "", "a,b\n1,2"),
        ("no type at all", "", "", "no type at all"),
    ],
)
async def test_other_text_is_left_as_it_is(
    web: ScriptedWeb, settings: SearchSettings, body: str, content_type: str, title: str, text: str
):
    web.default = http_answer(body, content_type=content_type)
    page = await fetch(web.url(), settings)
    assert (page.title, page.text) == (title, text)


async def test_html_without_a_type_or_an_article_is_read_too(web: ScriptedWeb, settings: SearchSettings):
    web.default = http_answer("<!-- hi --><!DOCTYPE html><title>Tiny</title><body>Just this line.", content_type="")
    page = await fetch(web.url(), settings)
    assert (page.title, page.text) == ("Tiny", "Just this line.")


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (TEXT.encode(), "text/plain; charset=UTF-8"),
        (TEXT.encode(), "text/plain"),
        (TEXT.encode(), ""),
        (TEXT.encode("utf-16"), "text/plain; charset=iso-8859-1"),
        (TEXT.encode("utf-16-le"), "text/plain; charset='utf-16le'"),
        (TEXT.encode("gb18030"), "text/plain; charset=gb2312"),
        (f'<meta charset="gb2312"><p>{TEXT}</p>'.encode("gb18030"), "text/html"),
        (TEXT.encode(), "text/plain; charset=klingon"),
        (TEXT.encode(), "text/plain; charset=base64"),
        (TEXT.encode(), "text/plain; charset=idna"),
    ],
    ids=str,
)
async def test_encodings(web: ScriptedWeb, settings: SearchSettings, data: bytes, content_type: str):
    web.default = http_answer(data, content_type=content_type)
    assert (await fetch(web.url(), settings)).text == TEXT


async def test_text_that_declares_too_little_is_guessed(web: ScriptedWeb, settings: SearchSettings):
    text = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 5
    web.default = http_answer(text.encode("shift_jis"), content_type="text/plain")
    assert (await fetch(web.url(), settings)).text == text
    web.default = http_answer(b"It\x92s \x93quoted\x94", content_type="text/plain; charset=ISO-8859-1")
    assert (await fetch(web.url(), settings)).text == "It’s “quoted”"


@given(
    st.binary(max_size=300),
    st.text(max_size=40) | st.sampled_from(sorted({*aliases, *aliases.values(), "idna", "punycode", "undefined"})),
    st.booleans(),
)
def test_decoding_never_raises(data: bytes, charset: str, html: bool):
    assert isinstance(decode(data, f"text/html; charset={charset}", html=html), str)


async def test_max_chars_cuts_and_says_so(web: ScriptedWeb, settings: SearchSettings):
    web.default = http_answer("word " * 1000)
    page = await fetch(web.url(), settings, max_chars=7)
    assert (page.text, page.truncated) == ("word wo", True)
    for wrong in (0, -5, 200_001):
        with pytest.raises(ToolArgumentError, match=str(wrong)):
            await fetch(web.url(), settings, max_chars=wrong)


async def test_text_is_clean_of_what_a_terminal_or_a_reader_would_fall_for(web: ScriptedWeb, settings: SearchSettings):
    hostile = "<title>\x1b]0;pwned\x07T\u202ei</title><body><p>A\x1b[2J B\u2066C \U000e0041\U000e0042D\x00</p>"
    web.default = http_answer(hostile.replace("\x00", "&#0;"), content_type="text/html; charset=utf-8")
    page = await fetch(web.url(), settings)
    assert page.title == "Ti"
    assert page.text.replace("\n", "").isprintable()
    assert "2J" not in page.text


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        (http_answer(b"\x89PNG\r\n", content_type="image/png"), "image/png"),
        (http_answer(b"%PDF-1.7", content_type="application/pdf"), "application/pdf"),
        (http_answer(b"MZ", content_type="application/octet-stream"), "application/octet-stream"),
        (http_answer(b"%PDF-1.7", content_type="text/html"), "application/pdf"),
        (http_answer(b"\x89PNG\r\n\x1a\n", content_type=""), "image/png"),
        (http_answer(b"abc\0def", content_type="text/plain"), "binary data"),
        (http_answer(b"x", content_type="evil/\x1b[31mtype"), "evil/type"),
    ],
)
async def test_what_is_not_text_is_refused_by_name(
    web: ScriptedWeb, settings: SearchSettings, answer: bytes, names: str
):
    web.default = answer
    with pytest.raises(ToolError, match=names) as error:
        await fetch(web.url(), settings)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("body", ["", "  \n", "<html><body><script>app()</script></body></html>"])
async def test_a_page_without_text_is_an_error(web: ScriptedWeb, settings: SearchSettings, body: str):
    web.default = http_answer(body, content_type="text/html")
    with pytest.raises(ToolError, match="no readable text"):
        await fetch(web.url(), settings)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 50_000 + "deep",
        "<" * 100_000,
        "<table><tr>" * 2_000 + "<td>x" * 2_000,
        "<p " + "a=1 " * 50_000 + ">x</p>",
        "<![CDATA[" * 1_000,
        "\0" + "<p>x",
    ],
)
async def test_strange_html_is_read_or_refused(web: ScriptedWeb, settings: SearchSettings, html: str):
    for content_type in ("text/html", "text/html; charset=utf-16"):
        web.default = http_answer(html, content_type=content_type)
        try:
            outcome = (await fetch(web.url(), settings)).text
        except ToolError as error:
            outcome = str(error)
        assert sanitise(outcome) == outcome != ""


async def test_a_page_that_would_take_gigabytes_to_read_is_given_up():
    with pytest.raises(ToolError, match=r"hostile\.example.*too tangled"):
        await main_text("<html><body>" + "<b>x</b>" * 200_000, "hostile.example", cpu_s=1)


# Statuses and faults


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        ("404 Not Found", ToolError, "no such page"),
        ("410 Gone", ToolError, "gone"),
        ("401 Unauthorized", ToolError, "login"),
        ("403 Forbidden", ToolError, "refuses"),
        ("304 Not Modified", ToolError, "HTTP 304"),
        ("418 Teapot", ToolError, "HTTP 418"),
        ("429 Too Many Requests", TransientToolError, "wait 7 s"),
        ("503 Service Unavailable", TransientToolError, "wait 7 s"),
        ("500 Oops", TransientToolError, "HTTP 500"),
    ],
)
async def test_statuses(web: ScriptedWeb, settings: SearchSettings, status: str, kind: type[ToolError], says: str):
    web.default = http_answer("<p>an error page</p>", status=status, headers={"Retry-After": "7"})
    with pytest.raises(ToolError, match=says) as error:
        await fetch(web.url(), settings)
    assert error.value.failure == kind.failure


@pytest.mark.parametrize(
    "fault",
    [
        drop,
        b"\x15\x03\x01\x00\x02\x02",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nBad Header\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 500_000,
    ],
    ids=["drop", "TLS", "cut short", "no colon", "NUL", "two lengths", "huge header"],
)
async def test_a_broken_answer_is_one_line(web: ScriptedWeb, settings: SearchSettings, fault: Any):
    web.default = fault
    with pytest.raises(TransientToolError, match=r"127\.0\.0\.1") as error:
        await fetch(web.url(), settings)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    "slow",
    [
        stall,
        drip(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", every_s=0.01),
        drip(b"HTTP/1.1 200 OK\r\n", every_s=0.01, piece=b"X: y\r\n"),
        drip(b"", every_s=0.01, piece=b"H"),
    ],
    ids=["silence", "slow body", "slow headers", "slow status"],
)
async def test_a_slow_server_is_left_in_time(web: ScriptedWeb, settings: SearchSettings, slow: Any):
    web.default = slow
    with pytest.raises(TransientToolError):
        await asyncio.wait_for(fetch(web.url(), replace(settings, page_timeout_s=0.4)), 10)


async def test_an_endless_body_is_cut(web: ScriptedWeb, settings: SearchSettings):
    web.default = drip(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", every_s=0, piece=b"word " * 5_000)
    page = await fetch(web.url(), replace(settings, page_max_bytes=100_000), max_chars=200_000)
    assert page.truncated
    assert len(page.text) < 100_001


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
async def test_compression_is_undone(web: ScriptedWeb, settings: SearchSettings, encoding: str):
    web.default = http_answer(gzip.compress(b"hello " * 50), headers={"Content-Encoding": encoding})
    assert (await fetch(web.url(), settings)).text == ("hello " * 50).strip()


async def test_a_decompression_bomb_stays_small(web: ScriptedWeb, settings: SearchSettings):
    web.default = http_answer(gzip.compress(b"0" * 200_000_000, 1), headers={"Content-Encoding": "gzip"})
    tracemalloc.start()
    try:
        page = await fetch(web.url(), replace(settings, page_max_bytes=100_000), max_chars=1_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert page.truncated
    assert peak < 20_000_000


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress", "gzip"])
async def test_other_or_damaged_compression_is_refused(web: ScriptedWeb, settings: SearchSettings, encoding: str):
    web.default = http_answer(b"not compressed", headers={"Content-Encoding": encoding})
    with pytest.raises(ToolError, match="compressed"):
        await fetch(web.url(), settings)


# Where it may go


@pytest.mark.parametrize(
    "address",
    words("""0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 169.254.169.254 169.254.170.2
    168.63.129.16 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1
    203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::10.1.2.3 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1::1 2001:db8::1
    2001:10::1 2002:7f00:1:: 2002:808:808:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%1 fec0::1 ff02::1
    2600::5efe:7f00:1 2600::200:5efe:192.168.0.1 2600::1%eth0
    localhost example.com 1 127.1 [::1]"""),
)
def test_not_public(address: str):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    words("""1.1.1.1 8.8.8.8 93.184.216.34 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 169.253.0.1 191.255.0.1
    223.255.255.255 2606:4700::1111 2a00:1450:4001:81b::200e 64:ff9b::8.8.8.8 ::ffff:8.8.8.8
    2600::5efe:8.8.8.8"""),
)
def test_public(address: str):
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    words("""127.0.0.1 127.1 127.0.1 2130706433 0x7f000001 0x7f.0.0.1 0x7f.1 0177.0.0.1 017700000001 0177.0.0x1 0
    0.0.0.0 [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1]
    [64:ff9b::127.0.0.1] [2002:7f00:1::] [2001:0:4136:e378:8000:63bf:3fff:fdd2] 169.254.169.254 0xa9fea9fe 2852039166
    [::ffff:169.254.169.254] [fd00:ec2::254] [fe80::1] 10.0.0.1 192.168.1.1 172.16.0.1 100.64.0.1 3232235521
    127。0。0。1 127．0．0．1 １２７.0.0.1 ①②⑦.⓪.⓪.① localhost LOCALHOST localhost. 127.0.0.1. 127.1.
    127%2e0%2e0%2e1 %31%32%37.0.0.1 [::1%25lo] [::1%lo] [fe80::1%25eth0] 4294967297 0x100000000 256.256.256.256
    1.1.1.1@127.0.0.1 user:pass@127.0.0.1 a@b@127.0.0.1 127.0.0.1%23@1.1.1.1 [::1]x xn--a"""),
)
@pytest.mark.parametrize("form", ["http://{}/", "https://{}:8443/x?y=1", "HTTP://{}:80", "http://{}:8080#f"])
async def test_every_spelling_of_an_inner_address_is_refused(host: str, form: str):
    with pytest.raises(ToolError) as error:
        await read_page(form.format(host), 1_000, SearchSettings(), numeric_lookup)
    assert not isinstance(error.value, TransientToolError)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1"])
async def test_the_system_resolver_is_asked_and_judged(host: str):
    with pytest.raises(ToolArgumentError, match="not on the public internet"):
        await fetch(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "/etc/passwd",
        "//127.0.0.1/",
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://127.0.0.1:6379/_INFO",
        "javascript:alert(1)",
        "data:text/html,hi",
        "view-source:https://example.com",
        "unix:///var/run/docker.sock",
        "http:",
        "http://",
        "http:///path",
        "http:/127.0.0.1/",
        "http:127.0.0.1",
        "http://:80/",
        "http://[::1/",
        "http://example.com:port/",
        "http://example.com:99999999999/",
        "http://example.com:-1/",
        "http://example.com\\@127.0.0.1/",
        "http://exa mple.com/",
        "http://example.com/\r\nHost: 127.0.0.1",
        "http://example.com\x00.evil.example/",
        "http://example.com/\u202egnp.exe",
        "http://user@example.com/",
        "http://user:password@example.com/",
        "https://" + "a" * 5_000,
        "two words",
        "\ud800",
    ],
)
async def test_what_is_not_a_web_address_is_refused_before_any_lookup(url: str):
    with pytest.raises(ToolArgumentError) as error:
        await read_page(url, 1_000, SearchSettings(), no_lookup)
    assert str(error.value).isprintable()
    assert "password" not in str(error.value) or "user name or password" in str(error.value)


@pytest.mark.parametrize("port", [-1, 0, 1, 21, 22, 25, 3306, 5432, 6379, 9200, 11211, 65535, 65536])
async def test_other_ports_are_refused(port: int):
    with pytest.raises(ToolArgumentError):
        await read_page(f"http://example.com:{port}/", 1_000, SearchSettings(), no_lookup)


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.0.0.1"],
        ["93.184.216.34", "10.0.0.1"],
        ["127.0.0.1", "93.184.216.34"],
        ["2606:4700::1111", "::1"],
        ["nonsense"],
    ],
)
async def test_one_inner_address_among_a_hosts_addresses_is_enough_to_refuse(addresses: list[str]):
    with pytest.raises(ToolArgumentError, match="not on the public internet"):
        await read_page("https://mixed.example/", 1_000, SearchSettings(), Resolver(addresses))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("example.com", "https://example.com"),
        (" www.example.com/a?b=c ", "https://www.example.com/a?b=c"),
        ("example.com:8443/x", "https://example.com:8443/x"),
        ("bücher.example", "https://bücher.example"),
        ("HTTPS://Example.COM/Path", "https://example.com/Path"),
    ],
)
def test_what_people_type(typed: str, meant: str):
    url = parse_url(typed)
    assert url == parse_url(meant)
    check_port(url)


@given(st.text(max_size=60))
def test_any_text_is_a_checked_url_or_refused(text: str):
    for candidate in (text, "http://" + text):
        try:
            url = parse_url(candidate)
        except ToolArgumentError:
            continue
        assert url.scheme in ("http", "https")
        assert url.host
        assert not url.userinfo


async def test_the_exception_is_for_that_host_and_port_only(web: ScriptedWeb, settings: SearchSettings):
    web.default = http_answer("inside")
    assert (await fetch(web.url(), settings)).text == "inside"
    async with ScriptedWeb(default=http_answer("other")) as other:
        with pytest.raises(ToolArgumentError):
            await fetch(other.url(), settings)
        assert other.connections == 0


async def test_an_exception_for_an_address_is_none_for_a_name_that_leads_there(
    web: ScriptedWeb, settings: SearchSettings
):
    with pytest.raises(ToolArgumentError):
        await read_page(web.url(host="inner.example"), 1_000, settings, Resolver(["127.0.0.1"]))
    assert web.connections == 0


# Pinning: what was checked is what is connected to


def allowing(web: ScriptedWeb, host: str, **changed: Any) -> SearchSettings:
    return SearchSettings(allow_private_hosts=[f"{host}:{web.port}"], page_timeout_s=5, **changed)


async def test_the_name_is_looked_up_once_and_that_address_is_used(web: ScriptedWeb):
    web.default = http_answer("pinned")
    resolver = Resolver(["127.0.0.1"], ["127.0.0.9"])
    page = await read_page(web.url(host="rebind.example"), 1_000, allowing(web, "rebind.example"), resolver)
    assert page.text == "pinned"
    assert resolver.asked == ["rebind.example"]
    assert web.requests[0].headers["host"] == f"rebind.example:{web.port}"


async def test_each_redirect_is_looked_up_and_checked_again(web: ScriptedWeb):
    web.answers["/"] = redirect("/next")
    resolver = Resolver(["127.0.0.1"], ["10.0.0.1"])
    settings = allowing(web, "a.example")
    web.answers["/next"] = redirect(f"http://b.example:{web.port}/")
    with pytest.raises(ToolError, match=r"b\.example"):
        await read_page(web.url(host="a.example"), 1_000, settings, Resolver(["127.0.0.1"]))
    web.answers["/"] = redirect("http://c.example/")
    with pytest.raises(ToolError, match=r"10\.0\.0\.1"):
        await read_page(web.url(host="a.example"), 1_000, settings, resolver)
    assert resolver.asked == ["a.example", "c.example"]


async def test_the_next_address_is_tried_when_one_does_not_connect(web: ScriptedWeb):
    web.default = http_answer("reached")
    resolver = Resolver(["127.0.0.77", "127.0.0.1"])
    page = await read_page(web.url(host="two.example"), 1_000, allowing(web, "two.example"), resolver)
    assert page.text == "reached"


async def test_a_host_that_nothing_answers_for_is_one_line(web: ScriptedWeb):
    for addresses in ([], ["127.0.0.77"]):
        with pytest.raises(TransientToolError, match=r"gone\.example"):
            await read_page(web.url(host="gone.example"), 1_000, allowing(web, "gone.example"), Resolver(addresses))


async def test_https_proves_the_name_although_it_connects_to_the_address(tmp_path: Path):
    authority = Authority(tmp_path)
    async with ScriptedWeb(tls=authority.server("shop.example"), default=http_answer("secure")) as web:
        ca_file = str(authority.ca_file)
        resolver = Resolver(["127.0.0.1"])
        good = allowing(web, "shop.example", ca_file=ca_file)
        assert (await read_page(web.url(host="shop.example"), 1_000, good, resolver)).text == "secure"
        for host, trusted in (("bank.example", ca_file), ("shop.example", "")):
            with pytest.raises(ToolError, match="cannot prove") as error:
                await read_page(web.url(host=host), 1_000, allowing(web, host, ca_file=trusted), resolver)
            assert not isinstance(error.value, TransientToolError)
        assert len(web.requests) == 1


async def test_an_unusable_authority_file_is_named(web: ScriptedWeb, tmp_path: Path):
    (tmp_path / "empty.pem").write_text("nothing")
    for path in (tmp_path / "missing.pem", tmp_path / "empty.pem"):
        with pytest.raises(ConfigurationError, match=path.name):
            await fetch(web.url(), SearchSettings(allow_private_hosts=[web.authority], ca_file=str(path)))


async def test_proxies_from_the_environment_do_not_get_around_the_check(
    web: ScriptedWeb, settings: SearchSettings, monkeypatch: pytest.MonkeyPatch
):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    web.default = http_answer("direct")
    assert (await fetch(web.url(), settings)).text == "direct"


# Redirects


async def test_redirects_are_followed_and_the_last_address_is_told(web: ScriptedWeb, settings: SearchSettings):
    web.answers |= {
        "/1": redirect("2", "301 Moved"),
        "/2": redirect(web.url("/3?x=%0d%0aEvil:%201"), "303 See Other"),
        "/3": redirect("//" + web.authority + "/4", "307 Temporary"),
        "/4": redirect("/5#part", "308 Permanent"),
        "/5": redirect("./6"),
        "/6": http_answer("there"),
    }
    page = await fetch(web.url("/1"), settings)
    assert page.url == web.url("/6")
    assert page.text == "there"
    assert web.requests[2].target == "/3?x=%0d%0aEvil:%201"
    assert "evil" not in web.requests[2].headers


async def test_a_loop_of_redirects_ends(web: ScriptedWeb, settings: SearchSettings):
    web.default = redirect("/again")
    with pytest.raises(ToolError, match="more than 5 times"):
        await fetch(web.url(), settings)
    assert len(web.requests) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::ffff:a9fe:a9fe]/latest/meta-data/",
        "//169.254.169.254/",
        "http://127.0.0.1:22/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://user:pw@127.0.0.1/",
        "https:///nowhere",
        "http://[::1",
        "http://127.0.0.1\\@example.com/",
        "http://exa mple.com/",
        "\x01\x02",
        "",
    ],
)
async def test_a_redirect_to_a_bad_place_is_refused(web: ScriptedWeb, settings: SearchSettings, location: str):
    web.answers["/"] = in_turn(redirect(location), http_answer("second", status="500 No"))
    with pytest.raises(ToolError) as error:
        await fetch(web.url(), settings)
    assert str(error.value).isprintable()
    assert "etc/passwd" not in location or "file" in str(error.value)


async def test_the_body_of_a_redirect_is_not_read(web: ScriptedWeb, settings: SearchSettings):
    async def endless(_request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /end\r\n\r\n")
        while True:
            writer.write(b"x" * 100_000)
            await writer.drain()

    web.answers |= {"/": endless, "/end": http_answer("the end")}
    assert (await fetch(web.url(), settings)).text == "the end"


async def test_cookies_are_not_carried_along(web: ScriptedWeb, settings: SearchSettings):
    web.answers |= {
        "/": http_answer(status="302 Found", headers={"Location": "/end", "Set-Cookie": "id=1; Path=/"}),
        "/end": http_answer("the end"),
    }
    await fetch(web.url(), settings)
    assert "cookie" not in web.requests[1].headers
