"""A section of a site: which of its pages belong to it, and what its robots.txt says to programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from agent_core.errors import ToolArgumentError, ToolError, TransientToolError
from agent_core.web.access import WebAccess
from agent_core.web.addresses import parse_url
from agent_core.web.download import download
from agent_plugin_graph.ingest.document import UnreadableError

if TYPE_CHECKING:
    import httpx
    from protego import Protego

_ROBOT = "agent-core"
_MOST_ROBOTS_BYTES = 500_000
_LONGEST_PAUSE_S = 30.0


@dataclass(frozen=True)
class Bounds:
    """How much of a site is read from one address on."""

    depth: int = 0
    """How many links away from it; 0 is that page alone."""
    pages: int = 100
    most_bytes: int = 500 * 1024**2
    most_s: float = 3_600.0


@dataclass(frozen=True)
class Place:
    """The part of a site that an address names: its own folder and all below, on its own host and port."""

    origin: tuple[str, str, int | None]
    folder: str

    @classmethod
    def around(cls, url: str) -> Place:
        """The folder that a page lies in; an address whose last part has no suffix is a folder itself."""
        parsed = parse_url(url)
        head, _, last = parsed.path.rpartition("/")
        return cls(_origin(parsed), f"{head}/" if "." in last or not last else f"{parsed.path}/")

    def holds(self, url: str) -> bool:
        """Whether an address, as a page writes it, lies in it."""
        try:
            parsed = parse_url(url)
        except ToolArgumentError:
            return False
        return _origin(parsed) == self.origin and f"{parsed.path}/".startswith(self.folder)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower(), url.port


def plain_address(url: str) -> str:
    """An address as sources are known by: normalised, without a fragment.

    Raises:
        ToolArgumentError: it is not one of a web page.
    """
    return str(parse_url(urldefrag(url).url))


class Robots:
    """What the robots.txt of a host lets programs do."""

    def __init__(self, rules: Protego | None) -> None:
        """`rules` is None where there are none."""
        self._rules = rules

    @classmethod
    async def of(cls, url: str, access: WebAccess) -> Robots:
        """Those of the host of an address; all is allowed where it has none.

        Raises:
            UnreadableError: they could not be asked for, so that nothing is known to be allowed (RFC 9309, 2.3.1.4).
        """
        from protego import Protego

        address = str(parse_url(url).copy_with(path="/robots.txt", query=None, fragment=None))
        try:
            sent = await download(address, replace(access, max_bytes=_MOST_ROBOTS_BYTES), text_only=False)
        except TransientToolError as error:
            raise UnreadableError(f"its robots.txt cannot be asked for: {str(error).rstrip('.')}") from error
        except ToolError:
            return cls(None)
        return cls(Protego.parse(sent.data.decode("utf-8", "replace")))

    def allow(self, url: str) -> bool:
        """Whether a page may be read."""
        return self._rules is None or bool(self._rules.can_fetch(url, _ROBOT))

    def pause_s(self, wanted_s: float) -> float:
        """How long to wait between pages: as long as they ask, within reason."""
        asked = (self._rules.crawl_delay(_ROBOT) if self._rules else None) or 0.0
        return max(wanted_s, min(float(asked), _LONGEST_PAUSE_S))


def said_by_header(robots: str) -> frozenset[str]:
    """The words of an X-Robots-Tag header that are for every program."""
    return frozenset(word.strip() for word in robots.split(",") if ":" not in word)
