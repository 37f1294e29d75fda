"""Which addresses a page may be fetched from: public ones, on the usual ports. Decided on what is connected to.

A URL can name a machine inside the user's network in many ways (`127.1`, `0x7f000001`, `[::ffff:7f00:1]`, a host
name of the attacker's). None of them is recognised here by its spelling: the host is resolved, and the resulting
addresses are judged.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from agent_core.errors import ToolArgumentError

if TYPE_CHECKING:
    import httpx

MAX_URL_CHARS = 4_096
DEFAULT_PORTS = {"http": 80, "https": 443}
PORTS = frozenset({80, 443, 8080, 8443})
"""Others belong to databases, mail and control interfaces, which can be harmed by an HTTP request."""

# IANA's special-purpose registries, https://www.iana.org/assignments/iana-ipv4-special-registry (and -ipv6-).
# `ipaddress.is_global` is not used: what it says depends on the patch release of Python.
_NOT_PUBLIC_V4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carrier-grade NAT, and a cloud's metadata service
            "127.0.0.0/8",
            "168.63.129.16/32",  # a cloud's host agent, on an address that looks public
            "169.254.0.0/16",  # link-local: metadata services
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",  # multicast, reserved, broadcast
        ),
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # IETF protocols, among them Teredo, which hides an IPv4 address
            "2001:db8::/32",
            "2002::/16",  # 6to4 hides an IPv4 address
            "3fff::/20",
        ),
    )
)
_TRANSLATED = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4 written as IPv6: mapped, and NAT64 (which networks without IPv4 use for the whole public web)."""
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


def is_public(address: str) -> bool:
    """Whether an IP address, as a resolver returns it, lies on the public internet; anything unclear does not."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_V4)
    if ip.scope_id is not None:
        return False
    if any(ip in network for network in _TRANSLATED):
        return is_public(str(_low_ipv4(ip)))
    if ip not in _PUBLIC_V6 or any(ip in network for network in _NOT_PUBLIC_V6):
        return False
    return ip.packed[8:12] not in _ISATAP or is_public(str(_low_ipv4(ip)))


def _low_ipv4(ip: IPv6Address) -> IPv4Address:
    return IPv4Address(ip.packed[12:])


def parse_url(text: str) -> httpx.URL:
    """The URL that `text` names; `https://` is understood where only a host (and a path) is given.

    Raises:
        ToolArgumentError: it is not one well-formed http or https URL without user information.
    """
    import httpx

    text = text.strip()
    if len(text) > MAX_URL_CHARS:
        raise ToolArgumentError(f"The URL {text[:60]!r}... is longer than {MAX_URL_CHARS} characters.")
    if not text.isprintable() or re.search(r"[\s\\]", text):
        raise ToolArgumentError(
            f"{text[:200]!r} holds spaces, backslashes or invisible characters; give the plain URL."
        )
    if re.match(r"[\w-]+(\.[\w-]+)+(:\d+)?([/?#]|$)", text):
        text = "https://" + text
    try:
        url = httpx.URL(text)
        host = url.host
    except (httpx.InvalidURL, UnicodeError) as error:
        raise ToolArgumentError(f"{text[:200]!r} is not a valid URL ({error}).") from None
    if url.scheme not in DEFAULT_PORTS:
        raise ToolArgumentError(f"{text[:200]!r} is not a web page; give a URL that starts with https:// or http://.")
    if not host or "%" in host:
        raise ToolArgumentError(f"{text[:200]!r} has no valid host name; give one such as https://example.org/page.")
    if url.userinfo:
        raise ToolArgumentError(f"The URL for {host!r} holds a user name or password; remove what stands before the @.")
    return url


def port_of(url: httpx.URL) -> int:
    """The port that a request to `url` connects to."""
    return DEFAULT_PORTS[url.scheme] if url.port is None else url.port


def is_allowed_private(url: httpx.URL, allowed: Collection[str]) -> bool:
    """Whether the user's settings name this very host and port as an exception."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{host}:{port_of(url)}".lower() in {entry.strip().lower() for entry in allowed}


def check_port(url: httpx.URL) -> None:
    """Refuse a port that web pages are not served on.

    Raises:
        ToolArgumentError: naming the port and those that are fetched.
    """
    if port_of(url) not in PORTS:
        ports = ", ".join(map(str, sorted(PORTS)))
        raise ToolArgumentError(f"{url.host!r} is addressed on port {port_of(url)}; only {ports} are fetched.")


def check_addresses(url: httpx.URL, addresses: Collection[str], settings: str) -> None:
    """Refuse a host any of whose resolved addresses is not on the public internet.

    One private address among public ones is enough: it is how a rebinding attack looks. `settings` is where the user
    makes exceptions.

    Raises:
        ToolArgumentError: naming the host and the address.
    """
    inside = next((address for address in addresses if not is_public(address)), None)
    if inside is not None:
        raise ToolArgumentError(
            f"{url.host!r} is at {inside}, which is not on the public internet; a page there is fetched only if "
            f"{settings}.allow_private_hosts names it with its port."
        )
