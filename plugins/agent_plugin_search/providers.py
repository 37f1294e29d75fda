"""One search: ask the provider in the settings, and make clean, bounded results of whatever it returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent_core.errors import ToolArgumentError
from agent_core.gate.sanitise import sanitise, sanitise_line
from agent_plugin_search.results import SearchResult, SearchResults
from agent_plugin_search.settings import SearchSettings

MAX_RESULTS = 20
MAX_QUERY_CHARS = 400
MAX_URL_CHARS = 2_048


async def search(query: str, max_results: int, settings: SearchSettings) -> SearchResults:
    """Ask the configured provider.

    Raises:
        ToolArgumentError: an empty or overlong query, or a number of results out of range.
        TransientToolError: the provider cannot be reached or refuses for now.
        ToolError: the provider answered, but not with results.
        ConfigurationError: the provider is not set up.
    """
    asked = " ".join(sanitise(query).split())
    if not asked:
        raise ToolArgumentError("The query is empty; say what to search the web for.")
    if len(asked) > MAX_QUERY_CHARS:
        raise ToolArgumentError(f"The query {asked[:40]!r}... is longer than {MAX_QUERY_CHARS} characters; shorten it.")
    if not 1 <= max_results <= MAX_RESULTS:
        raise ToolArgumentError(f"max_results is {max_results}; ask for 1 to {MAX_RESULTS} results.")
    if settings.provider == "searxng":
        from agent_plugin_search.searxng import ask_searxng

        found = await ask_searxng(asked, settings)
    else:
        from agent_plugin_search.public_engines import ask_public_engines

        found = await ask_public_engines(asked, max_results, settings)
    results = clean_results(found, max_results)
    return SearchResults(asked, settings.provider, results, _listing(asked, results))


def clean_results(found: Iterable[object], max_results: int) -> list[SearchResult]:
    """The usable ones of a provider's items (title, url, snippet), each page once; the rest is dropped."""
    results: dict[str, SearchResult] = {}
    for item in found:
        if len(results) == max_results:
            break
        if not isinstance(item, Mapping):
            continue
        url = _web_url(item.get("url"))
        if url and url not in results:
            title = sanitise_line(_text(item.get("title")), 200)
            results[url] = SearchResult(title or url[:200], url, sanitise_line(_text(item.get("snippet")), 500))
    return list(results.values())


def _web_url(value: object) -> str:
    """`value` if it is an address that is safe to show and follow, else ""."""
    import httpx

    if not isinstance(value, str) or len(value) > MAX_URL_CHARS:
        return ""
    try:
        url = httpx.URL(value.strip())
    except (httpx.InvalidURL, UnicodeError):
        return ""
    # User information serves only to make one site's address look like another's.
    return str(url) if url.scheme in ("http", "https") and url.host and not url.userinfo else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _listing(query: str, results: list[SearchResult]) -> str:
    if not results:
        return f"No results for {query!r}."
    entries: list[str] = []
    for number, result in enumerate(results, 1):
        snippet = f"\n   {result.snippet}" if result.snippet else ""
        entries.append(f"{number}. {result.title}\n   {result.url}{snippet}")
    return "\n".join(entries)
