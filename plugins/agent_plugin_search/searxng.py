"""A self-hosted SearXNG as search provider, over its JSON API (`/search?q=...&format=json`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from agent_core.errors import ConfigurationError, ToolError
from agent_core.gate.sanitise import sanitise_line
from agent_core.web.bounded import UnreadableBody, read_at_most
from agent_core.web.retry_after import retry_after_s
from agent_plugin_search.attempts import AttemptFailed, attempted
from agent_plugin_search.settings import SAFESEARCH

if TYPE_CHECKING:
    import httpx

    from agent_plugin_search.settings import SearchSettings

MAX_ANSWER_BYTES = 4_000_000
ENABLE_JSON = "add `json` to `search.formats` in its settings.yml and restart it"


async def ask_searxng(query: str, settings: SearchSettings) -> list[dict[str, object]]:
    """Search with the SearXNG server in the settings.

    Raises:
        ConfigurationError: there is no usable address in the settings.
        TransientToolError: it cannot be reached, is over its limit or fails, after all attempts.
        ToolError: it answers, but not as SearXNG's JSON API does.
    """
    import httpx

    from agent_core.web.connection import trust

    base = _base_url(settings.searxng_url)
    # Shown in messages: a password in the address is not.
    service = f"SearXNG at {base.scheme}://{base.netloc.decode('ascii')}"
    params = {
        "q": query,
        "format": "json",
        "language": _language(settings.region),
        "safesearch": str(SAFESEARCH.index(settings.safesearch)),
    }

    async def attempt(number: int) -> list[dict[str, object]]:
        try:
            async with client.stream("GET", base, params=params) as response:
                _check_status(response, service)
                body, cut = await read_at_most(response, MAX_ANSWER_BYTES)
        except httpx.TimeoutException:
            raise AttemptFailed("it did not answer in time") from None
        except (httpx.TransportError, UnreadableBody) as error:
            raise AttemptFailed(sanitise_line(str(error) or type(error).__name__, 200)) from None
        if cut:
            raise ToolError(f"{service} sent more than {MAX_ANSWER_BYTES // 1_000_000} MB; that is no search result.")
        return _results(body, service)

    async with httpx.AsyncClient(
        timeout=settings.timeout_s / settings.attempts,
        verify=trust(settings.ca_file, "plugins.search"),
        headers={"Accept": "application/json", "Accept-Encoding": "gzip"},
        trust_env=False,
    ) as client:
        return await attempted(
            attempt, settings, service=service, advice="Check that it runs, and plugins.search.searxng_url."
        )


def _base_url(address: str) -> httpx.URL:
    import httpx

    try:
        url = httpx.URL(address.strip().rstrip("/").removesuffix("/search") + "/search")
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(
            f"plugins.search.searxng_url is {address!r}; set it to your server, such as http://localhost:8888."
        )
    return url


def _language(region: str) -> str:
    """SearXNG's `en-US` from our `us-en`."""
    country, _, language = region.partition("-")
    return "all" if region == "wt-wt" or not language else f"{language.lower()}-{country.upper()}"


def _check_status(response: httpx.Response, service: str) -> None:
    status = response.status_code
    if status == 429 or status >= 500:
        wait_s = retry_after_s(response.headers.get("retry-after"))
        asked = f", which asks to wait {wait_s:.0f} s" if wait_s else ""
        raise AttemptFailed(f"HTTP {status}{asked}", wait_s)
    if response.is_redirect:
        to = sanitise_line(response.headers.get("location", ""), 200)
        raise ToolError(f"{service} redirects to {to!r}; set plugins.search.searxng_url to the address it means.")
    if status == 403:
        raise ToolError(f"{service} refuses (HTTP 403). Most often its JSON format is off: {ENABLE_JSON}.")
    if status != 200:
        raise ToolError(f"{service} answers HTTP {status}; check plugins.search.searxng_url.")


def _results(body: bytes, service: str) -> list[dict[str, object]]:
    if body.lstrip()[:1] == b"<":
        raise ToolError(f"{service} sent a web page instead of JSON: {ENABLE_JSON}.")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ToolError(f"{service} sent something that is not JSON; check plugins.search.searxng_url.") from None
    if not isinstance(answer, dict) or not isinstance(cast(Any, answer).get("results"), list):
        raise ToolError(f"{service} sent JSON without a list of results; check plugins.search.searxng_url.")
    reply = cast("dict[str, Any]", answer)
    items: list[dict[str, Any]] = [item for item in reply["results"] if isinstance(item, dict)]
    if not items and reply.get("unresponsive_engines"):
        raise AttemptFailed("its engines did not answer: " + sanitise_line(str(reply["unresponsive_engines"]), 200))
    return [{"title": item.get("title"), "url": item.get("url"), "snippet": item.get("content")} for item in items]
