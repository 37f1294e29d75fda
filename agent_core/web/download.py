"""From a URL to the bytes of a page: redirects checked one by one, everything bounded in size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from agent_core.errors import ToolArgumentError, ToolError, TransientToolError
from agent_core.gate.sanitise import sanitise_line
from agent_core.web.addresses import parse_url
from agent_core.web.bounded import UnreadableBody, read_at_most
from agent_core.web.connection import Resolver, request_page, resolve, trust
from agent_core.web.content import refuse_binary
from agent_core.web.retry_after import retry_after_s

if TYPE_CHECKING:
    import httpx

    from agent_core.web.access import WebAccess

MAX_REDIRECTS = 5


class GoneError(ToolError):
    """The server says that there is no such page (404 or 410)."""


class OutsideError(ToolError):
    """The page redirects to where the caller does not want to go."""


class BusyError(TransientToolError):
    """The server refuses for now."""

    def __init__(self, message: str, wait_s: float | None) -> None:
        super().__init__(message)
        self.wait_s = wait_s
        """How long it asks to be left alone, if it says that."""


@dataclass(frozen=True)
class Validators:
    """What a server called a version of a page, with which it can be asked whether that still holds."""

    etag: str = ""
    last_modified: str = ""

    def headers(self) -> dict[str, str]:
        """Of a request that wants the page only if it is another version."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}

    def day(self) -> str:
        """When the page was changed last, as "2026-11-21"; "" where the server does not say."""
        try:
            return parsedate_to_datetime(self.last_modified).date().isoformat()
        except ValueError:
            return ""


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
    validators: Validators = Validators()
    unchanged: bool = False
    """It is the version that was asked about, and there are no data."""
    robots: str = ""
    """The X-Robots-Tag header."""


def anywhere(url: str) -> bool:
    """Redirects may lead to any public address."""
    return True


async def download(
    url: str,
    access: WebAccess,
    resolver: Resolver = resolve,
    *,
    text_only: bool = True,
    known: Validators | None = None,
    within: Callable[[str], bool] = anywhere,
) -> Download:
    """GET a page from the public web.

    Args:
        url: Its address, as a person or a page writes it.
        access: Limits, and exceptions to "public".
        resolver: From names to addresses.
        text_only: Refuse what is not text, before it is read where the server says so.
        known: A version that need not be sent again.
        within: Whether a redirect to this address is to be followed.

    Raises:
        ToolArgumentError: `url` is malformed, or leads to a place that may not be read.
        GoneError: there is no such page.
        OutsideError: a redirect leads to where `within` does not want to go.
        ToolError: a redirect leads to a place that may not be read, or it is not text.
        TransientToolError: no connection, or no answer in time; a `BusyError` where the server refuses for now.
    """
    import httpx

    target = parse_url(url)
    try:
        async with (
            asyncio.timeout(access.timeout_s),
            httpx.AsyncHTTPTransport(verify=trust(access.ca_file, access.settings), trust_env=False) as transport,
        ):
            response, reached = await _follow(transport, target, access, resolver, known, within)
            try:
                return await _read(response, reached, access, text_only, known if reached == target else None)
            finally:
                await response.aclose()
    except (TimeoutError, httpx.TimeoutException):
        raise TransientToolError(
            f"{target.host!r} did not send the page within {access.timeout_s:g} s; try again later."
        ) from None
    except httpx.TransportError as error:
        reason = sanitise_line(str(error) or type(error).__name__, 200)
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            raise ToolError(f"{target.host!r} cannot prove that it is that host ({reason}).") from None
        raise TransientToolError(f"The connection to {target.host!r} failed ({reason}); check the network.") from None
    except UnreadableBody as error:
        raise ToolError(f"{target.host!r} sent a page that cannot be read: {error}.") from None


async def _follow(
    transport: httpx.AsyncBaseTransport,
    url: httpx.URL,
    access: WebAccess,
    resolver: Resolver,
    known: Validators | None,
    within: Callable[[str], bool],
) -> tuple[httpx.Response, httpx.URL]:
    """The response that is no redirect, open, and where it came from."""
    for hop in range(MAX_REDIRECTS + 1):
        headers = known.headers() if known and hop == 0 else {}  # another address has versions of its own
        try:
            response = await request_page(transport, url, access, resolver, headers)
        except ToolArgumentError as refusal:
            if hop == 0:
                raise
            raise ToolError(f"The page redirects to a place that may not be read: {refusal}") from None
        if not response.has_redirect_location:
            return response, url
        try:
            url = _redirect(url, response.headers["location"])
        finally:
            await response.aclose()
        if not within(str(url)):
            raise OutsideError(f"The page redirects to {sanitise_line(str(url), 200)!r}, outside of what is read.")
    raise ToolError(f"The page redirects more than {MAX_REDIRECTS} times, last to {sanitise_line(str(url), 200)!r}.")


def _redirect(url: httpx.URL, location: str) -> httpx.URL:
    import httpx

    try:
        return parse_url(str(url.join(location)))
    except (httpx.InvalidURL, UnicodeError, ToolArgumentError) as error:
        reason = sanitise_line(str(error), 300)
        raise ToolError(f"{url.host!r} redirects to something that is not a web page: {reason}") from None


async def _read(
    response: httpx.Response, url: httpx.URL, access: WebAccess, text_only: bool, known: Validators | None
) -> Download:
    content_type = _header(response, "content-type")
    if response.status_code == 304 and known and known.headers():
        return Download(str(url), content_type, b"", False, known, unchanged=True)
    _check_status(response, url.host)
    if text_only:
        refuse_binary(content_type, url.host)
    data, truncated = await read_at_most(response, access.max_bytes)
    validators = Validators(_header(response, "etag"), _header(response, "last-modified"))
    return Download(
        str(url), content_type, data, truncated, validators, robots=_header(response, "x-robots-tag").lower()
    )


def _header(response: httpx.Response, name: str) -> str:
    return sanitise_line(response.headers.get(name, ""), 200)


def _check_status(response: httpx.Response, host: str) -> None:
    status = response.status_code
    if 200 <= status < 300:
        return
    if status in (408, 425, 429) or status >= 500:
        wait_s = retry_after_s(response.headers.get("retry-after"))
        asked = f" and asks to wait {wait_s:.0f} s" if wait_s else ""
        raise BusyError(f"{host!r} answers HTTP {status}{asked}; try again later.", wait_s)
    if status in (404, 410):
        meaning = "there is no such page; check the URL" if status == 404 else "the page is gone"
        raise GoneError(f"{host!r} answers HTTP {status}: {meaning}.")
    meaning = {401: "it wants a login", 403: "it refuses access, maybe to all programs"}.get(
        status, "there is no page to read"
    )
    raise ToolError(f"{host!r} answers HTTP {status}: {meaning}.")
