"""One HTTP request to an address that was checked: resolved once, judged, then connected to by that very address.

Were the name resolved again to connect, its owner could answer with another address the second time (rebinding).
The request goes straight through httpx's transport: its client would keep cookies, follow redirects unchecked and
obey proxies from the environment, past the check.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from agent_core.errors import ConfigurationError, ToolArgumentError, ToolError, TransientToolError
from agent_core.web.addresses import check_addresses, check_port, is_allowed_private, port_of

if TYPE_CHECKING:
    import httpx

    from agent_core.web.access import WebAccess

Resolver: TypeAlias = Callable[[str, int], Awaitable[list[str]]]
"""From a host (ASCII) and port to IP addresses, best first."""

CONNECT_TIMEOUT_S = 5.0
ADDRESSES_TRIED = 4
HEADERS = {
    "User-Agent": "Mozilla/5.0 (compatible; agent-core)",
    "Accept": "text/html, application/xhtml+xml, text/markdown, text/plain, application/json, */*;q=0.5",
    "Accept-Encoding": "gzip",  # what `bounded` can undo within a limit
    "Connection": "close",
}
NO_HEADERS: Mapping[str, str] = {}


async def resolve(host: str, port: int) -> list[str]:
    """Addresses of `host` by the system's resolver.

    Raises:
        ToolError: there is no such host.
        TransientToolError: the resolver cannot be reached.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise ToolArgumentError(f"{host[:100]!r} is not a valid host name.") from None
    except socket.gaierror as error:
        if error.errno == socket.EAI_NONAME:
            raise ToolError(f"There is no host {host!r}; check its spelling and the network connection.") from None
        raise TransientToolError(f"{host!r} cannot be looked up ({error.strerror}); check the network.") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@lru_cache(maxsize=4)
def trust(ca_file: str, settings: str) -> ssl.SSLContext:
    """Certificate checks against `ca_file`, or against the public authorities where it is empty.

    `settings` is where the user has named the file.

    Raises:
        ConfigurationError: the file cannot be read or holds no certificates.
    """
    import certifi

    try:
        return ssl.create_default_context(cafile=ca_file or certifi.where())
    except OSError as error:
        raise ConfigurationError(f"{settings}.ca_file {ca_file!r} cannot be used ({error}).") from None


async def request_page(
    transport: httpx.AsyncBaseTransport,
    url: httpx.URL,
    access: WebAccess,
    resolver: Resolver,
    headers: Mapping[str, str] = NO_HEADERS,
) -> httpx.Response:
    """GET `url` from its checked address; the response is open, to be streamed and closed by the caller.

    Raises:
        ToolArgumentError: the address is not public.
        ToolError: the host does not exist.
        httpx.TransportError: the connection failed on every address that was tried.
    """
    import httpx

    trusted = is_allowed_private(url, access.allow_private_hosts)
    if not trusted:
        check_port(url)  # before the look-up, which would already tell the owner of the name something
    addresses = await resolver(url.raw_host.decode("ascii"), port_of(url))
    if not trusted:
        check_addresses(url, addresses, access.settings)
    failure: httpx.TransportError | None = None
    for address in addresses[:ADDRESSES_TRIED]:
        try:
            return await transport.handle_async_request(_pinned_request(url, address, access.timeout_s, headers))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            failure = error  # a host's IPv6 address may be out of reach where its IPv4 address is not
    raise failure or httpx.ConnectError("the host has no address")


def _pinned_request(url: httpx.URL, address: str, timeout_s: float, headers: Mapping[str, str]) -> httpx.Request:
    import httpx

    return httpx.Request(
        "GET",
        url.copy_with(host=address),
        headers={"Host": url.netloc.decode("ascii"), **HEADERS, **headers},
        extensions={
            # The certificate must be the name's, not the address's.
            "sni_hostname": url.raw_host.decode("ascii"),
            "timeout": httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S).as_dict(),
        },
    )
