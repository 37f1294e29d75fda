"""Reading pages one after another, from an address on, within bounds; each is asked for only if it changed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from agent_core.errors import ToolError, TransientToolError
from agent_core.web.access import WebAccess
from agent_core.web.download import BusyError, Download, GoneError, OutsideError, Validators, anywhere, download
from agent_plugin_graph.ingest.document import UnreadableError
from agent_plugin_graph.ingest.memo import Memo
from agent_plugin_graph.ingest.reader import Reader
from agent_plugin_graph.ingest.section import Bounds, Place, Robots, plain_address, said_by_header
from agent_plugin_graph.ingest.web_page import PageContent

_LONGEST_WAIT_S = 60.0
_FAILURES_IN_A_ROW = 5
"""After which a server is left alone."""


@dataclass(frozen=True)
class Visit:
    """What came of one page."""

    url: str
    """Of the source that it is: after redirects, and by the name that the page calls its own."""
    memo: Memo = field(default_factory=Memo)
    content: PageContent | None = None
    """None where it has not changed, is not kept, or could not be read."""
    gone: tuple[str, ...] = ()
    """Sources of before that do not exist any more."""
    problem: str = ""


@dataclass
class Crawl:
    """One walk from an address on: iterate over `visits`; what was left out is known after that."""

    start: str
    bounds: Bounds
    access: WebAccess
    pause_s: float
    reader: Reader
    known: Mapping[str, Memo]
    """What was noted with the pages that were read from this address before."""
    progress: Callable[[str, float], None]
    left_out: list[str] = field(default_factory=list[str])
    """What of the section was not read, and why."""
    _place: Place | None = None
    _robots: Robots = field(default_factory=lambda: Robots(None))
    _queue: deque[tuple[str, int]] = field(default_factory=deque[tuple[str, int]])
    _taken: set[str] = field(default_factory=set[str])
    """Addresses that were asked for, or that a page was from."""
    _closed: set[str] = field(default_factory=set[str])
    _bytes: int = 0
    _failures: int = 0
    _next_at: float = 0.0

    def visits(self) -> Iterator[Visit]:
        """Every page in turn, breadth first; those of before that nothing links to any more come last."""
        until = time.monotonic() + self.bounds.most_s
        self._queue.append((self.start, 0))
        earlier = deque(self.known if self.bounds.depth else ())
        asked = 0
        while self._queue or earlier:
            url, depth = self._queue.popleft() if self._queue else (earlier.popleft(), self.bounds.depth)
            if url in self._taken or (asked and not self._open(url)):
                continue
            if reason := self._exhausted(asked, until):
                self.left_out.append(reason)
                break
            self.progress(url, asked / min(asked + len(self._queue) + 1, self.bounds.pages))
            self._taken.add(url)
            asked += 1
            if visit := self._visit(url, depth):
                yield visit
        if self._closed:
            self.left_out.append(f"{len(self._closed)} pages that its robots.txt closes to programs")

    def _exhausted(self, asked: int, until: float) -> str:
        if asked >= self.bounds.pages:
            return f"pages after {self.bounds.pages}"
        if self._bytes >= self.bounds.most_bytes:
            return f"pages after {self.bounds.most_bytes // 1024**2} MB"
        if time.monotonic() >= until:
            return f"pages after {self.bounds.most_s:g} s"
        return "pages after the server stopped answering" if self._failures >= _FAILURES_IN_A_ROW else ""

    def _visit(self, url: str, depth: int) -> Visit | None:
        """What came of one page; None where it is another that was read already, or lies elsewhere."""
        try:
            if depth == 0 and self.bounds.depth:
                self._enter(url)
            memo = self.known.get(url, Memo())
            sent = self._sent(url, memo.validators, anywhere if depth == 0 else self._open)
            self._failures = 0
            page = plain_address(sent.url)
            if depth == 0 and self.bounds.depth and page != url:
                self._enter(page)
            if sent.unchanged:
                self._follow(memo.links, depth)
                return Visit(url, replace(memo, bounds=self.bounds))
            return self._read(url, page, depth, sent)
        except (GoneError, OutsideError) as error:
            if url in self.known or depth == 0:
                return Visit(url, gone=self._replaced("", url), problem="" if url in self.known else _told(error))
            return None if isinstance(error, OutsideError) else Visit(url, problem=_told(error))
        except TransientToolError as error:
            self._failures += 1
            return Visit(url, problem=_told(error))
        except ToolError as error:
            return Visit(url, problem=_told(error))

    def _read(self, url: str, page: str, depth: int, sent: Download) -> Visit | None:
        if sent.truncated and sent.data.startswith((b"%PDF-", b"PK")):
            raise UnreadableError(f"it is larger than {self.access.max_bytes // 1024**2} MB")
        content = self.reader.page(page, sent.content_type, sent.data)
        if not self.bounds.depth and not content.passages:
            raise UnreadableError("it shows no readable text; it may need JavaScript or a login")
        if sent.truncated:
            content = replace(content, left_out=f"what comes after {self.access.max_bytes // 1024**2} MB")
        said = said_by_header(sent.robots)
        links = () if said & {"nofollow", "none"} else self._inside(content.links)
        self._follow(links, depth)
        own = self._own_address(page, content.canonical)
        gone = self._replaced(own, url, page)
        if own != url and own in self._taken:
            return Visit(own, gone=gone) if gone else None
        self._taken.update((page, own))
        if self.bounds.depth and (not content.index or said & {"noindex", "none"}):
            return Visit(own, gone=(own, *gone))
        validators = sent.validators if own == url else Validators()
        return Visit(own, Memo(validators, links, self.bounds), content.at(own, sent.validators.day()), gone)

    def _enter(self, url: str) -> None:
        """Take the section to be the one around this page, and ask what it permits.

        Raises:
            UnreadableError: nothing, or that cannot be known.
        """
        place = Place.around(url)
        if self._place is None or place.origin != self._place.origin:
            self._robots = self.reader.wait_for(Robots.of, url, self.access)
        self._place = place
        if not self._robots.allow(url):
            raise UnreadableError("its robots.txt closes it to programs")

    def _sent(self, url: str, known: Validators, within: Callable[[str], bool]) -> Download:
        """The page; asked for a second time where the server is busy now, and not for long."""

        async def ask() -> Download:
            return await download(url, self.access, text_only=False, known=known, within=within)

        self._wait()
        try:
            sent = self.reader.wait_for(ask)
        except BusyError as error:
            if (error.wait_s or 0.0) > _LONGEST_WAIT_S:
                raise
            time.sleep(error.wait_s or 0.0)
            self._wait()
            sent = self.reader.wait_for(ask)
        self._bytes += len(sent.data)
        return sent

    def _wait(self) -> None:
        """One page at a time, and not faster than a server likes."""
        time.sleep(max(0.0, self._next_at - time.monotonic()))
        self._next_at = time.monotonic() + self._robots.pause_s(self.pause_s)

    def _open(self, url: str) -> bool:
        """Whether an address belongs to the section, and its robots.txt lets it be read."""
        return bool(self._place and self._place.holds(url)) and self._robots.allow(url)

    def _inside(self, links: tuple[str, ...]) -> tuple[str, ...]:
        """Of links: those in the section that may be read."""
        inside = dict.fromkeys(plain_address(link) for link in links if self._place and self._place.holds(link))
        self._closed.update(url for url in inside if not self._robots.allow(url))
        return tuple(url for url in inside if url not in self._closed)

    def _follow(self, links: tuple[str, ...], depth: int) -> None:
        if depth < self.bounds.depth:
            self._queue.extend((link, depth + 1) for link in links if link not in self._taken)

    def _own_address(self, page: str, canonical: str) -> str:
        """What a page calls itself, where that is in the same section: it cannot take the names of others."""
        return plain_address(canonical) if canonical and self._open(canonical) else page

    def _replaced(self, own: str, *asked: str) -> tuple[str, ...]:
        """Sources that what is at `own` now takes the place of: a single address is one page at a time."""
        gone = set(asked) - {own}
        if not self.bounds.depth:
            gone |= {url for url, memo in self.known.items() if url != own and not memo.bounds.depth}
        return tuple(gone & self.known.keys())


def _told(error: ToolError) -> str:
    return str(error).rstrip(".")
