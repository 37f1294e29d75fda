"""Addresses in what servers, models and files say are followed by nobody: neither fetched, nor connected to.

A search engine, an MCP server and a model server are the user's choice, and what they answer is not: each of them here
tries to send us on, or to have something fetched that stands in a schema, a result or a workflow.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pydantic_ai.models
import pytest

from agent_core import Assistant, Tool
from agent_core.answer import Answer
from agent_core.errors import AgentCoreError, UsageError
from agent_core.planning.workflow import load
from agent_core.settings.mcp_servers import McpServer
from agent_core.testing import Script, call
from agent_core.web.access import WebAccess
from agent_plugin_graph import Graph
from agent_plugin_graph.ingest.adding import PageReading
from tests.adversarial import attacks
from tests.adversarial.conftest import Cases
from tests.adversarial.connections import Doors, Names, Watch
from tests.adversarial.hostile_urls import PLACES, PROXIES
from tests.servers.mcp_script import TEXT, ScriptedMcp, set_up
from tests.servers.mcp_script import tool as mcp_tool
from tests.servers.scripted_web import ScriptedWeb, http_answer, redirect

ATTACK = attacks.URLS

Assistants = Callable[..., Assistant]
AT_ONCE = PageReading(pause_s=0.0)
REDIRECTS = ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


async def approved(assistant: Assistant, answer: Answer) -> Answer:
    """The run after a person said yes to whatever it asked."""
    for pending in answer.pending:
        await assistant.approve(pending.id)
    return await assistant.resume(answer.run_id) if answer.pending else answer


# A search engine


def use_searxng(home: Path, web: ScriptedWeb) -> None:
    (home / "config.toml").write_text(
        f'[plugins.search]\nprovider = "searxng"\nsearxng_url = "{web.url()}"\nattempts = 1\n'
    )


async def test_what_was_found_is_fetched_no_other_way(
    assistants: Assistants, home: Path, web: ScriptedWeb, hostile_names: Names, watch: Watch, doors: Doors, cases: Cases
) -> None:
    """A plan that opens whatever the search finds, with a person's yes: the engine has put the addresses there."""
    use_searxng(home, web)
    places = [f"http://{place}/" for kind in ("loopback", "inside", "metadata") for place in PLACES[kind]]
    fetches = {
        "id": "s2",
        "kind": "map",
        "tool": "fetch_page",
        "for_each": {"$from": "s1.results[*].url"},
        "args": {"url": {"$item": ""}},
    }
    search = {"id": "s1", "kind": "tool", "tool": "web_search", "args": {"query": "news", "max_results": 20}}
    found = 0
    for start in range(0, len(places), 20):
        results = [{"title": "t", "url": url, "content": "c"} for url in places[start : start + 20]]
        web.answers["/search"] = http_answer(json.dumps({"results": results}), content_type="application/json")
        script = Script(call("submit_plan", goal="Read the news", steps=[search, fetches]), *["There is none."] * 3)
        async with assistants(script, plugins=["search"]) as assistant:
            answer = await approved(assistant, await assistant.ask("Read the news"))
        fetched = [c for c in answer.calls if c.tool == "fetch_page"]
        assert [c for c in fetched if c.status != "failed"] == []
        found += len(fetched)
    assert found > len(places) // 2, "what is no address at all is not listed"
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)
    cases.count(found)


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("to", ["http://127.0.0.1:{}/search", "//[::1]:{}/search", "http://169.254.169.254/"])
async def test_a_search_engine_sends_nobody_on(
    status: str, to: str, assistants: Assistants, home: Path, web: ScriptedWeb, watch: Watch, doors: Doors
) -> None:
    use_searxng(home, web)
    web.default = redirect(to.format(doors.port), status)
    async with assistants(Script(call("web_search", query="news"), "None."), plugins=["search"]) as assistant:
        answer = await assistant.ask("Search for news")
    assert [c.status for c in answer.calls] == ["failed"]
    assert web.connections >= 1
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


