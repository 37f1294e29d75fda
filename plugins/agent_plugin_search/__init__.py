"""The `search` plugin: look something up on the web, and read a page.

Both tools only read, and both return what strangers wrote. They send the query or the address out of this machine.
The work is in the modules beside this one, so that a plugin that is merely loaded imports none of the libraries.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent_core import Tool, ToolContext, hookimpl, tool
from agent_plugin_search.results import Page, SearchResults
from agent_plugin_search.settings import SearchSettings, settings_of

AGENT_CORE_HOOK_API = 1


@tool(
    read_only=True,
    idempotent=True,
    open_world=True,
    untrusted_content=True,
    timeout_s=30.0,
    cache_s=900.0,
    examples=[
        "Search the web for the current Neo4j LTS version",
        "Look up online who won the last Tour de France",
        "Google reviews of electric cargo bikes",
        "Find recent news about the Rust compiler on the internet",
        "What does the web say about sourdough hydration?",
        "Find 3 websites about beekeeping for beginners",
    ],
)
async def web_search(ctx: ToolContext, query: str, max_results: int = 5) -> SearchResults:
    """Search the web (the internet, online) and list the matching pages with title, address and a short excerpt.

    Args:
        query: What to search the web for, in the words that you would type into a search engine.
        max_results: How many results to list at most, 1 to 20.
    """
    from agent_plugin_search.providers import search

    ctx.progress("Searching the web")
    return await search(query, max_results, settings_of(ctx))


@tool(
    read_only=True,
    idempotent=True,
    open_world=True,
    untrusted_content=True,
    timeout_s=45.0,
    cache_s=900.0,
    examples=[
        "Open https://neo4j.com/docs/ and tell me what it says",
        "Read the page www.python.org/downloads",
        "Fetch https://api.github.com/zen",
        "Summarise the article at https://example.org/news/2026/bees.html",
        "What is on the website example.com?",
    ],
)
async def fetch_page(ctx: ToolContext, url: str, max_chars: int = 20_000) -> Page:
    """Open a web page, website, article or link by its URL and read its text.

    Only public addresses are reached; text, HTML, Markdown and JSON can be read, other kinds of file cannot.

    Args:
        url: The URL (web address, link) of the page, such as https://example.org/article.
        max_chars: How many characters of the text to return at most, 1 to 200000.
    """
    from agent_plugin_search.page import read_page

    ctx.progress("Reading the page")
    return await read_page(url, max_chars, settings_of(ctx))


@hookimpl
def agent_core_tools() -> Iterable[Tool]:
    """The two tools."""
    return [web_search, fetch_page]


@hookimpl
def agent_core_settings() -> type[SearchSettings]:
    """Which search service to ask, and how long to wait."""
    return SearchSettings
