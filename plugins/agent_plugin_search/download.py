"""From a URL to the bytes of a text: redirects checked one by one, everything bounded in size and time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent_core.errors import ToolArgumentError, ToolError, TransientToolError
from agent_core.gate.sanitise import sanitise_line
from agent_plugin_search.addresses import parse_url
from agent_plugin_search.attempts import retry_after_s
from agent_plugin_search.bounded import UnreadableBody, read_at_most
from agent_plugin_search.connection import Resolver, request_page, resolve, trust
from agent_plugin_search.content import refuse_binary

if TYPE_CHECKING:
    import httpx

    from agent_plugin_search.settings import SearchSettings

MAX_REDIRECTS = 5


@dataclass(frozen=True)
class Download:
    """What a server sent for a page."""

    url: str
    """Where it came from, after redirects."""
    content_type: str
    """The Content-Type header, as sent; "" without one."""
    data: bytes
    truncated: bool
    """Whether there was more than the settings allow to read."""


async def download(url: str, settings: SearchSettings, resolver: Resolver = resolve) -> Download:
    """GET a text from the public web.

    Raises:
        ToolArgumentError: `url` is malformed, or leads to a place that may not be read.
        ToolError: a redirect leads to such a place, the page does not exist, or it is not text.
        TransientToolError: no connection, no answer in time, or the server refuses for now.
    """
    import httpx

    target = parse_url(url)
    try:
        async with (
            asyncio.timeout(settings.page_timeout_s),
            httpx.AsyncHTTPTransport(verify=trust(settings.ca_file), trust_env=False) as transport,
        ):
            return await _follow(transport, target, settings, resolver)
    except (TimeoutError, httpx.TimeoutException):
        raise TransientToolError(
            f"{target.host!r} did not send the page within {settings.page_timeout_s:g} s; try again later."
        ) from None
    except httpx.TransportError as error:
        reason = sanitise_line(str(error) or type(error).__name__, 200)
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            raise ToolError(f"{target.host!r} cannot prove that it is that host ({reason}).") from None
        raise TransientToolError(f"The connection to {target.host!r} failed ({reason}); check the network.") from None
    except UnreadableBody as error:
        raise ToolError(f"{target.host!r} sent a page that cannot be read: {error}.") from None


async def _follow(
    transport: httpx.AsyncBaseTransport, url: httpx.URL, settings: SearchSettings, resolver: Resolver
) -> Download:
    for hop in range(MAX_REDIRECTS + 1):
        try:
            response = await request_page(transport, url, settings, resolver)
        except ToolArgumentError as refusal:
            if hop == 0:
                raise
            raise ToolError(f"The page redirects to a place that may not be read: {refusal}") from None
        try:
            if not response.has_redirect_location:
                return await _read(response, url, settings)
            url = _redirect(url, response.headers["location"])
        finally:
            await response.aclose()
    raise ToolError(f"The page redirects more than {MAX_REDIRECTS} times, last to {sanitise_line(str(url), 200)!r}.")


def _redirect(url: httpx.URL, location: str) -> httpx.URL:
    import httpx

    try:
        return parse_url(str(url.join(location)))
    except (httpx.InvalidURL, UnicodeError, ToolArgumentError) as error:
        reason = sanitise_line(str(error), 300)
        raise ToolError(f"{url.host!r} redirects to something that is not a web page: {reason}") from None


async def _read(response: httpx.Response, url: httpx.URL, settings: SearchSettings) -> Download:
    _check_status(response, url.host)
    content_type = sanitise_line(response.headers.get("content-type", ""), 200)
    refuse_binary(content_type, url.host)
    data, truncated = await read_at_most(response, settings.page_max_bytes)
    return Download(str(url), content_type, data, truncated)


def _check_status(response: httpx.Response, host: str) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    if status in (408, 425, 429) or status >= 500:
        wait_s = retry_after_s(response.headers.get("retry-after"))
        asked = f" and asks to wait {wait_s:.0f} s" if wait_s else ""
        raise TransientToolError(f"{host!r} answers HTTP {status}{asked}; try again later.")
    meaning = {
        401: "it wants a login",
        403: "it refuses access, maybe to all programs",
        404: "there is no such page; check the URL",
        410: "the page is gone",
    }.get(status, "there is no page to read")
    raise ToolError(f"{host!r} answers HTTP {status}: {meaning}.")