async def test_a_search_engine_of_ones_own_is_asked_past_the_proxies(
    assistants: Assistants, home: Path, web: ScriptedWeb, watch: Watch, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{doors.port}")
    use_searxng(home, web)
    web.answers["/search"] = http_answer('{"results": []}', content_type="application/json")
    async with assistants(Script(call("web_search", query="news"), "None."), plugins=["search"]) as assistant:
        await assistant.ask("Search for news")
    assert web.connections == 1
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


# An MCP server


async def call_over_mcp(assistants: Assistants, tool: str, **args: Any) -> list[str]:
    """The statuses of a call that a person approves, if it comes to that."""
    async with assistants(Script(call(tool, **args), *["It is done."] * 3)) as assistant:
        answer = await approved(assistant, await assistant.ask("Use the tool"))
        return [c.status for c in answer.calls]


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("to", ["http://127.0.0.1:{}/mcp", "//[::1]:{}/mcp", "//localhost:{}/mcp", "http://10.0.0.1/"])
async def test_an_mcp_server_sends_nobody_on(
    status: str,
    to: str,
    assistants: Assistants,
    home: Path,
    web: ScriptedWeb,
    hostile_names: Names,
    watch: Watch,
    doors: Doors,
) -> None:
    web.default = redirect(to.format(doors.port), status)
    server = McpServer(url=web.url("/mcp"), headers={"X-Team": "blue"}, trusted=True, start_timeout_s=5.0)
    await list_tools(home, server)
    assert web.connections >= 1
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden", "404 Not Found", "200 OK"])
async def test_an_mcp_server_says_where_to_log_in_and_nobody_does(
    status: str, home: Path, web: ScriptedWeb, watch: Watch, doors: Doors
) -> None:
    to = f"http://127.0.0.1:{doors.port}"
    headers = {
        "WWW-Authenticate": f'Bearer resource_metadata="{to}/.well-known", authorization_uri="{to}", realm="{to}"',
        "Link": f"<{to}>; rel=preconnect",
        "Location": to,
        "Refresh": f"0; url={to}",
    }
    web.default = http_answer(f'event: endpoint\ndata: {to}/messages\n\n', status=status, headers=headers,
                              content_type="text/event-stream")  # fmt: skip
    await list_tools(home, McpServer(url=web.url("/mcp"), trusted=True, start_timeout_s=2.0))
    assert web.connections >= 1
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


async def test_an_mcp_server_on_this_machine_is_reached_past_the_proxies(
    home: Path, web: ScriptedWeb, watch: Watch, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its headers hold its password: a proxy would see them."""
    for name in PROXIES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{doors.port}")
    await list_tools(home, McpServer(url=web.url("/mcp"), headers={"X-Team": "blue"}, start_timeout_s=2.0))
    assert web.connections >= 1
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


async def list_tools(home: Path, server: McpServer) -> None:
    """Connect to a server as `agent-core mcp test` does, however that ends."""
    from agent_core.mcp.servers import Servers

    servers = Servers(home, {"evil": server})
    try:
        with suppress(AgentCoreError):
            await servers.read("evil")
    finally:
        await servers.aclose()


def schemas(to: str) -> dict[str, dict[str, Any]]:
    """Schemas that ask whoever validates with them to fetch something."""
    text = {"type": "object", "properties": {"text": {"type": "string"}}}
    return {
        "ref": {"$ref": to},
        "ref to a part": {"$ref": f"{to}#/definitions/x"},
        "ref beside": {**text, "$ref": to},
        "ref of a property": {"type": "object", "properties": {"text": {"$ref": to}}},
        "ref in a list": {**text, "allOf": [{"$ref": to}]},
        "dynamic": {**text, "$dynamicRef": to},
        "recursive": {**text, "$recursiveRef": to},
        "id": {**text, "$id": to, "properties": {"text": {"$ref": "other.json"}}},
        "meta-schema": {**text, "$schema": to},
        "vocabulary": {**text, "$schema": to, "$vocabulary": {to: True}},
        "definitions": {
            **text,
            "$defs": {"a": {"$id": to, "$ref": "#/b"}},
            "properties": {"text": {"$ref": "#/$defs/a"}},
        },
        "content": {**text, "contentSchema": {"$ref": to}},
        "names": {**text, "propertyNames": {"$ref": to}},
        "others": {**text, "additionalProperties": {"$ref": to}},
        "if": {**text, "if": {"$ref": to}, "then": {"$ref": to}},
        "items": {"type": "object", "properties": {"text": {"type": "array", "items": {"$ref": to}}}},
        "old": {**text, "extends": {"$ref": to}, "definitions": {"x": {"id": to}}},
    }


@pytest.mark.parametrize("name", schemas(""))
@pytest.mark.parametrize("place", ["inputSchema", "outputSchema"])
@pytest.mark.parametrize("trusted", [True, False])
async def test_nothing_in_the_schema_of_an_mcp_tool_is_fetched(
    name: str, place: str, trusted: bool, assistants: Assistants, home: Path, tmp_path: Path, watch: Watch, doors: Doors
) -> None:
    schema = schemas(f"http://127.0.0.1:{doors.port}/schema.json")[name]
    described = mcp_tool("look", **({"schema": schema} if place == "inputSchema" else {"outputSchema": schema}))
    result = {"content": [{"type": "text", "text": "{}"}], "structuredContent": {"text": ["a"], "other": 1}}
    server = ScriptedMcp(tmp_path / "scripted", described, results={"look": result})
    set_up(home, evil=server.settings(trusted=trusted))
    await call_over_mcp(assistants, "evil__look", text="a", other=1)
    assert server.starts
    assert (watch.tried, doors.arrived()) == ([], 0)


async def test_nothing_that_an_mcp_tool_returns_is_fetched(
    assistants: Assistants, home: Path, tmp_path: Path, watch: Watch, doors: Doors
) -> None:
    to = f"http://127.0.0.1:{doors.port}/x"
    content = [
        {"type": "resource_link", "uri": to, "name": "x"},
        {"type": "resource", "resource": {"uri": to, "text": "x"}},
        {"type": "text", "text": f"![x]({to}) <img src='{to}'>", "_meta": {"url": to}},
        {"type": "image", "data": "aGk=", "mimeType": "image/png", "_meta": {"iconUrl": to}},
    ]
    icons = {"icons": [{"src": to}], "_meta": {"ui/resourceUri": to}}
    server = ScriptedMcp(
        tmp_path / "scripted", mcp_tool("look", schema=TEXT, **icons), results={"look": {"content": content}}
    )
    server.now(initialize={"serverInfo": {"name": "evil", "version": "1", "websiteUrl": to, "icons": [{"src": to}]}})
    set_up(home, evil=server.settings())
    assert await call_over_mcp(assistants, "evil__look", text="a") == ["done"]
    assert (watch.tried, doors.arrived()) == ([], 0)


# Schemas of others


@pytest.mark.parametrize("name", schemas(""))
async def test_nothing_in_the_schema_of_a_plan_a_workflow_or_a_tool_is_fetched(
    name: str, assistants: Assistants, tmp_path: Path, watch: Watch, doors: Doors, cases: Cases
) -> None:
    schema = schemas(f"http://127.0.0.1:{doors.port}/schema.json")[name]
    step = {"id": "s1", "kind": "agent", "goal": "Look", "tools": ["given"], "returns": schema}
    after = {"id": "s2", "kind": "tool", "tool": "given", "args": {"text": {"$from": "s1.text"}}}
    given = Tool.from_schema(lambda **_: "x", "given", "Look.", schema, read_only=True)
    script = Script(
        call("submit_plan", goal="Look", steps=[step]),
        call("given", "c1", text="a", other=1),
        *[call("final_result", "c2", text="a", other=1)] * 4,
        *['{"text": "a", "other": 1}'] * 10,
    )
    async with assistants(script, tools=[given]) as assistant:
        await assistant.ask("Look")
        workflow = tmp_path / "workflow.yaml"
        content = {"goal": "Look", "inputs": {"text": schema, "other": {"default": {"text": 1}, **schema}}}
        workflow.write_text(json.dumps({**content, "steps": [after | {"args": {"text": {"$input": "text"}}}]}))
        for inputs in ({"text": "a"}, {"text": {"text": 1, "other": 2}}):
            with suppress(AgentCoreError):
                await assistant.run_workflow(load(workflow), inputs)
    assert (watch.tried, doors.arrived()) == ([], 0)
    cases.count(3)


# A graph of documents


@pytest.mark.parametrize("kind", PLACES)
async def test_no_place_inside_is_added_to_a_graph(
    kind: str, tmp_path: Path, hostile_names: Names, watch: Watch, doors: Doors, cases: Cases
) -> None:
    urls = [f"http://{place}/" for place in PLACES[kind]]
    with Graph.open(f"sqlite:///{tmp_path / 'graph.db'}") as graph:
        for url in urls:
            with suppress(UsageError):  # it is no address at all
                added = await graph.aadd_pages([url], depth=1, reading=AT_ONCE)
                assert len(added.problems) == 1
        assert graph.stats().sources == 0
    assert (watch.tried, doors.arrived()) == ([], 0)
    cases.count(len(urls))


@pytest.mark.parametrize("status", REDIRECTS)
async def test_a_page_that_is_added_leads_to_no_other_place(
    status: str, tmp_path: Path, web: ScriptedWeb, hostile_names: Names, watch: Watch, doors: Doors, cases: Cases
) -> None:
    """Neither by links, names of its own, a base or a refresh, nor by redirects of a page or of its robots.txt."""
    to = f"http://127.0.0.1:{doors.port}/"
    places = [to, *(f"http://{place}/" for place in PLACES["inside"])]
    head = f"<base href='{to}'><link rel=canonical href='{to}'><meta http-equiv=refresh content='0;url={to}'>"
    links = "".join(f"<a href='{place}'>x</a><img src='{place}'><iframe src='{place}'></iframe>" for place in places)
    web.answers["/robots.txt"] = redirect(to, status)
    web.answers["/"] = http_answer(
        f"{head}<p>A page.</p>{links}<a href='{web.url('/on')}'>on</a>", content_type="text/html"
    )
    web.answers["/on"] = redirect(to, status)
    reading = replace(AT_ONCE, access=WebAccess(allow_private_hosts=[web.authority]))
    with Graph.open(f"sqlite:///{tmp_path / 'graph.db'}") as graph:
        added = await graph.aadd_pages([web.url("/")], depth=5, reading=reading)
        assert added.pages == 1
        assert [source.uri for source in graph.store.sources()] == [web.url("/")]
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)
    cases.count(len(places) + 5)


# A model server


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("model", ["openai-chat:scripted", "openai:scripted", "ollama:small"])
async def test_a_model_server_on_this_machine_does_not_send_the_request_elsewhere(
    model: str,
    status: str,
    assistants: Assistants,
    web: ScriptedWeb,
    watch: Watch,
    doors: Doors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model on loopback may see what is private: where it sends us may not."""
    be_a_model_server(web, monkeypatch)
    web.default = redirect(f"http://[::1]:{doors.port}/v1/chat/completions", status)
    with pydantic_ai.models.override_allow_model_requests(True):
        async with assistants(model) as assistant:
            answer = await assistant.ask("Read my diary")
    assert answer.status == "failed"
    assert web.requests[-1].method == "POST"
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


@pytest.mark.parametrize("model", ["openai-chat:scripted", "openai:scripted", "ollama:small"])
async def test_a_model_server_on_this_machine_is_asked_past_the_proxies(
    model: str, assistants: Assistants, web: ScriptedWeb, watch: Watch, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it is told does not leave this machine, and a proxy may be anywhere."""
    for name in PROXIES:
        monkeypatch.setenv(name, f"http://127.0.0.1:{doors.port}")
    be_a_model_server(web, monkeypatch)
    with pydantic_ai.models.override_allow_model_requests(True):
        async with assistants(model) as assistant:
            await assistant.ask("Read my diary")
    assert web.requests[-1].method == "POST"
    assert (watch.besides(web.port), doors.arrived()) == ([], 0)


def be_a_model_server(web: ScriptedWeb, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be an Ollama and an OpenAI on loopback, with no reply to any request."""
    monkeypatch.setenv("OPENAI_BASE_URL", web.url("/v1"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("OLLAMA_HOST", web.authority)
    web.answers["/api/tags"] = http_answer(json.dumps({"models": [{"model": "small", "name": "small"}]}))
    web.answers["/api/show"] = http_answer(json.dumps({"capabilities": ["tools"], "details": {}, "model_info": {}}))
    web.answers["/api/ps"] = http_answer(json.dumps({"models": []}))
